//! Sealing: protecting what an edition counts, together with what earlier editions have shown.

use super::check::check;
use super::lattice::Lattice;
use super::parallel::in_parallel;
use super::past::{Change, Earlier, Joined, Past, earlier};
use super::proof::{FamilyProof, LatticeProof, Proof, counts};
use super::protection::{DOWNWARDS_MAX, History, Protection, Shown, kept, protect, prove};
use super::report::{PeriodReport, SealReport};
use super::seal::{Body, SealedLattice};
use super::table::sha256;
use super::{Error, RuleProfile, Seal};
use crate::outcomes::{Publication, Tabulation};
use ring::hmac;

impl Seal {
    /// Protects tabulations jointly and seals what may be seen of them.
    ///
    /// Tabulations of different units or periods count different groups, and each is protected on its
    /// own. The order of tabulations and of their atoms makes no difference. `secret` breaks ties
    /// between cells that could be hidden, so that the choice says nothing; the same secret gives the
    /// same seal.
    ///
    /// # Errors
    ///
    /// A product whose profile is not among `profiles`, products that differ between tabulations, and
    /// tabulations that contradict themselves.
    pub fn make(
        edition: u32,
        tabulations: &[Tabulation],
        profiles: &[RuleProfile],
        secret: &[u8],
    ) -> Result<(Self, SealReport), Error> {
        Self::make_after(edition, tabulations, &[], profiles, secret)
    }

    /// As [`Seal::make`], together with the seals of earlier editions, the oldest first: changes of fewer people than may
    /// be shown are hidden like small groups, and what was hidden stays so until it has changed by more.
    ///
    /// Where records of fewer people than that have changed in all, the figures of the last edition stay as
    /// they are; so does everything where none have changed and the products are the same.
    ///
    /// # Errors
    ///
    /// As [`Seal::make`].
    pub fn make_after(
        edition: u32,
        tabulations: &[Tabulation],
        past: &[Past<'_>],
        profiles: &[RuleProfile],
        secret: &[u8],
    ) -> Result<(Self, SealReport), Error> {
        Self::make_within(edition, tabulations, past, profiles, secret, DOWNWARDS_MAX)
    }

    /// As [`Seal::make_after`], with another bound on how large a lattice may be to be protected from the whole
    /// down (which keeps the figures most people ask for) and not from the leaves of the geography up
    /// (which stays fast).
    ///
    /// # Errors
    ///
    /// As [`Seal::make`].
    pub fn make_within(
        edition: u32,
        tabulations: &[Tabulation],
        past: &[Past<'_>],
        profiles: &[RuleProfile],
        secret: &[u8],
        downwards_max: usize,
    ) -> Result<(Self, SealReport), Error> {
        let mut sorted: Vec<&Tabulation> = tabulations.iter().collect();
        sorted.sort_by_key(|tabulation| (tabulation.unit, tabulation.period));
        check(&sorted)?;
        let sealing =
            Sealing { edition, profiles, key: hmac::Key::new(hmac::HMAC_SHA256, secret), downwards_max };
        let mut report = SealReport::default();
        let (mut lattices, mut proofs) = (Vec::with_capacity(sorted.len()), Vec::new());
        for made in in_parallel(&sorted, |tabulation| sealing.seal(tabulation, past)) {
            let made = made?;
            let of_families = made.proofs.as_deref().unwrap_or_default();
            report.add(&made.tabulation, &made.lattice, &made.protection, of_families);
            proofs.push(made.proofs.map(|families| LatticeProof {
                counts: counts(&made.tabulation, &made.lattice),
                families: families.into_iter().map(|(_, proof)| proof).collect(),
            }));
            report.periods.push(PeriodReport {
                unit: made.tabulation.unit,
                period: made.tabulation.period.ending(),
                counted_in: made.sealed.counted_in,
                sealed_in: made.sealed.sealed_in,
                waits: made.change == Change::Few,
            });
            lattices.push(made.sealed);
        }
        let named = |profile: &&RuleProfile| {
            sorted.iter().flat_map(|tabulation| &tabulation.publications).any(|p| p.profile == profile.id)
        };
        let mut profiles: Vec<RuleProfile> = profiles.iter().filter(named).cloned().collect();
        profiles.sort_by(|a, b| a.id.cmp(&b.id));
        let mut seal = Self { body: Body { edition, profiles, lattices }, digest: [0; 32], is_proven: true };
        seal.digest = sha256(&seal.to_bytes());
        report.proof = Proof::new(&seal, &sealing.key, proofs);
        Ok((seal, report))
    }
}

/// What all lattices of a seal have in common.
struct Sealing<'a> {
    edition: u32,
    profiles: &'a [RuleProfile],
    key: hmac::Key,
    downwards_max: usize,
}

/// A lattice with its seal.
struct Made {
    tabulation: Tabulation,
    lattice: Lattice,
    protection: Protection,
    sealed: SealedLattice,
    change: Change,
    /// Of each family, with how many of its numbers must stay uncertain; nothing where an earlier seal holds on.
    proofs: Option<Vec<(usize, FamilyProof)>>,
}

/// A tabulation with what earlier editions have shown of it.
pub(super) struct Prepared<'a> {
    pub(super) joined: Joined<'a>,
    pub(super) lattice: Lattice,
    pub(super) history: History,
    change: Change,
    /// The last seal of these figures, where they are the same.
    last: Option<Earlier<'a>>,
    /// Whether the products are the same too, so that it holds on.
    holds_on: bool,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(
        tabulation: &Tabulation,
        past: &[Past<'a>],
        profiles: &[RuleProfile],
    ) -> Result<Self, Error> {
        let earlier = earlier(tabulation, past)?;
        let mut joined = Joined::new(tabulation, &earlier)?;
        let change = joined.change(cell_min(tabulation, profiles)?);
        let last = earlier.last().copied().filter(|_| matches!(change, Change::None | Change::Few));
        if change == Change::Few {
            joined.keep_figures();
        }
        let was_occupied = |at: usize| joined.before.iter().any(|(_, atoms)| atoms.is_occupied(at));
        let lattice = Lattice::new(&joined.now, profiles, was_occupied)?;
        let history = History::new(&joined, &lattice);
        let holds_on = last.is_some_and(|last| {
            let live = || tabulation.publications.iter().filter(|publication| !publication.withdrawn);
            let is_same = |(now, then): (&Publication, &Publication)| {
                (&now.product, now.version, &now.profile) == (&then.product, then.version, &then.profile)
            };
            let profile = |of: &[RuleProfile], id: &str| of.iter().find(|profile| profile.id == id).cloned();
            // What has no proof does not get one by staying.
            last.seal.is_proven
                && live().count() == last.sealed.publications.len()
                && live().zip(&last.sealed.publications).all(is_same)
                && live().all(|publication| {
                    profile(profiles, &publication.profile)
                        == profile(last.seal.profiles(), &publication.profile)
                })
        });
        Ok(Self { joined, lattice, history, change, last, holds_on })
    }

    /// The edition whose records the figures of an edition count: an earlier one, where records wait.
    fn counted_in(&self, edition: u32) -> u32 {
        match (self.change, &self.last) {
            (Change::Few, Some(last)) => last.sealed.counted_in,
            _ => edition,
        }
    }

    /// What an edition takes over from an earlier one.
    pub(super) fn kept(&self, edition: u32) -> Option<SealedLattice> {
        let mut sealed = self.last.as_ref().filter(|_| self.holds_on)?.sealed.clone();
        sealed.counted_in = self.counted_in(edition);
        Some(sealed)
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

impl Sealing<'_> {
    fn seal(&self, tabulation: &Tabulation, past: &[Past<'_>]) -> Result<Made, Error> {
        let prepared = Prepared::new(tabulation, past, self.profiles)?;
        let (kept_seal, counted_in) = (prepared.kept(self.edition), prepared.counted_in(self.edition));
        let Prepared { joined, lattice, history, change, .. } = prepared;
        let now = joined.now;
        let (protection, sealed, proofs) = match kept_seal {
            Some(sealed) => (kept(&now, &lattice, &history), sealed, None),
            None => {
                let protection = protect(&now, &lattice, &history, &self.key, self.downwards_max);
                let (editions, shown) = ((counted_in, self.edition), Shown::from(&protection));
                let sealed = SealedLattice::new(editions, tabulation, &now, &lattice, &shown);
                let shown =
                    sealed.reveals(tabulation, &lattice).ok_or(Error::Malformed("it has two shapes"))?;
                let proofs = prove(&now, &lattice, &shown, &protection);
                (protection, sealed, Some(proofs))
            }
        };
        Ok(Made { tabulation: now, lattice, protection, sealed, change, proofs })
    }
}
