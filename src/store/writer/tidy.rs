//! What the writer does while nobody asks for anything: records are put into their blocks, and the log of writes is copied.

use super::{Work, Writer};
use crate::store::Error;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// Rows that are put away in one commit while there is nothing else to do: at first, and at most, as long as nobody comes. Who
/// comes meanwhile waits for that, some milliseconds: with four times as many at first, of a source that sends its batches
/// one by one 36,000 records a second were acknowledged, and not 208,000 (`cargo bench --bench intake -- put_records`). A
/// commit waits for the disk, so of fewer ones each row takes less; of 4,000 rows it took so long that a first answer after a start
/// waited for 67 ms.
pub(super) const PUT_AWAY: [usize; 2] = [500, 1_500];

/// For how long there is nothing else to do before rows are put away. Without a pause, of those who asked 500 times a second
/// one in a hundred waited 17 ms while the records of a state were put away.
const PAUSE: Duration = Duration::from_millis(20);

impl Writer {
    /// What is asked for next; nothing at the end. As long as that is nothing, records are put into their blocks, where they are
    /// few or no more come. The clock ends the waiting for it.
    pub(super) fn next(
        &mut self,
        queue: &mut mpsc::Receiver<Work>,
        clock: &Runtime,
    ) -> Result<Option<Work>, Error> {
        let (mut pause, [mut n_rows, most]) = (PAUSE, PUT_AWAY);
        while let Some(asked) = self.unasked.as_ref().filter(|_| self.is_tidying || self.arrivals.are_few()) {
            if let Ok(work) = clock.block_on(async { tokio::time::timeout(pause, queue.recv()).await }) {
                return Ok(work);
            }
            if asked.by_somebody() {
                pause = PAUSE;
                continue;
            }
            // Once nobody else works it goes on, and only looks whether somebody does.
            pause = Duration::ZERO;
            let goes_on = self.tidy(n_rows)?;
            self.is_tidying &= goes_on && !self.arrivals.is_put_away();
            self.copy_log();
            n_rows = most.min(2 * n_rows);
            if !goes_on {
                break;
            }
        }
        Ok(queue.blocking_recv())
    }

    /// Copies the write-ahead log into the file while nobody waits for it: whoever commits next would have to. What can not be
    /// copied now is with the commits to come.
    pub(super) fn copy_log(&self) {
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)") {
            tracing::debug!(%error, "the write-ahead log stays as it is until more is committed");
        }
    }

    /// Puts some records into their blocks; false where that is not possible now. A disk that is full only makes them wait.
    pub(super) fn tidy(&mut self, n_rows: usize) -> Result<bool, Error> {
        self.run_cached("BEGIN IMMEDIATE")?;
        if let Err(error) = self.arrivals.put_away(&self.connection, &self.key, n_rows) {
            tracing::warn!(%error, "records wait for their blocks until more come");
            if !self.connection.is_autocommit() {
                self.connection.execute_batch("ROLLBACK")?;
            }
            self.arrivals.load(&self.connection, &self.key)?;
            return Ok(false);
        }
        self.run_cached("COMMIT")?;
        Ok(true)
    }
}
