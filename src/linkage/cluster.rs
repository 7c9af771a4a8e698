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

/// Orders edges by weight, and equal ones by their records.
pub(super) fn strongest_first(edges: &mut [Edge]) {
    edges.sort_unstable_by(|x, y| y.bits.total_cmp(&x.bits).then_with(|| (x.a, x.b).cmp(&(y.a, y.b))));
}

/// Disjoint groups of records; a group is named by one of its records.
pub(super) struct Groups {
    of: Vec<u32>,
    /// Empty for a record alone.
    members: Vec<Vec<u32>>,
}

impl Groups {
    pub(super) fn new(n_records: usize) -> Self {
        Self { of: (0..).take(n_records).collect(), members: vec![Vec::new(); n_records] }
    }

    pub(super) fn of(&self, record: u32) -> u32 {
        self.of[record as usize]
    }

    pub(super) fn members(&self, group: u32) -> &[u32] {
        match self.members[group as usize].as_slice() {
            // It is its own name.
            [] => std::slice::from_ref(&self.of[group as usize]),
            members => members,
        }
    }

    /// Moves the smaller group into the larger.
    pub(super) fn join(&mut self, a: u32, b: u32) {
        let (into, from) = if self.members(a).len() < self.members(b).len() { (b, a) } else { (a, b) };
        let all = [self.members(into), self.members(from)].concat();
        self.members[from as usize] = Vec::new();
        all.iter().for_each(|at| self.of[*at as usize] = into);
        self.members[into as usize] = all;
        // In order, so that sums over members do not depend on how the group came about.
        self.members[into as usize].sort_unstable();
    }
}

/// Whether the weights of all pairs between two groups allow them to be one person: on average they must
/// reach [`MEAN_BITS`]. It stops chains in which each pair is similar and the ends are not. A single
/// pair is as strong as it is.
pub(super) fn agree(n_pairs: usize, weights: impl Iterator<Item = f32>) -> bool {
    let sum = || weights.map(|bits| bits.clamp(-CLEAR_BITS, CLEAR_BITS)).sum::<f32>();
    n_pairs == 1 || sum() / n_pairs as f32 >= MEAN_BITS
}

const MEAN_BITS: f32 = -5.0;
/// A pair counts for no more than this either way, in bits.
const CLEAR_BITS: f32 = 10.0;
