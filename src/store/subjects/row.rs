//! Subjects as they are stored: in the order they came, and sealed.

use super::super::vault::Column;
use super::super::{Error, ServiceKey, blocks::take};
use super::StoredPerson;
use crate::identity::Token;
use crate::linkage::{LevelPattern, Link, Subject};
use rusqlite::{Connection, params};

/// What a row says.
pub(in crate::store) struct Row {
    pub(in crate::store) subject: Subject,
    pub(in crate::store) person: StoredPerson,
    /// Version of the model that decided.
    pub(in crate::store) model: u16,
    pub(in crate::store) reason: Option<Reason>,
}

/// What decided: the weight in bits tells how frequent a name is.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::store) struct Reason {
    weight_bits: f32,
    pattern: LevelPattern,
}

impl Reason {
    /// The weight in four bytes, then the level of each field.
    pub(in crate::store) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let weight_bits = f32::from_le_bytes(take(&mut rest)?);
        let pattern = LevelPattern(take(&mut rest)?);
        rest.is_empty().then_some(Self { weight_bits, pattern })
    }

    pub(in crate::store) fn bytes(&self) -> Vec<u8> {
        [&self.weight_bits.to_le_bytes()[..], &self.pattern.0].concat()
    }
}

impl Row {
    /// What a link says, of a person that is stored by this number.
    pub(super) fn of(link: &Link, person: StoredPerson) -> Self {
        let reason = Some(Reason { weight_bits: link.weight_bits, pattern: link.pattern });
        Self { subject: link.subject, person, model: link.model, reason }
    }

    /// Its bytes, sealed for its source. Which student that is binds the encoding beside it.
    pub(in crate::store) fn sealed(&self, key: &ServiceKey) -> Result<Vec<u8>, Error> {
        let Self { subject: Subject { source, student }, person, model, reason } = self;
        let mut bytes = Vec::with_capacity(38);
        bytes.extend(student.as_bytes());
        bytes.extend(person.0.to_le_bytes());
        bytes.extend(model.to_le_bytes());
        bytes.extend(reason.iter().flat_map(Reason::bytes));
        key.seal_at(Column::Subject, &source.to_le_bytes(), &bytes)
    }

    fn open(key: &ServiceKey, source: u32, sealed: Vec<u8>) -> Result<Self, Error> {
        let opened = key.open_at(Column::Subject, &source.to_le_bytes(), sealed)?;
        Self::read(source, &opened).ok_or(Error::Damaged("a student"))
    }

    fn read(source: u32, bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let subject = Subject { source, student: Token::from_bytes(take(&mut rest)?) };
        let person = StoredPerson(u64::from_le_bytes(take(&mut rest)?));
        let model = u16::from_le_bytes(take(&mut rest)?);
        let reason = if rest.is_empty() { None } else { Some(Reason::read(rest)?) };
        Some(Self { subject, person, model, reason })
    }
}

/// Visits subjects with their numbers, in the order they came: of one source, or of all.
pub(in crate::store) fn each(
    connection: &Connection,
    key: &ServiceKey,
    source: Option<u32>,
    mut visit: impl FnMut(i64, Row) -> Result<(), Error>,
) -> Result<(), Error> {
    let sql = "SELECT number, source, row FROM subject WHERE ?1 IS NULL OR source = ?1 ORDER BY number";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![source])?;
    while let Some(row) = rows.next()? {
        visit(row.get(0)?, Row::open(key, row.get(1)?, row.get(2)?)?)?;
    }
    Ok(())
}

/// Writes a subject behind all others, with its encodings; the number it has from then on.
pub(in crate::store) fn insert(
    connection: &Connection,
    key: &ServiceKey,
    row: &Row,
    Encoded { make, encoding, next }: Encoded<'_>,
) -> Result<i64, Error> {
    let mut put = connection.prepare_cached("INSERT INTO subject (source, row) VALUES (?1, ?2)")?;
    let number = put.insert(params![row.subject.source, row.sealed(key)?])?;
    let sql = "INSERT INTO encoding (number, make, encoding, next_encoding) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![number, make, encoding, next])?;
    Ok(number)
}

/// Encodings of a subject, sealed for its source and student.
#[derive(Clone, Copy)]
pub(in crate::store) struct Encoded<'e> {
    /// Of the one that links; unknown of one from an earlier version.
    pub(in crate::store) make: Option<&'e [u8]>,
    pub(in crate::store) encoding: &'e [u8],
    /// The one that waits for its key to link.
    pub(in crate::store) next: Option<&'e [u8]>,
}

/// Writes a subject anew.
pub(in crate::store) fn update(
    connection: &Connection,
    key: &ServiceKey,
    number: i64,
    row: &Row,
) -> Result<(), Error> {
    let sealed = row.sealed(key)?;
    connection
        .prepare_cached("UPDATE subject SET row = ?2 WHERE number = ?1")?
        .execute(params![number, sealed])?;
    Ok(())
}
