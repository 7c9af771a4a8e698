//! What each comparison level says of a pair, as learned probabilities.

use super::comparison::{LevelPattern, N_LEVELS, first};
use super::frequency::Shares;

/// Fields of a pattern.
pub(super) const N_FIELDS: usize = 8;
/// A number for each level of each field.
pub(super) type Table = [[f32; N_LEVELS]; N_FIELDS];

pub(super) const FIRST: usize = 0;
pub(super) const LAST: usize = 1;
pub(super) const BIRTH: usize = 2;
pub(super) const PLACE: usize = 3;
pub(super) const MIDDLE: usize = 4;
pub(super) const SEX: usize = 5;
pub(super) const SUFFIX: usize = 6;
pub(super) const ID: usize = 7;

/// The probability of each level when the two records are one person (`m`), members of one household
/// (`h`), or unrelated (`u`), given which values are there at all; as binary logarithms. 0 for a
/// missing value, which is no evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(super) m: Table,
    pub(super) h: Table,
    pub(super) u: Table,
    /// Prior odds of "one household" against "one person", in bits.
    pub(super) household_bits: f32,
    /// Prior odds of "unrelated" against "one person", in bits.
    pub(super) unrelated_bits: f32,
}

/// The evidence on one pair: how likely it looks under each explanation, in bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence {
    pub(super) person: f32,
    pub(super) household: f32,
    pub(super) unrelated: f32,
}

impl Evidence {
    /// The binary logarithm of the odds that two records are one person: against the two other
    /// explanations taken together.
    pub(super) fn bits(self) -> f32 {
        let (more, less) = (self.household.max(self.unrelated), self.household.min(self.unrelated));
        self.person - more - (less - more).exp2().ln_1p() / std::f32::consts::LN_2
    }
}

impl Model {
    /// The three explanations of a pair among `n_records`, with their prior odds.
    ///
    /// Source: Fellegi and Sunter, "A Theory for Record Linkage", JASA 64 (1969), with a third class;
    /// Winkler on frequency-based weights, for values that agree exactly.
    pub(super) fn evidence(&self, pattern: LevelPattern, shares: &Shares) -> Evidence {
        let (mut person, mut household, mut unrelated) = (0.0, 0.0, 0.0);
        for (field, level) in pattern.0.into_iter().enumerate() {
            let level = usize::from(level);
            person += self.m[field][level];
            household += self.h[field][level];
            unrelated += self.u[field][level];
        }
        let exact = |field: usize| pattern.0[field] == first::EXACT;
        if exact(FIRST) {
            let by_share = shares.first - self.u[FIRST][1];
            unrelated += by_share;
            household += by_share;
        }
        if exact(LAST) {
            unrelated += shares.last - self.u[LAST][1];
        }
        if exact(BIRTH) {
            unrelated += shares.birth - self.u[BIRTH][1];
        }
        if pattern.0[FIRST] == first::EXCHANGED {
            // Unrelated namesakes are found exchanged as often as one person's records are.
            let namesakes = self.m[FIRST][usize::from(first::EXCHANGED)] + shares.first + shares.last;
            unrelated += (namesakes - self.u[FIRST][usize::from(first::EXCHANGED)]).max(0.0);
        }
        let shared = match pattern.0[PLACE] / 4 {
            1 => shares.address,
            2 => shares.building,
            _ => f32::MIN,
        };
        unrelated += (shared - self.address_bits(pattern.0[PLACE] / 4)).max(0.0);
        household += self.household_bits;
        unrelated += self.unrelated_bits;
        Evidence { person, household, unrelated }
    }

    /// log2 of the probability of an address level for unrelated people, whatever the area.
    fn address_bits(&self, level: u8) -> f32 {
        let from = 4 * usize::from(level);
        self.u[PLACE][from + 1..from + 4].iter().map(|bits| bits.exp2()).sum::<f32>().log2()
    }
}

/// The levels among which a record pair falls once it is known which values are there: their
/// probabilities sum to 1.
pub(super) fn alternatives(field: usize) -> Vec<Vec<usize>> {
    match field {
        FIRST => vec![(1..=10).chain(13..=16).collect(), vec![11, 12]],
        LAST => vec![(1..=8).collect()],
        BIRTH => vec![(1..=7).collect()],
        PLACE => {
            let both = (1..=6).flat_map(|address| (1..=3).map(move |area| address * 4 + area));
            vec![both.collect(), vec![1, 2, 3], (1..=6).map(|address| address * 4).collect()]
        }
        MIDDLE => vec![vec![1, 2, 3, 4], vec![5, 6]],
        SEX => vec![vec![1, 2], vec![3, 4]],
        _ => vec![vec![1, 2]],
    }
}
