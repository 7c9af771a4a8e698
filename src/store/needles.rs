//! What a search of the file must not find, and the search.

use std::collections::HashSet;
use std::sync::Arc;

/// Tokens that a search looks for, at most: they take 16 bytes each.
const NEEDLES_MAX: usize = 1_000_000;

/// Different bytes that a token has at the least. Of 16 bytes that a key has made this many differ but for one in billions;
/// fewer are in a file anyway (rows of zeros), where a source that encodes by itself has sent such a token.
const DISTINCT_MIN: usize = 7;

/// A keyed token, or the beginning of a sealed encoding.
pub(super) type Token = [u8; 16];

/// Keyed tokens and the beginnings of sealed encodings of what was erased. They are in memory only.
#[derive(Default)]
pub struct Needles(HashSet<Token>);

impl Needles {
    /// Looks for this, too, as long as there is room.
    pub fn add(&mut self, token: [u8; 16]) {
        if self.0.len() < NEEDLES_MAX && token.iter().collect::<HashSet<_>>().len() >= DISTINCT_MIN {
            self.0.insert(token);
        }
    }

    /// Does not look for it.
    pub fn remove(&mut self, token: &[u8; 16]) {
        self.0.remove(token);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of them are among these.
    pub(super) fn among(&self, tokens: &HashSet<Token>) -> u64 {
        tokens.iter().filter(|token| self.0.contains(*token)).count() as u64
    }
}

/// A search for the needles of several destructions at once.
pub(super) struct Search {
    tokens: HashSet<Token>,
    /// By the first three bytes, whether a token begins so: most windows do not, and are not looked up.
    begins: Vec<u64>,
}

impl Search {
    pub(super) fn of(all: &[Arc<Needles>]) -> Self {
        Self::new(all.iter().flat_map(|needles| &needles.0).copied().collect())
    }

    pub(super) fn new(tokens: HashSet<Token>) -> Self {
        // Two million bytes, where there is anything to look for.
        let mut begins = if tokens.is_empty() { Vec::new() } else { vec![0_u64; 1 << 18] };
        for token in &tokens {
            let (word, bit) = place(token);
            begins[word] |= bit;
        }
        Self { tokens, begins }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Adds to `found` what is in `bytes`.
    pub(super) fn look(&self, bytes: &[u8], found: &mut HashSet<Token>) {
        if self.is_empty() {
            return;
        }
        for window in bytes.windows(16) {
            let (word, bit) = place(window);
            if self.begins[word] & bit != 0
                && let Some(token) = self.tokens.get(window)
            {
                found.insert(*token);
            }
        }
    }
}

fn place(bytes: &[u8]) -> (usize, u64) {
    let at = usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2]);
    (at / 64, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_any_file_is_not_looked_for() {
        let mut needles = Needles::default();
        for token in [*b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", *b"abcabcabcabcabca", *b"sixteen bytes !!"] {
            needles.add(token);
        }
        assert_eq!(needles.len(), 1);
        let search = Search::of(&[Arc::new(needles)]);
        let mut found = HashSet::new();
        search.look(b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0 and sixteen bytes ! and so on", &mut found);
        assert!(found.is_empty());
        search.look(b"here are sixteen bytes !!, twice sixteen bytes !!", &mut found);
        assert_eq!(found.len(), 1);
        Search::of(&[]).look(b"sixteen bytes !!", &mut found);
    }
}
