//! How a tabulation stands to what earlier editions have shown of it: whether anything has changed, and enough.

use super::check::check_nested;
use super::past::{Change, Earlier, Joined, Past, earlier};
use super::seal::{Nested, SealedLattice};
use super::{Error, RuleProfile};
use crate::outcomes::{Publication, Tabulation};

/// A tabulation beside the earlier ones of its people.
pub(super) struct Standing<'a> {
    pub(super) joined: Joined<'a>,
    change: Change,
    /// The last seal of these people.
    last: Option<Earlier<'a>>,
    /// Whether that is of the same products, knew of the same outcomes that imply others, and has a proof: what has none does
    /// not get one by staying.
    is_same: bool,
}

impl<'a> Standing<'a> {
    /// A tabulation of which `nested` says which outcomes are known to imply others.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownProfile`]; [`Error::PastDiffers`]; [`Error::TooLarge`]; [`Error::Malformed`] where `nested` is of another one.
    pub(super) fn new(
        tabulation: &Tabulation,
        nested: &Nested,
        past: &[Past<'a>],
        profiles: &[RuleProfile],
    ) -> Result<Self, Error> {
        let earlier = earlier(tabulation, past)?;
        let mut joined = Joined::new(tabulation, &earlier)?;
        nested.give_to(&mut joined.now);
        check_nested(&joined.now).map_err(Error::Malformed)?;
        let change = joined.change(cell_min(tabulation, profiles)?);
        let last = earlier.last().copied();
        let is_same = last.is_some_and(|last| {
            let live = || tabulation.publications.iter().filter(|publication| !publication.withdrawn);
            let is_same = |(now, then): (&Publication, &Publication)| {
                (&now.product, now.version, &now.profile) == (&then.product, then.version, &then.profile)
            };
            let profile = |of: &[RuleProfile], id: &str| of.iter().find(|profile| profile.id == id).cloned();
            last.seal.is_proven
                && last.sealed.nested == *nested
                && live().count() == last.sealed.publications.len()
                && live().zip(&last.sealed.publications).all(is_same)
                && live().all(|publication| {
                    profile(profiles, &publication.profile)
                        == profile(last.seal.profiles(), &publication.profile)
                })
        });
        Ok(Self { joined, change, last, is_same })
    }

    /// Whether records have changed, of too few people to be shown.
    pub(super) fn waits(&self) -> bool {
        self.change == Change::Few
    }

    /// Whether records have changed, of however many people.
    pub(super) fn has_changed(&self) -> bool {
        matches!(self.change, Change::Few | Change::Enough)
    }

    /// Where too few people have changed, the newest figures that are out are those of now.
    pub(super) fn keep_figures(&mut self) {
        if self.waits() {
            self.joined.keep_figures();
        }
    }

    /// The edition whose records the figures of an edition count: an earlier one, where records wait.
    pub(super) fn counted_in(&self, edition: u32) -> u32 {
        match &self.last {
            Some(last) if self.waits() => last.sealed.counted_in,
            _ => edition,
        }
    }

    /// What an edition takes over from an earlier one.
    pub(super) fn kept(&self, edition: u32) -> Option<SealedLattice> {
        let is_unchanged = matches!(self.change, Change::None | Change::Few);
        let mut sealed = self.same_as_before().filter(|_| is_unchanged)?.clone();
        sealed.counted_in = self.counted_in(edition);
        Some(sealed)
    }

    /// The last seal, when it is of the same products.
    pub(super) fn same_as_before(&self) -> Option<&'a SealedLattice> {
        self.last.filter(|_| self.is_same).map(|last| last.sealed)
    }

    /// The last seal, and what it counted.
    pub(super) fn last_counted(&self) -> Option<(&'a SealedLattice, &'a Tabulation)> {
        self.last.map(|last| (last.sealed, last.counted))
    }
}

/// The strictest minimum of what a tabulation is published for.
fn cell_min(tabulation: &Tabulation, profiles: &[RuleProfile]) -> Result<u64, Error> {
    let mut strictest = 0;
    for publication in &tabulation.publications {
        let profile = profiles.iter().find(|profile| profile.id == publication.profile);
        let unknown = || Error::UnknownProfile { product: publication.product.clone() };
        strictest = strictest.max(profile.ok_or_else(unknown)?.cell_min);
    }
    Ok(strictest)
}
