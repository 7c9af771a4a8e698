//! One to one: a record has at most one counterpart in a source that holds a person once.

use super::cluster::Edge;
use std::collections::BTreeMap;

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
    // For both ends of each edge: the end, the other's source, and which edge and end it is.
    let mut ends: Vec<(u32, u32, u32)> = Vec::with_capacity(2 * edges.len());
    for (at, edge) in (0_u32..).zip(edges.iter()) {
        for (end, one, other) in [(0, edge.a, edge.b), (1, edge.b, edge.a)] {
            if unique[sources[other as usize] as usize] {
                ends.push((one, sources[other as usize], 2 * at + end));
            }
        }
    }
    ends.sort_unstable();
    // Sum of odds of a record's candidates in a source, by pairs of sources.
    let mut sums: Vec<f64> = Vec::new();
    let mut pairs: BTreeMap<(u32, u32), (f64, Vec<f64>)> = BTreeMap::new();
    for group in ends.chunk_by(|x, y| (x.0, x.1) == (y.0, y.1)) {
        let sum: f64 = group.iter().map(|(.., end)| odds(&edges[(end / 2) as usize])).sum();
        let pair = (sources[group[0].0 as usize], group[0].1);
        pairs.entry(pair).or_insert_with(|| (0.5, Vec::new())).1.push(sum);
        sums.push(sum);
    }
    for ((from, _), (linked, sums)) in &mut pairs {
        for _ in 0..ROUNDS {
            let expected: f64 = sums.iter().map(|sum| sum / (sum + 1.0 - *linked)).sum();
            *linked = ((expected + 0.5) / (sizes[*from as usize] + 1.0)).min(1.0 - UNLINKED_MIN);
        }
    }
    let mut against = vec![0.0_f32; edges.len()];
    for (group, sum) in ends.chunk_by(|x, y| (x.0, x.1) == (y.0, y.1)).zip(sums) {
        let (linked, _) = pairs[&(sources[group[0].0 as usize], group[0].1)];
        for (.., end) in group {
            let at = (end / 2) as usize;
            against[at] += (1.0 - linked + (sum - odds(&edges[at])).max(0.0)).log2() as f32;
        }
    }
    edges.iter_mut().zip(against).for_each(|(edge, against)| edge.bits -= against);
}
