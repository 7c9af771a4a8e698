//! The way back: count a published edition again, and replay the proof of its seal.
//!
//! Nothing is searched for and nothing is changed. What is stored of the edition, its seal and its proof must have the
//! digests that the access log holds of them, so that whoever changes one of them has to change the log, too.

use crate::audit::{Entry, Filter, Hash};
use crate::disclosure::{NotProven, RuleProfile, Verified, on_one_core};
use crate::outcomes::{self, Edition, Product};
use crate::records::Code;
use crate::store::{self, Snapshot, Store};

/// A seal that hides enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The edition.
    pub edition: u32,
    /// What its proof proves.
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
    /// What is stored is not what the access log says was published.
    #[error("the {0} is not the one on record")]
    NotOnRecord(&'static str),
    /// The edition's products can not be counted any more.
    #[error(transparent)]
    Outcomes(#[from] outcomes::Error),
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
    // One core: calls go on meanwhile.
    store.read(move |snapshot| on_one_core(|| replay(snapshot, edition))).await
}

fn replay(snapshot: &Snapshot<'_>, edition: Option<u32>) -> Result<Held, Error> {
    let row = snapshot.edition(edition)?.ok_or(Error::NoEdition)?;
    let seal = snapshot.seal(row.number)?;
    let proof = snapshot.proof(row.number)?.ok_or(Error::NoProof)?;
    let (seal_digest, proof_digest) = (seal.digest(), proof.digest());
    let on_record = on_record(snapshot, row.number)?;
    if on_record.response_digest != Some(Hash::new(seal_digest)) {
        return Err(Error::NotOnRecord("seal"));
    }
    if on_record.proof_digest != Some(Hash::new(proof_digest)) {
        return Err(Error::NotOnRecord("proof"));
    }
    let (metadata, columns) = snapshot.edition_columns(row.number)?;
    let counted = Edition::from_columns(&metadata, columns)?;
    if counted.digest() != row.digest {
        return Err(store::Error::Damaged("an edition").into());
    }
    let product = |(id, version): (String, u32)| snapshot.product_version(&id, version);
    let products: Vec<Product> = seal.versions().into_iter().map(product).collect::<Result<_, _>>()?;
    let tabulations = outcomes::tabulate(&counted, &products)?;
    let verified = proof.verify(&seal, &tabulations, &RuleProfile::all())?;
    Ok(Held { edition: row.number, verified, seal_digest, proof_digest })
}

/// The entry of the access log that says what was published as an edition.
fn on_record(snapshot: &Snapshot<'_>, edition: u32) -> Result<Entry, Error> {
    let publish = Filter { rpc: Code::new("Publish").ok(), ..Filter::default() };
    let (entries, _) = snapshot.log_entries(0, usize::MAX, &publish)?;
    let mut entries = entries.iter().filter_map(|(_, bytes)| Entry::parse(bytes).ok());
    entries.find(|entry| entry.edition == Some(edition)).ok_or(Error::NotOnRecord("edition"))
}
