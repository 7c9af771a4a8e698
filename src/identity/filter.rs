//! Keyed Bloom filters and their similarity.

use super::token::mac;
use ring::hmac;
use zeroize::Zeroizing;

/// The letters whose pairs have their places looked up: marks, digits, Latin letters, the space.
const LETTERS: usize = 39;

/// Sets the bits of a filter of `64 * WORDS` bits for the q-grams of one kind of value.
///
/// Every position comes from an HMAC of the gram itself (random hashing): with double hashing, two
/// known positions would give away the rest (Christen, Ranbaduge and Schnell 2020, chapter 9). The
/// masks of all pairs of common letters are made once.
pub(super) struct Bloom<const WORDS: usize> {
    key: hmac::Key,
    /// Bits for each q-gram, at most 16: so many that about half of a filter is set for a typical value.
    hashes: usize,
    masks: Vec<[u64; WORDS]>,
}

impl<const WORDS: usize> Bloom<WORDS> {
    pub(super) fn new(key: hmac::Key, hashes: usize) -> Self {
        let mut bloom = Self { key, hashes, masks: Vec::new() };
        let letters: Vec<char> = "^$ 0123456789abcdefghijklmnopqrstuvwxyz".chars().collect();
        let pairs = letters.iter().flat_map(|a| letters.iter().map(move |b| (*a, *b)));
        bloom.masks = pairs.map(|(a, b)| bloom.mask(a, b)).collect();
        bloom
    }

    /// Overlapping pairs of characters, with a mark before the first and after the last.
    pub(super) fn pairs(&self, text: &str) -> [u64; WORDS] {
        let mut filter = [0; WORDS];
        let mut before = ('^', place('^'));
        for letter in text.chars().chain(std::iter::once('$')) {
            let letter = (letter, place(letter));
            self.set(before, letter, &mut filter);
            before = letter;
        }
        filter
    }

    /// Each character with its position from `0` on, for texts of at most ten digits.
    pub(super) fn positions(&self, text: &str) -> [u64; WORDS] {
        let mut filter = [0; WORDS];
        for (at, digit) in ('0'..='9').zip(text.chars()) {
            self.set((at, place(at)), (digit, place(digit)), &mut filter);
        }
        filter
    }

    /// Sets the bits of a pair of letters, each given with its place.
    fn set(&self, a: (char, Option<usize>), b: (char, Option<usize>), filter: &mut [u64; WORDS]) {
        let mask = match (a.1, b.1) {
            (Some(a), Some(b)) => self.masks[a * LETTERS + b],
            _ => self.mask(a.0, b.0),
        };
        filter.iter_mut().zip(mask).for_each(|(word, mask)| *word |= mask);
    }

    fn mask(&self, a: char, b: char) -> [u64; WORDS] {
        let gram = Zeroizing::new(String::from_iter([a, b]));
        let tag = mac(&self.key, &[gram.as_bytes()]);
        let mut mask = [0; WORDS];
        for pair in tag.as_ref().chunks_exact(2).take(self.hashes) {
            let position = usize::from(u16::from_le_bytes([pair[0], pair[1]])) % (64 * WORDS);
            mask[position / 64] |= 1 << (position % 64);
        }
        mask
    }
}

/// Where a letter stands among those looked up.
fn place(letter: char) -> Option<usize> {
    match letter {
        '^' => Some(0),
        '$' => Some(1),
        ' ' => Some(2),
        '0'..='9' => Some(3 + letter as usize - '0' as usize),
        'a'..='z' => Some(13 + letter as usize - 'a' as usize),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bloom() -> Bloom<4> {
        Bloom::new(hmac::Key::new(hmac::HMAC_SHA256, b"a test key"), 10)
    }

    #[test]
    fn what_is_looked_up_is_what_would_be_made() {
        let bloom = bloom();
        for (a, b) in [('^', 'a'), ('z', '$'), ('0', '9'), (' ', 'm')] {
            let mut filter = [0; 4];
            bloom.set((a, place(a)), (b, place(b)), &mut filter);
            assert_eq!(filter, bloom.mask(a, b));
        }
        assert_ne!(bloom.pairs("山田"), bloom.pairs("山口"));
    }
}
