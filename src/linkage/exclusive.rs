//! One to one: a record has at most one counterpart in a source that holds a person once.

use super::cluster::Edge;
use std::collections::HashMap;

/// Rounds until the shares of linked records have settled.
const ROUNDS: usize = 6;
/// However many records of a source are linked to another, one more may have no counterpart.
const UNLINKED_MIN: f64 = 0.005;

/// Changes each weight from "these two, or nothing" to "these two, or another counterpart, or none".
///
/// For records `a` of source `s` and `b` of source `t`, with odds `o`, and the share `p` of `s` that
/// has a counterpart in `t`, the odds of (a, b) become `o / (1 - p + sum of o over a's other candidates
/// in t)`, and the same from `b`'s side. `p` is found along with them.
pub(super) fn compete(edges: &mut [Edge], sources: &[u32], unique: &[bool]) {
    let mut sizes = vec![0.0_f64; unique.len()];
    sources.iter().for_each(|source| sizes[*source as usize] += 1.0);
    let odds = |edge: &Edge| f64::from(edge.bits.min(60.0)).exp2();
    let source = |record: u32| sources[record as usize];
    // Sum of odds of a record's candidates in a source.
    let mut sums: HashMap<(u32, u32), f64> = HashMap::new();
    for edge in edges.iter() {
        *sums.entry((edge.a, source(edge.b))).or_default() += odds(edge);
        *sums.entry((edge.b, source(edge.a))).or_default() += odds(edge);
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_unstable_by_key(|(key, _)| *key);
    let mut linked: HashMap<(u32, u32), f64> = HashMap::new();
    for _ in 0..ROUNDS {
        let mut expected: HashMap<(u32, u32), f64> = HashMap::new();
        for ((record, other), sum) in &sums {
            let pair = (source(*record), *other);
            let unlinked = 1.0 - linked.get(&pair).copied().unwrap_or(0.5);
            *expected.entry(pair).or_default() += sum / (sum + unlinked);
        }
        let share = |(pair, expected): ((u32, u32), f64)| {
            let share = (expected + 0.5) / (sizes[pair.0 as usize] + 1.0);
            (pair, share.min(1.0 - UNLINKED_MIN))
        };
        linked = expected.into_iter().map(share).collect();
    }
    let sums: HashMap<_, _> = sums.into_iter().collect();
    let against = |edge: &Edge, record: u32, other: u32| {
        if !unique[other as usize] {
            return 1.0;
        }
        let unlinked = 1.0 - linked[&(source(record), other)];
        unlinked + (sums[&(record, other)] - odds(edge)).max(0.0)
    };
    for edge in edges {
        let against = against(edge, edge.a, source(edge.b)) * against(edge, edge.b, source(edge.a));
        edge.bits -= against.log2() as f32;
    }
}
