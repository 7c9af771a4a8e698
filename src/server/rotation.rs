//! `GetLinkageKeys` and `ChangeLinkageKey`: from one linkage key to the next.

use super::desk::{Admitted, Desk, with_receipt};
use super::linkage::counted;
use super::people;
use super::status::{self, Told};
use crate::api::v1 as pb;
use crate::audit::Hash;
use crate::identity::KeyId;
use crate::records::Violation;
use crate::rotation::{self, Step};
use crate::store::{self, KeyProgress, LinkageKeys, Tx};
use prost::Message;
use std::sync::Arc;
use tonic::{Response, Status};

/// Says which keys are in use, and who waits to be encoded anew.
pub(super) async fn report(
    desk: &Desk,
    admitted: &Admitted,
) -> Result<Response<pb::GetLinkageKeysResponse>, Status> {
    let look = |snapshot: &store::Snapshot<'_>| Ok((snapshot.linkage_keys()?, snapshot.key_progress()?));
    let (keys, sources) = desk.look(&admitted.call, look).await?;
    let response = pb::GetLinkageKeysResponse {
        current: id(keys.current),
        next: id(keys.next),
        sources: sources.iter().map(progress).collect(),
    };
    desk.answer(&admitted.call, response).await
}

/// Takes a step, with its entry.
pub(super) async fn change(
    desk: &Desk,
    held: Option<Arc<[KeyId]>>,
    admitted: &Admitted,
    request: pb::ChangeLinkageKeyRequest,
) -> Result<Response<pb::ChangeLinkageKeyResponse>, Status> {
    let call = &admitted.call;
    let step = match read(&request) {
        Ok(step) => step,
        Err(violation) => {
            let status = status::violations(&[violation]);
            return Err(desk.refuse(call, Told { rule: "key.malformed", status }).await);
        }
    };
    people::agree(desk, call).await?;
    let logged = call.clone();
    let steps = move |tx: &mut Tx<'_>| {
        // A step that was proposed before this one was about other keys.
        tx.forget_proposals(logged.rpc, None)?;
        let (LinkageKeys { current, next }, about) = rotation::change(tx, step, held.as_deref())?;
        let response = pb::ChangeLinkageKeyResponse { current: id(current), next: id(next) };
        let digest = Hash::of(&response.encode_to_vec());
        tx.log(&logged.rekeyed(step.name(), &about.to_string(), digest))?;
        Ok::<_, rotation::Error>(response)
    };
    match desk.store.transaction("admin.key", steps).await {
        Ok(committed) => {
            let store::Committed { value, receipt } = committed;
            Ok(with_receipt(value, &store::Committed { value: (), receipt }))
        }
        Err(error) => Err(desk.refuse(call, status::rotation(&error, &call.request_id)).await),
    }
}

fn read(request: &pb::ChangeLinkageKeyRequest) -> Result<Step, Violation> {
    match request.step() {
        pb::KeyStep::Begin => {
            let malformed = || Violation::new("key", "malformed", "is not 12 hexadecimal digits");
            KeyId::parse(&request.key).map(Step::Begin).ok_or_else(malformed)
        }
        pb::KeyStep::Finish => Ok(Step::Finish { leave_waiting: request.leave_waiting }),
        pb::KeyStep::Cancel => Ok(Step::Cancel),
        pb::KeyStep::Unspecified => {
            Err(Violation::new("step", "outside_vocabulary", "is none of begin, finish and cancel"))
        }
    }
}

fn id(key: Option<KeyId>) -> String {
    key.map_or_else(String::new, |key| key.to_string())
}

fn progress(of: &KeyProgress) -> pb::KeyProgress {
    let rest = counted(of.n_students - of.n_waiting).is_some() || of.n_students == of.n_waiting;
    pb::KeyProgress {
        source: of.source.to_string(),
        students: counted(of.n_students),
        waiting: counted(of.n_waiting).filter(|_| rest),
        any_waiting: of.n_waiting > 0,
    }
}
