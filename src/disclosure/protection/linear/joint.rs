//! Earlier editions in the elimination.
//!
//! Whoever knows of some groups that nobody in them has changed can put the answers of several editions together as if
//! they were one. So a group that is the same in two editions is one variable, and one that is not is two: that is the
//! strongest such intruder. All that was shown before is known; what was small before stays unknown, and so do small
//! changes.

use super::super::super::lattice::Lattice;
use super::super::super::span::{Row, negated};
use super::super::family::Family;
use super::super::history::Saw;
use super::super::rules::is_small;
use std::collections::HashMap;

/// What earlier editions add to the elimination of a table.
#[derive(Default)]
pub(super) struct Joint {
    /// Variables besides those of now.
    pub(super) n_more: usize,
    /// Rows that were shown.
    pub(super) known: Vec<Row>,
    /// Sums of rows that must stay unknown, as far as they are.
    pub(super) targets: Vec<Vec<Row>>,
}

impl Joint {
    pub(super) fn new(lattice: &Lattice, family: &Family, at: usize) -> Self {
        let table = &family.tables[at];
        let mut joint = Self::default();
        if table.before.is_empty() {
            return joint;
        }
        let mut atoms_of: Vec<Vec<u32>> = vec![Vec::new(); lattice.n_cells()];
        for atom in 0..table.values.len() as u32 {
            lattice.atoms.cells(atom).iter().for_each(|&cell| atoms_of[cell as usize].push(atom));
        }
        let row = |cell: usize, variables: &[Option<u32>]| {
            let present = atoms_of[cell].iter().filter_map(|&atom| variables[atom as usize]);
            let mut row: Row = present.map(|variable| (variable, 1)).collect();
            row.sort_unstable();
            row
        };
        let n_atoms = table.values.len() as u32;
        let mut numbers: Vec<HashMap<i64, u32>> =
            (0..).zip(&table.values).map(|(atom, &value)| HashMap::from([(value, atom)])).collect();
        let of_now = |atom: usize| (family.among(at).0[atom] > 0).then_some(atom as u32);
        let now: Vec<Option<u32>> = (0..table.values.len()).map(of_now).collect();
        for (edition, before) in table.before.iter().enumerate() {
            let mut variable = |(atom, &value): (usize, &i64)| {
                let next = n_atoms + joint.n_more as u32;
                let number = match before.differs.get(atom) {
                    Some(true) => next,
                    _ => *numbers[atom].entry(value).or_insert(next),
                };
                joint.n_more += usize::from(number == next);
                (family.among_before(at, edition)[atom] > 0).then_some(number)
            };
            let then: Vec<Option<u32>> = before.values.iter().enumerate().map(&mut variable).collect();
            for cell in 0..lattice.n_cells() {
                if before.saw[cell] == Saw::Shown {
                    joint.known.push(row(cell, &then));
                }
                let plane = lattice.plane(cell as u32);
                if family.was_telling(at, cell as u32, plane, edition) {
                    joint.targets.push(vec![row(cell, &then)]);
                }
                if is_small(before.change[cell].abs(), plane.cell_min) {
                    joint.targets.push(vec![row(cell, &now), negated(&row(cell, &then))]);
                }
            }
        }
        // Their span is the same in any order; the smallest groups first, others become short before they have their turn.
        joint.known.sort_by_key(Vec::len);
        joint
    }
}
