//! Taking over what files of earlier versions hold: records and subjects in rows by their keys, and what was not sealed.

use super::super::blocks::{self, Entry, Place};
use super::super::editions::column_place;
use super::super::subjects::row::{Encoded, Reason, Row, insert};
use super::super::vault::Column;
use super::super::{Error, ServiceKey, StoredPerson};
use crate::identity::Token;
use crate::linkage::Subject;
use rusqlite::{Connection, params};

/// Records that are moved at once.
const AT_ONCE: usize = 100_000;

/// Moves records into blocks, and seals them, columns of editions and proofs: the rest of the step that made the blocks.
pub(super) fn records(connection: &Connection, key: &ServiceKey) -> Result<(), Error> {
    let mut statement = connection
        .prepare("SELECT source, kind, key, student, fact, holding FROM record ORDER BY source, kind, key")?;
    let mut rows = statement.query_map([], |row| {
        let place = Place { source: row.get(0)?, kind: row.get(1)?, key: row.get(2)? };
        let fact = row.get::<_, Option<Vec<u8>>>(4)?.map(Vec::into_boxed_slice);
        Ok((place, blocks::Row { student: row.get(3)?, fact, holding: row.get(5)? }))
    })?;
    loop {
        let some = rows.by_ref().take(AT_ONCE).collect::<Result<Vec<(Place, blocks::Row)>, _>>()?;
        if some.is_empty() {
            break;
        }
        blocks::put(connection, key, some.iter().map(|(place, row)| (*place, Entry::of(place, row))))?;
    }
    drop(rows);
    drop(statement);
    connection.execute_batch("DROP TABLE record")?;
    seal_editions(connection, key)
}

/// Seals the columns and proofs of editions, which were not sealed.
fn seal_editions(connection: &Connection, key: &ServiceKey) -> Result<(), Error> {
    let numbers = |sql: &str| -> Result<Vec<i64>, Error> {
        let mut numbers = connection.prepare(sql)?;
        Ok(numbers.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    };
    let mut find =
        connection.prepare("SELECT edition, frame, name, bytes FROM edition_column WHERE number = ?1")?;
    for number in numbers("SELECT number FROM edition_column")? {
        let (place, bytes) = find.query_row([number], |row| {
            let (frame, name): (String, String) = (row.get(1)?, row.get(2)?);
            Ok((column_place(row.get(0)?, &frame, &name), row.get::<_, Vec<u8>>(3)?))
        })?;
        let sealed = key.seal_at(Column::Edition, &place, &bytes)?;
        connection
            .execute("UPDATE edition_column SET bytes = ?2 WHERE number = ?1", params![number, sealed])?;
    }
    let mut find = connection.prepare("SELECT bytes FROM proof WHERE edition = ?1")?;
    for edition in numbers("SELECT edition FROM proof")? {
        let bytes: Vec<u8> = find.query_row([edition], |row| row.get(0))?;
        let number = u32::try_from(edition).map_err(|_| Error::Damaged("the number of an edition"))?;
        let sealed = key.seal_at(Column::Proof, &number.to_le_bytes(), &bytes)?;
        connection.execute("UPDATE proof SET bytes = ?2 WHERE edition = ?1", params![edition, sealed])?;
    }
    Ok(())
}

/// Moves subjects into rows that are sealed, by source and token as they stood: the rest of the step that made these rows.
pub(super) fn subjects(connection: &Connection, key: &ServiceKey) -> Result<(), Error> {
    let mut statement = connection.prepare(
        "SELECT source, student, person, model, reason, make, encoding, next_encoding FROM subject_by_token
         ORDER BY source, student",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let subject = Subject { source: row.get(0)?, student: Token::from_bytes(row.get(1)?) };
        let person = StoredPerson(row.get::<_, i64>(2)?.cast_unsigned());
        let reason = |sealed: Vec<u8>| {
            let opened = key.open(Column::Reason, subject.source, &subject.student, &sealed)?;
            Reason::read(&opened).ok_or(Error::Damaged("what decided a link"))
        };
        let reason = row.get::<_, Option<Vec<u8>>>(4)?.map(reason).transpose()?;
        let bytes = |at: usize| row.get_ref(at)?.as_blob_or_null().map_err(|_| Error::Damaged("an encoding"));
        let encoding = bytes(6)?.ok_or(Error::Damaged("an encoding"))?;
        let encoded = Encoded { make: bytes(5)?, encoding, next: bytes(7)? };
        insert(connection, key, &Row { subject, person, model: row.get(3)?, reason }, encoded)?;
    }
    drop(rows);
    drop(statement);
    Ok(connection.execute_batch("DROP TABLE subject_by_token")?)
}
