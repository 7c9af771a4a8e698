//! `ErasePerson`: who called, erased from beside the log. The log itself stays as it is.

use super::desk::{Admitted, Desk, answered, with_receipt};
use super::destruction::{Turn, backup};
use super::nonce;
use super::people;
use super::status::{self, Told};
use crate::api::v1 as pb;
use crate::audit::{Entry, Hash};
use crate::records::{Code, OrgId, Violation};
use crate::store::{self, ErasedPerson, Needles, Rewriting, Tx};
use std::sync::Arc;
use tonic::{Code as Grpc, Response, Status};

/// Erases a person.
pub(super) async fn erase(
    desk: &Desk,
    turn: &Turn,
    admitted: Admitted,
    request: pb::ErasePersonRequest,
) -> Result<Response<pb::ErasePersonResponse>, Status> {
    let call = &admitted.call;
    let (organization, person) = match read(&request) {
        Ok(whose) => whose,
        Err(violations) => {
            let told = Told { rule: "erasure.malformed", status: status::violations(&violations) };
            return Err(desk.refuse(&nonce::on_record(call, &request.nonce), told).await);
        }
    };
    // Two requests about one person differ in their random bytes.
    let about = Hash::of(format!("{organization}/{person}").as_bytes());
    people::agree_on(desk, call, Some(about)).await?;
    // The file is written anew, which waits for whoever reads an older state, as an edition that is being made does.
    let Ok(_turn) = turn.try_lock() else {
        let message = "an edition is being published, or records are being destroyed";
        let status = status::status(Grpc::FailedPrecondition, "PUBLISHING", message);
        return Err(desk.refuse(call, Told { rule: "publish.busy", status }).await);
    };
    let (logged, of) = (call.clone(), organization.clone());
    let steps = move |tx: &mut Tx<'_>| {
        tx.forget_proposals(logged.rpc, Some(&about))?;
        let erased = tx.erase_person(&of, &person)?;
        tx.log(&entry(logged.allowed(None), &of, erased.n_entries))?;
        Ok::<_, store::Error>((erased, tx.backups()?))
    };
    let done = desk.store.transaction("admin.erase_person", steps).await;
    let (ErasedPerson { n_entries, n_named, needles }, backups) = match done {
        Ok(store::Committed { value, .. }) => value,
        Err(error) => return Err(desk.refuse(call, status::store(&error, &call.request_id)).await),
    };
    let response = pb::ErasePersonResponse {
        entries: n_entries,
        named: n_named,
        cleared: is_cleared(desk, needles).await,
        backups: backups.iter().map(backup).collect(),
    };
    let outcome = entry(answered(call, &response), &organization, n_entries);
    let logged = desk.store.transaction("answered", move |tx| tx.log(&outcome)).await;
    let committed: store::Committed<()> =
        logged.map_err(|error: store::Error| status::store(&error, &call.request_id).status)?;
    Ok(with_receipt(response, &committed))
}

/// Whose name it was is in none of the entries: of which organization, and how often.
fn entry(entry: Entry, organization: &OrgId, n_entries: u64) -> Entry {
    Entry { source: Some(organization.clone()), n_deleted: Some(n_entries), ..entry }
}

/// Writes the file anew, and looks whether anything is left there. What is not done is done by the same call again.
async fn is_cleared(desk: &Desk, needles: Needles) -> bool {
    let needles = Arc::new(needles);
    match desk.store.rewrite(vec![needles.clone()], false).await {
        Ok(Rewriting::Done(rewritten)) => {
            rewritten.n_standing(&needles) == 0 && rewritten.n_remaining(&needles) == 0
        }
        Ok(Rewriting::Held) => false,
        Err(error) => {
            tracing::error!(%error, "the file could not be written anew after a person was erased");
            false
        }
    }
}

fn read(request: &pb::ErasePersonRequest) -> Result<(OrgId, Code), Vec<Violation>> {
    let mut violations = Vec::new();
    let mut wrong = |field: &str| {
        violations.push(Violation::new(field, "outside_vocabulary", "is not one there can be"));
    };
    let organization = OrgId::new(&request.organization).map_err(|_| wrong("organization")).ok();
    let person = Code::of_account(&request.person).map_err(|_| wrong("person")).ok();
    violations.extend(nonce::check(&request.nonce));
    match (organization, person) {
        (Some(organization), Some(person)) if violations.is_empty() => Ok((organization, person)),
        _ => Err(violations),
    }
}
