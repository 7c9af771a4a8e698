//! Destructions on record, from the first step to the certificate.

use super::{Erased, Error, Snapshot, Tx};
use crate::agreements::Scope;
use crate::audit::{Entry, Hash};
use crate::calendar::Timestamp;
use crate::records::OrgId;
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much was destroyed, as a text whose digest the certificate has: true counts, which are not for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// The source that it is about and for; nothing where it is about all, for stewards and auditors.
    pub of: Option<OrgId>,
    /// The text.
    pub text: String,
}

/// A destruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destruction {
    /// Its number, from 1.
    pub number: u32,
    /// What it is about.
    pub scope: Scope,
    /// The steward's organization; nothing where the agreement's date asked for it.
    pub asked_by: Option<OrgId>,
    /// Why, in words.
    pub because: String,
    /// The agreements it is about with their legal basis, as they were when the rows were erased.
    pub terms: Vec<String>,
    /// When the rows were erased.
    pub erased_at: Timestamp,
    /// The newest backup that was begun by then; 0 for none.
    pub last_backup: u32,
    /// What was.
    pub erased: Erased,
    /// Whether bytes of it were found in the file by the last search, after it was written anew.
    pub remains: bool,
    /// The signed certificate, once the file was written anew.
    pub note: Option<String>,
    /// How much it was; empty before it is certified.
    pub counts: Vec<Counts>,
    /// Position of the log entry with its digest.
    pub position: Option<u64>,
    /// The saved proof of that entry.
    pub receipt: Option<String>,
}

impl Snapshot<'_> {
    /// The origin of the log: the name its key signs under.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn origin(&self) -> Result<String, Error> {
        let mut statement = self.prepare("SELECT origin FROM service")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// All destructions, by number.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn destructions(&self) -> Result<Vec<Destruction>, Error> {
        let mut statement = self.prepare(
            "SELECT number, scope, id, asked_by, erased_ms, erased, note, position, receipt, because,
                 remains, terms, last_backup, counts
             FROM destruction
             ORDER BY number",
        )?;
        statement.query_map([], read)?.map(|row| row?).collect()
    }

    /// When the last destruction of a scope erased its rows.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn destroyed(&self, scope: &Scope) -> Result<Option<Timestamp>, Error> {
        let sql = "SELECT max(erased_ms) FROM destruction WHERE scope = ?1 AND id = ?2";
        let mut statement = self.prepare(sql)?;
        let at: Option<i64> = statement.query_row([scope.kind(), scope.id()], |row| row.get(0))?;
        Ok(at.map(Timestamp::from_millis))
    }

    /// Whether the agreement of that id is destroyed: no version of it is loaded or in force any more.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn is_agreement_destroyed(&self, id: &str) -> Result<bool, Error> {
        let mut statement =
            self.prepare("SELECT 1 FROM destruction WHERE scope = 'agreement' AND id = ?1 LIMIT 1")?;
        Ok(statement.query_row([id], |_| Ok(())).optional()?.is_some())
    }

    /// When the last batch of a source, or under an agreement, was received.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn last_received(&self, scope: &Scope) -> Result<Option<Timestamp>, Error> {
        let sql = match scope {
            Scope::Source(_) => {
                "SELECT max(received_ms) FROM batch WHERE source = (SELECT source FROM organization WHERE id = ?1)"
            }
            Scope::Agreement(_) => {
                "SELECT max(received_ms) FROM batch WHERE substr(agreement, 1, length(?1) + 1) = ?1 || '@'"
            }
        };
        let at: Option<i64> = self.prepare(sql)?.query_row([scope.id()], |row| row.get(0))?;
        Ok(at.map(Timestamp::from_millis))
    }

    /// Whether a source has withdrawn since the newest version of an agreement was loaded.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn has_withdrawn(&self, source: &OrgId, agreement: &str) -> Result<bool, Error> {
        let Some(at) = self.destroyed(&Scope::Source(source.clone()))? else { return Ok(false) };
        let mut statement = self.prepare("SELECT max(loaded_ms) FROM agreement WHERE id = ?1")?;
        let loaded: Option<i64> = statement.query_row([agreement], |row| row.get(0))?;
        Ok(loaded.is_none_or(|loaded| loaded <= at.millis()))
    }

    /// The editions whose records are destroyed, and when they were.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn destroyed_editions(&self) -> Result<BTreeMap<u32, Timestamp>, Error> {
        let sql = "SELECT number, destroyed_ms FROM edition WHERE destroyed_ms IS NOT NULL";
        let mut statement = self.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, Timestamp::from_millis(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// A destruction whose rows were just erased.
#[derive(Debug)]
pub struct NewDestruction<'a> {
    /// What it is about.
    pub scope: &'a Scope,
    /// The steward's organization; nothing where nobody asked.
    pub asked_by: Option<&'a OrgId>,
    /// Why, in words.
    pub because: &'a str,
    /// The agreements it is about.
    pub terms: &'a [String],
    /// What was erased.
    pub erased: &'a Erased,
}

impl Tx<'_> {
    /// Puts on record what was just erased; the number of the destruction. Those who link are those who are left.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn put_destruction(&mut self, new: &NewDestruction<'_>, now: Timestamp) -> Result<u32, Error> {
        let json =
            |text: Result<String, _>| text.map_err(|_: serde_json::Error| Error::Damaged("what was erased"));
        let erased = json(serde_json::to_string(new.erased))?;
        let terms = json(serde_json::to_string(new.terms))?;
        let sql =
            "INSERT INTO destruction (scope, id, asked_by, because, terms, erased_ms, erased, last_backup)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT coalesce(max(number), 0) FROM backup))
             RETURNING number";
        let asked_by = new.asked_by.map(OrgId::as_str);
        let (scope, because) = (new.scope, new.because);
        let of = params![scope.kind(), scope.id(), asked_by, because, terms, now.millis(), erased];
        let number = self.prepare(sql)?.query_row(of, |row| row.get(0))?;
        self.reload_linker()?;
        Ok(number)
    }

    /// Notes that a search has found bytes of what was erased: a defect, which no certificate hides.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn bytes_remain(&mut self, number: u32) -> Result<(), Error> {
        self.prepare("UPDATE destruction SET remains = 1 WHERE number = ?1")?.execute([number])?;
        Ok(())
    }

    /// Signs the certificate of a destruction, keeps it with the counts it speaks of, and logs an entry with its digest, which
    /// `entry` makes.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn certify(
        &mut self,
        number: u32,
        text: &str,
        counts: &[Counts],
        entry: impl FnOnce(Hash) -> Entry,
    ) -> Result<(), Error> {
        let note = self.sign(text);
        let position = self.next_position();
        self.log(&entry(Hash::of(note.as_bytes())))?;
        let counts = serde_json::to_string(counts).map_err(|_| Error::Damaged("what was erased"))?;
        let certified =
            "UPDATE destruction SET note = ?2, position = ?3, counts = ?4, remains = 0 WHERE number = ?1";
        self.prepare(certified)?.execute(params![number, note, position.cast_signed(), counts])?;
        Ok(())
    }

    /// Keeps the proof of a certificate's entry, which an earlier commit has signed.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], or [`Error::Damaged`] when the entry can not be proven.
    pub fn prove_certificate(&mut self, number: u32, position: u64) -> Result<(), Error> {
        let receipt = self.receipt_of(position)?.ok_or(Error::Damaged("the access log does not verify"))?;
        self.prepare("UPDATE destruction SET receipt = ?2 WHERE number = ?1")?
            .execute(params![number, receipt.to_saved()])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Result<Destruction, Error>> {
    let (kind, id): (String, String) = (row.get(1)?, row.get(2)?);
    let (asked_by, erased): (Option<String>, String) = (row.get(3)?, row.get(5)?);
    let (number, erased_at, note) = (row.get(0)?, Timestamp::from_millis(row.get(4)?), row.get(6)?);
    let (position, receipt) = (row.get::<_, Option<i64>>(7)?.map(i64::cast_unsigned), row.get(8)?);
    let (because, remains, last_backup) = (row.get(9)?, row.get(10)?, row.get(12)?);
    let (terms, counts): (String, Option<String>) = (row.get(11)?, row.get(13)?);
    let damaged = || Error::Damaged("a destruction");
    let parsed = || {
        let scope = Scope::new(&kind, &id).ok_or_else(damaged)?;
        let asked_by = asked_by.map(|id| OrgId::new(&id).map_err(|_| damaged())).transpose()?;
        let erased = serde_json::from_str(&erased).map_err(|_| damaged())?;
        let terms = serde_json::from_str(&terms).map_err(|_| damaged())?;
        let counts = counts.map_or(Ok(Vec::new()), |counts| serde_json::from_str(&counts));
        Ok(Destruction {
            number,
            scope,
            asked_by,
            because,
            terms,
            erased_at,
            last_backup,
            erased,
            remains,
            note,
            counts: counts.map_err(|_| damaged())?,
            position,
            receipt,
        })
    };
    Ok(parsed())
}
