//! The key tree: a root, and a key of its own for every purpose and field.

use super::filter::Bloom;
use super::normalize::Plain;
use super::token::mac64;
use crate::records::Sex;
use ring::{hkdf, hmac};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A secret from which keys of a collaboration are derived: 32 bytes from a random source.
///
/// It is never stored beside the data, never printed, and wiped when dropped. Whoever has it can
/// test guesses of names against encodings.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Root([u8; 32]);

/// What tells a linkage key from others: derived from its root, which can not be told from it.
///
/// Written as 12 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 6]);

impl KeyId {
    /// The id with those bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 6] {
        &self.0
    }

    /// Reads what its display wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 12 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let number = is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten()?;
        let [_, _, bytes @ ..] = number.to_be_bytes();
        Some(Self(bytes))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A text is not a root. It says nothing of the text, which may be most of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a root key (expected 64 hexadecimal digits)")]
pub struct NotARoot(());

impl Root {
    /// The root with those bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits of either case; white space around them is ignored.
    ///
    /// # Errors
    ///
    /// [`NotARoot`] for anything else.
    pub fn parse_hex(text: &str) -> Result<Self, NotARoot> {
        let digits = text.trim().as_bytes();
        if digits.len() != 64 {
            return Err(NotARoot(()));
        }
        let mut bytes = Zeroizing::new([0; 32]);
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let nibble = |digit: u8| char::from(digit).to_digit(16).ok_or(NotARoot(()));
            *byte = (nibble(pair[0])? << 4 | nibble(pair[1])?) as u8;
        }
        Ok(Self(*bytes))
    }

    /// The bytes in hexadecimal digits.
    pub(super) fn to_hex(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        for nibble in self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
            text.push(char::from_digit(nibble.into(), 16).expect("a nibble is below 16"));
        }
        text
    }

    /// Derives a key: HKDF with SHA-256 (RFC 5869), salt `throughline/v1`, info `throughline/v1/` and the label.
    fn derive(&self) -> impl Fn(&str) -> hmac::Key {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"throughline/v1").extract(&self.0);
        move |label| {
            let info = [b"throughline/v1/".as_slice(), label.as_bytes()];
            let okm = secret.expand(&info, hmac::HMAC_SHA256);
            // HKDF refuses outputs above 255 blocks; this one is a single block.
            okm.expect("one block can be derived").into()
        }
    }
}

/// Bits set for each q-gram: about half of a filter for a typical value.
const NAME_HASHES: usize = 12;
const ADDRESS_HASHES: usize = 8;
const SHORT_HASHES: usize = 6;

/// The keys of tokens, which stand for students and records of a source. They stay when linkage keys change: a
/// record that comes again has to find itself.
pub(super) struct TokenKeys {
    pub(super) student: hmac::Key,
    pub(super) record: hmac::Key,
}

impl TokenKeys {
    pub(super) fn derive(root: &Root) -> Self {
        let key = root.derive();
        Self { student: key("token/student"), record: key("token/record") }
    }
}

/// The keys of encodings, ready for hashing; made once and shared by all who encode.
///
/// One HKDF label each, for example `throughline/v1/token/name`. All names share the keys `token/name` and
/// `filter/name`: only so can a surname in the place of a given name be seen. The label's version changes when
/// the use of a key does.
pub struct Keys {
    pub(super) id: KeyId,
    pub(super) name: hmac::Key,
    pub(super) initial: hmac::Key,
    pub(super) phonetic: hmac::Key,
    pub(super) nickname: hmac::Key,
    pub(super) suffix: hmac::Key,
    pub(super) sex: hmac::Key,
    pub(super) birth_date: hmac::Key,
    pub(super) address: hmac::Key,
    pub(super) zip: hmac::Key,
    pub(super) shared_id: hmac::Key,
    pub(super) city: hmac::Key,
    pub(super) start: hmac::Key,
    pub(super) name_filter: Bloom<4>,
    pub(super) middle_filter: Bloom<2>,
    pub(super) address_filter: Bloom<4>,
    pub(super) city_filter: Bloom<2>,
    pub(super) birth_date_filter: Bloom<2>,
    pub(super) zip_filter: Bloom<2>,
}

impl Keys {
    /// Derives every key from the root.
    #[must_use]
    pub fn derive(root: &Root) -> Self {
        let key = root.derive();
        let id = hmac::sign(&key("id/linkage"), b"");
        let (id, _) = id.as_ref().split_first_chunk().expect("SHA-256 has 32 bytes");
        Self {
            id: KeyId(*id),
            name: key("token/name"),
            initial: key("token/initial"),
            phonetic: key("token/phonetic"),
            nickname: key("token/nickname"),
            suffix: key("token/suffix"),
            sex: key("token/sex"),
            birth_date: key("token/birth_date"),
            address: key("token/address"),
            zip: key("token/zip"),
            shared_id: key("token/shared_id"),
            city: key("token/city"),
            start: key("token/start"),
            name_filter: Bloom::new(key("filter/name"), NAME_HASHES),
            middle_filter: Bloom::new(key("filter/middle"), SHORT_HASHES),
            address_filter: Bloom::new(key("filter/address"), ADDRESS_HASHES),
            city_filter: Bloom::new(key("filter/city"), SHORT_HASHES),
            birth_date_filter: Bloom::new(key("filter/birth_date"), SHORT_HASHES),
            zip_filter: Bloom::new(key("filter/zip"), SHORT_HASHES),
        }
    }

    /// What tells these keys from those of another root.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn name_token(&self, text: &str) -> u64 {
        mac64(&self.name, &[text.as_bytes()])
    }

    pub(super) fn sound_token(&self, code: &str) -> u64 {
        mac64(&self.phonetic, &[code.as_bytes()])
    }

    pub(super) fn start_token(&self, text: &str) -> u64 {
        mac64(&self.start, &[text.as_bytes()])
    }

    pub(super) fn initial_token(&self, text: &str) -> u64 {
        let initial = Plain::new(text.chars().take(1).collect());
        mac64(&self.initial, &[initial.as_bytes()])
    }

    pub(super) fn sex_token(&self, sex: Sex) -> u64 {
        mac64(&self.sex, &[sex.code().as_bytes()])
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_64_hexadecimal_digits() {
        let hex = "000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f";
        let root = Root::parse_hex(&format!("{hex}\n")).map(|root| root.0);
        assert_eq!(root, Ok(std::array::from_fn(|i| i as u8)));
        for wrong in ["", "00", &hex[1..], &format!("{hex}00"), &hex.replace('f', "g"), &"é".repeat(32)] {
            assert!(Root::parse_hex(wrong).is_err());
        }
    }

    #[test]
    fn keys_show_nothing() {
        assert_eq!(format!("{:?}", Keys::derive(&Root::from_bytes([7; 32]))), "Keys(..)");
    }
}
