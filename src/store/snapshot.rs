//! What can be looked at: the statements that change nothing.

use super::{Error, ServiceKey, cache::Cache};
use rusqlite::{CachedStatement, Connection};

/// A consistent view of the store. Its methods are the statements that read; they stand in the file
/// of the table they are about.
pub struct Snapshot<'a> {
    connection: &'a Connection,
    pub(super) key: &'a ServiceKey,
    pub(super) cache: &'a Cache,
}

impl<'a> Snapshot<'a> {
    pub(super) const fn new(connection: &'a Connection, key: &'a ServiceKey, cache: &'a Cache) -> Self {
        Self { connection, key, cache }
    }

    pub(super) fn prepare(&self, sql: &str) -> Result<CachedStatement<'a>, Error> {
        Ok(self.connection.prepare_cached(sql)?)
    }

    pub(super) const fn connection(&self) -> &'a Connection {
        self.connection
    }
}
