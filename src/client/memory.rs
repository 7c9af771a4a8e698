//! What a client has seen of the log: it must go on from there, and the client is one of its witnesses.
//!
//! The file holds the last checkpoint that is known to continue all before, the checkpoints of receipts since, and the receipt
//! with the newest entry. The next session begins with the proof that the log continues all of them. Of a log that does not,
//! what it has shown is kept beside the file as evidence, and the file is left as it is.
//!
//! Processes of one client share the file. They hold a lock on the witness's key while they read it and until what they have
//! cosigned is on disk, so that two of them never cosign from the same state.

use crate::audit::{CheckpointError, Cosigner, Head, Receipt, SignedCheckpoint, VerifierKey};
use crate::calendar::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Checkpoints kept besides the last one. Of more, these and the newest are compared. A service takes no more.
const SEEN_MAX: usize = 128;

/// The memory of one certificate's client.
pub struct Memory {
    path: PathBuf,
    log: VerifierKey,
    /// The file that processes of this client lock.
    lock: File,
    /// Its key as a witness.
    pub(super) cosigner: Cosigner,
    state: Mutex<State>,
}

#[derive(Default, Clone)]
struct State {
    last: Option<SignedCheckpoint>,
    seen: BTreeMap<u64, SignedCheckpoint>,
    newest: Option<Newest>,
    is_changed: bool,
    is_locked: bool,
    /// The log was not what it has to be: the file stays.
    is_evidence: bool,
}

/// The receipt with the newest entry, and when that was made by the service's clock.
#[derive(Clone)]
struct Newest {
    time: Timestamp,
    receipt: Receipt,
}

/// What was seen, as it is kept. A version before this kept a time, too, which nothing goes by.
#[derive(Serialize, Deserialize)]
struct Kept {
    last: Option<String>,
    seen: Vec<String>,
    /// As C2SP tlog-proof.
    newest: Option<String>,
}

/// What was seen, and what a log has shown that does not continue it.
#[derive(Serialize)]
struct Evidence {
    seen: Kept,
    shown: Vec<String>,
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
    /// Reads what was seen; nothing where there is no file yet. Waits for other processes of this client that are reading it,
    /// too, and keeps them waiting until what follows from it is saved.
    ///
    /// # Errors
    ///
    /// [`MemoryError`].
    pub fn open(path: &Path, log: VerifierKey, lock: File, cosigner: Cosigner) -> Result<Self, MemoryError> {
        lock.lock().map_err(|error| MemoryError::Unreadable(path.to_owned(), error))?;
        let state = State { is_locked: true, ..read(path, &log)? };
        Ok(Self { path: path.to_owned(), log, lock, cosigner, state: Mutex::new(state) })
    }

    /// The last checkpoint that is known to continue all before, and those seen since.
    pub(super) fn seen(&self) -> (Option<SignedCheckpoint>, Vec<SignedCheckpoint>) {
        let state = self.state();
        (state.last.clone(), state.seen.values().cloned().collect())
    }

    /// The receipt with the newest entry that was seen, and when that was made.
    pub(super) fn newest(&self) -> Option<(Timestamp, Receipt)> {
        self.state().newest.clone().map(|newest| (newest.time, newest.receipt))
    }

    /// Takes down a receipt, and the checkpoint that it leads to. False when that contradicts one of the same size, or is older
    /// than the last.
    pub(super) fn note(&self, receipt: &Receipt, time: Timestamp, signed: &SignedCheckpoint) -> bool {
        let mut state = self.state();
        let head = signed.checkpoint().head();
        let known = state.seen.get(&head.size).or(state.last.as_ref());
        if !known.is_none_or(|known| agrees(known.checkpoint().head(), head)) {
            return false;
        }
        if state.newest.as_ref().is_none_or(|newest| newest.time < time) {
            state.newest = Some(Newest { time, receipt: receipt.clone() });
            state.is_changed = true;
        }
        if state.last.as_ref() != Some(signed) {
            if state.seen.len() >= SEEN_MAX {
                // The newest is always compared.
                state.seen.pop_last();
            }
            state.seen.insert(head.size, signed.clone());
            state.is_changed = true;
        }
        true
    }

    /// The log continues everything seen, up to this checkpoint: that is kept, durably, before anything follows from it.
    pub(super) fn settle(&self, last: SignedCheckpoint) -> io::Result<()> {
        let mut state = self.state();
        (state.last, state.seen) = (Some(last), BTreeMap::new());
        // Nobody else has changed the file since it was read: it was locked.
        let written = self.write(&mut state);
        self.unlock(&mut state);
        written
    }

    /// Lets other processes of this client read the file.
    pub(super) fn release(&self) {
        self.unlock(&mut self.state());
    }

    fn unlock(&self, state: &mut State) {
        // A lock that could not be given back goes with the process.
        state.is_locked = self.lock.unlock().is_err();
    }

    /// The log does not continue what was seen: keeps both, and gives back where. What was seen stays as it is.
    pub(super) fn keep_evidence(&self, shown: Vec<String>) -> io::Result<PathBuf> {
        let mut state = self.state();
        state.is_evidence = true;
        let evidence = Evidence { seen: kept(&state), shown };
        let path = self.beside("split");
        let mut file = File::create_new(&path)?;
        file.write_all(&serde_json::to_vec_pretty(&evidence)?)?;
        file.sync_all()?;
        Ok(path)
    }

    /// Puts what was seen of a log that is lost aside, and begins anew.
    pub(super) fn lose(&self) -> io::Result<()> {
        let mut state = self.state();
        (state.last, state.seen, state.newest) = (None, BTreeMap::new(), None);
        match std::fs::rename(&self.path, self.beside("lost")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// Where it is kept.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what was seen, together with what other processes of this client have seen meanwhile.
    ///
    /// # Errors
    ///
    /// [`io::Error`].
    pub fn save(&self) -> io::Result<()> {
        let mut state = self.state();
        if !state.is_changed || state.is_evidence {
            return Ok(());
        }
        if !state.is_locked {
            self.lock.lock()?;
            state.is_locked = true;
        }
        if let Ok(other) = read(&self.path, &self.log) {
            // Where another has settled since, it began from what this one had settled, which that continues.
            let size = |of: &State| of.last.as_ref().map_or(0, |last| last.checkpoint().head().size);
            if size(&other) > size(&state) {
                state.last = other.last;
            }
            for (size, signed) in other.seen {
                if state.seen.len() < SEEN_MAX {
                    state.seen.entry(size).or_insert(signed);
                }
            }
            let time = |of: &Option<Newest>| of.as_ref().map(|newest| newest.time);
            if time(&other.newest) > time(&state.newest) {
                state.newest = other.newest;
            }
        }
        let written = self.write(&mut state);
        self.unlock(&mut state);
        written
    }

    fn write(&self, state: &mut State) -> io::Result<()> {
        let new = self.path.with_extension("json.new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec_pretty(&kept(state))?)?;
        file.sync_all()?;
        std::fs::rename(new, &self.path)?;
        state.is_changed = false;
        Ok(())
    }

    /// A file that is not there yet, named after this one and the moment.
    fn beside(&self, what: &str) -> PathBuf {
        self.path.with_extension(format!("{what}-{}.json", Timestamp::now().millis()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // What was seen last is then compared by the next session that sees it again; nobody is left to tell.
        let _ = self.save();
    }
}

/// Whether a log can have had one head and then the other.
fn agrees(known: Head, head: Head) -> bool {
    known.size < head.size || known == head
}

fn kept(state: &State) -> Kept {
    let note = |signed: &SignedCheckpoint| signed.note().to_owned();
    Kept {
        last: state.last.as_ref().map(note),
        seen: state.seen.values().map(note).collect(),
        newest: state.newest.as_ref().map(|newest| newest.receipt.to_saved()),
    }
}

fn read(path: &Path, log: &VerifierKey) -> Result<State, MemoryError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::default()),
        Err(error) => return Err(MemoryError::Unreadable(path.to_owned(), error)),
    };
    let malformed = || MemoryError::Malformed(path.to_owned());
    let kept: Kept = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
    let open = |note: &String| {
        let signed = SignedCheckpoint::open(note.as_bytes(), log);
        signed.map_err(|error| MemoryError::OtherLog(path.to_owned(), error))
    };
    let last = kept.last.as_ref().map(open).transpose()?;
    let seen = kept.seen.iter().take(SEEN_MAX).map(open).collect::<Result<Vec<_>, _>>()?;
    let seen = seen.into_iter().map(|signed| (signed.checkpoint().head().size, signed)).collect();
    let newest = |text: &String| {
        let receipt = Receipt::from_saved(text).map_err(|_| malformed())?;
        let proven = receipt.verify(log, None, None).map_err(|_| malformed())?;
        Ok(Newest { time: proven.entry.time, receipt })
    };
    let newest = kept.newest.as_ref().map(newest).transpose()?;
    Ok(State { last, seen, newest, ..State::default() })
}
