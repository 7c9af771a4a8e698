//! Signatures: a value is told by how frequent its sound, its first letter and its other parts are.
//!
//! Stronger than aligning ranks. Who knows this program can encode other people under a key of his own;
//! the tokens differ, but how often those in each place repeat does not depend on the key. Each distinct
//! name is then known by a row of frequencies, and is given the name of the nearest row.

use std::collections::{BTreeMap, HashMap};

/// For each record how many records have the same content, by window.
pub(crate) struct Repeats {
    windows: Vec<Vec<u32>>,
    n_records: f32,
}

/// A part of a value: the logarithm of its share and the variance of that, or nothing.
type Part = Option<(f32, f32)>;

impl Repeats {
    pub(crate) fn new(windows: &[Vec<u64>]) -> Self {
        let count = |window: &Vec<u64>| {
            let mut counts: HashMap<u64, u32> = HashMap::new();
            window.iter().for_each(|content| *counts.entry(*content).or_default() += 1);
            // Nothing stands there when all bytes are zero.
            window.iter().map(|content| if *content == 0 { 0 } else { counts[content] }).collect()
        };
        let n_records = windows.first().map_or(1, Vec::len) as f32;
        Self { windows: windows.iter().map(count).collect(), n_records }
    }

    fn row(&self, record: usize) -> Vec<u32> {
        self.windows.iter().map(|window| window[record]).collect()
    }

    fn signature(&self, row: &[u32]) -> Vec<Part> {
        let part = |count: &u32| {
            let count = (*count > 0).then_some(*count as f32)?;
            Some(((count / self.n_records).ln(), 1.0 / count))
        };
        row.iter().map(part).collect()
    }
}

/// Right guesses of one field: `there` are repeats in the windows of that field's parts, `known` those
/// of the same windows among people whose values are known.
pub(crate) fn hits(there: &Repeats, known: &Repeats, known_values: &[u32], truth: &[u32]) -> usize {
    // One for each value that the intruder knows, in an order that does not change.
    let mut signatures: BTreeMap<u32, Vec<Part>> = BTreeMap::new();
    for (record, value) in known_values.iter().enumerate().filter(|(_, value)| **value != 0) {
        signatures.entry(*value).or_insert_with(|| known.signature(&known.row(record)));
    }
    let mut guesses: HashMap<Vec<u32>, u32> = HashMap::new();
    let mut n_right = 0;
    for (record, value) in truth.iter().enumerate() {
        let guess = *guesses.entry(there.row(record)).or_insert_with_key(|row| {
            let signature = there.signature(row);
            let nearest = signatures.iter().map(|(value, other)| (distance(&signature, other), *value));
            nearest.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(0, |(_, value)| value)
        });
        n_right += usize::from(*value != 0 && guess == *value);
    }
    n_right
}

/// How unlikely two signatures are to be of one value: squared differences of logarithms in units of
/// their errors. A part that only one of them has tells them apart.
fn distance(a: &[Part], b: &[Part]) -> f32 {
    let of = |(a, b): (&Part, &Part)| match (a, b) {
        (None, None) => 0.0,
        // Shares in two cities differ by some percent besides.
        (Some((a, var_a)), Some((b, var_b))) => (a - b) * (a - b) / (var_a + var_b + 0.001),
        _ => 1e3,
    };
    a.iter().zip(b).map(of).sum()
}
