//! Lines: the cells of one parent in one dimension. What is hidden of a line is a group of several cells, for its sum is what
//! the line lacks.

use crate::disclosure::lattice::Lattice;
use std::collections::HashSet;

/// The lines of a quantity, with those that are guarded.
pub(super) struct Lines<'q> {
    pub(super) lattice: &'q Lattice,
    /// Whether a cell holds anybody; nothing hides the others.
    pub(super) occupied: &'q [bool],
    /// Cells hidden of larger quantities.
    pub(super) hidden_around: &'q [Vec<bool>],
    /// The rule for a group.
    pub(super) is_unsafe: &'q dyn Fn(&[u32]) -> bool,
    pub(super) guarded: HashSet<Vec<u32>>,
}

/// How many cells of each line have not had their turn.
pub(super) struct Undecided(Vec<u32>);

impl Lines<'_> {
    /// The lines that are unsafe when these cells are shown and that `follow` from what is shown: those that are not guarded,
    /// and are from now on.
    pub(super) fn guard_unsafe(
        &mut self,
        shown: &[bool],
        mut follow: impl FnMut(&[u32]) -> bool,
    ) -> Vec<Vec<u32>> {
        let is_hidden = |cell: u32| !shown[cell as usize] && self.occupied[cell as usize];
        let mut found = self.lattice.lines(is_hidden);
        for around in self.hidden_around {
            found.extend(self.lattice.lines(|cell| is_hidden(cell) || around[cell as usize]));
        }
        found.retain(|line| self.is_open(line) && follow(line) && self.guarded.insert(line.clone()));
        found
    }

    /// The same of the lines of one cell in which every other has had its turn.
    pub(super) fn unsafe_of(&self, cell: u32, shown: &[bool], undecided: &Undecided) -> Vec<Vec<u32>> {
        let is_hidden = |cell: &u32| !shown[*cell as usize] && self.occupied[*cell as usize];
        let mut found = Vec::new();
        for (dimension, line) in self.of(cell).filter(|&at| undecided.0[self.number(at)] == 0) {
            let cells = self.lattice.children(line, dimension);
            let hidden = cells.iter().copied().filter(is_hidden).collect();
            let with = |around: &Vec<bool>| {
                let cells = cells.iter().copied();
                cells.filter(|cell| is_hidden(cell) || around[*cell as usize]).collect::<Vec<u32>>()
            };
            found.extend(std::iter::once(hidden).chain(self.hidden_around.iter().map(with)));
        }
        found.iter_mut().for_each(|line| line.sort_unstable());
        found.retain(|line| self.is_open(line));
        found
    }

    /// Counts the cells of each line that are still to have their turn.
    pub(super) fn undecided(&self, candidate: &[bool]) -> Undecided {
        let mut undecided = Undecided(vec![0; self.lattice.n_cells() * self.lattice.trees.len()]);
        for cell in (0..).zip(candidate).filter_map(|(cell, is_candidate)| is_candidate.then_some(cell)) {
            self.of(cell).for_each(|at| undecided.0[self.number(at)] += 1);
        }
        undecided
    }

    /// Has a cell had its turn.
    pub(super) fn decide(&self, cell: u32, undecided: &mut Undecided) {
        self.of(cell).for_each(|at| undecided.0[self.number(at)] -= 1);
    }

    fn is_open(&self, line: &[u32]) -> bool {
        line.len() > 1 && !self.guarded.contains(line) && (self.is_unsafe)(line)
    }

    /// The lines of a cell: each a dimension and the parent in it.
    fn of(&self, cell: u32) -> impl Iterator<Item = (usize, u32)> {
        let dimensions = 0..self.lattice.trees.len();
        dimensions.filter_map(move |at| Some((at, self.lattice.parent(cell, at)?)))
    }

    fn number(&self, (dimension, parent): (usize, u32)) -> usize {
        parent as usize * self.lattice.trees.len() + dimension
    }
}
