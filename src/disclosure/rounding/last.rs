//! The last edition: what a number was rounded to that has not changed since.

use super::super::Error;
use super::super::seal::{Method, Rounded, SealedLattice};
use crate::outcomes::{Dimension, Tabulation, Values};
use std::collections::BTreeMap;

/// The last edition that has figures of a tabulation.
#[derive(Clone, Copy)]
pub(in crate::disclosure) struct Last<'a> {
    /// What it shows.
    pub(in crate::disclosure) sealed: &'a SealedLattice,
    /// What it counted, for the products of now.
    pub(in crate::disclosure) counted: &'a Tabulation,
}

/// The last edition beside the groups of now.
pub(super) struct Matched<'a> {
    rounded: &'a Rounded,
    now: &'a Tabulation,
    counted: &'a Tabulation,
    /// For each group of now, where it is among those that were rounded, and among those that were counted.
    places: Vec<(Option<usize>, Option<usize>)>,
}

impl<'a> Last<'a> {
    /// # Errors
    ///
    /// [`Error::RoundedOtherwise`] when it has rounded in another form.
    pub(super) fn of(self, form: &Rounded, now: &'a Tabulation) -> Result<Matched<'a>, Error> {
        let otherwise = || Error::RoundedOtherwise {
            product: now.publications.first().map(|of| of.product.clone()).unwrap_or_default(),
        };
        let Method::Rounded(rounded) = &self.sealed.method else { return Err(otherwise()) };
        let ids = |of: &[Dimension]| {
            let mut ids: Vec<String> = of.iter().map(|dimension| dimension.id.clone()).collect();
            ids.sort_unstable();
            ids
        };
        if rounded.base != form.base || ids(&self.sealed.dimensions) != ids(&now.dimensions) {
            return Err(otherwise());
        }
        let in_rounded = found(now, &self.sealed.dimensions, &rounded.nodes);
        let in_counted = found(now, &self.counted.dimensions, &self.counted.atoms.nodes);
        let places = in_rounded.into_iter().zip(in_counted).collect();
        Ok(Matched { rounded, now, counted: self.counted, places })
    }
}

/// Where the groups of a tabulation are among others, by the names of their categories.
fn found(now: &Tabulation, dimensions: &[Dimension], nodes: &[u16]) -> Vec<Option<usize>> {
    let n = now.dimensions.len();
    let order: Vec<Option<usize>> =
        now.dimensions.iter().map(|of| dimensions.iter().position(|other| other.id == of.id)).collect();
    let names: Vec<Vec<Option<u16>>> = (now.dimensions.iter().zip(&order))
        .map(|(of, at)| {
            let known: BTreeMap<&str, u16> = at
                .map(|at| (dimensions[at].nodes.iter().map(|node| &node.id[..]).zip(0..)).collect())
                .unwrap_or_default();
            of.nodes.iter().map(|node| known.get(&node.id[..]).copied()).collect()
        })
        .collect();
    let places: BTreeMap<&[u16], usize> = nodes.chunks(dimensions.len().max(1)).zip(0..).collect();
    let find = |row: &[u16]| {
        let mut other = vec![0; dimensions.len()];
        for (at, &node) in row.iter().enumerate() {
            other[order[at]?] = names[at][usize::from(node)]?;
        }
        places.get(&other[..]).copied()
    };
    now.atoms.nodes.chunks(n).map(find).collect()
}

impl Matched<'_> {
    /// For each group of now, what the people of a population were rounded to, where they are as many as then.
    pub(super) fn people(&self, population: usize) -> Vec<Option<u32>> {
        let (now, then) = (&self.now.atoms.people[population], &self.counted.atoms.people[population]);
        let id = &self.now.populations[population].id;
        let at = self.rounded.populations.iter().position(|other| other == id);
        self.kept(now, then, at.map(|at| &self.rounded.people[at]))
    }

    /// The same of those with an outcome.
    pub(super) fn outcomes(&self, measure: usize) -> Vec<Option<u32>> {
        let id = &self.now.measures[measure].id;
        let at = self.rounded.measures.iter().position(|other| other == id);
        match (&self.now.atoms.values[measure], self.counted.atoms.values.get(measure)) {
            (Values::Share(now), Some(Values::Share(then))) => {
                self.kept(now, then, at.and_then(|at| self.rounded.outcomes.get(at)))
            }
            _ => vec![None; self.places.len()],
        }
    }

    /// A group that was rounded to nobody is not among those that were rounded.
    fn kept(&self, now: &[u32], then: &[u32], rounded: Option<&Vec<u32>>) -> Vec<Option<u32>> {
        let kept = |(&(in_rounded, in_counted), &now): (&(Option<usize>, Option<usize>), &u32)| {
            let is_same = now == in_counted.map_or(0, |at| then[at]);
            let rounded = rounded.filter(|of| is_same && !of.is_empty())?;
            Some(in_rounded.map_or(0, |at| rounded[at]))
        };
        self.places.iter().zip(now).map(kept).collect()
    }
}
