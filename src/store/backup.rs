//! Copies of the database, and the check that one is whole.

use super::{Error, backups, log, schema};
use crate::audit::{Head, VerifierKey};
use crate::calendar::Timestamp;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// Pages copied before writers get their turn again.
const STEP: i32 = 256;

pub(super) fn copy(from: &Path, to: &Path, now: Timestamp) -> Result<bool, Error> {
    let source = schema::reader(from).map_err(|_| Error::Absent(from.to_owned()))?;
    // The copy holds what the database holds, so it is as private from its first moment.
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    file.map_err(|_| Error::Exists(to.to_owned()))?;
    // A database that no program of today has opened yet does not note its copies.
    let is_noted = source.table_exists(None, "copied")?;
    if is_noted {
        // Before it is begun, so that also one that fails half way is known.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let noted = Connection::open_with_flags(from, flags)?;
        noted.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA busy_timeout = 60000; PRAGMA trusted_schema = OFF",
        )?;
        backups::begin(&noted, &name(to), now)?;
    }
    let mut target = Connection::open(to)?;
    Backup::new(&source, &mut target)?.run_to_completion(STEP, Duration::from_millis(5), None)?;
    target.execute_batch("PRAGMA journal_mode = WAL")?;
    if is_noted {
        backups::mark(&target, now)?;
    }
    target.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(is_noted)
}

/// The name of a file as the access log can hold it.
fn name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let name: String = name.chars().take(64).map(|c| if fits(c) { c } else { '_' }).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

pub(super) fn verify(path: &Path, key: &VerifierKey) -> Result<Head, Error> {
    let connection = schema::reader(path).map_err(|_| Error::Absent(path.to_owned()))?;
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if whole != "ok" {
        return Err(Error::Damaged("the database's pages do not fit"));
    }
    Ok(log::read(&connection, key)?.frontier.head())
}
