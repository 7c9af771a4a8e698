//! The seal: what may be seen of every cell of an edition, once and for all.

mod codes;
mod legacy;
mod method;
mod nested;
mod reveal;

use super::check::{check_dimensions, check_publications, require};
use super::lattice::{Lattice, Plane, Sums};
use super::protection::{Shown, is_published};
use super::table::sha256;
use super::{Error, RuleProfile};
use crate::calendar::SchoolYear;
use crate::outcomes::{Dimension, Publication, Tabulation, Unit};
pub(super) use codes::SealedCodes;
pub(super) use method::{Figures, Method, Noisy, Rounded};
pub(super) use nested::Nested;
use serde::{Deserialize, Serialize};

/// What may be seen of an edition: immutable, and without anything it hides.
#[derive(Clone)]
pub struct Seal {
    pub(super) body: Body,
    pub(super) digest: [u8; 32],
    /// Whether it was made with a proof.
    pub(super) is_proven: bool,
}

/// A seal's content in the order of its bytes.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) edition: u32,
    /// The profiles that publications name, by id.
    pub(super) profiles: Vec<RuleProfile>,
    /// By unit and period.
    pub(super) lattices: Vec<SealedLattice>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SealedLattice {
    unit: Unit,
    period: u16,
    /// The edition whose records it counts: an earlier one, where records wait because too few have changed.
    pub(super) counted_in: u32,
    /// The edition it was protected in: an earlier one, where nothing has changed since.
    pub(super) sealed_in: u32,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) publications: Vec<Publication>,
    /// The population of each measure.
    pub(super) population_of: Vec<usize>,
    /// Keys of the cells with somebody in them, ascending; see [`SealedLattice::strides`].
    #[serde(with = "steps")]
    keys: Vec<u128>,
    /// For each population, people in each cell.
    pub(super) people: Vec<Vec<Seen<u64>>>,
    /// For each measure, values in each cell.
    pub(super) values: Vec<SealedValues>,
    /// For each share and profile that codes it, codes in each cell.
    codes: Vec<SealedCodes>,
    /// What was done to the figures; its bytes stand behind those of all lattices.
    #[serde(skip)]
    pub(super) method: Method,
    /// Which outcomes were known to imply others; its bytes stand behind those of the methods.
    #[serde(skip)]
    pub(super) nested: Nested,
}

/// What may be seen of a number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Seen<T> {
    /// There is nobody it could be about.
    Empty,
    Hidden,
    Shown(T),
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum SealedValues {
    Count,
    /// People with the outcome, where they are shown exactly.
    Share(Vec<Seen<u64>>),
    /// Mean and standard deviation.
    Mean(Vec<Seen<(f64, f64)>>),
    /// The quotient.
    Ratio(Vec<Seen<f64>>),
    /// A mean with noise; the standard deviation would need noise of its own.
    NoisyMean(Vec<Seen<f64>>),
}

/// First bytes of every seal; the last of them is the version of the format.
const MAGIC: &[u8] = b"throughline seal\x03";

/// The same of seals with figures that are not exact.
const MAGIC_WITH_METHODS: &[u8] = b"throughline seal\x04";

/// The same of seals in which outcomes imply others, whether or not all figures are exact.
const MAGIC_WITH_NESTED: &[u8] = b"throughline seal\x05";

impl Seal {
    /// The edition it is a seal of.
    #[must_use]
    pub fn edition(&self) -> u32 {
        self.body.edition
    }

    /// SHA-256 of its bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The products it can be asked for, by id, each with its school years.
    #[must_use]
    pub fn products(&self) -> Vec<(String, Vec<SchoolYear>)> {
        let mut products = std::collections::BTreeMap::<String, Vec<SchoolYear>>::new();
        for lattice in &self.body.lattices {
            for publication in &lattice.publications {
                products.entry(publication.product.clone()).or_default().push(lattice.period());
            }
        }
        for periods in products.values_mut() {
            periods.sort_unstable();
            periods.dedup();
        }
        products.into_iter().collect()
    }

    /// The editions whose records a later one is compared with: those that it protected figures of.
    pub fn compared_with(&self) -> impl Iterator<Item = u32> + '_ {
        let own = self.body.lattices.iter().filter(|lattice| lattice.sealed_in == self.body.edition);
        own.map(|lattice| lattice.counted_in)
    }

    /// The editions whose records it counts.
    pub fn counted_in(&self) -> impl Iterator<Item = u32> + '_ {
        self.body.lattices.iter().map(|lattice| lattice.counted_in)
    }

    /// The units and school years it shows, each with the edition whose records are counted.
    pub fn shown_periods(&self) -> impl Iterator<Item = (Unit, SchoolYear, u32)> + '_ {
        self.body.lattices.iter().map(|lattice| (lattice.unit, lattice.period(), lattice.counted_in))
    }

    /// The editions that protected its parts: its own, and earlier ones where nothing has changed since.
    pub fn sealed_in(&self) -> impl Iterator<Item = u32> + '_ {
        self.body.lattices.iter().map(|lattice| lattice.sealed_in)
    }

    /// The products it shows, each with its version; one may come several times.
    pub fn versions(&self) -> impl Iterator<Item = (String, u32)> + '_ {
        let publications = self.body.lattices.iter().flat_map(|lattice| &lattice.publications);
        publications.map(|publication| (publication.product.clone(), publication.version))
    }

    /// The profiles its publications name.
    pub(super) fn profiles(&self) -> &[RuleProfile] {
        &self.body.profiles
    }

    /// The seal as bytes: the same for the same content.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let nested = self.nested_to_bytes();
        let methods = self.methods_to_bytes(!nested.is_empty());
        let magic = match (methods.is_empty(), nested.is_empty()) {
            (true, _) => MAGIC,
            (false, true) => MAGIC_WITH_METHODS,
            (false, false) => MAGIC_WITH_NESTED,
        };
        // Every type in the body has a known length, which is all that postcard asks of it.
        let mut bytes = postcard::to_extend(&self.body, magic.to_vec()).expect("the body can be encoded");
        bytes.extend(methods);
        bytes.extend(nested);
        bytes
    }

    /// A seal without codes as earlier versions wrote it.
    #[cfg(test)]
    pub(super) fn to_legacy_bytes(&self) -> Vec<u8> {
        legacy::written(&self.body)
    }

    /// Reads the bytes of a seal.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] for anything that [`Seal::to_bytes`] does not write, now or in earlier versions.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let is_proven = !bytes.starts_with(legacy::MAGIC);
        let damaged = |_| Error::Damaged("cut or changed");
        let (body, rest): (Body, _) = if let Some(body) = bytes.strip_prefix(MAGIC) {
            postcard::take_from_bytes(body).map_err(damaged)?
        } else if let Some(body) = bytes.strip_prefix(MAGIC_WITH_METHODS) {
            let (mut body, rest) = postcard::take_from_bytes::<Body>(body).map_err(damaged)?;
            let rest = Self::read_methods(&mut body.lattices, rest)?;
            (body, rest)
        } else if let Some(body) = bytes.strip_prefix(MAGIC_WITH_NESTED) {
            let (mut body, rest) = postcard::take_from_bytes::<Body>(body).map_err(damaged)?;
            let rest = Self::read_methods(&mut body.lattices, rest)?;
            let rest = Self::read_nested(&mut body.lattices, rest)?;
            (body, rest)
        } else if let Some(body) = bytes.strip_prefix(legacy::MAGIC) {
            let read = postcard::take_from_bytes::<legacy::OldBody>(body);
            let (body, rest) = read.map_err(damaged)?;
            (body.into(), rest)
        } else {
            return Err(Error::Damaged("no seal of this version"));
        };
        require(rest.is_empty(), "bytes follow it").map_err(Error::Damaged)?;
        for lattice in &body.lattices {
            lattice.check(&body.profiles).map_err(Error::Damaged)?;
        }
        Ok(Self { body, digest: sha256(bytes), is_proven })
    }
}

impl SealedLattice {
    /// The seal of a lattice with the edition that counted it and that which protects it. `joined` is the tabulation with
    /// what only earlier editions have, which is left out.
    pub(super) fn new(
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

    pub(super) fn period(&self) -> SchoolYear {
        SchoolYear::new(self.period.into()).expect("checked on reading")
    }

    /// What a step in each dimension adds to a cell's key.
    pub(super) fn strides(&self) -> Vec<u128> {
        strides(&self.dimensions)
    }

    /// The position of the cell with that key; a cell that is not there is empty.
    pub(super) fn find(&self, key: u128) -> Option<usize> {
        self.keys.binary_search(&key).ok()
    }

    /// What a look-up relies on: lengths and positions.
    fn check(&self, profiles: &[RuleProfile]) -> Result<(), &'static str> {
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

impl SealedValues {
    /// What is seen of a cell beyond its number of people: of a share the number with the outcome.
    pub(super) fn seen(&self, at: usize) -> Seen<Option<u64>> {
        fn without<T>(seen: Seen<T>) -> Seen<Option<u64>> {
            match seen {
                Seen::Empty => Seen::Empty,
                Seen::Hidden => Seen::Hidden,
                Seen::Shown(_) => Seen::Shown(None),
            }
        }
        match self {
            Self::Count => Seen::Shown(None),
            Self::Share(values) => match values[at] {
                Seen::Shown(value) => Seen::Shown(Some(value)),
                seen => without(seen),
            },
            Self::Mean(values) => without(values[at]),
            Self::Ratio(values) | Self::NoisyMean(values) => without(values[at]),
        }
    }

    fn len(&self) -> Option<usize> {
        match self {
            Self::Count => None,
            Self::Share(values) => Some(values.len()),
            Self::Mean(values) => Some(values.len()),
            Self::Ratio(values) | Self::NoisyMean(values) => Some(values.len()),
        }
    }
}

fn seal_values(
    tabulation: &Tabulation,
    lattice: &Lattice,
    shown: &Shown,
    measure: usize,
    listed: &[u32],
) -> SealedValues {
    let population = &lattice.people[tabulation.measures[measure].population];
    let scale = f64::from(tabulation.measures[measure].scale);
    // Of nobody there is no mean and no ratio.
    let shown = |cell: usize| shown.values[measure][cell] && population[cell] > 0;
    match &lattice.sums[measure] {
        Sums::Count => SealedValues::Count,
        Sums::Share(counts) => SealedValues::Share(seen(listed, shown, |cell| counts[cell])),
        Sums::Mean(sums, squares) => SealedValues::Mean(seen(listed, shown, |cell| {
            let (n, sum, square) = (i128::from(population[cell]), sums[cell], squares[cell]);
            // n * sum(x^2) - sum(x)^2 is n^2 times the variance, exact until the last step.
            let spread = n.saturating_mul(square).saturating_sub(sum.saturating_mul(sum)).max(0);
            (sum as f64 / n as f64 / scale, (spread as f64).sqrt() / n as f64 / scale)
        })),
        Sums::Ratio(upper, lower) => {
            SealedValues::Ratio(seen(listed, shown, |cell| upper[cell] as f64 / lower[cell] as f64))
        }
    }
}

/// Shown values; all others are hidden, whether anybody is there or not: emptiness is the population's to tell.
fn seen<T>(listed: &[u32], shown: impl Fn(usize) -> bool, value: impl Fn(usize) -> T) -> Vec<Seen<T>> {
    let seen = |&cell: &u32| {
        let cell = cell as usize;
        if shown(cell) { Seen::Shown(value(cell)) } else { Seen::Hidden }
    };
    listed.iter().map(seen).collect()
}

/// The cells of a lattice that a seal lists, by their keys.
fn listed(tabulation: &Tabulation, lattice: &Lattice) -> Vec<(u128, u32)> {
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
fn strides(dimensions: &[Dimension]) -> Vec<u128> {
    let mut strides = vec![1; dimensions.len()];
    for at in (1..dimensions.len()).rev() {
        strides[at - 1] = strides[at] * dimensions[at].nodes.len() as u128;
    }
    strides
}

/// Ascending keys as their differences, which are short.
mod steps {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(keys: &[u128], serializer: S) -> Result<S::Ok, S::Error> {
        let before = std::iter::once(&0).chain(keys);
        serializer.collect_seq(keys.iter().zip(before).map(|(key, before)| key - before))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u128>, D::Error> {
        let mut key = 0u128;
        let add = |step: u128| {
            key = key.checked_add(step).ok_or_else(|| D::Error::custom("keys overflow"))?;
            Ok(key)
        };
        Vec::<u128>::deserialize(deserializer)?.into_iter().map(add).collect()
    }
}
