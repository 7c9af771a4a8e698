//! What can be changed: the statements that write, inside one transaction.

use super::arrivals::{Arrivals, Rows};
use super::beside::Beside;
use super::blocks::{Place, Row};
use super::holdings::Under;
use super::log::Log;
use super::{Error, LinkageKeys, ServiceKey, Snapshot, cache::Cache};
use crate::audit::{Entry, Receipt};
use crate::linkage::Linker;
use crate::records::OrgId;
use rusqlite::Connection;
use std::ops::Deref;

/// A transaction on the writer's thread. It reads like a [`Snapshot`] and sees its own changes.
pub struct Tx<'a> {
    snapshot: Snapshot<'a>,
    connection: &'a Connection,
    log: &'a mut Log,
    linker: &'a mut Beside<Linker>,
    arrivals: &'a mut Arrivals,
    /// Records that this transaction brings.
    brought: Rows,
    /// The log entry that somebody is to have the proof of.
    proven: Option<u64>,
    pub(super) changed: Changed,
    pub(super) keys: Option<LinkageKeys>,
    /// What records are being received under.
    pub(super) under: Option<Under>,
}

/// What is not in memory any more as it is in the file: the first two should the transaction fail, the last should it not.
#[derive(Clone, Copy, Default)]
pub(super) struct Changed {
    pub(super) linker: bool,
    pub(super) arrivals: bool,
    pub(super) organizations: bool,
}

impl<'a> Deref for Tx<'a> {
    type Target = Snapshot<'a>;

    fn deref(&self) -> &Snapshot<'a> {
        &self.snapshot
    }
}

impl<'a> Tx<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        key: &'a ServiceKey,
        cache: &'a Cache,
        log: &'a mut Log,
        linker: &'a mut Beside<Linker>,
        arrivals: &'a mut Arrivals,
    ) -> Self {
        let snapshot = Snapshot::new(connection, key, cache);
        let (brought, proven, changed) = (Rows::new(), None, Changed::default());
        Self {
            snapshot,
            connection,
            log,
            linker,
            arrivals,
            brought,
            proven,
            changed,
            keys: None,
            under: None,
        }
    }

    /// The log entry that is to be proven, the records brought, and what was changed.
    pub(super) fn into_parts(self) -> (Option<u64>, Rows, Changed) {
        (self.proven, self.brought, self.changed)
    }

    /// What stands in a place, whether it has a row or waits for one.
    pub(super) fn standing(&self, place: &Place) -> Result<Option<Row>, Error> {
        match self.brought.get(place) {
            Some(row) => Ok(Some(row.clone())),
            None if !self.arrivals.may_have(place) => Ok(None),
            None => match self.arrivals.get(place) {
                Some(row) => Ok(Some(row)),
                None => self.row(place),
            },
        }
    }

    /// Brings a record, in place of what stands there.
    pub(super) fn bring(&mut self, place: Place, row: Row) {
        self.brought.insert(place, row);
    }

    /// Files what was brought: the last step of a transaction.
    pub(super) fn file(&mut self) -> Result<(), Error> {
        self.arrivals.file(self.connection, self.snapshot.key, &self.brought)
    }

    /// Puts all records into their blocks, so that whoever looks at these sees all of them.
    pub(super) fn put_all_away(&mut self) -> Result<(), Error> {
        self.changed.arrivals = true;
        self.arrivals.put_all_away(self.connection, self.snapshot.key, &self.brought)?;
        self.brought.clear();
        Ok(())
    }

    /// Appends an entry to the access log. Its receipt comes with the commit.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn log(&mut self, entry: &Entry) -> Result<(), Error> {
        self.proven = Some(self.log.append(self.connection, entry, None)?);
        Ok(())
    }

    /// Appends an entry whose proof nobody waits for, like that of a call that has only begun.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn log_unproven(&mut self, entry: &Entry) -> Result<(), Error> {
        self.log.append(self.connection, entry, None)?;
        Ok(())
    }

    /// Appends the entry of a listing of all that an organization's calls have left. It says how many they are, and the root of
    /// their tree.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn log_listing(&mut self, entry: &Entry, listed: &OrgId) -> Result<(), Error> {
        self.proven = Some(self.log.append(self.connection, entry, Some(listed))?);
        Ok(())
    }

    /// The linker, for a change: should the transaction fail, it is loaded again.
    pub(super) fn linker_mut(&mut self) -> Result<&mut Linker, Error> {
        let linker = self.linker.get_mut()?;
        self.changed.linker = true;
        Ok(linker)
    }

    /// Makes the linker anew of what is stored now.
    pub(super) fn reload_linker(&mut self) -> Result<(), Error> {
        self.changed.linker = true;
        self.linker.set(super::subjects::load_linker(self.connection, self.snapshot.key)?);
        Ok(())
    }

    /// Position of the entry that is logged next.
    pub(super) fn next_position(&self) -> u64 {
        self.log.next_position()
    }

    /// Signs a text as the log does, and gives back the note.
    pub(super) fn sign(&self, text: &str) -> String {
        self.log.sign_note(text)
    }

    /// The proof of an entry that an earlier commit has signed.
    pub(super) fn receipt_of(&self, position: u64) -> Result<Option<Receipt>, Error> {
        self.log.receipt(self.connection, Some(position))
    }

    /// The linker.
    pub(super) fn linker(&self) -> Result<&Linker, Error> {
        self.linker.get()
    }
}
