//! The log has another key from some day on, which the key before it says.
//!
//! While both keys sign what the log signs, a note says which follows which, signed by both: whoever has kept the one takes up
//! the other, and whoever has the other alone can tell that it was not made up by somebody with an old key.

use super::key::Algorithm;
use super::{Note, NoteError, SignerKey, VerifierKey};

/// The first line. The second is a key, so that it can not be taken for a checkpoint, which has a number there.
const HEADER: &str = "throughline log key change v1";

/// A note does not say which key follows one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAKeyChange {
    /// Another text.
    #[error("is not the change of a log's key")]
    Form,
    /// It is about another key than the one that is known.
    #[error("is about another key than the one that is kept of the log")]
    OtherKey,
    /// It is not signed by both keys.
    #[error("is not signed by both keys")]
    Note(#[from] NoteError),
}

impl SignerKey {
    /// The note that says which key is to follow; nothing where none is.
    #[must_use]
    pub fn change(&self) -> Option<String> {
        let text = format!("{HEADER}\n{}\n{}\n", self.verifier(), self.next()?);
        Some(format!("{text}\n{}", self.sign(&text)))
    }
}

/// The key that follows the one that is kept of a log, as both say.
///
/// # Errors
///
/// [`NotAKeyChange`].
pub fn open_key_change(note: &[u8], kept: &VerifierKey) -> Result<VerifierKey, NotAKeyChange> {
    let note = Note::parse(note)?;
    let mut lines = note.text().lines();
    let (Some(HEADER), Some(from), Some(to), None) = (lines.next(), lines.next(), lines.next(), lines.next())
    else {
        return Err(NotAKeyChange::Form);
    };
    if from != kept.to_string() {
        return Err(NotAKeyChange::OtherKey);
    }
    let to: VerifierKey = to.parse().map_err(|_| NotAKeyChange::Form)?;
    if to.name() != kept.name() || to.algorithm() != Algorithm::Ed25519 || to == *kept {
        return Err(NotAKeyChange::Form);
    }
    match note.verify([kept, &to])?.len() {
        2 => Ok(to),
        _ => Err(NoteError::Unsigned.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::key::Pair;
    use crate::audit::note::cosigned_message;
    use crate::audit::testing::{log_key, pkcs8};
    use crate::audit::{Checkpoint, Head, KeyError, SignedCheckpoint};

    fn both() -> SignerKey {
        log_key().followed_by(&pkcs8([9; 32])).expect("another key")
    }

    fn next() -> SignerKey {
        SignerKey::from_pkcs8(log_key().verifier().name(), &pkcs8([9; 32])).expect("a key")
    }

    #[test]
    fn both_keys_say_which_follows_which() {
        let (kept, note) = (log_key().verifier().clone(), both().change().expect("one follows"));
        assert_eq!(open_key_change(note.as_bytes(), &kept).as_ref(), Ok(next().verifier()));
        assert_eq!(log_key().change(), None);
        let other = next().verifier().clone();
        assert_eq!(open_key_change(note.as_bytes(), &other), Err(NotAKeyChange::OtherKey));
        // One signature is not enough, whichever it is.
        let (text, lines) = note.rsplit_once("\n\n").expect("a note");
        for line in lines.lines() {
            let one = format!("{text}\n\n{line}\n");
            let unsigned = Err(NotAKeyChange::Note(NoteError::Unsigned));
            assert_eq!(open_key_change(one.as_bytes(), &kept), unsigned);
        }
        let text = "throughline log key change v2\na\nb\n";
        let note = format!("{text}\n{}", both().sign(text));
        assert_eq!(open_key_change(note.as_bytes(), &kept), Err(NotAKeyChange::Form));
        assert_eq!(log_key().followed_by(&pkcs8([7; 32])).err(), Some(KeyError::Same));
    }

    #[test]
    fn what_is_not_another_key_of_that_log_can_not_follow() {
        let kept = log_key().verifier().clone();
        let signed_with = |to: &Pair, line: &dyn Fn(&str) -> String| {
            let text = format!("{HEADER}\n{kept}\n{}\n", to.public);
            let note = format!("{text}\n{}{}", log_key().sign(&text), line(&text));
            open_key_change(note.as_bytes(), &kept)
        };
        let pair = |name: &str, algorithm, seed: u8| {
            Pair::from_pkcs8(name, algorithm, &pkcs8([seed; 32])).expect("a key")
        };
        let check = |name: &str, seed: u8, expected: Result<(), NotAKeyChange>| {
            let to = pair(name, Algorithm::Ed25519, seed);
            let found = signed_with(&to, &|text| to.line(&to.sign(text.as_bytes())));
            assert_eq!(found.map(drop), expected, "{}", to.public);
        };
        check(kept.name(), 9, Ok(()));
        check("log.example/other", 9, Err(NotAKeyChange::Form));
        check(kept.name(), 7, Err(NotAKeyChange::Form));
        let witness = pair(kept.name(), Algorithm::CosignatureV1, 9);
        let cosigned = |text: &str| {
            let signature = witness.sign(cosigned_message(7, text).as_bytes());
            witness.line(&[&7_u64.to_be_bytes(), &signature[..]].concat())
        };
        assert_eq!(signed_with(&witness, &cosigned), Err(NotAKeyChange::Form));
    }

    #[test]
    fn what_both_have_signed_opens_with_either() {
        let name = log_key().verifier().name().to_owned();
        let signed = Checkpoint::new(&name, Head::empty()).expect("an origin").sign(&both());
        for key in [log_key().verifier(), next().verifier()] {
            assert!(SignedCheckpoint::open(signed.note().as_bytes(), key).is_ok());
        }
    }
}
