//! `Publish` and `VerifyEdition`, and what their reports look like on the wire.

use super::desk::{Admitted, Desk, answered, with_receipt};
use super::destruction::Turn;
use super::status::{self, Told};
use crate::api::v1 as pb;
use crate::disclosure::{LayerReport, PeriodReport, Released, ReleasedReport};
use crate::publish::{self, Published};
use crate::store;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Response, Status};

/// Publishes an edition while nobody else does, and tells how far it is.
pub(super) async fn publish(
    desk: &Desk,
    publishing: &Arc<Turn>,
    admitted: Admitted,
    title: String,
) -> Result<Response<ReceiverStream<Result<pb::PublishResponse, Status>>>, Status> {
    if title.chars().count() > 120 || title.chars().any(char::is_control) {
        let message = "title: is too long or has control characters";
        return Err(desk.refuse(&admitted.call, Told::malformed("publish.title", message)).await);
    }
    let Ok(turn) = publishing.clone().try_lock_owned() else {
        let status = status::status(
            Code::FailedPrecondition,
            "PUBLISHING",
            "an edition is being published, or records are being destroyed",
        );
        return Err(desk.refuse(&admitted.call, Told { rule: "publish.busy", status }).await);
    };
    desk.intend(&admitted.call).await?;
    let (replies, outgoing) = mpsc::channel(16);
    let desk = desk.clone();
    tokio::spawn(async move {
        let _turn = turn;
        let started = Instant::now();
        let stages = replies.clone();
        let progress = move |stage: publish::Stage| {
            // Progress that nobody waits for may be lost.
            let _ =
                stages.try_send(Ok(pb::PublishResponse { stage: stage.name().into(), ..Default::default() }));
        };
        let (publishing, call) = (desk.clone(), admitted.call.clone());
        let reply = desk.work(&admitted.call, async move {
            match publish::publish(&publishing.store, title, call.clone(), progress).await {
                Ok(published) => Ok(done(published, started.elapsed().as_secs_f64())),
                Err(error) => Err(publishing.refuse(&call, status::publish(&error, &call.request_id)).await),
            }
        });
        let reply = reply.await;
        // The edition is there whether or not the steward still listens.
        let _ = replies.send(reply).await;
    });
    Ok(Response::new(ReceiverStream::new(outgoing)))
}

/// Replays the proof of an edition, or of the newest one for 0.
pub(super) async fn verify(
    desk: &Desk,
    admitted: &Admitted,
    number: u32,
) -> Result<Response<pb::VerifyEditionResponse>, Status> {
    let started = Instant::now();
    desk.intend(&admitted.call).await?;
    let held = match crate::verify::verify(&desk.store, (number > 0).then_some(number)).await {
        Ok(held) => held,
        Err(error) => {
            let told = status::verify(&error, &admitted.call.request_id);
            return Err(desk.refuse(&admitted.call, told).await);
        }
    };
    let response = pb::VerifyEditionResponse {
        edition: held.edition,
        numbers: held.verified.n_numbers,
        tables: held.verified.n_witnesses,
        one_mark: held.verified.n_one_mark,
        linear_only: held.verified.n_linear_only,
        seal_digest: held.seal_digest.to_vec(),
        proof_digest: held.proof_digest.to_vec(),
        seconds: started.elapsed().as_secs_f64(),
    };
    desk.answer(&admitted.call, response).await
}

/// Approves an edition for answers under an agreement.
pub(super) async fn approve(
    desk: &Desk,
    admitted: &Admitted,
    request: pb::ApproveEditionRequest,
) -> Result<Response<pb::ApproveEditionResponse>, Status> {
    let pb::ApproveEditionRequest { edition, agreement } = request;
    let look = move |snapshot: &store::Snapshot<'_>| {
        let edition = snapshot.edition((edition > 0).then_some(edition))?.map(|edition| edition.number);
        Ok((edition, snapshot.agreement(&agreement)?.map(|agreement| agreement.id.clone())))
    };
    let (edition, agreement) = match desk.look(&admitted.call, look).await? {
        (Some(edition), Some(agreement)) => (edition, agreement),
        (edition, _) => {
            let (reason, message) = match edition {
                None => ("NO_SUCH_EDITION", "there is no such edition"),
                Some(_) => ("NO_SUCH_AGREEMENT", "there is no such agreement"),
            };
            let status = status::status(Code::FailedPrecondition, reason, message);
            return Err(desk.refuse(&admitted.call, Told { rule: "edition.approve", status }).await);
        }
    };
    let response = pb::ApproveEditionResponse { edition };
    let (entry, time) = (answered(&admitted.call, &response), admitted.call.time);
    let approved = desk.store.transaction("admin.approve", move |tx| {
        tx.approve(edition, &agreement, time)?;
        tx.log(&entry)
    });
    match approved.await {
        Ok(committed) => Ok(with_receipt(response, &committed)),
        Err(error) => {
            Err(desk.refuse(&admitted.call, status::store(&error, &admitted.call.request_id)).await)
        }
    }
}

/// The last message of a publication.
fn done(published: Published, seconds: f64) -> pb::PublishResponse {
    let products = published.report.products.iter().map(|product| pb::ProductReport {
        product: product.product.clone(),
        cells: product.n_cells,
        primary: product.n_primary,
        secondary: product.n_secondary,
        seal_digest: published.seal_digest.to_vec(),
        hidden_share: product.hidden_share(),
    });
    let report = pb::EditionReport {
        edition: published.edition.number,
        persons: published.edition.n_persons,
        student_years: published.edition.n_student_years,
        opted_out: published.edition.n_opted_out,
        digest: published.edition.digest.to_vec(),
        products: products.collect(),
        layers: published.report.layers.iter().map(layer).collect(),
        periods: published.report.periods.iter().map(period).collect(),
        released: published.report.released.iter().map(released).collect(),
        seconds,
        waiting: published.n_waiting,
        without_consent: published.n_without_consent,
        closed: published.closed.iter().map(|year| year.ending().into()).collect(),
        conflicts: (published.conflicts.iter())
            .map(|(group, n)| pb::Conflict { group: group.clone(), student_years: *n })
            .collect(),
    };
    pb::PublishResponse { stage: "done".into(), report: Some(report), receipt: Some(published.receipt) }
}

pub(super) fn layer(layer: &LayerReport) -> pb::LayerReport {
    pb::LayerReport {
        unit: layer.unit.name().into(),
        period: layer.period.into(),
        of: layer.of.clone(),
        sensitive: layer.n_sensitive,
        one_mark: layer.n_one_mark,
        linear_only: layer.n_linear_only,
        witnesses: layer.n_witnesses,
    }
}

pub(super) fn period(period: &PeriodReport) -> pb::PeriodReport {
    pb::PeriodReport {
        unit: period.unit.name().into(),
        period: period.period.into(),
        counted_in: period.counted_in,
        sealed_in: period.sealed_in,
        waits: period.waits,
        products: period.products.clone(),
    }
}

pub(super) fn released(report: &ReleasedReport) -> pb::ReleasedReport {
    let mut released = pb::ReleasedReport {
        unit: report.unit.name().into(),
        period: report.period.into(),
        products: report.products.clone(),
        ..Default::default()
    };
    match report.how {
        Released::Rounded(base) => released.rounded_to = base,
        Released::Noisy { deviation, spent, budget, is_last } => {
            released.people_noise = deviation;
            (released.epsilon_spent, released.epsilon) = (spent, budget);
            released.last = is_last;
        }
    }
    released
}
