//! How frequent values are, counted by their tokens.

use super::comparison::{LevelPattern, first};
use super::features::Features;
use super::hashing::ByToken;
use super::model::{BIRTH, FIRST, LAST, PLACE};
use crate::identity::Slot;
use crate::parallel;
use std::collections::HashMap;

/// The values that are counted.
const COUNTED: [Slot; 5] = [Slot::First, Slot::Last, Slot::Birth, Slot::Address, Slot::Building];

/// Counts of values among the records it was told of.
#[derive(Debug, Clone, Default)]
pub(super) struct Frequencies {
    counts: [HashMap<u32, u32, ByToken>; COUNTED.len()],
    totals: [u32; COUNTED.len()],
}

/// The binary logarithm of the share of records that have the value of one record: given name,
/// surname, birth date, address, building.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Shares {
    pub(super) first: f32,
    pub(super) last: f32,
    pub(super) birth: f32,
    pub(super) address: f32,
    pub(super) building: f32,
}

impl Shares {
    /// Those that count for a pattern: of values that agree exactly.
    pub(super) fn relevant(self, pattern: LevelPattern) -> Self {
        let when = |field: usize, level: u8, share: f32| if pattern.0[field] == level { share } else { 0.0 };
        let exchanged = pattern.0[FIRST] == first::EXCHANGED;
        let name = |field: usize, share: f32| if exchanged { share } else { when(field, 1, share) };
        let address = |level: u8, share: f32| if pattern.0[PLACE] / 4 == level { share } else { 0.0 };
        Self {
            first: name(FIRST, self.first),
            last: name(LAST, self.last),
            birth: when(BIRTH, 1, self.birth),
            address: address(1, self.address),
            building: address(2, self.building),
        }
    }

    /// In half bits, rounded.
    pub(super) fn halves(self) -> [i8; 5] {
        [self.first, self.last, self.birth, self.address, self.building]
            .map(|bits| (2.0 * bits).round() as i8)
    }

    pub(super) fn from_halves(halves: [i8; 5]) -> Self {
        let [first, last, birth, address, building] = halves.map(|half| f32::from(half) / 2.0);
        Self { first, last, birth, address, building }
    }
}

impl Frequencies {
    /// Counts a whole set.
    pub(super) fn of(records: &[Features]) -> Self {
        let counted = parallel::map(COUNTED.len(), |at| {
            let mut frequencies = Self::default();
            records.iter().for_each(|record| frequencies.add_one(at, record));
            frequencies
        });
        let mut all = Self::default();
        for (at, mut counted) in counted.into_iter().enumerate() {
            all.counts[at] = std::mem::take(&mut counted.counts[at]);
            all.totals[at] = counted.totals[at];
        }
        all
    }

    pub(super) fn add(&mut self, record: &Features) {
        (0..COUNTED.len()).for_each(|at| self.add_one(at, record));
    }

    fn add_one(&mut self, at: usize, record: &Features) {
        if record.has(COUNTED[at]) {
            *self.counts[at].entry(record.token(COUNTED[at])).or_default() += 1;
            self.totals[at] += 1;
        }
    }

    pub(super) fn remove(&mut self, record: &Features) {
        for (at, slot) in COUNTED.into_iter().enumerate() {
            if let Some(count) = self.counts[at].get_mut(&record.token(slot)) {
                *count -= 1;
                self.totals[at] -= 1;
                if *count == 0 {
                    self.counts[at].remove(&record.token(slot));
                }
            }
        }
    }

    pub(super) fn shares(&self, record: &Features) -> Shares {
        let count = |at: usize| {
            let count = self.counts[at].get(&record.token(COUNTED[at]));
            count.copied().unwrap_or(0) as f32
        };
        let total = |at: usize| self.totals[at] as f32;
        // A rare value may be more frequent than it was seen to be; a small set says little of any.
        let of = |at: usize| ((count(at) + 1.0) / (total(at) + ASSUMED[at])).log2();
        // The records of one family at its address say nothing of other people there.
        let beyond = |at: usize| ((count(at) - FAMILY) / total(at)).max(f32::MIN_POSITIVE).log2();
        Shares { first: of(0), last: of(1), birth: of(2), address: beyond(3), building: beyond(4) }
    }
}

/// Records that are assumed to have been seen before, all with different values.
const ASSUMED: [f32; 3] = [300.0, 300.0, 4_000.0];
const FAMILY: f32 = 12.0;
