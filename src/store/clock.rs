//! Whether the clock is in doubt.
//!
//! A clock that is wrong by years would destroy what nobody wants destroyed. The access log is the only other clock there is:
//! a service that is started long after its last entry waits for its operator's word before it destroys by date.

use super::{Error, Snapshot, Tx};
use crate::audit::Entry;
use crate::calendar::Timestamp;
use rusqlite::{OptionalExtension, params};

/// What casts doubt on the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockDoubt {
    /// The time of the log's newest entry when the service was started.
    pub newest: Timestamp,
    /// What the clock said then.
    pub started: Timestamp,
}

impl Snapshot<'_> {
    /// The time of the newest entry of the access log.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn newest_entry(&self) -> Result<Option<Timestamp>, Error> {
        let mut newest = self.prepare("SELECT entry FROM log_entry ORDER BY position DESC LIMIT 1")?;
        let bytes: Option<Vec<u8>> = newest.query_row([], |row| row.get(0)).optional()?;
        let parse = |bytes: Vec<u8>| Entry::parse(&bytes).map_err(|_| Error::Damaged("a log entry"));
        Ok(bytes.map(parse).transpose()?.map(|entry| entry.time))
    }

    /// The doubt that no operator has ended.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn clock_doubt(&self) -> Result<Option<ClockDoubt>, Error> {
        let mut statement = self.prepare("SELECT newest_ms, started_ms FROM clock_doubt")?;
        let doubt = statement.query_row([], |row| {
            Ok(ClockDoubt {
                newest: Timestamp::from_millis(row.get(0)?),
                started: Timestamp::from_millis(row.get(1)?),
            })
        });
        Ok(doubt.optional()?)
    }
}

impl Tx<'_> {
    /// Keeps a doubt, unless there is one already.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn doubt_clock(&mut self, doubt: ClockDoubt) -> Result<(), Error> {
        self.prepare("INSERT OR IGNORE INTO clock_doubt (one, newest_ms, started_ms) VALUES (1, ?1, ?2)")?
            .execute(params![doubt.newest.millis(), doubt.started.millis()])?;
        Ok(())
    }

    /// Ends a doubt; whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn trust_clock(&mut self) -> Result<bool, Error> {
        Ok(self.prepare("DELETE FROM clock_doubt")?.execute([])? > 0)
    }
}
