//! Protection of a tabulation: the masks of all its quantities, one after the other.
//!
//! Numbers of people come first, larger populations before those inside them; then outcomes. A
//! complement (people less outcome, or a larger population less a smaller one) follows exactly when
//! both its parts do, for they share no variable. So it is enough to guard the second part wherever the
//! first one is shown or follows, and each quantity has an elimination of its own.

use super::lattice::{Lattice, Sums};
use super::primary::Rules;
use super::secondary::{Order, Quantity, Suppressed};
use crate::outcomes::{Tabulation, Values};
use ring::hmac;

/// What may be seen of a lattice, and what is hidden for its own sake.
pub(super) struct Protection {
    /// Numbers of people shown, for each population and cell.
    pub(super) people: Vec<Vec<bool>>,
    /// Values shown, for each measure and cell.
    pub(super) values: Vec<Vec<bool>>,
    /// Values hidden by the rule itself, for each measure and cell.
    pub(super) primary: Vec<Vec<bool>>,
}

/// Whether a publication shows a measure in the cell's plane.
pub(super) fn is_published(tabulation: &Tabulation, lattice: &Lattice, measure: usize, cell: u32) -> bool {
    let shows =
        |&at: &usize| tabulation.publications[at].indicators.iter().any(|&(_, other)| other == measure);
    lattice.listed(cell) && lattice.plane(cell).publications.iter().any(shows)
}

/// Protects every population and measure of a tabulation.
pub(super) fn protect(
    tabulation: &Tabulation,
    lattice: &Lattice,
    secret: &hmac::Key,
    downwards_max: usize,
) -> Protection {
    let n_measures = tabulation.measures.len();
    let population_of: Vec<usize> = tabulation.measures.iter().map(|measure| measure.population).collect();
    let ancestors = ancestors(tabulation);
    let rules = Rules { lattice, population_of: &population_of, ancestors: &ancestors };
    let cells: Vec<u32> = (0..lattice.n_cells() as u32).collect();
    let wanted: Vec<Vec<bool>> = (0..n_measures)
        .map(|measure| cells.iter().map(|&cell| is_published(tabulation, lattice, measure, cell)).collect())
        .collect();
    let ties = ties(tabulation, lattice, secret);

    let mut people: Vec<Suppressed> = Vec::new();
    let mut people_primary: Vec<Vec<bool>> = Vec::new();
    let mut orders = Vec::new();
    for (at, counts) in lattice.people.iter().enumerate() {
        let order = order(lattice, counts, &ties, downwards_max);
        let is_unsafe = |group: &[u32]| // What a line lacks of the larger population can follow although none of its cells does.
            rules.people(at, group, |larger, cell| group.len() > 1 || people[larger].derivable[cell as usize]);
        let asked = |cell: usize| {
            (0..n_measures).any(|measure| population_of[measure] == at && wanted[measure][cell])
        };
        let occupied: Vec<bool> = counts.iter().map(|&count| count > 0).collect();
        // A cell that nobody of this population is in needs no mask, even where its emptiness tells of others.
        let primary: Vec<bool> =
            cells.iter().map(|&cell| occupied[cell as usize] && is_unsafe(&[cell])).collect();
        let candidate =
            (0..cells.len()).map(|cell| occupied[cell] && !primary[cell] && asked(cell)).collect();
        let present: Vec<bool> = tabulation.atoms.people[at].iter().map(|&count| count > 0).collect();
        let is_hidden =
            |larger: usize, cell: usize| lattice.people[larger][cell] > 0 && !people[larger].shown[cell];
        let hidden_in = |&larger: &usize| (0..cells.len()).map(|cell| is_hidden(larger, cell)).collect();
        let hidden_around = ancestors[at].iter().map(hidden_in).collect();
        let quantity = Quantity {
            lattice,
            order: &order,
            present: &present,
            occupied: &occupied,
            candidate,
            primary: primary.clone(),
            hidden_around,
        };
        let suppressed = quantity.suppress(is_unsafe);
        people.push(suppressed);
        people_primary.push(primary);
        orders.push(order);
    }

    let mut values = vec![Vec::new(); n_measures];
    let mut primary = vec![Vec::new(); n_measures];
    for group in groups(tabulation) {
        let first = group[0];
        let shown =
            |measure: usize, cell: usize| people[population_of[measure]].shown[cell] && wanted[measure][cell];
        let unsafe_cell = |measure: usize, cell: usize| {
            let people_known = people[population_of[measure]].derivable[cell];
            lattice.people[population_of[measure]][cell] > 0
                && rules.value(measure, &[cell as u32], people_known)
        };
        let own: Vec<bool> =
            (0..cells.len()).map(|cell| group.iter().any(|&measure| unsafe_cell(measure, cell))).collect();
        let candidate: Vec<bool> = (0..cells.len())
            .map(|cell| !own[cell] && group.iter().any(|&measure| shown(measure, cell)))
            .collect();
        let visible = if has_rules_of_its_own(lattice, first) {
            let in_group = |measure: usize| &lattice.people[population_of[measure]];
            let occupied: Vec<bool> = (0..cells.len())
                .map(|cell| group.iter().any(|&measure| in_group(measure)[cell] > 0))
                .collect();
            let present: Vec<bool> = (0..tabulation.atoms.people[0].len())
                .map(|atom| group.iter().any(|&m| tabulation.atoms.people[population_of[m]][atom] > 0))
                .collect();
            let quantity = Quantity {
                lattice,
                order: &orders[population_of[first]],
                present: &present,
                occupied: &occupied,
                candidate,
                primary: own.clone(),
                hidden_around: Vec::new(),
            };
            quantity.suppress(|line| group.iter().any(|&measure| rules.value(measure, line, true))).shown
        } else {
            candidate
        };
        for measure in group {
            values[measure] = (0..cells.len()).map(|cell| visible[cell] && shown(measure, cell)).collect();
            let of_people = &people_primary[population_of[measure]];
            primary[measure] = (0..cells.len()).map(|cell| own[cell] || of_people[cell]).collect();
        }
    }
    Protection { people: people.into_iter().map(|suppressed| suppressed.shown).collect(), values, primary }
}

/// Whether anything but the number of people can hide a value. A mean is shown exactly where its number
/// of people is, so what protects the one protects the other.
fn has_rules_of_its_own(lattice: &Lattice, measure: usize) -> bool {
    matches!(lattice.sums[measure], Sums::Share(_) | Sums::Ratio(..))
}

/// Measures that give each other away, since their outcomes are the same people, or exactly the others:
/// they are shown and hidden together. Every measure is in one group.
fn groups(tabulation: &Tabulation) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for measure in 0..tabulation.measures.len() {
        match groups.iter_mut().find(|group| is_twin(tabulation, group[0], measure)) {
            Some(group) => group.push(measure),
            None => groups.push(vec![measure]),
        }
    }
    groups
}

fn is_twin(tabulation: &Tabulation, one: usize, other: usize) -> bool {
    let (values, populations) = (&tabulation.atoms.values, &tabulation.measures);
    let (Values::Share(a), Values::Share(b)) = (&values[one], &values[other]) else { return false };
    let people = &tabulation.atoms.people[populations[one].population];
    let complement =
        || (0..a.len()).all(|atom| u64::from(a[atom]) + u64::from(b[atom]) == u64::from(people[atom]));
    a == b || (populations[one].population == populations[other].population && complement())
}

fn ancestors(tabulation: &Tabulation) -> Vec<Vec<usize>> {
    let parent = |&at: &usize| tabulation.populations[at].parent;
    let chain = |at: usize| std::iter::successors(parent(&at), parent).collect();
    (0..tabulation.populations.len()).map(chain).collect()
}

/// All cells in the order in which they are tried: from the whole down where there are few enough.
///
/// Exact counts decide nothing, so the pattern says little about them.
pub(super) fn order(lattice: &Lattice, people: &[u64], ties: &[[u8; 16]], downwards_max: usize) -> Order {
    let within = |cell: u32| {
        let nodes = lattice.nodes(cell).iter().zip(&lattice.trees).skip(1);
        let depth: u16 = nodes.map(|(&node, tree)| tree.depth[usize::from(node)]).sum();
        let size_class = u32::MAX - people[cell as usize].checked_ilog2().unwrap_or(0);
        let crossed = lattice.plane(cell).dimensions.len();
        (crossed, depth, size_class, ties[cell as usize])
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

/// A keyed tie-break for each cell, from the names of what it is.
fn ties(tabulation: &Tabulation, lattice: &Lattice, secret: &hmac::Key) -> Vec<[u8; 16]> {
    let tie = |cell: u32| {
        let mut context = hmac::Context::with_key(secret);
        context.update(format!("{:?}/{}", tabulation.unit, tabulation.period.ending()).as_bytes());
        for (&node, dimension) in lattice.nodes(cell).iter().zip(&tabulation.dimensions) {
            // A rest has no name and is never shown; it needs no tie.
            if let Some(category) = dimension.nodes.get(usize::from(node)).filter(|_| node != 0) {
                context.update(format!("\0{}\0{}", dimension.id, category.id).as_bytes());
            }
        }
        let tag = context.sign();
        let mut tie = [0; 16];
        tie.copy_from_slice(&tag.as_ref()[..16]);
        tie
    };
    (0..lattice.n_cells() as u32).map(tie).collect()
}
