//! The pairs that a model is learned from.

use super::blocking::{Blocks, Seen};
use super::comparison::{LevelPattern, compare};
use super::features::Features;
use super::frequency::Shares;
use crate::parallel;
use std::collections::HashMap;

/// Pairs that are looked at, candidates and random ones.
const SAMPLE: usize = 1_200_000;
const RANDOM: usize = 400_000;

/// Pairs that look the same.
pub(super) struct Pairs {
    pub(super) pattern: LevelPattern,
    pub(super) shares: Shares,
    /// Their source, when they are of one.
    pub(super) source: Option<u32>,
    pub(super) count: f64,
}

/// What is learned from.
pub(super) struct Sample {
    pub(super) candidates: Vec<Pairs>,
    /// The share of all candidates that was taken.
    pub(super) taken: f64,
    pub(super) random: Vec<Pairs>,
    pub(super) n_records: usize,
}

impl Sample {
    /// Takes candidates of some records, and random pairs.
    pub(super) fn new(records: &[Features], sources: &[u32], shares: &[Shares], blocks: &Blocks) -> Self {
        let pair = |a: u32, b: u32| {
            let (a, b) = (a as usize, b as usize);
            let source = (sources[a] == sources[b]).then_some(sources[a]);
            let pattern = compare(&records[a], &records[b]);
            (pattern, shares[a].relevant(pattern), source)
        };
        let (candidates, taken) = candidates(records, blocks, pair);
        let random = random(records, pair);
        Self { candidates, taken, random, n_records: records.len() }
    }
}

/// How a pair looks, and its source when it is of one.
type Look = (LevelPattern, Shares, Option<u32>);

/// All candidates of some records, and the share of records that were taken.
fn candidates(
    records: &[Features],
    blocks: &Blocks,
    pair: impl Fn(u32, u32) -> Look + Sync,
) -> (Vec<Pairs>, f64) {
    let chosen = |of: u64| {
        let records =
            (0..records.len() as u32).filter(move |record| mix(u64::from(*record)).is_multiple_of(of));
        records.collect::<Vec<u32>>()
    };
    let n_candidates = |chosen: &[u32]| {
        let mut seen = Seen::new(records.len());
        chosen.iter().map(|record| blocks.candidates(*record, &mut seen).len()).sum::<usize>()
    };
    let few = (records.len() as u64 / 2_000).max(1);
    let expected = n_candidates(&chosen(few)) as u64 * few;
    let chosen = chosen((expected / SAMPLE as u64).max(1));
    let share = chosen.len() as f64 / records.len().max(1) as f64;
    let chunks: Vec<&[u32]> = chosen.chunks(4_096).collect();
    let pairs = parallel::map_with(
        chunks.len(),
        || Seen::new(records.len()),
        |seen, at| {
            let mut pairs = Alike::default();
            for a in chunks[at] {
                blocks.candidates(*a, seen).iter().for_each(|b| pairs.add(pair(*a, *b), 1));
            }
            pairs
        },
    );
    (merged(pairs), share)
}

/// Random pairs; in a small set all there are, each once.
fn random(records: &[Features], pair: impl Fn(u32, u32) -> Look + Sync) -> Vec<Pairs> {
    let n = records.len() as u64;
    if n * n.saturating_sub(1) / 2 <= RANDOM as u64 {
        let mut pairs = Alike::default();
        (1..n as u32).for_each(|b| (0..b).for_each(|a| pairs.add(pair(a, b), 1)));
        return merged(vec![pairs]);
    }
    let pairs = parallel::map(RANDOM / 10_000, |chunk| {
        let mut pairs = Alike::default();
        for at in (chunk as u64 * 10_000..).take(10_000) {
            let (a, b) = (mix(2 * at + 1_000_000_007) % n, mix(2 * at + 1_000_000_008) % n);
            if a != b {
                pairs.add(pair(a as u32, b as u32), 1);
            }
        }
        pairs
    });
    merged(pairs)
}

/// Counts of pairs that look the same; shares to half a bit.
#[derive(Default)]
struct Alike(HashMap<Looks, u32>);

/// A [`Look`] that can be compared: levels, shares in half bits, source.
type Looks = ([u8; 8], [i8; 5], Option<u32>);

impl Alike {
    fn add(&mut self, (pattern, shares, source): Look, count: u32) {
        *self.0.entry((pattern.0, shares.halves(), source)).or_default() += count;
    }
}

fn merged(parts: Vec<Alike>) -> Vec<Pairs> {
    let mut all = HashMap::new();
    for (alike, count) in parts.into_iter().flat_map(|part| part.0) {
        *all.entry(alike).or_insert(0) += count;
    }
    let mut all: Vec<_> = all.into_iter().collect();
    // In order, so that sums do not depend on the order of a hash table.
    all.sort_unstable();
    let pairs = |((pattern, halves, source), count)| Pairs {
        pattern: LevelPattern(pattern),
        shares: Shares::from_halves(halves),
        source,
        count: f64::from(count),
    };
    all.into_iter().map(pairs).collect()
}

/// SplitMix64.
const fn mix(a: u64) -> u64 {
    let mut z = a.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
