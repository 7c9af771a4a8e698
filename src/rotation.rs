//! Changing the linkage key: sources encode with the old key and the new one side by side until all have.
//!
//! Names are not stored, so only the sources can encode anew. A key is announced ([`Step::Begin`]); from then on every
//! student that is pushed is encoded with both. The old key goes on linking, so links are as good as ever, whoever has
//! pushed already and whoever has not. When all have, the new key takes over ([`Step::Finish`]): persons keep their
//! numbers, and the old encodings are erased.

use crate::identity::KeyId;
use crate::store::{self, LinkageKeys, Tx};

/// A step of the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Announces the key that follows.
    Begin(KeyId),
    /// Lets it link.
    Finish {
        /// Although students wait to be encoded with it. They keep their person, and link to nobody new until they are.
        leave_waiting: bool,
    },
    /// Takes it back.
    Cancel,
}

impl Step {
    /// What the log calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begin(_) => "begin",
            Self::Finish { .. } => "finish",
            Self::Cancel => "cancel",
        }
    }
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key links already.
    #[error("this is the key in use")]
    InUse,
    /// Nothing is encoded yet, so that there is nothing to change.
    #[error("no key is in use yet: the first student that is pushed brings it")]
    NoneInUse,
    /// Another key has been announced.
    #[error("key {0} follows already: finish or cancel this first")]
    Follows(KeyId),
    /// The key has linked before. Who has it must not read what comes.
    #[error("this key was in use before: take a new one")]
    Former,
    /// The service encodes for sources and does not have the key.
    #[error(
        "the service does not have this key: add it to its key file (throughline keys rotate) and restart it"
    )]
    NotHeld,
    /// No key has been announced.
    #[error("no key follows the one in use")]
    NoneFollows,
    /// Some students are not encoded with the new key yet.
    #[error("some students are not encoded with the new key yet: their sources have to push them again")]
    Waiting,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Takes a step, and says which keys are in use then, and which key the step was about. `held` are the keys of the
/// service, where it encodes for sources.
///
/// # Errors
///
/// [`Error`]; then nothing is changed.
pub fn change(tx: &mut Tx<'_>, step: Step, held: Option<&[KeyId]>) -> Result<(LinkageKeys, KeyId), Error> {
    let keys = tx.linkage_keys()?;
    let about = match (step, keys.next) {
        // Again: it is as it should be.
        (Step::Begin(key), Some(next)) if next == key => next,
        (Step::Begin(_), Some(other)) => return Err(Error::Follows(other)),
        (Step::Begin(key), None) => {
            begin(tx, key, keys, held)?;
            key
        }
        (_, None) => return Err(Error::NoneFollows),
        (Step::Finish { leave_waiting }, Some(next)) => {
            let is_waiting = || Ok::<_, Error>(tx.key_progress()?.iter().any(|source| source.n_waiting > 0));
            if !leave_waiting && is_waiting()? {
                return Err(Error::Waiting);
            }
            tx.follow_linkage_key(next)?;
            next
        }
        (Step::Cancel, Some(next)) => {
            tx.drop_next_linkage_key()?;
            next
        }
    };
    Ok((tx.linkage_keys()?, about))
}

fn begin(tx: &mut Tx<'_>, key: KeyId, keys: LinkageKeys, held: Option<&[KeyId]>) -> Result<(), Error> {
    match keys.current {
        None => return Err(Error::NoneInUse),
        Some(current) if current == key => return Err(Error::InUse),
        Some(_) => {}
    }
    if tx.is_former_key(key)? {
        return Err(Error::Former);
    }
    if held.is_some_and(|held| !held.contains(&key)) {
        return Err(Error::NotHeld);
    }
    Ok(tx.put_next_linkage_key(key)?)
}
