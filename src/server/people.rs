//! Changes that two people make: the second makes the same call as the first, from papers of their own.

use super::desk::Desk;
use super::status::{self, Told};
use crate::audit::{Call, Hash};
use crate::calendar::Timestamp;
use crate::store::{self, Tx};
use tonic::{Code, Status};

/// How long a change waits for the second person.
const WAITS_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// Lets a change go on that somebody else has proposed by the same call, or that needs one person only. Else it is a proposal
/// from now on, which is on record, and the caller hears so.
pub(super) async fn agree(desk: &Desk, call: &Call) -> Result<(), Status> {
    agree_on(desk, call, call.request_digest).await
}

/// The same where two calls that mean the same do not have the same bytes: what they mean.
pub(super) async fn agree_on(desk: &Desk, call: &Call, about: Option<Hash>) -> Result<(), Status> {
    if !desk.two_people {
        return Ok(());
    }
    let (Some(organization), Some(person), Some(request)) =
        (call.organization.clone(), call.principal.clone(), about)
    else {
        let message = "two people have to make this change, each by a certificate that names them";
        let status = status::status(Code::FailedPrecondition, "SECOND_PERSON", message);
        return Err(desk.refuse(call, Told { rule: "people.unnamed", status }).await);
    };
    let (rpc, now) = (call.rpc, call.time);
    let since = Timestamp::from_millis(now.millis() - WAITS_MS);
    let steps = move |tx: &mut Tx<'_>| tx.propose((rpc, &request), (&organization, &person), (since, now));
    let agreed = desk.store.transaction("admin.propose", steps).await;
    match agreed.map(|committed: store::Committed<bool>| committed.value) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let message = "proposed: it is made once a second person makes the same call, within seven days";
            let status = status::status(Code::FailedPrecondition, "SECOND_PERSON", message);
            Err(desk.refuse(call, Told { rule: "people.second", status }).await)
        }
        Err(error) => Err(desk.refuse(call, status::store(&error, &call.request_id)).await),
    }
}
