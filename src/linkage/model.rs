//! What each comparison level says of a pair, as learned probabilities.

use super::comparison::{LevelPattern, N_LEVELS, first};
use super::frequency::Shares;
use super::prior::beliefs;

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
///
/// [`Model::default`] is what is believed before a set is seen; [`super::Roster::link`] learns from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The version that links carry: 1 for beliefs, one more each time something was learned.
    pub version: u16,
    pub(super) m: Table,
    pub(super) h: Table,
    pub(super) u: Table,
    /// Prior odds of "one household" against "one person", in bits.
    pub(super) household_bits: f32,
    /// Prior odds of "unrelated" against "one person", in bits.
    pub(super) unrelated_bits: f32,
    /// log2 of the probability of one address, and of one building, for unrelated people.
    pub(super) building_bits: [f32; 2],
    /// What the fields after each step could add to the weight, in bits.
    pub(super) limits: [f32; 2],
}

impl Default for Model {
    fn default() -> Self {
        let [m, h, u] = beliefs().map(|table| as_bits(&table));
        let mut model = Self {
            version: 1,
            m,
            h,
            u,
            household_bits: -1.0,
            unrelated_bits: 0.0,
            building_bits: [0.0; 2],
            limits: [0.0; 2],
        };
        model.set_size(0);
        model.settle();
        model
    }
}

/// Probabilities within each set of alternatives, as binary logarithms.
fn as_bits(table: &Table) -> Table {
    let mut bits = [[0.0; N_LEVELS]; N_FIELDS];
    for field in 0..N_FIELDS {
        for levels in alternatives(field) {
            let sum: f32 = levels.iter().map(|level| table[field][*level]).sum();
            levels.into_iter().for_each(|level| bits[field][level] = (table[field][level] / sum).log2());
        }
    }
    bits
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
        // Beyond 20 bits the smaller one adds nothing that a float could hold.
        let both = if more - less > 20.0 { 0.0 } else { (less - more).exp2().ln_1p() };
        self.person - more - both / std::f32::consts::LN_2
    }
}

impl Model {
    /// The three explanations of a pair, with their prior odds.
    ///
    /// Source: Fellegi and Sunter, "A Theory for Record Linkage", JASA 64 (1969), with a third class;
    /// Winkler on frequency-based weights, for values that agree exactly.
    pub(super) fn evidence(&self, pattern: LevelPattern, shares: &Shares) -> Evidence {
        let (mut person, mut household, mut unrelated) = (0.0, self.household_bits, self.unrelated_bits);
        for (field, level) in pattern.0.into_iter().enumerate() {
            let level = usize::from(level) % N_LEVELS;
            person += self.m[field][level];
            household += self.h[field][level];
            unrelated += self.u[field][level];
        }
        let frequency = self.frequency(pattern, shares);
        // Siblings' names are as those of strangers.
        if pattern.0[FIRST] == first::EXACT {
            household += shares.first - self.u[FIRST][1];
        }
        Evidence { person, household, unrelated: unrelated + frequency }
    }

    /// What the frequency of the very values adds to "unrelated", in bits, where they agree exactly.
    fn frequency(&self, pattern: LevelPattern, shares: &Shares) -> f32 {
        let mut bits = 0.0;
        match pattern.0[FIRST] {
            first::EXACT => bits += shares.first - self.u[FIRST][1],
            // Unrelated namesakes are found exchanged as often as one person's records are.
            first::EXCHANGED => {
                let level = usize::from(first::EXCHANGED);
                let namesakes = self.m[FIRST][level] + shares.first + shares.last;
                bits += (namesakes - self.u[FIRST][level]).max(0.0);
            }
            _ => {}
        }
        if pattern.0[LAST] == 1 {
            bits += shares.last - self.u[LAST][1];
        }
        if pattern.0[BIRTH] == 1 {
            bits += shares.birth - self.u[BIRTH][1];
        }
        match pattern.0[PLACE] / 4 {
            1 => bits + (shares.address - self.building_bits[0]).max(0.0),
            2 => bits + (shares.building - self.building_bits[1]).max(0.0),
            _ => bits,
        }
    }

    /// Prior odds among so many records, when a record has one or two others of its own.
    pub(super) fn set_size(&mut self, n_records: u32) {
        const OTHERS: f32 = 1.5;
        const RECORDS_MIN: u32 = 10_000;
        self.unrelated_bits = (n_records.max(RECORDS_MIN) as f32 / OTHERS).log2();
    }

    /// Brings what follows from the tables up to date.
    pub(super) fn settle(&mut self) {
        let of = |level: usize| {
            let area = 4 * level + 1..4 * level + 4;
            self.u[PLACE][area].iter().map(|bits| bits.exp2()).sum::<f32>().log2()
        };
        self.building_bits = [of(1), of(2)];
        let most = |field: usize| {
            (1..N_LEVELS).map(|level| self.m[field][level] - self.u[field][level]).fold(0.0, f32::max)
        };
        let rest = [MIDDLE, SEX, SUFFIX, ID].map(most).iter().sum::<f32>();
        self.limits = [rest + most(PLACE), rest];
    }

    /// Whether a pair cannot reach a weight any more: after the names and the birth date (step 0), or
    /// these and the place (step 1).
    pub(super) fn is_hopeless(&self, step: usize, pattern: LevelPattern, shares: &Shares, bits: f32) -> bool {
        let mut against = self.unrelated_bits + self.frequency(pattern, shares) + bits - self.limits[step];
        for (field, level) in pattern.0.into_iter().enumerate().take(FIELDS_AT[step]) {
            let level = usize::from(level) % N_LEVELS;
            against += self.u[field][level] - self.m[field][level];
        }
        against > 0.0
    }
}

/// Fields known after each step.
const FIELDS_AT: [usize; 2] = [BIRTH + 1, PLACE + 1];

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
