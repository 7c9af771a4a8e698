//! Records as they stand.

use super::{Error, OtherKey, Outcome, Snapshot, Tx, organizations::org};
use crate::calendar::Timestamp;
use crate::identity::{Pseudonymized, Token};
use crate::records::{Change, Fact, Kind, OrgId};
use rusqlite::{OptionalExtension, params};

/// A record as it is stored.
#[derive(Debug)]
pub struct Stored {
    /// Small number of the source.
    pub source: u32,
    /// Token of the student; absent for schools and programs.
    pub student: Option<Token>,
    /// What it says.
    pub fact: Fact,
}

/// How many records a source holds of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordCount {
    /// The source.
    pub source: OrgId,
    /// The kind.
    pub kind: Kind,
    /// Records, without tombstones.
    pub n_records: u64,
    /// When the source last had a batch acknowledged.
    pub last_received: Option<Timestamp>,
}

impl Snapshot<'_> {
    /// Visits every record that stands, by source, kind and key.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], [`Error::Damaged`], or what the visitor returns.
    pub fn each_record(&self, mut visit: impl FnMut(Stored) -> Result<(), Error>) -> Result<(), Error> {
        let mut statement = self.prepare(
            "SELECT source, student, fact FROM record WHERE fact IS NOT NULL ORDER BY source, kind, key",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let student: Option<[u8; 16]> = row.get(1)?;
            let fact = Fact::from_stored(row.get_ref(2)?.as_blob().map_err(|_| Error::Damaged("a record"))?);
            visit(Stored {
                source: row.get(0)?,
                student: student.map(Token::from_bytes),
                fact: fact.ok_or(Error::Damaged("a record"))?,
            })?;
        }
        Ok(())
    }

    /// Records held, by source and kind.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn record_counts(&self) -> Result<Vec<RecordCount>, Error> {
        let mut statement = self.prepare(
            "SELECT o.id, r.kind, count(*), (SELECT max(received_ms) FROM batch b WHERE b.source = r.source)
             FROM record r JOIN organization o ON o.source = r.source
             WHERE r.fact IS NOT NULL GROUP BY r.source, r.kind ORDER BY o.id, r.kind",
        )?;
        let rows = statement.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, u8>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, Option<i64>>(3)?,
            ))
        })?;
        rows.map(|row| {
            let (source, kind, n_records, received) = row?;
            Ok(RecordCount {
                source: org(&source)?,
                kind: *Kind::ALL.get(usize::from(kind)).ok_or(Error::Damaged("a kind"))?,
                n_records: n_records.unsigned_abs(),
                last_received: received.map(Timestamp::from_millis),
            })
        })
        .collect()
    }
}

impl Tx<'_> {
    /// Stores what a record says, or withdraws it; a person record is linked at once. Nothing is stored of a student
    /// that is not encoded with the key that links.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_record(
        &mut self,
        source: u32,
        record: Pseudonymized,
    ) -> Result<Result<Outcome, OtherKey>, Error> {
        let encodings = match self.choose(record.encodings)? {
            Ok(encodings) => encodings,
            Err(other) => return Ok(Err(other)),
        };
        let kind = record.change.kind() as u8;
        let student = record.student.map(|token| *token.as_bytes());
        let fact = match &record.change {
            Change::Upsert(fact) => Some(fact.to_stored()),
            Change::Delete(_) => None,
        };
        let mut find =
            self.prepare("SELECT student, fact FROM record WHERE source = ?1 AND kind = ?2 AND key = ?3")?;
        let before = find.query_row(params![source, kind, record.key.as_bytes()], |row| {
            Ok((row.get::<_, Option<[u8; 16]>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?))
        });
        let before = before.optional()?;
        let outcome = match (&before, &fact) {
            (_, None) => Outcome::Deleted,
            (None | Some((_, None)), Some(_)) => Outcome::New,
            (Some((who, Some(old))), Some(new)) if *who == student && is_same(old, new) => Outcome::Unchanged,
            _ => Outcome::Changed,
        };
        let nothing_to_withdraw = fact.is_none() && before.as_ref().is_none_or(|(_, fact)| fact.is_none());
        if outcome != Outcome::Unchanged && !nothing_to_withdraw {
            // A tombstone keeps the student, so that a withdrawn person record can be told from none.
            let student = student.or(before.and_then(|(student, _)| student));
            self.prepare(
                "INSERT INTO record (source, kind, key, student, fact) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (source, kind, key) DO UPDATE SET student = ?4, fact = ?5",
            )?
            .execute(params![source, kind, record.key.as_bytes(), student, fact])?;
        }
        let encoded_anew = match (record.student, encodings) {
            (Some(student), Some(encodings)) if fact.is_some() => {
                self.put_subject(source, student, encodings)?
            }
            _ => false,
        };
        Ok(Ok(match outcome {
            Outcome::Unchanged if encoded_anew => Outcome::Changed,
            outcome => outcome,
        }))
    }
}

/// Whether two stored facts say the same; those stored by earlier versions have zero bytes at their end.
fn is_same(old: &[u8], new: &[u8]) -> bool {
    old.starts_with(new) && old[new.len()..].iter().all(|byte| *byte == 0)
}
