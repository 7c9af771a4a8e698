//! Planes: the sets of dimensions that products cross, and where their cells stand.

use super::super::{Error, RuleProfile, Zeros};
use super::tree::Tree;
use crate::outcomes::{Publication, Tabulation};
use std::collections::BTreeMap;

/// A set of dimensions crossed by some product.
pub(in crate::disclosure) struct Plane {
    /// Positions of the dimensions, ascending, without the geography.
    pub(in crate::disclosure) dimensions: Vec<usize>,
    /// Positions of the publications that show it.
    pub(in crate::disclosure) publications: Vec<usize>,
    /// The strictest of their profiles.
    pub(in crate::disclosure) cell_min: u64,
    /// The strictest of their profiles.
    pub(in crate::disclosure) certainty_min: u64,
    /// The widest of their profiles.
    pub(in crate::disclosure) width: u64,
    /// Whether groups of nobody are hidden by one of their profiles.
    pub(in crate::disclosure) hides_zeros: bool,
    /// Whether one of their profiles expects an insider.
    pub(in crate::disclosure) has_insiders: bool,
    /// Where it begins in the index of places.
    pub(in crate::disclosure) start: usize,
    /// What a step in each dimension adds to a place, 0 for those the plane does not cross. Nodes of crossed dimensions
    /// count from 1, so `start` is less by the sum of their steps.
    pub(in crate::disclosure) steps: Vec<usize>,
}

/// Every set of dimensions that a publication crosses, each after those that it begins with.
///
/// `profiles` are those of the publications, in their order.
pub(in crate::disclosure) fn planes(tabulation: &Tabulation, profiles: &[RuleProfile]) -> Vec<Plane> {
    let mut planes: BTreeMap<Vec<usize>, Plane> = BTreeMap::new();
    for (number, publication) in tabulation.publications.iter().enumerate() {
        let profile = &profiles[number];
        let mut dimensions = publication.dimensions.clone();
        dimensions.sort_unstable();
        for subset in subsets(&dimensions, publication.depth) {
            let plane = planes.entry(subset.clone()).or_insert_with(|| Plane {
                dimensions: subset,
                publications: Vec::new(),
                cell_min: 0,
                certainty_min: 0,
                width: 0,
                hides_zeros: false,
                has_insiders: false,
                start: 0,
                steps: Vec::new(),
            });
            plane.publications.push(number);
            plane.cell_min = plane.cell_min.max(profile.cell_min);
            plane.certainty_min = plane.certainty_min.max(profile.certainty_min);
            plane.width = plane.width.max(profile.width);
            plane.hides_zeros |= profile.zeros == Zeros::Hidden;
            plane.has_insiders |= profile.insiders > 0;
        }
    }
    planes.into_values().collect()
}

/// The profile of each publication, by their order.
pub(in crate::disclosure) fn profiles_of(
    publications: &[Publication],
    profiles: &[RuleProfile],
) -> Result<Vec<RuleProfile>, Error> {
    let profile_of = |publication: &Publication| {
        let product = || publication.product.clone();
        let named = profiles.iter().find(|profile| profile.id == publication.profile);
        match named {
            None => Err(Error::UnknownProfile { product: product() }),
            Some(profile) => Ok(profile.clone()),
        }
    };
    publications.iter().map(profile_of).collect()
}

/// All subsets of at most `depth` elements, each in the order given.
fn subsets(of: &[usize], depth: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for &element in of {
        for at in 0..all.len() {
            if all[at].len() < depth {
                all.push(all[at].iter().copied().chain([element]).collect());
            }
        }
    }
    all
}

/// Places in all planes at most: more would not fit into memory.
const PLACES_MAX: usize = 200_000_000;

/// Gives each plane its part of the index, and returns the size of all.
pub(in crate::disclosure) fn lay_out(planes: &mut [Plane], trees: &[Tree]) -> Result<usize, Error> {
    let mut end: usize = 0;
    for plane in planes {
        let mut step: usize = 1;
        plane.steps = vec![0; trees.len()];
        for &at in plane.dimensions.iter().rev() {
            plane.steps[at] = step;
            step = step.checked_mul(trees[at].parent.len() - 1).ok_or(Error::TooLarge)?;
        }
        plane.steps[0] = step;
        let first = end;
        end = step
            .checked_mul(trees[0].parent.len())
            .and_then(|size| end.checked_add(size))
            .ok_or(Error::TooLarge)?;
        if end > PLACES_MAX {
            return Err(Error::TooLarge);
        }
        // Wraps around where the first plane has dimensions; adding nodes brings it back.
        plane.start = first.wrapping_sub(plane.dimensions.iter().map(|&at| plane.steps[at]).sum());
    }
    Ok(end)
}

impl Plane {
    /// The first place of the plane.
    pub(in crate::disclosure) fn first(&self) -> usize {
        self.start.wrapping_add(self.dimensions.iter().map(|&at| self.steps[at]).sum())
    }

    /// The place of some nodes, one for each dimension.
    pub(in crate::disclosure) fn place(&self, nodes: &[u16]) -> usize {
        let parts = nodes.iter().zip(&self.steps).map(|(&node, step)| usize::from(node) * step);
        parts.fold(self.start, usize::wrapping_add)
    }

    /// Groups that can be asked for in it, whether there is anybody in them or not.
    pub(in crate::disclosure) fn n_listed(&self, trees: &[Tree]) -> u64 {
        let crossed = self.dimensions.iter().map(|&at| trees[at].n_listed as u64 - 1);
        crossed.product::<u64>() * trees[0].n_listed as u64
    }

    /// Whether some nodes are of the plane: it crosses just the dimensions that are not at their root.
    pub(in crate::disclosure) fn is_of(&self, nodes: &[u16]) -> bool {
        let crossed = (1..nodes.len()).filter(|&at| nodes[at] != 0);
        crossed.eq(self.dimensions.iter().copied())
    }
}

/// Visits the place of every combination of nodes at and above an atom's in the given dimensions.
pub(in crate::disclosure) fn cross(
    trees: &[Tree],
    atom: &[u16],
    plane: &Plane,
    dimensions: &[usize],
    place: usize,
    visit: &mut dyn FnMut(usize),
) {
    let Some((&first, rest)) = dimensions.split_first() else { return visit(place) };
    for node in trees[first].path(atom[first]) {
        let place = place.wrapping_add(usize::from(node) * plane.steps[first]);
        cross(trees, atom, plane, rest, place, visit);
    }
}
