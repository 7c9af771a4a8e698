//! Editions and their seals: written once, never changed.

use super::vault::Column;
use super::{Error, Snapshot, Tx, organizations::org};
use crate::calendar::{Date, Timestamp};
use crate::disclosure::{Proof, Seal};
use crate::outcomes::{Coverage, Edition, LeftOuts, Unit};
use crate::records::OrgId;
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An edition in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionRow {
    /// Its number, from 1.
    pub number: u32,
    /// What people call it.
    pub title: String,
    /// When it was frozen.
    pub frozen: Timestamp,
    /// SHA-256 over its columns.
    pub digest: [u8; 32],
    /// Persons counted.
    pub n_persons: u64,
    /// Student-years counted.
    pub n_student_years: u64,
    /// Persons left out because they opted out.
    pub n_opted_out: u64,
    /// Organizations whose records are in it.
    pub sources: BTreeSet<OrgId>,
    /// When its records were destroyed: its figures stay and can not be counted again.
    pub destroyed: Option<Timestamp>,
}

/// What the sources of an edition had sent, by organization.
pub type SourceReports = BTreeMap<OrgId, SourceReport>;

/// What a source had sent when an edition was frozen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceReport {
    /// The day of its last delivery.
    pub delivered: Option<Date>,
    /// How much of its roster there are records of, by school year.
    pub coverage: BTreeMap<u16, Coverage>,
}

/// How a version of a product is named in [`LeftOutOf`].
#[must_use]
pub fn product_key(id: &str, version: u32) -> String {
    format!("{id}@{version}")
}

/// What is left out of the figures of each product of an edition, by [`product_key`].
pub type LeftOutOf = BTreeMap<String, LeftOuts>;

/// What is told beside an edition's figures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EditionNotes {
    /// What its sources had sent.
    pub reports: SourceReports,
    /// What its figures leave out.
    pub left_out: LeftOutOf,
}

impl Snapshot<'_> {
    /// An edition: the one of that number, or the newest.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn edition(&self, number: Option<u32>) -> Result<Option<EditionRow>, Error> {
        let mut statement = self.prepare(
            "SELECT number, title, frozen_ms, digest, persons, student_years, opted_out, sources,
                 destroyed_ms
             FROM edition
             WHERE ?1 IS NULL OR number = ?1 ORDER BY number DESC LIMIT 1",
        )?;
        statement.query_row([number], read).optional()?.transpose()
    }

    /// What is told beside an edition's figures; nothing where a program wrote it that did not keep that.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn notes(&self, edition: u32) -> Result<Arc<EditionNotes>, Error> {
        if let Some(cached) = self.cache.notes.find(edition) {
            return Ok(cached);
        }
        let mut statement = self.prepare("SELECT reports, left_out FROM edition WHERE number = ?1")?;
        let (reports, left_out): (Option<String>, Option<String>) =
            statement.query_row([edition], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let reports = reports.map_or(Ok(SourceReports::new()), |text| serde_json::from_str(&text));
        let left_out = left_out.map_or(Ok(LeftOutOf::new()), |text| serde_json::from_str(&text));
        let damaged = |_| Error::Damaged("what is told beside an edition");
        let notes = EditionNotes { reports: reports.map_err(damaged)?, left_out: left_out.map_err(damaged)? };
        Ok(self.cache.notes.keep(edition, notes))
    }

    /// Whether an edition was approved for answers under an agreement.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn is_approved(&self, edition: u32, agreement: &str) -> Result<bool, Error> {
        let mut statement = self.prepare("SELECT 1 FROM approval WHERE edition = ?1 AND agreement = ?2")?;
        Ok(statement.exists(params![edition, agreement])?)
    }

    /// The day on which each source delivered last: sent a batch, or came again with a delivery that was in.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn delivered(&self) -> Result<BTreeMap<OrgId, Date>, Error> {
        let sql = "SELECT id, delivered_ms FROM organization WHERE delivered_ms IS NOT NULL";
        let mut statement = self.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
        rows.map(|row| {
            let (source, received) = row?;
            Ok((org(&source)?, Timestamp::from_millis(received).date()))
        })
        .collect()
    }

    /// What an edition froze.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], or [`Error::Damaged`] when it does not have the digest it was stored with.
    pub fn frozen(&self, edition: u32) -> Result<Edition, Error> {
        let damaged = || Error::Damaged("an edition");
        let mut statement = self.prepare("SELECT metadata, digest FROM edition WHERE number = ?1")?;
        let (metadata, digest): (String, [u8; 32]) =
            statement.query_row([edition], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut statement =
            self.prepare("SELECT frame, name, bytes FROM edition_column WHERE edition = ?1")?;
        let rows = statement.query_map([edition], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Vec<u8>>(2)?))
        })?;
        let open = |(frame, name, sealed): (String, String, Vec<u8>)| {
            let bytes = self.key.open_at(Column::Edition, &column_place(edition, &frame, &name), sealed)?;
            Ok((Unit::named(&frame).ok_or_else(damaged)?, name, bytes))
        };
        // One by one: there is never the whole edition twice.
        let mut failed = None;
        let columns = rows.map_while(|row| {
            let read = row.map_err(Error::from).and_then(open);
            read.map_err(|error| failed = Some(error)).ok()
        });
        let edition = Edition::from_columns(&metadata, columns);
        if let Some(error) = failed {
            return Err(error);
        }
        let edition = edition.map_err(|_| damaged())?;
        if edition.digest() != digest {
            return Err(damaged());
        }
        Ok(edition)
    }

    /// The seal of an edition.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], or [`Error::Damaged`] when it does not have the digest it was stored with.
    pub fn seal(&self, edition: u32) -> Result<Arc<Seal>, Error> {
        if let Some(cached) = self.cache.seals.find(edition) {
            return Ok(cached);
        }
        let mut statement = self.prepare("SELECT bytes, digest FROM seal WHERE edition = ?1")?;
        let (bytes, digest): (Vec<u8>, [u8; 32]) =
            statement.query_row([edition], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let seal = Seal::from_bytes(&bytes).map_err(|_| Error::Damaged("a seal"))?;
        if seal.digest() != digest {
            return Err(Error::Damaged("a seal"));
        }
        Ok(self.cache.seals.keep(edition, seal))
    }

    /// The proof of an edition's seal; nothing when it is from before proofs were kept.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], or [`Error::Damaged`] when it does not have the digest it was stored with.
    pub fn proof(&self, edition: u32) -> Result<Option<Proof>, Error> {
        let mut statement = self.prepare("SELECT bytes, digest FROM proof WHERE edition = ?1")?;
        let row =
            statement.query_row([edition], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, [u8; 32]>(1)?)));
        let Some((sealed, digest)) = row.optional()? else { return Ok(None) };
        let bytes = self.key.open_at(Column::Proof, &edition.to_le_bytes(), sealed)?;
        let proof = Proof::from_bytes(&bytes).map_err(|_| Error::Damaged("a proof"))?;
        if proof.digest() == digest { Ok(Some(proof)) } else { Err(Error::Damaged("a proof")) }
    }
}

impl Tx<'_> {
    /// Approves an edition for answers under an agreement, once.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn approve(&mut self, edition: u32, agreement: &str, now: Timestamp) -> Result<(), Error> {
        self.prepare("INSERT OR IGNORE INTO approval (edition, agreement, approved_ms) VALUES (?1, ?2, ?3)")?
            .execute(params![edition, agreement, now.millis()])?;
        Ok(())
    }

    /// Stores an edition with its columns, the names they refer to, its seal and the proof of it.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], also when there is an edition of that number.
    pub fn put_edition<'c>(
        &mut self,
        edition: &EditionRow,
        notes: &EditionNotes,
        metadata: &str,
        columns: impl IntoIterator<Item = (&'static str, &'c str, &'c [u8])>,
        seal: &Seal,
        proof: &Proof,
    ) -> Result<(), Error> {
        let sources: Vec<&str> = edition.sources.iter().map(OrgId::as_str).collect();
        self.prepare(
            "INSERT INTO edition (number, title, frozen_ms, digest, persons, student_years, opted_out, sources, metadata,
                 reports, left_out)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            edition.number,
            edition.title,
            edition.frozen.millis(),
            edition.digest,
            edition.n_persons.cast_signed(),
            edition.n_student_years.cast_signed(),
            edition.n_opted_out.cast_signed(),
            sources.join(","),
            metadata,
            serde_json::to_string(&notes.reports).map_err(|_| Error::Damaged("a report"))?,
            serde_json::to_string(&notes.left_out).map_err(|_| Error::Damaged("what is left out"))?
        ])?;
        let mut insert =
            self.prepare("INSERT INTO edition_column (edition, frame, name, bytes) VALUES (?1, ?2, ?3, ?4)")?;
        for (frame, name, bytes) in columns {
            let place = column_place(edition.number, frame, name);
            let sealed = self.key.seal_at(Column::Edition, &place, bytes)?;
            insert.execute(params![edition.number, frame, name, sealed])?;
        }
        self.prepare("INSERT INTO seal (edition, digest, bytes) VALUES (?1, ?2, ?3)")?.execute(params![
            edition.number,
            seal.digest(),
            seal.to_bytes()
        ])?;
        self.prepare("INSERT INTO proof (edition, digest, bytes) VALUES (?1, ?2, ?3)")?.execute(params![
            edition.number,
            proof.digest(),
            self.key.seal_at(Column::Proof, &edition.number.to_le_bytes(), &proof.to_bytes())?
        ])?;
        Ok(())
    }
}

/// Where a column of an edition stands.
pub(super) fn column_place(edition: u32, frame: &str, name: &str) -> Vec<u8> {
    [&edition.to_le_bytes()[..], frame.as_bytes(), &[0], name.as_bytes()].concat()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Result<EditionRow, Error>> {
    let sources: String = row.get(7)?;
    let sources = sources.split(',').filter(|id| !id.is_empty());
    let sources = sources.map(org).collect::<Result<_, _>>();
    let count = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
    let edition = EditionRow {
        number: row.get(0)?,
        title: row.get(1)?,
        frozen: Timestamp::from_millis(row.get(2)?),
        digest: row.get(3)?,
        n_persons: count(4)?,
        n_student_years: count(5)?,
        n_opted_out: count(6)?,
        sources: BTreeSet::new(),
        destroyed: row.get::<_, Option<i64>>(8)?.map(Timestamp::from_millis),
    };
    Ok(sources.map(|sources| EditionRow { sources, ..edition }))
}
