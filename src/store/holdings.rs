//! Under which agreements records are held: what destroys them on the date of one of these.
//!
//! A record is held under the agreements under which it was received as it stands: sent again without a change under
//! another one, under both; changed, under the one of the change alone. Few different sets of agreements occur, so a
//! record has the number of its set.

use super::{Error, Snapshot, Tx, organizations::org};
use crate::calendar::Timestamp;
use crate::records::OrgId;
use rusqlite::{OptionalExtension, params};

/// What records are being received under.
#[derive(Debug, Clone)]
pub(super) struct Under {
    agreement: String,
    /// The set of that agreement alone.
    alone: i64,
}

/// Records that stand: small number of their source, and the set they are held under, where that is known.
pub type Held = (u32, Option<i64>);

/// An edition whose records are not destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenEdition {
    /// Its number.
    pub number: u32,
    /// When it was frozen.
    pub frozen: Timestamp,
    /// The organizations whose records it holds.
    pub sources: Vec<OrgId>,
    /// What it froze; empty where a program wrote it that did not keep that.
    pub held: Vec<Held>,
}

impl Snapshot<'_> {
    /// The sets of agreements that records are held under: numbers, and ids of agreements.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn holding_sets(&self) -> Result<Vec<(i64, Vec<String>)>, Error> {
        let mut sets = self.prepare("SELECT number, agreements FROM holding ORDER BY number")?;
        let sets = sets.query_map([], |row| {
            let ids: String = row.get(1)?;
            Ok((row.get(0)?, ids.split(',').map(str::to_owned).collect()))
        })?;
        Ok(sets.collect::<Result<_, _>>()?)
    }

    /// The agreements that a source has sent under, and since when.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn sent_under(&self, source: u32) -> Result<Vec<(String, Timestamp)>, Error> {
        let mut under = self.prepare("SELECT agreement, first_ms FROM sent_under WHERE source = ?1")?;
        let under =
            under.query_map([source], |row| Ok((row.get(0)?, Timestamp::from_millis(row.get(1)?))))?;
        Ok(under.collect::<Result<_, _>>()?)
    }

    /// Under what the records that stand now are held, each once.
    #[cfg(test)]
    pub(crate) fn held_now(&self) -> Result<Vec<Held>, Error> {
        let mut held = std::collections::BTreeSet::new();
        self.each_unread(|record| {
            held.insert((record.source, record.holding));
            Ok(())
        })?;
        Ok(held.into_iter().collect())
    }

    /// The editions whose records are not destroyed, by number.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn frozen_editions(&self) -> Result<Vec<FrozenEdition>, Error> {
        let sql = "SELECT number, frozen_ms, sources FROM edition WHERE destroyed_ms IS NULL ORDER BY number";
        let mut editions = self.prepare(sql)?;
        let mut held = self.prepare("SELECT source, holding FROM edition_holding WHERE edition = ?1")?;
        let rows = editions.query_map([], |row| {
            Ok((row.get::<_, u32>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })?;
        rows.map(|row| {
            let (number, frozen, sources) = row?;
            let sources = sources.split(',').filter(|id| !id.is_empty()).map(org);
            let of = held.query_map([number], |row| {
                let set: i64 = row.get(1)?;
                Ok((row.get(0)?, (set != NO_SET).then_some(set)))
            })?;
            Ok(FrozenEdition {
                number,
                frozen: Timestamp::from_millis(frozen),
                sources: sources.collect::<Result<_, _>>()?,
                held: of.collect::<Result<_, _>>()?,
            })
        })
        .collect()
    }
}

/// Stands for none in a key, which has no NULL.
const NO_SET: i64 = 0;

impl Tx<'_> {
    /// Notes under what the records were held that an edition froze.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_edition_holdings(&mut self, edition: u32, held: &[Held]) -> Result<(), Error> {
        let mut put =
            self.prepare("INSERT INTO edition_holding (edition, source, holding) VALUES (?1, ?2, ?3)")?;
        for (source, set) in held {
            put.execute(params![edition, source, set.unwrap_or(NO_SET)])?;
        }
        Ok(())
    }

    /// Says that records which are put from here on are a source's, received under an agreement.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn receive_under(&mut self, source: u32, agreement: &str, now: Timestamp) -> Result<(), Error> {
        self.prepare("INSERT OR IGNORE INTO sent_under (source, agreement, first_ms) VALUES (?1, ?2, ?3)")?
            .execute(params![source, agreement, now.millis()])?;
        let alone = self.holding(agreement)?;
        self.under = Some(Under { agreement: agreement.to_owned(), alone });
        Ok(())
    }

    /// The set of agreements that a record put now is held under; nothing where nobody has said under which.
    pub(super) fn held_alone(&self) -> Option<i64> {
        self.under.as_ref().map(|under| under.alone)
    }

    /// The set that a record is held under when it comes again as it is, where that is another than before.
    ///
    /// Of a record from before sets were kept nobody knows under which of several agreements it came; from here on it
    /// is held under the one that its source names.
    pub(super) fn held_also(&mut self, before: Option<i64>) -> Result<Option<i64>, Error> {
        let Some(Under { agreement, alone }) = self.under.clone() else { return Ok(None) };
        let Some(before) = before.filter(|before| *before != alone) else {
            return Ok(if before.is_none() { Some(alone) } else { None });
        };
        let known: String = self
            .prepare("SELECT agreements FROM holding WHERE number = ?1")?
            .query_row([before], |row| row.get(0))?;
        let mut ids: Vec<&str> = known.split(',').collect();
        if ids.contains(&agreement.as_str()) {
            return Ok(None);
        }
        ids.push(&agreement);
        ids.sort_unstable();
        Ok(Some(self.holding(&ids.join(","))?))
    }

    /// The number of a set, given when it is first needed.
    pub(super) fn holding(&mut self, agreements: &str) -> Result<i64, Error> {
        let mut find = self.prepare("SELECT number FROM holding WHERE agreements = ?1")?;
        if let Some(number) = find.query_row([agreements], |row| row.get(0)).optional()? {
            return Ok(number);
        }
        let mut add = self.prepare("INSERT INTO holding (agreements) VALUES (?1) RETURNING number")?;
        Ok(add.query_row([agreements], |row| row.get(0))?)
    }
}
