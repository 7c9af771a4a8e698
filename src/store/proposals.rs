//! Changes that wait for a second person.

use super::{Error, Tx};
use crate::audit::Hash;
use crate::calendar::Timestamp;
use crate::records::{Code, OrgId};
use rusqlite::{OptionalExtension, params};

impl Tx<'_> {
    /// Whether somebody else has made the same call since a moment. Where nobody has, it waits for somebody else.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn propose(
        &mut self,
        (rpc, request): (&str, &Hash),
        (organization, person): (&OrgId, &Code),
        (since, now): (Timestamp, Timestamp),
    ) -> Result<bool, Error> {
        let mut find = self.prepare(
            "SELECT organization, person FROM proposal WHERE rpc = ?1 AND request = ?2 AND proposed_ms >= ?3",
        )?;
        let first: Option<(String, String)> = find
            .query_row(params![rpc, request.as_bytes(), since.millis()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if first.is_some_and(|first| first != (organization.to_string(), person.to_string())) {
            return Ok(true);
        }
        // What nobody has seconded in time is not kept: it can tell whom somebody wanted to erase.
        self.prepare("DELETE FROM proposal WHERE proposed_ms < ?1")?.execute([since.millis()])?;
        self.prepare(
            "INSERT OR REPLACE INTO proposal (rpc, request, organization, person, proposed_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            rpc,
            request.as_bytes(),
            organization.as_str(),
            person.as_str(),
            now.millis()
        ])?;
        Ok(false)
    }

    /// Forgets a call that was carried out; without its request all of its kind, where what was proposed before it was about
    /// what is no more.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn forget_proposals(&mut self, rpc: &str, request: Option<&Hash>) -> Result<(), Error> {
        let request = request.map(Hash::as_bytes);
        self.prepare("DELETE FROM proposal WHERE rpc = ?1 AND request = coalesce(?2, request)")?
            .execute(params![rpc, request])?;
        Ok(())
    }
}
