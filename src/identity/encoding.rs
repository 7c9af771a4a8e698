//! What a person becomes: bytes that can be compared and not read.

use std::fmt;

/// A person's identifiers, encoded: keyed tokens for equality, keyed Bloom filters for closeness.
///
/// [`Encoding::LEN`] bytes, all numbers little-endian:
///
/// | Bytes | What |
/// | --- | --- |
/// | 0 | version of this layout, 1 |
/// | 1 | version of the normalizer |
/// | 2..4 | zero |
/// | 4..8 | presence of the blocking keys, bit *i* for key *i* |
/// | 8..16 | presence of the field tokens, bit *i* for token *i* |
/// | 16..144 | filters: given name, surname, address of 256 bits; birth date, ZIP of 128 bits |
/// | 144..360 | 27 field tokens of 64 bits: each one value, for exact comparison |
/// | 360..552 | 24 blocking keys of 64 bits: each a combination of values |
///
/// What is absent is zero. The field tokens repeat as often as their values do, so encodings are
/// stored encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoding(Box<[u8; Encoding::LEN]>);

/// Bytes are not an encoding this version reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an encoding of version 1")]
pub struct NotAnEncoding(());

/// A token of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// All words of the given name as one.
    First,
    /// Its first word.
    FirstWord,
    /// Its second word.
    SecondWord,
    FirstSound,
    FirstInitial,
    Root1,
    Root2,
    Root3,
    Root4,
    Middle,
    MiddleInitial,
    /// All parts of the surname as one.
    Last,
    LastPart1,
    LastPart2,
    LastSound,
    Suffix,
    Sex,
    Birth,
    /// The date with day and month exchanged, where that is a date.
    BirthSwapped,
    BirthMonthDay,
    BirthYearMonth,
    BirthYearDay,
    BirthYear,
    /// Building and unit; equal to `Building` when there is no unit.
    Address,
    Building,
    Zip,
    SharedId,
}

/// A Bloom filter of one value, present when the value's token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    First,
    Last,
    Address,
    Birth,
    Zip,
}

impl Filter {
    const fn words(self) -> std::ops::Range<usize> {
        match self {
            Self::First => 0..4,
            Self::Last => 4..8,
            Self::Address => 8..12,
            Self::Birth => 12..14,
            Self::Zip => 14..16,
        }
    }
}

const VERSION: u8 = 1;
const FILTERS_AT: usize = 16;
const SLOTS_AT: usize = 144;
const KEYS_AT: usize = 360;
const N_SLOTS: usize = 27;
const N_KEYS: usize = 24;

impl Encoding {
    /// Bytes in an encoding.
    pub const LEN: usize = KEYS_AT + 8 * N_KEYS;

    pub(super) fn empty(normalizer: u8) -> Self {
        let mut bytes = Box::new([0; Self::LEN]);
        bytes[0] = VERSION;
        bytes[1] = normalizer;
        Self(bytes)
    }

    /// The encoding with those bytes, made by another run of the same code.
    ///
    /// # Errors
    ///
    /// [`NotAnEncoding`] for another length, version or normalizer, or a value in a place declared empty.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAnEncoding> {
        let bytes: [u8; Self::LEN] = bytes.try_into().map_err(|_| NotAnEncoding(()))?;
        let encoding = Self(Box::new(bytes));
        let known = bytes[..4] == [VERSION, super::NORMALIZER_VERSION, 0, 0];
        let (keys, slots) = (encoding.key_presence(), encoding.slot_presence());
        let undeclared = |at: usize, count: usize, presence: u64| {
            presence >> count != 0
                || (0..count).any(|i| presence >> i & 1 == 0 && encoding.word(at + 8 * i) != 0)
        };
        let sound =
            known && !undeclared(SLOTS_AT, N_SLOTS, slots) && !undeclared(KEYS_AT, N_KEYS, keys.into());
        if sound { Ok(encoding) } else { Err(NotAnEncoding(())) }
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Whether nothing is known of the person; such an encoding links to nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slot_presence() == 0 && self.key_presence() == 0
    }

    pub(crate) fn token(&self, slot: Slot) -> Option<u64> {
        (self.slot_presence() >> slot as usize & 1 == 1).then(|| self.word(SLOTS_AT + 8 * slot as usize))
    }

    /// Four words, of which a short filter uses two.
    pub(crate) fn filter(&self, filter: Filter) -> [u64; 4] {
        let mut words = [0; 4];
        for (word, at) in words.iter_mut().zip(filter.words()) {
            *word = self.word(FILTERS_AT + 8 * at);
        }
        words
    }

    /// The blocking keys that are present, in the order of their kinds.
    pub(crate) fn blocking_keys(&self) -> impl Iterator<Item = u64> + '_ {
        let presence = self.key_presence();
        (0..N_KEYS).filter(move |i| presence >> i & 1 == 1).map(|i| self.word(KEYS_AT + 8 * i))
    }

    pub(super) fn set_token(&mut self, slot: Slot, token: u64) {
        let presence = self.slot_presence() | 1 << slot as usize;
        self.0[8..16].copy_from_slice(&presence.to_le_bytes());
        self.set_word(SLOTS_AT + 8 * slot as usize, token);
    }

    pub(super) fn set_filter(&mut self, filter: Filter, words: &[u64]) {
        for (word, at) in words.iter().zip(filter.words()) {
            self.set_word(FILTERS_AT + 8 * at, *word);
        }
    }

    pub(super) fn set_key(&mut self, kind: usize, key: u64) {
        let presence = self.key_presence() | 1 << kind;
        self.0[4..8].copy_from_slice(&presence.to_le_bytes());
        self.set_word(KEYS_AT + 8 * kind, key);
    }

    fn key_presence(&self) -> u32 {
        u32::from_le_bytes([self.0[4], self.0[5], self.0[6], self.0[7]])
    }

    fn slot_presence(&self) -> u64 {
        self.word(8)
    }

    fn word(&self, at: usize) -> u64 {
        let word = self.0[at..].first_chunk().expect("places lie within the fixed length");
        u64::from_le_bytes(*word)
    }

    fn set_word(&mut self, at: usize, word: u64) {
        self.0[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoding(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_read() {
        let mut encoding = Encoding::empty(crate::identity::NORMALIZER_VERSION);
        assert!(encoding.is_empty());
        encoding.set_token(Slot::SharedId, 5);
        encoding.set_key(23, 7);
        encoding.set_filter(Filter::Zip, &[1, 2]);
        assert_eq!(Encoding::from_bytes(encoding.as_bytes()), Ok(encoding.clone()));
        assert_eq!((encoding.token(Slot::SharedId), encoding.token(Slot::Zip)), (Some(5), None));
        assert_eq!(encoding.blocking_keys().collect::<Vec<_>>(), [7]);
        assert_eq!(encoding.filter(Filter::Zip), [1, 2, 0, 0]);
        // Another length, layout, normalizer, reserved byte; a value where none is declared.
        assert!(Encoding::from_bytes(&encoding.as_bytes()[1..]).is_err());
        for at in [0, 1, 2, 7, 15, SLOTS_AT, KEYS_AT] {
            let mut bytes = encoding.as_bytes().to_vec();
            bytes[at] ^= 0x80;
            assert!(Encoding::from_bytes(&bytes).is_err(), "{at}");
        }
    }
}
