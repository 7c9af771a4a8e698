//! `GetLinkage` and `DecideLink`: how linkage does, and what the steward decides about doubtful pairs.

use super::desk::{Admitted, Desk, answered, with_receipt};
use super::status::{self, Told};
use crate::api::v1 as pb;
use crate::audit::Hash;
use crate::linkage::{BIN_BITS, Bin, Doubtful, LevelWeight, SubjectPair, Verdict};
use crate::links::{self, Rate, Report};
use crate::records::Violation;
use crate::store::{self, LinkVerdict, PairId, Tx};
use prost::Message;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Mutex;
use tonic::{Code, Response, Status};

/// Fewer students than this are not counted exactly.
const STUDENTS_MIN: u64 = 10;

/// Reviews all links, keeps the doubtful pairs and puts the report on record; only then may it leave.
pub(super) async fn report(
    desk: &Desk,
    checking: &Arc<Mutex<()>>,
    admitted: &Admitted,
) -> Result<Response<pb::GetLinkageResponse>, Status> {
    let (call, started) = (&admitted.call, Instant::now());
    let Ok(turn) = checking.clone().try_lock_owned() else {
        let status = status::status(Code::FailedPrecondition, "CHECKING", "another check is under way");
        return Err(desk.refuse(call, Told { rule: "check.busy", status }).await);
    };
    let store = desk.store.clone();
    // A task of its own: the turn lasts as long as the work, also when the caller hangs up.
    let reviewing = tokio::spawn(async move {
        let _turn = turn;
        links::review(&store).await
    });
    let reviewed = match reviewing.await.unwrap_or(Err(store::Error::Panicked)) {
        Ok(reviewed) => reviewed,
        Err(error) => return Err(desk.refuse(call, status::store(&error, &call.request_id)).await),
    };
    let response = response(&reviewed, started.elapsed().as_secs_f64());
    let (entry, doubtful) = (answered(call, &response), reviewed.review.doubtful);
    let steps = move |tx: &mut Tx<'_>| {
        tx.put_link_offers(&doubtful)?;
        tx.log(&entry)
    };
    match desk.store.transaction("admin.linkage", steps).await {
        Ok(committed) => Ok(with_receipt(response, &committed)),
        Err(error) => Err(desk.refuse(call, status::store(&error, &call.request_id)).await),
    }
}

/// Keeps a decision about a pair, or takes it back, with its entry.
pub(super) async fn decide(
    desk: &Desk,
    admitted: &Admitted,
    request: pb::DecideLinkRequest,
) -> Result<Response<pb::DecideLinkResponse>, Status> {
    let call = &admitted.call;
    let (id, verdict) = match read(&request) {
        Ok(decision) => decision,
        Err(violation) => {
            let status = status::violations(&[violation]);
            return Err(desk.refuse(call, Told { rule: "link.malformed", status }).await);
        }
    };
    let logged = call.clone();
    let steps = move |tx: &mut Tx<'_>| {
        let edition = match verdict {
            Some(verdict) => links::decide(tx, id, verdict, logged.time)?,
            None => links::withdraw(tx, id)?,
        };
        let response = pb::DecideLinkResponse { edition };
        let said = verdict.map_or("undecided", Verdict::name);
        tx.log(&logged.decided(&id.to_string(), said, Hash::of(&response.encode_to_vec())))?;
        Ok::<_, links::Error>(response)
    };
    match desk.store.transaction("admin.link", steps).await {
        Ok(committed) => {
            let store::Committed { value, receipts } = committed;
            Ok(with_receipt(value, &store::Committed { value: (), receipts }))
        }
        Err(error) => Err(desk.refuse(call, status::links(&error, &call.request_id)).await),
    }
}

/// The pair and what to decide; none takes a decision back.
fn read(request: &pb::DecideLinkRequest) -> Result<(PairId, Option<Verdict>), Violation> {
    let id = PairId::parse(&request.id)
        .ok_or_else(|| Violation::new("id", "malformed", "is not 32 hexadecimal digits"))?;
    match request.verdict() {
        pb::LinkVerdict::Same => Ok((id, Some(Verdict::Same))),
        pb::LinkVerdict::Different => Ok((id, Some(Verdict::Different))),
        pb::LinkVerdict::Undecided => Ok((id, None)),
        pb::LinkVerdict::Unspecified => {
            Err(Violation::new("verdict", "outside_vocabulary", "is none of same, different, undecided"))
        }
    }
}

fn response(report: &Report, seconds: f64) -> pb::GetLinkageResponse {
    let review = &report.review;
    let (unrelated_bits, household_bits) = review.model.prior_bits();
    let doubtful = review.doubtful.iter().zip(&report.names);
    pb::GetLinkageResponse {
        persons: counted(review.n_persons),
        rates: report.rates.iter().map(rate).collect(),
        precision: review.expected.precision,
        recall: review.expected.recall,
        histogram: review.histogram.iter().map(bin).collect(),
        unrelated_bits,
        household_bits,
        levels: review.model.chart().into_iter().map(level).collect(),
        doubtful: doubtful.map(|(of, name)| doubt(report, of, *name)).collect(),
        decisions: report.decisions.iter().map(|kept| decision(report, kept)).collect(),
        seconds,
        outdated: review.n_held > 0,
    }
}

/// A number of students, unless it is small.
fn counted(n: u64) -> Option<u64> {
    (n >= STUDENTS_MIN).then_some(n)
}

fn rate(rate: &Rate) -> pb::LinkageRate {
    let students = counted(rate.n_students);
    let nearly_all = students.is_some() && counted(rate.n_students - rate.n_linked).is_none();
    pb::LinkageRate {
        source: rate.source.to_string(),
        period: rate.year.map_or(0, |year| u32::from(year.ending())),
        students,
        // Who is not linked is not to be had by subtracting either.
        linked: counted(rate.n_linked).filter(|_| !nearly_all),
        nearly_all,
    }
}

fn bin(bin: &Bin) -> pb::WeightBin {
    let Bin { from_bits, n_pairs, n_linked } = *bin;
    pb::WeightBin { from_bits, to_bits: from_bits + BIN_BITS, pairs: n_pairs, linked: n_linked }
}

fn level(weight: LevelWeight) -> pb::LevelWeight {
    pb::LevelWeight {
        field: weight.field.into(),
        level: weight.level,
        m: weight.m,
        unrelated_bits: weight.unrelated_bits,
        household_bits: weight.household_bits,
    }
}

fn doubt(report: &Report, of: &Doubtful, name: PairId) -> pb::DoubtfulPair {
    let field = |(field, level): (&str, String)| pb::FieldLevel { field: field.into(), level };
    pb::DoubtfulPair {
        id: name.to_string(),
        weight_bits: of.weight_bits,
        linked: of.is_linked,
        sources: sources(report, &of.pair),
        fields: of.pattern.explain().into_iter().map(field).collect(),
    }
}

fn decision(report: &Report, kept: &LinkVerdict) -> pb::LinkDecision {
    let verdict = match kept.verdict {
        Verdict::Same => pb::LinkVerdict::Same,
        Verdict::Different => pb::LinkVerdict::Different,
    };
    pb::LinkDecision {
        id: kept.id.to_string(),
        verdict: verdict.into(),
        decided: kept.decided.to_string(),
        sources: sources(report, &kept.pair),
    }
}

fn sources(report: &Report, pair: &SubjectPair) -> Vec<String> {
    let source = |of: &crate::linkage::Subject| report.sources.get(&of.source).map(ToString::to_string);
    pair.subjects().iter().filter_map(source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_counts_are_not_exact() {
        assert_eq!([0, 9, 10, 2_000].map(counted), [None, None, Some(10), Some(2_000)]);
        let of = |n_students, n_linked| {
            let source = crate::records::OrgId::new("east").expect("an id");
            let told = rate(&Rate { source, year: None, n_students, n_linked });
            (told.students, told.linked, told.nearly_all)
        };
        assert_eq!(of(9, 9), (None, None, false));
        assert_eq!(of(100, 3), (Some(100), None, false));
        assert_eq!(of(100, 90), (Some(100), Some(90), false));
        assert_eq!([of(100, 91), of(100, 100)], [(Some(100), None, true); 2]);
    }
}
