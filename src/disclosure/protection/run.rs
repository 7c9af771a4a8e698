//! Covering a layer: place by place at once, then what reaches across places, then what lines add up to.

use super::super::cover::{Cover, Move, Sight, Target};
use super::super::proof::{Change, Witness};
use super::layer::Layer;
use super::rules::Sensitive;
use super::space::Ground;
use crate::parallel::in_parallel;
use std::collections::{BTreeMap, HashSet};

/// A layer with its cells hidden, and what shows that it is enough.
pub(super) struct Covered {
    /// Whether each cell of each table is shown.
    pub(super) shown: Vec<Vec<bool>>,
    /// Whether each cell of each table may be printed as a code.
    pub(super) coded: Vec<Vec<bool>>,
    /// Other tables that were found.
    pub(super) witnesses: Vec<Witness>,
}

/// How far to look for a move: the size of a basis of the simplex method. What is not found within it is worth looking
/// farther for, against those who see one mark only.
const BASIS_MAX: usize = 100;
const BASIS_MAX_ONE_MARK: [usize; 2] = [100, 300];

/// Work for each target, on average, and for a layer at most: a quarter of a minute or so. What is not reached by then
/// is known to be safe from adding and subtracting only.
const WORK_PER_TARGET: u64 = 1_000_000;
const WORK_MAX: u64 = 5_000_000_000;

/// Targets at most for which the parts of the geography are not looked at one by one, on several cores: what is found at
/// once for all of them hides less.
const TARGETS_AT_ONCE: usize = 12_000;

impl Layer<'_> {
    /// Hides cells until every target is covered, and every line whose hidden cells are unsafe together.
    ///
    /// `linear` is asked which cells the linear rule shows, when those that are needed hidden are hidden anyway.
    pub(super) fn cover(&self, linear: impl Fn(&Self) -> Option<Vec<Vec<bool>>>) -> Covered {
        let targets = self.targets();
        let n_targets = targets.len() as u64;
        let work_max = WORK_MAX.min(WORK_PER_TARGET * n_targets);
        let (local, mut global) = self.divide(targets);
        let mut moves = Vec::new();
        let numbers = self.numbers(&local);
        let share = |part: &Local| work_max * part.targets.len() as u64 / n_targets;
        let mut work_left = work_max;
        let done = in_parallel(&local, |part| self.cover_locally(part, &numbers, share(part)));
        for (part, done) in local.into_iter().zip(done) {
            moves.extend(done.moves);
            let is_open = |(at, _): &(u32, Target)| done.open.binary_search(at).is_ok();
            global.extend((0..).zip(part.targets).filter(is_open).map(|(_, target)| target));
            work_left = work_left.saturating_sub(done.work);
        }
        let ground = Ground::whole(self);
        let mut cover = Cover::new(&ground, &self.board);
        let cover_all = |cover: &mut Cover<'_, Ground<'_>>, targets: Vec<Target>| {
            let numbers = cover.add(targets);
            cover.reach_for(BASIS_MAX, work_left);
            let mut left = cover.run(numbers);
            for basis_max in BASIS_MAX_ONE_MARK {
                cover.reach_for(basis_max, work_left);
                left = cover.run_for_one_mark(&left);
            }
        };
        cover_all(&mut cover, global);
        cover.prune();
        if let Some(linear) = linear(self) {
            self.show_again(&linear);
        }
        let mut known = HashSet::new();
        loop {
            let mut lines = self.open_lines(moves.iter().chain(cover.moves()));
            lines.retain(|line| known.insert(line.terms.clone()));
            if lines.is_empty() {
                break;
            }
            cover_all(&mut cover, lines);
        }
        let is_shown = |table: usize, cell: u32| !self.board.is_hidden(self.on_board(table, cell));
        let cells = 0..self.lattice.n_cells() as u32;
        let shown = |table: usize| cells.clone().map(|cell| is_shown(table, cell)).collect();
        Covered {
            shown: (0..self.family.tables.len()).map(shown).collect(),
            coded: self.coded(moves.iter().chain(cover.moves())),
            witnesses: moves.iter().chain(cover.moves()).map(|made| self.witness(made)).collect(),
        }
    }

    /// A move as it is kept: tables that change alike share their changes.
    fn witness(&self, made: &Move) -> Witness {
        let mut by_table: BTreeMap<usize, Vec<(u32, i64)>> = BTreeMap::new();
        for changed in &made.cells {
            let (table, cell) = self.off_board(changed.cell);
            by_table.entry(table).or_default().push((cell, changed.by));
        }
        let mut changes: Vec<Change> = Vec::new();
        for (table, mut cells) in by_table {
            cells.sort_unstable();
            match changes.iter_mut().find(|change| change.cells == cells) {
                Some(alike) => alike.tables.push(table as u16),
                None => changes.push(Change { tables: vec![table as u16], cells }),
            }
        }
        Witness {
            changes,
            // A move can be made some million times at most.
            backwards: made.backwards as u32,
            forwards: made.forwards as u32,
            needs_one_mark: made.sight == Sight::OneMark,
        }
    }

    /// Every number that must stay uncertain in a cell, in an order that says nothing about it.
    fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        for (number, sensitive) in self.family.sensitive.iter().enumerate() {
            for cell in 0..self.lattice.n_cells() as u32 {
                if self.is_sensitive(sensitive, &[cell]) {
                    let tie = self.board.cell(cell).tie;
                    targets.push((tie, cell, number, self.target(&sensitive.tables, &[cell])));
                }
            }
        }
        targets.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        targets.into_iter().map(|(.., target)| target).collect()
    }

    /// Whether a number over some cells of one plane must stay uncertain: it is unsafe, and all that it consists of is
    /// published in the plane, so that it might follow.
    pub(super) fn is_sensitive(&self, number: &Sensitive, cells: &[u32]) -> bool {
        let plane = self.lattice.plane_of[cells[0] as usize] as usize;
        let is_asked = |&(table, _): &(usize, i64)| self.family.tables[table].planes[plane];
        number.tables.iter().all(is_asked)
            && self.family.is_unsafe(number, cells, &self.lattice.planes[plane])
    }

    /// Targets that can be covered within one part of the geography, part by part, and the others.
    fn divide(&self, targets: Vec<Target>) -> (Vec<Local>, Vec<Target>) {
        if targets.len() <= TARGETS_AT_ONCE {
            return (Vec::new(), targets);
        }
        let mut local: BTreeMap<u16, Local> = BTreeMap::new();
        let mut global = Vec::new();
        for target in targets {
            let place = self.lattice.geography(self.off_board(target.terms[0].0).1);
            match self.lattice.contributor(place) {
                Some(part) if part != place => local.entry(part).or_default().targets.push(target),
                _ => global.push(target),
            }
        }
        for cell in 0..self.lattice.n_cells() as u32 {
            let part = self.lattice.contributor(self.lattice.geography(cell));
            if let Some((part, local)) = part.and_then(|part| Some((part, local.get_mut(&part)?))) {
                local.part = part;
                local.cells.push(cell);
            }
        }
        (local.into_values().collect(), global)
    }

    /// The position of each cell among those of its part.
    fn numbers(&self, local: &[Local]) -> Vec<u32> {
        let mut numbers = vec![0; self.lattice.n_cells()];
        for part in local {
            (0..).zip(&part.cells).for_each(|(number, &cell)| numbers[cell as usize] = number);
        }
        numbers
    }

    fn cover_locally(&self, local: &Local, numbers: &[u32], work_max: u64) -> Done {
        let ground = Ground::part(self, local.part, &local.cells, numbers);
        let mut cover = Cover::new(&ground, &self.board);
        cover.reach_for(BASIS_MAX, work_max);
        let numbers = cover.add(local.targets.iter().cloned());
        let open = cover.run(numbers);
        cover.prune();
        Done { moves: cover.moves().cloned().collect(), open, work: cover.work() }
    }
}

/// What was done within one part of the geography.
struct Done {
    moves: Vec<Move>,
    /// Positions of the targets that it takes more for, ascending.
    open: Vec<u32>,
    work: u64,
}

/// A child of the geography's root with what is in it.
#[derive(Default)]
struct Local {
    part: u16,
    /// Its cells and those below it.
    cells: Vec<u32>,
    /// Targets below it.
    targets: Vec<Target>,
}
