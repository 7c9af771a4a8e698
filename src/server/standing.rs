//! Whether the database is as far as its log has ever been, as far as anybody knows.
//!
//! The newest checkpoint is kept in a file beside the database. A database that was restored from a backup is behind it, and
//! so it is behind what clients have seen: entries that it has proven are gone. Such a service does not start, and does not
//! go on, before its operator has put on record what is lost: [`recover`].

use super::Error;
use super::status;
use crate::audit::{Entry, Filter, Hash, Head, SignedCheckpoint, VerifierKey};
use crate::calendar::Timestamp;
use crate::store::{Committed, Logged, Store, Tx};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tonic::{Code, Status};

/// How often the newest checkpoint is kept.
const EVERY: Duration = Duration::from_secs(1);

/// What is wrong with the log. Nothing more is answered from it, and nothing is added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsound {
    /// It does not continue a checkpoint of this size that it has signed.
    Behind(u64),
    /// It was changed.
    Changed,
}

/// Where the newest checkpoint is kept, and whether the log is what it has to be.
pub(super) struct Standing {
    path: PathBuf,
    unsound: watch::Sender<Option<Unsound>>,
    /// Held while the file is written: once the log is unsound, nothing is written in its place.
    writing: Mutex<()>,
}

impl Standing {
    pub(super) fn new(database: &Path) -> Self {
        Self { path: path(database), unsound: watch::channel(None).0, writing: Mutex::default() }
    }

    /// Somebody has a checkpoint of this log that it does not continue: it is kept, and the service stops.
    pub(super) fn is_behind(&self, checkpoint: &SignedCheckpoint) {
        let size = checkpoint.checkpoint().head().size;
        tracing::error!(size, "the access log does not continue a checkpoint that it has signed");
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_unsound() {
            return;
        }
        if let Err(error) = write(&self.path, checkpoint.note()) {
            tracing::error!(kind = ?error.kind(), "that checkpoint can not be kept");
        }
        self.unsound.send_replace(Some(Unsound::Behind(size)));
    }

    pub(super) fn is_unsound(&self) -> bool {
        self.unsound.borrow().is_some()
    }

    /// What callers are told of an unsound log.
    pub(super) fn refusal() -> Status {
        let message = "the access log lacks entries that it has proven, or was changed; the service stops until its operator \
                       has looked at that";
        status::status(Code::DataLoss, "LOG_UNSOUND", message)
    }

    pub(super) fn unsound(&self) -> watch::Receiver<Option<Unsound>> {
        self.unsound.subscribe()
    }

    /// Verifies the whole access log every so often, until it does not verify: then somebody has written into the database past
    /// the service, and no answer is worth its receipt.
    pub(super) async fn verify(self: Arc<Self>, store: Store, key: VerifierKey, every: Duration) {
        let mut clock = tokio::time::interval(every);
        // The first tick is at once, and the log was verified at the start.
        clock.tick().await;
        loop {
            clock.tick().await;
            let key = key.clone();
            match store.read(move |snapshot| snapshot.verify_log(&key)).await {
                Ok(head) => tracing::info!(size = head.size, "the access log verifies"),
                Err(error) if error.is_passing() => {
                    tracing::error!(%error, "the access log could not be verified");
                }
                Err(error) => {
                    tracing::error!(%error, "the access log does not verify, and the service stops");
                    self.unsound.send_replace(Some(Unsound::Changed));
                    return;
                }
            }
        }
    }

    fn keep_one(&self, note: &str) -> std::io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_unsound() { Ok(()) } else { write(&self.path, note) }
    }

    /// Keeps the newest checkpoint, again and again.
    pub(super) async fn keep(self: Arc<Self>, store: Store) {
        let (mut clock, mut kept) = (tokio::time::interval(EVERY), String::new());
        loop {
            clock.tick().await;
            kept = self.keep_newest(&store, kept).await;
        }
    }

    /// Keeps the newest checkpoint, where it is not the one that is kept; the one that is kept then.
    pub(super) async fn keep_newest(self: &Arc<Self>, store: &Store, kept: String) -> String {
        let newest = match store.read(|snapshot| snapshot.checkpoint()).await {
            Ok(Some(newest)) if newest != kept => newest,
            Ok(_) => return kept,
            Err::<_, crate::store::Error>(error) => {
                tracing::error!(%error, "the checkpoint can not be read");
                return kept;
            }
        };
        let (standing, note) = (self.clone(), newest.clone());
        match tokio::task::spawn_blocking(move || standing.keep_one(&note)).await {
            Ok(Ok(())) => newest,
            Ok(Err(error)) => {
                tracing::error!(kind = ?error.kind(), "the checkpoint can not be kept");
                kept
            }
            Err(_) => kept,
        }
    }
}

/// Puts on record that another key is to follow the log's, once, by the digest of the note that says so.
///
/// # Errors
///
/// [`Error::Store`].
pub(super) async fn note_key_change(store: &Store, note: &str) -> Result<(), Error> {
    let entry = Entry::key_change(Timestamp::now(), Hash::of(note.as_bytes()));
    let steps = move |tx: &mut Tx<'_>| {
        let changes = Filter { rpc: Some(entry.rpc.clone()), ..Filter::default() };
        let is_known = |logged: &Logged| {
            Entry::parse(&logged.bytes).is_ok_and(|known| known.response_digest == entry.response_digest)
        };
        match tx.log_entries(0, usize::MAX, &changes)?.0.iter().any(is_known) {
            true => Ok(()),
            false => tx.log(&entry),
        }
    };
    let noted = store.transaction("log.key_change", steps).await;
    noted.map(|Committed::<()> { .. }| ()).map_err(Error::Store)
}

/// Makes sure that a store is not behind the checkpoint that is kept beside its database.
///
/// # Errors
///
/// [`Error::LogBehind`], [`Error::Checkpoint`] when the file is none of this log, [`Error::Store`].
pub(super) async fn check(database: &Path, store: &Store, keys: &[VerifierKey]) -> Result<(), Error> {
    lost(database, store, keys).await?.map_or(Ok(()), |lost| Err(Error::LogBehind(lost.head.size)))
}

/// What a log lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Its entries.
    pub size: u64,
    /// The furthest head that it has had and does not continue.
    pub head: Head,
}

/// What a store lacks of what is kept beside its database; nothing where it lacks nothing.
///
/// # Errors
///
/// [`Error::Checkpoint`], [`Error::Store`].
pub async fn lost(database: &Path, store: &Store, keys: &[VerifierKey]) -> Result<Option<Lost>, Error> {
    let Some(kept) = read(database, keys)? else { return Ok(None) };
    let head = kept.checkpoint().head();
    let look = move |snapshot: &crate::store::Snapshot<'_>| {
        Ok::<_, crate::store::Error>((snapshot.continues(head)?, snapshot.log_size()?))
    };
    let (continues, size) = store.read(look).await?;
    Ok((!continues).then_some(Lost { size, head }))
}

/// Puts on record what is lost, so that the service starts again and whoever has seen the lost entries is told.
///
/// # Errors
///
/// [`Error::Store`]; [`Error::Kept`] when the new checkpoint can not be kept.
pub async fn recover(database: &Path, store: &Store, lost: Lost) -> Result<u64, Error> {
    // Its entry is made by the clock of now, which the log has to say of itself before that.
    crate::destruction::doubt_clock(store, Timestamp::now(), false).await.map_err(Error::Store)?;
    let steps = move |tx: &mut Tx<'_>| tx.recover(lost.head, Timestamp::now());
    let committed: Committed<()> = store.transaction("recover", steps).await.map_err(Error::Store)?;
    let receipt = committed.receipt.as_ref().ok_or(crate::store::Error::Damaged("no log entry"))?;
    write(&path(database), receipt.checkpoint()).map_err(Error::Kept)?;
    Ok(receipt.index())
}

fn path(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(".checkpoint");
    name.into()
}

fn read(database: &Path, keys: &[VerifierKey]) -> Result<Option<SignedCheckpoint>, Error> {
    let path = path(database);
    let note = match std::fs::read(&path) {
        Ok(note) if note.is_empty() => return Ok(None),
        Ok(note) => note,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(Error::Checkpoint(path)),
    };
    SignedCheckpoint::open_any(&note, keys).map(Some).map_err(|_| Error::Checkpoint(path))
}

/// Writes in the place of what is there, whole or not at all.
fn write(path: &Path, note: &str) -> std::io::Result<()> {
    let new = path.with_extension("checkpoint.new");
    let mut file = std::fs::File::create(&new)?;
    std::io::Write::write_all(&mut file, note.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(new, path)
}
