//! What a source may ask about itself: how far a delivery is, and what the service holds.

use super::desk::Desk;
use crate::api::{kind_to, v1 as pb};
use crate::audit::Call;
use crate::identity::KeyId;
use crate::records::OrgId;
use crate::store::{Outcome, Sent, Snapshot};
use tonic::{Response, Status};

/// How far a delivery is acknowledged.
pub(super) async fn delivery(
    desk: &Desk,
    call: &Call,
    source: OrgId,
    delivery: String,
    linkage_keys: Vec<KeyId>,
) -> Result<Response<pb::GetDeliveryResponse>, Status> {
    let look = move |snapshot: &Snapshot<'_>| {
        let Some(source) = snapshot.source(&source)? else {
            return Ok(pb::GetDeliveryResponse::default());
        };
        let newest = snapshot.linkage_keys()?.newest_of(&linkage_keys);
        let under = snapshot.delivered_under(source, &delivery)?.unwrap_or_default();
        let sent = Sent { newest, agreement: &under };
        let verdicts = snapshot.delivery_verdicts(source, &delivery, sent)?;
        let agreement = snapshot.agreement(under.split('@').next().unwrap_or_default())?;
        let goes_on = agreement.is_some_and(|agreement| agreement.reference() == under)
            && snapshot.is_latest(source, &delivery)?;
        let acknowledged = match goes_on {
            true => snapshot.acknowledged_through(source, &delivery, sent)?,
            false => 0,
        };
        let all = [Outcome::New, Outcome::Changed, Outcome::Unchanged, Outcome::Deleted, Outcome::Refused];
        let count = |outcome| verdicts.iter().map(|verdict| verdict.count(outcome)).sum();
        Ok(pb::GetDeliveryResponse {
            acknowledged_through: acknowledged,
            outcomes: all.into_iter().map(count).collect(),
        })
    };
    let response = desk.look(call, look).await?;
    desk.answer(call, response).await
}

/// What the service holds of a source.
pub(super) async fn holdings(
    desk: &Desk,
    call: &Call,
    source: OrgId,
) -> Result<Response<pb::GetHoldingsResponse>, Status> {
    let look = move |snapshot: &Snapshot<'_>| {
        let Some(source) = snapshot.source(&source)? else {
            return Ok(pb::GetHoldingsResponse::default());
        };
        let (holdings, last_received) = snapshot.holdings(source)?;
        let holdings = holdings.into_iter().map(|of| pb::Holding {
            kind: kind_to(of.kind),
            records: of.n_records,
            waiting: of.n_waiting,
        });
        Ok(pb::GetHoldingsResponse {
            holdings: holdings.collect(),
            last_received: last_received.map(|time| time.to_string()).unwrap_or_default(),
        })
    };
    let response = desk.look(call, look).await?;
    desk.answer(call, response).await
}
