//! Under which agreements records are held: what destroys them on the date of one of these.
//!
//! A record is held under the agreements under which it was received as it stands: sent again without a change under
//! another one, under both; changed, under the one of the change alone. Few different sets of agreements occur, so a
//! record has the number of its set.

use super::{Error, Tx};
use crate::calendar::Timestamp;
use rusqlite::{OptionalExtension, params};

/// What records are being received under.
#[derive(Debug, Clone)]
pub(super) struct Under {
    agreement: String,
    /// The set of that agreement alone.
    alone: i64,
}

impl Tx<'_> {
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
