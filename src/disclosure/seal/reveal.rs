//! What a sealed lattice reveals, over the cells of the lattice it was made of.

use super::super::lattice::Lattice;
use super::super::protection::{Coded, Shown};
use super::lattice::listed;
use super::{SealedLattice, SealedValues, Seen};
use crate::outcomes::Tabulation;

impl SealedLattice {
    /// In which cells of a lattice each number is shown or marked as empty, or known because a figure of the same people
    /// is shown; nothing when this is not what is sealed of its true numbers.
    pub(in crate::disclosure) fn shown(
        &self,
        tabulation: &Tabulation,
        joined: &Tabulation,
        lattice: &Lattice,
    ) -> Option<Shown> {
        let shown = self.reveals(tabulation, lattice)?;
        let editions = (self.counted_in, self.sealed_in);
        (*self == Self::new(editions, tabulation, joined, lattice, &shown)).then_some(shown)
    }

    /// As [`SealedLattice::shown`], whether or not the numbers are the true ones.
    pub(in crate::disclosure) fn reveals(&self, tabulation: &Tabulation, lattice: &Lattice) -> Option<Shown> {
        let listed = listed(tabulation, lattice);
        let n_measures = tabulation.measures.len();
        let is_alike = (self.keys.len(), self.people.len(), self.values.len())
            == (listed.len(), tabulation.populations.len(), n_measures);
        if !is_alike {
            return None;
        }
        let spread = |is_shown: &dyn Fn(usize) -> bool| {
            let mut cells = vec![false; lattice.n_cells()];
            listed.iter().enumerate().for_each(|(at, &(_, cell))| cells[cell as usize] = is_shown(at));
            cells
        };
        let values = self.values.iter().map(|values| match values {
            SealedValues::Count => spread(&|_| false),
            SealedValues::Share(seen) => spread(&|at| seen[at] != Seen::Hidden),
            SealedValues::Mean(seen) => spread(&|at| seen[at] != Seen::Hidden),
            SealedValues::Ratio(seen) | SealedValues::NoisyMean(seen) => {
                spread(&|at| seen[at] != Seen::Hidden)
            }
        });
        let values: Vec<Vec<bool>> = values.collect();
        let coded: Vec<Coded> =
            self.codes.iter().map(|codes| codes.spread(&listed, lattice.n_cells())).collect();
        let mut people: Vec<Vec<bool>> =
            self.people.iter().map(|seen| spread(&|at| seen[at] != Seen::Hidden)).collect();
        let of_people = |measure: usize| self.population_of[measure];
        for (measure, values) in values.iter().enumerate() {
            people[of_people(measure)].iter_mut().zip(values).for_each(|(known, shown)| *known |= shown);
        }
        for coded in &coded {
            let codes = coded.codes.iter().map(Option::is_some);
            people[of_people(coded.measure)].iter_mut().zip(codes).for_each(|(known, code)| *known |= code);
        }
        Some(Shown { people, values, coded })
    }
}
