//! Replaying witnesses: whether each is a table that nobody can tell from the true one.
//!
//! Nothing is searched for and nothing is taken over from the search: what is shown is read from the seal, and what could
//! be believed of a hidden cell follows from the rules anew.

use super::super::cover::Interval;
use super::super::lattice::Lattice;
use super::super::proof::{Change, Witness};
use super::family::{Counts, Family, Side};
use super::verify::Shown;
use std::collections::HashMap;

/// A family as the public sees it.
pub(super) struct Public<'a> {
    pub(super) lattice: &'a Lattice,
    pub(super) family: &'a Family,
    /// For each table and cell, whether its value is known: shown, or marked as empty.
    pub(super) known: Vec<Vec<bool>>,
    /// For each table and cell, the values that the codes shown of it leave possible, where there are any.
    coded: Vec<HashMap<u32, Interval>>,
}

impl<'a> Public<'a> {
    pub(super) fn new(lattice: &'a Lattice, family: &'a Family, shown: &Shown) -> Self {
        let mut known: Vec<Vec<bool>> = Vec::with_capacity(family.tables.len());
        for table in &family.tables {
            let of = if table.counts == Counts::People { &shown.people } else { &shown.values };
            let mut any = vec![false; lattice.n_cells()];
            for &member in &table.members {
                any.iter_mut().zip(&of[member]).for_each(|(any, shown)| *any |= shown);
            }
            // Where nobody is, nobody has an outcome.
            if let (Counts::Outcomes, Some(parent)) = (table.counts, table.parent) {
                let nobody = known[parent].iter().zip(&family.tables[parent].totals);
                any.iter_mut()
                    .zip(nobody)
                    .for_each(|(any, (is_known, people))| *any |= *is_known && *people == 0);
            }
            known.push(any);
        }
        let coded = (0..family.tables.len()).map(|table| family.shown_intervals(table, &shown.coded));
        Self { lattice, family, known, coded: coded.collect() }
    }

    /// Whether every code shown is that of the true numbers.
    pub(super) fn codes_are_true(&self, shown: &Shown) -> bool {
        (0..self.family.tables.len()).all(|table| self.family.codes_are_true(table, &shown.coded))
    }

    /// Checks that a witness fits everything that is shown and known besides, at both ends of its range. What lies in
    /// between fits then, too.
    pub(super) fn replay(&self, witness: &Witness) -> Result<(), &'static str> {
        self.check_shape(witness)?;
        let mut is_changed = vec![false; self.family.tables.len()];
        witness
            .changes
            .iter()
            .flat_map(|change| &change.tables)
            .for_each(|&table| is_changed[usize::from(table)] = true);
        let is_published = |plane: usize| {
            self.family.tables.iter().zip(&is_changed).any(|(table, changes)| *changes && table.planes[plane])
        };
        let planes: Vec<bool> = (0..self.lattice.planes.len()).map(is_published).collect();
        witness.changes.iter().try_for_each(|change| self.check_sums(change, &planes))?;
        let times = [-i128::from(witness.backwards), i128::from(witness.forwards)];
        for change in &witness.changes {
            for &table in &change.tables {
                for &(cell, by) in &change.cells {
                    let table = usize::from(table);
                    if self.known[table][cell as usize] {
                        return Err("changes a number that is shown");
                    }
                    let (low, high) = self.could_be(table, cell, witness.needs_one_mark);
                    let value = i128::from(self.family.tables[table].totals[cell as usize]);
                    let coded = self.coded[table].get(&cell);
                    let is_inside = |times: &i128| {
                        let value = value + times * i128::from(by);
                        let is_coded =
                            |coded: &Interval| i64::try_from(value).is_ok_and(|of| coded.contains(of));
                        (low..=high).contains(&value) && coded.is_none_or(is_coded)
                    };
                    if !times.iter().all(is_inside) {
                        return Err("has a number that a hidden cell can not have");
                    }
                }
            }
        }
        self.check_together(witness, times)
    }

    fn check_shape(&self, witness: &Witness) -> Result<(), &'static str> {
        let (n_tables, n_cells) = (self.family.tables.len(), self.lattice.n_cells());
        let mut tables: Vec<u16> =
            witness.changes.iter().flat_map(|change| &change.tables).copied().collect();
        tables.sort_unstable();
        let is_once = tables.is_sorted_by(|a, b| a < b);
        let exist = tables.last().is_some_and(|&table| usize::from(table) < n_tables);
        let cells = |change: &Change| {
            change.cells.is_sorted_by(|a, b| a.0 < b.0)
                && change.cells.last().is_some_and(|&(cell, _)| (cell as usize) < n_cells)
                && change.cells.iter().all(|&(_, by)| by != 0)
        };
        let is_sound = is_once && exist && witness.changes.iter().all(cells) && witness.forwards > 0;
        if is_sound { Ok(()) } else { Err("is malformed") }
    }

    /// Checks that what adds up in the planes where a changed table is published still adds up, rests included.
    fn check_sums(&self, change: &Change, planes: &[bool]) -> Result<(), &'static str> {
        let plane = |cell: u32| self.lattice.plane_of[cell as usize] as usize;
        let n_dimensions = self.lattice.trees.len();
        let mut sums: Vec<(u64, i64)> = Vec::with_capacity(2 * n_dimensions * change.cells.len());
        for &(cell, by) in &change.cells {
            if !planes[plane(cell)] {
                return Err("changes cells that nobody can ask for");
            }
            for dimension in 0..n_dimensions {
                let line = |of: u32| u64::from(of) * n_dimensions as u64 + dimension as u64;
                // The parts of a cell all lie in one plane.
                let part = self.lattice.children(cell, dimension).first();
                if part.is_some_and(|&part| planes[plane(part)]) {
                    sums.push((line(cell), by));
                }
                if let Some(parent) = self.lattice.parent(cell, dimension) {
                    sums.push((line(parent), by.checked_neg().ok_or("is malformed")?));
                }
            }
        }
        sums.sort_unstable();
        let is_zero = |line: &[(u64, i64)]| line.iter().map(|&(_, by)| i128::from(by)).sum::<i128>() == 0;
        if sums.chunk_by(|a, b| a.0 == b.0).all(is_zero) { Ok(()) } else { Err("does not add up") }
    }

    /// Checks cell by cell that the tables bound each other as they must, where some of them change.
    fn check_together(&self, witness: &Witness, times: [i128; 2]) -> Result<(), &'static str> {
        let mut changed: Vec<(u32, u16, i64)> = Vec::new();
        for change in &witness.changes {
            let of_table = |&table: &u16| change.cells.iter().map(move |&(cell, by)| (cell, table, by));
            changed.extend(change.tables.iter().flat_map(of_table));
        }
        changed.sort_unstable();
        let mut by = vec![0_i128; self.family.tables.len()];
        for of_cell in changed.chunk_by(|a, b| a.0 == b.0) {
            of_cell.iter().for_each(|&(_, table, amount)| by[usize::from(table)] = amount.into());
            let cell = of_cell[0].0;
            for times in times {
                let value = |table: usize| {
                    i128::from(self.family.tables[table].totals[cell as usize]) + times * by[table]
                };
                if !self.fits(cell, &by, value) {
                    return Err("has parts that are less than none or more than the whole");
                }
            }
            of_cell.iter().for_each(|&(_, table, _)| by[usize::from(table)] = 0);
        }
        Ok(())
    }

    /// Whether the tables' values in a cell, which changed by some amounts, fit each other.
    fn fits(&self, cell: u32, by: &[i128], value: impl Fn(usize) -> i128) -> bool {
        if !self.family.fits_between(&value) {
            return false;
        }
        let most = self.family.bounds.as_ref().map(|bounds| i128::from(bounds.totals[cell as usize]));
        self.family.tables.iter().enumerate().all(|(at, table)| {
            let parent = table.parent.is_none_or(|parent| value(at) <= value(parent));
            // Somebody on the inside is in the part because he is in the whole, and nobody on the outside is.
            let part = table.part.as_ref().is_none_or(|part| {
                match part.sides[usize::from(self.lattice.nodes(cell)[part.dimension])] {
                    Side::Inside => by[at] == by[part.of],
                    Side::Outside => by[at] == 0,
                    Side::Both => true,
                }
            });
            value(at) >= 0 && most.is_none_or(|most| value(at) <= most) && parent && part
        })
    }

    /// What an intruder could take for the value of a hidden cell: with one mark, or else knowing whether the cell is
    /// hidden for its own sake.
    fn could_be(&self, table: usize, cell: u32, one_mark: bool) -> (i128, i128) {
        let (of, plane) = (&self.family.tables[table], self.lattice.plane(cell));
        let anything = (0, i128::MAX);
        if !of.is_asked[cell as usize] {
            return anything;
        }
        let (value, k) = (i128::from(of.totals[cell as usize]), i128::from(plane.cell_min));
        match (of.counts, of.parent) {
            (Counts::Sums, _) => anything,
            (Counts::Outcomes, Some(parent)) => {
                // Hidden with its people, it is hidden for no reason of its own.
                if one_mark || !self.known[parent][cell as usize] {
                    return anything;
                }
                let people = i128::from(self.family.tables[parent].totals[cell as usize]);
                let least = i128::from(people >= i128::from(plane.certainty_min));
                match (self.family.is_primary(table, cell, plane), value < k, people - value < k) {
                    (true, true, false) => (least.min(value), k - 1),
                    (true, false, true) => (people - k + 1, people - least.min(people - value)),
                    (false, false, false) => (k, people - k),
                    (false, ..) => (value, value),
                    _ => anything,
                }
            }
            _ => {
                // Where groups of nobody are marked, a hidden one has somebody in it.
                let least = i128::from(!plane.hides_zeros);
                match (one_mark, value < k) {
                    (true, _) => (least, i128::MAX),
                    (false, true) => (least, k - 1),
                    (false, false) => (k, i128::MAX),
                }
            }
        }
    }
}
