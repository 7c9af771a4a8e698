//! Copies of the database, and the check that one is whole.

use super::{Error, backups, log, schema};
use crate::audit::{Head, VerifierKey};
use crate::calendar::Timestamp;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pages copied before writers get their turn again.
const STEP: i32 = 256;

/// How long it is waited to note a backup. Whoever writes a large file anew has it to itself for minutes.
const PATIENCE: Duration = Duration::from_secs(1_800);

pub(super) fn copy(from: &Path, to: &Path, now: Timestamp) -> Result<bool, Error> {
    let source = schema::reader(from).map_err(|_| Error::Absent(from.to_owned()))?;
    // Whoever comes second finds the name taken; no other program takes an empty file for a database.
    create(to)?;
    let part = beside(to, ".part");
    let is_part_ours = create(&part);
    let copied = match &is_part_ours {
        Ok(()) => copy_into(&part, &source, from, to, now),
        Err(_) => Ok(false),
    };
    // What failed half way is of no use, and its name is free again; what cannot be removed was not there.
    if is_part_ours.is_err() || copied.is_err() {
        let _ = fs::remove_file(to);
    }
    if is_part_ours.is_ok() && copied.is_err() {
        for file in [beside(&part, "-wal"), beside(&part, "-shm"), part] {
            let _ = fs::remove_file(file);
        }
    }
    is_part_ours.and(copied)
}

/// A copy has its name only once it is whole and says that it is one.
fn copy_into(
    part: &Path,
    source: &Connection,
    from: &Path,
    to: &Path,
    now: Timestamp,
) -> Result<bool, Error> {
    // A database that no program of today has opened yet does not note its copies.
    let is_noted = source.table_exists(None, "copied")?;
    if is_noted {
        // Before it is begun, so that also one that fails half way is known.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let noted = Connection::open_with_flags(from, flags)?;
        noted.execute_batch("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF")?;
        noted.busy_timeout(PATIENCE)?;
        backups::begin(&noted, &name(to), now)?;
    }
    let mut target = Connection::open(part)?;
    Backup::new(source, &mut target)?.run_to_completion(STEP, Duration::from_millis(5), None)?;
    target.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")?;
    if is_noted {
        backups::mark(&target, now)?;
    }
    target.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    target.close().map_err(|(_, error)| error)?;
    let named = fs::rename(part, to).and_then(|()| {
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    });
    named.map_err(|_| Error::Unwritable(to.to_owned()))?;
    Ok(is_noted)
}

/// The copy holds what the database holds, so it is as private from its first moment.
fn create(path: &Path) -> Result<(), Error> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map(drop).map_err(|_| Error::Exists(path.to_owned()))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(end);
    name.into()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, testing};

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[tokio::test]
    async fn a_copy_of_a_copy_says_when_the_first_was_begun() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        let path = folder.path().join("throughline.db");
        drop(testing::open(folder.path()));
        assert!(Store::backup(&path, &first, at(1_000)).expect("copied"));
        assert!(Store::backup(&first, &second, at(2_000)).expect("copied"));
        let copied = |path: &Path| -> i64 {
            let connection = schema::reader(path).expect("a database");
            connection.query_row("SELECT begun_ms FROM copied", [], |row| row.get(0)).expect("a mark")
        };
        assert_eq!((copied(&first), copied(&second)), (1_000, 1_000));
    }

    #[test]
    fn what_fails_half_way_leaves_nothing_and_what_is_there_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("throughline.db");
        drop(testing::open(folder.path()));
        let to = folder.path().join("night.db");
        fs::write(&to, "somebody's").expect("written");
        assert!(matches!(Store::backup(&path, &to, at(1)), Err(Error::Exists(_))));
        assert_eq!(fs::read(&to).expect("readable"), b"somebody's");
        fs::remove_file(&to).expect("removed");
        // Somebody has the name that it is written under.
        fs::create_dir(beside(&to, ".part")).expect("a folder");
        assert!(matches!(Store::backup(&path, &to, at(1)), Err(Error::Exists(_))));
        assert!(!to.exists());
    }
}
