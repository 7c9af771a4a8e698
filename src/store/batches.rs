//! Acknowledged batches: what makes a repeat safe and tells a client where to resume.
//!
//! A batch counts as acknowledged as long as its source encodes as it did then: once it encodes otherwise, with a newer
//! key or another normalizer, the same batch is taken again, and then students are encoded anew.

use super::{Error, Snapshot, Tx, linkage_keys::made_with};
use crate::calendar::Timestamp;
use crate::identity::KeyId;
use crate::records::Violation;
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

/// What became of a record, in the order of the wire's `Outcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// Stored; no record had this key.
    New,
    /// Stored in place of other content.
    Changed,
    /// Equal to what was there.
    Unchanged,
    /// Withdrawn, or there was nothing to withdraw.
    Deleted,
    /// Not stored; see the violations.
    Refused,
}

/// The verdict on a batch: an outcome for each record and what is wrong with the refused ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Verdict {
    /// One for each record, in order.
    pub outcomes: Vec<Outcome>,
    /// The index of a record and what is wrong with it.
    pub violations: Vec<(u32, Violation)>,
}

impl Verdict {
    /// How many records had an outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes.iter().filter(|&&each| each == outcome).count() as u64
    }
}

/// A batch to acknowledge.
#[derive(Debug)]
pub struct BatchRow<'a> {
    /// Small number of the source.
    pub source: u32,
    /// The client's id of the batch.
    pub id: &'a str,
    /// The client's id of the delivery.
    pub delivery: &'a str,
    /// Position in the delivery, from 1.
    pub sequence: u64,
    /// Keyed digest of its content.
    pub digest: [u8; 32],
    /// What became of its records.
    pub verdict: &'a Verdict,
    /// The newest linkage key of those its students are encoded with.
    pub newest: Option<KeyId>,
}

/// A batch that was acknowledged before.
#[derive(Debug)]
pub struct Acknowledged {
    /// Keyed digest of its content.
    pub digest: [u8; 32],
    /// The delivery it came in.
    pub delivery: String,
    /// Its position there.
    pub sequence: u64,
    /// What became of its records.
    pub verdict: Verdict,
}

impl Snapshot<'_> {
    /// The batch of that id, if the source had it acknowledged with that newest key.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn batch(&self, source: u32, id: &str, newest: Option<KeyId>) -> Result<Option<Acknowledged>, Error> {
        let mut statement = self.prepare(
            "SELECT digest, delivery, sequence, verdict FROM batch
             WHERE source = ?1 AND id = ?2 AND make = ?3",
        )?;
        let found = statement.query_row(params![source, id, made_with(newest)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?, row.get::<_, Vec<u8>>(3)?))
        });
        let Some((digest, delivery, sequence, verdict)) = found.optional()? else { return Ok(None) };
        let verdict = parse(&verdict)?;
        Ok(Some(Acknowledged { digest, delivery, sequence: sequence.unsigned_abs(), verdict }))
    }

    /// The last batch of a delivery that was acknowledged with that newest key; 0 for none.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn acknowledged_through(
        &self,
        source: u32,
        delivery: &str,
        newest: Option<KeyId>,
    ) -> Result<u64, Error> {
        let mut statement = self.prepare(
            "SELECT coalesce(max(sequence), 0) FROM batch WHERE source = ?1 AND delivery = ?2 AND make = ?3",
        )?;
        let make = made_with(newest);
        Ok(statement.query_row(params![source, delivery, make], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// The verdicts of a delivery so far with that newest key, in order.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn delivery_verdicts(
        &self,
        source: u32,
        delivery: &str,
        newest: Option<KeyId>,
    ) -> Result<Vec<Verdict>, Error> {
        let mut statement = self.prepare(
            "SELECT verdict FROM batch WHERE source = ?1 AND delivery = ?2 AND make = ?3 ORDER BY sequence",
        )?;
        let make = made_with(newest);
        let rows = statement.query_map(params![source, delivery, make], |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|row| parse(&row?)).collect()
    }
}

impl Tx<'_> {
    /// Puts a batch on record, in place of the same one when encodings were made otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_batch(&mut self, batch: &BatchRow<'_>, now: Timestamp) -> Result<(), Error> {
        let verdict = postcard::to_allocvec(batch.verdict).map_err(|_| Error::Damaged("a verdict"))?;
        self.prepare(
            "INSERT OR REPLACE INTO batch (source, id, delivery, sequence, digest, verdict, received_ms, make)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            batch.source,
            batch.id,
            batch.delivery,
            batch.sequence.cast_signed(),
            batch.digest,
            verdict,
            now.millis(),
            made_with(batch.newest)
        ])?;
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Result<Verdict, Error> {
    postcard::from_bytes(bytes).map_err(|_| Error::Damaged("a verdict"))
}
