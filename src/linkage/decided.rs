//! Decisions as they bear on the records of a set.

use super::cluster::Groups;
use std::collections::{BTreeMap, BTreeSet};

/// Which records are one person by decision, and which of these persons are different.
#[derive(Debug, Default)]
pub(super) struct Decided {
    /// The records of each decided person, in order; some have one.
    persons: Vec<Vec<u32>>,
    /// The decided person of a record.
    of: BTreeMap<u32, u32>,
    /// Decided persons that are different, both ways.
    different: BTreeSet<(u32, u32)>,
}

impl Decided {
    /// Persons by their records, and which of them are different, by their numbers. No record is of two.
    pub(super) fn new(mut persons: Vec<Vec<u32>>, different: &[(u32, u32)]) -> Self {
        persons.iter_mut().for_each(|records| records.sort_unstable());
        let numbered = persons.iter().zip(0..);
        let of = numbered.flat_map(|(records, number)| records.iter().map(move |at| (*at, number))).collect();
        let different = different.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]).collect();
        Self { persons, of, different }
    }

    /// The same decisions where the record that stood at `from` stands at `to[from]`.
    pub(super) fn moved(self, to: impl Fn(u32) -> u32) -> Self {
        let persons = self.persons.into_iter().map(|records| records.into_iter().map(&to).collect());
        let mut moved = Self::new(persons.collect(), &[]);
        moved.different = self.different;
        moved
    }

    pub(super) fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    /// Brings those together who are one person.
    pub(super) fn join(&self, groups: &mut Groups) {
        for records in &self.persons {
            for pair in records.windows(2) {
                let (a, b) = (groups.of(pair[0]), groups.of(pair[1]));
                groups.join(a, b);
            }
        }
    }

    /// Whether one of these records is decided to be somebody else than one of those.
    pub(super) fn part(&self, some: &[u32], others: &[u32]) -> bool {
        let of = |records: &[u32]| -> BTreeSet<u32> {
            records.iter().filter_map(|at| self.of.get(at).copied()).collect()
        };
        if self.different.is_empty() {
            return false;
        }
        let others = of(others);
        of(some).into_iter().any(|a| others.iter().any(|b| self.different.contains(&(a, *b))))
    }

    /// Whether decisions leave nothing open about two records: they are one person, or two, or a source that
    /// holds a person once would have one of them twice.
    pub(super) fn settle(&self, a: u32, b: u32, sources: &[u32], unique: &[bool]) -> bool {
        let (of_a, of_b) = (self.of.get(&a), self.of.get(&b));
        if of_a.is_none() && of_b.is_none() {
            return false;
        }
        let (some, others) = (self.with(&a), self.with(&b));
        let source = |at: &u32| sources[*at as usize];
        let twice = |at: &u32| unique[source(at) as usize] && others.iter().any(|b| source(b) == source(at));
        (of_a.is_some() && of_a == of_b) || self.part(some, others) || some.iter().any(twice)
    }

    /// The records decided to be one person with this one, itself included.
    fn with<'a>(&'a self, at: &'a u32) -> &'a [u32] {
        match self.of.get(at) {
            Some(number) => &self.persons[*number as usize],
            None => std::slice::from_ref(at),
        }
    }

    /// Every two records that are one person by decision.
    pub(super) fn same(&self) -> impl Iterator<Item = (u32, u32)> {
        self.persons.iter().flat_map(|records| {
            let pairs = records.iter().enumerate();
            pairs.flat_map(|(at, a)| records[at + 1..].iter().map(move |b| (*a, *b)))
        })
    }
}
