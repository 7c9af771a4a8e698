//! Making cosignatures: C2SP tlog-cosignature, signature type 0x04.

use super::key::{Algorithm, Pair};
use super::note::cosigned_message;
use super::{Checkpoint, KeyError, VerifierKey};
use crate::calendar::Timestamp;
use std::fmt;

/// A private key that cosigns checkpoints (type 0x04): a witness's.
pub struct Cosigner(Pair);

impl Cosigner {
    /// The key of a PKCS#8 document (RFC 8410), under the witness's name. Use it for nothing else.
    ///
    /// # Errors
    ///
    /// [`KeyError`] for a bad name or another kind of document.
    pub fn from_pkcs8(name: &str, pkcs8: &[u8]) -> Result<Self, KeyError> {
        Pair::from_pkcs8(name, Algorithm::CosignatureV1, pkcs8).map(Self)
    }

    /// The key that checks its cosignatures.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.0.public
    }

    /// The signature line to add to the note of `checkpoint`. A moment before 1970 counts as 1970.
    ///
    /// [`witness::add_checkpoint`](super::witness::add_checkpoint) makes the checks that must come first.
    #[must_use]
    pub fn cosign(&self, checkpoint: &Checkpoint, now: Timestamp) -> String {
        let time_s = u64::try_from(now.millis() / 1000).unwrap_or(0);
        let signature = self.0.sign(cosigned_message(time_s, &checkpoint.to_string()).as_bytes());
        self.0.line(&[&time_s.to_be_bytes(), &signature[..]].concat())
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({})", self.0.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{cosigner, log_key};
    use crate::audit::{CheckpointError, Head, NoteError, SignedCheckpoint};

    fn checkpoint(origin: &str) -> Checkpoint {
        Checkpoint::new(origin, Head::empty()).expect("a valid origin")
    }

    /// How many witnesses count, of one wanted, when `line` is added to a signed checkpoint.
    fn quorum(line: &str) -> Result<usize, CheckpointError> {
        let signed = checkpoint("log.example/access").sign(&log_key());
        let note = format!("{}{line}", signed.note());
        let signed = SignedCheckpoint::open(note.as_bytes(), log_key().verifier())?;
        signed.quorum(&[cosigner(1).verifier().clone()], 1).map(|times| times.len())
    }

    #[test]
    fn a_cosignature_binds_the_checkpoint_and_the_time() {
        let refused = Err(CheckpointError::Note(NoteError::Signature));
        let now = Timestamp::from_millis(1_700_000_000_000);
        assert_eq!(quorum(&cosigner(1).cosign(&checkpoint("log.example/access"), now)), Ok(1));
        assert_eq!(quorum(&cosigner(1).cosign(&checkpoint("other"), now)), refused);
        let pair = &cosigner(1).0;
        let text = checkpoint("log.example/access").to_string();
        let signed_at = |signed: u64, stated: u64| {
            let signature = pair.sign(cosigned_message(signed, &text).as_bytes());
            pair.line(&[&stated.to_be_bytes(), &signature[..]].concat())
        };
        assert_eq!(quorum(&signed_at(7, 7)), Ok(1));
        assert_eq!(quorum(&signed_at(7, 8)), refused);
        // The specification's bound on the time, however well it is signed.
        assert_eq!(quorum(&signed_at(1 << 63, 1 << 63)), refused);
        assert_eq!(quorum(&pair.line(&[0; 7])), refused);
    }

    #[test]
    fn a_private_key_is_never_printed() {
        assert_eq!(format!("{:?}", cosigner(1)), format!("Cosigner({})", cosigner(1).verifier()));
    }
}
