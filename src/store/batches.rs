//! Acknowledged batches: what makes a repeat safe and tells a client where to resume.
//!
//! A batch counts as acknowledged as long as its source encodes as it did then and sends under the same version of the
//! agreement: once it encodes otherwise, with a newer key or another normalizer, or other elements are agreed on, the same
//! batch is taken again. A delivery goes on as long as its source has sent no other since: files as they were before a
//! mistake are another delivery than those with it, and have to be taken again to undo it.

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
    /// Not stored; see the violations. Withdrawn, too, where the agreement no longer keeps it.
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

/// What batches are sent with and under.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// The newest linkage key of those its students are encoded with.
    pub newest: Option<KeyId>,
    /// Id and version of the agreement, `city-outcomes@1`.
    pub agreement: &'a str,
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
    /// What it is sent with and under.
    pub sent: Sent<'a>,
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
    /// The batch of that id, if the source had it acknowledged so.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn batch(&self, source: u32, id: &str, sent: Sent<'_>) -> Result<Option<Acknowledged>, Error> {
        let mut statement = self.prepare(
            "SELECT digest, delivery, sequence, verdict FROM batch
             WHERE source = ?1 AND id = ?2 AND make = ?3 AND agreement = ?4",
        )?;
        let found = statement.query_row(params![source, id, made_with(sent.newest), sent.agreement], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?, row.get::<_, Vec<u8>>(3)?))
        });
        let Some((digest, delivery, sequence, verdict)) = found.optional()? else { return Ok(None) };
        let verdict = parse(&verdict)?;
        Ok(Some(Acknowledged { digest, delivery, sequence: sequence.unsigned_abs(), verdict }))
    }

    /// The last batch of a delivery that was acknowledged so; 0 for none.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn acknowledged_through(&self, source: u32, delivery: &str, sent: Sent<'_>) -> Result<u64, Error> {
        let mut statement = self.prepare(
            "SELECT coalesce(max(sequence), 0) FROM batch
             WHERE source = ?1 AND delivery = ?2 AND make = ?3 AND agreement = ?4",
        )?;
        let of = params![source, delivery, made_with(sent.newest), sent.agreement];
        Ok(statement.query_row(of, |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// Whether the source has sent no other delivery since that one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn is_latest(&self, source: u32, delivery: &str) -> Result<bool, Error> {
        let mut statement =
            self.prepare("SELECT 1 FROM organization WHERE source = ?1 AND latest_delivery = ?2")?;
        Ok(statement.exists(params![source, delivery])?)
    }

    /// The agreement under which the last batch of a delivery was sent, `city-outcomes@1`.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn delivered_under(&self, source: u32, delivery: &str) -> Result<Option<String>, Error> {
        let mut statement = self.prepare(
            "SELECT agreement FROM batch WHERE source = ?1 AND delivery = ?2 AND agreement IS NOT NULL
             ORDER BY received_ms DESC, sequence DESC LIMIT 1",
        )?;
        Ok(statement.query_row(params![source, delivery], |row| row.get(0)).optional()?)
    }

    /// The verdicts of the batches of a delivery that were acknowledged so, in order.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn delivery_verdicts(
        &self,
        source: u32,
        delivery: &str,
        sent: Sent<'_>,
    ) -> Result<Vec<Verdict>, Error> {
        let mut statement = self.prepare(
            "SELECT verdict FROM batch WHERE source = ?1 AND delivery = ?2 AND make = ?3 AND agreement = ?4
             ORDER BY sequence",
        )?;
        let of = params![source, delivery, made_with(sent.newest), sent.agreement];
        let rows = statement.query_map(of, |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|row| parse(&row?)).collect()
    }
}

impl Tx<'_> {
    /// Puts a batch on record, in place of the same one that was sent otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_batch(&mut self, batch: &BatchRow<'_>, now: Timestamp) -> Result<(), Error> {
        let verdict = postcard::to_allocvec(batch.verdict).map_err(|_| Error::Damaged("a verdict"))?;
        self.prepare("UPDATE organization SET latest_delivery = ?2, delivered_ms = ?3 WHERE source = ?1")?
            .execute(params![batch.source, batch.delivery, now.millis()])?;
        self.prepare(
            "INSERT OR REPLACE INTO batch
                 (source, id, delivery, sequence, digest, verdict, received_ms, make, agreement)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            batch.source,
            batch.id,
            batch.delivery,
            batch.sequence.cast_signed(),
            batch.digest,
            verdict,
            now.millis(),
            made_with(batch.sent.newest),
            batch.sent.agreement
        ])?;
        Ok(())
    }

    /// Forgets that batches of a delivery were acknowledged: they are taken again.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn forget_delivery(&mut self, source: u32, delivery: &str) -> Result<(), Error> {
        self.prepare("DELETE FROM batch WHERE source = ?1 AND delivery = ?2")?
            .execute(params![source, delivery])?;
        Ok(())
    }

    /// Notes that a source has come again with what it sent last.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn note_delivery(&mut self, source: u32, now: Timestamp) -> Result<(), Error> {
        self.prepare("UPDATE organization SET delivered_ms = ?2 WHERE source = ?1")?
            .execute(params![source, now.millis()])?;
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Result<Verdict, Error> {
    postcard::from_bytes(bytes).map_err(|_| Error::Damaged("a verdict"))
}
