//! Putting records into their blocks.

use super::super::{Error, ServiceKey};
use super::Place;
use super::block::{Entry, entries, pieces, sealed};
use super::look::find;
use rusqlite::{Connection, OptionalExtension, params};
use std::iter::Peekable;

/// Bytes of a block at most: with the rest of its row that is one page of the file, of which SQLite keeps no part elsewhere.
pub(super) const BYTES_MAX: usize = 4_000;

/// Puts records, sorted by place, each in place of what stands there.
pub(in crate::store) fn put<'r>(
    connection: &Connection,
    key: &ServiceKey,
    rows: impl IntoIterator<Item = (Place, Entry<'r>)>,
) -> Result<(), Error> {
    let mut rows = rows.into_iter().peekable();
    while let Some((place, _)) = rows.peek() {
        put_some(connection, key, *place, &mut rows)?;
    }
    Ok(())
}

/// Puts those that belong in the same block as the first one.
fn put_some<'r>(
    connection: &Connection,
    key: &ServiceKey,
    place: Place,
    rows: &mut Peekable<impl Iterator<Item = (Place, Entry<'r>)>>,
) -> Result<(), Error> {
    let Place { source, kind, .. } = place;
    let found = find(connection, &place)?;
    let mut after = connection.prepare_cached(
        "SELECT first FROM record_block WHERE source = ?1 AND kind = ?2 AND first > ?3 ORDER BY first LIMIT 1",
    )?;
    let end: Option<Vec<u8>> =
        after.query_row(params![source, kind, place.key], |row| row.get(0)).optional()?;
    let (first, (heads, facts)) = match &found {
        Some(found) => (&found.first[..], found.block(source, kind).open(key)?),
        None => Default::default(),
    };
    let mut standing = entries(&heads, &facts)?.into_iter().peekable();
    let mut all: Vec<Entry<'_>> = Vec::with_capacity(heads.len() + 8);
    let is_here = |place: &Place| {
        (place.source, place.kind) == (source, kind) && end.as_ref().is_none_or(|end| place.key[..] < end[..])
    };
    while let Some((place, new)) = rows.next_if(|(place, _)| is_here(place)) {
        while let Some(entry) = standing.next_if(|entry| entry.head.key < place.key) {
            all.push(entry);
        }
        standing.next_if(|entry| entry.head.key == place.key);
        all.push(new);
    }
    all.extend(standing);
    let number = found.as_ref().map(|found| found.number);
    write(connection, key, number, (source, kind, first), &all)
}

/// Writes records in place of a block, in as many as they fill; without any, none is left.
pub(super) fn write(
    connection: &Connection,
    key: &ServiceKey,
    number: Option<i64>,
    (source, kind, first): (u32, u8, &[u8]),
    all: &[Entry<'_>],
) -> Result<(), Error> {
    let (mut number, mut last) = (number, None);
    for piece in pieces(all, BYTES_MAX) {
        let key_of = |entry: Option<&Entry<'_>>| entry.map(|entry| entry.head.key).unwrap_or_default();
        let from = key_of(piece.first());
        let first = last.map_or(first, |last| boundary(&last, &from));
        last = Some(key_of(piece.last()));
        let bytes = sealed(key, (source, kind, first), piece)?;
        match number.take() {
            Some(number) => {
                let sql = "UPDATE record_block SET rows = ?2 WHERE number = ?1";
                connection.prepare_cached(sql)?.execute(params![number, bytes])?;
            }
            None => {
                let sql = "INSERT INTO record_block (source, kind, first, rows) VALUES (?1, ?2, ?3, ?4)";
                connection.prepare_cached(sql)?.execute(params![source, kind, first, bytes])?;
            }
        }
    }
    if let Some(number) = number {
        connection.prepare_cached("DELETE FROM record_block WHERE number = ?1")?.execute([number])?;
    }
    Ok(())
}

/// As little of a key as tells it from a lower one. What begins a block is not the key of a record, which may go before the
/// block does.
fn boundary<'k>(lower: &[u8; 16], key: &'k [u8; 16]) -> &'k [u8] {
    let n_same = lower.iter().zip(key).take_while(|(of_lower, of_key)| of_lower == of_key).count();
    &key[..=n_same.min(key.len() - 1)]
}
