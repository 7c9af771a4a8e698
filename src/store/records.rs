//! Records as they stand.

use super::arrivals::StandingRecord;
use super::blocks::{ALL_SOURCES, Place, Row};
use super::{Error, OtherKey, Outcome, Snapshot, Tx, organizations::org};
use crate::calendar::Timestamp;
use crate::identity::{Pseudonymized, Token};
use crate::records::{Change, Fact, Kind, OrgId};
use std::collections::{BTreeMap, HashSet};

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
    /// The set of agreements it is held under, where that is known.
    pub holding: Option<i64>,
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
        self.each_standing(
            ALL_SOURCES,
            |StandingRecord { source, kind: of, student, holding, fact, .. }| {
                let (kind, student) = (kind(of)?, student.map(Token::from_bytes));
                visit(Unread { source, kind, student, holding, bytes: fact })
            },
        )
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
        self.each_standing((source, source), |record| {
            let fact = Fact::from_stored(record.fact).ok_or(Error::Damaged("a record"))?;
            let student = record.student.map(Token::from_bytes);
            visit(Token::from_bytes(record.key), Stored { source, student, fact });
            Ok(())
        })
    }

    /// What is held of a source, by kind, and when it last delivered.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn holdings(&self, source: u32) -> Result<(Vec<Holding>, Option<Timestamp>), Error> {
        // The same students wait here as when an edition is frozen: those no roster of the source has brought.
        let mut known: HashSet<[u8; 16]> = HashSet::new();
        self.each_subject(Some(source), |_, row| {
            known.insert(*row.subject.student.as_bytes());
            Ok(())
        })?;
        let mut holdings: BTreeMap<u8, Holding> = BTreeMap::new();
        self.each_standing((source, source), |record| {
            let none = Holding { kind: kind(record.kind)?, n_records: 0, n_waiting: 0 };
            let holding = holdings.entry(record.kind).or_insert(none);
            holding.n_records += 1;
            holding.n_waiting += u64::from(record.student.is_some_and(|student| !known.contains(&student)));
            Ok(())
        })?;
        let mut statement = self.prepare("SELECT delivered_ms FROM organization WHERE source = ?1")?;
        let received: Option<i64> = statement.query_row([source], |row| row.get(0))?;
        Ok((holdings.into_values().collect(), received.map(Timestamp::from_millis)))
    }

    /// Records held, by source and kind.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn record_counts(&self) -> Result<Vec<RecordCount>, Error> {
        let mut counts: BTreeMap<(u32, u8), u64> = BTreeMap::new();
        self.each_standing(ALL_SOURCES, |record| {
            *counts.entry((record.source, record.kind)).or_default() += 1;
            Ok(())
        })?;
        let mut find = self.prepare("SELECT id, delivered_ms FROM organization WHERE source = ?1")?;
        let counts = counts.into_iter().map(|((source, of), n_records)| {
            let found =
                |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?));
            let (id, received) = find.query_row([source], found)?;
            let last_received = received.map(Timestamp::from_millis);
            Ok(RecordCount { source: org(&id)?, kind: kind(of)?, n_records, last_received })
        });
        let mut counts = counts.collect::<Result<Vec<_>, Error>>()?;
        counts.sort_by(|a, b| (&a.source, a.kind).cmp(&(&b.source, b.kind)));
        Ok(counts)
    }
}

fn kind(number: u8) -> Result<Kind, Error> {
    Kind::ALL.get(usize::from(number)).copied().ok_or(Error::Damaged("a kind"))
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

/// A record as it would be stored.
pub(super) struct RecordRow {
    pub(super) place: Place,
    pub(super) student: Option<[u8; 16]>,
    /// Nothing to withdraw it.
    pub(super) fact: Option<Vec<u8>>,
}

impl RecordRow {
    pub(super) fn of(source: u32, key: Token, student: Option<Token>, change: &Change) -> Self {
        let fact = match change {
            Change::Upsert(fact) => Some(fact.to_stored()),
            Change::Delete(_) => None,
        };
        let student = student.map(|token| *token.as_bytes());
        let place = Place { source, kind: change.kind() as u8, key: *key.as_bytes() };
        Self { place, student, fact }
    }

    /// Beside what stands in its place.
    pub(super) fn beside(&self, standing: Option<&Row>) -> Held {
        let Some(Row { student, fact: Some(fact), .. }) = standing else { return Held::Nothing };
        if *student == self.student && self.says(fact) { Held::Same } else { Held::Other }
    }

    /// Whether a stored fact says the same; those stored by earlier versions have zero bytes at their end.
    fn says(&self, stored: &[u8]) -> bool {
        let rest = self.fact.as_deref().and_then(|fact| stored.strip_prefix(fact));
        rest.is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
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
        let new = RecordRow::of(source, record.key, record.student, &record.change);
        let standing = self.standing(&new.place)?;
        let held = new.beside(standing.as_ref());
        let (place, is_withdrawal) = (new.place, new.fact.is_none());
        match (&held, standing) {
            (Held::Same, Some(standing)) => {
                if let Some(holding) = self.held_also(standing.holding)? {
                    self.bring(place, Row { holding: Some(holding), ..standing });
                }
            }
            (Held::Nothing, _) if is_withdrawal => {}
            (_, standing) => {
                // A tombstone keeps the student, so that a withdrawn person record can be told from none.
                let student = new.student.or(standing.and_then(|standing| standing.student));
                let fact = new.fact.map(Vec::into_boxed_slice);
                let holding = self.held_alone();
                self.bring(place, Row { student, fact, holding });
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
        let place = Place { source, kind: kind as u8, key: *key.as_bytes() };
        if let Some(standing) = self.standing(&place)? {
            self.bring(place, Row { fact: None, ..standing });
        }
        Ok(())
    }
}
