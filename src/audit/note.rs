//! Signed notes, C2SP signed-note 1.0.0.

use super::key::{Algorithm, VerifierKey, is_name};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Signatures a note may carry. The specification asks for at least 16 and for a limit.
const N_SIGNATURES_MAX: usize = 100;

/// Why a note is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not UTF-8, or with a control character other than the newline.
    #[error("the note is not plain text")]
    Text,
    /// Not a text, an empty line and signature lines.
    #[error("the note has no signature lines")]
    Layout,
    /// A signature line that is none, in name or in base64.
    #[error("the note has a malformed signature line")]
    Line,
    /// More than 100 signatures.
    #[error("the note has too many signatures")]
    TooMany,
    /// A signature of a known key does not verify.
    #[error("a signature of a known key does not verify")]
    Signature,
    /// No signature is by a known key.
    #[error("the note is not signed by a known key")]
    Unsigned,
}

/// A note whose layout is right; [`Note::verify`] tells who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    text: &'a str,
    signatures: &'a str,
}

/// A key that signed a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed<'k> {
    /// The key.
    pub key: &'k VerifierKey,
    /// When, for a cosignature: POSIX seconds, as the witness stated them.
    pub time_s: Option<u64>,
}

impl<'a> Note<'a> {
    /// Splits a note at its last empty line. The signature lines are read by [`Note::verify`].
    ///
    /// # Errors
    ///
    /// [`NoteError::Text`] or [`NoteError::Layout`].
    pub fn parse(note: &'a [u8]) -> Result<Self, NoteError> {
        let note = std::str::from_utf8(note).map_err(|_| NoteError::Text)?;
        if note.contains(|c: char| c < ' ' && c != '\n') {
            return Err(NoteError::Text);
        }
        let at = note.rfind("\n\n").ok_or(NoteError::Layout)?;
        let (text, signatures) = (&note[..=at], &note[at + 2..]);
        if signatures.is_empty() || !signatures.ends_with('\n') {
            return Err(NoteError::Layout);
        }
        Ok(Self { text, signatures })
    }

    /// The signed text with its last newline. It means nothing before a trusted key has signed it.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The keys out of `known` that signed the text, each once, in the order of their first signatures.
    ///
    /// Signatures by keys that are not known are passed over, as the specification wants.
    ///
    /// # Errors
    ///
    /// [`NoteError`] when a line is malformed, a known key's signature is wrong, or no known key signed.
    pub fn verify<'k>(
        &self,
        known: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<Signed<'k>>, NoteError> {
        let known: Vec<_> = known.into_iter().collect();
        let mut signed: Vec<Signed<'k>> = Vec::new();
        for (n, line) in self.signatures.lines().enumerate() {
            if n == N_SIGNATURES_MAX {
                return Err(NoteError::TooMany);
            }
            let (name, id, signature) = signature_line(line).ok_or(NoteError::Line)?;
            for key in known.iter().filter(|key| key.name() == name && key.id() == id) {
                let time_s = check(key, self.text, &signature).ok_or(NoteError::Signature)?;
                if !signed.iter().any(|other| other.key == *key) {
                    signed.push(Signed { key, time_s });
                }
            }
        }
        if signed.is_empty() { Err(NoteError::Unsigned) } else { Ok(signed) }
    }
}

/// `— name base64(id || signature)` as name, id and signature.
fn signature_line(line: &str) -> Option<(&str, [u8; 4], Vec<u8>)> {
    let (name, base64) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = STANDARD.decode(base64).ok()?;
    let (id, signature) = bytes.split_first_chunk()?;
    (is_name(name) && !signature.is_empty()).then(|| (name, *id, signature.to_vec()))
}

/// The moment of a good signature, which only cosignatures have; nothing for a bad one.
fn check(key: &VerifierKey, text: &str, signature: &[u8]) -> Option<Option<u64>> {
    match key.algorithm() {
        Algorithm::Ed25519 => key.verifies(text.as_bytes(), signature).then_some(None),
        Algorithm::CosignatureV1 => {
            let (time_s, signature) = signature.split_first_chunk()?;
            let time_s = u64::from_be_bytes(*time_s);
            // C2SP tlog-cosignature: the timestamp must not exceed 2^63 - 1.
            let fits = i64::try_from(time_s).is_ok();
            (fits && key.verifies(cosigned_message(time_s, text).as_bytes(), signature))
                .then_some(Some(time_s))
        }
    }
}

/// What a witness signs: C2SP tlog-cosignature, "Ed25519 signed message".
pub(super) fn cosigned_message(time_s: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::log_key;

    const TEXT: &str = "one\n\ntwo\n";

    fn signed(text: &str) -> String {
        format!("{text}\n{}", log_key().sign(text))
    }

    fn check(note: &str, expected: Result<usize, NoteError>) {
        let key = log_key().verifier().clone();
        let found =
            Note::parse(note.as_bytes()).and_then(|note| note.verify([&key]).map(|signed| signed.len()));
        assert_eq!(found, expected, "{note:?}");
    }

    #[test]
    fn a_note_holds_its_text_up_to_the_last_empty_line() {
        let note = signed(TEXT);
        check(&note, Ok(1));
        assert_eq!(Note::parse(note.as_bytes()).map(|note| note.text()), Ok(TEXT));
        check(&signed("\n"), Ok(1));
    }

    #[test]
    fn a_note_with_anything_else_in_it_is_refused() {
        let note = signed(TEXT);
        let line = log_key().sign(TEXT);
        check(&note.replace("two", "twó"), Err(NoteError::Signature));
        check(&note.replace("two", "t\ro"), Err(NoteError::Text));
        check(&note.replace("\u{2014} ", "- "), Err(NoteError::Line));
        check(&note.replace("log.example", "log+example"), Err(NoteError::Line));
        check(&note.replace("access ", "access  "), Err(NoteError::Line));
        check(&note.replace("access ", "other "), Err(NoteError::Unsigned));
        check(note.trim_end(), Err(NoteError::Layout));
        check(TEXT, Err(NoteError::Line));
        check("one\n", Err(NoteError::Layout));
        check("", Err(NoteError::Layout));
        check(&format!("{note}\u{2014} other AAAA\n"), Err(NoteError::Line));
        check(&format!("{note}\u{2014} other AAAAAAA=\n"), Ok(1));
        check(&format!("{note}\u{2014} other AAAAAAB=\n"), Err(NoteError::Line));
        check(&format!("{note}{}", line.repeat(99)), Ok(1));
        check(&format!("{note}{}", line.repeat(100)), Err(NoteError::TooMany));
        // A second signature of a known key is looked at too.
        check(&format!("{note}{}", log_key().sign("other\n")), Err(NoteError::Signature));
    }

    #[test]
    fn every_flipped_bit_of_a_note_is_found() {
        let (note, key) = (signed("a\n"), log_key().verifier().clone());
        for bit in 0..note.len() * 8 {
            let mut bytes = note.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Note::parse(&bytes).and_then(|note| note.verify([&key]).map(drop)).is_err(), "bit {bit}");
        }
    }
}
