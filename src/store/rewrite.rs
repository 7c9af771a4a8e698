//! Writing the file anew, so that its bytes hold nothing of what was erased, and looking whether that is so.
//!
//! Erased rows are overwritten with zeros in their pages (`secure_delete`), but the write-ahead log still has the pages as
//! they were, and pages that were split or joined may have remains of them. `VACUUM` writes every live row into fresh
//! pages, and a checkpoint that truncates brings these into the file and empties the log. Both are repeated until they are
//! done: a reader that still looks at an older state holds up the second.
//!
//! What the search finds is looked for in the rows that a push writes: a source may have sent again what was erased. Nobody
//! commits between the two. In any other row it should not be.

use super::Error;
use super::needles::{Needles, Search, Token};
use rusqlite::Connection;
use std::collections::HashSet;
use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a file was written anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rewritten {
    /// Bytes of the database file, all of which were looked through.
    pub n_bytes: u64,
    /// Tokens of what was erased that stand in rows again.
    standing: HashSet<Token>,
    /// Tokens that are in the file and in no row that can have been received since.
    remaining: HashSet<Token>,
}

impl Rewritten {
    /// How many of these stand in rows again.
    #[must_use]
    pub fn n_standing(&self, needles: &Needles) -> u64 {
        needles.among(&self.standing)
    }

    /// How many of these are where no row is: they should be gone.
    #[must_use]
    pub fn n_remaining(&self, needles: &Needles) -> u64 {
        needles.among(&self.remaining)
    }
}

/// What became of the attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewriting {
    /// The file was written anew, its write-ahead log is empty, and all of it was looked through.
    Done(Rewritten),
    /// A reader looks at an older state: the write-ahead log can not be emptied before it ends.
    Held,
}

/// The writer's means of writing its file anew.
pub(super) struct Rewriter {
    path: PathBuf,
    /// Never closed: closing any handle of a file takes away the locks that SQLite has on it in this process.
    file: Option<ManuallyDrop<File>>,
}

impl Rewriter {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None }
    }

    /// Writes the file anew, or only empties its write-ahead log where `is_vacuumed` says that the rest is done.
    pub(super) fn rewrite(
        &mut self,
        connection: &Connection,
        needles: &[Arc<Needles>],
        is_vacuumed: bool,
    ) -> Result<Rewriting, Error> {
        if !is_vacuumed {
            self.vacuum(connection)?;
        }
        // Who commits waits meanwhile, so a reader that does not end soon is not waited for here.
        connection.execute_batch("PRAGMA busy_timeout = 250")?;
        let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: Result<i64, _> = connection.query_row(truncate, [], |row| row.get(0));
        connection.execute_batch("PRAGMA busy_timeout = 5000")?;
        if busy? != 0 {
            return Ok(Rewriting::Held);
        }
        let wal = self.beside("-wal").metadata().map_or(0, |file| file.len());
        if wal != 0 {
            return Ok(Rewriting::Held);
        }
        let search = Search::of(needles);
        let (n_bytes, found) =
            self.search(&search).map_err(|_| Error::Damaged("the database can not be read"))?;
        let standing = if found.is_empty() { HashSet::new() } else { standing(connection, &found)? };
        let remaining = found.difference(&standing).copied().collect();
        Ok(Rewriting::Done(Rewritten { n_bytes, standing, remaining }))
    }

    /// What is written down meanwhile stands beside the database, on the same disk, in a file that has no name.
    fn vacuum(&self, connection: &Connection) -> Result<(), Error> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).display().to_string().replace('\'', "''");
        connection
            .execute_batch(&format!("PRAGMA temp_store_directory = '{folder}'; PRAGMA temp_store = FILE"))?;
        let vacuumed = connection.execute_batch("VACUUM");
        connection.execute_batch("PRAGMA temp_store = MEMORY")?;
        Ok(vacuumed?)
    }

    fn beside(&self, end: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(end);
        name.into()
    }

    /// Bytes of the file, and what of the search is in them. The write-ahead log is empty, and its index holds no rows.
    fn search(&mut self, search: &Search) -> std::io::Result<(u64, HashSet<Token>)> {
        const PART: usize = 1 << 20;
        const OVERLAP: usize = 15;
        if self.file.is_none() {
            self.file = Some(ManuallyDrop::new(File::open(&self.path)?));
        }
        let (mut at, mut found) = (0, HashSet::new());
        let Some(file) = &self.file else { return Ok((at, found)) };
        if search.is_empty() {
            return Ok((file.metadata()?.len(), found));
        }
        let mut bytes = vec![0; OVERLAP + PART];
        loop {
            let from = OVERLAP.min(usize::try_from(at).unwrap_or(OVERLAP));
            let n = file.read_at(&mut bytes[from..], at)?;
            if n == 0 {
                return Ok((at, found));
            }
            search.look(&bytes[..from + n], &mut found);
            let end = from + n;
            let kept = OVERLAP.min(end);
            bytes.copy_within(end - kept..end, 0);
            at += n as u64;
        }
    }
}

/// Which of these tokens stand in a row that can have been received since.
fn standing(connection: &Connection, found: &HashSet<Token>) -> Result<HashSet<Token>, Error> {
    let search = Search::new(found.clone());
    let mut standing = HashSet::new();
    // Of all that a push writes only these rows have tokens in the clear.
    let mut statement = connection.prepare("SELECT rows FROM record_block")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(0)?.as_blob().map_err(|_| Error::Damaged("a block of records"))?;
        search.look(bytes, &mut standing);
    }
    Ok(standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles(token: &[u8; 16]) -> Arc<Needles> {
        let mut needles = Needles::default();
        needles.add(*token);
        Arc::new(needles)
    }

    #[test]
    fn a_search_finds_what_stands_across_two_parts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let search = Search::of(&[needles(b"sixteen bytes !!")]);
        for at in [0, 7, (1 << 20) - 9, (1 << 20) - 16, 1 << 20, (1 << 21) + 1] {
            let mut bytes = vec![7; (1 << 21) + 100];
            bytes[at..at + 16].copy_from_slice(b"sixteen bytes !!");
            std::fs::write(&path, &bytes).expect("written");
            let (n_bytes, found) = Rewriter::new(&path).search(&search).expect("readable");
            assert_eq!((n_bytes, found.len()), (bytes.len() as u64, 1), "at {at}");
        }
        let nothing = Rewriter::new(&path).search(&Search::of(&[])).expect("readable");
        assert_eq!(nothing, ((1 << 21) + 100, HashSet::new()));
    }

    #[test]
    fn what_stands_in_a_row_again_is_told_from_what_remains() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let connection = Connection::open(&path).expect("a database");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE record_block (rows BLOB); CREATE TABLE left_over (key BLOB);
                 INSERT INTO record_block VALUES (CAST('came back again!' AS BLOB))",
            )
            .expect("a row");
        let (back, gone) = (needles(b"came back again!"), needles(b"is in no table !"));
        let mut rewriter = Rewriter::new(&path);
        let all = [back.clone(), gone.clone()];
        let Ok(Rewriting::Done(clean)) = rewriter.rewrite(&connection, &all, false) else {
            panic!("nobody reads")
        };
        assert_eq!((clean.n_standing(&back), clean.n_remaining(&back)), (1, 0));
        assert_eq!((clean.n_standing(&gone), clean.n_remaining(&gone)), (0, 0));
        // A page that belongs to no table, as a remainder would be.
        let mut bytes = std::fs::read(&path).expect("readable");
        bytes.extend_from_slice(b"is in no table !");
        std::fs::write(&path, bytes).expect("written");
        let Ok(Rewriting::Done(dirty)) = rewriter.rewrite(&connection, &all, true) else {
            panic!("nobody reads")
        };
        assert_eq!((dirty.n_standing(&back), dirty.n_remaining(&back)), (1, 0));
        assert_eq!((dirty.n_standing(&gone), dirty.n_remaining(&gone)), (0, 1));
    }
}
