//! What a person becomes: bytes that can be compared and not read.

use super::{KeyId, NORMALIZER_VERSION};
use std::fmt;

/// A person's identifiers, encoded: keyed tokens for equality, keyed Bloom filters for closeness.
///
/// [`Encoding::LEN`] bytes, all numbers little-endian:
///
/// | Bytes | What |
/// | --- | --- |
/// | 0 | version of this layout, 3 |
/// | 1 | version of the normalizer |
/// | 2..8 | id of the linkage key |
/// | 8..16 | presence of the tokens, bit *i* for token *i* |
/// | 16..176 | filters: given name, surname, address of 256 bits; middle name, city, birth date, ZIP of 128 bits |
/// | 176..496 | 40 tokens of 64 bits: each one value or a part of it, for exact comparison |
///
/// What is absent is zero. The tokens repeat as often as their values do, so encodings are stored
/// encrypted. Blocking keys are mixed from tokens by whoever links, and are no part of an encoding.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoding(Box<[u8; Encoding::LEN]>);

/// What an encoding was made by: layout, normalizer and linkage key, its first eight bytes. Only encodings of one
/// make compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Make([u8; 8]);

impl Make {
    /// What this program makes with a key.
    #[must_use]
    pub const fn of(key: KeyId) -> Self {
        let [a, b, c, d, e, f] = *key.as_bytes();
        Self([VERSION, NORMALIZER_VERSION, a, b, c, d, e, f])
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

/// Bytes are not an encoding this version reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEncoding {
    /// An earlier layout, or made by an earlier normalizer: it compares with none of today's.
    #[error("is an encoding of an earlier version, and has to be made again")]
    Earlier,
    /// Anything else.
    #[error("is not an encoding of version 3")]
    Unknown,
}

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
    /// Its first three letters.
    FirstStart,
    /// Its letters in alphabetical order: the same after two of them change places.
    FirstLetters,
    Root1,
    Root2,
    Root3,
    Root4,
    Middle,
    /// Its first word, when it has several.
    MiddleWord,
    MiddleSound,
    MiddleInitial,
    /// All parts of the surname as one.
    Last,
    LastPart1,
    LastPart2,
    LastSound,
    LastPart1Sound,
    LastPart2Sound,
    LastInitial,
    /// Its first four letters.
    LastStart,
    LastLetters,
    Suffix,
    Sex,
    Birth,
    /// The date with day and month exchanged.
    BirthSwapped,
    BirthMonthDay,
    BirthYearMonth,
    BirthYearDay,
    BirthYear,
    /// Building and unit; equal to `Building` when there is no unit.
    Address,
    Building,
    HouseNumber,
    Street,
    /// House number and the street's first word.
    AddressKey,
    Zip,
    City,
    SharedId,
}

/// A Bloom filter of one value, present when the value's token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    First,
    Last,
    Address,
    Middle,
    City,
    Birth,
    Zip,
}

impl Filter {
    pub(crate) const fn words(self) -> std::ops::Range<usize> {
        match self {
            Self::First => 0..4,
            Self::Last => 4..8,
            Self::Address => 8..12,
            Self::Middle => 12..14,
            Self::City => 14..16,
            Self::Birth => 16..18,
            Self::Zip => 18..20,
        }
    }
}

const VERSION: u8 = 3;
const FILTERS_AT: usize = 16;
const SLOTS_AT: usize = 176;
/// Tokens in an encoding.
pub(crate) const N_SLOTS: usize = Slot::SharedId as usize + 1;
/// 64-bit words of all filters.
pub(crate) const N_FILTER_WORDS: usize = 20;

impl Encoding {
    /// Bytes in an encoding.
    pub const LEN: usize = SLOTS_AT + 8 * N_SLOTS;

    pub(super) fn empty(key: KeyId) -> Self {
        let mut bytes = Box::new([0; Self::LEN]);
        bytes[..8].copy_from_slice(Make::of(key).as_bytes());
        Self(bytes)
    }

    /// The encoding with those bytes, made by another run of the same code.
    ///
    /// # Errors
    ///
    /// [`NotAnEncoding`] for another length, version or normalizer, or a value in a place declared empty.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAnEncoding> {
        if let [layout, normalizer, ..] = *bytes
            && (1..=VERSION).contains(&layout)
            && (1..=NORMALIZER_VERSION).contains(&normalizer)
            && (layout, normalizer) != (VERSION, NORMALIZER_VERSION)
        {
            return Err(NotAnEncoding::Earlier);
        }
        let bytes: [u8; Self::LEN] = bytes.try_into().map_err(|_| NotAnEncoding::Unknown)?;
        let encoding = Self(Box::new(bytes));
        let known = bytes[..2] == [VERSION, NORMALIZER_VERSION] && bytes[2..8] != [0; 6];
        let slots = encoding.slot_presence();
        let undeclared = slots >> N_SLOTS != 0
            || (0..N_SLOTS).any(|i| slots >> i & 1 == 0 && encoding.word(SLOTS_AT + 8 * i) != 0);
        if known && !undeclared { Ok(encoding) } else { Err(NotAnEncoding::Unknown) }
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The key it was made with.
    #[must_use]
    pub fn key(&self) -> KeyId {
        let [_, _, key @ ..] = *self.0.first_chunk::<8>().expect("an encoding is longer");
        KeyId::from_bytes(key)
    }

    /// Whether nothing is known of the person; such an encoding links to nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slot_presence() == 0
    }

    #[cfg(test)]
    pub(super) fn token(&self, slot: Slot) -> Option<u64> {
        (self.slot_presence() >> slot as usize & 1 == 1).then(|| self.word(SLOTS_AT + 8 * slot as usize))
    }

    /// Every token, 0 where there is none.
    pub(crate) fn tokens(&self) -> [u64; N_SLOTS] {
        std::array::from_fn(|at| self.word(SLOTS_AT + 8 * at))
    }

    /// The words of every filter, in the order of [`Filter`].
    pub(crate) fn filters(&self) -> [u64; N_FILTER_WORDS] {
        std::array::from_fn(|at| self.word(FILTERS_AT + 8 * at))
    }

    /// A token of 0 means absence, so one that falls on 0 becomes 1.
    pub(super) fn set_token(&mut self, slot: Slot, token: u64) {
        self.set_token_at(slot as usize, token.max(1));
    }

    /// Sets a token that is not 0, by the number of its slot.
    pub(super) fn set_token_at(&mut self, at: usize, token: u64) {
        self.set_word(8, self.slot_presence() | 1 << at);
        self.set_word(SLOTS_AT + 8 * at, token);
    }

    pub(super) fn set_filter(&mut self, filter: Filter, words: &[u64]) {
        for (word, at) in words.iter().zip(filter.words()) {
            self.set_word(FILTERS_AT + 8 * at, *word);
        }
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
        let key = KeyId::from_bytes([1, 2, 3, 4, 5, 6]);
        let mut encoding = Encoding::empty(key);
        assert!(encoding.is_empty());
        assert_eq!((encoding.key(), &encoding.as_bytes()[..8]), (key, &Make::of(key).as_bytes()[..]));
        encoding.set_token(Slot::SharedId, 5);
        encoding.set_filter(Filter::Zip, &[1, 2]);
        assert_eq!(Encoding::from_bytes(encoding.as_bytes()), Ok(encoding.clone()));
        assert_eq!((encoding.token(Slot::SharedId), encoding.token(Slot::Zip)), (Some(5), None));
        assert_eq!((encoding.tokens()[N_SLOTS - 1], encoding.filters()[19]), (5, 2));
        // Another length, layout or normalizer; no key; a value where none is declared.
        let unknown = Err(NotAnEncoding::Unknown);
        assert_eq!(Encoding::from_bytes(&encoding.as_bytes()[..100]), unknown);
        for at in [0, 1, 15, SLOTS_AT] {
            let mut bytes = encoding.as_bytes().to_vec();
            bytes[at] ^= 0x80;
            assert_eq!(Encoding::from_bytes(&bytes), unknown, "{at}");
        }
        assert_eq!(Encoding::from_bytes(Encoding::empty(KeyId::from_bytes([0; 6])).as_bytes()), unknown);
        for version in [&[1, 1][..], &[2, 1], &[2, 2]] {
            assert_eq!(Encoding::from_bytes(version), Err(NotAnEncoding::Earlier));
        }
    }
}
