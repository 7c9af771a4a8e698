//! `SignOff`: an auditor has reviewed the log.

use super::desk::{Desk, with_receipt};
use super::status::{self, Told};
use crate::api::v1 as pb;
use crate::audit::{Call, Hash, Head};
use crate::records::Violation;
use crate::store::{self, Tx};
use prost::Message;
use tonic::{Response, Status};

/// Puts a review on record, if it is of a head that this log has had.
pub(super) async fn sign_off(
    desk: &Desk,
    call: &Call,
    wire: &pb::SignOffRequest,
) -> Result<Response<pb::SignOffResponse>, Status> {
    let malformed = |field: &str, reason: &str| {
        let status = status::violations(&[Violation::new(field, "not_of_this_log", reason)]);
        Told { rule: "review.malformed", status }
    };
    let (Ok(root), Ok(_)) = (Hash::try_from(&wire.root[..]), Hash::try_from(&wire.findings[..])) else {
        return Err(desk.refuse(call, malformed("root or findings", "is not a hash of 32 bytes")).await);
    };
    let (head, response) = (Head { size: wire.size, root }, pb::SignOffResponse { size: wire.size });
    let entry = call.signed_off(wire.size, wire.exceptions, Hash::of(&response.encode_to_vec()));
    let steps = move |tx: &mut Tx<'_>| {
        let is_ours = tx.continues(head)?;
        if is_ours {
            tx.log(&entry)?;
        }
        Ok::<_, store::Error>(is_ours)
    };
    match desk.store.transaction("audit.sign_off", steps).await {
        Ok(store::Committed { value: true, receipt }) => {
            Ok(with_receipt(response, &store::Committed { value: (), receipt }))
        }
        Ok(store::Committed { value: false, .. }) => {
            Err(desk.refuse(call, malformed("size", "the log has not had this root at this size")).await)
        }
        Err(error) => Err(desk.refuse(call, status::store(&error, &call.request_id)).await),
    }
}
