//! What can be changed: the statements that write, inside one transaction.

use super::log::Log;
use super::{Error, LinkageKeys, ServiceKey, Snapshot, editions::EditionCache};
use crate::audit::Entry;
use crate::linkage::Linker;
use rusqlite::Connection;
use std::ops::Deref;

/// A transaction on the writer's thread. It reads like a [`Snapshot`] and sees its own changes.
pub struct Tx<'a> {
    snapshot: Snapshot<'a>,
    connection: &'a Connection,
    log: &'a mut Log,
    linker: &'a mut Linker,
    entries: Vec<u64>,
    linked: bool,
    pub(super) keys: Option<LinkageKeys>,
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
        cache: &'a EditionCache,
        log: &'a mut Log,
        linker: &'a mut Linker,
    ) -> Self {
        let snapshot = Snapshot::new(connection, key, cache);
        Self { snapshot, connection, log, linker, entries: Vec::new(), linked: false, keys: None }
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
        let position = self.log.append(self.connection, entry)?;
        self.entries.push(position);
        Ok(())
    }

    /// The linker, for a change: should the transaction fail, it is loaded again.
    pub(super) fn linker_mut(&mut self) -> &mut Linker {
        self.linked = true;
        self.linker
    }

    /// The linker.
    pub(super) fn linker(&self) -> &Linker {
        self.linker
    }
}
