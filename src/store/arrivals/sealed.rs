//! Rows as they are filed: one piece of bytes for all that a transaction brought, sealed.
//!
//! Of each row: source, kind, which of the others there are, and what there is of student, length and bytes of the fact,
//! and holding; numbers little-endian.

use super::super::blocks::{Entry, FACT_MAX, HAS_FACT, HAS_HOLDING, HAS_STUDENT, Head, Place, take};
use super::super::vault::Column;
use super::super::{Error, ServiceKey};
use super::Rows;
use super::round::Progress;
use rusqlite::Connection;
use std::collections::VecDeque;

/// The rows, sealed for the number they are filed under.
pub(super) fn sealed(key: &ServiceKey, number: i64, rows: &Rows) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(96 * rows.len());
    for (place, row) in rows {
        let has = [
            (row.student.is_some(), HAS_STUDENT),
            (row.fact.is_some(), HAS_FACT),
            (row.holding.is_some(), HAS_HOLDING),
        ];
        bytes.extend(place.source.to_le_bytes());
        bytes.push(place.kind);
        bytes.extend(place.key);
        bytes.push(has.iter().filter(|(has, _)| *has).map(|(_, flag)| flag).sum());
        bytes.extend(row.student.iter().flatten());
        if let Some(fact) = &row.fact {
            if fact.len() > FACT_MAX {
                return Err(Error::Damaged("a record is too long"));
            }
            bytes.extend((fact.len() as u16).to_le_bytes());
            bytes.extend(fact);
        }
        bytes.extend(row.holding.iter().flat_map(|set| set.to_le_bytes()));
    }
    key.seal_at(Column::Arrival, &number.to_le_bytes(), &bytes)
}

/// A piece that is filed.
pub(super) struct Filed {
    pub(super) number: i64,
    /// How far rounds had come.
    pub(super) then: Progress,
    pub(super) n_bytes: usize,
}

/// Visits what is filed and is in no block by now, as it came, so that the newest of a place comes last.
pub(super) fn each_filed(
    connection: &Connection,
    key: &ServiceKey,
    mut visit: impl FnMut(Place, Entry<'_>),
) -> Result<VecDeque<Filed>, Error> {
    let now = Progress::read(connection)?;
    let mut statement =
        connection.prepare_cached("SELECT number, rows, round, reached FROM arrival ORDER BY number")?;
    let mut pieces = statement.query([])?;
    let mut filed = VecDeque::new();
    while let Some(piece) = pieces.next()? {
        let (number, sealed): (i64, Vec<u8>) = (piece.get(0)?, piece.get(1)?);
        let reached = piece.get_ref(3)?.as_blob().map_err(|_| Error::Damaged("what is filed of records"))?;
        let then = Progress::stored(piece.get(2)?, reached)?;
        let n_bytes = sealed.len();
        let opened = key.open_at(Column::Arrival, &number.to_le_bytes(), sealed)?;
        let mut rest = &opened[..];
        while !rest.is_empty() {
            let (place, entry) = read(&mut rest).ok_or(Error::Damaged("what is filed of records"))?;
            if !now.is_past(&then, &place) {
                visit(place, entry);
            }
        }
        filed.push_back(Filed { number, then, n_bytes });
    }
    Ok(filed)
}

fn read<'b>(rest: &mut &'b [u8]) -> Option<(Place, Entry<'b>)> {
    let source = u32::from_le_bytes(take(rest)?);
    let [kind] = take(rest)?;
    let key = take(rest)?;
    let [has] = take(rest)?;
    let student = if has & HAS_STUDENT != 0 { Some(take(rest)?) } else { None };
    let stands = has & HAS_FACT != 0;
    let length = if stands { u16::from_le_bytes(take(rest)?) } else { 0 };
    let (fact, after) = rest.split_at_checked(length.into())?;
    *rest = after;
    let holding = if has & HAS_HOLDING != 0 { Some(i64::from_le_bytes(take(rest)?)) } else { None };
    Some((Place { source, kind, key }, Entry { head: Head { key, student, holding, stands }, fact }))
}
