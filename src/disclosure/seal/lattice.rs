//! What a seal shows of one lattice: the cells of a unit and a school year.

use super::super::check::{check_dimensions, check_publications, require};
use super::super::lattice::{Lattice, Plane, Sums};
use super::super::protection::{Shown, is_published};
use super::values::{SealedValues, Seen, seal_values};
use super::{Method, Nested, SealedCodes};
use crate::calendar::SchoolYear;
use crate::disclosure::RuleProfile;
use crate::outcomes::{Dimension, Publication, Tabulation, Unit};
use serde::{Deserialize, Serialize};

/// What may be seen of a lattice, in the order of its bytes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::disclosure) struct SealedLattice {
    pub(super) unit: Unit,
    pub(super) period: u16,
    /// The edition whose records it counts: an earlier one, where records wait because too few have changed.
    pub(in crate::disclosure) counted_in: u32,
    /// The edition it was protected in: an earlier one, where nothing has changed since.
    pub(in crate::disclosure) sealed_in: u32,
    pub(in crate::disclosure) dimensions: Vec<Dimension>,
    pub(in crate::disclosure) publications: Vec<Publication>,
    /// The population of each measure.
    pub(in crate::disclosure) population_of: Vec<usize>,
    /// Keys of the cells with somebody in them, ascending; see [`SealedLattice::strides`].
    #[serde(with = "steps")]
    pub(super) keys: Vec<u128>,
    /// For each population, people in each cell.
    pub(in crate::disclosure) people: Vec<Vec<Seen<u64>>>,
    /// For each measure, values in each cell.
    pub(in crate::disclosure) values: Vec<SealedValues>,
    /// For each share and profile that codes it, codes in each cell.
    pub(super) codes: Vec<SealedCodes>,
    /// What was done to the figures; its bytes stand behind those of all lattices.
    #[serde(skip)]
    pub(in crate::disclosure) method: Method,
    /// Which outcomes were known to imply others, and populations to be inside others; its bytes stand behind those of the methods.
    #[serde(skip)]
    pub(in crate::disclosure) nested: Nested,
}

impl SealedLattice {
    /// The seal of a lattice with the edition that counted it and that which protects it. `joined` is the tabulation with
    /// what only earlier editions have, which is left out.
    pub(in crate::disclosure) fn new(
        (counted_in, sealed_in): (u32, u32),
        tabulation: &Tabulation,
        joined: &Tabulation,
        lattice: &Lattice,
        shown: &Shown,
    ) -> Self {
        let (keys, listed): (Vec<u128>, Vec<u32>) = listed(tabulation, lattice).into_iter().unzip();
        let population_of: Vec<usize> =
            tabulation.measures.iter().map(|measure| measure.population).collect();
        let is_asked = |population: usize, cell: u32| {
            let asks = |measure: usize| is_published(joined, lattice, measure, cell);
            (0..population_of.len()).any(|measure| population_of[measure] == population && asks(measure))
        };
        let prints = |population: usize, plane: &Plane| {
            let prints_with = |at: usize, measure: usize| {
                let is_count = matches!(lattice.sums[measure], Sums::Count);
                population_of[measure] == population && (is_count || lattice.profiles[at].prints_people())
            };
            let live = plane.publications.iter().filter(|&&at| !joined.publications[at].withdrawn);
            let indicators = |at: usize| joined.publications[at].indicators.iter();
            live.into_iter().any(|&at| indicators(at).any(|&(_, measure)| prints_with(at, measure)))
        };
        let people = (0..tabulation.populations.len()).map(|population| {
            let counts = &lattice.people[population];
            let printed: Vec<bool> = lattice.planes.iter().map(|plane| prints(population, plane)).collect();
            let is_printed = |cell: u32| printed[lattice.plane_of[cell as usize] as usize];
            let seen = |&cell: &u32| match counts[cell as usize] {
                0 if is_asked(population, cell) && !lattice.plane(cell).hides_zeros => Seen::Empty,
                count if shown.people[population][cell as usize] && is_printed(cell) => Seen::Shown(count),
                _ => Seen::Hidden,
            };
            listed.iter().map(seen).collect()
        });
        let live = tabulation.publications.iter().filter(|publication| !publication.withdrawn);
        let values = (0..tabulation.measures.len())
            .map(|measure| seal_values(tabulation, lattice, shown, measure, &listed));
        Self {
            unit: tabulation.unit,
            period: tabulation.period.ending(),
            counted_in,
            sealed_in,
            dimensions: tabulation.dimensions.clone(),
            publications: live.cloned().collect(),
            keys,
            people: people.collect(),
            values: values.collect(),
            codes: shown.coded.iter().map(|coded| SealedCodes::new(coded, &listed)).collect(),
            population_of,
            method: Method::Exact,
            nested: Nested::of(joined),
        }
    }

    pub(in crate::disclosure) fn period(&self) -> SchoolYear {
        SchoolYear::new(self.period.into()).expect("checked on reading")
    }

    /// What a step in each dimension adds to a cell's key.
    pub(in crate::disclosure) fn strides(&self) -> Vec<u128> {
        strides(&self.dimensions)
    }

    /// The position of the cell with that key; a cell that is not there is empty.
    pub(in crate::disclosure) fn find(&self, key: u128) -> Option<usize> {
        self.keys.binary_search(&key).ok()
    }

    /// What a look-up relies on: lengths and positions.
    pub(super) fn check(&self, profiles: &[RuleProfile]) -> Result<(), &'static str> {
        require(SchoolYear::new(self.period.into()).is_some(), "a period is no school year")?;
        check_dimensions(&self.dimensions)?;
        check_publications(self.dimensions.len(), self.values.len(), &self.publications)?;
        let profile =
            |publication: &Publication| profiles.iter().find(|profile| profile.id == publication.profile);
        require(self.publications.iter().all(|of| profile(of).is_some()), "a profile is missing")?;
        let n_cells = self.keys.len();
        let lengths = self.people.iter().all(|people| people.len() == n_cells)
            && self.population_of.len() == self.values.len()
            && self.population_of.iter().all(|&population| population < self.people.len())
            && self.values.iter().all(|values| values.len().is_none_or(|len| len == n_cells));
        require(lengths, "columns differ in length")?;
        self.check_method()?;
        self.check_nested()?;
        self.check_codes(|publication| profile(publication).is_some_and(RuleProfile::codes_rates))?;
        let size = |d: &Dimension| d.nodes.len() as u128;
        let total = self.dimensions.iter().try_fold(1u128, |product, d| product.checked_mul(size(d)));
        let in_order = self.keys.is_sorted_by(|a, b| a < b);
        require(
            total.is_some_and(|total| in_order && self.keys.iter().all(|&key| key < total)),
            "keys are out of order",
        )
    }
}

/// The cells of a lattice that a seal lists, by their keys.
pub(super) fn listed(tabulation: &Tabulation, lattice: &Lattice) -> Vec<(u128, u32)> {
    let strides = strides(&tabulation.dimensions);
    let key = |cell: u32| -> u128 {
        lattice.nodes(cell).iter().zip(&strides).map(|(&node, stride)| u128::from(node) * stride).sum()
    };
    let is_listed = |cell: &u32| {
        // Categories that only earlier editions have stand after the others.
        let mut nodes = lattice.nodes(*cell).iter().zip(&tabulation.dimensions);
        lattice.listed(*cell) && nodes.all(|(&node, dimension)| usize::from(node) < dimension.nodes.len())
    };
    let cells = (0..lattice.n_cells() as u32).filter(is_listed);
    let mut listed: Vec<(u128, u32)> = cells.map(|cell| (key(cell), cell)).collect();
    listed.sort_unstable();
    listed
}

/// Mixed radix, the first dimension most significant.
pub(super) fn strides(dimensions: &[Dimension]) -> Vec<u128> {
    let mut strides = vec![1; dimensions.len()];
    for at in (1..dimensions.len()).rev() {
        strides[at - 1] = strides[at] * dimensions[at].nodes.len() as u128;
    }
    strides
}

/// Ascending keys as their differences, which are short.
pub(super) mod steps {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::disclosure::seal) fn serialize<S: Serializer>(
        keys: &[u128],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let before = std::iter::once(&0).chain(keys);
        serializer.collect_seq(keys.iter().zip(before).map(|(key, before)| key - before))
    }

    pub(in crate::disclosure::seal) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u128>, D::Error> {
        let mut key = 0u128;
        let add = |step: u128| {
            key = key.checked_add(step).ok_or_else(|| D::Error::custom("keys overflow"))?;
            Ok(key)
        };
        Vec::<u128>::deserialize(deserializer)?.into_iter().map(add).collect()
    }
}
