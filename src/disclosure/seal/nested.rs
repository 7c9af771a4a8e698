//! Which outcomes of a lattice were known to imply others, and which populations to be inside others, when it was protected.
//!
//! A seal says it, as it says its rules: the library may know of more of them later, and what was protected without stays
//! what it is.

use super::{Error, Seal, SealedLattice};
use crate::disclosure::NotProven;
use crate::disclosure::proof::{Fault, fault};
use crate::outcomes::{Mode, Tabulation};
use serde::{Deserialize, Serialize};

/// What was known of a lattice. A population's parent is none of it, where it was always known: what has one has it in every
/// seal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::disclosure) struct Nested {
    /// Positions of two measures, of which the first implies the second, ascending.
    implied: Vec<(u32, u32)>,
    /// Positions of a population and of one that holds it, the populations ascending, and of each the nearest first.
    within: Vec<(u32, u32)>,
}

impl Nested {
    /// Those of a tabulation; none where nothing is hidden for the sake of others.
    pub(in crate::disclosure) fn of(tabulation: &Tabulation) -> Self {
        if tabulation.mode != Mode::Suppress {
            return Self::default();
        }
        let pairs =
            |at: usize, of: &[usize]| of.iter().map(move |&of| (at as u32, of as u32)).collect::<Vec<_>>();
        let measures = tabulation.measures.iter().enumerate();
        let mut implied: Vec<_> = measures.flat_map(|(at, inner)| pairs(at, &inner.within)).collect();
        implied.sort_unstable();
        implied.dedup();
        let populations = tabulation.populations.iter().enumerate();
        Self { implied, within: populations.flat_map(|(at, inner)| pairs(at, &inner.within)).collect() }
    }

    /// Has a tabulation know these and no others.
    pub(in crate::disclosure) fn give_to(&self, tabulation: &mut Tabulation) {
        for (at, measure) in tabulation.measures.iter_mut().enumerate() {
            measure.within = of(&self.implied, at);
        }
        for (at, population) in tabulation.populations.iter_mut().enumerate() {
            population.within = of(&self.within, at);
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.implied.is_empty() && self.within.is_empty()
    }
}

fn of(pairs: &[(u32, u32)], at: usize) -> Vec<usize> {
    let own = pairs.iter().filter(|(inner, _)| *inner as usize == at);
    own.map(|&(_, outer)| outer as usize).collect()
}

impl SealedLattice {
    /// What a tabulation relies on that they are given to: they are of measures and populations that are there. That these
    /// fit each other follows from its counts, and is checked with them.
    pub(super) fn check_nested(&self) -> Result<(), &'static str> {
        let are_there = |pairs: &[(u32, u32)], n: usize| {
            let is_there = |&(inner, outer): &(u32, u32)| inner != outer && (inner.max(outer) as usize) < n;
            pairs.iter().all(is_there)
        };
        let Nested { implied, within } = &self.nested;
        let is_sorted = implied.is_sorted_by(|a, b| a < b) && within.is_sorted_by(|a, b| a.0 <= b.0);
        let is_once = |at: usize| !within[..at].contains(&within[at]);
        if is_sorted
            && (0..within.len()).all(is_once)
            && are_there(implied, self.population_of.len())
            && are_there(within, self.people.len())
        {
            Ok(())
        } else {
            Err("an outcome implies one that is not there, or a population is inside one")
        }
    }
}

impl Seal {
    /// Checks that everything was protected with what is known today of some tabulations: an older seal that knew less is what
    /// it is, and a new one does not know less.
    ///
    /// # Errors
    ///
    /// [`Fault::Unknown`] and [`NotProven::OtherCounts`].
    pub fn check_known(&self, tabulations: &[Tabulation]) -> Result<(), NotProven> {
        for sealed in &self.body.lattices {
            let tabulation = tabulations.iter().find(|tabulation| sealed.is_of(tabulation));
            let tabulation = tabulation.ok_or(NotProven::OtherCounts)?;
            if sealed.nested != Nested::of(tabulation) {
                return Err(fault(tabulation, Fault::Unknown));
            }
        }
        Ok(())
    }

    /// What was known of all lattices as bytes; none where it is nothing, as in the seals before it was known.
    pub(super) fn nested_to_bytes(&self) -> Vec<u8> {
        let nested: Vec<&Nested> = self.body.lattices.iter().map(|lattice| &lattice.nested).collect();
        if nested.iter().all(|nested| nested.is_empty()) {
            return Vec::new();
        }
        // Every type in it has a known length, which is all that postcard asks of it.
        postcard::to_allocvec(&nested).expect("numbers can be encoded")
    }

    /// Reads what was known, which follows the methods, and gives it to the lattices.
    pub(super) fn read_nested<'b>(
        lattices: &mut [SealedLattice],
        bytes: &'b [u8],
    ) -> Result<&'b [u8], Error> {
        let damaged = |_| Error::Damaged("cut or changed");
        let (nested, rest): (Vec<Nested>, _) =
            postcard::take_from_bytes(bytes).or_else(|_| before_within(bytes)).map_err(damaged)?;
        if nested.len() != lattices.len() {
            return Err(Error::Damaged("a lattice does not say which outcomes imply others"));
        }
        lattices.iter_mut().zip(nested).for_each(|(lattice, nested)| lattice.nested = nested);
        Ok(rest)
    }
}

/// Reads what was known before populations were found inside others: one list for each lattice, where there are two now. No
/// bytes are both, as two lists are more than one.
fn before_within(bytes: &[u8]) -> postcard::Result<(Vec<Nested>, &[u8])> {
    let (implied, rest): (Vec<Vec<(u32, u32)>>, _) = postcard::take_from_bytes(bytes)?;
    Ok((implied.into_iter().map(|implied| Nested { implied, within: vec![] }).collect(), rest))
}
