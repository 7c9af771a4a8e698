//! Checkpoints (C2SP tlog-checkpoint 1.0.0), signed by their log and cosigned by witnesses.

use super::key::Algorithm;
use super::{Hash, Head, Note, NoteError, SignerKey, VerifierKey};
use crate::calendar::Timestamp;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Why a checkpoint is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text is not an origin, a size, a root and extension lines.
    #[error("is not a checkpoint (origin, size, root)")]
    Malformed,
    /// The note around it is not.
    #[error("the checkpoint is not properly signed")]
    Note(#[from] NoteError),
    /// Fewer witnesses than wanted have cosigned it.
    #[error("too few witnesses have cosigned the checkpoint")]
    Quorum,
}

/// What a log states of itself: the text of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: Box<str>,
    head: Head,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Malformed`] when the origin is empty or has a control character.
    pub fn new(origin: &str, head: Head) -> Result<Self, CheckpointError> {
        if !is_line(origin) {
            return Err(CheckpointError::Malformed);
        }
        Ok(Self { origin: origin.into(), head, extensions: Vec::new() })
    }

    /// Which log this is; for our own logs, the name of its key.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of entries and root.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Lines after the root, which nobody interprets.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Signs it as the log. Sign only what every earlier checkpoint of the log is a prefix of.
    #[must_use]
    pub fn sign(self, log: &SignerKey) -> SignedCheckpoint {
        let text = self.to_string();
        SignedCheckpoint { note: format!("{text}\n{}", log.sign(&text)), checkpoint: self }
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the text of a checkpoint, its last newline included, in its one spelling.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Malformed)?.split('\n');
        let mut line = || lines.next().filter(|line| is_line(line)).ok_or(CheckpointError::Malformed);
        let origin = line()?;
        let size = decimal(line()?).ok_or(CheckpointError::Malformed)?;
        let root = Hash::from_base64(line()?).map_err(|_| CheckpointError::Malformed)?;
        let extensions: Vec<_> = lines.map(str::to_owned).collect();
        if !extensions.iter().all(|line| is_line(line)) {
            return Err(CheckpointError::Malformed);
        }
        Ok(Self { origin: origin.into(), head: Head { size, root }, extensions })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, self.head.root.to_base64())?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// ASCII decimal without leading zeros or a sign.
pub(super) fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c < ' ')
}

/// A checkpoint with a good signature of its log, as the text of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: String,
}

/// A witness's word that it saw this checkpoint, and none that contradicts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// Name of the witness's key.
    pub witness: String,
    /// When, by the witness's clock.
    pub time: Timestamp,
}

impl SignedCheckpoint {
    /// Opens a note with the log's pinned key. The origin is left for the caller to compare.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] when the note or its text is malformed, or not signed by `log`.
    pub fn open(note: &[u8], log: &VerifierKey) -> Result<Self, CheckpointError> {
        Self::open_any(note, std::slice::from_ref(log))
    }

    /// The same with either of two keys, while one is to follow the other.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] as for [`SignedCheckpoint::open`], where neither has signed it.
    pub fn open_any(note: &[u8], log: &[VerifierKey]) -> Result<Self, CheckpointError> {
        let opened = Note::parse(note)?;
        opened.verify(log)?;
        let checkpoint = opened.text().parse()?;
        // Note::parse has checked that it is UTF-8, so nothing is replaced.
        Ok(Self { checkpoint, note: String::from_utf8_lossy(note).into_owned() })
    }

    /// What it states.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note: the text, an empty line and the signature lines. A witness's line is added at its end.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The cosignatures of known witnesses, when there are at least `n_wanted` of different keys.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Quorum`] when there are fewer; [`CheckpointError::Note`] when one is wrong.
    pub fn quorum(
        &self,
        witnesses: &[VerifierKey],
        n_wanted: usize,
    ) -> Result<Vec<Cosignature>, CheckpointError> {
        let witnesses = witnesses.iter().filter(|key| key.algorithm() == Algorithm::CosignatureV1);
        let signed = match Note::parse(self.note.as_bytes())?.verify(witnesses) {
            Err(NoteError::Unsigned) => Vec::new(),
            other => other?,
        };
        // What a witness signs does not name it, so one key under two names is still one witness.
        let keys: BTreeSet<_> = signed.iter().map(|signed| signed.key.public_key()).collect();
        if keys.len() < n_wanted {
            return Err(CheckpointError::Quorum);
        }
        let cosignature = |(name, time_s): (&str, u64)| Cosignature {
            witness: name.to_owned(),
            time: Timestamp::from_millis(i64::try_from(time_s).unwrap_or(i64::MAX).saturating_mul(1000)),
        };
        Ok(signed.iter().filter_map(|s| Some((s.key.name(), s.time_s?))).map(cosignature).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Cosigner;
    use crate::audit::testing::{cosigner, log_key};

    fn signed() -> SignedCheckpoint {
        let log = log_key();
        Checkpoint::new(log.verifier().name(), Head::empty()).expect("a valid origin").sign(&log)
    }

    #[test]
    fn the_text_has_one_spelling() {
        let text = "example.com/log with a space\n10\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        let more = format!("{text}more\n");
        for text in [text, &more] {
            assert_eq!(
                text.parse().map(|checkpoint: Checkpoint| checkpoint.to_string()),
                Ok(text.to_owned())
            );
        }
        let extensions =
            |text: &str| text.parse().map(|checkpoint: Checkpoint| checkpoint.extensions().to_vec());
        assert_eq!((extensions(text), extensions(&more)), (Ok(vec![]), Ok(vec!["more".to_owned()])));
        let wrong = [
            text.replace("\n10\n", "\n010\n"),
            text.replace("\n10\n", "\n+10\n"),
            text.replace("\n10\n", "\n-1\n"),
            text.replace("\n10\n", "\n18446744073709551616\n"),
            text.replace("uFU=", "uFV="),
            text.replace("uFU=", "uFU"),
            text.replace('\n', "\r\n"),
            text.replacen("example.com/log with a space", "", 1),
            text.trim_end().to_owned(),
            format!("{text}\n"),
            format!("{more}\n\n"),
            String::new(),
        ];
        for text in wrong {
            assert_eq!(text.parse::<Checkpoint>(), Err(CheckpointError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn only_the_pinned_key_opens_it() {
        let signed = signed();
        assert_eq!(
            SignedCheckpoint::open(signed.note().as_bytes(), log_key().verifier()),
            Ok(signed.clone())
        );
        let other = cosigner(1).verifier().clone();
        let refused = Err(CheckpointError::Note(NoteError::Unsigned));
        assert_eq!(SignedCheckpoint::open(signed.note().as_bytes(), &other), refused);
        let note = format!("two\nlines\n\n{}", log_key().sign("two\nlines\n"));
        let malformed = Err(CheckpointError::Malformed);
        assert_eq!(SignedCheckpoint::open(note.as_bytes(), log_key().verifier()), malformed);
    }

    #[test]
    fn a_quorum_counts_keys() {
        let now = Timestamp::from_millis(1_700_000_000_999);
        let mut note = signed().note().to_owned();
        for n in [1, 2, 1] {
            note.push_str(&cosigner(n).cosign(signed().checkpoint(), now));
        }
        let log = log_key();
        let checkpoint = SignedCheckpoint::open(note.as_bytes(), log.verifier()).expect("the log signed it");
        let mut witnesses = [1, 2, 3].map(|n| cosigner(n).verifier().clone()).to_vec();
        let times = checkpoint.quorum(&witnesses, 2).expect("two witnesses cosigned it");
        let expected = ["witness.example/1", "witness.example/2"].map(|witness| Cosignature {
            witness: witness.to_owned(),
            time: Timestamp::from_millis(1_700_000_000_000),
        });
        assert_eq!(times, expected);
        assert_eq!(checkpoint.quorum(&witnesses, 3), Err(CheckpointError::Quorum));
        assert_eq!(checkpoint.quorum(&[], 0), Ok(Vec::new()));
        // The log's own signature is no witness's, and a second name makes no second witness.
        witnesses = vec![log.verifier().clone()];
        assert_eq!(checkpoint.quorum(&witnesses, 1), Err(CheckpointError::Quorum));
        let twin = Cosigner::from_pkcs8("twin", &crate::audit::testing::pkcs8([1; 32])).expect("a key");
        note.push_str(&twin.cosign(signed().checkpoint(), now));
        let checkpoint = SignedCheckpoint::open(note.as_bytes(), log.verifier()).expect("the log signed it");
        witnesses = vec![cosigner(1).verifier().clone(), twin.verifier().clone()];
        assert_eq!(checkpoint.quorum(&witnesses, 2), Err(CheckpointError::Quorum));
    }
}
