//! The grid of a tabulation: every group that can be asked for, whether anybody is in it or not.
//!
//! What hides cells need not list the empty ones; what adds noise must, because which groups are empty tells who is not
//! there.

use super::super::{Error, RuleProfile};
use super::plane::{Plane, cross, lay_out, planes, profiles_of};
use super::tree::Tree;
use crate::outcomes::Tabulation;
use std::collections::BTreeSet;

/// Groups in a grid, at most.
const PLACES_MAX: usize = 20_000_000;

/// The places of all groups, plane by plane.
pub(in crate::disclosure) struct Grid {
    trees: Vec<Tree>,
    planes: Vec<Plane>,
    n_places: usize,
    /// The rule profile of each publication.
    pub(in crate::disclosure) profiles: Vec<RuleProfile>,
}

impl Grid {
    /// # Errors
    ///
    /// [`Error::UnknownProfile`]; [`Error::Unsuited`] for profiles that code rates; [`Error::TooLarge`].
    pub(in crate::disclosure) fn new(
        tabulation: &Tabulation,
        profiles: &[RuleProfile],
    ) -> Result<Self, Error> {
        let trees: Vec<Tree> = tabulation.dimensions.iter().map(Tree::new).collect();
        let profiles = profiles_of(&tabulation.publications, profiles)?;
        // A code says which numerators are possible; of numbers that are not exact it would say so wrongly.
        let mut coded =
            profiles.iter().zip(&tabulation.publications).filter(|(profile, _)| profile.codes_rates());
        if let Some((_, publication)) = coded.next() {
            return Err(Error::Unsuited { product: publication.product.clone() });
        }
        let mut planes = planes(tabulation, &profiles);
        let n_places = lay_out(&mut planes, &trees)?;
        if n_places > PLACES_MAX {
            return Err(Error::TooLarge);
        }
        Ok(Self { trees, planes, n_places, profiles })
    }

    pub(in crate::disclosure) fn n_places(&self) -> usize {
        self.n_places
    }

    /// The strictest minimum of the profiles.
    pub(in crate::disclosure) fn cell_min(&self) -> u64 {
        self.profiles.iter().map(|profile| profile.cell_min).max().unwrap_or_default()
    }

    /// Visits the place of every group that people of these categories are in.
    pub(in crate::disclosure) fn visit(&self, categories: &[u16], visit: &mut dyn FnMut(usize)) {
        for plane in &self.planes {
            for geography in self.trees[0].path(categories[0]).chain([0]) {
                let place = plane.start.wrapping_add(usize::from(geography) * plane.steps[0]);
                cross(&self.trees, categories, plane, &plane.dimensions, place, visit);
            }
        }
    }

    /// The places of the groups that people of each atom are in, one list after the other, and where each list starts.
    pub(in crate::disclosure) fn places(&self, tabulation: &Tabulation) -> (Vec<u32>, Vec<usize>) {
        let (mut places, mut starts) = (Vec::new(), vec![0]);
        for categories in tabulation.atoms.nodes.chunks(self.trees.len()) {
            // There are fewer than 2^32 places.
            self.visit(categories, &mut |place| places.push(place as u32));
            starts.push(places.len());
        }
        (places, starts)
    }

    /// The key of each place: its categories in mixed radix.
    pub(in crate::disclosure) fn keys(&self, strides: &[u128]) -> Vec<u128> {
        let mut keys = vec![0; self.n_places];
        for plane in &self.planes {
            let crossed: Vec<usize> = std::iter::once(0).chain(plane.dimensions.iter().copied()).collect();
            let sizes: Vec<usize> =
                crossed.iter().map(|&at| self.trees[at].parent.len() - usize::from(at > 0)).collect();
            for (offset, key) in keys[plane.first()..][..sizes.iter().product()].iter_mut().enumerate() {
                let mut left = offset;
                for &at in &crossed {
                    let node = left.checked_div(plane.steps[at]).unwrap_or(0);
                    left -= node * plane.steps[at];
                    *key += (node + usize::from(at > 0)) as u128 * strides[at];
                }
            }
        }
        keys
    }

    /// In how many tables the groups fall of which each counts nobody twice: one for each plane and each level of its
    /// dimensions.
    pub(in crate::disclosure) fn n_tables(&self) -> u64 {
        let levels: Vec<u64> =
            (self.trees.iter()).map(|tree| tree.depth.iter().collect::<BTreeSet<_>>().len() as u64).collect();
        // The root of a crossed dimension is in another plane.
        let of_plane =
            |plane: &Plane| plane.dimensions.iter().map(|&at| levels[at] - 1).product::<u64>() * levels[0];
        self.planes.iter().map(of_plane).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::SchoolYear;
    use crate::outcomes::{Atoms, Dimension, Mode, Publication, Unit};
    use std::collections::BTreeMap;

    /// Two schools, two grades in one band and a third without, two sexes; grade and sex crossed.
    fn tabulation() -> Tabulation {
        let [mut geography, mut grade, mut sex] =
            ["geography", "grade", "sex"].map(|id| Dimension::new(id, id));
        ["a", "b"].iter().for_each(|id| _ = geography.add(id, id, 0));
        let band = grade.add("low", "low", 0);
        [("1", band), ("2", band), ("3", 0)].iter().for_each(|(id, parent)| _ = grade.add(id, id, *parent));
        ["f", "m"].iter().for_each(|id| _ = sex.add(id, id, 0));
        let publication = Publication {
            product: "p".into(),
            version: 1,
            profile: "nces-10".into(),
            dimensions: vec![1, 2],
            depth: 2,
            indicators: vec![],
            withdrawn: false,
        };
        Tabulation {
            unit: Unit::StudentYear,
            period: SchoolYear::new(2025).expect("a school year"),
            mode: Mode::Round,
            dimensions: vec![geography, grade, sex],
            populations: vec![],
            measures: vec![],
            atoms: Atoms::default(),
            publications: vec![publication],
        }
    }

    #[test]
    fn every_group_has_a_place_and_a_key_of_its_own() {
        let grid = Grid::new(&tabulation(), &RuleProfile::all()).expect("it fits");
        // 3 places of the geography, each with 1 + 4 + 2 + 4 * 2 groups.
        assert_eq!(grid.n_places(), 3 * 15);
        let strides = [15, 3, 1];
        let keys = grid.keys(&strides);
        let distinct: BTreeSet<u128> = keys.iter().copied().collect();
        assert_eq!((distinct.len(), distinct.last()), (45, Some(&(2 * 15 + 4 * 3 + 2))));
        // Of school b, grade 2, female: both ways up.
        let mut seen = BTreeSet::new();
        grid.visit(&[2, 3, 1], &mut |place| assert!(seen.insert(keys[place])));
        let expected = [0, 2].into_iter().flat_map(|g| {
            [0, 1, 3].into_iter().flat_map(move |grade| [0, 1].map(|sex| g * 15 + grade * 3 + sex))
        });
        assert_eq!(seen, expected.collect());
    }

    #[test]
    fn tables_count_nobody_twice() {
        let grid = Grid::new(&tabulation(), &RuleProfile::all()).expect("it fits");
        // The geography has two levels, grades two below their root and sexes one: 2 * (1 + 2 + 1 + 2 * 1).
        assert_eq!(grid.n_tables(), 12);
        // People of the finest categories are in one group of each.
        let mut groups = BTreeMap::new();
        grid.visit(&[1, 2, 2], &mut |place| *groups.entry(place).or_insert(0) += 1);
        assert_eq!(groups.len() as u64, grid.n_tables());
    }
}
