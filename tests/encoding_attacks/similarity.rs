//! Similarity signatures: a filter is told by how many other filters are how close to it.
//!
//! In the manner of the graph attacks (Vidanage, Christen, Ranbaduge and Schnell, "A graph matching
//! attack on privacy-preserving record linkage", CIKM 2020), with histograms in place of a graph. It
//! needs no token: how close names are to each other hardly depends on the key.

use crate::patterns::Bits;
use std::collections::BTreeMap;

/// Filters that each one is compared with: the most frequent.
const N_COMPARED: usize = 400;
/// Filters that are guessed: the most frequent.
const N_GUESSED: usize = 2_000;
const N_BINS: usize = 20;
/// Similarity at which the first bin begins, and bins to a whole.
const FROM: f32 = 0.2;
const BINS: f32 = 25.0;

/// The look of one distinct filter.
struct Look {
    /// Roots of the shares of other records in each bin of similarity, in units that weigh as much as the rest.
    bins: [f32; N_BINS],
    /// Bits set, in units of what differs between keys.
    ones: f32,
    /// Logarithm of its share, and the variance of that.
    share: (f32, f32),
}

/// Right guesses from the filters of one field.
pub(crate) fn hits(records: &[Bits], known: &[Bits], known_values: &[u32], truth: &[u32]) -> usize {
    let (there, n_known) = (distinct(records), known.len());
    let known = distinct(known);
    let known_looks: Vec<(Look, u32)> = {
        let looks = looks(&known, n_known, known.len());
        looks.into_iter().zip(&known).map(|(look, of)| (look, known_values[of.records[0]])).collect()
    };
    let right = |(look, of): (&Look, &Distinct)| {
        let nearest = known_looks.iter().map(|(other, value)| (look.distance(other), *value));
        let guess = nearest.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(0, |(_, value)| value);
        of.records.iter().filter(|record| guess != 0 && truth[**record] == guess).count()
    };
    looks(&there, records.len(), N_GUESSED).iter().zip(&there).map(right).sum()
}

/// A filter and the records that have it.
struct Distinct {
    bits: Bits,
    records: Vec<usize>,
}

/// The most frequent first; those of as many records by their bits.
fn distinct(records: &[Bits]) -> Vec<Distinct> {
    let mut of: BTreeMap<Bits, Vec<usize>> = BTreeMap::new();
    // No value, no bits.
    for (record, bits) in records.iter().enumerate().filter(|(_, bits)| **bits != [0; 4]) {
        of.entry(*bits).or_default().push(record);
    }
    let mut all: Vec<Distinct> = of.into_iter().map(|(bits, records)| Distinct { bits, records }).collect();
    all.sort_by_key(|distinct| std::cmp::Reverse(distinct.records.len()));
    all
}

/// The looks of the first so many.
fn looks(all: &[Distinct], n_records: usize, n_max: usize) -> Vec<Look> {
    let frequent = &all[..all.len().min(N_COMPARED)];
    let total: usize = frequent.iter().map(|other| other.records.len()).sum();
    let look = |one: &Distinct| {
        let mut shares = [0.0; N_BINS];
        for other in frequent.iter().filter(|other| other.bits != one.bits) {
            let share = other.records.len() as f32 / total as f32;
            let place = ((dice(&one.bits, &other.bits) - FROM) * BINS).clamp(0.0, (N_BINS - 2) as f32);
            let (bin, beyond) = (place as usize, place.fract());
            shares[bin] += share * (1.0 - beyond);
            shares[bin + 1] += share * beyond;
        }
        let count = one.records.len() as f32;
        Look {
            bins: shares.map(|share| 12.0 * f32::sqrt(share)),
            ones: ones(&one.bits) as f32 / 4.0,
            share: ((count / n_records as f32).ln(), 1.0 / count),
        }
    };
    all.iter().take(n_max).map(look).collect()
}

impl Look {
    fn distance(&self, other: &Self) -> f32 {
        let square = |(a, b): (&f32, &f32)| (a - b) * (a - b);
        let bins: f32 = self.bins.iter().zip(&other.bins).map(square).sum();
        let share = square((&self.share.0, &other.share.0)) / (self.share.1 + other.share.1 + 0.01);
        bins + square((&self.ones, &other.ones)) + share
    }
}

fn ones(bits: &Bits) -> u32 {
    bits.iter().map(|word| word.count_ones()).sum()
}

/// Twice the common bits over all bits.
fn dice(a: &Bits, b: &Bits) -> f32 {
    let common: u32 = a.iter().zip(b).map(|(a, b)| (a & b).count_ones()).sum();
    2.0 * common as f32 / (ones(a) + ones(b)).max(1) as f32
}
