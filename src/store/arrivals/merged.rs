//! What stands, looked at by whoever reads: rows, and before them what is filed.

use super::super::{Error, Snapshot};
use super::{Place, Row, Rows, sealed};
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeMap;

/// A record that stands, where it is stored.
pub(in crate::store) struct StandingRecord<'r> {
    pub(in crate::store) source: u32,
    pub(in crate::store) kind: u8,
    pub(in crate::store) student: Option<[u8; 16]>,
    pub(in crate::store) holding: Option<i64>,
    pub(in crate::store) fact: &'r [u8],
    key: Key<'r>,
}

/// The key of a record, which most have no use for.
enum Key<'r> {
    Of(&'r rusqlite::Row<'r>),
    Is([u8; 16]),
}

impl StandingRecord<'_> {
    /// Its key.
    pub(in crate::store) fn key(&self) -> Result<[u8; 16], Error> {
        match self.key {
            Key::Of(row) => Ok(row.get(KEY)?),
            Key::Is(key) => Ok(key),
        }
    }
}

/// Where the statement that reads rows has their key.
const KEY: usize = 3;

impl Snapshot<'_> {
    /// What has come and may have no row yet: of each place the newest.
    pub(in crate::store) fn arrivals(&self) -> Result<Rows, Error> {
        Ok(sealed::filed(self.connection(), self.key)?.0)
    }

    /// The row of a place, whatever has come since.
    pub(in crate::store) fn row(&self, place: &Place) -> Result<Option<Row>, Error> {
        let mut find = self.prepare(
            "SELECT student, fact, holding FROM record WHERE source = ?1 AND kind = ?2 AND key = ?3",
        )?;
        let Place { source, kind, key } = place;
        let row = find.query_row(params![source, kind, key], |row| {
            let fact = row.get_ref(1)?.as_blob_or_null()?.map(Into::into);
            Ok(Row { student: row.get(0)?, fact, holding: row.get(2)? })
        });
        Ok(row.optional()?)
    }

    /// Visits what stands of sources from one number to another, by place.
    pub(in crate::store) fn each_standing(
        &self,
        (from, to): (u32, u32),
        mut visit: impl FnMut(StandingRecord<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut arrivals = self.arrivals()?;
        arrivals.retain(|place, _| (from..=to).contains(&place.source));
        let mut arrivals = arrivals.into_iter().peekable();
        let mut next = self.prepare(
            "SELECT source, kind FROM record WHERE (source, kind) > (?1, ?2) ORDER BY source, kind LIMIT 1",
        )?;
        // Of one source and kind at a time: to read these and the key of each row of a state took a quarter of the time.
        let mut statement = self.prepare(
            "SELECT student, fact, holding, key FROM record
             WHERE source = ?1 AND kind = ?2 AND fact IS NOT NULL ORDER BY key",
        )?;
        let mut last = (from, -1);
        while let Some((source, kind)) = next
            .query_row(params![last.0, last.1], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, u8>(1)?)))
            .optional()?
            && source <= to
        {
            last = (source, i64::from(kind));
            let mut rows = statement.query(params![source, kind])?;
            while let Some(row) = rows.next()? {
                let mut is_replaced = false;
                // Where nothing has come that stands before the end of these, keys decide nothing.
                if arrivals.peek().is_some_and(|(at, _)| (at.source, at.kind) <= (source, kind)) {
                    let place = Place { source, kind, key: row.get(KEY)? };
                    while let Some((at, arrival)) = arrivals.next_if(|(at, _)| *at <= place) {
                        is_replaced = at == place;
                        arrival.standing(at).map_or(Ok(()), &mut visit)?;
                    }
                }
                if !is_replaced {
                    let fact = row.get_ref(1)?.as_blob().map_err(|_| Error::Damaged("a record"))?;
                    let (student, holding) = (row.get(0)?, row.get(2)?);
                    visit(StandingRecord { source, kind, student, holding, fact, key: Key::Of(row) })?;
                }
            }
        }
        for (at, arrival) in arrivals {
            arrival.standing(at).map_or(Ok(()), &mut visit)?;
        }
        Ok(())
    }

    /// How many records stand of each sort, from how many rows do.
    pub(in crate::store) fn with_arrivals<K: Ord>(
        &self,
        rows: impl IntoIterator<Item = (K, i64)>,
        mut sort: impl FnMut(&Place, &Row) -> Result<Option<K>, Error>,
    ) -> Result<BTreeMap<K, u64>, Error> {
        let mut counts: BTreeMap<K, i64> = rows.into_iter().collect();
        let mut count = |place: &Place, row: &Row, n: i64| {
            if row.fact.is_some()
                && let Some(sort) = sort(place, row)?
            {
                *counts.entry(sort).or_default() += n;
            }
            Ok::<_, Error>(())
        };
        for (place, arrival) in self.arrivals()? {
            if let Some(row) = self.row(&place)? {
                count(&place, &row, -1)?;
            }
            count(&place, &arrival, 1)?;
        }
        let counts = counts.into_iter().filter(|(_, n)| *n > 0);
        Ok(counts.map(|(sort, n)| (sort, n.unsigned_abs())).collect())
    }
}

impl Row {
    /// The record of a place, unless it is withdrawn.
    fn standing(&self, place: Place) -> Option<StandingRecord<'_>> {
        let fact = self.fact.as_deref()?;
        let Place { source, kind, key } = place;
        let (student, holding, key) = (self.student, self.holding, Key::Is(key));
        Some(StandingRecord { source, kind, student, holding, fact, key })
    }
}
