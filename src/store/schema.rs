//! Creating, opening and migrating the file.

mod moved;

use super::{Error, ServiceKey, checkpoints};
use crate::calendar::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Numbered steps from an empty file to the newest schema: added, never edited.
const MIGRATIONS: [&str; 22] = [
    include_str!("schema.sql"),
    include_str!("migrations/2_proof.sql"),
    include_str!("migrations/3_reason.sql"),
    include_str!("migrations/4_linkage.sql"),
    include_str!("migrations/5_keys.sql"),
    include_str!("migrations/6_terms.sql"),
    include_str!("migrations/7_deliveries.sql"),
    include_str!("migrations/8_left_out.sql"),
    include_str!("migrations/9_witnesses.sql"),
    include_str!("migrations/10_log_block.sql"),
    include_str!("migrations/11_destruction.sql"),
    include_str!("migrations/12_certificates.sql"),
    include_str!("migrations/13_proposal.sql"),
    include_str!("migrations/14_last_backups.sql"),
    include_str!("migrations/15_openings.sql"),
    include_str!("migrations/16_log_places.sql"),
    include_str!("migrations/17_arrivals.sql"),
    include_str!("migrations/18_edition_column.sql"),
    include_str!("migrations/19_counted.sql"),
    include_str!("migrations/20_record_block.sql"),
    include_str!("migrations/21_subject.sql"),
    include_str!("migrations/22_round.sql"),
];

/// The steps that have a rest which is not SQL: what it moves is sealed.
const BLOCKS: usize = 20;
const SUBJECTS: usize = 21;

/// `PRAGMA application_id`: the letters `thrl`.
const APPLICATION_ID: i32 = 0x7468_726c;

pub(super) fn create(path: &Path, key: &ServiceKey, origin: &str, now: Timestamp) -> Result<(), Error> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|_| Error::Absent(path.to_owned()))?;
    let mut connection = Connection::open(path)?;
    configure(&connection)?;
    connection.execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}"))?;
    migrate(&mut connection, &MIGRATIONS, key)?;
    connection.execute(
        "INSERT INTO service (one, origin, created_ms, key_check) VALUES (1, ?1, ?2, ?3)",
        params![origin, now.millis(), key.check()],
    )?;
    Ok(())
}

pub(super) fn open(path: &Path, key: &ServiceKey) -> Result<Connection, Error> {
    let absent = || Error::Absent(path.to_owned());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|_| absent())?;
    let id: i32 =
        connection.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(|_| absent())?;
    if id != APPLICATION_ID {
        return Err(absent());
    }
    configure(&connection)?;
    checkpoints::pace(&mut connection)?;
    let found = version(&connection, &MIGRATIONS)?;
    // Before any step: what a step seals is sealed with this key.
    let check: Option<Vec<u8>> =
        connection.query_row("SELECT key_check FROM service", [], |row| row.get(0)).optional()?;
    if check.as_deref() != Some(&key.check()[..]) {
        return Err(Error::WrongKey);
    }
    if found < MIGRATIONS.len() {
        // What a step seals is left as it was neither in the write-ahead log from before, should nobody come to the end of
        // this, nor in the file's own pages.
        connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        migrate(&mut connection, &MIGRATIONS, key)?;
        connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    Ok(connection)
}

pub(super) fn origin(path: &Path) -> Result<String, Error> {
    let absent = |_| Error::Absent(path.to_owned());
    let connection = reader(path).map_err(|_| Error::Absent(path.to_owned()))?;
    connection.query_row("SELECT origin FROM service", [], |row| row.get(0)).map_err(absent)
}

pub(super) fn reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    keep_statements(&connection)?;
    // A small cache: pages are forgotten whenever something is committed, and who reads much reads each once.
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON; PRAGMA cache_size = -8192; PRAGMA query_only = ON",
    )?;
    Ok(connection)
}

/// Has statements prepared once. SQLite would plan one with a range anew for each value that is bound: a tenth of all that the
/// writer did while records came.
fn keep_statements(connection: &Connection) -> Result<(), Error> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn configure(connection: &Connection) -> Result<(), Error> {
    keep_statements(connection)?;
    // FULL: without a sync at each commit a power cut loses acknowledged records.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON; PRAGMA cache_size = -65536",
    )?;
    Ok(())
}

/// How many of the steps have been made.
fn version(connection: &Connection, migrations: &[&str]) -> Result<usize, Error> {
    let known = migrations.len();
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found as usize > known {
        return Err(Error::Newer { found, known: known as u32 });
    }
    Ok(found as usize)
}

fn migrate(connection: &mut Connection, migrations: &[&str], key: &ServiceKey) -> Result<(), Error> {
    let found = version(connection, migrations)?;
    for (number, sql) in (1..).zip(migrations).skip(found) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        take_over(&transaction, key, number)?;
        transaction.pragma_update(None, "user_version", number as u32)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The rest of a step.
fn take_over(connection: &Connection, key: &ServiceKey, step: usize) -> Result<(), Error> {
    match step {
        BLOCKS => moved::records(connection, key),
        SUBJECTS => moved::subjects(connection, key),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
