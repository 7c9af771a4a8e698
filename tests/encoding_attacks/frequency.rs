//! Frequency alignment: what is frequent in the data is what is frequent among names.

use crate::people::Frequencies;
use std::collections::HashMap;

/// Right guesses of each way to align a window with the values of a field.
pub(crate) type Hits = [usize; WAYS.len()];

/// Ways to align: classes of equal content with values, rank by rank or so that each value is guessed
/// as often as it should occur; and content in ascending order with values by count or by alphabet, for
/// what may be numbered or sorted.
pub(crate) const WAYS: [&str; 4] =
    ["rank by rank", "by share", "ascending, by count", "ascending, by alphabet"];

/// Every 8 bytes of equally long values, from each fourth byte on: tokens, halves of tokens, and what
/// stands behind a nonce of 12 bytes. Shorter values are one window. Numbers are big-endian.
pub(crate) fn windows(values: &[Vec<u8>]) -> impl Iterator<Item = (usize, Vec<u64>)> + '_ {
    let length = values.iter().map(Vec::len).min().unwrap_or(0);
    let number = |bytes: &[u8]| bytes.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let starts = (0..length.max(8) - 7).step_by(4);
    starts.map(move |at| (at, values.iter().map(|value| number(value.get(at..).unwrap_or(&[]))).collect()))
}

/// A window's records in classes of equal content.
pub(crate) struct Classes {
    /// Records in ascending order of content.
    ascending: Vec<u32>,
    /// The records of each class, the largest class first; equal sizes in ascending order of content.
    by_size: Vec<Vec<u32>>,
}

impl Classes {
    pub(crate) fn new(window: &[u64]) -> Self {
        let mut ascending: Vec<u32> = (0..window.len() as u32).collect();
        ascending.sort_by_key(|record| window[*record as usize]);
        let equal = |a: &u32, b: &u32| window[*a as usize] == window[*b as usize];
        let mut by_size: Vec<Vec<u32>> = ascending.chunk_by(equal).map(<[u32]>::to_vec).collect();
        by_size.sort_by_key(|class| std::cmp::Reverse(class.len()));
        Self { ascending, by_size }
    }

    /// Whether no two records have the same content.
    pub(crate) fn are_single(&self) -> bool {
        self.by_size.len() == self.ascending.len()
    }

    /// Right guesses of every way.
    pub(crate) fn align(&self, target: &Target) -> Hits {
        let right = |record: &u32, value: u32| target.truth[*record as usize] == value;
        let ranked = self.by_size.iter().zip(&target.known.by_count);
        let rank = ranked.map(|(class, (value, _))| class.iter().filter(|r| right(r, *value)).count()).sum();
        // A class is one value, so it is given the value at its middle.
        let mut from = 0;
        let share = self.by_size.iter().map(|class| {
            let value = target.by_count[from + class.len() / 2];
            from += class.len();
            class.iter().filter(|record| right(record, value)).count()
        });
        let share = share.sum();
        let ascending = |guesses: &[u32]| {
            self.ascending.iter().zip(guesses).filter(|(r, value)| right(r, **value)).count()
        };
        [rank, share, ascending(&target.by_count), ascending(&target.by_text)]
    }
}

/// The true values of a field, what an intruder knows of their frequency, and guesses in the same number
/// in which each value has its share.
pub(crate) struct Target<'a> {
    pub(crate) truth: &'a [u32],
    pub(crate) known: &'a Frequencies,
    by_count: Vec<u32>,
    by_text: Vec<u32>,
}

impl<'a> Target<'a> {
    pub(crate) fn new(truth: &'a [u32], known: &'a Frequencies) -> Self {
        let (by_count, by_text) = (spread(&known.by_count, truth.len()), spread(&known.by_text, truth.len()));
        Self { truth, known, by_count, by_text }
    }

    /// Right guesses to be expected of whoever guesses at random, weighted by frequency: the sum over
    /// values of the share among other people times the count among these.
    pub(crate) fn expected_at_random(&self) -> f64 {
        let mut counts: HashMap<u32, usize> = HashMap::new();
        self.truth.iter().for_each(|value| *counts.entry(*value).or_default() += 1);
        let total: usize = self.known.by_count.iter().map(|(_, count)| count).sum();
        let of = |(value, count): &(u32, usize)| counts.get(value).map_or(0, |there| there * count) as f64;
        self.known.by_count.iter().map(of).sum::<f64>() / total as f64
    }
}

fn spread(values: &[(u32, usize)], n_places: usize) -> Vec<u32> {
    let each = values.iter().flat_map(|(value, count)| std::iter::repeat_n(*value, *count));
    let each: Vec<u32> = each.collect();
    (0..n_places).map(|place| each[place * each.len() / n_places]).collect()
}

/// So many right guesses random guessing exceeds in any of `n_attempts` attempts with a probability of
/// one in a million at most.
///
/// Guesses in an order that has nothing to do with the truth are a random permutation `π` of it, and the
/// right ones a sum of `a(i, π(i))` in 0..=1 with mean `μ`. Chatterjee, "Stein's method for concentration
/// inequalities" (2007), proposition 1.1: it exceeds `μ + t` with probability `exp(-t² / (4μ + 2t))`.
pub(crate) fn bound(expected: f64, n_attempts: usize) -> f64 {
    let bits = (n_attempts as f64 * 1e6).ln();
    expected + bits + (bits * bits + 4.0 * expected * bits).sqrt()
}
