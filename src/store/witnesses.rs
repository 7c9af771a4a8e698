//! What witnesses have cosigned, and where the log went on from a backup.

use super::log::StoredNodes;
use super::{Error, Snapshot, Tx};
use crate::audit::{Entry, Head, Receipt, SignedCheckpoint, VerifierKey, root_at};
use crate::calendar::Timestamp;
use crate::records::OrgId;
use rusqlite::{OptionalExtension, Row, params};

/// A checkpoint that is offered to witnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedCheckpoint {
    /// Entries it covers.
    pub size: u64,
    /// The signed note.
    pub note: String,
    /// Since when.
    pub since: Timestamp,
}

/// A checkpoint that enough organizations have cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessedCheckpoint {
    /// Entries it covers.
    pub size: u64,
    /// The note with the lines of the witnesses.
    pub note: String,
    /// Organizations whose lines it has.
    pub n_organizations: u32,
    /// When there were enough of them.
    pub time: Timestamp,
}

impl Snapshot<'_> {
    /// The newest checkpoint, opened; nothing before the first entry.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], [`Error::Damaged`].
    pub fn signed_checkpoint(&self, key: &VerifierKey) -> Result<Option<SignedCheckpoint>, Error> {
        let open = |note: String| SignedCheckpoint::open(note.as_bytes(), key);
        let signed = self.checkpoint()?.map(open).transpose();
        signed.map_err(|_| Error::Damaged("the access log's checkpoint"))
    }

    /// Whether the log continues a head: it has that many entries, and they lead to its root.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], [`Error::Damaged`].
    pub fn continues(&self, head: Head) -> Result<bool, Error> {
        if head.size > self.log_size()? {
            return Ok(false);
        }
        let root = root_at(&StoredNodes(self.connection()), head.size);
        Ok(root.map_err(|_| Error::Damaged("the access log does not verify"))? == head.root)
    }

    /// The position of the last entry that says that the log goes on from a backup.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn last_recovery(&self) -> Result<Option<u64>, Error> {
        let mut find = self.prepare("SELECT max(position) FROM recovery")?;
        let found: Option<i64> = find.query_row([], |row| row.get(0))?;
        Ok(found.map(i64::cast_unsigned))
    }

    /// The proof that the log of a checkpoint holds the entry at a position.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], [`Error::Damaged`].
    pub fn receipt(&self, position: u64, checkpoint: &SignedCheckpoint) -> Result<Receipt, Error> {
        let mut find = self.prepare("SELECT entry FROM log_entry WHERE position = ?1")?;
        let bytes: Vec<u8> = find.query_row([position.cast_signed()], |row| row.get(0))?;
        let entry = Entry::parse(&bytes).map_err(|_| Error::Damaged("a log entry"))?;
        let receipt = Receipt::new(&StoredNodes(self.connection()), position, &entry, checkpoint);
        receipt.map_err(|_| Error::Damaged("the access log does not verify"))
    }

    /// The checkpoint that is offered.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn offered_checkpoint(&self) -> Result<Option<OfferedCheckpoint>, Error> {
        let mut find = self.prepare("SELECT size, note, offered_ms FROM offered")?;
        let read = |row: &Row<'_>| {
            let (size, since) = (row.get::<_, i64>(0)?.cast_unsigned(), Timestamp::from_millis(row.get(2)?));
            Ok(OfferedCheckpoint { size, note: row.get(1)?, since })
        };
        Ok(find.query_row([], read).optional()?)
    }

    /// Whether an organization has cosigned the checkpoint of a size.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn has_cosigned(&self, organization: &OrgId, size: u64) -> Result<bool, Error> {
        let mut find = self.prepare("SELECT 1 FROM cosignature WHERE organization = ?1 AND size = ?2")?;
        Ok(find.exists(params![organization.as_str(), size.cast_signed()])?)
    }

    /// The keys and lines of the witnesses that have cosigned the checkpoint of a size, one of each organization.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], [`Error::Damaged`].
    pub fn cosignatures(&self, size: u64) -> Result<Vec<(VerifierKey, String)>, Error> {
        let mut find = self.prepare(
            "SELECT min(key), line FROM cosignature WHERE size = ?1 GROUP BY organization ORDER BY organization",
        )?;
        let lines =
            find.query_map([size.cast_signed()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let read = |row| {
            let (key, line): (String, String) = row?;
            Ok((key.parse().map_err(|_| Error::Damaged("a witness's key"))?, line))
        };
        lines.map(read).collect()
    }

    /// Organizations that have ever cosigned.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn n_witnesses(&self) -> Result<u32, Error> {
        let mut find = self.prepare("SELECT count(DISTINCT organization) FROM cosignature")?;
        Ok(find.query_row([], |row| row.get(0))?)
    }

    /// The last checkpoint that enough organizations have cosigned.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn witnessed_checkpoint(&self) -> Result<Option<WitnessedCheckpoint>, Error> {
        let mut find = self.prepare("SELECT size, note, organizations, witnessed_ms FROM witnessed")?;
        let read = |row: &Row<'_>| {
            Ok(WitnessedCheckpoint {
                size: row.get::<_, i64>(0)?.cast_unsigned(),
                note: row.get(1)?,
                n_organizations: row.get(2)?,
                time: Timestamp::from_millis(row.get(3)?),
            })
        };
        Ok(find.query_row([], read).optional()?)
    }
}

impl Tx<'_> {
    /// Offers a checkpoint in the place of the one before.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn offer(&mut self, checkpoint: &OfferedCheckpoint) -> Result<(), Error> {
        self.prepare("INSERT OR REPLACE INTO offered (one, size, note, offered_ms) VALUES (1, ?1, ?2, ?3)")?
            .execute(params![checkpoint.size.cast_signed(), checkpoint.note, checkpoint.since.millis()])?;
        Ok(())
    }

    /// Keeps a witness's line on the checkpoint of a size, in the place of its last one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_cosignature(
        &mut self,
        organization: &OrgId,
        key: &VerifierKey,
        size: u64,
        line: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.prepare(
            "INSERT OR REPLACE INTO cosignature (key, organization, size, line, received_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            key.to_string(),
            organization.as_str(),
            size.cast_signed(),
            line,
            now.millis()
        ])?;
        Ok(())
    }

    /// Keeps the checkpoint that enough organizations have cosigned.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_witnessed(&mut self, checkpoint: &WitnessedCheckpoint) -> Result<(), Error> {
        let WitnessedCheckpoint { size, note, n_organizations, time } = checkpoint;
        self.prepare(
            "INSERT OR REPLACE INTO witnessed (one, size, note, organizations, witnessed_ms)
             VALUES (1, ?1, ?2, ?3, ?4)",
        )?
        .execute(params![size.cast_signed(), note, n_organizations, time.millis()])?;
        Ok(())
    }

    /// Puts on record that the log goes on from here, and that what led to `lost` is lost.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn recover(&mut self, lost: Head, now: Timestamp) -> Result<(), Error> {
        let position = self.log_size()?;
        self.log(&Entry::recovered(now, lost))?;
        self.prepare("INSERT INTO recovery (position, lost_size) VALUES (?1, ?2)")?
            .execute(params![position.cast_signed(), lost.size.cast_signed()])?;
        // Cosignatures of lost entries say nothing of the log that goes on.
        for table in ["offered", "cosignature", "witnessed"] {
            let of_lost = format!("DELETE FROM {table} WHERE size > ?1");
            self.prepare(&of_lost)?.execute([position.cast_signed()])?;
        }
        Ok(())
    }
}
