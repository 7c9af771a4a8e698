//! What can be changed: the statements that write, inside one transaction.

use super::holdings::Under;
use super::linking::Linking;
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
    linker: &'a mut Linking,
    entries: Vec<u64>,
    linked: bool,
    pub(super) keys: Option<LinkageKeys>,
    /// What records are being received under.
    pub(super) under: Option<Under>,
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
        linker: &'a mut Linking,
    ) -> Self {
        let snapshot = Snapshot::new(connection, key, cache);
        let (entries, linked, keys, under) = (Vec::new(), false, None, None);
        Self { snapshot, connection, log, linker, entries, linked, keys, under }
    }

    /// Positions of the log entries made, and whether the linker was changed.
    pub(super) fn into_parts(self) -> (Vec<u64>, bool) {
        (self.entries, self.linked)
    }

    /// Appends an entry to the access log. Its receipt comes with the commit.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn log(&mut self, entry: &Entry) -> Result<(), Error> {
        let position = self.log.append(self.connection, entry, None)?;
        self.entries.push(position);
        Ok(())
    }

    /// Appends the entry of a listing of all that an organization's calls have left. It says how many they are, and the root of
    /// their tree.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn log_listing(&mut self, entry: &Entry, listed: &OrgId) -> Result<(), Error> {
        let position = self.log.append(self.connection, entry, Some(listed))?;
        self.entries.push(position);
        Ok(())
    }

    /// The linker, for a change: should the transaction fail, it is loaded again.
    pub(super) fn linker_mut(&mut self) -> Result<&mut Linker, Error> {
        let linker = self.linker.get_mut()?;
        self.linked = true;
        Ok(linker)
    }

    /// Makes the linker anew of what is stored now.
    pub(super) fn reload_linker(&mut self) -> Result<(), Error> {
        self.linked = true;
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
        Ok(self.log.receipts(self.connection, &[position])?.pop())
    }

    /// The linker.
    pub(super) fn linker(&self) -> Result<&Linker, Error> {
        self.linker.get()
    }
}
