//! An encoding in the form that comparison reads: small, in one piece, absent values zero.

use crate::identity::{Encoding, Filter, N_FILTER_WORDS, N_SLOTS, Slot};

/// Tokens of 32 bits and filters with their counts of bits.
///
/// Two different tokens of 64 bits fall together with a probability of 2^-32, which a single
/// comparison of one pair cannot turn into a link.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Features {
    filters: [u64; N_FILTER_WORDS],
    tokens: [u32; N_SLOTS],
    ones: [u16; 7],
}

const FILTERS: [Filter; 7] =
    [Filter::First, Filter::Last, Filter::Address, Filter::Middle, Filter::City, Filter::Birth, Filter::Zip];

impl Features {
    pub(super) fn new(encoding: &Encoding) -> Self {
        let filters = encoding.filters();
        let ones = FILTERS.map(|filter| ones(&filters[filter.words()]));
        Self { filters, tokens: encoding.tokens().map(folded), ones }
    }

    /// Records that are likely to be compared stand near each other in this order, and each where its
    /// contents put it.
    pub(super) fn place_in_order(&self, source: u32) -> [u32; 4] {
        let [birth, last, first] =
            [Slot::Birth, Slot::LastSound, Slot::FirstSound].map(|slot| self.token(slot));
        [birth, last, first, self.digest(source)]
    }

    /// Reads something from each line of the processor's cache.
    pub(super) fn glance(&self) -> u64 {
        let filters = self.filters.iter().step_by(8).fold(0, |all, word| all ^ word);
        self.tokens.iter().step_by(16).fold(filters, |all, token| all ^ u64::from(*token))
    }

    /// Differs where anything does, but for one in four thousand million cases.
    fn digest(&self, source: u32) -> u32 {
        let tokens = self.tokens.chunks_exact(2).map(|pair| u64::from(pair[0]) << 32 | u64::from(pair[1]));
        let all = self.filters.iter().copied().chain(tokens).fold(u64::from(source), |state, word| {
            (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        });
        (all ^ all >> 32) as u32
    }

    /// 0 when there is none.
    pub(super) const fn token(&self, slot: Slot) -> u32 {
        self.tokens[slot as usize]
    }

    pub(super) const fn has(&self, slot: Slot) -> bool {
        self.token(slot) != 0
    }

    /// Whether both have the value, and the same.
    pub(super) const fn same(&self, other: &Self, slot: Slot) -> bool {
        self.meets(slot, other, slot)
    }

    /// Whether a value of this one is a value of the other.
    pub(super) const fn meets(&self, slot: Slot, other: &Self, slot_of_other: Slot) -> bool {
        self.token(slot) != 0 && self.token(slot) == other.token(slot_of_other)
    }

    /// Dice similarity of two filters of one length, 0 to 1: twice the common bits over all bits.
    pub(super) fn dice(&self, filter: Filter, other: &Self, filter_of_other: Filter) -> f32 {
        let common = self.common(filter, other, filter_of_other);
        let all = self.ones[filter as usize] + other.ones[filter_of_other as usize];
        2.0 * f32::from(common) / f32::from(all.max(1))
    }

    /// The Dice similarity of two filters, and the share of the smaller one's bits that the other has too,
    /// both 0 to 1. The second is near 1 when one text is a part of the other.
    pub(super) fn closeness(&self, other: &Self, filter: Filter) -> (f32, f32) {
        let common = f32::from(self.common(filter, other, filter));
        let (one, two) = (self.ones[filter as usize], other.ones[filter as usize]);
        (2.0 * common / f32::from((one + two).max(1)), common / f32::from(one.min(two).max(1)))
    }

    fn common(&self, filter: Filter, other: &Self, filter_of_other: Filter) -> u16 {
        let (a, b) = (&self.filters[filter.words()], &other.filters[filter_of_other.words()]);
        a.iter().zip(b).map(|(a, b)| (a & b).count_ones() as u16).sum()
    }
}

fn ones(words: &[u64]) -> u16 {
    words.iter().map(|word| word.count_ones() as u16).sum()
}

/// 0 stays 0, and nothing else becomes it.
fn folded(token: u64) -> u32 {
    let folded = (token ^ token >> 32) as u32;
    if token == 0 { 0 } else { folded.max(1) }
}
