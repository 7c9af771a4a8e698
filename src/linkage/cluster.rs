//! From weighed pairs to persons.

use super::comparison::LevelPattern;

/// A pair of records, by their numbers, with its weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) bits: f32,
    pub(super) pattern: LevelPattern,
}

/// Disjoint groups of records; a group is named by one of its records.
pub(super) struct Groups {
    of: Vec<u32>,
    members: Vec<Vec<u32>>,
}

impl Groups {
    pub(super) fn new(n_records: usize) -> Self {
        let all = (0_u32..).take(n_records);
        Self { of: all.clone().collect(), members: all.map(|at| vec![at]).collect() }
    }

    pub(super) fn of(&self, record: u32) -> u32 {
        self.of[record as usize]
    }

    pub(super) fn members(&self, group: u32) -> &[u32] {
        &self.members[group as usize]
    }

    /// Moves the smaller group into the larger.
    pub(super) fn join(&mut self, a: u32, b: u32) {
        let (into, from) =
            if self.members[a as usize].len() < self.members[b as usize].len() { (b, a) } else { (a, b) };
        let moved = std::mem::take(&mut self.members[from as usize]);
        moved.iter().for_each(|at| self.of[*at as usize] = into);
        self.members[into as usize].extend(moved);
        // In order, so that sums over members do not depend on how the group came about.
        self.members[into as usize].sort_unstable();
    }
}
