//! The linear rule: no sum or difference of anything shown gives a number that must be hidden.
//!
//! Tables come one after the other, people before outcomes, larger populations before those inside them. What one
//! has beyond another (people less outcome, a larger population less a smaller one) follows exactly when
//! both do, for they share no variable. So it is enough to guard the second part wherever the
//! first one is shown or follows, and each table has an elimination of its own.

mod joint;
mod line;
mod secondary;

use super::super::lattice::Lattice;
use super::family::{Counts, Family};
use super::nested::Terms;
use joint::Joint;
use secondary::{Order, Quantity, Suppressed};

/// Cells of a lattice at most for which showing from the whole down takes seconds and not minutes.
pub(in crate::disclosure) const DOWNWARDS_MAX: usize = 25_000;

/// Which cells of each table of a family may be shown, of those that `may_show`.
pub(super) fn shown(
    lattice: &Lattice,
    family: &Family,
    ties: &[f32],
    downwards_max: usize,
    may_show: impl Fn(usize, u32) -> bool,
) -> Vec<Vec<bool>> {
    let order = order(lattice, &family.tables[0].totals, ties, downwards_max);
    let mut linear = Linear { lattice, family, order, done: Vec::new(), may_show };
    for table in 0..family.tables.len() {
        let suppressed = linear.suppress(table);
        linear.done.push(suppressed);
    }
    linear.done.into_iter().map(|suppressed| suppressed.shown).collect()
}

/// A family on its way, table by table.
struct Linear<'f, F> {
    lattice: &'f Lattice,
    family: &'f Family,
    order: Order,
    done: Vec<Suppressed>,
    may_show: F,
}

impl<F: Fn(usize, u32) -> bool> Linear<'_, F> {
    fn suppress(&self, at: usize) -> Suppressed {
        let (lattice, family, done) = (self.lattice, self.family, &self.done);
        let table = &family.tables[at];
        let n_cells = lattice.n_cells();
        if !table.codings.is_empty()
            && table.before.is_empty()
            && !(0..n_cells).any(|cell| self.is_open(at, cell))
        {
            // Codes add up to nothing.
            return Suppressed { shown: vec![false; n_cells], derivable: vec![false; n_cells] };
        }
        let is_unsafe = |group: &[u32]| {
            // What a line lacks of another table can follow although none of its cells does.
            let is_known = |other: usize| group.len() > 1 || done[other].derivable[group[0] as usize];
            let is_empty = |other: usize| group.iter().all(|&cell| family.among(other).1[cell as usize] == 0);
            let plane = lattice.plane(group[0]);
            // What an earlier edition has shown of a later table is known whatever becomes of that one.
            let is_told_before = |other: usize| match other < at {
                true => is_known(other),
                false => family.was_told(other, group),
            };
            let is_out = || group.iter().all(|&cell| family.is_out(at, cell));
            // Empty cells have no mask. By itself a number with an empty table is this one's own; its change since an earlier
            // edition, when the other was not empty, is another one.
            let beside_nobody = |terms: &Terms| is_empty(terms[0].0);
            let before = |terms: &Terms| terms.iter().all(|&(other, _)| other == at || is_told_before(other));
            family.is_telling(at, group, plane, is_known)
                || family.is_told_with(at, group, plane, beside_nobody)
                || (!table.before.is_empty() && family.is_told_with(at, group, plane, before) && !is_out())
        };
        let (around, around_totals) = family.among(at);
        // Who is told that nobody has an outcome is told that nobody has one that implies it.
        let are_nobodys = self.told_to_be_nobodys(at);
        let is_nobodys = |atom: u32| lattice.atoms.cells(atom).iter().any(|&cell| are_nobodys[cell as usize]);
        let is_present = |(atom, &count): (u32, &i64)| count > 0 && !is_nobodys(atom);
        let present: Vec<bool> = (0..).zip(around).map(is_present).collect();
        let mut occupied = vec![false; n_cells];
        let atoms = (0..).zip(&present).filter(|(_, is_present)| **is_present);
        atoms
            .flat_map(|(atom, _)| lattice.atoms.cells(atom))
            .for_each(|&cell| occupied[cell as usize] = true);
        // A cell that nobody is in needs no mask, even where its emptiness tells of others.
        let is_primary = |cell: u32| occupied[cell as usize] && is_unsafe(&[cell]);
        let primary: Vec<bool> = (0..lattice.n_cells() as u32).map(is_primary).collect();
        let shows_people = |cell: usize| match (table.counts, table.parent) {
            (Counts::Outcomes, Some(people)) => done[people].shown[cell],
            _ => true,
        };
        let is_held = |cell: usize| family.is_held(at, cell as u32, lattice.plane(cell as u32));
        let is_candidate = |cell: usize| {
            let is_safe = match occupied[cell] {
                true => !primary[cell],
                false => around_totals[cell] > 0 && !is_unsafe(&[cell as u32]),
            };
            is_safe && self.is_open(at, cell) && shows_people(cell) && !is_held(cell)
        };
        let hidden_in = |other: usize| {
            let hidden = done[other].shown.iter().zip(family.among(other).1);
            hidden.map(|(is_shown, &count)| count > 0 && !is_shown).collect()
        };
        let quantity = Quantity {
            lattice,
            order: &self.order,
            present: &present,
            occupied: &occupied,
            candidate: (0..occupied.len()).map(is_candidate).collect(),
            primary: primary.clone(),
            hidden_around: self.less_than(at).map(hidden_in).collect(),
            joint: Joint::new(lattice, family, at),
        };
        quantity.suppress(is_unsafe)
    }

    /// The cells of an outcome that are known to be nobody's, because those of another one are that it implies.
    fn told_to_be_nobodys(&self, at: usize) -> Vec<bool> {
        let mut are_nobodys = vec![false; self.lattice.n_cells()];
        for outer in self.family.outside(at).filter(|&outer| outer < at) {
            let known = self.done[outer].derivable.iter().zip(&self.family.tables[outer].totals);
            are_nobodys.iter_mut().zip(known).for_each(|(told, (is_known, &n))| *told |= *is_known && n == 0);
        }
        are_nobodys
    }

    /// The tables that a table is taken from in some number. Where the people of an outcome are hidden, so is the outcome,
    /// and they need not be looked at.
    fn less_than(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let table = &self.family.tables[at];
        let of_table = self.family.sensitive.iter().filter(move |number| number.tables[0].0 == at);
        let others = of_table.flat_map(|number| number.tables[1..].iter().map(|&(other, _)| other));
        others.filter(|&other| table.counts == Counts::People || table.parent != Some(other))
    }

    /// Whether a table is published in a cell, and nothing else speaks against it.
    fn is_open(&self, table: usize, cell: usize) -> bool {
        self.family.tables[table].is_asked[cell] && (self.may_show)(table, cell as u32)
    }
}

/// All cells in the order in which they are tried: from the whole down where there are few enough.
///
/// Exact counts decide nothing, so the pattern says little about them.
fn order(lattice: &Lattice, people: &[i64], ties: &[f32], downwards_max: usize) -> Order {
    let within = |cell: u32| {
        let nodes = lattice.nodes(cell).iter().zip(&lattice.trees).skip(1);
        let depth: u16 = nodes.map(|(&node, tree)| tree.depth[usize::from(node)]).sum();
        let size_class = u32::MAX - people[cell as usize].checked_ilog2().unwrap_or(0);
        let crossed = lattice.plane(cell).dimensions.len();
        // A tie is between 0 and 1, so its bits are in its order.
        (crossed, depth, size_class, ties[cell as usize].to_bits())
    };
    let level = |cell: u32| lattice.trees[0].depth[usize::from(lattice.geography(cell))];
    let mut cells: Vec<u32> = (0..lattice.n_cells() as u32).collect();
    if cells.len() <= downwards_max {
        // A school's total comes before the city's figures by two dimensions at once.
        cells.sort_by_cached_key(|&cell| {
            let within = within(cell);
            (usize::from(level(cell)) + within.0, level(cell), within)
        });
        Order::Downwards(cells)
    } else {
        cells.sort_by_cached_key(|&cell| (u16::MAX - level(cell), lattice.geography(cell), within(cell)));
        Order::Upwards(cells)
    }
}
