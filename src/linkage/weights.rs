//! What the weights of all pairs say of a linkage as a whole.

use super::roster::{Linked, Pair};
use std::collections::BTreeMap;

/// Precision and recall that weights lead one to expect; 1 where there is nothing to be wrong about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Of the pairs linked, the share that is one person.
    pub precision: f64,
    /// Of the pairs that are one person among all weighed, the share that is linked.
    pub recall: f64,
}

/// Pairs whose weights lie in one stretch of [`BIN_BITS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bin {
    /// Where it begins, in bits.
    pub from_bits: i32,
    /// Pairs in it.
    pub n_pairs: u64,
    /// Of these, the ones that were linked.
    pub n_linked: u64,
}

/// How wide a [`Bin`] is.
pub const BIN_BITS: i32 = 5;

impl Linked {
    /// Sums of the probabilities that weights stand for: over the pairs linked, and over all that were weighed.
    /// A pair that was decided counts as sure.
    ///
    /// It is as good as the model: errors that the model does not know of are not in it, nor are pairs that
    /// were never compared or weigh less than -10 bits.
    #[must_use]
    pub fn expected(&self) -> Expected {
        let n_decided = self.decided.len() as f64;
        let (mut right, mut n_linked, mut all) = (n_decided, n_decided, n_decided);
        for pair in &self.pairs {
            let p = 1.0 / (1.0 + f64::from(-pair.weight_bits).exp2());
            all += p;
            if self.is_linked(pair) {
                right += p;
                n_linked += 1.0;
            }
        }
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
        Expected { precision: share(right, n_linked), recall: share(right, all) }
    }

    /// The undecided pairs by weight, from the lightest bin that has any to the heaviest.
    #[must_use]
    pub fn histogram(&self) -> Vec<Bin> {
        let mut counts: BTreeMap<i32, (u64, u64)> = BTreeMap::new();
        for pair in &self.pairs {
            let (n_pairs, n_linked) =
                counts.entry((pair.weight_bits / BIN_BITS as f32).floor() as i32).or_default();
            *n_pairs += 1;
            *n_linked += u64::from(self.is_linked(pair));
        }
        let range = counts.keys().next().copied().zip(counts.keys().next_back().copied());
        let bins = range.into_iter().flat_map(|(first, last)| first..=last);
        let bin = |at: i32| {
            let (n_pairs, n_linked) = counts.get(&at).copied().unwrap_or_default();
            Bin { from_bits: at * BIN_BITS, n_pairs, n_linked }
        };
        bins.map(bin).collect()
    }

    /// Whether the records of a pair are one person.
    #[must_use]
    pub fn is_linked(&self, pair: &Pair) -> bool {
        self.persons[pair.a as usize] == self.persons[pair.b as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linkage::{LevelPattern, Model};

    fn linked(persons: &[u32], pairs: &[(u32, u32, f32)], decided: &[(u32, u32, f32)]) -> Linked {
        let pair = |(a, b, weight_bits): &(u32, u32, f32)| Pair {
            a: *a,
            b: *b,
            weight_bits: *weight_bits,
            pattern: LevelPattern::default(),
        };
        Linked {
            persons: persons.to_vec(),
            reasons: vec![None; persons.len()],
            model: Model::default(),
            unique: vec![],
            pairs: pairs.iter().map(pair).collect(),
            decided: decided.iter().map(pair).collect(),
            n_candidates: pairs.len() as u64,
        }
    }

    #[test]
    fn expectations_are_sums_of_probabilities() {
        let nothing = linked(&[0, 1], &[], &[]).expected();
        assert_eq!((nothing.precision, nothing.recall), (1.0, 1.0));
        // Odds of 3 to 1, linked; of 1 to 1, not linked.
        let expected = linked(&[0, 0, 1], &[(0, 1, 3.0_f32.log2()), (1, 2, 0.0)], &[]).expected();
        assert!((expected.precision - 0.75).abs() < 1e-6 && (expected.recall - 0.6).abs() < 1e-6);
        let decided = linked(&[0, 0], &[], &[(0, 1, -8.0)]).expected();
        assert_eq!((decided.precision, decided.recall), (1.0, 1.0));
    }

    #[test]
    fn bins_are_five_bits_wide_and_have_no_gaps() {
        let pairs = [(0, 1, 14.9), (0, 1, 10.0), (1, 2, -0.1), (0, 2, 0.0)];
        let bins = linked(&[0, 0, 1], &pairs, &[(0, 1, 3.0)]).histogram();
        let counts: Vec<_> = bins.iter().map(|bin| (bin.from_bits, bin.n_pairs, bin.n_linked)).collect();
        assert_eq!(counts, [(-5, 1, 0), (0, 1, 0), (5, 0, 0), (10, 2, 2)]);
        assert_eq!(linked(&[0], &[], &[]).histogram(), []);
    }
}
