//! Which outcomes of a lattice were known to imply others when it was protected.
//!
//! A seal says it, as it says its rules: the library may know of more of them later, and what was protected without stays
//! what it is.

use super::{Error, Seal, SealedLattice};
use crate::outcomes::{Mode, Tabulation};
use serde::{Deserialize, Serialize};

/// Positions of two measures, of which the first implies the second, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::disclosure) struct Nested(Vec<(u32, u32)>);

impl Nested {
    /// Those of a tabulation; none where nothing is hidden for the sake of others.
    pub(in crate::disclosure) fn of(tabulation: &Tabulation) -> Self {
        let measures = tabulation.measures.iter().enumerate();
        let pairs =
            measures.flat_map(|(at, inner)| inner.within.iter().map(move |&of| (at as u32, of as u32)));
        let mut pairs: Vec<(u32, u32)> = pairs.filter(|_| tabulation.mode == Mode::Suppress).collect();
        pairs.sort_unstable();
        pairs.dedup();
        Self(pairs)
    }

    /// Has a tabulation know these and no others.
    pub(in crate::disclosure) fn give_to(&self, tabulation: &mut Tabulation) {
        for (at, measure) in tabulation.measures.iter_mut().enumerate() {
            let own = self.0.iter().filter(|(inner, _)| *inner as usize == at);
            measure.within = own.map(|&(_, outer)| outer as usize).collect();
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl SealedLattice {
    /// What protection relies on: they are of measures of one population.
    pub(super) fn check_nested(&self) -> Result<(), &'static str> {
        let population = |measure: u32| self.population_of.get(measure as usize);
        let is_sound = |&(inner, outer): &(u32, u32)| {
            population(inner).is_some() && population(inner) == population(outer)
        };
        let pairs = &self.nested.0;
        if pairs.is_sorted_by(|a, b| a < b) && pairs.iter().all(is_sound) {
            Ok(())
        } else {
            Err("an outcome implies one of others")
        }
    }
}

impl Seal {
    /// What outcomes imply in all lattices as bytes; none where nothing is implied, as in the seals before it was known.
    pub(super) fn nested_to_bytes(&self) -> Vec<u8> {
        let nested: Vec<&Nested> = self.body.lattices.iter().map(|lattice| &lattice.nested).collect();
        if nested.iter().all(|nested| nested.is_empty()) {
            return Vec::new();
        }
        // Every type in it has a known length, which is all that postcard asks of it.
        postcard::to_allocvec(&nested).expect("numbers can be encoded")
    }

    /// Reads what outcomes imply, which follows the methods, and gives it to the lattices.
    pub(super) fn read_nested<'b>(
        lattices: &mut [SealedLattice],
        bytes: &'b [u8],
    ) -> Result<&'b [u8], Error> {
        let damaged = |_| Error::Damaged("cut or changed");
        let (nested, rest): (Vec<Nested>, _) = postcard::take_from_bytes(bytes).map_err(damaged)?;
        if nested.len() != lattices.len() {
            return Err(Error::Damaged("a lattice does not say which outcomes imply others"));
        }
        lattices.iter_mut().zip(nested).for_each(|(lattice, nested)| lattice.nested = nested);
        Ok(rest)
    }
}
