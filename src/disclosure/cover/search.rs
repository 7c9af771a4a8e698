//! Searching one place for a move in whole numbers.

use super::board::Board;
use super::mover::Mover;
use super::moves::{Changed, Move};
use super::room::Room;
use super::target::Target;
use super::{Look, Space};

/// What is searched for, and where.
pub(super) struct Search<'s, S: Space> {
    pub(super) space: &'s S,
    pub(super) place: &'s S::Place,
    pub(super) look: Look<'s>,
    /// The target, as a combination of the place's cells.
    pub(super) terms: &'s [(u32, f64)],
    pub(super) target: &'s Target,
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
    /// A cheap move with its cost. Where the cheapest changes are no whole numbers, a cell that changes by a
    /// fraction is barred, and another; then other costs are tried. Where what follows from the changes is
    /// impossible, it is looked for together with them.
    pub(super) fn run(&self, mover: &mut Mover, seed: u32, n_searches: &mut u64) -> Option<(f64, Move)> {
        let mut joined: Option<S::Place> = None;
        for shake in 0..SHAKES {
            let place = joined.as_ref().unwrap_or(self.place);
            let terms = if shake == 0 { self.terms.to_vec() } else { self.space.terms(place, self.target) };
            let mut barred: Vec<u32> = Vec::new();
            let mut stuck = None;
            while barred.len() <= BARRED_MAX {
                *n_searches += 1;
                let (sums, amount) = (self.space.sums(place, 0), self.amount as f64);
                let room = |cell| self.room(place, 0, cell, &barred, seed + shake);
                let (cost, changes) = mover.cheapest(sums, room, &terms, amount, self.limit)?;
                // What follows from twice the changes is as hard to find as what follows from them.
                let n_scales = if self.space.n_stages(place) > 1 { 1 } else { 4 };
                for changes in whole(&changes).take(n_scales) {
                    match self.complete(place, mover, cost, changes, seed + shake) {
                        Ok((cost, changes)) => {
                            if let Some(found) = self.possible(place, &changes) {
                                return Some((cost, found));
                            }
                        }
                        Err(stage) => stuck = Some(stage),
                    }
                }
                let is_free = |cell: u32| terms.iter().all(|(other, _)| *other != cell);
                let broken = changes.iter().find(|&&(cell, by)| is_free(cell) && fraction(by) > NEAR);
                match broken {
                    Some(&(cell, _)) => barred.push(cell),
                    None => break,
                }
            }
            if let Some(stage) = stuck {
                joined = Some(self.space.joined(place, stage, self.target)?);
            }
        }
        None
    }

    /// Some changes and all that follows from them, stage by stage, with the cost of all; or the stage where nothing
    /// follows.
    fn complete(
        &self,
        place: &S::Place,
        mover: &mut Mover,
        mut cost: f64,
        mut changes: Vec<(u32, i64)>,
        attempt: u32,
    ) -> Result<(f64, Vec<(u32, i64)>), usize> {
        for stage in 1..self.space.n_stages(place) {
            if !self.space.concerns(place, stage, &changes) {
                continue;
            }
            let mut barred: Vec<u32> = Vec::new();
            let more = loop {
                let (sums, limit) = (self.space.sums(place, stage), self.limit - cost);
                let room = |cell| self.room(place, stage, cell, &barred, attempt);
                let (more_cost, more) = mover.completed(sums, room, &changes, limit).ok_or(stage)?;
                match more.iter().find(|(_, by)| fraction(*by) > NEAR) {
                    Some(&(cell, _)) if barred.len() < BARRED_MAX => barred.push(cell),
                    Some(_) => return Err(stage),
                    None => {
                        cost += more_cost;
                        break more;
                    }
                }
            };
            changes.extend(more.into_iter().map(|(cell, by)| (cell, by.round() as i64)));
        }
        Ok((cost, changes))
    }

    fn room(&self, place: &S::Place, stage: usize, cell: u32, barred: &[u32], attempt: u32) -> Room {
        if barred.contains(&cell) {
            return Room::default();
        }
        self.space.room(place, stage, self.look, cell).per(self.amount).shaken(cell, attempt)
    }

    /// The move with these changes, when it can be made once.
    fn possible(&self, place: &S::Place, changes: &[(u32, i64)]) -> Option<Move> {
        let spread = self.space.spread(place, changes, self.look.sight);
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
fn is_possible(board: &Board, found: &Move) -> bool {
    let fits = |changed: &Changed| {
        let known = board.cell(changed.cell);
        let value = known.value + changed.by;
        known.shown.contains(value)
            || (known.hidden(changed.sight).contains(value)
                && (board.is_hidden(changed.cell) || known.weight.is_finite()))
    };
    found.forwards >= 1 && found.cells.iter().all(fits)
}
