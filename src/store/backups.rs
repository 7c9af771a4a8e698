//! Which backups were begun, and whether this file is one.
//!
//! A backup holds what was there when it was made, whatever is destroyed later. So it is noted before it is begun, for the
//! certificates of destruction to name it, and the copy says of itself that it is one, for no service to start on it as if
//! nothing had been destroyed since.

use super::{Error, Snapshot, Tx};
use crate::calendar::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its number.
    pub number: u32,
    /// The file's name without its folder, with `_` for what no code has.
    pub name: String,
    /// When it was begun.
    pub begun: Timestamp,
}

impl Snapshot<'_> {
    /// The backups that were begun, by number.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn backups(&self) -> Result<Vec<Backup>, Error> {
        backups(self.connection(), "SELECT number, name, begun_ms FROM backup ORDER BY number")
    }

    /// The backups that the access log does not have yet.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn unlogged_backups(&self) -> Result<Vec<Backup>, Error> {
        let sql = "SELECT number, name, begun_ms FROM backup WHERE is_logged = 0 ORDER BY number";
        backups(self.connection(), sql)
    }

    /// When this file was copied from another, where no service has been started on it since.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn copied(&self) -> Result<Option<Timestamp>, Error> {
        let mut statement = self.prepare("SELECT begun_ms FROM copied")?;
        let begun: Option<i64> = statement.query_row([], |row| row.get(0)).optional()?;
        Ok(begun.map(Timestamp::from_millis))
    }
}

impl Tx<'_> {
    /// Notes that the access log has a backup.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn backup_is_logged(&mut self, number: u32) -> Result<(), Error> {
        self.prepare("UPDATE backup SET is_logged = 1 WHERE number = ?1")?.execute([number])?;
        Ok(())
    }

    /// Takes the file for the service's own from here on.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn adopt_copy(&mut self) -> Result<(), Error> {
        self.prepare("DELETE FROM copied")?.execute([])?;
        Ok(())
    }
}

/// Notes a backup in the database it is of. Another process may be writing: SQLite lets one after the other.
pub(super) fn begin(connection: &Connection, name: &str, now: Timestamp) -> Result<(), Error> {
    connection.execute(
        "INSERT INTO backup (name, begun_ms, is_logged) VALUES (?1, ?2, 0)",
        params![name, now.millis()],
    )?;
    Ok(())
}

/// Says in a copy that it is one. A copy of a copy is from before what the first was from before.
pub(super) fn mark(copy: &Connection, now: Timestamp) -> Result<(), Error> {
    copy.execute("INSERT OR IGNORE INTO copied (one, begun_ms) VALUES (1, ?1)", [now.millis()])?;
    Ok(())
}

fn backups(connection: &Connection, sql: &str) -> Result<Vec<Backup>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        let begun = Timestamp::from_millis(row.get(2)?);
        Ok(Backup { number: row.get(0)?, name: row.get(1)?, begun })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
