//! Brings what was committed from the write-ahead log into the file, beside the writer.
//!
//! A push writes pages all over the file. Who commits does not wait until they are there: another thread copies them while
//! commits go on behind what it copies. The writer takes part only where the log has grown long, and then for the last pages:
//! the log begins anew once all of it is in the file, which never is so while commits go on without a pause.

use super::{Error, schema};
use rusqlite::hooks::Wal;
use rusqlite::{Connection, MAIN_DB};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Pages of the log that are copied at once, at least: one that is written ten times is copied once.
const ROUND: usize = 2_000;

/// Pages of a log that is long, of 4 KB each.
const LONG: usize = 12_000;

/// Pages that the writer copies itself at most, where the log is long.
const LAST: usize = 250;

/// The thread that copies. Checkpoints are passive (the default): they wait for nobody, and nobody for them.
pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    ask: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// Held while pages are copied.
    copying: Mutex<()>,
    /// Pages of the log that are in the file.
    n_copied: AtomicUsize,
}

impl Checkpointer {
    /// Copies what a connection commits from here on; its own checkpoints at a commit end.
    pub(super) fn start(path: &Path, connection: &mut Connection) -> Result<Self, Error> {
        let copier = schema::checkpointer(path)?;
        let shared = Arc::new(Shared::default());
        // One that waits is enough: it copies whatever there is by then.
        let (ask, asked) = sync_channel(1);
        let (of_thread, of_hook, tell) = (shared.clone(), shared.clone(), ask.clone());
        connection.wal_hook(Some(move |wal: &mut Wal, n_pages: i32| {
            of_hook.committed(usize::try_from(n_pages).unwrap_or(0), &tell, wal);
            Ok(())
        }))?;
        let run = move || of_thread.run(&copier, &asked);
        let thread = std::thread::Builder::new().name("store-checkpoints".into()).spawn(run);
        Ok(Self { shared, ask: Some(ask), thread: Some(thread.map_err(|_| Error::Stopped)?) })
    }

    /// Nothing is copied until what is returned goes.
    pub(super) fn pause(&self) -> MutexGuard<'_, ()> {
        self.shared.copying()
    }

    /// Ends the thread. The connection, whose hook it is, calls nobody from here on.
    pub(super) fn end(mut self, connection: &mut Connection) -> Result<(), Error> {
        connection.wal_hook(None::<fn(&mut Wal, i32) -> rusqlite::Result<()>>)?;
        self.ask = None;
        self.thread.take().map_or(Ok(()), JoinHandle::join).map_err(|_| Error::Panicked)
    }
}

impl Shared {
    fn copying(&self) -> MutexGuard<'_, ()> {
        self.copying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After a commit, which stands whatever comes of this.
    fn committed(&self, n_pages: usize, ask: &SyncSender<()>, wal: &mut Wal) {
        // The log has begun anew.
        if n_pages < self.n_copied.load(Ordering::Relaxed) {
            self.n_copied.store(0, Ordering::Relaxed);
        }
        let n_left = n_pages - self.n_copied.load(Ordering::Relaxed).min(n_pages);
        let is_long = n_pages >= LONG;
        if is_long && (n_left < LAST || n_pages >= 2 * LONG) {
            // Of no use while the thread copies, and then it is tried again.
            if let Ok((_, n_copied)) = wal.checkpoint_v2(Default::default()) {
                self.n_copied.store(usize::try_from(n_copied).unwrap_or(0), Ordering::Relaxed);
            }
        } else if n_left >= if is_long { LAST } else { ROUND } {
            let _ = ask.try_send(());
        }
    }

    /// Copies whenever it is asked for, until nobody can ask any more.
    fn run(&self, copier: &Connection, asked: &Receiver<()>) {
        while asked.recv().is_ok() {
            let _copying = self.copying();
            match copier.wal_checkpoint_v2(Some(MAIN_DB), Default::default()) {
                Ok((_, n_copied)) => {
                    self.n_copied.store(usize::try_from(n_copied).unwrap_or(0), Ordering::Relaxed);
                }
                // What is committed is in the log, and stays there.
                Err(error) => tracing::warn!(%error, "the write-ahead log is not brought into the file"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    /// Pages that each commit writes.
    const PAGES: i64 = 2_500;

    struct File {
        folder: tempfile::TempDir,
        connection: Connection,
    }

    impl File {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let connection = Connection::open(folder.path().join("a.db")).expect("a file");
            let made =
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE filled (bytes BLOB);
                        PRAGMA wal_checkpoint(TRUNCATE)";
            connection.execute_batch(made).expect("a table");
            Self { folder, connection }
        }

        fn start(&mut self) -> Checkpointer {
            Checkpointer::start(&self.folder.path().join("a.db"), &mut self.connection).expect("it starts")
        }

        fn commit(&self) {
            let filled = self.connection.execute("INSERT INTO filled VALUES (zeroblob(?1))", [PAGES * 4_096]);
            assert_eq!(filled, Ok(1));
        }

        /// Pages of the file, and of the log as long as it has ever been.
        fn pages(&self) -> (u64, u64) {
            let length = |name| std::fs::metadata(self.folder.path().join(name)).expect("a file").len();
            (length("a.db") / 4_096, length("a.db-wal") / 4_120)
        }
    }

    #[test]
    fn what_is_committed_is_copied_beside_the_one_who_commits() {
        let mut file = File::new();
        let checkpointer = file.start();
        file.commit();
        let started = Instant::now();
        while file.pages().0 < PAGES as u64 && started.elapsed() < Duration::from_secs(60) {
            std::thread::yield_now();
        }
        assert!(file.pages().0 >= PAGES as u64, "nobody commits any more, and yet it is in the file");
        checkpointer.end(&mut file.connection).expect("it ends");
        let emptied = file.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        assert_eq!((emptied, file.pages().1), (Ok(0), 0), "nobody is in the way");
    }

    #[test]
    fn a_log_that_grows_long_is_copied_by_the_one_who_commits() {
        let mut file = File::new();
        let checkpointer = file.start();
        let paused = checkpointer.pause();
        let n_commits = 2 * LONG / PAGES as usize;
        (0..n_commits).for_each(|_| file.commit());
        assert!(file.pages().0 < 10, "nothing is copied while it pauses");
        (0..n_commits).for_each(|_| file.commit());
        let (of_file, of_log) = file.pages();
        assert!(
            of_file as usize > LONG && (of_log as usize) < 2 * LONG + 2 * PAGES as usize,
            "{of_file} {of_log}"
        );
        drop(paused);
        checkpointer.end(&mut file.connection).expect("it ends");
        let rows: usize =
            file.connection.query_row("SELECT count(*) FROM filled", [], |row| row.get(0)).expect("rows");
        assert_eq!(rows, 2 * n_commits);
    }
}
