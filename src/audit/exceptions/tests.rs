use super::*;
use crate::audit::{Head, QueryText};

fn code(text: &str) -> Code {
    Code::new(text).expect("a code")
}

/// An entry of somebody, at a minute of a day in 2026.
fn entry(minute: i64, id: usize, decision: Decision, rule: &str) -> Entry {
    let time = Timestamp::parse("2026-11-25").expect("a day").millis() + minute * MINUTE_MS;
    Entry {
        organization: OrgId::new("city-partnership").ok(),
        role: Some(code("partner")),
        ..Entry::new(
            Timestamp::from_millis(time),
            code(&format!("r-{id}")),
            code("Query"),
            decision,
            code(rule),
        )
    }
}

fn question(minute: i64, id: usize, query: &str, purpose: &str) -> Entry {
    Entry {
        product: Some(code("city")),
        indicator: Some(code("chronic_absence")),
        query: QueryText::new(query).ok(),
        purpose: Some(code(purpose)),
        ..entry(minute, id, Decision::Allowed, "agreement.covered")
    }
}

fn found(from: u64, hours: Option<WorkingHours>, entries: &[Entry]) -> Vec<(Kind, u64, u64, u64)> {
    let mut exceptions = Exceptions::new(hours);
    (0..).zip(entries).for_each(|(index, entry)| exceptions.take(index, entry));
    exceptions.finish(from).iter().map(|it| (it.kind, it.first, it.last, it.n)).collect()
}

#[test]
fn each_kind_has_a_name_and_words_of_its_own() {
    let names: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.name().to_owned()).collect();
    let words: BTreeSet<_> = Kind::ALL.iter().map(ToString::to_string).collect();
    assert_eq!((names.len(), words.len()), (7, 7));
}

#[test]
fn ordinary_days_have_none() {
    let hours = WorkingHours { from: 6, to: 20, ahead: 0 };
    let refusals = (0..40).map(|n| entry(8 * 60 + 2 * n as i64, n, Decision::Refused, "agreement.purpose"));
    let begun = entry(9 * 60, 100, Decision::Intended, "call.intended");
    let done = entry(9 * 60, 100, Decision::Allowed, "agreement.covered");
    let entries: Vec<_> = refusals.chain([begun, done]).collect();
    assert_eq!(found(0, Some(hours), &entries), []);
    // The same table again and again is no series.
    let same: Vec<_> = (0..60).map(|n| question(600, n, "by race", "improvement")).collect();
    assert_eq!(found(0, Some(hours), &same), [(Kind::FirstPurpose, 0, 0, 1)]);
    assert_eq!(found(1, Some(hours), &same), [], "it was used before");
}

#[test]
fn bursts_and_series_are_one_exception_each_as_long_as_they_last() {
    let refused = |minute, id| entry(minute, id, Decision::Refused, "product.not_a_slice");
    let burst = |from: i64, n: usize| (0..n).map(move |id| refused(from + id as i64 / 4, id));
    let entries: Vec<_> = burst(0, 9).chain(burst(30, 12)).chain(burst(90, 10)).collect();
    assert_eq!(found(0, None, &entries), [(Kind::Refusals, 9, 20, 12), (Kind::Refusals, 21, 30, 10)]);
    let series: Vec<_> =
        (0..25).map(|n| question(n as i64, n, &format!("where school=s{n}"), "improvement")).collect();
    assert_eq!(found(1, None, &series), [(Kind::Series, 0, 24, 25)]);
    let slow: Vec<_> =
        (0..25).map(|n| question(4 * n as i64, n, &format!("where school=s{n}"), "improvement")).collect();
    assert_eq!(found(1, None, &slow), []);
}

#[test]
fn what_failed_was_lost_or_has_no_outcome_comes_first() {
    let lost = Entry::recovered(entry(0, 0, Decision::Allowed, "x").time, Head::empty());
    let entries = [
        question(1, 1, "by race", "research"),
        entry(2, 2, Decision::Intended, "call.intended"),
        entry(3, 3, Decision::Intended, "call.intended"),
        entry(3, 3, Decision::Refused, "call.failed"),
        lost,
    ];
    let expected = [
        (Kind::Recovered, 4, 4, 1),
        (Kind::Failed, 3, 3, 1),
        (Kind::WithoutOutcome, 1, 1, 1),
        (Kind::FirstPurpose, 0, 0, 1),
    ];
    assert_eq!(found(0, None, &entries), expected);
}

#[test]
fn people_work_by_day_where_they_are() {
    let at = |hour: i64, id: usize| entry(hour * 60, id, Decision::Allowed, "registered");
    let entries: Vec<_> = [3, 12, 13, 23].into_iter().zip(0..).map(|(hour, id)| at(hour, id)).collect();
    let of = |ahead| found(0, Some(WorkingHours { from: 6, to: 20, ahead }), &entries);
    assert_eq!(of(0), [(Kind::OddHours, 0, 3, 2)]);
    assert_eq!(of(-5), [(Kind::OddHours, 0, 0, 1)], "23 is 18 there, and 3 is 22 of the day before");
    assert_eq!(of(3), [(Kind::OddHours, 3, 3, 1)], "3 is 6 there, and 23 is 2 of the next day");
}

#[test]
fn what_goes_on_after_a_review_is_looked_at_again() {
    let refused = |minute, id| entry(minute, id, Decision::Refused, "product.not_a_slice");
    let entries: Vec<_> = (0..15).map(|id| refused(0, id)).collect();
    assert_eq!(found(14, None, &entries), [(Kind::Refusals, 0, 14, 15)]);
    assert_eq!(found(15, None, &entries), []);
}

#[test]
fn only_an_auditor_signs_off_and_only_what_there_was() {
    let sign_off = |role: &str, size: u64, decision| Entry {
        role: Some(code(role)),
        principal: Some(code("a.miller")),
        reviewed_size: Some(size),
        ..entry(1, 1, decision, "registered")
    };
    let review = |entries: &[Entry]| {
        let mut exceptions = Exceptions::new(None);
        (0..).zip(entries).for_each(|(index, entry)| exceptions.take(index, entry));
        exceptions.review().map(|review| (review.size, review.principal.clone()))
    };
    let before = entry(0, 0, Decision::Allowed, "registered");
    let good = sign_off("auditor", 1, Decision::Allowed);
    assert_eq!(review(&[before.clone(), good.clone()]), Some((1, Some(code("a.miller")))));
    for none in [
        sign_off("steward", 1, Decision::Allowed),
        sign_off("auditor", 1, Decision::Refused),
        sign_off("auditor", 2, Decision::Allowed),
    ] {
        assert_eq!(review(&[before.clone(), none]), None);
    }
}

#[test]
fn what_took_too_long_has_no_outcome_until_it_has_one() {
    let begun = entry(0, 0, Decision::Intended, "call.intended");
    let late = entry(0, 0, Decision::Refused, DEADLINE);
    let faults = entry(1, 0, Decision::Refused, "store.uncertain");
    assert_eq!(found(0, None, &[begun.clone(), late.clone()]), [(Kind::WithoutOutcome, 0, 0, 1)]);
    assert_eq!(found(0, None, &[begun, late, faults]), [(Kind::Failed, 2, 2, 1)]);
}
