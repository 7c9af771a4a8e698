//! Taking over what files of earlier versions hold: records in rows of their own, and what was not sealed.

use super::super::blocks::{self, Entry, Place, Row};
use super::super::editions::column_place;
use super::super::vault::Column;
use super::super::{Error, ServiceKey};
use rusqlite::{Connection, params};

/// Records that are moved at once.
const AT_ONCE: usize = 100_000;

/// Moves records into blocks, and seals them, columns of editions and proofs: the rest of the step that made the blocks.
pub(super) fn take_over(connection: &Connection, key: &ServiceKey) -> Result<(), Error> {
    let mut statement = connection
        .prepare("SELECT source, kind, key, student, fact, holding FROM record ORDER BY source, kind, key")?;
    let mut rows = statement.query_map([], |row| {
        let place = Place { source: row.get(0)?, kind: row.get(1)?, key: row.get(2)? };
        let fact = row.get::<_, Option<Vec<u8>>>(4)?.map(Vec::into_boxed_slice);
        Ok((place, Row { student: row.get(3)?, fact, holding: row.get(5)? }))
    })?;
    loop {
        let some = rows.by_ref().take(AT_ONCE).collect::<Result<Vec<(Place, Row)>, _>>()?;
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
