//! A tree for each organization, within the log of all.
//!
//! The entries of an organization are the leaves of an RFC 6962 tree of its own, by the same leaf hashes. Each of them says how
//! that tree was before it (`own_size`, `own_root`), so that the log of all, which proves the entry, is the tree over those of
//! the organizations. Whoever has an organization's newest entry, proven, can tell of a list of the earlier ones whether it is
//! all of them, and needs nobody else's for it. An entry of a listing says the same of the organization that was listed.
//!
//! Entries that name no organization (refused handshakes) are in no such tree; nor are those from before there were any.

use super::{Entry, Frontier, Hash, Head};
use crate::records::OrgId;
use memchr::memmem;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The trees, as they grow with the log. A clone shares what has not grown since.
#[derive(Debug, Clone, Default)]
pub struct OrganizationTrees {
    of: BTreeMap<OrgId, Arc<Frontier>>,
    /// An entry was in one already: then every later one is that names an organization.
    have_begun: bool,
}

/// An entry does not say what its organization's tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOfTree {
    /// It is not in the tree of its organization.
    #[error("does not say where it is in the log of its organization")]
    Missing,
    /// It says something else of the tree.
    #[error("does not continue the log of its organization")]
    Own,
    /// It says something else of the organization that was listed.
    #[error("says of another organization's log what that is not")]
    Listed,
}

impl OrganizationTrees {
    /// How the tree of an organization is.
    #[must_use]
    pub fn head(&self, organization: &OrgId) -> Head {
        self.of.get(organization).map_or_else(Head::empty, |tree| tree.head())
    }

    /// The entry as it is logged: with how the tree of its organization is, and that of `listed`, where it tells of it.
    #[must_use]
    pub fn place(&self, entry: &Entry, listed: Option<&OrgId>) -> Entry {
        let own = entry.organization.as_ref().map(|organization| self.head(organization));
        let of_listed = listed.map(|organization| self.head(organization));
        Entry {
            own_size: own.map(|head| head.size),
            own_root: own.map(|head| head.root),
            listed: listed.cloned(),
            listed_size: of_listed.map(|head| head.size),
            listed_root: of_listed.map(|head| head.root),
            ..entry.clone()
        }
    }

    /// Appends an entry to the tree of its organization.
    pub fn append(&mut self, organization: &OrgId, leaf: Hash) {
        self.have_begun = true;
        let tree = self.of.entry(organization.clone()).or_default();
        Arc::make_mut(tree).append(leaf);
    }

    /// Appends a stored entry, by what its bytes say, without reading the rest. They are what was signed, or the log of all does
    /// not verify.
    pub(crate) fn append_stored(&mut self, bytes: &[u8], leaf: Hash) {
        // Within a text, JSON escapes the quotes that stand around the name of a field.
        if memmem::find(bytes, b"\"own_size\":").is_some()
            && let Some(organization) = organization(bytes)
        {
            self.append(&organization, leaf);
        }
    }

    /// Appends the next entry of a log, of which nothing is believed.
    ///
    /// # Errors
    ///
    /// [`NotOfTree`] when the entry says anything of a tree but what the entries before it come to.
    pub fn check(&mut self, entry: &Entry, leaf: Hash) -> Result<(), NotOfTree> {
        let says = |size: Option<u64>, root: Option<Hash>| Some(Head { size: size?, root: root? });
        if let Some(listed) = &entry.listed
            && says(entry.listed_size, entry.listed_root) != Some(self.head(listed))
        {
            return Err(NotOfTree::Listed);
        }
        let own = says(entry.own_size, entry.own_root);
        match &entry.organization {
            Some(organization) if own == Some(self.head(organization)) => self.append(organization, leaf),
            Some(_) if own.is_some() => return Err(NotOfTree::Own),
            Some(_) if self.have_begun => return Err(NotOfTree::Missing),
            None if own.is_some() => return Err(NotOfTree::Own),
            _ => {}
        }
        Ok(())
    }
}

fn organization(bytes: &[u8]) -> Option<OrgId> {
    const FIELD: &[u8] = b"\"organization\":\"";
    let (_, rest) = bytes.split_at(memmem::find(bytes, FIELD)? + FIELD.len());
    let (id, _) = rest.split_at(memchr::memchr(b'"', rest)?);
    OrgId::new(std::str::from_utf8(id).ok()?).ok()
}

#[cfg(test)]
mod tests;
