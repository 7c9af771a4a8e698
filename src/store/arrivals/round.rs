//! How far the rounds have come.
//!
//! A record that is filed while a round has come to some place is put away in that round if its own place lies beyond, and
//! otherwise in the next one. So of what is filed it is known which is in blocks. Of a place only the beginning is written down:
//! what is not told apart by it counts as still waiting, and is put away again. What came later to the same place then counts
//! as waiting, too, so nothing newer is ever replaced.

use super::super::Error;
use super::super::blocks::Place;
use rusqlite::{Connection, params};

/// Bytes of a mark where it is stored.
const LENGTH: usize = 13;

/// The beginning of a place: source, kind, and half of the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark(u128);

impl Mark {
    pub(super) fn of(Place { source, kind, key }: &Place) -> Self {
        let of = u128::from(*source) << 8 | u128::from(*kind);
        Self(of << 64 | u128::from_be_bytes(*key) >> 64)
    }

    /// The first place that begins so.
    const fn first(self) -> Place {
        let key = (self.0 << 64).to_be_bytes();
        Place { source: (self.0 >> 72) as u32, kind: (self.0 >> 64) as u8, key }
    }
}

/// A round, and how far it has come: no further than the beginning where there is no mark.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Progress {
    round: i64,
    reached: Option<Mark>,
}

impl Progress {
    pub(super) fn new(round: i64, reached: Option<&Place>) -> Self {
        Self { round, reached: reached.map(Mark::of) }
    }

    pub(super) fn read(connection: &Connection) -> Result<Self, Error> {
        let mut find = connection.prepare_cached("SELECT number, reached FROM round")?;
        let (round, reached): (_, Vec<u8>) = find.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Self::stored(round, &reached)
    }

    /// As it is stored.
    pub(super) fn stored(round: i64, reached: &[u8]) -> Result<Self, Error> {
        let mut bytes = [0; 16];
        let reached = match reached.len() {
            0 => None,
            LENGTH => {
                bytes[16 - LENGTH..].copy_from_slice(reached);
                Some(Mark(u128::from_be_bytes(bytes)))
            }
            _ => return Err(Error::Damaged("how far a round has come")),
        };
        Ok(Self { round, reached })
    }

    /// The number of the round, and the mark as it is stored.
    pub(super) fn to_stored(self) -> (i64, Vec<u8>) {
        let mark = |Mark(mark): Mark| mark.to_be_bytes()[16 - LENGTH..].to_vec();
        (self.round, self.reached.map(mark).unwrap_or_default())
    }

    pub(super) fn write(self, connection: &Connection) -> Result<(), Error> {
        let (round, reached) = self.to_stored();
        let sql = "UPDATE round SET number = ?1, reached = ?2";
        connection.prepare_cached(sql)?.execute(params![round, reached])?;
        Ok(())
    }

    /// Whether a record is in its block by now that was filed when rounds had come so far.
    pub(super) fn is_past(&self, filed: &Self, place: &Place) -> bool {
        let mark = Some(Mark::of(place));
        let round = filed.round + i64::from(mark <= filed.reached);
        round < self.round || round == self.round && mark < self.reached
    }

    /// Whether all that was filed by then is in blocks.
    pub(super) fn is_past_all(&self, filed: &Self) -> bool {
        (filed.round + 1, filed.reached) < (self.round, self.reached)
    }

    /// The round, and the place it has come to, or one before it that begins in the same way.
    pub(super) fn parts(self) -> (i64, Option<Place>) {
        (self.round, self.reached.map(Mark::first))
    }
}
