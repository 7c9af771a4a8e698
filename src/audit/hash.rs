//! A SHA-256 value and its two spellings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// A SHA-256 value: a node of the tree, or the digest of a request or an answer.
///
/// Printed and serialized as 64 lowercase hexadecimal digits; in notes it is base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Hash([u8; 32]);

/// Some bytes or a text are not a [`struct@Hash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a SHA-256 value")]
pub struct NotAHash(());

impl Hash {
    /// The 32 bytes of a value computed elsewhere.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The SHA-256 value of `bytes`: what an entry binds of a request or an answer.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_parts(&[bytes])
    }

    /// The SHA-256 value of `parts`, one after another.
    pub(super) fn of_parts(parts: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        parts.iter().for_each(|part| context.update(part));
        let digest = context.finish();
        Self(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads RFC 4648 section 4 base64, in its one canonical spelling.
    ///
    /// # Errors
    ///
    /// [`NotAHash`] for any other text.
    pub fn from_base64(text: &str) -> Result<Self, NotAHash> {
        let bytes = STANDARD.decode(text).map_err(|_| NotAHash(()))?;
        Self::try_from(bytes.as_slice())
    }

    /// Its base64 spelling.
    #[must_use]
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = NotAHash;

    fn try_from(bytes: &[u8]) -> Result<Self, NotAHash> {
        bytes.try_into().map(Self).map_err(|_| NotAHash(()))
    }
}

impl TryFrom<String> for Hash {
    type Error = NotAHash;

    /// Reads 64 lowercase hexadecimal digits.
    fn try_from(text: String) -> Result<Self, NotAHash> {
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| NotAHash(()))?;
        // What no digit is leaves a bit above the four: one look at all of them in the end.
        let (mut bytes, mut all) = ([0; 32], 0);
        for (byte, [high, low]) in bytes.iter_mut().zip(digits.as_chunks().0) {
            let (high, low) = (VALUES[usize::from(*high)], VALUES[usize::from(*low)]);
            all |= high | low;
            *byte = high << 4 | low;
        }
        if all < 16 { Ok(Self(bytes)) } else { Err(NotAHash(())) }
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The value of each digit; of what is none, 16.
const VALUES: [u8; 256] = {
    let (mut values, mut value) = ([16; 256], 0);
    while value < 16 {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};

impl Hash {
    /// Its 64 digits: five times as fast as by the formatter, and a long log is mostly printing these.
    fn digits(&self) -> [u8; 64] {
        let mut digits = [0; 64];
        for ([high, low], byte) in digits.as_chunks_mut().0.iter_mut().zip(self.0) {
            (*high, *low) = (DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]);
        }
        digits
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.digits()).expect("digits are text"))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).expect("digits are text"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_fips_180_4() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Hash::of(b"abc").to_string(), abc);
        assert_eq!(Hash::of_parts(&[b"a", b"", b"bc"]).to_string(), abc);
        assert_eq!(Hash::try_from(abc.to_owned()), Ok(Hash::of(b"abc")));
        assert_eq!(format!("{:?}", Hash::of(b"abc")), abc);
    }

    #[test]
    fn both_spellings_are_strict() {
        let hash = Hash::of(b"abc");
        let base64 = hash.to_base64();
        assert_eq!(Hash::from_base64(&base64), Ok(hash));
        // The last digit before the padding carries two bits that must be zero.
        let (start, end) = base64.split_at(42);
        assert!(end.ends_with('='));
        for last in ('A'..='Z').chain('a'..='z').filter(|last| !end.starts_with(*last)) {
            let other = Hash::from_base64(&format!("{start}{last}="));
            assert!(other != Ok(hash), "{last}");
        }
        for wrong in [
            "",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
            " ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
        ] {
            assert!(Hash::from_base64(wrong).is_err(), "{wrong}");
        }
        assert!(Hash::try_from(hash.to_string().to_uppercase()).is_err());
        assert!(Hash::try_from(hash.to_string()[1..].to_owned()).is_err());
    }

    #[test]
    fn what_is_no_digit_is_found_wherever_it_stands() {
        for digits in [Hash::of(b"abc").to_string(), "0".repeat(64)] {
            let check = |at: usize, wrong: &str| {
                let mut text = digits.clone();
                text.replace_range(at..at + wrong.len(), wrong);
                assert_eq!(Hash::try_from(text.clone()), Err(NotAHash(())), "{text}");
            };
            for at in 0..64 {
                ["/", ":", "A", "F", "`", "g", " "].iter().for_each(|wrong| check(at, wrong));
            }
            (0..63).for_each(|at| check(at, "gg"));
        }
    }
}
