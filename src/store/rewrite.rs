//! Writing the file anew, so that its bytes hold nothing of what was erased, and looking whether that is so.
//!
//! Erased rows are overwritten with zeros in their pages (`secure_delete`), but the write-ahead log still has the pages as
//! they were, and pages that were split or joined may have remains of them. `VACUUM` writes every live row into fresh
//! pages, and a checkpoint that truncates brings these into the file and empties the log. Both are repeated until they are
//! done: a reader that still looks at an older state holds up the second.

use super::Error;
use rusqlite::Connection;
use std::collections::HashSet;
use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Tokens that a search looks for, at most: they take 16 bytes each.
const NEEDLES_MAX: usize = 1_000_000;

/// Keyed tokens and the beginnings of sealed encodings of what was erased. They are in memory only.
#[derive(Default)]
pub struct Needles(HashSet<[u8; 16]>);

impl Needles {
    /// Looks for this, too, as long as there is room.
    pub fn add(&mut self, token: [u8; 16]) {
        if self.0.len() < NEEDLES_MAX {
            self.0.insert(token);
        }
    }

    /// Does not look for it.
    pub fn remove(&mut self, token: &[u8; 16]) {
        self.0.remove(token);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of them are in `bytes`.
    fn hits(&self, bytes: &[u8]) -> u64 {
        // Most windows do not begin like any needle, and are not looked up.
        let mut begins = vec![false; 1 << 24];
        let place =
            |bytes: &[u8]| usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2]);
        self.0.iter().for_each(|needle| begins[place(needle)] = true);
        let is_hit = |window: &&[u8]| begins[place(window)] && self.0.contains(*window);
        bytes.windows(16).filter(is_hit).count() as u64
    }
}

/// How a file was written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewritten {
    /// Bytes of the database file.
    pub n_bytes: u64,
    /// Tokens of what was erased that were looked for in all of these, and not found.
    pub n_needles: u64,
}

/// What became of the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewriting {
    /// The file and its write-ahead log hold live rows alone.
    Done(Rewritten),
    /// A reader looks at an older state: the write-ahead log can not be emptied before it ends.
    Held,
    /// The search found something that should be gone.
    Found(u64),
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
        needles: &Needles,
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
        let (n_bytes, n_hits) =
            self.search(needles).map_err(|_| Error::Damaged("the database can not be read"))?;
        Ok(match n_hits {
            0 => Rewriting::Done(Rewritten { n_bytes, n_needles: needles.len() as u64 }),
            n_hits => Rewriting::Found(n_hits),
        })
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

    /// Bytes of the file, and how many needles are in them. The write-ahead log is empty, and its index holds no rows.
    fn search(&mut self, needles: &Needles) -> std::io::Result<(u64, u64)> {
        const PART: usize = 1 << 20;
        const OVERLAP: usize = 15;
        if self.file.is_none() {
            self.file = Some(ManuallyDrop::new(File::open(&self.path)?));
        }
        let Some(file) = &self.file else { return Ok((0, 0)) };
        let (mut at, mut n_hits) = (0, 0);
        let mut bytes = vec![0; OVERLAP + PART];
        loop {
            let from = OVERLAP.min(usize::try_from(at).unwrap_or(OVERLAP));
            let n = file.read_at(&mut bytes[from..], at)?;
            if n == 0 {
                return Ok((at, n_hits));
            }
            if !needles.is_empty() {
                n_hits += needles.hits(&bytes[..from + n]);
            }
            let end = from + n;
            let kept = OVERLAP.min(end);
            bytes.copy_within(end - kept..end, 0);
            at += n as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_what_stands_across_two_parts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let mut needles = Needles::default();
        needles.add(*b"sixteen bytes !!");
        for at in [0, 7, (1 << 20) - 9, (1 << 20) - 16, 1 << 20, (1 << 21) + 1] {
            let mut bytes = vec![7; (1 << 21) + 100];
            bytes[at..at + 16].copy_from_slice(b"sixteen bytes !!");
            std::fs::write(&path, &bytes).expect("written");
            let found = Rewriter::new(&path).search(&needles).expect("readable");
            assert_eq!(found, (bytes.len() as u64, 1), "at {at}");
        }
        needles.remove(b"sixteen bytes !!");
        assert_eq!(Rewriter::new(&path).search(&needles).expect("readable").1, 0);
    }
}
