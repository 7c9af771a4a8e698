//! Learning what levels say from the records themselves, without labels.
//!
//! Expectation–maximization over a sample of candidate pairs and of random pairs. Blocking finds
//! nearly every pair of one person, so the candidates' share of each level among likely matches is
//! `m`; random pairs, freed of the likely matches among them, give `u`.
//!
//! Source: Winkler, "Using the EM Algorithm for Weight Computation in the Fellegi–Sunter Model" (1988).

use super::comparison::N_LEVELS;
use super::model::{
    BIRTH, FIRST, ID, LAST, MIDDLE, Model, N_FIELDS, PLACE, SEX, SUFFIX, Table, alternatives,
};
use super::prior::beliefs;
use super::sample::{Pairs, Sample};
use crate::parallel;

const ROUNDS: usize = 24;

/// How many pairs a belief weighs as much as.
const STRENGTH_M: f64 = 60.0;
const STRENGTH_H: f64 = 60.0;
const STRENGTH_U: f64 = 20.0;
/// Pairs of one person that are believed to be there; half as many of a household.
const BELIEVED_LINKS: f64 = 3.0;

impl Sample {
    /// The model under which the sample is likeliest, near what is believed beforehand, and whether each
    /// source, of which `sizes` are given, holds a person once; of some it is known.
    pub(super) fn model(&self, sizes: &[u32], known_once: &[u32]) -> (Model, Vec<bool>) {
        let beliefs = beliefs();
        let beginning = Model::default();
        let mut model = Model {
            version: beginning.version + 1,
            unrelated_bits: (self.n_records as f32).max(2.0).log2(),
            ..beginning
        };
        let mut unique = vec![false; sizes.len()];
        known_once.iter().for_each(|source| unique[*source as usize] = true);
        if self.candidates.is_empty() {
            return (model, unique);
        }
        for round in 0..ROUNDS {
            if round == ROUNDS / 2 {
                let found = self.unique(&model, sizes);
                unique.iter_mut().zip(found).for_each(|(unique, found)| *unique |= found);
            }
            self.improve(&mut model, &beliefs, &unique, sizes);
        }
        (model, unique)
    }

    fn improve(&self, model: &mut Model, beliefs: &[Table; 3], unique: &[bool], sizes: &[u32]) {
        let n = self.n_records as f64;
        let pairs_of = |size: f64| size * (size - 1.0) / 2.0;
        let within = sizes.iter().zip(unique).filter(|(_, unique)| **unique);
        let n_possible = pairs_of(n) - within.map(|(size, _)| pairs_of(f64::from(*size))).sum::<f64>();
        let (seen, unseen) = (count(model, &self.candidates, unique), count(model, &self.random, unique));
        let links = (seen.totals[0] / self.taken).min(n_links_max(unique, sizes)) + BELIEVED_LINKS;
        let kin = seen.totals[1] / self.taken + BELIEVED_LINKS / 2.0;
        model.household_bits = (kin / links).log2() as f32;
        model.unrelated_bits = (n_possible.max(1.0) / links).log2() as f32;
        model.u = estimated(&unseen.tables[2], &beliefs[2], STRENGTH_U);
        model.m = estimated(&seen.tables[0], &beliefs[0], STRENGTH_M);
        model.h = estimated(&seen.tables[1], &beliefs[1], STRENGTH_H);
        keep_near(&mut model.m, &beliefs[0]);
        tie(model);
        model.settle();
    }

    /// Whether each source holds a person once: hardly a record has a likely second within it.
    fn unique(&self, model: &Model, sizes: &[u32]) -> Vec<bool> {
        let mut seconds = vec![0.0; sizes.len()];
        for pairs in &self.candidates {
            if let Some(source) = pairs.source {
                let bits = model.evidence(pairs.pattern, &pairs.shares).bits();
                seconds[source as usize] += pairs.count / f64::from(1.0 + (-bits).exp2());
            }
        }
        // A set of one source is searched for doubles, or for nothing.
        let few = |(seconds, size): (f64, &u32)| {
            sizes.len() > 1 && seconds / self.taken < SECONDS_SURE + SECONDS_MAX * f64::from(*size)
        };
        seconds.into_iter().zip(sizes).map(few).collect()
    }
}

/// Twins and a clerk's doubles: so many second records may a source have that holds a person once, as a
/// share of its records, and in all.
const SECONDS_MAX: f64 = 0.01;
const SECONDS_SURE: f64 = 1.5;

/// In each way, records of one person disagree so many times as often as is believed at most; in the sets with
/// known truth it is up to ten times. And of names and birth dates half agree exactly.
const ERRORS_MAX: f64 = 12.0;
const ERRORS_SHARE_MAX: f64 = 0.5;

/// Keeps `m` that of one person.
///
/// Where values of several fields go together, as names and birthdays of a community may, pairs that share those
/// are many more than the pairs of one person, and more alike than chance. Without a limit it is these that "one
/// person" would be learned from, whose surname is another one most of the time.
fn keep_near(m: &mut Table, belief: &Table) {
    for field in [FIRST, LAST, BIRTH] {
        for levels in alternatives(field) {
            let believed: f64 = levels.iter().map(|level| f64::from(belief[field][*level])).sum();
            let (exact, errors) = levels.split_first().expect("each set of alternatives has levels");
            let share = |level: &usize| {
                let most = ERRORS_MAX * f64::from(belief[field][*level]) / believed;
                f64::from(m[field][*level].exp2()).min(most)
            };
            let mut shares: Vec<f64> = errors.iter().map(share).collect();
            let too_many = (shares.iter().sum::<f64>() / ERRORS_SHARE_MAX).max(1.0);
            shares.iter_mut().for_each(|share| *share /= too_many);
            m[field][*exact] = (1.0 - shares.iter().sum::<f64>()).log2() as f32;
            errors.iter().zip(shares).for_each(|(level, share)| m[field][*level] = share.log2() as f32);
        }
    }
}

/// Pairs of one person there can be at most, if every source holds a person once.
fn n_links_max(unique: &[bool], sizes: &[u32]) -> f64 {
    if unique.contains(&false) {
        return f64::INFINITY;
    }
    // Each with all that are larger.
    let mut sizes: Vec<u32> = sizes.to_vec();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes.iter().enumerate().map(|(larger, size)| larger as f64 * f64::from(*size)).sum()
}

/// What the classes have in common.
fn tie(model: &mut Model) {
    // Siblings' names, and whatever else a household does not share, are those of unrelated people.
    for field in [FIRST, MIDDLE, SEX, SUFFIX, ID] {
        model.h[field] = model.u[field];
    }
    // Twins are as rare everywhere. Were it learned, records of one person under two names would be
    // taken for twins in a set that has none.
    model.h[BIRTH] = Model::default().h[BIRTH];
    // Who lives in one building lives in one area.
    for address in 1..=3 {
        let area = 4 * address + 1..4 * address + 4;
        let sum =
            |table: &Table| table[PLACE][area.clone()].iter().map(|bits| bits.exp2()).sum::<f32>().log2();
        let by = sum(&model.u) - sum(&model.m);
        for level in area {
            model.u[PLACE][level] = model.m[PLACE][level] + by;
        }
    }
}

/// Expected numbers of pairs in each class (one person, household, unrelated), by level and in all.
struct Counts {
    tables: [[[f64; N_LEVELS]; N_FIELDS]; 3],
    totals: [f64; 3],
}

fn count(model: &Model, pairs: &[Pairs], unique: &[bool]) -> Counts {
    let empty = || Counts { tables: [[[0.0; N_LEVELS]; N_FIELDS]; 3], totals: [0.0; 3] };
    let chunks: Vec<&[Pairs]> = pairs.chunks(20_000).collect();
    let parts = parallel::map(chunks.len(), |at| {
        let mut counts = empty();
        for pairs in chunks[at] {
            let evidence = model.evidence(pairs.pattern, &pairs.shares);
            let impossible = pairs.source.is_some_and(|source| unique[source as usize]);
            let person = if impossible { f32::NEG_INFINITY } else { evidence.person };
            let bits = [person, evidence.household, evidence.unrelated];
            let most = bits.iter().copied().fold(f32::MIN, f32::max);
            let odds = bits.map(|bits| f64::from((bits - most).exp2()));
            let all: f64 = odds.iter().sum();
            for (class, odds) in odds.into_iter().enumerate() {
                let p = odds / all * pairs.count;
                counts.totals[class] += p;
                for (field, level) in pairs.pattern.0.into_iter().enumerate() {
                    counts.tables[class][field][usize::from(level)] += p;
                }
            }
        }
        counts
    });
    // Summed in order, so that the result does not depend on the number of threads.
    parts.into_iter().fold(empty(), |mut sum, part| {
        for (class, table) in part.tables.iter().enumerate() {
            sum.totals[class] += part.totals[class];
            for (field, levels) in table.iter().enumerate() {
                for (level, count) in levels.iter().enumerate() {
                    sum.tables[class][field][level] += count;
                }
            }
        }
        sum
    })
}

/// Probabilities within each set of alternatives, as binary logarithms.
fn estimated(counts: &[[f64; N_LEVELS]; N_FIELDS], belief: &Table, strength: f64) -> Table {
    let mut table = [[0.0; N_LEVELS]; N_FIELDS];
    for field in 0..N_FIELDS {
        for levels in alternatives(field) {
            let believed: f64 = levels.iter().map(|level| f64::from(belief[field][*level])).sum();
            let counted: f64 = levels.iter().map(|level| counts[field][*level]).sum();
            for level in levels {
                let belief = f64::from(belief[field][level]) / believed * strength;
                table[field][level] =
                    (((counts[field][level] + belief) / (counted + strength)).log2()) as f32;
            }
        }
    }
    table
}
