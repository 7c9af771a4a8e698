//! Secondary suppression: which cells to hide besides the primary ones, so that no combination of what
//! is shown gives a primary one away.
//!
//! Exact and joint over all margins, geographies and products of a tabulation. Every cell is a row of
//! zeros and ones over the atoms; a primary row must not lie in the span of the shown rows. Cells are
//! shown greedily, so what is refused is in nobody's interest to show: the order decides who loses.
//! In a large lattice geography is taken from the leaves up, which keeps the elimination local: a cell above is
//! the sum of what remains hidden of the cells below it. In a smaller one it is taken from the whole down, which
//! costs time and keeps the figures that most people ask for.
//!
//! The idea of publishing greedily while the primary rows stay independent is that of Langsrud's
//! `GaussSuppression`; the order, the field and the guard on lines are ours.

use super::joint::Joint;
use super::line::Lines;
use crate::disclosure::lattice::Lattice;
use crate::disclosure::span::{Guarded, Row, Span};
use crate::disclosure::watched::Watched;
use std::collections::HashSet;

/// The order in which cells are tried; inside a geography node always the coarser first, then larger
/// classes of size, then by a keyed tie.
pub(super) enum Order {
    /// From the whole down: it shows what people look at first, but rows fill in.
    Downwards(Vec<u32>),
    /// Geography from the leaves up: the elimination stays local, for lattices too large for the other.
    Upwards(Vec<u32>),
}

/// One quantity, such as the people of a population, to be shown in as many cells as is safe.
pub(super) struct Quantity<'a> {
    pub(super) lattice: &'a Lattice,
    /// All cells, those to be shown first at the front.
    pub(super) order: &'a Order,
    /// Whether the quantity can be other than zero, for each atom.
    pub(super) present: &'a [bool],
    /// Whether a cell holds such an atom, for each cell; the others are known to be zero.
    pub(super) occupied: &'a [bool],
    /// Whether a cell may be shown, for each cell; all are occupied, or known to be zero.
    pub(super) candidate: Vec<bool>,
    /// Whether a cell must not be derivable, for each cell; all are occupied and no candidate.
    pub(super) primary: Vec<bool>,
    /// Cells hidden of a larger quantity, for each that this one is a part of: what a line lacks of the
    /// difference is what it lacks of either.
    pub(super) hidden_around: Vec<Vec<bool>>,
    /// Earlier editions.
    pub(super) joint: Joint,
}

/// What may be seen of a quantity.
pub(super) struct Suppressed {
    /// The cells that are shown.
    pub(super) shown: Vec<bool>,
    /// The cells whose value is shown or follows from what is shown.
    pub(super) derivable: Vec<bool>,
}

impl Quantity<'_> {
    /// Finds the cells to show. `is_unsafe` is the rule for a group made of several cells: the hidden
    /// cells of a line are such a group, for their sum is what the line lacks.
    pub(super) fn suppress(mut self, is_unsafe: impl Fn(&[u32]) -> bool) -> Suppressed {
        let lattice = self.lattice;
        if let Order::Upwards(order) = self.order {
            self.spare_margins(order, &is_unsafe);
        }
        let mut targets: Vec<Vec<u32>> = (0..lattice.n_cells() as u32)
            .filter(|&cell| self.primary[cell as usize])
            .map(|cell| vec![cell])
            .collect();
        let mut lines = Lines {
            lattice,
            occupied: self.occupied,
            hidden_around: &self.hidden_around,
            is_unsafe: &is_unsafe,
            guarded: HashSet::new(),
        };
        targets.extend(lines.guard_unsafe(&self.candidate, |_| true));
        if targets.is_empty() && self.joint.targets.is_empty() {
            return self.everything();
        }
        loop {
            let mut state = self.solve(&targets, &mut lines);
            let shown = std::mem::take(&mut state.shown);
            let more = lines.guard_unsafe(&shown, |line| state.remainder(line).is_empty());
            if more.is_empty() {
                // A refused candidate never follows later: with it, a target would.
                let is_open = |cell: usize| !self.candidate[cell] && !self.primary[cell];
                let derivable = (0..lattice.n_cells())
                    .map(|cell| shown[cell] || (is_open(cell) && state.remainder(&[cell as u32]).is_empty()))
                    .collect();
                return Suppressed { shown, derivable };
            }
            targets.extend(state.met);
            targets.extend(more);
        }
    }

    /// Hides a second cell where a cell's hidden parts over the geography are unsafe together, so that
    /// the cell itself need not be hidden: a city's figure is worth more than another school's.
    ///
    /// The second cell is guarded like a primary one, for the first follows from it. It must not follow
    /// from its own parts either, so it has a hidden one or none; where there is no such cell, the
    /// elimination decides.
    fn spare_margins(&mut self, order: &[u32], is_unsafe: impl Fn(&[u32]) -> bool) {
        let mut rank = vec![0; self.candidate.len()];
        for (at, &cell) in order.iter().enumerate() {
            rank[cell as usize] = at;
        }
        for &margin in order {
            if !self.candidate[margin as usize] {
                continue;
            }
            let below = self.lattice.children(margin, 0);
            let is_hidden = |&&cell: &&u32| self.occupied[cell as usize] && !self.candidate[cell as usize];
            let mut line: Vec<u32> = below.iter().filter(is_hidden).copied().collect();
            if line.is_empty() {
                continue;
            }
            let can_hide = |cell: &&u32| {
                let parts = self.lattice.children(**cell, 0);
                // A cell that is known to be nobody's covers nothing.
                self.candidate[**cell as usize]
                    && self.occupied[**cell as usize]
                    && (parts.is_empty() || parts.iter().any(|part| is_hidden(&part)))
            };
            let mut spare: Vec<u32> = below.iter().filter(can_hide).copied().collect();
            spare.sort_unstable_by_key(|&cell| rank[cell as usize]);
            while is_unsafe(&line) {
                let Some(cell) = spare.pop() else { break };
                self.candidate[cell as usize] = false;
                self.primary[cell as usize] = true;
                line.push(cell);
            }
        }
    }

    /// Nothing to protect: every candidate is shown, and so is what candidates add up to. A cell that is
    /// no candidate is taken for derivable, which errs on the safe side.
    fn everything(&self) -> Suppressed {
        Suppressed { shown: self.candidate.clone(), derivable: vec![true; self.candidate.len()] }
    }

    fn solve(&self, targets: &[Vec<u32>], lines: &mut Lines<'_>) -> State {
        match self.order {
            Order::Upwards(order) if self.joint.known.is_empty() => self.solve_upwards(order, targets),
            Order::Downwards(order) | Order::Upwards(order) => self.solve_downwards(order, targets, lines),
        }
    }

    /// Every target is guarded from the start, so cells can be taken in any order: what people look at
    /// first is shown first.
    fn solve_downwards(&self, order: &[u32], targets: &[Vec<u32>], lines: &mut Lines<'_>) -> State {
        let n_cells = self.lattice.n_cells();
        let mut guarded = Guarded::new(self.present.len() + self.joint.n_more);
        let rows: Vec<Row> = (0..n_cells as u32).map(|cell| self.raw(&[cell])).collect();
        let (mut shown, mut met) = (vec![false; n_cells], Vec::new());
        for row in &self.joint.known {
            let row = guarded.span.reduce(std::iter::once(row));
            if !row.is_empty() {
                guarded.publish(&row);
            }
        }
        let now = targets.iter().map(|target| vec![self.raw(target)]);
        for rows in now.chain(self.joint.targets.iter().cloned()) {
            let row = guarded.span.reduce(rows.iter());
            // What follows from earlier editions can not be helped.
            if !row.is_empty() {
                guarded.protect(row);
            }
        }
        let mut undecided = lines.undecided(&self.candidate);
        for &cell in order.iter().filter(|&&cell| self.candidate[cell as usize]) {
            lines.decide(cell, &mut undecided);
            for is_shown in [true, false] {
                shown[cell as usize] = is_shown;
                // A line is guarded once it is known what it lacks and before that follows. Found at the end, each would take
                // another attempt.
                for line in lines.unsafe_of(cell, &shown, &undecided) {
                    let row = guarded.span.reduce(line.iter().map(|&cell| &rows[cell as usize]));
                    if !row.is_empty() {
                        guarded.protect(row);
                        lines.guarded.insert(line.clone());
                        met.push(line);
                    }
                }
                if is_shown {
                    let row = guarded.span.reduce(std::iter::once(&rows[cell as usize]));
                    if row.is_empty() || guarded.publish(&row) {
                        break;
                    }
                }
            }
        }
        State { span: guarded.span, rows, shown, met }
    }

    fn solve_upwards(&self, order: &[u32], targets: &[Vec<u32>]) -> State {
        // Targets are met geography by geography; one that has become derivable before its turn is
        // guarded from the start in another attempt. None of it is likely, but all of it is possible.
        let mut early = Vec::new();
        loop {
            match self.attempt(order, targets, &early) {
                Ok(state) => return state,
                Err(target) => early.push(target),
            }
        }
    }

    fn attempt(&self, order: &[u32], targets: &[Vec<u32>], early: &[usize]) -> Result<State, usize> {
        let lattice = self.lattice;
        let stages: Vec<&[u32]> =
            order.chunk_by(|&a, &b| lattice.geography(a) == lattice.geography(b)).collect();
        let mut turns: Vec<Vec<usize>> = vec![Vec::new(); lattice.trees[0].parent.len()];
        for (number, cells) in targets.iter().enumerate() {
            let node = lattice.geography(cells[0]);
            let along_geography = cells.iter().any(|&cell| lattice.geography(cell) != node);
            let turn = if along_geography { lattice.trees[0].parent[usize::from(node)] } else { node };
            turns[usize::from(turn)].push(number);
        }
        let homes: Vec<u16> =
            (0..self.present.len() as u32).map(|atom| lattice.atoms.leaves(atom)[0]).collect();
        let mut watched = Watched::new(&homes, &lattice.trees[0].parent);
        let mut rows = vec![Row::new(); lattice.n_cells()];
        let mut shown = vec![false; lattice.n_cells()];
        for &number in early {
            let row = self.raw(&targets[number]);
            if !row.is_empty() {
                watched.protect(None, row);
            }
        }
        for stage in stages {
            let node = lattice.geography(stage[0]);
            let below = self.below(node);
            for &cell in stage {
                let at_leaf = self.raw_leaf(cell);
                let parts = lattice.children(cell, 0).iter().map(|&part| &rows[part as usize]);
                rows[cell as usize] = watched.span.reduce(parts.chain([&at_leaf]));
            }
            for &number in &turns[usize::from(node)] {
                if early.contains(&number) {
                    continue;
                }
                let row = watched.span.reduce(targets[number].iter().map(|&cell| &rows[cell as usize]));
                if row.is_empty() {
                    return Err(number);
                }
                watched.protect(Some(usize::from(node)), row);
            }
            for &cell in stage.iter().filter(|&&cell| self.candidate[cell as usize]) {
                let row = watched.span.reduce(std::iter::once(&rows[cell as usize]));
                let is_shown = row.is_empty() || watched.publish(&below, &row);
                shown[cell as usize] = is_shown;
                // What is shown is zero modulo the span from here on.
                rows[cell as usize] = if is_shown { Row::new() } else { row };
            }
        }
        Ok(State { span: watched.span, rows, shown, met: Vec::new() })
    }

    /// A node of the geography and all below it, those before the ones above them.
    fn below(&self, node: u16) -> Vec<usize> {
        let tree = &self.lattice.trees[0];
        let mut below = vec![usize::from(node)];
        let mut at = 0;
        while at < below.len() {
            let above = below[at];
            below.extend((1..tree.parent.len()).filter(|&part| usize::from(tree.parent[part]) == above));
            at += 1;
        }
        below.reverse();
        below
    }

    /// The row of some cells over the atoms.
    fn raw(&self, cells: &[u32]) -> Row {
        let mut open = cells.to_vec();
        let mut row = Row::new();
        while let Some(cell) = open.pop() {
            open.extend(self.lattice.children(cell, 0));
            row.extend(self.raw_leaf(cell));
        }
        row.sort_unstable();
        row
    }

    /// The part of a cell's row that lies at its own geography node.
    fn raw_leaf(&self, cell: u32) -> Row {
        let atoms = self.lattice.atoms_at(cell).iter();
        atoms.filter(|&&atom| self.present[atom as usize]).map(|&atom| (atom, 1)).collect()
    }
}

/// The elimination when all cells had their turn.
struct State {
    span: Span,
    /// What is left of each cell modulo the span when it had its turn.
    rows: Vec<Row>,
    shown: Vec<bool>,
    /// Lines that were guarded on the way besides the targets.
    met: Vec<Vec<u32>>,
}

impl State {
    fn remainder(&mut self, cells: &[u32]) -> Row {
        self.span.reduce(cells.iter().map(|&cell| &self.rows[cell as usize]))
    }
}

#[cfg(test)]
mod tests;
