//! The board: what an intruder may know of each cell, and what hiding it costs.

use super::room::Room;
use std::sync::atomic::{AtomicU32, Ordering};

/// A range of whole numbers, both ends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::disclosure) struct Interval {
    pub(in crate::disclosure) low: i64,
    pub(in crate::disclosure) high: i64,
}

impl Interval {
    /// Beyond every count and sum; a sum of many of them still fits.
    pub(in crate::disclosure) const FAR: i64 = 1 << 50;

    pub(in crate::disclosure) const fn new(low: i64, high: i64) -> Self {
        Self { low, high }
    }

    /// One number alone.
    pub(in crate::disclosure) const fn exactly(value: i64) -> Self {
        Self::new(value, value)
    }

    /// Everything from a number up.
    pub(in crate::disclosure) const fn from(low: i64) -> Self {
        Self::new(low, Self::FAR)
    }

    pub(in crate::disclosure) fn contains(self, value: i64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    pub(in crate::disclosure) fn intersection(self, other: Self) -> Self {
        Self::new(self.low.max(other.low), self.high.min(other.high))
    }
}

/// A cell of the board.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::disclosure) struct Cell {
    /// Its true value.
    pub(in crate::disclosure) value: i64,
    /// What its value could be when it is hidden, as far as the cell itself tells those who see no more than that it is.
    pub(in crate::disclosure) alike: Interval,
    /// The same for those who also know whether it is hidden for its own sake or to protect others. Inside `alike`.
    pub(in crate::disclosure) told: Interval,
    /// What its value could be when it is shown: one number, or all that are shown alike. Inside `told`.
    pub(in crate::disclosure) shown: Interval,
    /// What hiding it costs; infinite where it can not be hidden.
    pub(in crate::disclosure) weight: f32,
    /// Breaks ties between cells of equal weight, 0 to 1.
    pub(in crate::disclosure) tie: f32,
}

/// What an intruder sees of a hidden cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::disclosure) enum Sight {
    /// Why it is hidden, as if the legend had one mark for each reason.
    Legend,
    /// That it is hidden.
    OneMark,
}

impl Cell {
    /// What its value could be when it is hidden.
    pub(in crate::disclosure) fn hidden(&self, sight: Sight) -> Interval {
        match sight {
            Sight::Legend => self.told,
            Sight::OneMark => self.alike,
        }
    }
}

/// The cells, and how often each is hidden.
///
/// A cell is hidden from the start for its own sake, or as often as moves ask for it. Several threads may
/// hide cells at once as long as each keeps to cells of its own.
///
/// A board can hold several tables over the same cells, one after the other. Some of them can not be printed without
/// another, as outcomes without the number of people they are counted among, so hiding a cell of that one hides
/// theirs.
#[derive(Debug, Default)]
pub(in crate::disclosure) struct Board {
    cells: Vec<Cell>,
    uses: Vec<AtomicU32>,
    /// Cells of each table, when there are several.
    n_cells: u32,
    /// For each table, those that are not printed without it.
    printed_with: Vec<Vec<u32>>,
}

/// Hidden for its own sake: no move needs to ask.
const ALWAYS: u32 = u32::MAX;

/// The cost of changing a hidden cell: among free moves, the one that changes less. The more it costs, the sooner
/// a search stops wandering among hidden cells; a move through thirty of them counts as if it hid one more.
const FREE: f64 = 0.03;

impl Board {
    /// A board of cells, each with whether it is hidden from the start.
    pub(in crate::disclosure) fn new(cells: Vec<Cell>, is_hidden: impl Fn(u32) -> bool) -> Self {
        let first = |cell| AtomicU32::new(if is_hidden(cell) { ALWAYS } else { 0 });
        let uses = (0..cells.len() as u32).map(first).collect();
        Self { cells, uses, n_cells: 0, printed_with: Vec::new() }
    }

    /// The board as several tables; for each, the numbers of those that are not printed without it.
    pub(in crate::disclosure) fn printed_with(self, printed_with: Vec<Vec<u32>>) -> Self {
        let n_cells = (self.cells.len() / printed_with.len()) as u32;
        Self { n_cells, printed_with, ..self }
    }

    /// The cells of other tables that are hidden when this one is.
    fn hidden_with(&self, cell: u32) -> impl Iterator<Item = u32> + '_ {
        let (table, at) = match self.n_cells {
            0 => (0, cell),
            n => (cell / n, cell % n),
        };
        let tables = self.printed_with.get(table as usize).into_iter().flatten();
        tables.map(move |other| other * self.n_cells + at)
    }

    /// Hides a cell that is not hidden for its own sake, however many moves ask for it, or shows it.
    pub(in crate::disclosure) fn set_hidden(&self, cell: u32, is_hidden: bool) {
        self.uses[cell as usize].store(u32::from(is_hidden), Ordering::Relaxed);
    }

    /// How often it is hidden, when it is not hidden for its own sake.
    pub(in crate::disclosure) fn n_uses(&self, cell: u32) -> u32 {
        self.uses[cell as usize].load(Ordering::Relaxed)
    }

    pub(in crate::disclosure) fn cell(&self, cell: u32) -> &Cell {
        &self.cells[cell as usize]
    }

    pub(in crate::disclosure) fn is_hidden(&self, cell: u32) -> bool {
        self.uses[cell as usize].load(Ordering::Relaxed) > 0
    }

    /// Whether it is hidden for its own sake.
    pub(in crate::disclosure) fn is_always_hidden(&self, cell: u32) -> bool {
        self.uses[cell as usize].load(Ordering::Relaxed) == ALWAYS
    }

    /// Whether it is hidden only because moves ask for it.
    pub(in crate::disclosure) fn is_lent(&self, cell: u32) -> bool {
        self.is_hidden(cell) && !self.is_always_hidden(cell)
    }

    /// How far the cell may change and what that costs: nothing to speak of as long as nobody would see it, its
    /// weight where it has to be hidden.
    pub(in crate::disclosure) fn room(&self, cell: u32, sight: Sight) -> Room {
        let known = self.cell(cell);
        let could_be = known.hidden(sight);
        let free = FREE * f64::from(1.0 + known.tie);
        if self.is_hidden(cell) {
            let (down, up) = (known.value - could_be.low, could_be.high - known.value);
            return Room { down: down as f64, up: up as f64, cost_down: free, cost_up: free };
        }
        let others = self.hidden_with(cell).filter(|&other| !self.is_hidden(other));
        let price = self.price(cell) + others.map(|other| self.price(other)).sum::<f64>();
        let side = |unseen: i64, hidden: i64| match unseen {
            1.. => (unseen as f64, free),
            _ if known.weight.is_finite() => (hidden as f64, price),
            _ => (0.0, price),
        };
        let (down, cost_down) = side(known.value - known.shown.low, known.value - could_be.low);
        let (up, cost_up) = side(known.shown.high - known.value, could_be.high - known.value);
        Room { down, up, cost_down, cost_up }
    }

    fn price(&self, cell: u32) -> f64 {
        let known = self.cell(cell);
        f64::from(known.weight * (1.0 + 0.01 * known.tie))
    }

    /// Hides the cell once more, or once less, and those that are not printed without it. Returns what that adds to the
    /// cost of what is hidden.
    pub(super) fn lend(&self, cell: u32, once_more: bool) -> f64 {
        if self.is_always_hidden(cell) {
            return 0.0;
        }
        let uses = &self.uses[cell as usize];
        let has_turned = match once_more {
            true => uses.fetch_add(1, Ordering::Relaxed) == 0,
            false => uses.fetch_sub(1, Ordering::Relaxed) == 1,
        };
        if !has_turned {
            return 0.0;
        }
        let own = f64::from(self.cell(cell).weight);
        let others: f64 = self.hidden_with(cell).map(|other| self.lend(other, once_more)).sum();
        others + if once_more { own } else { -own }
    }
}
