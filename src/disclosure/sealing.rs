//! Sealing: protecting what an edition counts, together with what earlier editions have shown.

use super::check::check;
use super::lattice::Lattice;
use super::noise::{Spending, draw};
use super::past::Past;
use super::proof::{FamilyProof, LatticeProof, Proof, counts};
use super::protection::{DOWNWARDS_MAX, History, Protection, Shown, kept, protect, prove};
use super::report::{PeriodReport, SealReport};
use super::rounding::{Last, round};
use super::seal::{Body, Method, Nested, SealedLattice};
use super::standing::Standing;
use super::table::sha256;
use super::{Error, RuleProfile, Seal};
use crate::outcomes::{Mode, Publication, Tabulation};
use crate::parallel::in_parallel;
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
        sorted.sort_by(|one, other| one.key().cmp(&other.key()));
        check(&sorted)?;
        let sealing =
            Sealing { edition, profiles, key: hmac::Key::new(hmac::HMAC_SHA256, secret), downwards_max };
        let mut report = SealReport::default();
        let (mut lattices, mut proofs) = (Vec::with_capacity(sorted.len()), Vec::new());
        let made = in_parallel(&sorted, |tabulation| sealing.seal(tabulation, past));
        for (tabulation, made) in sorted.iter().zip(made) {
            let Made { sealed, waits, proof, cost } = made?;
            match cost {
                Cost::Hidden(of, families) => report.add(&of.0, &of.1, &of.2, &families),
                Cost::Released => report.add_released(tabulation, &sealed, profiles)?,
            }
            report.periods.push(PeriodReport {
                unit: tabulation.unit,
                period: tabulation.period.ending(),
                products: live(tabulation).map(|publication| publication.product.clone()).collect(),
                counted_in: sealed.counted_in,
                sealed_in: sealed.sealed_in,
                waits,
            });
            proofs.push(proof);
            lattices.push(sealed);
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

/// The publications of a tabulation that can be asked for.
fn live(tabulation: &Tabulation) -> impl Iterator<Item = &Publication> {
    tabulation.publications.iter().filter(|publication| !publication.withdrawn)
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
    sealed: SealedLattice,
    /// Whether records have changed that it does not count yet.
    waits: bool,
    /// Nothing where an earlier seal holds on, and where nothing is hidden for the sake of others.
    proof: Option<LatticeProof>,
    cost: Cost,
}

/// What a lattice's seal costs, for the report.
enum Cost {
    /// Of each family its proof, with how many of its numbers must stay uncertain.
    Hidden(Box<(Tabulation, Lattice, Protection)>, Vec<(usize, FamilyProof)>),
    Released,
}

/// A tabulation to be hidden in, with what earlier editions have shown of it.
pub(super) struct Prepared<'a> {
    pub(super) standing: Standing<'a>,
    pub(super) lattice: Lattice,
    pub(super) history: History,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(mut standing: Standing<'a>, profiles: &[RuleProfile]) -> Result<Self, Error> {
        standing.keep_figures();
        let joined = &standing.joined;
        let was_occupied = |at: usize| joined.before.iter().any(|(_, atoms)| atoms.is_occupied(at));
        let lattice = Lattice::new(&joined.now, profiles, was_occupied)?;
        let history = History::new(joined, &lattice);
        Ok(Self { standing, lattice, history })
    }
}

impl Sealing<'_> {
    fn seal(&self, tabulation: &Tabulation, past: &[Past<'_>]) -> Result<Made, Error> {
        let standing = Standing::new(tabulation, &Nested::of(tabulation), past, self.profiles)?;
        match tabulation.mode {
            Mode::Suppress => self.hide(tabulation, standing),
            Mode::Round | Mode::Dp(_) => {
                let (sealed, waits) = self.release(tabulation, &standing, past)?;
                Ok(Made { sealed, waits, proof: None, cost: Cost::Released })
            }
        }
    }

    fn hide(&self, tabulation: &Tabulation, standing: Standing<'_>) -> Result<Made, Error> {
        let (kept_seal, counted_in) = (standing.kept(self.edition), standing.counted_in(self.edition));
        let waits = standing.waits();
        let Prepared { standing, lattice, history } = Prepared::new(standing, self.profiles)?;
        let now = standing.joined.now;
        let (protection, sealed, families) = match kept_seal {
            Some(sealed) => (kept(&now, &lattice, &history), sealed, None),
            None => {
                let protection = protect(&now, &lattice, &history, &self.key, self.downwards_max);
                let (editions, shown) = ((counted_in, self.edition), Shown::from(&protection));
                let sealed = SealedLattice::new(editions, tabulation, &now, &lattice, &shown);
                let shown =
                    sealed.reveals(tabulation, &lattice).ok_or(Error::Malformed("it has two shapes"))?;
                let families = prove(&now, &lattice, &shown, &protection);
                (protection, sealed, Some(families))
            }
        };
        let proof = families.as_ref().map(|families| LatticeProof {
            counts: counts(&now, &lattice),
            families: families.iter().map(|(_, proof)| proof.clone()).collect(),
        });
        let cost = Cost::Hidden(Box::new((now, lattice, protection)), families.unwrap_or_default());
        Ok(Made { sealed, waits, proof, cost })
    }

    /// What is shown of a tabulation that rounds or adds noise, and whether records wait: because those of too few people
    /// have changed, or because the budget is spent.
    ///
    /// Whether noise is drawn follows from the number of editions alone. Were it drawn only where something has changed, that
    /// would be told, and at no cost to the budget.
    fn release(
        &self,
        tabulation: &Tabulation,
        standing: &Standing<'_>,
        past: &[Past<'_>],
    ) -> Result<(SealedLattice, bool), Error> {
        let Mode::Dp(budget) = tabulation.mode else {
            if let Some(sealed) = standing.kept(self.edition) {
                return Ok((sealed, standing.waits()));
            }
            let last = standing.last_counted().map(|(sealed, counted)| Last { sealed, counted });
            return Ok((round(self.edition, tabulation, self.profiles, last, &self.key)?, false));
        };
        let spending = Spending::new(budget, spent_nano(tabulation, past));
        match standing.same_as_before().filter(|_| spending.is_spent()) {
            Some(last) => Ok((last.clone(), standing.has_changed())),
            None => Ok((draw(self.edition, tabulation, self.profiles, spending, &self.key)?, false)),
        }
    }
}

/// What earlier editions have told of one person by what they show of a tabulation, in thousand-millionths of rho.
pub(super) fn spent_nano(tabulation: &Tabulation, past: &[Past<'_>]) -> u64 {
    let sealed = past.iter().flat_map(|past| &past.seal.body.lattices);
    let spent = sealed.filter(|sealed| sealed.is_of(tabulation)).map(|sealed| match &sealed.method {
        Method::Noisy(noisy) => noisy.spent_nano,
        Method::Exact | Method::Rounded(_) => 0,
    });
    spent.max().unwrap_or_default()
}
