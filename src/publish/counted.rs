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
use std::collections::BTreeSet;

/// The students of whom there are records, by source and token, but for those of whom their own source has said that they
/// have opted out, or has no consent where it needs that. `without` has persons and sources without consent, and facts are
/// as they were gathered: nothing that is carried over from records of others is among them.
pub(super) fn students(
    persons: &Whose,
    has_records: &[bool],
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
    let counted = persons.students().filter(|(source, _, of)| {
        has_records[of.student as usize] && !left_out.contains(&(of.person, *source))
    });
    Ok(counted.map(|(source, token, _)| (source, token)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{Demographics, OptOut};
    use crate::store::StoredPerson;

    #[test]
    fn who_opted_out_at_its_own_source_or_has_no_records_is_not_counted() {
        let token = |n: u8| Token::from_bytes([n; 16]);
        // One child that two sources know, one of one source under two numbers, one without consent, one without records.
        let students = [
            (1, token(1), 0),
            (1, token(2), 1),
            (1, token(3), 1),
            (1, token(4), 2),
            (1, token(5), 3),
            (2, token(1), 0),
        ];
        let persons = Whose::new(students.into_iter());
        let mut facts = Gathered::new((0..4).map(StoredPerson).collect()).expect("few");
        let person = Fact::Person(Demographics::default()).to_stored();
        for (source, _, person_of) in students {
            facts.add(person_of, source, Kind::Person, &person).expect("short");
        }
        let today: Date = "2026-11-28".parse().expect("a day");
        let opt_out = |until: &str| {
            let until = (!until.is_empty()).then(|| until.parse().expect("a day"));
            Fact::OptOut(OptOut { from: today, until }).to_stored()
        };
        facts.sort();
        let counted = |facts: &Gathered, has: [bool; 6]| {
            let without = BTreeSet::from([(2, 1)]);
            students_of(super::students(&persons, &has, facts, without, today).expect("they are read"))
        };
        let all = [true, true, true, true, false, true];
        assert_eq!(counted(&facts, all), [(1, 1), (1, 2), (1, 3), (2, 1)]);
        // It is over, and changes nothing.
        facts.add(0, 2, Kind::OptOut, &opt_out("2026-11-27")).expect("short");
        facts.sort();
        assert_eq!(counted(&facts, all), [(1, 1), (1, 2), (1, 3), (2, 1)]);
        // Of the child that both know the second source says so: the first is told nothing by that.
        facts.add(0, 2, Kind::OptOut, &opt_out("2026-11-28")).expect("short");
        // Under either number.
        facts.add(1, 1, Kind::OptOut, &opt_out("")).expect("short");
        facts.sort();
        assert_eq!(counted(&facts, all), [(1, 1)]);
        assert_eq!(counted(&facts, [false; 6]), []);
    }

    fn students_of(counted: Vec<(u32, Token)>) -> Vec<(u32, u8)> {
        counted.into_iter().map(|(source, token)| (source, token.as_bytes()[0])).collect()
    }
}
