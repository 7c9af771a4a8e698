//! Pattern mining: bits that are set together as often as a frequent value occurs.
//!
//! After Christen, Vidanage, Ranbaduge and Schnell, "Pattern-mining based cryptanalysis of Bloom filters
//! for privacy-preserving record linkage" (PAKDD 2018), for whole values in place of q-grams: sets of
//! bits that many records share are grown bit by bit, the records near each set are gathered (so that
//! filters with flipped bits are gathered too), and each group is given the value that is as frequent
//! and sets as many bits.

use std::collections::BTreeMap;

/// The bits of a part of each record, at most 256.
pub(crate) type Bits = [u64; 4];

/// A bit belongs to a set when this share of the set's records has it; some are flipped.
const BELONGS: f64 = 0.85;
/// A set that fewer records share is no frequent value.
const RECORDS_MIN: usize = 6;
/// Records that differ from a set in this share of its bits at most are of one value.
const NEAR: f64 = 0.12;

/// Part of the records' values as bits, from a byte on.
pub(crate) fn bits(values: &[Vec<u8>], at: usize, n_bytes: usize) -> Vec<Bits> {
    let word = |value: &[u8], word: usize| {
        let bytes = &value[at..at + n_bytes];
        bytes.chunks_exact(8).nth(word).map_or(0, |b| u64::from_le_bytes(b.try_into().expect("eight bytes")))
    };
    values.iter().map(|value| std::array::from_fn(|at| word(value, at))).collect()
}

/// The groups of records that share a set of bits, no record in two, the largest group first.
pub(crate) fn mine(records: &[Bits], n_bits: usize) -> Vec<Vec<u32>> {
    let all: Vec<u32> = (0..records.len() as u32).filter(|r| records[*r as usize] != [0; 4]).collect();
    let near_max = (NEAR * n_bits as f64) as u32;
    let group = |first: usize| {
        let core = core(records, &all, first, n_bits);
        let counts = counts(records, &core);
        let middle: Bits = std::array::from_fn(|word| {
            (0..64).filter(|bit| 2 * counts[64 * word + bit] > core.len()).fold(0, |sum, bit| sum | 1 << bit)
        });
        let near = |record: &u32| distance(&records[*record as usize], &middle) <= near_max;
        let gathered: Vec<u32> = all.iter().copied().filter(near).collect();
        // What shares bits by chance is not near: then the core itself is the guess.
        if gathered.len() > core.len() { gathered } else { core }
    };
    let mut groups: Vec<Vec<u32>> = (0..n_bits).map(group).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let mut taken = vec![false; records.len()];
    for group in &mut groups {
        group.retain(|record| !taken[*record as usize]);
        group.iter().for_each(|record| taken[*record as usize] = true);
    }
    groups.retain(|group| group.len() >= RECORDS_MIN);
    groups
}

/// Right guesses when each group is given the likeliest of the values that are known, with their bits
/// under another key.
pub(crate) fn hits(
    groups: &[Vec<u32>],
    records: &[Bits],
    known: &[Bits],
    known_values: &[u32],
    truth: &[u32],
) -> usize {
    let mut values: BTreeMap<u32, Look> = BTreeMap::new();
    for (bits, value) in known.iter().zip(known_values).filter(|(_, value)| **value != 0) {
        values.entry(*value).or_default().add(bits);
    }
    let n_known = known.len() as f64;
    let mut n_right = 0;
    for group in groups {
        let mut look = Look::default();
        group.iter().for_each(|record| look.add(&records[*record as usize]));
        let far = |other: &Look| look.distance(records.len() as f64, other, n_known);
        let nearest = values.iter().map(|(value, other)| (far(other), *value));
        let guess = nearest.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(0, |(_, value)| value);
        n_right += group.iter().filter(|record| truth[**record as usize] == guess).count();
    }
    n_right
}

/// How frequent a value is and how many bits it sets: both hardly depend on the key.
#[derive(Default)]
struct Look {
    count: f64,
    ones: f64,
}

impl Look {
    fn add(&mut self, bits: &Bits) {
        self.count += 1.0;
        self.ones += f64::from(bits.iter().map(|word| word.count_ones()).sum::<u32>());
    }

    /// In squares of the errors to be expected: of counts, and of about four bits between keys.
    fn distance(&self, n: f64, other: &Self, n_other: f64) -> f64 {
        let shares = ((self.count / n) / (other.count / n_other)).ln();
        let ones = (self.ones / self.count - other.ones / other.count) / 4.0;
        shares * shares / (1.0 / self.count + 1.0 / other.count) + ones * ones
    }
}

/// Records with a set of bits in common that begins with one bit and is grown as Apriori does: always by
/// the bit that most of the records left have, until what they share is most of what they have.
fn core(records: &[Bits], all: &[u32], first: usize, n_bits: usize) -> Vec<u32> {
    let with = |cover: &mut Vec<u32>, bit: usize| {
        cover.retain(|record| records[*record as usize][bit / 64] >> (bit % 64) & 1 == 1);
    };
    let mut cover = all.to_vec();
    with(&mut cover, first);
    loop {
        let counts = counts(records, &cover);
        let shared = |count: usize| count as f64 >= BELONGS * cover.len() as f64;
        let n_shared = counts[..n_bits].iter().filter(|count| shared(**count)).count();
        let n_set: usize = counts.iter().sum::<usize>() / cover.len().max(1);
        if 10 * n_shared >= 9 * n_set {
            return cover;
        }
        let open = (0..n_bits).filter(|bit| !shared(counts[*bit]));
        let Some(next) = open.max_by_key(|bit| counts[*bit]) else { return cover };
        if counts[next] < RECORDS_MIN {
            return cover;
        }
        with(&mut cover, next);
    }
}

fn counts(records: &[Bits], of: &[u32]) -> [usize; 256] {
    let mut counts = [0; 256];
    for record in of {
        for (word, mut bits) in records[*record as usize].into_iter().enumerate() {
            while bits != 0 {
                counts[64 * word + bits.trailing_zeros() as usize] += 1;
                bits &= bits - 1;
            }
        }
    }
    counts
}

fn distance(a: &Bits, b: &Bits) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}
