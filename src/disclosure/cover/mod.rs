//! Cover: hiding cells until everything that must not be known could be something else.
//!
//! For each target a move is looked for: a change of cells in whole numbers that keeps every sum, that
//! nobody would see, and that changes the target. Cells that would be seen to change are hidden, at a cost,
//! and the cheapest move is taken; moves share hidden cells, so most cost nothing. A move with the true
//! table is a second table that fits everything shown, mask included, which is proof that the target does not follow,
//! by whatever reasoning. Then what has become needless is shown again ([`Cover::improve`]).
//!
//! The idea of adding one cheapest change after the other is that of the heuristics for cell suppression by
//! Kelly, Golden and Assad, "Cell suppression: disclosure protection for sensitive tabular data",
//! Networks 22 (1992), and Fischetti and Salazar, Mathematical Programming 84 (1999). Asking that the
//! other table look the same, mask included, is ours.

mod basis;
mod board;
mod improve;
mod mover;
mod moves;
mod room;
mod search;
mod sums;
mod target;

pub(super) use board::{Board, Cell, Interval, Sight};
pub(super) use moves::{Changed, Move, Spread};
pub(super) use room::Room;
pub(super) use sums::{Relations, Sums};
pub(super) use target::{Need, Target};

use mover::Mover;
use search::Search;
use std::collections::HashMap;
use target::{Coverage, Lack};

/// A table of cells with sums, and the parts of it where moves are looked for.
pub(super) trait Space {
    /// A part of the table.
    type Place;
    /// The sums of a part.
    type Sums: Sums;

    /// Where a move for a target may be found, the most promising place first.
    fn places(&self, target: &Target) -> impl Iterator<Item = Self::Place>;

    /// In how many stages a move is looked for in a place: first what changes the target, then what follows from that.
    fn n_stages(&self, place: &Self::Place) -> usize;

    /// The sums of a place in one stage.
    fn sums<'p>(&'p self, place: &'p Self::Place, stage: usize) -> &'p Self::Sums;

    /// The place with one stage taken into the first, where nothing followed; nothing when that is no use.
    fn joined(&self, place: &Self::Place, stage: usize, target: &Target) -> Option<Self::Place>;

    /// Whether some changes have consequences in a stage.
    fn concerns(&self, place: &Self::Place, stage: usize, changes: &[(u32, i64)]) -> bool;

    /// The target as a combination of a place's cells; nothing when it is none.
    fn terms(&self, place: &Self::Place, target: &Target) -> Vec<(u32, f64)>;

    /// The room of a place's cell in one stage.
    fn room(&self, place: &Self::Place, stage: usize, look: Look<'_>, cell: u32) -> Room;

    /// What changes of a place's cells mean for all cells.
    fn spread(&self, place: &Self::Place, changes: &[(u32, i64)], sight: Sight) -> Spread;

    /// Who holds all records of a cell, and so knows the cell if it wants to find out about others.
    fn holder(&self, cell: u32) -> Option<u32>;
}

/// How the room of cells is to be seen.
#[derive(Clone, Copy)]
pub(super) struct Look<'l> {
    /// The board.
    pub(super) board: &'l Board,
    /// What an intruder sees of hidden cells.
    pub(super) sight: Sight,
    /// Holders whose records must not change.
    pub(super) without: &'l [u32],
}

/// A search for moves that cover targets.
pub(super) struct Cover<'a, S: Space> {
    space: &'a S,
    board: &'a Board,
    targets: Vec<Target>,
    coverage: Vec<Coverage>,
    /// The targets that a cell is part of.
    targets_of: HashMap<u32, Vec<u32>>,
    /// All moves found; nothing where one was taken back.
    moves: Vec<Option<Move>>,
    /// The moves that need a cell hidden.
    users_of: HashMap<u32, Vec<u32>>,
    mover: Mover,
    /// The cost of the cells that moves have hidden.
    cost: f64,
    /// The cost that moves may bring it to.
    cost_max: f64,
    /// Another seed goes other ways where several are about as good.
    seed: u32,
    /// How often a move was looked for.
    n_searches: u64,
    /// Work that may be done; then targets are left as they are.
    work_max: u64,
}

impl<'a, S: Space> Cover<'a, S> {
    pub(super) fn new(space: &'a S, board: &'a Board) -> Self {
        Self {
            space,
            board,
            targets: Vec::new(),
            coverage: Vec::new(),
            targets_of: HashMap::new(),
            moves: Vec::new(),
            users_of: HashMap::new(),
            mover: Mover::new(mover::BASIS_MAX),
            cost: 0.0,
            cost_max: f64::INFINITY,
            seed: 0,
            n_searches: 0,
            work_max: u64::MAX,
        }
    }

    /// The cover with another seed.
    pub(super) fn seeded(self, seed: u32) -> Self {
        Self { seed, ..self }
    }

    /// From now on looks for moves as far as a basis of the simplex method of that size reaches, and no longer than it
    /// takes for so much work in all.
    pub(super) fn reach_for(&mut self, basis_max: usize, work_max: u64) {
        (self.mover.basis_max, self.work_max) = (basis_max, work_max);
    }

    /// Work done so far: the same on every machine.
    pub(super) fn work(&self) -> u64 {
        self.mover.work
    }

    /// The cost of the cells that moves have hidden.
    pub(super) fn cost(&self) -> f64 {
        self.cost
    }

    /// How often a move was looked for: a measure of work that is the same on every machine.
    pub(super) fn n_searches(&self) -> u64 {
        self.n_searches
    }

    /// Adds targets; those of moves found so far count as covered by them. Returns their numbers.
    pub(super) fn add(&mut self, targets: impl IntoIterator<Item = Target>) -> std::ops::Range<u32> {
        let first = self.targets.len();
        for target in targets {
            for &(cell, _) in &target.terms {
                self.targets_of.entry(cell).or_default().push(self.targets.len() as u32);
            }
            self.targets.push(target);
        }
        self.coverage.resize(self.targets.len(), Coverage::default());
        for number in 0..self.moves.len() as u32 {
            for target in self.changed_targets(number).into_iter().filter(|&at| at as usize >= first) {
                self.coverage[target as usize].moves.push(number);
            }
        }
        for target in first..self.targets.len() {
            self.recount(target as u32);
        }
        first as u32..self.targets.len() as u32
    }

    /// Covers the targets of these numbers, and returns those that no move can be found for.
    pub(super) fn run(&mut self, targets: impl IntoIterator<Item = u32>) -> Vec<u32> {
        targets.into_iter().filter(|&target| !self.satisfy(target)).collect()
    }

    /// Covers targets against those who see one mark only; see [`Cover::run`].
    pub(super) fn run_for_one_mark(&mut self, targets: &[u32]) -> Vec<u32> {
        for &target in targets {
            self.targets[target as usize].sight = Sight::OneMark;
            self.recount(target);
        }
        self.run(targets.iter().copied())
    }

    /// The moves that were found.
    pub(super) fn moves(&self) -> impl Iterator<Item = &Move> + Clone {
        self.moves.iter().flatten()
    }

    /// A target with how far it could fall and rise.
    pub(super) fn reached(&self, target: u32) -> (&Target, i64, i64) {
        let coverage = &self.coverage[target as usize];
        (&self.targets[target as usize], coverage.down, coverage.up)
    }

    fn satisfy(&mut self, target: u32) -> bool {
        while let Some(lack) = self.lack(target) {
            let (amounts, without) = match &lack {
                Lack::Change(amounts) => (&amounts[..], &[][..]),
                Lack::Without(holders) => (&[1, -1][..], &holders[..]),
            };
            if self.mover.work > self.work_max {
                return false;
            }
            let Some(found) = self.find(target, amounts, without) else { return false };
            self.make(found);
            if self.lack(target).as_ref() == Some(&lack) {
                return false;
            }
        }
        true
    }

    fn lack(&self, target: u32) -> Option<Lack> {
        self.coverage[target as usize].lack(self.targets[target as usize].need)
    }

    /// The cheapest move that changes a target by one of some amounts.
    fn find(&mut self, target: u32, amounts: &[i64], without: &[u32]) -> Option<Move> {
        let (space, board) = (self.space, self.board);
        let target = &self.targets[target as usize];
        let look = Look { board, sight: target.sight, without };
        let mut best: Option<(f64, Move)> = None;
        for place in space.places(target) {
            let terms = space.terms(&place, target);
            if terms.is_empty() {
                continue;
            }
            for &amount in amounts {
                let limit = best.as_ref().map_or(self.cost_max - self.cost + CHEAP, |(cost, _)| *cost);
                let search = Search { space, place: &place, target, look, terms: &terms, amount, limit };
                let found = search.run(&mut self.mover, self.seed, &mut self.n_searches);
                best = found.or(best);
            }
            if best.as_ref().is_some_and(|(cost, _)| *cost < CHEAP) {
                break;
            }
        }
        best.map(|(_, found)| found)
    }

    /// Hides what a move needs hidden and counts it in. Returns its number.
    fn make(&mut self, mut found: Move) -> u32 {
        let number = self.moves.len() as u32;
        self.lend(&found, number, true);
        found.measure(self.board);
        self.moves.push(Some(found));
        for target in self.changed_targets(number) {
            self.coverage[target as usize].moves.push(number);
            self.recount(target);
        }
        number
    }

    /// Takes a move back. Cells that nobody else needs hidden are shown again.
    fn take_back(&mut self, number: u32) -> Option<Move> {
        let targets = self.changed_targets(number);
        let taken = self.moves[number as usize].take()?;
        self.lend(&taken, number, false);
        for target in targets {
            self.coverage[target as usize].moves.retain(|&other| other != number);
            self.recount(target);
        }
        Some(taken)
    }

    fn lend(&mut self, of: &Move, number: u32, once_more: bool) {
        for &changed in &of.cells {
            let cell = changed.cell;
            if self.board.is_always_hidden(cell) || !Move::is_seen(self.board, changed) {
                continue;
            }
            let users = self.users_of.entry(cell).or_default();
            if once_more {
                users.push(number);
            } else {
                users.retain(|&other| other != number);
            }
            self.cost += self.board.lend(cell, once_more);
        }
    }

    /// The targets that a move changes.
    fn changed_targets(&self, number: u32) -> Vec<u32> {
        let Some(made) = &self.moves[number as usize] else { return Vec::new() };
        let of = |changed: &Changed| self.targets_of.get(&changed.cell);
        let mut targets: Vec<u32> = made.cells.iter().filter_map(of).flatten().copied().collect();
        targets.sort_unstable();
        targets.dedup();
        targets.retain(|&target| made.reach(&self.targets[target as usize].terms) != (0, 0));
        targets
    }

    /// Counts a target's coverage anew.
    fn recount(&mut self, target: u32) {
        let wanted = &self.targets[target as usize];
        let coverage = &mut self.coverage[target as usize];
        (coverage.down, coverage.up) = (0, 0);
        coverage.in_all.clear();
        let moves = coverage.moves.iter().filter_map(|&number| self.moves[number as usize].as_ref());
        for (at, made) in moves.filter(|made| wanted.counts(made.sight)).enumerate() {
            let (down, up) = made.reach(&wanted.terms);
            (coverage.down, coverage.up) = (coverage.down.max(down), coverage.up.max(up));
            if at == 0 {
                let others = made.holders.iter().copied().filter(|holder| Some(*holder) != wanted.owner);
                coverage.in_all.extend(others);
            } else {
                coverage.in_all.retain(|holder| made.holders.binary_search(holder).is_ok());
            }
        }
    }
}

/// A move that costs less hides nothing: hiding costs 1 or more.
const CHEAP: f64 = 0.9;
