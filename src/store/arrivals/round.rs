//! How far the rounds have come.
//!
//! A record that is filed while a round has come to some place is put away in that round if its own place lies beyond, and
//! otherwise in the next one. So of what is filed it is known which is in blocks. Of a place only the beginning is written down:
//! what is not told apart by it counts as still waiting, and is put away again. What came later to the same place then counts
//! as waiting, too, so nothing newer is ever replaced.

use super::super::Error;
use super::super::blocks::Place;
use rusqlite::{Connection, params};

/// The beginning of a place: source, kind, and half of the key.
pub(super) type Mark = [u8; 13];

pub(super) fn mark(Place { source, kind, key }: &Place) -> Mark {
    let mut mark = [0; 13];
    mark[..4].copy_from_slice(&source.to_be_bytes());
    mark[4] = *kind;
    mark[5..].copy_from_slice(&key[..8]);
    mark
}

/// A round, and how far it has come: no further than the beginning where there is no place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Progress {
    pub(super) round: i64,
    pub(super) reached: Vec<u8>,
}

impl Progress {
    pub(super) fn new(round: i64, reached: Option<&Place>) -> Self {
        Self { round, reached: reached.map(|place| mark(place).to_vec()).unwrap_or_default() }
    }

    pub(super) fn read(connection: &Connection) -> Result<Self, Error> {
        let mut find = connection.prepare_cached("SELECT number, reached FROM round")?;
        Ok(find.query_row([], |row| Ok(Self { round: row.get(0)?, reached: row.get(1)? }))?)
    }

    pub(super) fn write(&self, connection: &Connection) -> Result<(), Error> {
        let sql = "UPDATE round SET number = ?1, reached = ?2";
        connection.prepare_cached(sql)?.execute(params![self.round, self.reached])?;
        Ok(())
    }

    /// Whether a record is in its block by now that was filed when rounds had come so far.
    pub(super) fn is_past(&self, filed: &Self, place: &Mark) -> bool {
        let round = filed.round + i64::from(place[..] <= filed.reached[..]);
        round < self.round || round == self.round && place[..] < self.reached[..]
    }

    /// Whether all that was filed by then is in blocks.
    pub(super) fn is_past_all(&self, filed: &Self) -> bool {
        (filed.round + 1, &filed.reached) < (self.round, &self.reached)
    }

    /// The place it has come to, or one before it that begins in the same way.
    pub(super) fn place(&self) -> Option<Place> {
        let mut rest = &self.reached[..];
        let source = u32::from_be_bytes(*rest.split_off(..4)?.first_chunk()?);
        let kind = *rest.split_off_first()?;
        let mut key = [0; 16];
        key[..8].copy_from_slice(rest.first_chunk::<8>()?);
        Some(Place { source, kind, key })
    }
}
