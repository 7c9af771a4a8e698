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

/// A record as it is stored, of which nobody has read yet what it says.
pub struct Unread<'r> {
    /// Small number of the source.
    pub source: u32,
    /// What it is.
    pub kind: Kind,
    /// Token of the student; absent for schools and programs.
    pub student: Option<Token>,
    /// What it says, as it is stored.
    pub bytes: &'r [u8],
}

impl Unread<'_> {
    /// What it says.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`].
    pub fn fact(&self) -> Result<Fact, Error> {
        Fact::from_stored(self.bytes).ok_or(Error::Damaged("a record"))
    }
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
    /// When the source last delivered: sent a batch, or came again with a delivery that was in.
    pub last_received: Option<Timestamp>,
}

/// How many records of a kind are held of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// The kind.
    pub kind: Kind,
    /// Records, without tombstones.
    pub n_records: u64,
    /// Of these, records about students no roster of the source has brought.
    pub n_waiting: u64,
}

impl Snapshot<'_> {
    /// Visits every record that stands, by source, kind and key, and reads none of them.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], [`Error::Damaged`], or what the visitor returns.
    pub fn each_unread(&self, mut visit: impl FnMut(Unread<'_>) -> Result<(), Error>) -> Result<(), Error> {
        let mut statement = self.prepare(
            "SELECT source, kind, student, fact FROM record WHERE fact IS NOT NULL ORDER BY source, kind, key",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (kind, student): (u8, Option<[u8; 16]>) = (row.get(1)?, row.get(2)?);
            visit(Unread {
                source: row.get(0)?,
                kind: *Kind::ALL.get(usize::from(kind)).ok_or(Error::Damaged("a kind"))?,
                student: student.map(Token::from_bytes),
                bytes: row.get_ref(3)?.as_blob().map_err(|_| Error::Damaged("a record"))?,
            })?;
        }
        Ok(())
    }

    /// Visits every record that stands, by source, kind and key.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::each_unread`].
    pub fn each_record(&self, mut visit: impl FnMut(Stored) -> Result<(), Error>) -> Result<(), Error> {
        self.each_unread(|unread| {
            visit(Stored { source: unread.source, student: unread.student, fact: unread.fact()? })
        })
    }

    /// Visits every record of a source that stands, with its key, by kind and key.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn each_record_of(&self, source: u32, mut visit: impl FnMut(Token, Stored)) -> Result<(), Error> {
        let mut statement = self.prepare(
            "SELECT key, student, fact FROM record WHERE source = ?1 AND fact IS NOT NULL ORDER BY kind, key",
        )?;
        let mut rows = statement.query([source])?;
        while let Some(row) = rows.next()? {
            let student: Option<[u8; 16]> = row.get(1)?;
            let fact = Fact::from_stored(row.get_ref(2)?.as_blob().map_err(|_| Error::Damaged("a record"))?);
            let fact = fact.ok_or(Error::Damaged("a record"))?;
            visit(
                Token::from_bytes(row.get(0)?),
                Stored { source, student: student.map(Token::from_bytes), fact },
            );
        }
        Ok(())
    }

    /// What is held of a source, by kind, and when it last delivered.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn holdings(&self, source: u32) -> Result<(Vec<Holding>, Option<Timestamp>), Error> {
        // The same students wait here as when an edition is frozen: those no roster of the source has brought.
        let mut statement = self.prepare(
            "SELECT r.kind, count(*), sum(r.student IS NOT NULL AND NOT EXISTS
                 (SELECT 1 FROM subject s WHERE s.source = r.source AND s.student = r.student))
             FROM record r WHERE r.source = ?1 AND r.fact IS NOT NULL GROUP BY r.kind ORDER BY r.kind",
        )?;
        let rows = statement.query_map([source], |row| {
            Ok((row.get::<_, u8>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })?;
        let holdings = rows.map(|row| {
            let (kind, n_records, n_waiting) = row?;
            let kind = *Kind::ALL.get(usize::from(kind)).ok_or(Error::Damaged("a kind"))?;
            Ok(Holding { kind, n_records: n_records.unsigned_abs(), n_waiting: n_waiting.unsigned_abs() })
        });
        let holdings = holdings.collect::<Result<_, Error>>()?;
        let mut statement = self.prepare("SELECT delivered_ms FROM organization WHERE source = ?1")?;
        let received: Option<i64> = statement.query_row([source], |row| row.get(0))?;
        Ok((holdings, received.map(Timestamp::from_millis)))
    }

    /// Records held, by source and kind.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn record_counts(&self) -> Result<Vec<RecordCount>, Error> {
        let mut statement = self.prepare(
            "SELECT o.id, r.kind, count(*), o.delivered_ms
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

/// What the store has under a key, beside what a record says.
pub(super) enum Held {
    /// Nothing, or a tombstone.
    Nothing,
    /// The same.
    Same,
    /// Something else.
    Other,
}

impl Held {
    /// What becomes of a record under that key.
    pub(super) fn outcome(&self, is_withdrawal: bool, is_encoded_anew: bool) -> Outcome {
        match self {
            _ if is_withdrawal => Outcome::Deleted,
            Self::Nothing => Outcome::New,
            Self::Same if is_encoded_anew => Outcome::Changed,
            Self::Same => Outcome::Unchanged,
            Self::Other => Outcome::Changed,
        }
    }
}

/// What the store has under the key of a record.
pub(super) struct Before {
    pub(super) held: Held,
    /// Whose it is.
    pub(super) student: Option<[u8; 16]>,
    /// The set of agreements it is held under, where that is known.
    holding: Option<i64>,
}

/// A record as it would be stored.
pub(super) struct RecordRow {
    pub(super) kind: u8,
    pub(super) key: [u8; 16],
    pub(super) student: Option<[u8; 16]>,
    /// Nothing to withdraw it.
    pub(super) fact: Option<Vec<u8>>,
}

impl RecordRow {
    pub(super) fn of(key: Token, student: Option<Token>, change: &Change) -> Self {
        let fact = match change {
            Change::Upsert(fact) => Some(fact.to_stored()),
            Change::Delete(_) => None,
        };
        let student = student.map(|token| *token.as_bytes());
        Self { kind: change.kind() as u8, key: *key.as_bytes(), student, fact }
    }
}

impl RecordRow {
    /// Whether a stored fact says the same; those stored by earlier versions have zero bytes at their end.
    fn says(&self, stored: &[u8]) -> bool {
        let rest = self.fact.as_deref().and_then(|fact| stored.strip_prefix(fact));
        rest.is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
    }
}

impl Snapshot<'_> {
    /// What a source has under the key of a record.
    pub(super) fn held(&self, source: u32, row: &RecordRow) -> Result<Before, Error> {
        let mut find = self.prepare(
            "SELECT student, fact, holding FROM record WHERE source = ?1 AND kind = ?2 AND key = ?3",
        )?;
        let before = find.query_row(params![source, row.kind, row.key], |row| {
            Ok((row.get::<_, Option<[u8; 16]>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?, row.get(2)?))
        });
        let Some((student, fact, holding)) = before.optional()? else {
            return Ok(Before { held: Held::Nothing, student: None, holding: None });
        };
        let held = match fact {
            None => Held::Nothing,
            Some(fact) if student == row.student && row.says(&fact) => Held::Same,
            Some(_) => Held::Other,
        };
        Ok(Before { held, student, holding })
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
        let row = RecordRow::of(record.key, record.student, &record.change);
        let Before { held, student, holding } = self.held(source, &row)?;
        let is_withdrawal = row.fact.is_none();
        match held {
            Held::Same => {
                if let Some(holding) = self.held_also(holding)? {
                    self.prepare(
                        "UPDATE record SET holding = ?4 WHERE source = ?1 AND kind = ?2 AND key = ?3",
                    )?
                    .execute(params![source, row.kind, row.key, holding])?;
                }
            }
            Held::Nothing if is_withdrawal => {}
            Held::Nothing | Held::Other => {
                // A tombstone keeps the student, so that a withdrawn person record can be told from none.
                let student = row.student.or(student);
                self.prepare(
                    "INSERT INTO record (source, kind, key, student, fact, holding) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT (source, kind, key) DO UPDATE SET student = ?4, fact = ?5, holding = ?6",
                )?
                .execute(params![
                    source,
                    row.kind,
                    row.key,
                    student,
                    row.fact,
                    self.held_alone()
                ])?;
            }
        }
        let is_encoded_anew = match (record.student, encodings) {
            (Some(student), Some(encodings)) if !is_withdrawal => {
                self.put_subject(source, student, encodings)?
            }
            _ => false,
        };
        Ok(Ok(held.outcome(is_withdrawal, is_encoded_anew)))
    }

    /// Withdraws a record that stands.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn withdraw_record(&mut self, source: u32, kind: Kind, key: Token) -> Result<(), Error> {
        self.prepare("UPDATE record SET fact = NULL WHERE source = ?1 AND kind = ?2 AND key = ?3")?
            .execute(params![source, kind as u8, key.as_bytes()])?;
        Ok(())
    }
}
