//! In which editions each student was counted: spans of editions, so that an edition writes only what is unlike the one before.

use super::{Error, Snapshot, Tx, organizations::org};
use crate::calendar::Timestamp;
use crate::identity::Token;
use crate::records::OrgId;
use rusqlite::params;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Whom an edition counts, beside the one before it. It holds tokens, so it is never printed.
pub struct CountedAnew {
    n_students: u64,
    begun: Vec<(u32, Token)>,
    ended: Vec<(u32, Token)>,
}

/// Editions that follow each other and counted a student.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedIn {
    /// The first.
    pub first: u32,
    /// The last; nothing where it is the newest.
    pub last: Option<u32>,
}

impl CountedIn {
    /// Whether it has an edition, which is one that there is.
    #[must_use]
    pub fn has(&self, edition: u32) -> bool {
        self.first <= edition && self.last.is_none_or(|last| edition <= last)
    }
}

/// An edition, and whether it is known whom it counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountingEdition {
    /// Its number.
    pub number: u32,
    /// When it was frozen.
    pub frozen: Timestamp,
    /// Organizations whose records are in it.
    pub sources: BTreeSet<OrgId>,
    /// False where a program published it that did not keep that.
    pub is_noted: bool,
}

impl Snapshot<'_> {
    /// What is different where the next edition counts these students, which are in the order of sources and tokens.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn counted_anew(&self, counted: Vec<(u32, Token)>) -> Result<CountedAnew, Error> {
        let n_students = counted.len() as u64;
        let (mut begun, mut ended) = (Vec::new(), Vec::new());
        let mut counted = counted.into_iter().peekable();
        let mut open =
            self.prepare("SELECT source, student FROM counted WHERE last IS NULL ORDER BY source, student")?;
        let mut open = open.query([])?;
        while let Some(row) = open.next()? {
            let before = (row.get(0)?, Token::from_bytes(row.get(1)?));
            begun.extend(std::iter::from_fn(|| counted.next_if(|now| *now < before)));
            match counted.peek().map(|now| now.cmp(&before)) {
                Some(Ordering::Equal) => _ = counted.next(),
                _ => ended.push(before),
            }
        }
        begun.extend(counted);
        Ok(CountedAnew { n_students, begun, ended })
    }

    /// The spans of editions that counted a student, in order.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn counted_in(&self, source: u32, student: Token) -> Result<Vec<CountedIn>, Error> {
        let mut spans = self
            .prepare("SELECT first, last FROM counted WHERE source = ?1 AND student = ?2 ORDER BY first")?;
        let spans = spans.query_map(params![source, student.as_bytes()], |row| {
            Ok(CountedIn { first: row.get(0)?, last: row.get(1)? })
        })?;
        Ok(spans.collect::<Result<_, _>>()?)
    }

    /// All editions, also those whose records are destroyed, by number.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn counting_editions(&self) -> Result<Vec<CountingEdition>, Error> {
        let sql = "SELECT number, frozen_ms, sources, students IS NOT NULL FROM edition ORDER BY number";
        let mut editions = self.prepare(sql)?;
        let rows = editions
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?)))?;
        rows.map(|row| {
            let (number, frozen, sources, is_noted) = row?;
            let sources = sources.split(',').filter(|id| !id.is_empty()).map(org);
            let frozen = Timestamp::from_millis(frozen);
            Ok(CountingEdition { number, frozen, sources: sources.collect::<Result<_, _>>()?, is_noted })
        })
        .collect()
    }
}

impl Tx<'_> {
    /// Notes whom an edition counts, which is stored. Nothing may have been noted since that was found.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_counted(&mut self, edition: u32, counted: &CountedAnew) -> Result<(), Error> {
        let CountedAnew { n_students, begun, ended } = counted;
        let end = "UPDATE counted SET last = ?3 WHERE source = ?1 AND student = ?2 AND last IS NULL";
        let mut end = self.prepare(end)?;
        for (source, student) in ended {
            end.execute(params![source, student.as_bytes(), edition - 1])?;
        }
        let mut begin =
            self.prepare("INSERT INTO counted (source, student, first, last) VALUES (?1, ?2, ?3, NULL)")?;
        for (source, student) in begun {
            begin.execute(params![source, student.as_bytes(), edition])?;
        }
        self.prepare("UPDATE edition SET students = ?2 WHERE number = ?1")?
            .execute(params![edition, n_students.cast_signed()])?;
        Ok(())
    }

    /// Forgets the students of a source of whom no record is left, and says nothing of the others: the record of what was
    /// given of them is kept as long as they are (34 CFR 99.32(a)(2)).
    pub(super) fn forget_counted(&mut self, source: u32) -> Result<(), Error> {
        self.keep_students(&self.students_of(source, |_| true)?)?;
        let sql =
            "DELETE FROM counted WHERE source = ?1 AND student NOT IN (SELECT student FROM kept_student)";
        self.prepare(sql)?.execute([source])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[tokio::test]
    async fn spans_of_editions_begin_and_end_as_students_come_and_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = testing::open(folder.path());
        let token = |n: u8| Token::from_bytes([n; 16]);
        let editions: [&[(u32, u8)]; 5] =
            [&[(1, 2), (2, 1)], &[(1, 1), (1, 2), (1, 9), (2, 1)], &[(1, 9)], &[(1, 2), (1, 9)], &[]];
        for (edition, counted) in (1..).zip(editions) {
            let counted = counted.iter().map(|(source, n)| (*source, token(*n))).collect();
            let steps = move |tx: &mut Tx<'_>| {
                let counted = tx.counted_anew(counted)?;
                tx.put_counted(edition, &counted)
            };
            store.transaction::<_, Error, _>("test", steps).await.expect("a commit");
        }
        let spans = |source: u32, n: u8| {
            let spans = store.read_blocking(move |snapshot| snapshot.counted_in(source, token(n)));
            spans.expect("spans").into_iter().map(|span| (span.first, span.last)).collect::<Vec<_>>()
        };
        assert_eq!(spans(1, 1), [(2, Some(2))]);
        assert_eq!(spans(1, 2), [(1, Some(2)), (4, Some(4))]);
        assert_eq!(spans(1, 9), [(2, Some(4))]);
        assert_eq!(spans(2, 1), [(1, Some(2))]);
        assert_eq!(spans(2, 2), []);
        let span = CountedIn { first: 2, last: Some(3) };
        assert_eq!([1, 2, 3, 4].map(|edition| span.has(edition)), [false, true, true, false]);
        assert!(CountedIn { first: 2, last: None }.has(9));
    }
}
