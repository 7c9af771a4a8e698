//! `Destroy` and `ListDestructions`, and the dates that come by themselves.

use super::desk::{Admitted, Desk, with_receipt};
use super::peer::Role;
use super::status::{self, Told};
use crate::agreements::Scope;
use crate::api::v1 as pb;
use crate::audit::{Certificate, Hash};
use crate::calendar::Timestamp;
use crate::destruction::{self, Because, Preview, Unfinished};
use crate::store::{self, Backup, Destruction, Erased};
use prost::Message;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::MissedTickBehavior;
use tonic::{Code, Response, Status};

/// How long a call waits for readers of an older state to end. It goes on by itself after that.
const PATIENCE: Duration = Duration::from_secs(20);

/// The turn to publish or to destroy, which one has at a time, with what is not destroyed to its last byte yet.
pub(super) type Turn = Mutex<Unfinished>;

/// Says what a destruction would take, or carries it out.
pub(super) async fn destroy(
    desk: &Desk,
    turn: &Turn,
    admitted: Admitted,
    request: pb::DestroyRequest,
) -> Result<Response<pb::DestroyResponse>, Status> {
    let pb::DestroyRequest { source, agreement, shown } = request;
    let scope = match (source.is_empty(), agreement.is_empty()) {
        (false, true) => Scope::new("source", &source),
        (true, false) => Scope::new("agreement", &agreement),
        _ => None,
    };
    let Some(scope) = scope else {
        let message = "source, agreement: one of them, as the id of a source or of an agreement";
        return Err(desk.refuse(&admitted.call, Told::malformed("destroy.malformed", message)).await);
    };
    desk.intend(&admitted.call).await?;
    if shown.is_empty() {
        return preview(desk, &admitted, scope).await;
    }
    // An edition that is being made has read the records already.
    let Ok(mut unfinished) = turn.try_lock() else {
        let status = status::status(
            Code::FailedPrecondition,
            "PUBLISHING",
            "an edition is being published, or records are being destroyed",
        );
        return Err(desk.refuse(&admitted.call, Told { rule: "publish.busy", status }).await);
    };
    // A call comes to its end whether or not the steward still listens.
    carry_out(desk, &mut unfinished, &admitted, scope, shown).await
}

async fn preview(
    desk: &Desk,
    admitted: &Admitted,
    scope: Scope,
) -> Result<Response<pb::DestroyResponse>, Status> {
    let call = &admitted.call;
    match destruction::preview(&desk.store, scope.clone(), call.time).await {
        Ok(Preview { erased, backups, id }) => {
            let n_records = erased.n_records();
            let response = pb::DestroyResponse {
                state: pb::DestructionState::Shown.into(),
                shown: id,
                ..told(&erased, &backups)
            };
            let digest = Hash::of(&response.encode_to_vec());
            let entry = call.destroys(&scope, "preview", n_records, Some(digest));
            let logged = desk.store.transaction("answered", move |tx| tx.log(&entry)).await;
            let committed: store::Committed<()> =
                logged.map_err(|error: store::Error| status::store(&error, &call.request_id).status)?;
            Ok(with_receipt(response, &committed))
        }
        Err(error) => Err(desk.refuse(call, status::destruction(&error, &call.request_id)).await),
    }
}

async fn carry_out(
    desk: &Desk,
    unfinished: &mut Unfinished,
    admitted: &Admitted,
    scope: Scope,
    shown: String,
) -> Result<Response<pb::DestroyResponse>, Status> {
    let call = &admitted.call;
    let because = Because::Asked(Box::new(call.clone()), shown);
    let number = match destruction::begin(&desk.store, unfinished, scope, because).await {
        Ok(number) => number,
        Err(error) => return Err(desk.refuse(call, status::destruction(&error, &call.request_id)).await),
    };
    if let Err(error) = destruction::finish(&desk.store, unfinished, PATIENCE).await {
        tracing::error!(%error, number, "the file could not be written anew: it is tried again");
    }
    let look = move |snapshot: &store::Snapshot<'_>| {
        Ok((snapshot.destructions()?.into_iter().find(|of| of.number == number), snapshot.backups()?))
    };
    let (of, mut backups) = desk.look(call, look).await?;
    let of = of.ok_or_else(|| status::internal(&call.request_id))?;
    // Those begun since have none of its rows.
    backups.retain(|backup| backup.number <= of.last_backup);
    let certificate = file(&of).unwrap_or_default();
    let state = match certificate.is_empty() {
        true => pb::DestructionState::Erased,
        false => pb::DestructionState::Certified,
    };
    let response = pb::DestroyResponse { state: state.into(), certificate, ..told(&of.erased, &backups) };
    desk.answer(call, response).await
}

/// The destructions that a caller may see.
pub(super) async fn list(desk: &Desk, admitted: &Admitted) -> Result<pb::ListDestructionsResponse, Status> {
    let organization = admitted.peer.organization.clone();
    let sees_all = matches!(admitted.peer.role, Role::Auditor | Role::Steward);
    let look =
        move |snapshot: &store::Snapshot<'_>| destruction::certificates(snapshot, &organization, sees_all);
    let found = desk.look(&admitted.call, look).await?;
    let destructions = found.into_iter().map(|of| pb::DestructionSummary {
        number: of.number,
        scope: of.scope.kind().into(),
        id: of.scope.id().into(),
        erased: of.erased_at.to_string(),
        certificate: file(&of).unwrap_or_default(),
        counts: of.counts.into_iter().map(|counts| counts.text).collect(),
        because: of.because,
    });
    Ok(pb::ListDestructionsResponse { destructions: destructions.collect() })
}

/// Does what is due, at once and every so often, for as long as the service runs.
pub(super) async fn keep(desk: Desk, turn: Arc<Turn>, every: Duration) {
    let mut clock = tokio::time::interval(every);
    // A look can take longer than it is until the next; those that were missed would find the same.
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let now = Timestamp::now();
        if let Err(error) = destruction::note_backups(&desk.store).await {
            tracing::error!(%error, "a backup could not be put on record: it is tried again");
        }
        match destruction::is_due(&desk.store, now.date()).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                tracing::error!(%error, "it could not be seen what is to be destroyed: it is tried again");
                continue;
            }
        }
        let mut unfinished = turn.lock().await;
        match destruction::keep(&desk.store, &mut unfinished, now, PATIENCE).await {
            Ok(0) => {}
            Ok(n_open) => tracing::warn!(n_open, "destructions are not certified yet: they are tried again"),
            Err(error) => tracing::error!(%error, "a destruction could not be finished: it is tried again"),
        }
    }
}

/// A backup as it is named to callers.
pub(super) fn backup(backup: &Backup) -> pb::BackupSummary {
    pb::BackupSummary { name: backup.name.clone(), begun: backup.begun.to_string() }
}

fn told(erased: &Erased, backups: &[Backup]) -> pb::DestroyResponse {
    let records = erased.records.iter().flat_map(|(source, kinds)| {
        kinds.iter().map(move |(kind, n)| pb::DestroyedRecords {
            source: source.to_string(),
            kind: kind.clone(),
            records: *n,
        })
    });
    let editions = erased.editions.iter().map(|edition| pb::DestroyedEdition {
        edition: edition.number,
        frozen: edition.frozen.to_string(),
        sources: edition.sources.iter().map(ToString::to_string).collect(),
    });
    pb::DestroyResponse {
        records: records.collect(),
        students: erased.n_students(),
        decisions: erased.n_decisions,
        batches: erased.n_batches,
        kept: erased.n_kept,
        editions: editions.collect(),
        backups: backups.iter().map(backup).collect(),
        ..Default::default()
    }
}

/// The certificate with its proof, once both are there.
fn file(of: &Destruction) -> Option<String> {
    Some(Certificate::file(of.note.as_ref()?, of.receipt.as_ref()?))
}
