//! Facts come out as they were put in, by person.

use super::*;
use crate::records::{AttendanceSummary, Code, Consent, Demographics, OptOut};

fn summary(days: u32) -> Fact {
    let day = |text: &str| text.parse().expect("a date");
    Fact::AttendanceSummary(AttendanceSummary {
        school: Code::new("N1").expect("a code"),
        from: day("2024-09-03"),
        to: day("2025-06-20"),
        days_enrolled_hundredths: days,
        days_present_hundredths: 0,
        days_absent_hundredths: 0,
    })
}

fn gathered(facts: &[(u64, u32, Fact)]) -> Gathered {
    let persons = facts.iter().map(|(person, ..)| StoredPerson(*person)).collect();
    let mut gathered = Gathered::new(persons).expect("few persons");
    for (person, source, fact) in facts {
        let at = gathered.position(StoredPerson(*person)).expect("it is one of them");
        gathered.add(at, *source, fact.kind(), &fact.to_stored()).expect("it fits");
    }
    gathered.sort();
    gathered
}

#[test]
fn each_person_has_its_facts_by_source_and_kind_and_as_they_came() {
    let person = Fact::Person(Demographics::default());
    let gathered = gathered(&[
        (9, 2, summary(300)),
        (4, 1, summary(200)),
        (9, 2, summary(100)),
        (9, 1, summary(500)),
        (9, 2, person.clone()),
    ]);
    let all: Vec<_> =
        gathered.of_persons().map(|of| (of.number(), of.facts().expect("as they were stored"))).collect();
    let of_nine = vec![(1, summary(500)), (2, person), (2, summary(300)), (2, summary(100))];
    assert_eq!(all, [(4, vec![(1, summary(200))]), (9, of_nine)]);
    let kinds: Vec<_> = gathered.of_persons().map(|of| of.has(Kind::Person)).collect();
    assert_eq!(kinds, [false, true]);
}

#[test]
fn persons_of_all_parts_come_in_order() {
    let n = 2 * PERSONS as u64 + 3;
    let facts: Vec<_> = (0..n).rev().map(|person| (3 * person, 1, summary(person as u32))).collect();
    let gathered = gathered(&facts);
    let expected = || (0..n).map(|person| (3 * person, vec![(1, summary(person as u32))]));
    let read = |of: OfPerson<'_>| (of.number(), of.facts().expect("as they were stored"));
    assert!(gathered.of_persons().map(read).eq(expected()));
    assert_eq!(gathered.first_source(n as u32 - 1), Some(1));
    let positions = gathered.of_kind(Kind::AttendanceSummary).map(|of| of.expect("it reads").0);
    assert!(positions.eq(0..n as u32));
    let parts: Vec<Part> = gathered.into_parts().collect();
    assert_eq!(parts.iter().map(|part| part.of_persons().count()).collect::<Vec<_>>(), [1_024, 1_024, 3]);
    assert!(parts.iter().flat_map(Part::of_persons).map(read).eq(expected()));
}

#[test]
fn what_is_left_out_is_gone_and_what_is_of_a_kind_is_found() {
    let (from, until) = ("2024-01-01".parse().expect("a date"), None);
    let consent = Fact::Consent(Consent { from, until });
    let out = Fact::OptOut(OptOut { from, until });
    let mut gathered = gathered(&[(1, 1, summary(1)), (1, 2, consent.clone()), (2, 2, out)]);
    let found: Vec<_> = gathered.of_kind(Kind::Consent).map(|fact| fact.expect("it reads")).collect();
    assert_eq!(found, [(0, 2, consent)]);
    gathered.retain(Kind::Person, |_, source| source == 2);
    assert_eq!((gathered.first_source(0), gathered.first_source(1)), (Some(2), Some(2)));
    gathered.retain(Kind::Person, |person, _| person == 1);
    assert_eq!((gathered.first_source(0), gathered.first_source(1)), (None, Some(2)));
    gathered.retain(Kind::OptOut, |_, _| false);
    assert_eq!(gathered.first_source(1), Some(2), "all of a kind is kept");
}

#[test]
fn what_no_store_holds_is_damage() {
    let mut gathered = Gathered::new(vec![StoredPerson(1)]).expect("one person");
    assert!(gathered.add(0, 1, Kind::Person, &[1; 65_536]).is_err());
    assert!(gathered.add(0, 70_000, Kind::Person, &[]).is_err());
    gathered.add(0, 1, Kind::Person, &[200, 1]).expect("nobody has read it yet");
    assert!(gathered.of_persons().all(|of| of.facts().is_err()));
}

#[test]
fn the_facts_of_a_part_fill_many_pages() {
    let n = 20_000;
    let facts: Vec<_> = (0..n).map(|days| (3, 1, summary(days))).collect();
    let gathered = gathered(&facts);
    let of: Vec<_> = gathered.of_persons().collect();
    assert!(gathered.parts[0].pages.len() > 2 && of.len() == 1);
    let expected = (0..n).map(|days| (1, summary(days)));
    assert!(of[0].facts().expect("as they were stored").into_iter().eq(expected));
    let mut part = Part::new(&[]);
    let writes = [40_000, 30_000, 65_535, 0, 1].map(|len| part.write(&vec![1; len]));
    let page = PAGE as u32;
    let at = [0, page, 2 * page, 2 * page + 65_535, 2 * page + 65_535];
    assert_eq!(writes.map(|written| written.map(|(start, _)| start)), at.map(Some));
    assert_eq!(part.write(&[1; 65_536]), None);
}
