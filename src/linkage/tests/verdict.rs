//! What people decide stands above the weights, whatever comes later and in whatever order it was said.

use super::town::town;
use super::{ANA, encoded, subject};
use crate::linkage::Contradiction::{AreDifferent, AreSame, OneSource};
use crate::linkage::Verdict::{Different, Same};
use crate::linkage::{BIN_BITS, Linker, Model, PersonId, Subject, SubjectPair, Verdict, Wanted};
use std::collections::BTreeMap;

const LIAM: super::Person<'static> = ["Liam", "", "Smith", "2010-01-02", "1 Elm Ave", "30299"];

fn persons(linker: &mut Linker) -> BTreeMap<Subject, PersonId> {
    linker.settle();
    let subjects: Vec<Subject> = linker.by_subject().into_iter().map(|(subject, _)| subject).collect();
    subjects.into_iter().filter_map(|subject| Some((subject, linker.person(&subject)?))).collect()
}

#[test]
fn what_was_split_stays_split() {
    let (a, b, c) = (subject(0, 0), subject(1, 1), subject(2, 2));
    let mut linker = Linker::new(Model::default());
    for one in [a, b] {
        linker.link(one, &encoded(ANA));
    }
    assert_eq!(linker.person(&a), linker.person(&b));
    linker.decide(SubjectPair::new(b, a), Different).expect("nothing else is decided");
    assert_eq!(linker.person(&a), linker.person(&b), "nobody moves before links are settled");
    let split = persons(&mut linker);
    assert_eq!((split[&a], split[&b]), (PersonId(1), PersonId(2)));
    assert_eq!(persons(&mut linker), split);
    // Another encoding, and back.
    assert_eq!(linker.link(b, &encoded(LIAM)).person, PersonId(2));
    assert_eq!(linker.link(b, &encoded(ANA)).person, PersonId(2));
    linker.link(c, &encoded(ANA));
    let settled = persons(&mut linker);
    assert_ne!(settled[&a], settled[&b]);
    linker.remove(b);
    assert_ne!(linker.link(b, &encoded(ANA)).person, linker.person(&a).expect("it is there"));
    // And together again.
    linker.decide(SubjectPair::new(a, b), Same).expect("it replaces the other decision");
    let merged = persons(&mut linker);
    assert_eq!(merged[&a], merged[&b]);
}

#[test]
fn what_was_merged_stays_merged() {
    let (a, b, c) = (subject(0, 0), subject(1, 1), subject(2, 2));
    let mut linker = Linker::new(Model::default());
    linker.link(a, &encoded(ANA));
    assert_eq!(linker.link(b, &encoded(LIAM)).person, PersonId(2));
    linker.decide(SubjectPair::new(a, b), Same).expect("nothing else is decided");
    let merged = persons(&mut linker);
    assert_eq!((merged[&a], merged[&b]), (PersonId(1), PersonId(1)));
    let reason = linker.relink()[1];
    assert!(reason.weight_bits < 0.0 && reason.model == 2, "{reason:?}");
    assert_eq!(reason.pattern.explain()[1], ("last_name", "different".to_owned()));
    let noah = ["Noah", "", "Jones", "2012-03-04", "8 Ash Ct", "30201"];
    assert_eq!(linker.link(b, &encoded(noah)).person, PersonId(1));
    assert_eq!(persons(&mut linker), merged);
    // A third one by way of the second, which has gone.
    linker.link(c, &encoded(LIAM));
    linker.decide(SubjectPair::new(b, c), Same).expect("it fits");
    linker.remove(b);
    let bridged = persons(&mut linker);
    assert_eq!(bridged[&a], bridged[&c]);
}

#[test]
fn decisions_do_not_contradict_each_other() {
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| subject(n, n));
    let mut linker = Linker::new(Model::default());
    let mut decide = |a, b, verdict| linker.decide(SubjectPair::new(a, b), verdict);
    assert_eq!(decide(a, b, Same), Ok(()));
    assert_eq!(decide(b, c, Same), Ok(()));
    assert_eq!(decide(c, a, Different), Err(AreSame));
    assert_eq!(decide(a, d, Different), Ok(()));
    assert_eq!(decide(d, c, Same), Err(AreDifferent));
    assert_eq!(decide(a, a, Same), Err(OneSource));
    assert_eq!(decide(c, subject(0, 9), Same), Err(OneSource), "source 0 has a there");
    assert_eq!(decide(b, a, Different), Ok(()), "it replaces the first one");
    assert_eq!(decide(d, c, Same), Ok(()));
    assert_eq!(decide(a, b, Same), Err(AreDifferent));
    assert_eq!(decide(d, a, Same), Err(AreDifferent), "d is b, which is not a");
}

#[test]
fn what_is_taken_back_is_as_if_it_had_not_been_decided() {
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| subject(n, n));
    let mut linker = Linker::new(Model::default());
    for (one, person) in [(a, ANA), (b, ANA), (c, LIAM)] {
        linker.link(one, &encoded(person));
    }
    let before = persons(&mut linker);
    assert!(before[&a] == before[&b] && before[&a] != before[&c]);
    assert!(!linker.withdraw(SubjectPair::new(a, b)), "nothing was decided");
    linker.decide(SubjectPair::new(a, b), Different).expect("nothing else is decided");
    linker.decide(SubjectPair::new(b, c), Same).expect("it fits");
    linker.decide(SubjectPair::new(c, d), Same).expect("it fits");
    let decided = persons(&mut linker);
    assert!(decided[&a] != decided[&b] && decided[&b] == decided[&c]);
    assert!(linker.withdraw(SubjectPair::new(b, a)), "in either order");
    assert!(!linker.withdraw(SubjectPair::new(a, b)), "once");
    assert!(!linker.withdraw(SubjectPair::new(b, d)), "it follows from others and was not decided itself");
    // What stands on the other pairs still holds, and what stood against this one does not.
    assert_eq!(linker.allows(SubjectPair::new(b, d), Different), Err(AreSame));
    assert_eq!(linker.allows(SubjectPair::new(a, c), Same), Ok(()));
    assert_eq!(persons(&mut linker)[&b], decided[&c]);
    for (one, other) in [(b, c), (c, d)] {
        assert!(linker.withdraw(SubjectPair::new(one, other)));
    }
    assert_eq!(linker.allows(SubjectPair::new(b, d), Different), Ok(()));
    let after = persons(&mut linker);
    assert!(after[&a] == after[&b] && after[&a] != after[&c], "weights decide again");
    let mut never = Linker::new(Model::default());
    for (one, person) in [(a, ANA), (b, ANA), (c, LIAM)] {
        never.link(one, &encoded(person));
    }
    assert_eq!(linker.relink(), never.relink());
}

#[test]
fn who_was_ruled_out_is_no_rival() {
    let (a, exact, close) = (subject(0, 0), subject(1, 1), subject(1, 2));
    let mut linker = Linker::new(Model::default());
    for (one, person) in [(a, ANA), (exact, ANA), (close, ["Ana", "", "Garcia", "2011-05-06", "", "30210"])] {
        linker.link(one, &encoded(person));
    }
    let before = persons(&mut linker);
    assert!(before[&a] == before[&exact] && before[&a] != before[&close]);
    linker.decide(SubjectPair::new(a, exact), Different).expect("nothing else is decided");
    let after = persons(&mut linker);
    assert!(after[&a] == after[&close] && after[&a] != after[&exact]);
}

#[test]
fn decisions_hold_in_any_order() {
    let records = town(11, 60);
    let pairs = |step: usize| {
        records.iter().zip(records.iter().skip(step)).step_by(7).filter(|(a, b)| a.0.source != b.0.source)
    };
    // Neighbors in the town are often one person, those farther off are not.
    let decisions: Vec<(SubjectPair, Verdict)> = [(1, Different), (9, Same)]
        .into_iter()
        .flat_map(|(step, verdict)| pairs(step).map(move |(a, b)| (SubjectPair::new(a.0, b.0), verdict)))
        .collect();
    let mut linker = Linker::new(Model::default());
    for (subject, encoding, _) in &records {
        linker.link(*subject, encoding);
    }
    let undecided = linker.relink();
    let standing: Vec<_> =
        decisions.into_iter().filter(|(pair, verdict)| linker.decide(*pair, *verdict).is_ok()).collect();
    assert!(standing.len() > 20);
    let relinked = linker.relink();
    let person: BTreeMap<_, _> = relinked.iter().map(|link| (link.subject, link.person)).collect();
    for (pair, verdict) in &standing {
        let [a, b] = pair.subjects();
        assert_eq!(person[&a] == person[&b], *verdict == Same);
    }
    assert_ne!(relinked, undecided);
    let mut other = Linker::new(Model::default());
    for (pair, verdict) in standing.iter().rev() {
        other.decide(*pair, *verdict).expect("what stands holds together in any order");
    }
    for (subject, encoding, _) in records.iter().rev() {
        other.link(*subject, encoding);
    }
    assert_eq!(other.relink(), relinked);
    let mut at_once: BTreeMap<PersonId, Vec<Subject>> = BTreeMap::new();
    for subject in records.iter().map(|(subject, ..)| *subject) {
        at_once.entry(other.person(&subject).expect("it is there")).or_default().push(subject);
    }
    let together = |a, b| at_once.values().any(|of| of.contains(&a) && of.contains(&b));
    for (pair, verdict) in standing {
        let [a, b] = pair.subjects();
        assert!(verdict == Same || !together(a, b), "not even at once");
    }
}

#[test]
fn a_review_shows_what_is_undecided_and_changes_nothing() {
    let records = town(5, 60);
    let mut linker = Linker::new(Model::default());
    for (subject, encoding, _) in &records {
        linker.link(*subject, encoding);
    }
    linker.settle();
    let before = linker.relink();
    let review = linker.review(&Wanted::doubtful(10));
    assert_eq!(linker.settle_anew(), []);
    let persons: BTreeMap<_, _> = before.iter().map(|link| (link.subject, link.person)).collect();
    let n_persons = before.iter().map(|link| link.person.0).max();
    assert_eq!(Some(review.n_persons), n_persons);
    assert_eq!(review.linked.len(), records.len());
    for (subject, is_linked) in review.linked {
        let is_alone = persons.values().filter(|person| **person == persons[&subject]).count() == 1;
        assert_ne!(is_linked, is_alone);
    }
    assert!((1..=10).contains(&review.offered.len()));
    assert!(review.offered.is_sorted_by_key(|of| of.weight_bits.abs().to_bits()));
    for of in &review.offered {
        let [a, b] = of.pair.subjects();
        assert_eq!(persons[&a] == persons[&b], of.is_linked);
    }
    let first = review.offered[0];
    linker
        .decide(first.pair, if first.is_linked { Different } else { Same })
        .expect("nothing else is decided");
    let after = linker.review(&Wanted::doubtful(usize::MAX));
    assert!(!after.has_more && after.offered.iter().all(|of| of.pair != first.pair));
}

#[test]
fn every_pair_that_was_weighed_can_be_had() {
    let mut linker = Linker::new(Model::default());
    for (subject, encoding, _) in town(5, 60) {
        linker.link(subject, &encoding);
    }
    let everything = Wanted { from_bits: -100.0, to_bits: f32::INFINITY, ..Wanted::doubtful(usize::MAX) };
    let review = linker.review(&everything);
    let n_pairs: u64 = review.histogram.iter().map(|bin| bin.n_pairs).sum();
    assert_eq!((review.offered.len() as u64, review.has_more), (n_pairs, false));
    // A part at a time, in the same order.
    let mut parts = Vec::new();
    loop {
        let part = linker.review(&Wanted {
            n_skipped: parts.len(),
            n_max: review.offered.len() / 3,
            ..everything.clone()
        });
        parts.extend(part.offered);
        if !part.has_more {
            break;
        }
    }
    assert_eq!(parts, review.offered);
    for bin in review.histogram.iter().step_by(4) {
        let (from_bits, to_bits) = (bin.from_bits as f32, (bin.from_bits + BIN_BITS) as f32);
        let of_bin = linker.review(&Wanted { from_bits, to_bits, ..everything.clone() }).offered;
        let n_linked = of_bin.iter().filter(|of| of.is_linked).count() as u64;
        assert_eq!((of_bin.len() as u64, n_linked), (bin.n_pairs, bin.n_linked));
    }
    let past = linker.review(&Wanted { n_skipped: parts.len(), ..everything });
    assert_eq!((past.offered, past.has_more), (vec![], false));
}
