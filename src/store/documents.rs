//! Agreements and products: versioned documents, stored as loaded.

use super::{Error, Snapshot, Tx};
use crate::agreements::Agreement;
use crate::calendar::Timestamp;
use crate::outcomes::Product;
use rusqlite::{OptionalExtension, params};
use std::sync::Arc;

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is new.
    New,
    /// The same document was there.
    Same,
    /// Another document has this id and version: nothing was stored.
    Conflict,
    /// The version is older than the newest: nothing was stored.
    Outdated,
    /// What it is about is destroyed: nothing was stored.
    Destroyed,
}

impl Snapshot<'_> {
    /// The newest version of an agreement.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn agreement(&self, id: &str) -> Result<Option<Arc<Agreement>>, Error> {
        let mut statement =
            self.prepare("SELECT document FROM agreement WHERE id = ?1 ORDER BY version DESC LIMIT 1")?;
        let document: Option<String> = statement.query_row([id], |row| row.get(0)).optional()?;
        document.map(|document| self.parsed(&document)).transpose()
    }

    /// An agreement as it stands: also one that is in force by its dates is over once it is destroyed, as when its database
    /// is one of before a later version was loaded.
    fn parsed(&self, document: &str) -> Result<Arc<Agreement>, Error> {
        let agreement = self.cache.agreement(document).ok_or(Error::Damaged("an agreement"))?;
        Ok(match self.is_agreement_destroyed(&agreement.id)? {
            true => Arc::new(Agreement { is_destroyed: true, ..(*agreement).clone() }),
            false => agreement,
        })
    }

    /// The newest version of each agreement with the digest of its document, by id.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn agreements(&self) -> Result<Vec<(Agreement, [u8; 32])>, Error> {
        let newest =
            self.newest("SELECT document, digest, max(version) FROM agreement GROUP BY id ORDER BY id")?;
        let parsed =
            |(document, digest): (String, _)| Ok((Arc::unwrap_or_clone(self.parsed(&document)?), digest));
        newest.into_iter().map(parsed).collect()
    }

    /// The newest version of each product, by id.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn products(&self) -> Result<Vec<Product>, Error> {
        let newest =
            self.newest("SELECT document, digest, max(version) FROM product GROUP BY id ORDER BY id")?;
        let parse =
            |(document, _): (String, _)| Product::parse(&document).map_err(|_| Error::Damaged("a product"));
        newest.into_iter().map(parse).collect()
    }

    /// A version of a product.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], or [`Error::Damaged`] when there is none.
    pub fn product(&self, id: &str, version: u32) -> Result<Product, Error> {
        let mut statement = self.prepare("SELECT document FROM product WHERE id = ?1 AND version = ?2")?;
        let document: Option<String> =
            statement.query_row(params![id, version], |row| row.get(0)).optional()?;
        let product = document.and_then(|document| Product::parse(&document).ok());
        product.ok_or(Error::Damaged("a product"))
    }

    fn newest(&self, sql: &str) -> Result<Vec<(String, [u8; 32])>, Error> {
        let mut statement = self.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Stores a version of an agreement.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_agreement(
        &mut self,
        id: &str,
        version: u32,
        digest: &[u8; 32],
        document: &str,
        now: Timestamp,
    ) -> Result<Stored, Error> {
        self.put("agreement", id, version, digest, document, now)
    }

    /// Stores a version of a product.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_product(
        &mut self,
        id: &str,
        version: u32,
        digest: &[u8; 32],
        document: &str,
        now: Timestamp,
    ) -> Result<Stored, Error> {
        self.put("product", id, version, digest, document, now)
    }

    fn put(
        &mut self,
        table: &'static str,
        id: &str,
        version: u32,
        digest: &[u8; 32],
        document: &str,
        now: Timestamp,
    ) -> Result<Stored, Error> {
        let mut known = self.prepare(&format!("SELECT version, digest FROM {table} WHERE id = ?1"))?;
        let rows = known.query_map([id], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, [u8; 32]>(1)?)))?;
        let known: Vec<_> = rows.collect::<Result<_, _>>()?;
        if let Some((_, stored)) = known.iter().find(|(number, _)| *number == version) {
            return Ok(if stored == digest { Stored::Same } else { Stored::Conflict });
        }
        if known.iter().any(|(number, _)| *number > version) {
            return Ok(Stored::Outdated);
        }
        self.prepare(&format!(
            "INSERT INTO {table} (id, version, digest, document, loaded_ms) VALUES (?1, ?2, ?3, ?4, ?5)"
        ))?
        .execute(params![id, version, digest, document, now.millis()])?;
        Ok(Stored::New)
    }
}
