//! Ids held while a roster is put together, and digests of keys.

use ring::digest::{SHA256, digest};
use std::borrow::Borrow;
use std::collections::HashMap;
use zeroize::ZeroizeOnDrop;

/// A row's id, perhaps a student number: no `Debug`, wiped when dropped.
#[derive(PartialEq, Eq, Hash, ZeroizeOnDrop)]
pub(super) struct Id(String);

impl Id {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Id {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The keys of a file so far, as digests, so that millions of them neither fill memory nor stay in it.
#[derive(Default)]
pub(super) struct Seen(HashMap<[u8; 16], [u8; 16]>);

/// What a key is to the rows before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    New,
    /// Another row said the same.
    Repeat,
    /// Another row has the key and says something else.
    Clash,
}

impl Seen {
    /// Notes a key with a row's contents.
    pub(super) fn note(&mut self, key: &str, contents: [u8; 16]) -> Verdict {
        match self.0.insert(short_digest(key.as_bytes()), contents) {
            None => Verdict::New,
            Some(before) if before == contents => Verdict::Repeat,
            Some(before) => {
                self.0.insert(short_digest(key.as_bytes()), before);
                Verdict::Clash
            }
        }
    }
}

/// The first half of SHA-256: two of a billion rows agree by chance about once in 10^20 files.
pub(super) fn short_digest(bytes: &[u8]) -> [u8; 16] {
    let whole = digest(&SHA256, bytes);
    whole.as_ref()[..16].try_into().expect("SHA-256 has 32 bytes")
}

/// SHA-256 in hexadecimal.
pub(super) fn hex_digest(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_of_a_key_stands() {
        let mut seen = Seen::default();
        let contents = |text: &str| short_digest(text.as_bytes());
        let notes = [("a", "1"), ("a", "1"), ("a", "2"), ("a", "1"), ("b", "2")];
        let verdicts = notes.map(|(key, text)| seen.note(key, contents(text)));
        let expected = [Verdict::New, Verdict::Repeat, Verdict::Clash, Verdict::Repeat, Verdict::New];
        assert_eq!(verdicts, expected);
    }

    #[test]
    fn sha_256_of_fips_180() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex_digest(b"abc"), expected);
    }
}
