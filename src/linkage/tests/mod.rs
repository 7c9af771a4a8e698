//! Promises of the engine, on invented people.

mod namesakes;
mod order;
mod town;
mod verdict;

use super::*;
use crate::identity::{Encoding, KeyRing, Root, pseudonymize};
use crate::records::{Change, Demographics, Fact, Identifiers, OrgId, Sex, Submission};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// First name, middle name, surname, birth date, address, ZIP.
type Person<'a> = [&'a str; 6];

const ANA: Person<'static> = ["Ana", "Luz", "Garcia Lopez", "2011-05-06", "12 Oak Street Apt 4", "30210"];

fn encode(person: Person<'_>, sex: Option<Sex>, shared_id: &str) -> Encoding {
    static RING: OnceLock<KeyRing> = OnceLock::new();
    let [first, middle, last, birth, address, zip] = person;
    let submission = Submission {
        key: "key".into(),
        student: None,
        identifiers: Some(Identifiers {
            first_name: first.into(),
            middle_name: middle.into(),
            last_name: last.into(),
            birth_date: birth.parse().ok(),
            street_address: address.into(),
            zip: zip.into(),
            shared_id: shared_id.into(),
            ..Identifiers::default()
        }),
        change: Change::Upsert(Fact::Person(Demographics { sex, ..Demographics::default() })),
    };
    let ring = RING.get_or_init(|| KeyRing::of(&Root::from_bytes([3; 32])));
    let made = pseudonymize(ring, &OrgId::new("a-source").expect("a code"), submission);
    let mut encodings = made.encodings;
    encodings.pop().expect("identifiers were given")
}

fn encoded(person: Person<'_>) -> Encoding {
    encode(person, None, "")
}

fn subject(source: u32, student: u32) -> Subject {
    let mut bytes = [0; 16];
    // Spread, so that the order of tokens is not the order of numbers.
    bytes[..4].copy_from_slice(&student.wrapping_mul(2_654_435_761).to_be_bytes());
    bytes[4..8].copy_from_slice(&student.to_be_bytes());
    Subject { source, student: Token::from_bytes(bytes) }
}

fn linked(one: Person<'_>, other: Person<'_>) -> bool {
    let mut linker = Linker::new(Model::default());
    let first = linker.link(subject(0, 0), &encoded(one));
    first.person == linker.link(subject(1, 1), &encoded(other)).person
}

#[test]
fn one_person_with_errors_is_linked() {
    for other in [
        ANA,
        ["ANA", "L", "GARCIA", "2011-05-06", "12 OAK ST # 4", "30210"],
        ["Anna", "", "García-López", "2011-05-06", "", "30210"],
        ["Ana", "Luz", "Garcia Lopez", "2011-06-05", "12 Oak St", "30210"],
        ["Garcia Lopez", "", "Ana", "2011-05-06", "12 Oak St", "30210"],
        ["Luz", "", "Garcia Lopez", "2011-05-06", "12 Oak St Apt 4", "30210"],
        ["Ana", "Luz", "Garcia Lopez", "2011-05-16", "12 Oak St Apt 4", ""],
        ["Ana", "Luz", "Smith", "2011-05-06", "12 Oak St Apt 4", "30210"],
    ] {
        assert!(linked(ANA, other), "{other:?}");
    }
    let robert = ["Robert", "", "Zielinski", "2009-02-03", "7 Elm Rd", "30211"];
    assert!(linked(robert, ["Bobby", "", "Zielinski", "2009-02-03", "7 Elm Rd", "30211"]));
}

#[test]
fn others_are_not() {
    for other in [
        // A twin, a sibling, a parent, a namesake, a stranger.
        ["Eva", "Mar", "Garcia Lopez", "2011-05-06", "12 Oak Street Apt 4", "30210"],
        ["Diego", "", "Garcia Lopez", "2013-11-20", "12 Oak Street Apt 4", "30210"],
        ["Ana", "Maria", "Lopez", "1980-01-30", "12 Oak Street Apt 4", "30210"],
        ["Ana", "", "Garcia", "2008-12-25", "99 Pine Rd", "30255"],
        ["Liam", "", "Smith", "2011-05-06", "1 Elm Ave", "30299"],
    ] {
        assert!(!linked(ANA, other), "{other:?}");
    }
}

#[test]
fn a_shared_id_bridges_what_names_cannot() {
    let (one, other) = (ANA, ["Maya", "", "Smith", "2011-05-06", "", ""]);
    assert!(!linked(one, other));
    let mut linker = Linker::new(Model::default());
    let first = linker.link(subject(0, 0), &encode(one, Some(Sex::Female), "0012345"));
    let link = linker.link(subject(1, 1), &encode(other, Some(Sex::Female), "12345"));
    assert_eq!(link.person, first.person);
    assert_eq!(link.pattern.explain()[7], ("shared_id", "same".to_owned()));
    assert!(link.weight_bits > 0.0);
}

#[test]
fn a_known_subject_keeps_its_link_and_a_changed_one_is_decided_again() {
    let mut linker = Linker::new(Model::default());
    let own = linker.link(subject(0, 0), &encoded(ANA));
    assert_eq!((own.person, own.weight_bits, own.pattern), (PersonId(1), 0.0, LevelPattern::default()));
    let link = linker.link(subject(1, 1), &encoded(ANA));
    assert_eq!((link.person, link.model), (PersonId(1), 1));
    assert_eq!(linker.link(subject(1, 1), &encoded(ANA)), link);
    let liam = ["Liam", "", "Smith", "2010-01-02", "1 Elm Ave", "30299"];
    assert_eq!(linker.link(subject(1, 1), &encoded(liam)).person, PersonId(2));
    // Alone and still alone: the person stays although everything changed.
    let noah = ["Noah", "", "Jones", "2012-03-04", "8 Ash Ct", "30201"];
    assert_eq!(linker.link(subject(1, 1), &encoded(noah)).person, PersonId(2));
    assert_eq!(linker.link(subject(1, 1), &encoded(ANA)).person, PersonId(1));
    linker.remove(subject(0, 0));
    linker.remove(subject(1, 1));
    assert_eq!(linker.link(subject(2, 2), &encoded(ANA)).person, PersonId(3));
}

#[test]
fn restored_links_are_as_they_were() {
    let mut linker = Linker::new(Model::default());
    linker.restore(subject(0, 0), &encoded(ANA), PersonId(41));
    linker.restore(subject(1, 1), &encoded(ANA), PersonId(41));
    let link = linker.link(subject(1, 1), &encoded(ANA));
    assert_eq!(link.person, PersonId(41));
    assert!(link.weight_bits > 10.0);
    assert_eq!(linker.link(subject(2, 2), &encoded(ANA)).person, PersonId(41));
    let liam = ["Liam", "", "Smith", "2010-01-02", "1 Elm Ave", "30299"];
    assert_eq!(linker.link(subject(0, 3), &encoded(liam)).person, PersonId(42));
}

#[test]
fn settling_keeps_the_numbers_of_persons() {
    let liam = ["Liam", "", "Smith", "2010-01-02", "1 Elm Ave", "30299"];
    let noah = ["Noah", "", "Jones", "2012-03-04", "8 Ash Ct", "30201"];
    let mut linker = Linker::new(Model::default());
    // Liam, right; Ana, of whom one subject went to another person; Noah, taken for Ana.
    for (source, person, number) in
        [(0, liam, 7), (1, liam, 7), (0, ANA, 8), (1, ANA, 8), (2, ANA, 3), (3, noah, 8)]
    {
        let number_of_subject = source * 10 + number;
        linker.restore(subject(source, number_of_subject), &encoded(person), PersonId(u64::from(number)));
    }
    let changed: BTreeMap<_, _> =
        linker.settle().into_iter().map(|link| (link.subject, (link.person, link.model))).collect();
    let expected = [(subject(2, 23), (PersonId(8), 2)), (subject(3, 38), (PersonId(9), 2))];
    assert_eq!(changed, expected.into_iter().collect());
    assert_eq!(linker.settle_anew(), []);
    assert_eq!(linker.link(subject(4, 4), &encoded(ANA)).person, PersonId(8));
    assert_eq!(linker.link(subject(5, 5), &encoded(noah)).person, PersonId(9));
}

#[test]
fn whatever_changes_links_has_them_settled_anew() {
    let records = town::town(7, 60);
    let (first, late) = records.split_at(records.len() / 2);
    let mut linker = Linker::new(Model::default());
    first.iter().for_each(|(subject, encoding, _)| _ = linker.link(*subject, encoding));
    let pair = {
        let links = linker.relink();
        let same = links.iter().enumerate().find_map(|(at, link)| {
            links[..at]
                .iter()
                .find(|other| other.person == link.person)
                .map(|other| [link.subject, other.subject])
        });
        let [one, other] = same.expect("somebody is in two sources");
        SubjectPair::new(one, other)
    };
    let changes: [&dyn Fn(&mut Linker); 6] = [
        &|linker| late.iter().for_each(|(subject, encoding, _)| _ = linker.link(*subject, encoding)),
        &|linker| _ = linker.link(late[0].0, &late[1].1),
        &|linker| linker.decide(pair, Verdict::Different).expect("nothing else is decided"),
        &|linker| assert!(linker.withdraw(pair)),
        &|linker| first.iter().take(20).for_each(|(subject, ..)| linker.remove(*subject)),
        &|linker| {
            first.iter().for_each(|(subject, encoding, _)| linker.restore(*subject, encoding, PersonId(1)))
        },
    ];
    linker.settle();
    for change in changes {
        change(&mut linker);
        assert!(!linker.is_settled);
        linker.settle();
        assert_eq!(linker.settle_anew(), [], "everybody is who a full relink says");
    }
    let (known, encoding, _) = &first[0];
    linker.link(*known, encoding);
    assert!(linker.is_settled, "who is known and comes again changes nothing");
}

#[test]
fn nobody_links_to_nobody() {
    let mut linker = Linker::new(Model::default());
    let persons: BTreeSet<_> = (0..5).map(|i| linker.link(subject(i, i), &encoded([""; 6])).person).collect();
    assert_eq!(persons.len(), 5);
    assert!(linker.relink().iter().all(|link| link.weight_bits == 0.0));
}

#[test]
fn who_can_not_be_compared_keeps_the_person_until_encoded_again() {
    let mut linker = Linker::new(Model::default());
    linker.hold(subject(0, 0), PersonId(5));
    linker.hold(subject(1, 1), PersonId(5));
    assert!(!linker.is_linked_by(&subject(0, 0), &encoded(ANA)));
    // Somebody new can not be found to be that person, and takes no number that is in use.
    assert_eq!(linker.link(subject(2, 2), &encoded(ANA)).person, PersonId(6));
    linker.remove(subject(2, 2));
    assert_eq!(linker.link(subject(0, 0), &encoded(ANA)).person, PersonId(5));
    assert_eq!(linker.link(subject(1, 1), &encoded(ANA)).person, PersonId(5));
    assert_eq!(linker.settle_anew(), []);
}
