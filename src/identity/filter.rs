//! Keyed Bloom filters and their similarity.

use super::token::mac;
use ring::hmac;
use std::collections::BTreeSet;
use zeroize::Zeroize;

/// Sets `hashes` bits (at most 16) of `filter` for each q-gram.
///
/// Every position comes from an HMAC of the gram itself (random hashing): with double hashing, two
/// known positions would give away the rest (Christen, Ranbaduge and Schnell 2020, chapter 9).
pub(super) fn insert(key: &hmac::Key, grams: &Grams, hashes: usize, filter: &mut [u64]) {
    let bits = filter.len() * 64;
    for gram in &grams.0 {
        let tag = mac(key, &[gram.as_bytes()]);
        for pair in tag.as_ref().chunks_exact(2).take(hashes) {
            let position = usize::from(u16::from_le_bytes([pair[0], pair[1]])) % bits;
            filter[position / 64] |= 1 << (position % 64);
        }
    }
}

/// The q-grams of a text: clear text, wiped when dropped.
pub(super) struct Grams(BTreeSet<String>);

impl Grams {
    /// Overlapping pairs of characters, with a mark before the first and after the last.
    pub(super) fn pairs(text: &str) -> Self {
        let marked = || std::iter::once('^').chain(text.chars()).chain(std::iter::once('$'));
        Self(marked().zip(marked().skip(1)).map(|(a, b)| String::from_iter([a, b])).collect())
    }

    /// Each character with its position, for texts of digits.
    pub(super) fn positions(text: &str) -> Self {
        Self(text.chars().enumerate().map(|(at, digit)| format!("{at}{digit}")).collect())
    }
}

impl Drop for Grams {
    fn drop(&mut self) {
        while let Some(mut gram) = self.0.pop_first() {
            gram.zeroize();
        }
    }
}

/// Dice similarity of two filters of one length, 0 to 1: twice the common bits over all bits.
pub(crate) fn dice(a: &[u64], b: &[u64]) -> f32 {
    let (common, ones_a, ones_b) = counts(a, b);
    2.0 * common as f32 / (ones_a + ones_b).max(1) as f32
}

/// The share of the smaller filter's bits that the other has too, 0 to 1: near 1 when one text is a
/// part of the other.
pub(crate) fn contained(a: &[u64], b: &[u64]) -> f32 {
    let (common, ones_a, ones_b) = counts(a, b);
    common as f32 / ones_a.min(ones_b).max(1) as f32
}

fn counts(a: &[u64], b: &[u64]) -> (u32, u32, u32) {
    a.iter().zip(b).fold((0, 0, 0), |(common, ones_a, ones_b), (a, b)| {
        (common + (a & b).count_ones(), ones_a + a.count_ones(), ones_b + b.count_ones())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> [u64; 4] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"a test key");
        let mut filter = [0; 4];
        insert(&key, &Grams::pairs(text), 10, &mut filter);
        filter
    }

    #[test]
    fn similarity_falls_with_the_distance() {
        let name = filter("katherine");
        assert_eq!(dice(&name, &name), 1.0);
        assert!(dice(&name, &filter("catherine")) > 0.75);
        assert!(dice(&name, &filter("catherine")) > dice(&name, &filter("kathryn")));
        assert!(dice(&name, &filter("kathryn")) > dice(&name, &filter("brooklyn")));
        assert!(contained(&filter("garcialopez"), &filter("garcia")) > 0.85);
        assert_eq!(dice(&[0; 4], &[0; 4]), 0.0);
    }
}
