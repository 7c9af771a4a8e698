//! Moves: other values that all cells could have together.

use super::board::{Board, Sight};

/// A change of cells that keeps every sum. Together with the true values it is a witness: a table that nobody
/// can tell from the true one.
#[derive(Debug, Clone)]
pub(in crate::disclosure) struct Move<T> {
    /// Changed cells with their change.
    pub(in crate::disclosure) cells: Vec<(u32, i64)>,
    /// How often it can be made backwards, 0 or more.
    pub(in crate::disclosure) backwards: i64,
    /// How often it can be made forwards, 1 or more.
    pub(in crate::disclosure) forwards: i64,
    /// Whose records it changes, ascending; see [`super::Space::holder`].
    pub(in crate::disclosure) holders: Vec<u32>,
    /// Who can not tell the two tables apart.
    pub(in crate::disclosure) sight: Sight,
    /// What the space wants to remember of it.
    pub(in crate::disclosure) trace: T,
}

/// The changes of a move in all cells, as a [`super::Space`] finds them.
#[derive(Debug)]
pub(in crate::disclosure) struct Spread<T> {
    /// Changed cells of the board.
    pub(in crate::disclosure) cells: Vec<(u32, i64)>,
    /// How often it can be made backwards, as far as there are cells that are not on the board.
    pub(in crate::disclosure) backwards: i64,
    /// How often it can be made forwards, likewise.
    pub(in crate::disclosure) forwards: i64,
    /// What the space wants to remember of it.
    pub(in crate::disclosure) trace: T,
}

/// More often than anybody asks.
const OFTEN: i64 = 1 << 20;

impl<T> Move<T> {
    /// The move with these changes, once its cells are hidden where they have to be.
    pub(super) fn new(spread: Spread<T>, sight: Sight, holder: impl Fn(u32) -> Option<u32>) -> Self {
        let Spread { cells, backwards, forwards, trace } = spread;
        let mut holders: Vec<u32> = cells.iter().filter_map(|&(cell, _)| holder(cell)).collect();
        holders.sort_unstable();
        holders.dedup();
        Self { cells, backwards: backwards.min(OFTEN), forwards: forwards.min(OFTEN), holders, sight, trace }
    }

    /// Whether making the move once would be seen in a cell, were the cell shown.
    pub(super) fn is_seen(board: &Board, (cell, by): (u32, i64)) -> bool {
        let known = board.cell(cell);
        !known.shown.contains(known.value + by)
    }

    /// Sets how often the move can be made, once the cells it needs hidden are hidden. Cells that other moves have
    /// hidden count as shown: they may be shown again.
    pub(super) fn measure(&mut self, board: &Board) {
        for &(cell, by) in &self.cells {
            let known = board.cell(cell);
            let is_hidden = board.is_always_hidden(cell) || Self::is_seen(board, (cell, by));
            let (value, interval) =
                (known.value, if is_hidden { known.hidden(self.sight) } else { known.shown });
            let (up, down) = ((interval.high - value).max(0), (value - interval.low).max(0));
            let (along, against) = if by > 0 { (up, down) } else { (down, up) };
            self.forwards = self.forwards.min(along / by.abs());
            self.backwards = self.backwards.min(against / by.abs());
        }
    }

    /// How far the sum of some cells can fall and rise by the move.
    pub(super) fn reach(&self, cells: &[u32]) -> (i64, i64) {
        let by: i64 = self.cells.iter().filter(|(cell, _)| cells.contains(cell)).map(|&(_, by)| by).sum();
        let (along, against) = (by * self.forwards, -by * self.backwards);
        (-along.min(against), along.max(against))
    }
}
