//! Moves: other values that all cells could have together.

use super::board::{Board, Sight};

/// A change of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::disclosure) struct Changed {
    /// The cell, by its number on the board.
    pub(in crate::disclosure) cell: u32,
    /// By how much.
    pub(in crate::disclosure) by: i64,
    /// What an intruder sees of it when it is hidden.
    pub(in crate::disclosure) sight: Sight,
}

/// A change of cells that keeps every sum. Together with the true values it is a witness: a table that nobody
/// can tell from the true one.
#[derive(Debug, Clone)]
pub(in crate::disclosure) struct Move {
    /// Changed cells.
    pub(in crate::disclosure) cells: Vec<Changed>,
    /// How often it can be made backwards, 0 or more.
    pub(in crate::disclosure) backwards: i64,
    /// How often it can be made forwards, 1 or more.
    pub(in crate::disclosure) forwards: i64,
    /// Whose records it changes, ascending; see [`super::Space::holder`].
    pub(in crate::disclosure) holders: Vec<u32>,
    /// Who can not tell the two tables apart.
    pub(in crate::disclosure) sight: Sight,
}

/// The changes of a move in all cells, as a [`super::Space`] finds them.
#[derive(Debug)]
pub(in crate::disclosure) struct Spread {
    /// Changed cells of the board.
    pub(in crate::disclosure) cells: Vec<Changed>,
    /// How often it can be made backwards, as far as there are cells that are not on the board.
    pub(in crate::disclosure) backwards: i64,
    /// How often it can be made forwards, likewise.
    pub(in crate::disclosure) forwards: i64,
}

/// More often than anybody asks.
const OFTEN: i64 = 1 << 20;

impl Move {
    /// The move with these changes, once its cells are hidden where they have to be.
    pub(super) fn new(spread: Spread, sight: Sight, holder: impl Fn(u32) -> Option<u32>) -> Self {
        let Spread { cells, backwards, forwards } = spread;
        let mut holders: Vec<u32> = cells.iter().filter_map(|changed| holder(changed.cell)).collect();
        holders.sort_unstable();
        holders.dedup();
        Self { cells, backwards: backwards.min(OFTEN), forwards: forwards.min(OFTEN), holders, sight }
    }

    /// Whether making the move once would be seen in a cell, were the cell shown.
    pub(super) fn is_seen(board: &Board, changed: Changed) -> bool {
        let known = board.cell(changed.cell);
        !known.shown.contains(known.value + changed.by)
    }

    /// Sets how often the move can be made, once the cells it needs hidden are hidden. Cells that other moves have
    /// hidden count as shown: they may be shown again.
    pub(super) fn measure(&mut self, board: &Board) {
        for &changed in &self.cells {
            let Changed { cell, by, sight } = changed;
            let known = board.cell(cell);
            let is_hidden = board.is_always_hidden(cell) || Self::is_seen(board, changed);
            let (value, interval) = (known.value, if is_hidden { known.hidden(sight) } else { known.shown });
            let (up, down) = ((interval.high - value).max(0), (value - interval.low).max(0));
            let (along, against) = if by > 0 { (up, down) } else { (down, up) };
            self.forwards = self.forwards.min(along / by.abs());
            self.backwards = self.backwards.min(against / by.abs());
        }
    }

    /// How far a combination of cells can fall and rise by the move.
    pub(in crate::disclosure) fn reach(&self, terms: &[(u32, i64)]) -> (i64, i64) {
        let times = |cell: u32| terms.iter().filter(|term| term.0 == cell).map(|term| term.1).sum::<i64>();
        let by: i64 = self.cells.iter().map(|changed| changed.by * times(changed.cell)).sum();
        let (along, against) = (by * self.forwards, -by * self.backwards);
        (-along.min(against), along.max(against))
    }
}
