//! Receipts in a file: the textual proof of C2SP tlog-proof, with the entry as its extra data.
//!
//! The entry is not secret and is what the leaf is the hash of, so the file says whole what it proves, to anyone who has the
//! log's key and nothing else.
//!
//! Source: C2SP tlog-proof, "Format".

use super::{Hash, Receipt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Hashes that a proof can have: a tree has fewer than 2^64 leaves.
const HASHES_MAX: usize = 64;

/// A text is no saved receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSaved {
    /// Another file, or another version of the format.
    #[error("is not a proof of {HEADER}")]
    Header,
    /// The entry is not in it.
    #[error("does not have the entry (extra) that it proves")]
    Extra,
    /// The index is missing, or not a number as the format spells it.
    #[error("does not say the entry's index")]
    Index,
    /// A line is no hash, or there are too many.
    #[error("has a line that is no hash")]
    Hash,
    /// There is no empty line before a checkpoint.
    #[error("has no checkpoint")]
    Checkpoint,
}

impl Receipt {
    /// The text of a `.tlog-proof` file.
    #[must_use]
    pub fn to_saved(&self) -> String {
        let mut text = format!("{HEADER}\nextra {}\nindex {}\n", STANDARD.encode(self.entry()), self.index());
        for hash in self.proof() {
            writeln!(text, "{}", STANDARD.encode(hash)).expect("a String takes every write");
        }
        text + "\n" + self.checkpoint()
    }

    /// Reads such a text. It proves nothing before [`Receipt::verify`].
    ///
    /// # Errors
    ///
    /// [`NotSaved`].
    pub fn from_saved(text: &str) -> Result<Self, NotSaved> {
        let (proof, checkpoint) = text.split_once("\n\n").ok_or(NotSaved::Checkpoint)?;
        let mut lines = proof.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(NotSaved::Header);
        }
        let extra = lines.next().and_then(|line| line.strip_prefix("extra ")).ok_or(NotSaved::Extra)?;
        let entry = STANDARD.decode(extra).map_err(|_| NotSaved::Extra)?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or(NotSaved::Index)?;
        let number: u64 = index.parse().map_err(|_| NotSaved::Index)?;
        if number.to_string() != index {
            return Err(NotSaved::Index);
        }
        let hash =
            |line| Hash::from_base64(line).map(|hash| hash.as_bytes().to_vec()).map_err(|_| NotSaved::Hash);
        let hashes = lines.map(hash).collect::<Result<Vec<_>, _>>()?;
        if hashes.len() > HASHES_MAX {
            return Err(NotSaved::Hash);
        }
        Ok(Self::of_parts(number, entry, hashes, checkpoint.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::log_key;
    use crate::audit::{ReceiptError, receipt::tests::saved_log};

    #[test]
    fn a_saved_receipt_proves_what_the_receipt_does() {
        let (receipts, _) = saved_log(11);
        for receipt in receipts {
            let text = receipt.to_saved();
            assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra ") && text.ends_with('\n'), "{text}");
            let read = Receipt::from_saved(&text).expect("it was just written");
            assert_eq!(read, receipt);
            assert!(read.verify(log_key().verifier(), None, None).is_ok());
            // The entry is bound by the proof and not by its place in the file.
            let other = text.replacen(&STANDARD.encode(receipt.entry()), &STANDARD.encode(b"{}"), 1);
            let other = Receipt::from_saved(&other).expect("it has the form");
            assert!(matches!(other.verify(log_key().verifier(), None, None), Err(ReceiptError::Entry(_))));
        }
    }

    #[test]
    fn other_texts_are_not_read() {
        let (receipts, _) = saved_log(3);
        let text = receipts[1].to_saved();
        let wrong = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            Receipt::from_saved(&text.replacen(from, to, 1)).expect_err(to)
        };
        assert_eq!(wrong("@v1", "@v2"), NotSaved::Header);
        assert_eq!(wrong("extra ", "extra  "), NotSaved::Extra);
        assert_eq!(wrong("extra ", "more "), NotSaved::Extra);
        assert_eq!(wrong("index 1", "index 01"), NotSaved::Index);
        assert_eq!(wrong("index 1", "index +1"), NotSaved::Index);
        assert_eq!(wrong("index 1\n", "index 1\nAAAA\n"), NotSaved::Hash);
        assert_eq!(wrong("\n\n", "\n"), NotSaved::Hash, "the note has an empty line of its own");
        assert_eq!(Receipt::from_saved(&text.replace("\n\n", "\n")), Err(NotSaved::Checkpoint));
        assert_eq!(Receipt::from_saved(""), Err(NotSaved::Checkpoint));
        let line = format!("{}\n", Hash::of(b"a").to_base64());
        let of = |n: usize| {
            let more = line.repeat(n - receipts[1].proof().len());
            Receipt::from_saved(&text.replacen("index 1\n", &format!("index 1\n{more}"), 1))
        };
        assert_eq!(of(64).map(|receipt| receipt.proof().len()), Ok(64));
        assert_eq!(of(65), Err(NotSaved::Hash));
    }
}
