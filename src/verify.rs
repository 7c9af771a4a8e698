//! The way back: count a published edition again, and replay the proof of its seal.
//!
//! Nothing is searched for and nothing is changed. The seal and the proof must have the digests that the access log holds
//! of them, and the proof holds one of the counts: whoever changes one of them has to change the log, too.

use crate::audit::{Entry, Filter, Hash};
use crate::disclosure::{NotProven, Proof, RuleProfile, Verified};
use crate::outcomes::{self, Product};
use crate::parallel::on_one_core;
use crate::publish::{self, Before};
use crate::records::Code;
use crate::store::{self, Snapshot, Store};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A seal that hides enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The edition.
    pub edition: u32,
    /// What its proof proves, and those of the earlier editions that parts of it stay with.
    pub verified: Verified,
    /// SHA-256 of the seal.
    pub seal_digest: [u8; 32],
    /// SHA-256 of the proof.
    pub proof_digest: [u8; 32],
}

/// Why nothing was proven.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no edition of that number, or none at all.
    #[error("there is no such edition")]
    NoEdition,
    /// The edition is from before proofs were kept.
    #[error("the edition was published before proofs were kept; publish another one")]
    NoProof,
    /// The records of the edition are destroyed, or those of an earlier one that it was protected together with.
    #[error(
        "the edition, or one that it was protected together with, can not be counted again: its records are destroyed"
    )]
    Destroyed,
    /// What is stored is not what the access log says was published.
    #[error("the {0} is not the one on record")]
    NotOnRecord(&'static str),
    /// The edition's products can not be counted any more.
    #[error(transparent)]
    Outcomes(#[from] outcomes::Error),
    /// The editions before can not be counted any more.
    #[error(transparent)]
    Before(#[from] publish::Error),
    /// The proof does not hold.
    #[error(transparent)]
    NotProven(#[from] NotProven),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Verifies the proof of an edition, or of the newest one.
///
/// # Errors
///
/// [`Error`], with the first thing that does not hold.
pub async fn verify(store: &Store, edition: Option<u32>) -> Result<Held, Error> {
    let secret = *store.key().ties();
    // One core: calls go on meanwhile.
    store.read(move |snapshot| on_one_core(|| replay(snapshot, edition, &secret))).await
}

fn replay(snapshot: &Snapshot<'_>, edition: Option<u32>, secret: &[u8]) -> Result<Held, Error> {
    let row = snapshot.edition(edition)?.ok_or(Error::NoEdition)?;
    let mut held = replay_one(snapshot, row.number, secret)?;
    // What has not changed since an earlier edition holds as that one's proof says.
    let earlier: BTreeSet<u32> = snapshot.seal(row.number)?.sealed_in().collect();
    for number in earlier.into_iter().filter(|number| *number != row.number) {
        held.verified.add(replay_one(snapshot, number, secret)?.verified);
    }
    Ok(held)
}

fn replay_one(snapshot: &Snapshot<'_>, number: u32, secret: &[u8]) -> Result<Held, Error> {
    let seal = snapshot.seal(number)?;
    let entry = entry(snapshot, number)?;
    if entry.response_digest != Some(Hash::new(seal.digest())) {
        return Err(Error::NotOnRecord("seal"));
    }
    let before = Before::read(snapshot, number)?;
    let closed = before.closed();
    let is_closed = |(unit, period, _)| closed.contains(&(unit, period));
    if snapshot.destroyed_editions()?.contains_key(&number) || seal.shown_periods().any(is_closed) {
        return Err(Error::Destroyed);
    }
    let proof = on_record(snapshot.proof(number)?, &entry)?;
    let product = |(id, version): (String, u32)| snapshot.product(&id, version);
    let versions: BTreeSet<(String, u32)> = seal.versions().collect();
    let products: Vec<Product> = versions.into_iter().map(product).collect::<Result<_, _>>()?;
    let counted = before.count(products, |edition| Ok(Cow::Owned(snapshot.frozen(edition)?)))?;
    let (tabulations, _) = before.open(outcomes::tabulate(&snapshot.frozen(number)?, &counted.products)?);
    let verified = proof.verify(&seal, &tabulations, &counted.past(), &RuleProfile::all(), secret)?;
    Ok(Held { edition: number, verified, seal_digest: seal.digest(), proof_digest: proof.digest() })
}

/// The entry of the access log that says what was published as an edition.
fn entry(snapshot: &Snapshot<'_>, edition: u32) -> Result<Entry, Error> {
    let publish = Filter { rpc: Code::new("Publish").ok(), ..Filter::default() };
    let (entries, _) = snapshot.log_entries(0, usize::MAX, &publish)?;
    let mut entries = entries.iter().filter_map(|logged| Entry::parse(&logged.bytes).ok());
    entries.find(|entry| entry.edition == Some(edition)).ok_or(Error::NotOnRecord("edition"))
}

/// The proof, when it is the one of the entry.
fn on_record(proof: Option<Proof>, entry: &Entry) -> Result<Proof, Error> {
    match (proof, entry.proof_digest) {
        (Some(proof), Some(digest)) if Hash::new(proof.digest()) == digest => Ok(proof),
        (None, None) => Err(Error::NoProof),
        _ => Err(Error::NotOnRecord("proof")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Decision;
    use crate::calendar::Timestamp;

    #[test]
    fn only_the_proof_on_record_counts() {
        let code = |name: &str| Code::new(name).expect("a code");
        let (id, rpc, rule) = (code("r-1"), code("Publish"), code("registered"));
        let before = Entry::new(Timestamp::from_millis(0), id, rpc, Decision::Allowed, rule);
        let proof = Proof::default();
        let with = |digest| Entry { proof_digest: Some(digest), ..before.clone() };
        let own = with(Hash::new(proof.digest()));
        assert!(on_record(Some(proof.clone()), &own).is_ok());
        assert!(matches!(on_record(None, &before), Err(Error::NoProof)));
        for (proof, entry) in
            [(None, &own), (Some(proof.clone()), &before), (Some(proof), &with(Hash::of(b"")))]
        {
            assert!(matches!(on_record(proof, entry), Err(Error::NotOnRecord("proof"))));
        }
    }
}
