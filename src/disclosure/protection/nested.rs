//! Outcomes of which one implies the other: whoever has 60 points or more has 50 or more. And populations of which one holds the
//! other, where neither is around the other in the tree of parents.
//!
//! The two numbers together tell of how many only the outer one holds, which is one more number that may not be known where it
//! is small; and everybody knows that it is no less than none.

use super::family::{Counts, Family, Table};
use crate::outcomes::Tabulation;
use std::collections::BTreeMap;

/// A number as a combination of tables, the last table first.
pub(super) type Terms = Vec<(usize, i64)>;

impl Table {
    /// Whether an outcome may not be its number, or the others' number, because it counts the others of one that implies it
    /// or that it implies: whoever loses the one can not gain the other.
    pub(super) fn is_against(&self, measure: usize, is_complement: bool, tabulation: &Tabulation) -> bool {
        let within = |of: usize| &tabulation.measures[of].within;
        self.members.iter().any(|member| {
            self.opposite.contains(member) != is_complement
                && (within(*member).contains(&measure) || within(measure).contains(member))
        })
    }
}

impl Family {
    /// Lists of all outcomes that imply others, and of populations in others, how many are in between.
    pub(super) fn find_nested(&mut self, tabulation: &Tabulation) {
        for (inner, population) in tabulation.populations.iter().enumerate() {
            for &outer in &population.within {
                let place = |of: usize| self.place(Counts::People, of);
                let (Some(inner), Some(outer)) = (place(inner), place(outer)) else { continue };
                let are_around = self.around(inner).any(|around| around == outer);
                if inner != outer && !are_around {
                    self.add_between([(outer, 1), (inner, -1)].into());
                }
            }
        }
        for (inner, measure) in tabulation.measures.iter().enumerate() {
            for &outer in measure.within.iter().filter(|&&outer| tabulation.is_counted(outer)) {
                if let Some(between) = self.between(outer, inner) {
                    self.add_between(between);
                }
            }
        }
    }

    /// Notes a number in between two tables, but for those that always have the same: nobody is in between them.
    fn add_between(&mut self, terms: BTreeMap<usize, i64>) {
        let terms: Terms = terms.into_iter().rev().filter(|(_, times)| *times != 0).collect();
        if !terms.is_empty() && !self.nested.contains(&terms) {
            self.nested.push(terms);
        }
    }

    /// The table that counts a population or measure.
    fn place(&self, counts: Counts, member: usize) -> Option<usize> {
        self.tables.iter().position(|table| table.counts == counts && table.members.contains(&member))
    }

    /// How many have one outcome and not another, when both are of this family.
    fn between(&self, outer: usize, inner: usize) -> Option<BTreeMap<usize, i64>> {
        let mut terms: BTreeMap<usize, i64> = BTreeMap::new();
        for (measure, times) in [(outer, 1), (inner, -1)] {
            let at = self.place(Counts::Outcomes, measure)?;
            // Some tables count those without it.
            let people = self.tables[at].parent.filter(|_| self.tables[at].opposite.contains(&measure));
            *terms.entry(at).or_default() += if people.is_some() { -times } else { times };
            people.into_iter().for_each(|people| *terms.entry(people).or_default() += times);
        }
        Some(terms)
    }

    /// The tables that count everybody whom a table counts, of the same people.
    pub(super) fn outside(&self, table: usize) -> impl Iterator<Item = usize> + '_ {
        self.pairs().filter(move |(inner, _)| *inner == table).map(|(_, outer)| outer)
    }

    /// Tables of which the second counts everybody whom the first one counts.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.nested.iter().filter_map(|terms| match **terms {
            [(inner, -1), (outer, 1)] | [(outer, 1), (inner, -1)] => Some((inner, outer)),
            _ => None,
        })
    }

    /// How far down and up a cell can change when some tables do, so that nobody is missing in between.
    pub(super) fn reach_between(&self, kind: &[bool], cell: u32) -> (i64, i64) {
        let (mut down, mut up) = (i64::MAX, i64::MAX);
        for terms in &self.nested {
            let by: i64 = terms.iter().filter(|(table, _)| kind[*table]).map(|(_, times)| times).sum();
            let value: i64 =
                terms.iter().map(|&(table, times)| times * self.tables[table].totals[cell as usize]).sum();
            match by {
                1.. => down = down.min(value / by),
                0 => {}
                _ => up = up.min(value / -by),
            }
        }
        (down, up)
    }

    /// Whether with some values of the tables nobody is missing in between.
    pub(super) fn fits_between(&self, value: impl Fn(usize) -> i128) -> bool {
        let number = |terms: &Terms| {
            terms.iter().map(|&(table, times)| i128::from(times) * value(table)).sum::<i128>()
        };
        self.nested.iter().all(|terms| number(terms) >= 0)
    }
}
