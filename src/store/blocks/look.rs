//! Looking at blocks.

use super::super::{Error, Snapshot};
use super::{Block, Place, Row, Sources};
use rusqlite::{Connection, OptionalExtension, params};

/// Visits the blocks of sources from one number to another, by place.
pub(in crate::store) fn each(
    connection: &Connection,
    (from, to): Sources,
    mut visit: impl FnMut(Block<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "SELECT source, kind, first, rows FROM record_block WHERE source BETWEEN ?1 AND ?2
         ORDER BY source, kind, first",
    )?;
    let mut rows = statement.query(params![from, to])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(3)?.as_blob().map_err(|_| Error::Damaged("a block of records"))?;
        let first = row.get_ref(2)?.as_blob().map_err(|_| Error::Damaged("a block of records"))?;
        visit(Block { source: row.get(0)?, kind: row.get(1)?, first, bytes })?;
    }
    Ok(())
}

/// A block as it was found.
pub(super) struct Found {
    pub(super) number: i64,
    pub(super) first: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

impl Found {
    pub(super) fn block(&self, source: u32, kind: u8) -> Block<'_> {
        Block { source, kind, first: &self.first, bytes: &self.bytes }
    }
}

/// The block that has a place, or would have it; nothing where there is none of its source and kind.
pub(super) fn find(connection: &Connection, place: &Place) -> Result<Option<Found>, Error> {
    let mut find = connection.prepare_cached(
        "SELECT number, first, rows FROM record_block WHERE source = ?1 AND kind = ?2 AND first <= ?3
         ORDER BY first DESC LIMIT 1",
    )?;
    let Place { source, kind, key } = place;
    let found = find.query_row(params![source, kind, key], |row| {
        Ok(Found { number: row.get(0)?, first: row.get(1)?, bytes: row.get(2)? })
    });
    Ok(found.optional()?)
}

impl Snapshot<'_> {
    /// What the block of a place has there, whatever has come since.
    pub(in crate::store) fn row(&self, place: &Place) -> Result<Option<Row>, Error> {
        let Some(found) = find(self.connection(), place)? else { return Ok(None) };
        let mut row = None;
        found.block(place.source, place.kind).each(self.key, |head, fact| {
            if head.key == place.key {
                row = Some(Row { student: head.student, fact: fact.map(Into::into), holding: head.holding });
            }
            Ok(())
        })?;
        Ok(row)
    }

    /// Visits the blocks of sources from one number to another, by place.
    pub(in crate::store) fn each_block(
        &self,
        sources: Sources,
        visit: impl FnMut(Block<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        each(self.connection(), sources, visit)
    }
}
