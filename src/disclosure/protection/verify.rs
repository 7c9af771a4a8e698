//! Verifying what was kept of a tabulation's families against its true numbers and what is shown of them.

use super::super::lattice::Lattice;
#[cfg(test)]
use super::super::proof::Witness;
use super::super::proof::{FamilyProof, Fault, Number, Verified};
use super::family::{Counts, Family, Shares, Table, families, ratios};
use super::replay::Public;
use super::tally::Tally;
use super::{Asked, Coded, History, Protection};
use crate::outcomes::{Tabulation, Values};
use crate::parallel::in_parallel;
use std::collections::HashSet;

/// What is shown of a lattice: for each population and each measure, in which cells.
pub(in crate::disclosure) struct Shown {
    pub(in crate::disclosure) people: Vec<Vec<bool>>,
    pub(in crate::disclosure) values: Vec<Vec<bool>>,
    /// And what is shown as codes.
    pub(in crate::disclosure) coded: Vec<Coded>,
}

impl From<&Protection> for Shown {
    fn from(protection: &Protection) -> Self {
        Self {
            people: protection.people.clone(),
            values: protection.values.clone(),
            coded: protection.coded.clone(),
        }
    }
}

/// Checks family by family that nothing is shown which the rules hide, that every witness is a table which nobody can
/// tell from the true one, and that numbers which no witness covers are listed.
pub(in crate::disclosure) fn verify(
    tabulation: &Tabulation,
    lattice: &Lattice,
    history: &History,
    shown: &Shown,
    proofs: &[FamilyProof],
) -> Result<Verified, Fault> {
    let asked = Asked::new(tabulation, lattice);
    for (measure, &population) in asked.population_of.iter().enumerate() {
        // An outcome is printed beside the number of people, so it must not be shown without it.
        let alone = shown.values[measure]
            .iter()
            .zip(&shown.people[population])
            .any(|(value, people)| *value && !people);
        if alone && !matches!(tabulation.atoms.values[measure], Values::Count) {
            return Err(Fault::Shown);
        }
    }
    let is_of = |(family, proof): (&Family, &FamilyProof)| family.ids(tabulation) == proof.of;
    let build = |shares_in| {
        let mut all = families(tabulation, lattice, &asked, history, shares_in);
        all.extend(ratios(tabulation, lattice, &asked, history));
        (all.len() == proofs.len() && all.iter().zip(proofs).all(is_of)).then_some(all)
    };
    let all = build(Shares::OuterFirst).or_else(|| build(Shares::AsListed)).ok_or(Fault::Families)?;
    let pairs: Vec<_> = all.iter().zip(proofs).collect();
    let mut verified = Verified::default();
    for of_family in in_parallel(&pairs, |(family, proof)| verify_family(lattice, family, shown, proof)) {
        verified.add(of_family?);
    }
    Ok(verified)
}

fn verify_family(
    lattice: &Lattice,
    family: &Family,
    shown: &Shown,
    proof: &FamilyProof,
) -> Result<Verified, Fault> {
    let public = Public::new(lattice, family, shown);
    if !public.codes_are_true(shown) {
        return Err(Fault::Untrue);
    }
    let mut tally = Tally::new(&public);
    if shows_primary(&public) || tally.given_away().is_some() {
        return Err(Fault::Shown);
    }
    for (number, witness) in proof.witnesses.iter().enumerate() {
        public.replay(witness).map_err(|reason| Fault::Witness { number, reason })?;
    }
    // Only witnesses that were replayed are counted.
    tally.count(&proof.witnesses);
    let (one_mark, linear_only) = tally.left();
    let missing = |left: &[Number], listed: &[Number]| {
        let listed: HashSet<&Number> = listed.iter().collect();
        left.iter().filter(|number| !listed.contains(number)).count()
    };
    if one_mark != proof.one_mark || linear_only != proof.linear_only {
        let n = missing(&linear_only, &proof.linear_only) + missing(&one_mark, &proof.one_mark);
        return Err(if n > 0 { Fault::Uncovered { n } } else { Fault::Listed });
    }
    Ok(Verified {
        n_numbers: tally.n_numbers() as u64,
        n_witnesses: proof.witnesses.len() as u64,
        n_one_mark: one_mark.len() as u64,
        n_linear_only: linear_only.len() as u64,
    })
}

/// The proof that some witnesses of the first family make, true or not.
#[cfg(test)]
pub(in crate::disclosure) fn first_family(
    tabulation: &Tabulation,
    lattice: &Lattice,
    shown: &Shown,
    witnesses: Vec<Witness>,
) -> FamilyProof {
    let family = {
        let asked = Asked::new(tabulation, lattice);
        families(tabulation, lattice, &asked, &History::default(), Shares::OuterFirst).remove(0)
    };
    let public = Public::new(lattice, &family, shown);
    let mut tally = Tally::new(&public);
    tally.count(&witnesses);
    tally.into_proof(family.ids(tabulation), witnesses)
}

/// Whether something is shown that the rules hide, whatever else is shown.
fn shows_primary(public: &Public<'_>) -> bool {
    let Public { lattice, family, known, .. } = public;
    family.tables.iter().enumerate().any(|(at, table)| {
        (0..lattice.n_cells() as u32).filter(|&cell| known[at][cell as usize]).any(|cell| {
            let plane = lattice.plane(cell);
            let is_zero = table.counts == Counts::People && table.totals[cell as usize] == 0;
            family.is_primary(at, cell, plane)
                || family.is_held(at, cell, plane)
                || (is_zero && plane.hides_zeros && table.is_asked[cell as usize])
        })
    })
}

impl Family {
    /// The ids of the populations and measures that it counts, table by table.
    pub(super) fn ids(&self, tabulation: &Tabulation) -> Vec<String> {
        let id = |table: &Table, member: usize| match table.counts {
            Counts::People => tabulation.populations[member].id.clone(),
            Counts::Outcomes | Counts::Sums => tabulation.measures[member].id.clone(),
        };
        let of_table = |table: &Table| table.members.iter().map(|&at| id(table, at)).collect::<Vec<_>>();
        self.tables.iter().flat_map(of_table).collect()
    }
}
