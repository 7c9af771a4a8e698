//! The proof of a seal: for each number that must stay uncertain, another table in which it differs.
//!
//! The tables were found while sealing; [`Proof::verify`] replays them without searching for anything, in time
//! proportional to their size. It reads from the seal what is shown, from the tabulations what is true, and from the
//! rules which numbers must stay uncertain, and checks that
//!
//! - the seal shows true numbers, and none that the rules hide;
//! - in every table what adds up still adds up, nothing shown changes, and no number is one that its cell, its mask or
//!   the numbers around it rule out;
//! - every number that must stay uncertain differs in some table by the width the rule asks for, for every district in
//!   one that leaves its students alone, or is listed as one that no table covers.
//!
//! Numbers that are listed so follow from no sum or difference of what is shown. That was established while sealing, by
//! elimination; it is not established again, since that takes as long as sealing. Which outcomes imply others is what the
//! seal says, as its rules are: the library of today may know of more. Which numbers bound each other and
//! which are sensitive is decided by the code that sealing uses; all else here is code of its own.
//!
//! A proof tells a lot about what is hidden. It is for the service alone; its digest may be known to anyone, because the
//! bytes hold a tag under a secret of the service, and so can not be guessed and compared.

mod witness;

pub(super) use witness::{Change, FamilyProof, Number, Witness};

use super::check::{check, require};
use super::lattice::Lattice;
use super::noise::{Spending, draw};
use super::past::Past;
use super::protection::{Shown, verify};
use super::rounding::is_rounding;
use super::seal::SealedLattice;
use super::sealing::{Prepared, spent_nano};
use super::standing::Standing;
use super::table::sha256;
use super::{Error, RuleProfile, Seal};
use crate::outcomes::{Mode, Tabulation, Values};
use crate::parallel::in_parallel;
use ring::{digest, hmac};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a seal hides enough: other tables that fit everything it shows.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proof {
    /// Digest of the seal.
    seal: [u8; 32],
    /// A tag of the seal under a secret.
    blind: [u8; 32],
    /// In the order of the seal's; nothing where an earlier edition's seal holds on.
    lattices: Vec<Option<LatticeProof>>,
}

/// The proof of what a seal shows of a tabulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LatticeProof {
    /// SHA-256 of the true counts.
    pub(super) counts: [u8; 32],
    pub(super) families: Vec<FamilyProof>,
}

/// What a proof proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Numbers that must stay uncertain.
    pub n_numbers: u64,
    /// Tables that were replayed.
    pub n_witnesses: u64,
    /// Of the numbers, those that stay uncertain only because hidden cells have one mark.
    pub n_one_mark: u64,
    /// Of the numbers, those that no table covers.
    pub n_linear_only: u64,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// It belongs to another seal.
    #[error("the proof is of another seal")]
    OtherSeal,
    /// The counts are not those it was made for.
    #[error("the counts are not those that were sealed")]
    OtherCounts,
    /// The seal has another rule than the one known by this name and version.
    #[error("the seal's rule profile {profile} is not the one known by this name and version")]
    OtherRule {
        /// Profile id.
        profile: String,
    },
    /// The tabulations can not have been sealed.
    #[error(transparent)]
    Tabulation(#[from] Error),
    /// What is shown of a tabulation is not proven to hide enough.
    #[error("{unit} {period}: {fault}")]
    Fault {
        /// Whom the tabulation counts.
        unit: &'static str,
        /// The school year, by the year it ends in.
        period: u16,
        /// What is wrong.
        fault: Fault,
    },
}

/// What is wrong with a proof, or with what the seal shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A number shown is not the true one, or cells are missing.
    #[error("the seal does not show the true numbers")]
    Untrue,
    /// A number is shown, or follows at once from what is shown, that the rules hide.
    #[error("a number is shown that the rule hides")]
    Shown,
    /// It was protected without knowing which outcomes imply others, or which populations are inside others.
    #[error("it was protected without what is known of its outcomes and populations")]
    Unknown,
    /// The proof is about other populations or measures.
    #[error("the proof is of other populations or outcomes")]
    Families,
    /// A table could be told from the true one.
    #[error("table {number} {reason}")]
    Witness {
        /// Its position.
        number: usize,
        /// Why.
        reason: &'static str,
    },
    /// Numbers must stay uncertain, no table covers them, and they are not listed as such.
    #[error("numbers without a table that shows them to be uncertain, and not listed as such: {n}")]
    Uncovered {
        /// How many.
        n: usize,
    },
    /// Numbers are listed as not covered that are, or that need not be.
    #[error("numbers are listed as not covered that are covered")]
    Listed,
}

/// Without its tables, which tell about hidden numbers.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("n_lattices", &self.lattices.len()).finish_non_exhaustive()
    }
}

/// First bytes of every proof; the last of them is the version of the format.
const MAGIC: &[u8] = b"throughline proof\x01";

impl Proof {
    /// The proof of a seal. The same seal, secret and tables give the same bytes.
    pub(super) fn new(seal: &Seal, secret: &hmac::Key, lattices: Vec<Option<LatticeProof>>) -> Self {
        let tag = hmac::sign(secret, &[b"proof of ", &seal.digest()[..]].concat());
        let blind = tag.as_ref().try_into().expect("a tag of HMAC-SHA-256 is 32 bytes");
        Self { seal: seal.digest(), blind, lattices }
    }

    /// SHA-256 of its bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        sha256(&self.to_bytes())
    }

    /// The proof as bytes: the same for the same content.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Every type in it has a known length, which is all that postcard asks of it.
        postcard::to_extend(self, MAGIC.to_vec()).expect("a proof can be encoded")
    }

    /// Reads the bytes of a proof.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] for anything that [`Proof::to_bytes`] does not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let body = bytes.strip_prefix(MAGIC).ok_or(Error::Damaged("no proof of this version"))?;
        let (proof, rest) =
            postcard::take_from_bytes::<Self>(body).map_err(|_| Error::Damaged("cut or changed"))?;
        // A number has longer spellings than the one that is written; one content has one digest.
        require(rest.is_empty() && proof.to_bytes() == bytes, "spelled in another way")
            .map_err(Error::Damaged)?;
        Ok(proof)
    }

    /// Checks the proof against the seal, the true counts it was made from in any order, the editions before, the rule
    /// profiles that are known, and the secret that it was made with. Figures that are rounded are checked to be so, and to
    /// add up; those with noise are drawn again. What holds on from an earlier edition is compared with that one's seal, whose
    /// own proof says that it hides enough ([`Seal::sealed_in`]).
    ///
    /// # Errors
    ///
    /// [`NotProven`], with the first thing that does not hold.
    pub fn verify(
        &self,
        seal: &Seal,
        tabulations: &[Tabulation],
        past: &[Past<'_>],
        profiles: &[RuleProfile],
        secret: &[u8],
    ) -> Result<Verified, NotProven> {
        if self.seal != seal.digest() {
            return Err(NotProven::OtherSeal);
        }
        for own in seal.profiles() {
            // An older version of a rule is what the seal says it is.
            let is_changed = |known: &RuleProfile| known.label() == own.label() && known != own;
            if profiles.iter().any(is_changed) {
                return Err(NotProven::OtherRule { profile: own.id.clone() });
            }
        }
        let mut sorted: Vec<&Tabulation> = tabulations.iter().collect();
        sorted.sort_by(|one, other| one.key().cmp(&other.key()));
        check(&sorted)?;
        let sealed = &seal.body.lattices;
        if sorted.len() != self.lattices.len() || sorted.len() != sealed.len() {
            return Err(NotProven::OtherCounts);
        }
        let own = seal.profiles().iter();
        let is_other = |known: &&RuleProfile| own.clone().all(|own| own.id != known.id);
        let profiles: Vec<RuleProfile> =
            own.clone().chain(profiles.iter().filter(is_other)).cloned().collect();
        let parts: Vec<_> = sorted.into_iter().zip(&self.lattices).zip(sealed).collect();
        let mut verified = Verified::default();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        for part in in_parallel(&parts, |((tabulation, proof), sealed)| {
            let standing = Standing::new(tabulation, &sealed.nested, past, &profiles)?;
            if let Some(proof) = proof {
                return proof.verify(tabulation, &Prepared::new(standing, &profiles)?, sealed);
            }
            let is_so = match tabulation.mode {
                _ if sealed.sealed_in != seal.edition() => {
                    is_kept(tabulation, &standing, sealed, past, seal.edition())
                }
                Mode::Suppress => false,
                Mode::Round => is_rounding(tabulation, &profiles, sealed)?,
                Mode::Dp(budget) => {
                    let spending = Spending::new(budget, spent_nano(tabulation, past));
                    draw(seal.edition(), tabulation, &profiles, spending, &key)? == **sealed
                }
            };
            if is_so { Ok(Verified::default()) } else { Err(fault(tabulation, Fault::Untrue)) }
        }) {
            verified.add(part?);
        }
        Ok(verified)
    }
}

/// Whether what is sealed of a tabulation is what an earlier edition has sealed of it, because nothing has changed, or a
/// budget is spent.
fn is_kept(
    tabulation: &Tabulation,
    standing: &Standing<'_>,
    sealed: &SealedLattice,
    past: &[Past<'_>],
    edition: u32,
) -> bool {
    let kept = match tabulation.mode {
        Mode::Suppress | Mode::Round => standing.kept(edition),
        Mode::Dp(budget) => {
            let is_spent = Spending::new(budget, spent_nano(tabulation, past)).is_spent();
            standing.same_as_before().filter(|_| is_spent).cloned()
        }
    };
    kept.is_some_and(|kept| kept == *sealed)
}

pub(super) fn fault(tabulation: &Tabulation, fault: Fault) -> NotProven {
    NotProven::Fault { unit: tabulation.unit.name(), period: tabulation.period.ending(), fault }
}

impl LatticeProof {
    fn verify(
        &self,
        tabulation: &Tabulation,
        prepared: &Prepared<'_>,
        sealed: &SealedLattice,
    ) -> Result<Verified, NotProven> {
        let Prepared { standing, lattice, history } = prepared;
        let now = &standing.joined.now;
        if self.counts != counts(now, lattice) {
            return Err(NotProven::OtherCounts);
        }
        let fault = |of| fault(tabulation, of);
        let shown: Option<Shown> = sealed.shown(tabulation, now, lattice);
        let shown = shown.ok_or(fault(Fault::Untrue))?;
        verify(now, lattice, history, &shown, &self.families).map_err(fault)
    }
}

impl Verified {
    pub(crate) fn add(&mut self, other: Self) {
        self.n_numbers += other.n_numbers;
        self.n_witnesses += other.n_witnesses;
        self.n_one_mark += other.n_one_mark;
        self.n_linear_only += other.n_linear_only;
    }
}

/// SHA-256 of a tabulation's atoms in the order of the lattice: leaves, people, values.
pub(super) fn counts(tabulation: &Tabulation, lattice: &Lattice) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    let positions = || lattice.atoms.positions.iter().map(|&position| position as usize);
    for atom in 0..lattice.atoms.positions.len() as u32 {
        lattice.atoms.leaves(atom).iter().for_each(|leaf| context.update(&leaf.to_le_bytes()));
    }
    for people in &tabulation.atoms.people {
        positions().for_each(|at| context.update(&people[at].to_le_bytes()));
    }
    for values in &tabulation.atoms.values {
        match values {
            Values::Count => context.update(&[0]),
            Values::Share(of) => positions().for_each(|at| context.update(&of[at].to_le_bytes())),
            Values::Mean { sum, sum_of_squares, .. } => positions().for_each(|at| {
                context.update(&sum[at].to_le_bytes());
                context.update(&sum_of_squares[at].to_le_bytes());
            }),
            Values::Ratio { numerator, denominator } => positions().for_each(|at| {
                context.update(&numerator[at].to_le_bytes());
                context.update(&denominator[at].to_le_bytes());
            }),
        }
    }
    context.finish().as_ref().try_into().expect("SHA-256 is 32 bytes")
}

#[cfg(test)]
mod tests;
