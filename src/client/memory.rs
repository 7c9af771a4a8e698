//! What a client has seen of the log: it must go on from there, and the client is one of its witnesses.
//!
//! The file holds the last checkpoint that is known to continue all before, and the checkpoints of receipts since. The next
//! session begins with the proof that the log continues all of them. A log that does not has shown two histories, and the
//! file is the evidence: it is left as it is.

use crate::audit::{CheckpointError, Cosigner, Head, SignedCheckpoint, VerifierKey};
use crate::calendar::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Checkpoints kept besides the last one. Of more, these and the newest are compared.
const SEEN_MAX: usize = 512;

/// The memory of one certificate's client.
pub struct Memory {
    path: PathBuf,
    log: VerifierKey,
    /// Its key as a witness.
    pub(super) cosigner: Cosigner,
    state: Mutex<State>,
}

#[derive(Default, Clone)]
struct State {
    last: Option<SignedCheckpoint>,
    seen: BTreeMap<u64, SignedCheckpoint>,
    /// When something of it was seen last, by this client's clock.
    at: Option<Timestamp>,
    is_changed: bool,
    /// The log was not what it has to be: the file stays.
    is_evidence: bool,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    last: Option<String>,
    seen: Vec<String>,
    at: Option<String>,
}

/// Why what was seen can not be read.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The file is not one of ours.
    #[error("{} is not what this client has seen of a log", .0.display())]
    Malformed(PathBuf),
    /// Its checkpoints are not signed by the pinned key of the log.
    #[error("{} is of another log, or the log has another key", .0.display())]
    OtherLog(PathBuf, #[source] CheckpointError),
    /// The file system.
    #[error("{} can not be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
}

impl Memory {
    /// Reads what was seen; nothing where there is no file yet.
    ///
    /// # Errors
    ///
    /// [`MemoryError`].
    pub fn open(path: &Path, log: VerifierKey, cosigner: Cosigner) -> Result<Self, MemoryError> {
        let state = Mutex::new(read(path, &log)?);
        Ok(Self { path: path.to_owned(), log, cosigner, state })
    }

    /// The last checkpoint that is known to continue all before, and those seen since.
    pub(super) fn seen(&self) -> (Option<SignedCheckpoint>, Vec<SignedCheckpoint>) {
        let state = self.state();
        (state.last.clone(), state.seen.values().cloned().collect())
    }

    /// When something was seen last.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.state().at
    }

    /// Takes down a checkpoint of a receipt. False when it contradicts one of the same size, or is older than the last.
    pub(super) fn note(&self, signed: &SignedCheckpoint) -> bool {
        let mut state = self.state();
        let head = signed.checkpoint().head();
        let known = state.seen.get(&head.size).or(state.last.as_ref());
        let is_good = known.is_none_or(|known| agrees(known.checkpoint().head(), head));
        state.is_evidence |= !is_good;
        state.at = Some(Timestamp::now());
        if state.last.as_ref() != Some(signed) {
            if state.seen.len() >= SEEN_MAX {
                // The newest is always compared.
                state.seen.pop_last();
            }
            state.seen.insert(head.size, signed.clone());
            state.is_changed = true;
        }
        is_good
    }

    /// The log continues everything seen, up to this checkpoint.
    pub(super) fn settle(&self, last: SignedCheckpoint) {
        let mut state = self.state();
        let at = Some(Timestamp::now());
        *state = State { last: Some(last), at, is_changed: true, ..State::default() };
    }

    /// The log does not continue what was seen.
    pub(super) fn keep_evidence(&self) {
        self.state().is_evidence = true;
    }

    /// Puts what was seen of a log that is lost aside, under its size, and begins anew.
    pub(super) fn lose(&self) -> io::Result<()> {
        let size = self.state().last.as_ref().map_or(0, |last| last.checkpoint().head().size);
        std::fs::rename(&self.path, self.path.with_extension(format!("lost-{size}.json")))
    }

    /// Where it is kept.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what was seen, together with what another process of this client has seen meanwhile.
    ///
    /// # Errors
    ///
    /// [`io::Error`].
    pub fn save(&self) -> io::Result<()> {
        let mut state = self.state();
        if !state.is_changed || state.is_evidence {
            return Ok(());
        }
        if let Ok(mut other) = read(&self.path, &self.log) {
            let size = |state: &State| state.last.as_ref().map_or(0, |last| last.checkpoint().head().size);
            if size(&other) > size(&state) {
                std::mem::swap(&mut state.last, &mut other.last);
            }
            // What either has seen is compared with the log next time.
            let more =
                other.seen.into_iter().chain(other.last.map(|last| (last.checkpoint().head().size, last)));
            for (size, signed) in more {
                if state.seen.len() < SEEN_MAX && state.last.as_ref() != Some(&signed) {
                    state.seen.entry(size).or_insert(signed);
                }
            }
        }
        let note = |signed: &SignedCheckpoint| signed.note().to_owned();
        let file = File {
            last: state.last.as_ref().map(note),
            seen: state.seen.values().map(note).collect(),
            at: state.at.map(|at| at.to_string()),
        };
        // Another process of this client may be writing, too.
        let new = self.path.with_extension(format!("{}.new", std::process::id()));
        std::fs::write(&new, serde_json::to_vec_pretty(&file)?)?;
        std::fs::rename(new, &self.path)?;
        state.is_changed = false;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // Whoever has to know has called `save`; here nobody is left to tell.
        let _ = self.save();
    }
}

/// Whether a log can have had one head and then the other.
fn agrees(known: Head, head: Head) -> bool {
    known.size < head.size || known == head
}

fn read(path: &Path, log: &VerifierKey) -> Result<State, MemoryError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::default()),
        Err(error) => return Err(MemoryError::Unreadable(path.to_owned(), error)),
    };
    let file: File = serde_json::from_slice(&bytes).map_err(|_| MemoryError::Malformed(path.to_owned()))?;
    let open = |note: &String| {
        let signed = SignedCheckpoint::open(note.as_bytes(), log);
        signed.map_err(|error| MemoryError::OtherLog(path.to_owned(), error))
    };
    let last = file.last.as_ref().map(open).transpose()?;
    let seen = file.seen.iter().take(SEEN_MAX).map(open).collect::<Result<Vec<_>, _>>()?;
    let seen = seen.into_iter().map(|signed| (signed.checkpoint().head().size, signed)).collect();
    let at = file.at.as_deref().and_then(Timestamp::parse);
    Ok(State { last, seen, at, ..State::default() })
}
