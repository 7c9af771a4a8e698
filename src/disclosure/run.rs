//! Covering a layer: place by place at once, then what reaches across places, then what lines add up to.

use super::cover::{Cover, Move, Sight, Target};
use super::lattice::Lattice;
use super::layer::Layer;
use super::parallel::in_parallel;
use super::slices::{Reach, Slices};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A move with the changes of atoms that it is made of, by key.
pub(super) type Made = Move<Vec<(u128, i64)>>;

/// A layer with its cells hidden, and what shows that it is enough.
pub(super) struct Covered {
    /// Whether each cell is shown.
    pub(super) shown: Vec<bool>,
    /// Whether some move changes a cell, so that it does not follow from what is shown.
    pub(super) is_uncertain: Vec<bool>,
    /// Every move.
    pub(super) moves: Vec<Made>,
    /// Targets in all.
    pub(super) n_sensitive: usize,
    /// Targets that are safe only because hidden cells have one mark.
    pub(super) n_one_mark: usize,
    /// Targets that hiding cells can not protect. Where there are any, the layer is withheld: no cell of it is shown,
    /// nor that a cell is empty.
    pub(super) n_unprotected: usize,
}

/// How much work is put into each move, by the size of the lattice.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Places to look for a move in.
    n_places: usize,
    /// How far to look in each; see [`Cover::within`].
    basis_max: usize,
}

impl Effort {
    /// A few seconds for a small lattice; two minutes at most for one of a million cells on two cores.
    fn new(n_cells: usize) -> Self {
        let (n_places, basis_max) = match n_cells {
            0..=5_000 => (24, 300),
            5_001..=20_000 => (8, 120),
            _ => (6, 100),
        };
        Self { n_places, basis_max }
    }
}

impl Layer<'_> {
    /// Hides cells until every target is covered, and every line whose hidden cells are unsafe together. `given` are
    /// moves that are possible anyway.
    pub(super) fn cover(&self, given: &[Made], is_unsafe: impl Fn(&[u32]) -> bool) -> Covered {
        let effort = Effort::new(self.lattice.n_cells());
        let mut targets = self.targets.clone();
        targets.sort_unstable_by(|a, b| {
            self.board.cell(*a).tie.total_cmp(&self.board.cell(*b).tie).then(a.cmp(b))
        });
        let (local, mut global) = self.divide(targets);
        let given_of = self.given_by_part(given);
        let mut moves = Vec::new();
        let results = in_parallel(&local, |(part, targets)| {
            self.cover_locally(targets, given_of.get(part).map_or(&[], Vec::as_slice), effort)
        });
        for (found, open) in results {
            moves.extend(found);
            global.extend(open);
        }
        let slices = Slices { layer: self, reach: Reach::Global, n_places: 2 * effort.n_places };
        let mut cover = Cover::new(&slices, &self.board).within(effort.n_places, effort.basis_max);
        cover.give(given.iter().cloned());
        let numbers = cover.add(global.into_iter().map(|cell| self.target(vec![cell])));
        let needs_one_mark = cover.run(numbers);
        let mut unprotected = cover.run_for_one_mark(&needs_one_mark);
        cover.prune();
        let mut n_sensitive = self.targets.len();
        let mut n_one_mark = needs_one_mark.len();
        let mut known = HashSet::new();
        loop {
            let lines = self.open_lines(&is_unsafe, moves.iter().chain(cover.moves()).chain(given));
            let lines: Vec<Target> = lines
                .into_iter()
                .filter(|line| known.insert(line.clone()))
                .map(|line| self.target(line))
                .collect();
            if lines.is_empty() {
                break;
            }
            n_sensitive += lines.len();
            let numbers = cover.add(lines);
            let open = cover.run(numbers);
            n_one_mark += open.len();
            unprotected.extend(cover.run_for_one_mark(&open));
        }
        let n_cells = self.lattice.n_cells();
        if !unprotected.is_empty() {
            return Covered {
                shown: vec![false; n_cells],
                is_uncertain: vec![true; n_cells],
                moves: Vec::new(),
                n_sensitive,
                n_one_mark,
                n_unprotected: unprotected.len(),
            };
        }
        moves.extend(cover.moves().cloned());
        let mut is_uncertain = vec![false; n_cells];
        for &(cell, _) in moves.iter().flat_map(|made| &made.cells) {
            if let Some(of_cell) = is_uncertain.get_mut(cell as usize) {
                *of_cell = true;
            }
        }
        let shown = (0..n_cells as u32).map(|cell| !self.board.is_hidden(cell)).collect();
        Covered { shown, is_uncertain, moves, n_sensitive, n_one_mark, n_unprotected: 0 }
    }

    /// Targets that can be covered within one part of the geography, part by part, and the others.
    fn divide(&self, targets: Vec<u32>) -> (Vec<(u16, Vec<u32>)>, Vec<u32>) {
        let mut local: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
        let mut global = Vec::new();
        for target in targets {
            let place = self.lattice.geography(target);
            match self.lattice.contributor(place) {
                Some(part) if part != place => local.entry(part).or_default().push(target),
                _ => global.push(target),
            }
        }
        (local.into_iter().collect(), global)
    }

    /// The moves that change something in each part of the geography.
    fn given_by_part<'m>(&self, given: &'m [Made]) -> HashMap<u16, Vec<&'m Made>> {
        let mut by_part: HashMap<u16, Vec<&Made>> = HashMap::new();
        for made in given {
            let of = |&(cell, _): &(u32, i64)| self.lattice.contributor(self.lattice.geography(cell));
            let parts: BTreeSet<u16> = made.cells.iter().filter_map(of).collect();
            parts.into_iter().for_each(|part| by_part.entry(part).or_default().push(made));
        }
        by_part
    }

    /// The moves within one part of the geography, and the targets it takes more for.
    fn cover_locally(&self, targets: &[u32], given: &[&Made], effort: Effort) -> (Vec<Made>, Vec<u32>) {
        let slices = Slices { layer: self, reach: Reach::Local, n_places: effort.n_places };
        let mut cover = Cover::new(&slices, &self.board).within(effort.n_places, effort.basis_max);
        cover.give(given.iter().map(|&made| made.clone()));
        let numbers = cover.add(targets.iter().map(|&cell| self.target(vec![cell])));
        let open = cover.run(numbers);
        let open: Vec<u32> = open.into_iter().map(|target| cover.reached(target).0.cells[0]).collect();
        cover.prune();
        (cover.moves().cloned().collect(), open)
    }

    /// Lines whose hidden cells are unsafe together and which no move changes as a whole.
    fn open_lines<'m>(
        &self,
        is_unsafe: &impl Fn(&[u32]) -> bool,
        moves: impl Iterator<Item = &'m Made>,
    ) -> Vec<Vec<u32>> {
        let is_open = |cell: u32| self.board.is_hidden(cell);
        let mut lines = self.lattice.lines(is_open);
        lines.retain(|line| line.len() > 1 && is_unsafe(line));
        let mut lines_of: HashMap<u32, Vec<u32>> = HashMap::new();
        for (number, line) in (0..).zip(&lines) {
            for &cell in line {
                lines_of.entry(cell).or_default().push(number);
            }
        }
        let mut is_changed = vec![false; lines.len()];
        for made in moves {
            let mut by_line: HashMap<u32, i64> = HashMap::new();
            for (cell, by) in &made.cells {
                for &line in lines_of.get(cell).into_iter().flatten() {
                    *by_line.entry(line).or_default() += by;
                }
            }
            let changed = by_line.into_iter().filter(|(_, by)| *by != 0 && made.sight == Sight::Legend);
            changed.for_each(|(line, _)| is_changed[line as usize] = true);
        }
        lines
            .into_iter()
            .zip(is_changed)
            .filter(|(_, is_changed)| !is_changed)
            .map(|(line, _)| line)
            .collect()
    }
}

impl Lattice {
    /// Lines: the chosen cells that differ in one dimension only and have one parent there, for each
    /// parent and dimension with at least one, in a fixed order.
    pub(super) fn lines(&self, chosen: impl Fn(u32) -> bool) -> Vec<Vec<u32>> {
        let n = self.trees.len();
        let mut pairs: Vec<(u64, u32)> = Vec::new();
        for cell in (0..self.n_cells() as u32).filter(|&cell| chosen(cell)) {
            let up = (0..n).filter_map(|at| Some((at, self.parent(cell, at)?)));
            pairs.extend(up.map(|(at, parent)| (u64::from(parent) * n as u64 + at as u64, cell)));
        }
        pairs.sort_unstable();
        let cells = |line: &[(u64, u32)]| line.iter().map(|&(_, cell)| cell).collect();
        pairs.chunk_by(|a, b| a.0 == b.0).map(cells).collect()
    }
}
