//! When the write-ahead log is brought into the file.
//!
//! Whoever commits waits for it. A push writes hundreds of pages in each commit, all over the file, and the longer the log,
//! the fewer of them are written twice. An answer writes a few, mostly the same ones, so a short log of them is soon copied:
//! with one that is as long as after a push, those who ask at that moment wait the longer.
//!
//! A thread that copies beside the writer was tried and is no better: its sync holds up those of the commits.

use rusqlite::Connection;
use rusqlite::hooks::Wal;

/// Pages in a commit that is a small one, at most.
const SMALL: usize = 64;

/// Pages that wait in the log, at most: after a small commit, and after others.
const WAITING: [usize; 2] = [500, 4_000];

/// Takes the place of the checkpoints that SQLite does by itself.
pub(super) fn pace(connection: &mut Connection) -> rusqlite::Result<()> {
    let mut paced = Paced::default();
    connection.wal_hook(Some(move |wal: &mut Wal, n_pages: i32| {
        if paced.is_due(usize::try_from(n_pages).unwrap_or(0)) {
            // It is passive: it waits for nobody. What is committed is in the log; where it stays there, it is tried again.
            let copied = wal.checkpoint_v2(Default::default());
            paced.n_copied = copied.map_or(0, |(_, n_copied)| usize::try_from(n_copied).unwrap_or(0));
        }
        Ok(())
    }))
}

/// What is known of the log, in pages.
#[derive(Default)]
struct Paced {
    n_pages: usize,
    n_copied: usize,
}

impl Paced {
    /// Whether it is to be copied, now that a commit has made it so long.
    fn is_due(&mut self, n_pages: usize) -> bool {
        if n_pages < self.n_pages {
            // All of it was copied, and it has begun anew.
            *self = Self::default();
        }
        let n_written = n_pages - self.n_pages;
        self.n_pages = n_pages;
        n_pages - self.n_copied.min(n_pages) >= WAITING[usize::from(n_written > SMALL)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_small_commits_is_copied_sooner_and_never_what_was_copied() {
        let mut paced = Paced::default();
        assert_eq!([600, 3_990, 4_050].map(|n_pages| paced.is_due(n_pages)), [false, false, true]);
        paced.n_copied = 4_050;
        // Somebody still looks at what is in the log, so it goes on.
        assert_eq!(
            [4_100, 4_540, 4_549, 4_550].map(|n_pages| paced.is_due(n_pages)),
            [false, false, false, true]
        );
        paced.n_copied = 4_550;
        assert_eq!([10, 500, 501].map(|n_pages| paced.is_due(n_pages)), [false, false, true]);
    }

    #[test]
    fn it_begins_anew_once_it_is_in_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).expect("a file");
        let made = "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE filled (bytes BLOB)";
        connection.execute_batch(made).expect("a table");
        pace(&mut connection).expect("it is paced");
        let pages = |end: &str| {
            let name = path.with_extension(format!("db{end}"));
            std::fs::metadata(name).expect("a file").len() / 4_096
        };
        let fill = |n_pages: i64| {
            let filled = connection.execute("INSERT INTO filled VALUES (zeroblob(?1))", [n_pages * 4_096]);
            assert_eq!(filled, Ok(1));
        };
        fill(3_500);
        assert!(pages("") < 10, "it waits in the log");
        (0..20).for_each(|_| fill(1_000));
        assert!(pages("") > 15_000 && pages("-wal") < 6_000, "{} {}", pages(""), pages("-wal"));
        (0..2_000).for_each(|_| fill(1));
        assert!(pages("") > 24_500, "of small commits few wait: {}", pages(""));
    }
}
