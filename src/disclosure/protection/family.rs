//! Families: the numbers of a tabulation that have to fit each other.
//!
//! A population that lies in no other, the populations inside it and the outcomes counted among them are one
//! family of tables over the same lattice. Another table that an intruder could believe in changes several of them at
//! once: whoever comes or goes takes along the smaller populations and outcomes that he belongs to.

mod build;
mod table;

use super::nested::Terms;
use super::rules::Sensitive;
pub(super) use build::{Shares, families, ratios};
#[cfg(test)]
pub(super) use table::Part;
pub(super) use table::{Counts, Side, Table};

/// Tables that have to fit each other; whatever bounds a table stands before it.
pub(super) struct Family {
    pub(super) tables: Vec<Table>,
    /// For sums that are bounded by other sums.
    pub(super) bounds: Option<Bounds>,
    /// How many have one outcome and not another that it implies: numbers that are no less than none.
    pub(super) nested: Vec<Terms>,
    /// What may not be known of it.
    pub(super) sensitive: Vec<Sensitive>,
}

/// The sums that bound others, and stay as they are.
pub(super) struct Bounds {
    /// In each atom of the lattice.
    pub(super) values: Vec<i64>,
    /// In each cell of the lattice.
    pub(super) totals: Vec<i64>,
    /// Number of people in each cell.
    pub(super) people: Vec<i64>,
}

impl Family {
    /// A family of which nothing is said yet.
    pub(super) fn of(tables: Vec<Table>, bounds: Option<Bounds>) -> Self {
        Self { tables, bounds, nested: Vec::new(), sensitive: Vec::new() }
    }

    /// Whom or what a table could count, as far as anybody knows: of people themselves, of outcomes the people, of sums
    /// their bounds; in each atom and in each cell.
    pub(super) fn among(&self, table: usize) -> (&[i64], &[i64]) {
        let of = &self.tables[table];
        match (of.counts, of.parent, &self.bounds) {
            (Counts::Outcomes, Some(people), _) => (&self.tables[people].values, &self.tables[people].totals),
            (_, _, Some(bounds)) => (&bounds.values, &bounds.totals),
            _ => (&of.values, &of.totals),
        }
    }

    /// The tables around a table, nearest first.
    pub(super) fn around(&self, table: usize) -> impl Iterator<Item = usize> + '_ {
        let parent = |&at: &usize| self.tables[at].parent;
        std::iter::successors(parent(&table), parent)
    }

    /// For each table, those that are not printed without it: outcomes without their number of people.
    pub(super) fn printed_with(&self) -> Vec<Vec<u32>> {
        let outcomes = |of: usize| {
            let is_of =
                |table: &&(usize, &Table)| table.1.parent == Some(of) && table.1.counts == Counts::Outcomes;
            let numbered: Vec<_> = self.tables.iter().enumerate().collect();
            numbered.iter().filter(is_of).map(|&(at, _)| at as u32).collect()
        };
        (0..self.tables.len()).map(outcomes).collect()
    }
}
