//! Whose records an edition counts, as far as their own source can know it: what it is told when it asks to whom a student's
//! records were given.
//!
//! A student whose person another source has opted out is not counted either, and is among these all the same. Left out of
//! them, it would tell its source that somebody else knows the child, and what they have said.

use super::gathered::Gathered;
use super::whose::Whose;
use crate::calendar::Date;
use crate::identity::Token;
use crate::records::{Fact, Kind};
use crate::store;
use std::collections::{BTreeMap, BTreeSet};

/// The students of whom there are records, by source and token, but for those of whom their own source has said that they
/// have opted out, or has no consent where it needs that. `without` has persons and sources without consent, and facts are
/// sorted, with nothing carried over from records of others among them.
///
/// A source holds a child once, so that whose its records are is known by the person.
pub(super) fn students(
    persons: &Whose,
    facts: &Gathered,
    without: BTreeSet<(u32, u32)>,
    frozen_on: Date,
) -> Result<Vec<(u32, Token)>, store::Error> {
    let mut left_out = without;
    for fact in facts.of_kind(Kind::OptOut) {
        if let (person, source, Fact::OptOut(opt_out)) = fact?
            && opt_out.lasts(frozen_on)
        {
            left_out.insert((person, source));
        }
    }
    let mut said_of: BTreeMap<u32, Vec<bool>> = BTreeMap::new();
    for (person, source) in facts.said_by() {
        let said_of = said_of.entry(source).or_default();
        // Persons come in their order.
        said_of.resize(person as usize, false);
        said_of.push(true);
    }
    let is_said_of = |source: u32, person: u32| {
        said_of.get(&source).and_then(|said_of| said_of.get(person as usize)).is_some_and(|is| *is)
    };
    let is_counted = |(source, _, person): &(u32, Token, u32)| {
        is_said_of(*source, *person) && !left_out.contains(&(*person, *source))
    };
    Ok(persons.students().filter(is_counted).map(|(source, token, _)| (source, token)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{Demographics, OptOut};
    use crate::store::StoredPerson;

    #[test]
    fn who_opted_out_at_its_own_source_or_has_no_records_is_not_counted() {
        let token = |n: u8| Token::from_bytes([n; 16]);
        // One child that two sources know, others that one knows, one without consent, and one without records.
        let students = [
            (1, token(1), 0),
            (1, token(2), 1),
            (1, token(3), 2),
            (1, token(4), 3),
            (2, token(1), 0),
            (2, token(2), 2),
        ];
        let persons = Whose::new(students.into_iter());
        let mut facts = Gathered::new((0..4).map(StoredPerson).collect()).expect("few");
        let person = Fact::Person(Demographics::default()).to_stored();
        for (source, _, of) in students.into_iter().filter(|(.., of)| *of != 3) {
            facts.add(of, source, Kind::Person, &person).expect("short");
        }
        let today: Date = "2026-11-28".parse().expect("a day");
        let opt_out = |until: &str| {
            let until = (!until.is_empty()).then(|| until.parse().expect("a day"));
            Fact::OptOut(OptOut { from: today, until }).to_stored()
        };
        let counted = |facts: &mut Gathered| {
            facts.sort();
            let without = BTreeSet::from([(2, 2)]);
            let counted = super::students(&persons, facts, without, today).expect("they are read");
            counted.into_iter().map(|(source, token)| (source, token.as_bytes()[0])).collect::<Vec<_>>()
        };
        assert_eq!(counted(&mut facts), [(1, 1), (1, 2), (1, 3), (2, 1)]);
        // It is over, and changes nothing.
        facts.add(0, 2, Kind::OptOut, &opt_out("2026-11-27")).expect("short");
        assert_eq!(counted(&mut facts), [(1, 1), (1, 2), (1, 3), (2, 1)]);
        // Of the child that both know the second source says so: the first is told nothing by that.
        facts.add(0, 2, Kind::OptOut, &opt_out("2026-11-28")).expect("short");
        facts.add(1, 1, Kind::OptOut, &opt_out("")).expect("short");
        assert_eq!(counted(&mut facts), [(1, 1), (1, 3)]);
    }
}
