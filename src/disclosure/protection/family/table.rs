//! One number for each cell of the lattice: people, outcomes or sums.

use super::super::codings::Coding;
use super::super::concentrated::Concentrated;
use super::super::history::{Before, is_out};
use crate::disclosure::lattice::Lattice;

/// What a table counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::disclosure::protection) enum Counts {
    People,
    Outcomes,
    /// The upper sums of a ratio.
    Sums,
}

/// One number for each cell of the lattice.
pub(in crate::disclosure::protection) struct Table {
    pub(in crate::disclosure::protection) counts: Counts,
    /// Populations or measures, by position, that this is the number of: several, where they are the same in every
    /// atom, or exactly the others.
    pub(in crate::disclosure::protection) members: Vec<usize>,
    /// Those of the members that are exactly the others.
    pub(in crate::disclosure::protection) opposite: Vec<usize>,
    /// The table of those it is counted among.
    pub(in crate::disclosure::protection) parent: Option<usize>,
    pub(in crate::disclosure::protection) part: Option<Part>,
    /// In each atom of the lattice.
    pub(in crate::disclosure::protection) values: Vec<i64>,
    /// In each cell of the lattice.
    pub(in crate::disclosure::protection) totals: Vec<i64>,
    /// Whether it is published exactly in each cell.
    pub(in crate::disclosure::protection) is_asked: Vec<bool>,
    /// As what else it is published.
    pub(in crate::disclosure::protection) codings: Vec<Coding>,
    /// Whether it is published in some cell of each plane, exactly or not.
    pub(in crate::disclosure::protection) planes: Vec<bool>,
    /// In earlier editions, the oldest first.
    pub(in crate::disclosure::protection) before: Vec<Before>,
    /// Sums over the same people that may be too close to one of them.
    pub(in crate::disclosure::protection) concentrated: Vec<Concentrated>,
}

/// Says that a table is another one, cut off by some categories of one dimension: those in grades 1 to 8. Whoever knows
/// how it is defined knows that nobody can be in the one and not in the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::disclosure::protection) struct Part {
    /// The other table.
    pub(in crate::disclosure::protection) of: usize,
    pub(in crate::disclosure::protection) dimension: usize,
    /// On which side each node of the dimension is.
    pub(in crate::disclosure::protection) sides: Vec<Side>,
}

/// Where the people of a category are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::disclosure::protection) enum Side {
    Inside,
    Outside,
    Both,
}

impl Table {
    /// A table of one population or measure.
    pub(super) fn new(
        counts: Counts,
        member: usize,
        parent: Option<usize>,
        values: Vec<i64>,
        is_asked: Vec<bool>,
        lattice: &Lattice,
    ) -> Self {
        let totals = totals(lattice, &values);
        let planes = planes(&is_asked, lattice);
        let (members, codings, before) = (vec![member], Vec::new(), Vec::new());
        let (opposite, concentrated) = (Vec::new(), Vec::new());
        Self {
            counts,
            members,
            opposite,
            parent,
            part: None,
            values,
            totals,
            is_asked,
            codings,
            planes,
            before,
            concentrated,
        }
    }

    /// Whether it has, and always had, the same numbers as another one.
    pub(super) fn is_twin(&self, values: &[i64], before: &[Before]) -> bool {
        self.values == values && self.before.iter().zip(before).all(|(one, other)| one.change == other.change)
    }

    /// Counts in another population or measure with the same numbers.
    pub(super) fn merge(&mut self, member: usize, is_asked: &[bool], before: &[Before], lattice: &Lattice) {
        self.members.push(member);
        self.before.iter_mut().zip(before).for_each(|(one, other)| one.merge(other));
        self.is_asked.iter_mut().zip(is_asked).for_each(|(asked, other)| *asked |= other);
        let more = planes(is_asked, lattice);
        self.planes.iter_mut().zip(more).for_each(|(shown, more)| *shown |= more);
    }

    /// As what else it is published.
    pub(super) fn add_codings(&mut self, codings: Vec<Coding>) {
        for coding in &codings {
            self.planes.iter_mut().zip(&coding.planes).for_each(|(shown, more)| *shown |= more);
        }
        self.codings.extend(codings);
    }
}

/// Where a table is published, or known already from what nobody can ask for any more.
pub(super) fn with_known(mut is_asked: Vec<bool>, before: &[Before]) -> Vec<bool> {
    for (cell, is_asked) in (0..).zip(&mut is_asked) {
        *is_asked |= is_out(before, cell);
    }
    is_asked
}

fn planes(is_asked: &[bool], lattice: &Lattice) -> Vec<bool> {
    let mut planes = vec![false; lattice.planes.len()];
    for (cell, &is_asked) in is_asked.iter().enumerate() {
        planes[lattice.plane_of[cell] as usize] |= is_asked;
    }
    planes
}

/// What atoms come to in each cell.
pub(super) fn totals(lattice: &Lattice, values: &[i64]) -> Vec<i64> {
    let mut totals = vec![0; lattice.n_cells()];
    for (atom, value) in (0..).zip(values) {
        lattice.atoms.cells(atom).iter().for_each(|&cell| totals[cell as usize] += value);
    }
    totals
}
