//! Organizations: who may call, and in which roles.

use super::{Error, Snapshot, Tx};
use crate::records::OrgId;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeSet;

/// A registered organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrgId,
    /// Its public name.
    pub name: String,
    /// Roles it may act in.
    pub roles: BTreeSet<String>,
    /// Whether it may call.
    pub active: bool,
}

impl Snapshot<'_> {
    /// The organization of that id, if it is registered.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn organization(&self, id: &OrgId) -> Result<Option<Organization>, Error> {
        let mut statement = self.prepare("SELECT id, name, roles, active FROM organization WHERE id = ?1")?;
        statement.query_row([id.as_str()], read).optional()?.transpose()
    }

    /// All organizations, by id.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn organizations(&self) -> Result<Vec<Organization>, Error> {
        let mut statement = self.prepare("SELECT id, name, roles, active FROM organization ORDER BY id")?;
        statement.query_map([], read)?.map(|row| row?).collect()
    }

    /// The sources that have sent something: their small numbers and ids, by number.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn sources(&self) -> Result<Vec<(u32, OrgId)>, Error> {
        sources(self.connection())
    }

    /// The small number of a source, if it has sent something.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn source(&self, id: &OrgId) -> Result<Option<u32>, Error> {
        let mut statement = self.prepare("SELECT source FROM organization WHERE id = ?1")?;
        Ok(statement.query_row([id.as_str()], |row| row.get::<_, Option<u32>>(0)).optional()?.flatten())
    }
}

impl Tx<'_> {
    /// Registers an organization or replaces what is known of it.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_organization(&mut self, organization: &Organization) -> Result<(), Error> {
        let roles: Vec<&str> = organization.roles.iter().map(String::as_str).collect();
        self.prepare(
            "INSERT INTO organization (id, name, roles, active) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET name = ?2, roles = ?3, active = ?4",
        )?
        .execute(params![
            organization.id.as_str(),
            organization.name,
            roles.join(","),
            organization.active
        ])?;
        self.changed.organizations = true;
        Ok(())
    }

    /// The small number of a source, given on its first push.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], also when the organization is not registered.
    pub fn source_number(&mut self, id: &OrgId) -> Result<u32, Error> {
        if let Some(number) = self.source(id)? {
            return Ok(number);
        }
        let mut statement = self.prepare(
            "UPDATE organization SET source = (SELECT coalesce(max(source), 0) + 1 FROM organization)
             WHERE id = ?1 RETURNING source",
        )?;
        Ok(statement.query_row([id.as_str()], |row| row.get(0))?)
    }
}

pub(super) fn sources(connection: &Connection) -> Result<Vec<(u32, OrgId)>, Error> {
    let sql = "SELECT source, id FROM organization WHERE source IS NOT NULL ORDER BY source";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| row.map_err(Error::from).and_then(|(number, id)| Ok((number, org(&id)?)))).collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Result<Organization, Error>> {
    let (id, roles): (String, String) = (row.get(0)?, row.get(2)?);
    let roles = roles.split(',').filter(|role| !role.is_empty()).map(str::to_owned).collect();
    let (name, active) = (row.get(1)?, row.get(3)?);
    Ok(org(&id).map(|id| Organization { id, name, roles, active }))
}

pub(super) fn org(id: &str) -> Result<OrgId, Error> {
    OrgId::new(id).map_err(|_| Error::Damaged("an organization id"))
}
