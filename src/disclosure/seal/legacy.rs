//! Seals as they were written before editions were protected together and rates could be coded. They stay what they are:
//! their bytes and digests are on record.

use super::lattice::steps;
use super::{Body, Method, Nested, SealedLattice, SealedValues, Seen};
use crate::disclosure::RuleProfile;
use crate::outcomes::{Dimension, Publication, Unit};
use serde::{Deserialize, Serialize};

/// First bytes of seals of this form.
pub(super) const MAGIC: &[u8] = b"throughline seal\x02";

#[derive(Serialize, Deserialize)]
pub(super) struct OldBody {
    edition: u32,
    profiles: Vec<RuleProfile>,
    lattices: Vec<OldLattice>,
}

#[derive(Serialize, Deserialize)]
struct OldLattice {
    unit: Unit,
    period: u16,
    dimensions: Vec<Dimension>,
    publications: Vec<Publication>,
    population_of: Vec<usize>,
    #[serde(with = "steps")]
    keys: Vec<u128>,
    people: Vec<Vec<Seen<u64>>>,
    values: Vec<SealedValues>,
}

impl From<OldBody> for Body {
    fn from(old: OldBody) -> Self {
        let edition = old.edition;
        let lattice = |old: OldLattice| SealedLattice {
            unit: old.unit,
            period: old.period,
            // Each edition counted and protected its own records.
            counted_in: edition,
            sealed_in: edition,
            dimensions: old.dimensions,
            publications: old.publications,
            population_of: old.population_of,
            keys: old.keys,
            people: old.people,
            values: old.values,
            codes: Vec::new(),
            method: Method::Exact,
            nested: Nested::default(),
        };
        Self { edition, profiles: old.profiles, lattices: old.lattices.into_iter().map(lattice).collect() }
    }
}

/// A seal without codes as it would have been written.
#[cfg(test)]
pub(super) fn written(body: &Body) -> Vec<u8> {
    let lattice = |new: &SealedLattice| OldLattice {
        unit: new.unit,
        period: new.period,
        dimensions: new.dimensions.clone(),
        publications: new.publications.clone(),
        population_of: new.population_of.clone(),
        keys: new.keys.clone(),
        people: new.people.clone(),
        values: new.values.clone(),
    };
    let (edition, profiles) = (body.edition, body.profiles.clone());
    let old = OldBody { edition, profiles, lattices: body.lattices.iter().map(lattice).collect() };
    postcard::to_extend(&old, MAGIC.to_vec()).expect("it can be encoded")
}
