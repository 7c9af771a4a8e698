//! Layers: the tables of a family on one board, over the lattice.
//!
//! What an intruder could take for the value of a cell, and what it costs to hide it, follow from the rules.

use super::super::cover::{Board, Cell, Interval, Need, Room, Sight, Target};
use super::super::lattice::Lattice;
use super::family::{Counts, Family};
use super::kinds::Kinds;

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

/// A family on its board: the cells of its first table, then those of the next.
pub(super) struct Layer<'l> {
    pub(super) lattice: &'l Lattice,
    pub(super) family: &'l Family,
    pub(super) board: Board,
    /// Whether each of its cells is hidden for the linear rule, besides what moves ask for.
    is_linear: Vec<bool>,
    /// Whether the number of each of its cells is there to be read, when the cell is shown.
    is_exact: Vec<bool>,
    pub(super) kinds: Kinds,
    /// For each cell, the part of the geography that all of its records come from, if it is one.
    sources: Vec<Source>,
}

impl<'l> Layer<'l> {
    /// The layer of a family of which the linear rule lets some cells of each table be shown. `is_shown` tells for a
    /// family of sums where their people are.
    pub(super) fn new(
        lattice: &'l Lattice,
        family: &'l Family,
        ties: &[f32],
        linear: &[Vec<bool>],
        is_shown: impl Fn(u32) -> bool,
    ) -> Self {
        let n_cells = lattice.n_cells();
        let mut cells = Vec::with_capacity(n_cells * family.tables.len());
        let mut hidden: Vec<bool> = Vec::with_capacity(cells.capacity());
        let mut is_linear = Vec::with_capacity(cells.capacity());
        let mut is_exact = Vec::with_capacity(cells.capacity());
        for (table, of_table) in linear.iter().enumerate() {
            for cell in 0..n_cells as u32 {
                let with = match (family.tables[table].counts, family.tables[table].parent) {
                    (Counts::Outcomes, Some(people)) => hidden[people * n_cells + cell as usize],
                    (Counts::Sums, _) => !is_shown(cell),
                    _ => false,
                };
                let mut entry = family.entry(table, cell, lattice);
                entry.is_out |= entry.shown.is_some()
                    && match entry.is_exact {
                        true => of_table[cell as usize] && family.is_out(table, cell),
                        false => family.is_coded_out(table, cell),
                    };
                let (told, shown) = match with {
                    // Why it is hidden says nothing about its value then.
                    true => (entry.alike, None),
                    false => (entry.told, entry.shown),
                };
                // Codes add up to nothing, and go where the number of people goes.
                let for_linear = match (entry.is_exact, family.tables[table].parent) {
                    (false, Some(people)) => is_linear[people * n_cells + cell as usize],
                    _ => !of_table[cell as usize],
                };
                hidden.push(shown.is_none());
                is_exact.push(entry.is_exact);
                is_linear.push(shown.is_some() && !entry.is_out && for_linear);
                cells.push(Cell {
                    value: entry.value,
                    alike: entry.alike,
                    told,
                    shown: shown.unwrap_or(told),
                    weight: if entry.is_out { f32::INFINITY } else { weight(lattice, cell, entry.value) },
                    tie: ties[cell as usize],
                });
            }
        }
        let board = Board::new(cells, |cell| hidden[cell as usize]).printed_with(family.printed_with());
        let for_linear = (0..).zip(&is_linear).filter(|(_, is_linear)| **is_linear);
        for_linear.for_each(|(cell, _)| board.set_hidden(cell, true));
        let (kinds, sources) = (Kinds::new(family), sources(lattice, family));
        Self { lattice, family, board, is_linear, is_exact, kinds, sources }
    }

    /// Whether a cell is hidden for its own sake or because some move asks for it.
    pub(super) fn is_needed(&self, table: usize, cell: u32) -> bool {
        let at = self.on_board(table, cell);
        let n_others = u32::from(self.is_linear[at as usize]);
        self.board.is_always_hidden(at) || self.board.n_uses(at) > n_others
    }

    /// Hides and shows cells anew as the linear rule says, but for those that are needed.
    pub(super) fn show_again(&self, linear: &[Vec<bool>]) {
        for (table, shown) in linear.iter().enumerate() {
            for cell in (0..self.lattice.n_cells() as u32).filter(|&cell| !self.is_needed(table, cell)) {
                let at = self.on_board(table, cell);
                let is_hidden = match (self.is_exact[at as usize], self.family.tables[table].parent) {
                    (false, Some(people)) => self.board.is_hidden(self.on_board(people, cell)),
                    _ => !shown[cell as usize],
                };
                // What is known to be empty stays so.
                if self.board.cell(at).weight.is_finite() {
                    self.board.set_hidden(at, is_hidden);
                }
            }
        }
    }

    /// Whether the number of a table's cell can not be read.
    pub(super) fn is_unread(&self, table: usize, cell: u32) -> bool {
        let at = self.on_board(table, cell);
        self.board.is_hidden(at) || !self.is_exact[at as usize]
    }

    /// The number on the board of a table's cell.
    pub(super) fn on_board(&self, table: usize, cell: u32) -> u32 {
        (table * self.lattice.n_cells()) as u32 + cell
    }

    /// The table and the cell of a number on the board.
    pub(super) fn off_board(&self, at: u32) -> (usize, u32) {
        let n_cells = self.lattice.n_cells() as u32;
        ((at / n_cells) as usize, at % n_cells)
    }

    /// What an intruder sees of a hidden cell of a table. Outcomes that are hidden with their people are hidden for
    /// no reason of their own.
    pub(super) fn sight(&self, sight: Sight, table: usize, people_change: bool, cell: u32) -> Sight {
        let of = &self.family.tables[table];
        match (of.counts, of.parent) {
            (Counts::Outcomes, Some(people))
                if people_change || self.board.is_always_hidden(self.on_board(people, cell)) =>
            {
                Sight::OneMark
            }
            _ => sight,
        }
    }

    /// The planes where some table that a kind changes is published.
    pub(super) fn planes(&self, kind: &[bool]) -> Vec<bool> {
        let changed = || self.family.tables.iter().zip(kind).filter(|(_, is_changed)| **is_changed);
        (0..self.lattice.planes.len()).map(|plane| changed().any(|(table, _)| table.planes[plane])).collect()
    }

    /// How far a cell can change when the tables of a kind do, as far as they bound each other.
    pub(super) fn reach(&self, kind: u32, cell: u32) -> Room {
        let (down, up) = self.family.reach(&self.kinds.all[kind as usize], cell, self.lattice.nodes(cell));
        let far = |by: i64| if by == i64::MAX { f64::INFINITY } else { by as f64 };
        Room { down: far(down), up: far(up), cost_down: 0.0, cost_up: 0.0 }
    }

    /// Who holds all records of a cell on the board: the part of the geography it lies in.
    pub(super) fn holder(&self, at: u32) -> Option<u32> {
        let (_, cell) = self.off_board(at);
        if !self.lattice.plane(cell).has_insiders {
            return None;
        }
        self.lattice.contributor(self.lattice.geography(cell)).map(u32::from)
    }

    /// Whether one of some holders holds a place of the geography.
    pub(super) fn is_held_by(&self, place: u16, holders: &[u32]) -> bool {
        !holders.is_empty()
            && self.lattice.contributor(place).is_some_and(|holder| holders.contains(&u32::from(holder)))
    }

    /// The target that a number over some cells of a plane must be.
    pub(super) fn target(&self, tables: &[(usize, i64)], cells: &[u32]) -> Target {
        let sources = cells.iter().map(|&cell| self.sources[cell as usize]);
        let plane = self.lattice.plane(cells[0]);
        let owner = match sources.reduce(Source::and) {
            Some(Source::One(part)) if plane.has_insiders => Some(u32::from(part)),
            _ => None,
        };
        let of_table = |&(table, times): &(usize, i64)| {
            cells.iter().map(move |&cell| (self.on_board(table, cell), times))
        };
        Target {
            terms: tables.iter().flat_map(of_table).collect(),
            need: Need::Width(plane.width as i64),
            sight: Sight::Legend,
            owner,
        }
    }
}

/// What is known of a cell of a table.
struct Entry {
    value: i64,
    /// What it could be when hidden, for those who do not know why it is hidden.
    alike: Interval,
    /// The same for those who do.
    told: Interval,
    /// What it could be when it is shown; nothing when it is not to be shown.
    shown: Option<Interval>,
    /// Whether the number itself is there to be read when it is shown, and not a code for it.
    is_exact: bool,
    /// Whether it is out already, so that it can not be hidden.
    is_out: bool,
}

impl Family {
    fn entry(&self, table: usize, cell: u32, lattice: &Lattice) -> Entry {
        let plane = lattice.plane(cell);
        let of = &self.tables[table];
        let (value, k) = (of.totals[cell as usize], plane.cell_min as i64);
        let is_asked = of.is_asked[cell as usize];
        let free = Interval::from(0);
        let coded = self.coded_interval(table, cell, lattice);
        if !is_asked {
            // A hidden code is hidden for others, whatever it is.
            return Entry { value, alike: free, told: free, shown: coded, is_exact: false, is_out: false };
        }
        let is_primary = self.is_primary(table, cell, plane);
        let is_exact = !is_primary && !self.is_held(table, cell, plane);
        let shown = is_exact.then(|| Interval::exactly(value));
        match (of.counts, of.parent) {
            (Counts::Outcomes, Some(people)) => {
                let most = self.tables[people].totals[cell as usize];
                // In a large group it may be known that nobody has it, or everybody.
                let least = i64::from(most >= plane.certainty_min as i64);
                let told = match (is_primary, value < k, most - value < k) {
                    (true, true, false) => Interval::new(least.min(value), k - 1),
                    (true, false, true) => Interval::new(most - k + 1, most - least.min(most - value)),
                    (false, false, false) => Interval::new(k, most - k),
                    // Hidden for others, it is none or all: fewer, or fewer without it, would be hidden for themselves.
                    (false, ..) => Interval::exactly(value),
                    _ => free,
                };
                // Where the number is hidden for its own sake in one product, another may still show the code.
                let shown = shown.or_else(|| coded.map(|coded| coded.intersection(told)));
                Entry { value, alike: free, told, shown, is_exact, is_out: false }
            }
            (Counts::Sums, _) => Entry { value, alike: free, told: free, shown, is_exact, is_out: false },
            _ => {
                let is_out = value == 0 && !plane.hides_zeros;
                let least = i64::from(!plane.hides_zeros).min(value);
                let told = if value < k { Interval::new(least, k - 1) } else { Interval::from(k) };
                let shown = shown.filter(|_| value > 0 || is_out);
                Entry { value, alike: Interval::from(least), told, shown, is_exact, is_out }
            }
        }
    }
}

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

/// For each cell, where its records come from, as far as there are any.
fn sources(lattice: &Lattice, family: &Family) -> Vec<Source> {
    let (values, _) = family.among(0);
    let mut sources = vec![Source::Nowhere; lattice.n_cells()];
    for atom in (0..lattice.atoms.positions.len() as u32).filter(|&atom| values[atom as usize] != 0) {
        let source = lattice.contributor(lattice.atoms.leaves(atom)[0]).map_or(Source::Several, Source::One);
        for &cell in lattice.atoms.cells(atom) {
            sources[cell as usize] = sources[cell as usize].and(source);
        }
    }
    sources
}
