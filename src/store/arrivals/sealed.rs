//! Rows as they are filed: one piece of bytes for all that a transaction brought, sealed.
//!
//! Of each row: source, kind, which of the others there are, and what there is of student, length and bytes of the fact,
//! and holding; numbers little-endian.

use super::super::blocks::{FACT_MAX, HAS_FACT, HAS_HOLDING, HAS_STUDENT, Place, Row, take};
use super::super::vault::Column;
use super::super::{Error, ServiceKey};
use super::Rows;
use rusqlite::Connection;

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

/// All that is filed, of each place the newest, and the last number; 0 where nothing is.
pub(super) fn filed(connection: &Connection, key: &ServiceKey) -> Result<(Rows, i64), Error> {
    let mut statement = connection.prepare_cached("SELECT number, rows FROM arrival ORDER BY number")?;
    let mut filed = statement.query([])?;
    let (mut all, mut last) = (Vec::new(), 0_i64);
    while let Some(row) = filed.next()? {
        last = row.get(0)?;
        let sealed: Vec<u8> = row.get(1)?;
        let opened = key.open_at(Column::Arrival, &last.to_le_bytes(), sealed)?;
        let mut rest = &opened[..];
        while !rest.is_empty() {
            all.push(read(&mut rest).ok_or(Error::Damaged("what is filed of records"))?);
        }
    }
    // The sort keeps the order of equal places, of which the map keeps the last.
    Ok((all.into_iter().collect(), last))
}

fn read(rest: &mut &[u8]) -> Option<(Place, Row)> {
    let source = u32::from_le_bytes(take(rest)?);
    let [kind] = take(rest)?;
    let key = take(rest)?;
    let [has] = take(rest)?;
    let student = if has & HAS_STUDENT != 0 { Some(take(rest)?) } else { None };
    let fact = match has & HAS_FACT {
        0 => None,
        _ => {
            let length = usize::from(u16::from_le_bytes(take(rest)?));
            let (fact, after) = rest.split_at_checked(length)?;
            *rest = after;
            Some(fact.into())
        }
    };
    let holding = if has & HAS_HOLDING != 0 { Some(i64::from_le_bytes(take(rest)?)) } else { None };
    Some((Place { source, kind, key }, Row { student, fact, holding }))
}
