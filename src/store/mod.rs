//! One SQLite file: one writer with group commit and `synchronous=FULL`, many readers.
//!
//! [`Store::transaction`] is the one door in: its steps run on the writer's thread, their statements are
//! methods of [`Tx`], and what they return comes back only after the commit is durable, with a receipt
//! for every log entry they made. Steps that fail leave nothing behind. [`Store::read`] gives a
//! consistent [`Snapshot`] that holds up nobody. All SQL of the project is in this module.

mod arrivals;
mod backup;
mod backups;
mod batches;
mod beside;
mod blocks;
mod cache;
mod checkpoints;
mod clock;
mod committed;
mod counted;
mod destructions;
mod documents;
mod editions;
mod erase;
mod error;
mod holdings;
mod linkage_keys;
mod log;
mod log_blocks;
mod needles;
mod openings;
mod opt_outs;
mod organizations;
mod proposals;
mod quiet;
mod records;
mod rehearsal;
mod rewrite;
mod schema;
mod snapshot;
mod students;
mod subjects;
#[cfg(test)]
pub(crate) mod testing;
mod tx;
mod vault;
mod verdicts;
mod witnesses;
mod writer;

use crate::audit::{Head, SignerKey, VerifierKey};
use crate::calendar::Timestamp;
use crate::records::OrgId;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot, watch};

pub use backups::Backup;
pub use batches::{Acknowledged, BatchRow, Outcome, Sent, Verdict};
pub use clock::ClockDoubt;
pub use committed::{Committed, Pending};
pub use counted::{CountedAnew, CountedIn, CountingEdition};
pub use destructions::{Counts, Destruction, NewDestruction};
pub use documents::Stored;
pub use editions::{EditionNotes, EditionRow, LeftOutOf, SourceReport, SourceReports, product_key};
pub use erase::{Erased, ErasedEdition, Extent, Part};
pub use error::Error;
pub use holdings::{FrozenEdition, Held};
pub use linkage_keys::{KeyProgress, LinkageKeys, OtherKey};
pub use log_blocks::{Logged, Page};
pub use needles::Needles;
pub use openings::ErasedPerson;
pub use opt_outs::CarriedOptOut;
pub use organizations::Organization;
pub use quiet::Quiet;
pub use records::{Holding, RecordCount, Stored as StoredRecord};
pub use rehearsal::Rehearsal;
pub use rewrite::{Rewriting, Rewritten};
pub use snapshot::Snapshot;
pub use students::{StudentRecord, StudentRecords};
pub use subjects::{StoredPerson, SubjectRow};
pub use tx::Tx;
pub use vault::ServiceKey;
pub use verdicts::{LinkVerdict, PairId};
pub use witnesses::{OfferedCheckpoint, WitnessedCheckpoint};

/// Jobs that may wait for the writer; a full queue makes callers wait, which is the backpressure.
const QUEUE: usize = 256;

/// The open store. Clones share it.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    key: ServiceKey,
    work: mpsc::Sender<writer::Work>,
    readers: Mutex<Vec<rusqlite::Connection>>,
    cache: cache::Cache,
    asked: quiet::Asked,
    stopped: watch::Receiver<bool>,
}

impl Store {
    /// Makes a new database.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] when there is a file at the path, [`Error::Database`] when it cannot be written.
    pub fn create(path: &Path, key: &ServiceKey, origin: &str, now: Timestamp) -> Result<(), Error> {
        if path.exists() {
            return Err(Error::Exists(path.to_owned()));
        }
        schema::create(path, key, origin, now)
    }

    /// The origin of the log in a database: the name its key signs under.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`].
    pub fn origin(path: &Path) -> Result<String, Error> {
        schema::origin(path)
    }

    /// The sources of a database and the persons their students link to: tokens and numbers, of use only to who holds
    /// the linkage key.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`], [`Error::Database`] or [`Error::Damaged`].
    #[allow(clippy::type_complexity)]
    pub fn links(path: &Path, key: &ServiceKey) -> Result<(Vec<(u32, OrgId)>, Vec<SubjectRow>), Error> {
        let connection = schema::reader(path)?;
        Ok((organizations::sources(&connection)?, subjects::subjects(&connection, key)?))
    }

    /// Copies a database, open or not, into a new file: one consistent state, while pushes go on. The database notes
    /// that, and the copy says that it is one; false where the database is of an older program, and notes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`], [`Error::Exists`], or [`Error::Database`] or [`Error::Unwritable`] when the copy cannot be written;
    /// then there is none.
    pub fn backup(from: &Path, to: &Path, now: Timestamp) -> Result<bool, Error> {
        backup::copy(from, to, now)
    }

    /// Checks a database that nobody has open: its pages, and its access log up to the last signed
    /// checkpoint, whose head is returned.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] when anything does not fit.
    pub fn verify(path: &Path, key: &VerifierKey) -> Result<Head, Error> {
        backup::verify(path, key)
    }

    /// Opens a database, brings its schema up to date, and starts the writer.
    ///
    /// The access log is read whole and its root compared with the last signed checkpoint before
    /// anything else happens.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`], [`Error::Newer`], [`Error::WrongKey`], or [`Error::Damaged`] when the log
    /// does not verify.
    pub fn open(path: &Path, key: ServiceKey, signer: SignerKey) -> Result<Self, Error> {
        Self::open_to(path, key, signer, true)
    }

    /// The same; where it does not work unasked, records that have come are put into blocks at the next start, or once they are many.
    ///
    /// # Errors
    ///
    /// As [`Store::open`].
    pub fn open_to(
        path: &Path,
        key: ServiceKey,
        signer: SignerKey,
        works_unasked: bool,
    ) -> Result<Self, Error> {
        let connection = schema::open(path, &key)?;
        let (work, queue) = mpsc::channel(QUEUE);
        let (stop, stopped) = watch::channel(false);
        let cache = cache::Cache::default();
        let rewriter = rewrite::Rewriter::new(path);
        let asked = quiet::Asked::default();
        let unasked = works_unasked.then(|| asked.clone());
        let writer = writer::Writer::new(connection, key.clone(), signer, cache.clone(), rewriter, unasked)?;
        writer.start(queue, stop)?;
        let (path, readers) = (path.to_owned(), Mutex::default());
        let shared = Shared { path, key, work, readers, cache, asked, stopped };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Runs `steps` in a transaction and returns once it is durable. `name` shows up in spans.
    ///
    /// # Errors
    ///
    /// What the steps return, after everything they did is undone; or an [`Error`] of the store, of which
    /// only [`Error::Uncertain`] leaves open whether the steps took effect.
    pub async fn transaction<T, E, F>(&self, name: &'static str, steps: F) -> Result<Committed<T>, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.submit(name, steps).await?.committed().await
    }

    /// Hands `steps` to the writer and returns as soon as they have their place in its queue: steps
    /// submitted one after the other run in that order and may share a commit.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn submit<T, E, F>(&self, name: &'static str, steps: F) -> Result<Pending<T, E>, Error>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = writer::Job::new(name, move |tx| {
            let result = steps(tx).and_then(|value| {
                tx.file()?;
                Ok(value)
            });
            let keep = result.is_ok();
            let settle: writer::Settle = Box::new(move |receipt| {
                let committed = match (result, receipt) {
                    (Ok(value), Ok(receipt)) => Ok(Committed { value, receipt }),
                    (Ok(_), Err(error)) => Err(error.into()),
                    (Err(refusal), _) => Err(refusal),
                };
                // A caller that went away has no use for the answer.
                drop(answer.send(committed));
            });
            (keep, settle)
        });
        self.shared.work.send(writer::Work::Steps(job)).await.map_err(|_| Error::Stopped)?;
        Ok(Pending { answered, stopped: self.shared.stopped.clone() })
    }

    /// Writes the file anew, so that nothing of what was erased is left in its bytes or in those of the write-ahead log.
    /// Commits wait meanwhile, readers do not; but one that looks at an older state holds it up, and then it is to be
    /// called again, with `is_vacuumed`. The needles of several destructions are looked for together.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], of which a full disk changes nothing; [`Error::Stopped`].
    pub async fn rewrite(&self, needles: Vec<Arc<Needles>>, is_vacuumed: bool) -> Result<Rewriting, Error> {
        // Those that wait to be used again look at nothing, but remember pages as they were.
        self.shared.readers.lock().expect("no reader panics while it holds the pool").clear();
        let (answer, answered) = oneshot::channel();
        let rewriting = writer::Work::Rewrite { needles, is_vacuumed, answer };
        self.shared.work.send(rewriting).await.map_err(|_| Error::Stopped)?;
        answered.await.unwrap_or(Err(Error::Stopped))
    }

    /// Says that no more records come for now: all that wait are put into their blocks whenever there is nothing else to do, and
    /// not only where they are few.
    pub async fn put_away(&self) {
        // A store that has stopped goes on with it at its next start.
        let _ = self.shared.work.send(writer::Work::PutAway).await;
    }

    /// Copies the write-ahead log into the file after much was written, so that those who ask next do not wait for it.
    pub async fn copy_log(&self) {
        let (answer, answered) = oneshot::channel();
        if self.shared.work.send(writer::Work::CopyLog(answer)).await.is_ok() {
            // Should the store stop, its next start does it.
            let _ = answered.await;
        }
    }

    /// Has records wait for their blocks as long as what is returned is kept, unless they are too many: for whoever works on
    /// most of what is stored.
    pub fn quiet(&self) -> Quiet {
        self.shared.asked.quiet()
    }

    /// The organization of that id, if it is registered. It is asked at every call, so it is kept in memory.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn organization(&self, id: &OrgId) -> Result<Option<Arc<Organization>>, Error> {
        let n_changes = match self.shared.cache.organizations.find(id) {
            Ok(known) => return Ok(Some(known)),
            Err(n_changes) => n_changes,
        };
        let id = id.clone();
        let read = self.read(move |snapshot| snapshot.organization(&id)).await?.map(Arc::new);
        if let Some(read) = &read {
            self.shared.cache.organizations.keep(read, n_changes);
        }
        Ok(read)
    }

    /// Runs `look` on a consistent snapshot, off the async threads.
    ///
    /// # Errors
    ///
    /// What `look` returns, or [`Error::Database`] when no reader can be opened.
    pub async fn read<T, E, F>(&self, look: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Snapshot<'_>) -> Result<T, E> + Send + 'static,
    {
        let store = self.clone();
        let looking = tokio::task::spawn_blocking(move || store.read_blocking(look));
        looking.await.unwrap_or_else(|_| Err(Error::Panicked.into()))
    }

    /// As [`Store::read`], on the calling thread.
    ///
    /// # Errors
    ///
    /// As [`Store::read`].
    pub fn read_blocking<T, E, F>(&self, look: F) -> Result<T, E>
    where
        E: From<Error>,
        F: FnOnce(&Snapshot<'_>) -> Result<T, E>,
    {
        let pooled = self.shared.readers.lock().expect("no reader panics while it holds the pool").pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => schema::reader(&self.shared.path)?,
        };
        connection.execute_batch("BEGIN").map_err(Error::from)?;
        let result = look(&Snapshot::new(&connection, &self.shared.key, &self.shared.cache));
        if connection.execute_batch("COMMIT").is_ok() {
            self.shared.readers.lock().expect("no reader panics while it holds the pool").push(connection);
        }
        result
    }

    /// The keys the service derives from its own root.
    #[must_use]
    pub fn key(&self) -> &ServiceKey {
        &self.shared.key
    }

    /// Becomes true when the writer has stopped: the service must not go on.
    #[must_use]
    pub fn stopped(&self) -> watch::Receiver<bool> {
        self.shared.stopped.clone()
    }
}
