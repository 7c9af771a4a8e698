//! What a seal has of a product: enough to decide a question and to tell partners what they can ask.

use super::seal::{Seal, SealedLattice, SealedValues, Seen};
use crate::calendar::SchoolYear;
use crate::outcomes::{Dimension, Publication, Slice};
use std::collections::BTreeSet;

/// A product as it is sealed.
pub struct Offered<'a> {
    seal: &'a Seal,
    parts: Vec<(&'a SealedLattice, &'a Publication)>,
}

impl Seal {
    /// The product of that id, when the edition has it.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<Offered<'_>> {
        let parts: Vec<_> = (self.body.lattices.iter())
            .flat_map(|lattice| lattice.publications.iter().map(move |publication| (lattice, publication)))
            .filter(|(_, publication)| publication.product == id)
            .collect();
        (!parts.is_empty()).then_some(Offered { seal: self, parts })
    }
}

impl<'a> Offered<'a> {
    /// Its school years, ascending.
    #[must_use]
    pub fn periods(&self) -> Vec<SchoolYear> {
        let periods: BTreeSet<_> = self.parts.iter().map(|(lattice, _)| lattice.period()).collect();
        periods.into_iter().collect()
    }

    /// The smallest group it shows.
    #[must_use]
    pub fn cell_min(&self) -> u32 {
        let profiles = self.parts.iter().filter_map(|(_, publication)| {
            self.seal.body.profiles.iter().find(|profile| profile.id == publication.profile)
        });
        let smallest = profiles.map(|profile| profile.cell_min).min().unwrap_or(u64::MAX);
        u32::try_from(smallest).unwrap_or(u32::MAX)
    }

    /// Its rule profile; empty for a product without school years.
    #[must_use]
    pub fn profile(&self) -> &'a str {
        self.parts.first().map_or("", |(_, publication)| publication.profile.as_str())
    }

    /// How many people an indicator is printed with for everybody in a school year of this edition's own records; nothing
    /// where that is hidden, or stays as an earlier edition counted it.
    #[must_use]
    pub fn people(&self, indicator: &str, year: u16) -> Option<u64> {
        let asked = Slice {
            product: self.parts.first()?.1.product.clone(),
            indicator: indicator.to_owned(),
            dimensions: Vec::new(),
            filters: Vec::new(),
            periods: vec![SchoolYear::new(year.into())?],
        };
        let table = self.seal.slice(&asked).ok()?;
        let is_own = table.counted().iter().all(|counted| counted.edition == self.seal.edition());
        table.cells().first().filter(|_| is_own)?.denominator
    }

    /// Whether its geography goes down to schools.
    #[must_use]
    pub fn has_schools(&self) -> bool {
        self.dimensions().first().is_some_and(|geography| geography.nodes.iter().any(|node| node.parent != 0))
    }

    /// Its dimensions with the categories of the newest school year, geography first.
    #[must_use]
    pub fn dimensions(&self) -> Vec<&'a Dimension> {
        let newest = self.parts.iter().max_by_key(|(lattice, _)| lattice.period());
        let of = |&(lattice, publication): &(&'a SealedLattice, &'a Publication)| {
            let positions = std::iter::once(0).chain(publication.dimensions.iter().copied());
            positions.map(|at| &lattice.dimensions[at]).collect()
        };
        newest.map(of).unwrap_or_default()
    }

    /// The share of its lattices' cells with somebody in them whose value is hidden, 0 to 1.
    #[must_use]
    pub fn hidden_share(&self) -> f64 {
        let (mut n_cells, mut n_hidden) = (0_u64, 0_u64);
        for (lattice, publication) in &self.parts {
            for &(_, measure) in &publication.indicators {
                let people = &lattice.people[lattice.population_of[measure]];
                let codes = lattice.codes(publication, measure);
                for (cell, seen) in people.iter().enumerate().filter(|(_, seen)| **seen != Seen::Empty) {
                    let is_hidden = match codes {
                        Some(codes) => codes.cell(cell) == Seen::Hidden,
                        None => is_hidden(&lattice.values[measure], cell, *seen),
                    };
                    n_cells += 1;
                    n_hidden += u64::from(is_hidden);
                }
            }
        }
        if n_cells == 0 { 0.0 } else { n_hidden as f64 / n_cells as f64 }
    }
}

fn is_hidden(values: &SealedValues, cell: usize, people: Seen<u64>) -> bool {
    match values {
        SealedValues::Count => people == Seen::Hidden,
        SealedValues::Share(values) => values[cell] == Seen::Hidden,
        SealedValues::Mean(values) => values[cell] == Seen::Hidden,
        SealedValues::Ratio(values) | SealedValues::NoisyMean(values) => values[cell] == Seen::Hidden,
    }
}
