//! Copies of the database, and the check that one is whole.

use super::{Error, log, schema};
use crate::audit::{Head, VerifierKey};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// Pages copied before writers get their turn again.
const STEP: i32 = 256;

pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let source = schema::reader(from).map_err(|_| Error::Absent(from.to_owned()))?;
    // The copy holds what the database holds, so it is as private from its first moment.
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    file.map_err(|_| Error::Exists(to.to_owned()))?;
    let mut target = Connection::open(to)?;
    Backup::new(&source, &mut target)?.run_to_completion(STEP, Duration::from_millis(5), None)?;
    target.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

pub(super) fn verify(path: &Path, key: &VerifierKey) -> Result<Head, Error> {
    let connection = schema::reader(path).map_err(|_| Error::Absent(path.to_owned()))?;
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if whole != "ok" {
        return Err(Error::Damaged("the database's pages do not fit"));
    }
    Ok(log::read(&connection, key)?.0.head())
}
