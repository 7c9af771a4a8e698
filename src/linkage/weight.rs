//! From levels to a weight in bits.

use super::comparison::{LevelPattern, compare};
use super::parameters::Parameters;
use crate::identity::{Encoding, Slot};
use std::collections::HashMap;

/// The fields whose exact level is refined by how frequent the value is, with their place in a pattern.
const COUNTED: [(usize, Slot); 3] = [(0, Slot::First), (1, Slot::Last), (2, Slot::Birth)];

/// Weighs pairs of encodings; knows how frequent values are among the encodings it was told of.
#[derive(Debug, Clone, Default)]
pub(super) struct Scale {
    counts: [HashMap<u64, u32>; COUNTED.len()],
    totals: [u32; COUNTED.len()],
    n_records: u32,
}

/// The weight of one pair and the levels behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weighed {
    pub(super) bits: f32,
    pub(super) pattern: LevelPattern,
}

impl Scale {
    pub(super) fn add(&mut self, encoding: &Encoding) {
        self.n_records += 1;
        for (at, (_, slot)) in COUNTED.into_iter().enumerate() {
            if let Some(token) = encoding.token(slot) {
                *self.counts[at].entry(token).or_default() += 1;
                self.totals[at] += 1;
            }
        }
    }

    pub(super) fn remove(&mut self, encoding: &Encoding) {
        self.n_records -= 1;
        for (at, (_, slot)) in COUNTED.into_iter().enumerate() {
            let Some(token) = encoding.token(slot) else { continue };
            if let Some(count) = self.counts[at].get_mut(&token) {
                *count -= 1;
                self.totals[at] -= 1;
                if *count == 0 {
                    self.counts[at].remove(&token);
                }
            }
        }
    }

    /// The binary logarithm of the odds that two encodings are one person: against the better of the
    /// two other explanations, taken together with their prior odds.
    ///
    /// Source: Fellegi and Sunter, "A Theory for Record Linkage", JASA 64 (1969), with a third class;
    /// Winkler on frequency-based weights, for the values in [`COUNTED`].
    pub(super) fn weigh(&self, parameters: &Parameters, a: &Encoding, b: &Encoding) -> Weighed {
        let pattern = compare(a, b);
        let mut unrelated = -self.prior_bits(parameters);
        let mut household = -parameters.household_bits;
        for (field, levels) in parameters.levels.iter().enumerate() {
            let Some(number) = usize::from(pattern.0[field]).checked_sub(1) else { continue };
            let level = levels[number];
            household += level.household_bits;
            unrelated += level.unrelated_bits;
        }
        for (at, (field, slot)) in COUNTED.into_iter().enumerate() {
            if let (1, Some(token)) = (pattern.0[field], a.token(slot)) {
                unrelated += self.rarity_bits(at, token, parameters.levels[field][0].u);
            }
        }
        // log2 of 1 / (1/odds against unrelated + 1/odds against household), without overflow.
        let (less, more) = (unrelated.min(household), unrelated.max(household));
        Weighed { bits: less - (less - more).exp2().ln_1p() / std::f32::consts::LN_2, pattern }
    }

    /// The odds of "unrelated" grow with the number of records, those a record has of itself do not.
    fn prior_bits(&self, parameters: &Parameters) -> f32 {
        const OWN_RECORDS_BITS: f32 = 2.5;
        ((self.n_records.max(1) as f32).log2() - OWN_RECORDS_BITS).max(parameters.unrelated_bits_min)
    }

    /// How much rarer a value is than agreeing values are on average, in bits. Its share is smoothed
    /// towards the average, so that small data and small counts say little.
    fn rarity_bits(&self, at: usize, token: u64, average: f32) -> f32 {
        const PRIOR_RECORDS: f32 = 2_000.0;
        let count = self.counts[at].get(&token).copied().unwrap_or(0) as f32;
        let share = (count + PRIOR_RECORDS * average) / (self.totals[at] as f32 + PRIOR_RECORDS);
        (average / share).log2()
    }
}
