//! Layers of a lattice: one quantity after the other, each on a board of its own.
//!
//! A layer is a number of people, or of outcomes among people whose number is held fixed. What an intruder could
//! take for its value in a cell, and what it costs to hide it, follow from the rules.

use super::cover::{Board, Cell, Interval, Need, Room, Sight, Target};
use super::dependent::{Change, Dependent, to_give};
use super::lattice::{Lattice, NONE};

/// What is known of each cell of a layer before it is protected.
pub(super) struct Entry {
    /// Its value.
    pub(super) value: i64,
    /// What it could be when hidden, for those who do not know why it is hidden.
    pub(super) alike: Interval,
    /// The same for those who do.
    pub(super) told: Interval,
    /// What it could be when it is shown; nothing when it is not to be shown.
    pub(super) shown: Option<Interval>,
    /// Whether it must stay uncertain.
    pub(super) is_target: bool,
    /// Whether it is out already, so that it can not be hidden.
    pub(super) is_out: bool,
}

/// Where the records of a cell come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Nowhere,
    /// A child of the geography's root, or below it.
    One(u16),
    Several,
}

impl Source {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nowhere, one) | (one, Self::Nowhere) => one,
            (one, other) if one == other => one,
            _ => Self::Several,
        }
    }
}

/// How a layer treats cells and atoms that hold nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// They stay empty: what is counted is bounded by people who are not there.
    Fixed,
    /// They may fill up where nobody is told that they are empty.
    Open,
}

/// A layer on its board. The atoms follow the cells.
pub(super) struct Layer<'l> {
    pub(super) lattice: &'l Lattice,
    pub(super) board: Board,
    /// Dimensions that some plane has, without the geography.
    pub(super) dimensions: Vec<usize>,
    /// For each cell two atoms to start from: one that has much to give, one that has room.
    pub(super) sample: Vec<[u32; 2]>,
    pub(super) targets: Vec<u32>,
    /// For each cell, the part of the geography that all of its records come from, if it is one.
    sources: Vec<Source>,
    empty: Empty,
    values: Vec<i64>,
    dependents: Vec<Dependent>,
    /// How many people each atom can give away, for each way in which dependents stay or go with them.
    to_give: Vec<Vec<i64>>,
}

impl<'l> Layer<'l> {
    /// A layer with these entries for cells, values and bounds for atoms.
    pub(super) fn new(
        lattice: &'l Lattice,
        entries: impl Iterator<Item = Entry>,
        atoms: &[(i64, Interval)],
        ties: &[f32],
        empty: Empty,
        dependents: Vec<Dependent>,
    ) -> Self {
        let mut cells = Vec::with_capacity(lattice.n_cells() + lattice.atoms.len());
        let mut is_hidden = Vec::with_capacity(cells.capacity());
        let mut targets = Vec::new();
        for (cell, entry) in (0..).zip(entries) {
            if entry.is_target {
                targets.push(cell);
            }
            is_hidden.push(entry.shown.is_none());
            cells.push(Cell {
                value: entry.value,
                alike: entry.alike,
                told: entry.told,
                shown: entry.shown.unwrap_or(entry.told),
                weight: if entry.is_out { f32::INFINITY } else { weight(lattice, cell, entry.value) },
                tie: ties[cell as usize],
            });
        }
        for &(value, range) in atoms {
            is_hidden.push(true);
            cells.push(Cell { value, alike: range, told: range, shown: range, weight: 0.0, tie: 0.5 });
        }
        let mut dimensions: Vec<usize> =
            lattice.planes.iter().flat_map(|plane| plane.dimensions.clone()).collect();
        dimensions.sort_unstable();
        dimensions.dedup();
        let sample = sample(lattice, atoms);
        let sources = sources(lattice, |atom| match empty {
            Empty::Open => atoms[atom as usize].0 != 0,
            Empty::Fixed => atoms[atom as usize].1.high != 0,
        });
        let values: Vec<i64> = atoms.iter().map(|(value, _)| *value).collect();
        let board = Board::new(cells, |cell| is_hidden[cell as usize]);
        let to_give = to_give(&values, &dependents);
        Self { lattice, board, dimensions, sample, targets, sources, empty, values, dependents, to_give }
    }

    /// The board's cell of an atom.
    pub(super) fn atom(&self, atom: u32) -> u32 {
        self.lattice.n_cells() as u32 + atom
    }

    /// Number of ways in which dependents stay or go with people who change.
    pub(super) fn n_ways(&self) -> usize {
        self.to_give.len().max(1)
    }

    /// How many people an atom can give away in one of these ways.
    pub(super) fn to_give(&self, way: usize, atom: u32) -> f64 {
        self.to_give.get(way).map_or(f64::INFINITY, |most| most[atom as usize] as f64)
    }

    /// The room of an atom that holds nobody.
    pub(super) fn empty_atom(&self) -> Room {
        let up = if self.empty == Empty::Open { f64::INFINITY } else { 0.0 };
        Room { down: 0.0, up, cost_down: COST_EMPTY, cost_up: COST_EMPTY }
    }

    /// The room of a cell that holds nobody.
    pub(super) fn empty_cell(&self, plane: u32) -> Room {
        if self.empty == Empty::Fixed {
            return Room::default();
        }
        let plane = &self.lattice.planes[plane as usize];
        let up = if plane.hides_zeros { plane.cell_min - 1 } else { 0 };
        Room { down: 0.0, up: up as f64, cost_down: COST_EMPTY, cost_up: COST_EMPTY }
    }

    /// Who holds all records of a cell: the part of the geography it lies in.
    pub(super) fn holder(&self, cell: u32) -> Option<u32> {
        if cell as usize >= self.lattice.n_cells() || !self.lattice.plane(cell).has_insiders {
            return None;
        }
        self.lattice.contributor(self.lattice.geography(cell)).map(u32::from)
    }

    /// Whether one of some holders holds a place.
    pub(super) fn is_held_by(&self, place: u16, holders: &[u32]) -> bool {
        self.lattice.contributor(place).is_some_and(|holder| holders.contains(&u32::from(holder)))
    }

    /// The target that a sum of cells must be.
    pub(super) fn target(&self, cells: Vec<u32>) -> Target {
        let sources = cells.iter().map(|&cell| self.sources[cell as usize]);
        let owner = match sources.reduce(Source::and) {
            Some(Source::One(part)) if self.lattice.plane(cells[0]).has_insiders => Some(u32::from(part)),
            _ => None,
        };
        let width = self.lattice.plane(cells[0]).width as i64;
        Target { cells, need: Need::Width(width), sight: Sight::Legend, owner }
    }

    /// How often a change can be made backwards and forwards, as far as there is a way for everything that is
    /// counted among the people to fit it: it stays as it is, or changes with them. `atoms` are changes by key.
    pub(super) fn joint(&self, atoms: &[(u128, i64)], cells: &[(u32, i64)]) -> (i64, i64) {
        if self.dependents.is_empty() {
            return (i64::MAX, i64::MAX);
        }
        let change = Change { atoms: &self.lattice.atoms.known(atoms), cells };
        let each = self.dependents.iter().map(|dependent| dependent.times(change, &self.values));
        each.fold((i64::MAX, i64::MAX), |a, b| (a.0.min(b.0), a.1.min(b.1)))
    }
}

/// What changing something that is empty costs: nothing to speak of.
const COST_EMPTY: f64 = 1e-3;

/// What hiding a cell costs: the fewer dimensions it crosses and the larger the area, the more people look at it. Of
/// cells alike in that, the one with fewer people goes first; only the power of two they reach counts, so that
/// the choice says little about their number.
fn weight(lattice: &Lattice, cell: u32, value: i64) -> f32 {
    let plane = lattice.plane(cell);
    let deepest = lattice.planes.iter().map(|plane| plane.dimensions.len()).max().unwrap_or(0);
    let depth = lattice.trees[0].depth.iter().max().copied().unwrap_or(0);
    let above = depth - lattice.trees[0].depth[usize::from(lattice.geography(cell))];
    let class = value.unsigned_abs().checked_ilog2().unwrap_or(0) as f32;
    4_f32.powi((deepest - plane.dimensions.len()) as i32) * 5_f32.powi(above.into()) * (1.0 + 0.02 * class)
}

/// For each cell, the atom with the largest value, and the one with the most room above.
fn sample(lattice: &Lattice, atoms: &[(i64, Interval)]) -> Vec<[u32; 2]> {
    let mut sample = vec![[NONE; 2]; lattice.n_cells()];
    let value = |atom: u32| atoms[atom as usize].0;
    let room = |atom: u32| atoms[atom as usize].1.high - atoms[atom as usize].0;
    for atom in 0..lattice.atoms.len() as u32 {
        for &cell in lattice.atoms.cells(atom) {
            let [most, roomiest] = &mut sample[cell as usize];
            if *most == NONE || value(atom) > value(*most) {
                *most = atom;
            }
            if *roomiest == NONE || room(atom) > room(*roomiest) {
                *roomiest = atom;
            }
        }
    }
    sample
}

/// For each cell, where its records come from, as far as there are any.
fn sources(lattice: &Lattice, is_there: impl Fn(u32) -> bool) -> Vec<Source> {
    let mut sources = vec![Source::Nowhere; lattice.n_cells()];
    for atom in (0..lattice.atoms.len() as u32).filter(|&atom| is_there(atom)) {
        let source = lattice.contributor(lattice.atoms.leaves(atom)[0]).map_or(Source::Several, Source::One);
        for &cell in lattice.atoms.cells(atom) {
            sources[cell as usize] = sources[cell as usize].and(source);
        }
    }
    sources
}
