//! Searching one place for a move in whole numbers.

use super::board::Board;
use super::mover::{Mover, Room};
use super::moves::Move;
use super::{Look, Space};

/// What is searched for, and where.
pub(super) struct Search<'s, S: Space> {
    pub(super) space: &'s S,
    pub(super) place: &'s S::Place,
    pub(super) look: Look<'s>,
    /// The target, as a combination of the place's cells.
    pub(super) terms: &'s [(u32, f64)],
    /// By how much it is to change.
    pub(super) amount: i64,
    /// What a move may cost.
    pub(super) limit: f64,
}

/// How often a search is begun anew with other costs.
const SHAKES: u32 = 3;

/// How many cells are barred, one after the other, before that.
const BARRED_MAX: usize = 5;

impl<S: Space> Search<'_, S> {
    /// The cheapest move with its cost. Where the cheapest changes are no whole numbers, a cell that changes by a
    /// fraction is barred, and another; then other costs are tried.
    pub(super) fn run(
        &self,
        mover: &mut Mover,
        seed: u32,
        n_searches: &mut u64,
    ) -> Option<(f64, Move<S::Trace>)> {
        for shake in 0..SHAKES {
            let mut barred: Vec<u32> = Vec::new();
            while barred.len() <= BARRED_MAX {
                *n_searches += 1;
                let room = |cell| match barred.contains(&cell) {
                    true => Room::default(),
                    false => {
                        let room = self.space.room(self.place, self.look, cell);
                        room.per(self.amount).shaken(cell, seed + shake)
                    }
                };
                let (sums, amount) = (self.space.sums(self.place), self.amount as f64);
                let (cost, changes) = mover.cheapest(sums, room, self.terms, amount, self.limit)?;
                if let Some(found) = whole(&changes).find_map(|changes| self.possible(&changes)) {
                    return Some((cost, found));
                }
                let is_free = |cell: u32| self.terms.iter().all(|(other, _)| *other != cell);
                let broken = changes.iter().find(|&&(cell, by)| is_free(cell) && fraction(by) > NEAR);
                match broken {
                    Some(&(cell, _)) => barred.push(cell),
                    None => break,
                }
            }
        }
        None
    }

    /// The move with these changes, when it can be made once.
    fn possible(&self, changes: &[(u32, i64)]) -> Option<Move<S::Trace>> {
        let spread = self.space.spread(self.place, changes);
        let found = Move::new(spread, self.look.sight, |cell| self.space.holder(cell));
        is_possible(self.look.board, &found).then_some(found)
    }
}

/// Closer to a whole number than that is one.
const NEAR: f64 = 1e-5;

fn fraction(of: f64) -> f64 {
    (of - of.round()).abs()
}

/// The changes in whole numbers: as they are, or a few times as large where they are fractions.
fn whole(changes: &[(u32, f64)]) -> impl Iterator<Item = Vec<(u32, i64)>> {
    (1..=4).filter_map(|times| {
        let scaled = |&(cell, by): &(u32, f64)| (cell, by * f64::from(times));
        let near = |(cell, by): (u32, f64)| (fraction(by) < NEAR).then(|| (cell, by.round() as i64));
        changes.iter().map(scaled).map(near).collect()
    })
}

/// Whether a move can be made once, when everything it changes is hidden that can be.
fn is_possible<T>(board: &Board, found: &Move<T>) -> bool {
    let fits = |&(cell, by): &(u32, i64)| {
        let known = board.cell(cell);
        let value = known.value + by;
        known.shown.contains(value)
            || (known.hidden(found.sight).contains(value)
                && (board.is_hidden(cell) || known.weight.is_finite()))
    };
    found.forwards >= 1 && found.cells.iter().all(fits)
}
