//! The linear rule: no sum or difference of anything shown gives a number that must be hidden.
//!
//! Tables come one after the other, people before outcomes, larger populations before those inside them. A
//! complement (people less outcome, or a larger population less a smaller one) follows exactly when
//! both its parts do, for they share no variable. So it is enough to guard the second part wherever the
//! first one is shown or follows, and each table has an elimination of its own.

mod secondary;

use super::super::lattice::Lattice;
use super::family::{Counts, Family};
use super::rules::{is_certain, is_small, is_telling};
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
    for (at, table) in family.tables.iter().enumerate() {
        let suppressed = match table.counts {
            Counts::People => linear.people(at),
            Counts::Outcomes | Counts::Sums => linear.outcomes(at),
        };
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
    fn people(&self, at: usize) -> Suppressed {
        let (lattice, family, done) = (self.lattice, self.family, &self.done);
        let table = &family.tables[at];
        let is_unsafe = |group: &[u32]| {
            let cell_min = lattice.plane(group[0]).cell_min;
            let people = family.total(at, group);
            // What a line lacks of the larger population can follow although none of its cells does.
            let is_known = |around: usize| group.len() > 1 || done[around].derivable[group[0] as usize];
            let between =
                |around| is_known(around) && is_small(family.total(around, group) - people, cell_min);
            is_small(people, cell_min) || family.around(at).any(between)
        };
        let occupied: Vec<bool> = table.totals.iter().map(|&count| count > 0).collect();
        // A cell that nobody of this population is in needs no mask, even where its emptiness tells of others.
        let is_primary = |cell: u32| occupied[cell as usize] && is_unsafe(&[cell]);
        let primary: Vec<bool> = (0..lattice.n_cells() as u32).map(is_primary).collect();
        let is_candidate = |cell: usize| occupied[cell] && !primary[cell] && self.is_open(at, cell);
        let hidden_in = |around: usize| {
            let hidden = done[around].shown.iter().zip(&family.tables[around].totals);
            hidden.map(|(is_shown, &count)| count > 0 && !is_shown).collect()
        };
        let quantity = Quantity {
            lattice,
            order: &self.order,
            present: &table.values.iter().map(|&count| count > 0).collect::<Vec<_>>(),
            occupied: &occupied,
            candidate: (0..occupied.len()).map(is_candidate).collect(),
            primary: primary.clone(),
            hidden_around: family.around(at).map(hidden_in).collect(),
        };
        quantity.suppress(is_unsafe)
    }

    fn outcomes(&self, at: usize) -> Suppressed {
        let (lattice, family, done) = (self.lattice, self.family, &self.done);
        let table = &family.tables[at];
        let is_unsafe = |group: &[u32], people_known: bool| {
            let plane = lattice.plane(group[0]);
            let value = family.total(at, group);
            match (table.parent, &family.bounds) {
                (Some(parent), _) => {
                    let people = family.total(parent, group);
                    let is_telling = |count| is_telling(count, people, plane.cell_min, plane.certainty_min);
                    is_telling(value) || (people_known && is_telling(people - value))
                }
                (None, Some(bounds)) => {
                    let total = |of: &[i64]| group.iter().map(|&cell| of[cell as usize]).sum();
                    is_certain(value, total(&bounds.totals), total(&bounds.people), plane.certainty_min)
                }
                (None, None) => false,
            }
        };
        let (around, around_totals) = match (table.parent, &family.bounds) {
            (Some(parent), _) => (&family.tables[parent].values, &family.tables[parent].totals),
            (None, Some(bounds)) => (&bounds.values, &bounds.totals),
            (None, None) => (&table.values, &table.totals),
        };
        let occupied: Vec<bool> = around_totals.iter().map(|&count| count > 0).collect();
        let knows_people = |cell: u32| table.parent.is_none_or(|of| done[of].derivable[cell as usize]);
        let is_primary = |cell: u32| occupied[cell as usize] && is_unsafe(&[cell], knows_people(cell));
        let primary: Vec<bool> = (0..lattice.n_cells() as u32).map(is_primary).collect();
        let shows_people = |cell: usize| table.parent.is_none_or(|of| done[of].shown[cell]);
        let is_candidate = |cell: usize| !primary[cell] && self.is_open(at, cell) && shows_people(cell);
        let quantity = Quantity {
            lattice,
            order: &self.order,
            present: &around.iter().map(|&count| count > 0).collect::<Vec<_>>(),
            occupied: &occupied,
            candidate: (0..occupied.len()).map(is_candidate).collect(),
            primary: primary.clone(),
            hidden_around: Vec::new(),
        };
        quantity.suppress(|line| is_unsafe(line, true))
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
