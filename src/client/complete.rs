//! Everything that one organization's calls have left in the access log, and the proof that it is all of it.

use super::session::{Error, Session};
use crate::api::{Logged, v1 as pb};
use crate::audit::{Entry, Frontier, Head, leaf_hash};
use crate::records::OrgId;
use prost::Message;

/// Entries that a page is asked for.
const PAGE: u32 = 1_000;

/// All entries of an organization.
#[derive(Debug)]
pub struct Complete {
    /// Whose.
    pub organization: OrgId,
    /// In the order of the log of all.
    pub entries: Vec<Logged>,
    /// How many of the first were made before organizations had trees. Nothing proves that these are all.
    pub n_before: usize,
    /// What the others come to, as the log says.
    pub head: Head,
}

/// Why a list is not taken for all of an organization's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// An entry is none, or of somebody else, or not where it should be.
    #[error("entry {0} is not one of the list")]
    Foreign(u64),
    /// The entries do not come to what the log says that there are.
    #[error("the list is not all that the log has of the organization: something is left out or changed")]
    LeftOut,
    /// Its entry does not say whose they are all.
    #[error("the entry of the list does not say how many there are")]
    NotSaid,
}

/// A list, while it is read.
#[derive(Default)]
struct Reading {
    entries: Vec<Logged>,
    n_before: usize,
    tree: Frontier,
}

impl Reading {
    fn take(&mut self, page: Vec<pb::LogEntry>) -> Result<(), Incomplete> {
        for wire in page {
            let foreign = Incomplete::Foreign(wire.index);
            let logged = Logged::try_from(wire).map_err(|_| foreign)?;
            let entry = &logged.entry;
            let first = self.entries.first().map_or(entry, |first| &first.entry);
            let is_next = self.entries.last().is_none_or(|last| last.index < logged.index);
            if !is_next || entry.organization.is_none() || entry.organization != first.organization {
                return Err(foreign);
            }
            match entry.own_size {
                None if self.tree.size() == 0 => self.n_before += 1,
                size if size != Some(self.tree.size()) => return Err(Incomplete::LeftOut),
                _ if entry.own_root != Some(self.tree.root()) => return Err(Incomplete::LeftOut),
                _ => drop(self.tree.append(leaf_hash(&logged.bytes))),
            }
            self.entries.push(logged);
        }
        Ok(())
    }

    /// Compares the list with what the entry of its last page says.
    fn finish(self, of: Option<&OrgId>, said: Entry) -> Result<Complete, Incomplete> {
        let Entry { listed: Some(organization), listed_size: Some(size), listed_root: Some(root), .. } = said
        else {
            return Err(Incomplete::NotSaid);
        };
        // Without a name it is about the caller's.
        if of.or(said.organization.as_ref()) != Some(&organization) {
            return Err(Incomplete::NotSaid);
        }
        if let Some(first) = self.entries.first()
            && first.entry.organization.as_ref() != Some(&organization)
        {
            return Err(Incomplete::Foreign(first.index));
        }
        let head = Head { size, root };
        if self.tree.head() != head {
            return Err(Incomplete::LeftOut);
        }
        Ok(Complete { organization, entries: self.entries, n_before: self.n_before, head })
    }
}

impl Session {
    /// Everything that the calls of an organization have left, of the caller's where none is named.
    ///
    /// # Errors
    ///
    /// [`Error::Incomplete`] where it is not proven that nothing was left out.
    pub async fn complete(&self, of: Option<&OrgId>) -> Result<Complete, Error> {
        let mut reading = Reading::default();
        let mut request = pb::ListOrganizationEntriesRequest {
            organization: of.map(ToString::to_string).unwrap_or_default(),
            from_index: 0,
            page_size: PAGE,
        };
        loop {
            let response = self.audit().list_organization_entries(request.clone()).await?;
            let (page, said) = self.proven_entry(&request.encode_to_vec(), response)?;
            reading.take(page.entries)?;
            match page.next_index {
                0 => return Ok(reading.finish(of, said)?),
                next if next > request.from_index => request.from_index = next,
                _ => return Err(Error::Protocol("a page that begins before the last one")),
            }
        }
    }
}

#[cfg(test)]
mod tests;
