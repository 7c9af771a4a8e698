//! `GetLinkage` and `DecideLink`: how linkage does, and what the steward decides about pairs.

use super::desk::{Admitted, Desk, answered, with_receipt};
use super::status::{self, Told};
use crate::api::v1 as pb;
use crate::audit::Hash;
use crate::linkage::{BIN_BITS, Bin, LevelWeight, Offered, SubjectPair, Verdict, Wanted};
use crate::links::{self, Rate, Report};
use crate::records::{OrgId, Violation};
use crate::store::{self, LinkVerdict, PairId, Tx};
use prost::Message;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Mutex;
use tonic::{Code, Response, Status};

/// Fewer students than this are not counted exactly.
const STUDENTS_MIN: u64 = 10;

/// Reviews all links, keeps the pairs offered and puts the report on record; only then may it leave.
pub(super) async fn report(
    desk: &Desk,
    checking: &Arc<Mutex<()>>,
    admitted: &Admitted,
    request: pb::GetLinkageRequest,
) -> Result<Response<pb::GetLinkageResponse>, Status> {
    let (call, started) = (&admitted.call, Instant::now());
    let sources = desk.look(call, |snapshot| snapshot.sources()).await?;
    let wanted = match wanted(&request, &sources) {
        Ok(wanted) => wanted,
        Err(violations) => {
            let status = status::violations(&violations);
            return Err(desk.refuse(call, Told { rule: "linkage.malformed", status }).await);
        }
    };
    let Ok(turn) = checking.clone().try_lock_owned() else {
        let status = status::status(Code::FailedPrecondition, "CHECKING", "another check is under way");
        return Err(desk.refuse(call, Told { rule: "check.busy", status }).await);
    };
    desk.intend(call).await?;
    let store = desk.store.clone();
    // A task of its own: the turn lasts as long as the work, also when the caller hangs up.
    let reviewing = tokio::spawn(async move {
        let _turn = turn;
        links::review(&store, wanted).await
    });
    let reviewed = match reviewing.await.unwrap_or(Err(store::Error::Panicked)) {
        Ok(reviewed) => reviewed,
        Err(error) => return Err(desk.refuse(call, status::store(&error, &call.request_id)).await),
    };
    let response = response(&reviewed, started.elapsed().as_secs_f64());
    let (entry, offered) = (answered(call, &response), reviewed.review.offered);
    let steps = move |tx: &mut Tx<'_>| {
        tx.put_link_offers(&offered)?;
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
            let store::Committed { value, receipt } = committed;
            Ok(with_receipt(value, &store::Committed { value: (), receipt }))
        }
        Err(error) => Err(desk.refuse(call, status::links(&error, &call.request_id)).await),
    }
}

/// The pairs that are asked for, given the numbers of sources; or everything that is wrong.
fn wanted(request: &pb::GetLinkageRequest, known: &[(u32, OrgId)]) -> Result<Wanted, Vec<Violation>> {
    let mut violations = Vec::new();
    let mut wrong = |field: &str, code, reason| violations.push(Violation::new(field, code, reason));
    let mut sources = BTreeSet::new();
    for (at, source) in request.sources.iter().enumerate() {
        match known.iter().find(|(_, id)| id.as_str() == source) {
            Some((number, _)) => drop(sources.insert(*number)),
            None => {
                wrong(&format!("sources[{at}]"), "outside_vocabulary", "is no source that has sent records")
            }
        }
    }
    for (field, bits) in [("from_bits", request.from_bits), ("to_bits", request.to_bits)] {
        if bits.is_some_and(|bits| bits % BIN_BITS != 0) {
            wrong(field, "out_of_range", "is not a multiple of 5");
        }
    }
    if request.from_bits.zip(request.to_bits).is_some_and(|(from, to)| from >= to) {
        wrong("to_bits", "out_of_range", "is not above from_bits");
    }
    let n_max = if request.pairs == 0 { links::OFFERED } else { request.pairs as usize };
    if n_max > links::OFFERED_MAX {
        wrong("pairs", "out_of_range", "is above 1,000");
    }
    if !violations.is_empty() {
        return Err(violations);
    }
    let doubtful = Wanted { sources, n_skipped: request.skip as usize, ..Wanted::doubtful(n_max) };
    Ok(match (request.from_bits, request.to_bits) {
        (None, None) => doubtful,
        (from, to) => Wanted {
            from_bits: from.map_or(f32::NEG_INFINITY, |bits| bits as f32),
            to_bits: to.map_or(f32::INFINITY, |bits| bits as f32),
            ..doubtful
        },
    })
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
    let offered = review.offered.iter().zip(&report.names);
    pb::GetLinkageResponse {
        persons: counted(review.n_persons),
        rates: report.rates.iter().map(rate).collect(),
        precision: review.expected.precision,
        recall: review.expected.recall,
        histogram: review.histogram.iter().map(bin).collect(),
        unrelated_bits,
        household_bits,
        levels: review.model.chart().into_iter().map(level).collect(),
        offered: offered.map(|(of, name)| offer(report, of, *name)).collect(),
        more_offered: review.has_more,
        decisions: report.decisions.iter().map(|kept| decision(report, kept)).collect(),
        seconds,
        outdated: review.n_held > 0,
    }
}

/// A number of students, unless it is small.
pub(super) fn counted(n: u64) -> Option<u64> {
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

fn offer(report: &Report, of: &Offered, name: PairId) -> pb::OfferedPair {
    let field = |(field, level): (&str, String)| pb::FieldLevel { field: field.into(), level };
    pb::OfferedPair {
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
    fn what_is_asked_for_is_whole_or_every_field_that_is_wrong_is_named() {
        let known = [(1, "east"), (4, "west")].map(|(number, id)| (number, OrgId::new(id).expect("an id")));
        let read = |from_bits, to_bits, sources: &[&str], pairs, skip| {
            let sources = sources.iter().map(ToString::to_string).collect();
            let read = wanted(&pb::GetLinkageRequest { from_bits, to_bits, sources, pairs, skip }, &known);
            read.map_err(|wrong| wrong.into_iter().map(|of| of.field).collect::<Vec<_>>())
        };
        assert_eq!(read(None, None, &[], 0, 0), Ok(Wanted::doubtful(links::OFFERED)));
        let (most, all) = (links::OFFERED_MAX, f32::INFINITY);
        let of = |from_bits, to_bits| Wanted { from_bits, to_bits, ..Wanted::doubtful(most) };
        assert_eq!(read(Some(10), None, &[], 1_000, 0), Ok(of(10.0, all)));
        assert_eq!(read(None, Some(-5), &[], 1_000, 0), Ok(of(-all, -5.0)));
        let expected = Wanted { sources: [1, 4].into(), n_skipped: 20, ..of(-15.0, 0.0) };
        assert_eq!(read(Some(-15), Some(0), &["west", "east", "west"], 1_000, 20), Ok(expected));
        for (from, to, sources, pairs, fields) in [
            (Some(10), Some(10), &[][..], 0, &["to_bits"][..]),
            (Some(12), Some(i32::MIN + 1), &[], 0, &["from_bits", "to_bits", "to_bits"]),
            (None, None, &["east", "north"], 1_001, &["sources[1]", "pairs"]),
            (None, None, &[""], u32::MAX, &["sources[0]", "pairs"]),
        ] {
            assert_eq!(
                read(from, to, sources, pairs, 0),
                Err(fields.iter().map(ToString::to_string).collect())
            );
        }
    }

    #[test]
    fn small_counts_are_not_exact() {
        assert_eq!([0, 9, 10, 2_000].map(counted), [None, None, Some(10), Some(2_000)]);
        let of = |n_students, n_linked| {
            let source = OrgId::new("east").expect("an id");
            let told = rate(&Rate { source, year: None, n_students, n_linked });
            (told.students, told.linked, told.nearly_all)
        };
        assert_eq!(of(9, 9), (None, None, false));
        assert_eq!(of(100, 3), (Some(100), None, false));
        assert_eq!(of(100, 90), (Some(100), Some(90), false));
        assert_eq!([of(100, 91), of(100, 100)], [(Some(100), None, true); 2]);
    }
}
