//! How far what a lattice shows may be from what was counted.

use super::lattice::strides;
use super::{Error, Nested, Seal, SealedLattice, SealedValues, Seen};
use crate::outcomes::{Dimension, Mode, Tabulation};
use serde::{Deserialize, Serialize};

/// What was done to the figures of a lattice.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub(in crate::disclosure) enum Method {
    /// They are exact, where they are shown.
    #[default]
    Exact,
    /// They were rounded, and add up.
    Rounded(Rounded),
    /// Noise was added.
    Noisy(Noisy),
}

/// Figures that are sums of rounded ones.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::disclosure) struct Rounded {
    /// All numbers are multiples of it.
    pub(in crate::disclosure) base: u64,
    /// Ids of the populations.
    pub(in crate::disclosure) populations: Vec<String>,
    /// Ids of the measures.
    pub(in crate::disclosure) measures: Vec<String>,
    /// The categories of the groups that all others are sums of, one for each dimension.
    pub(in crate::disclosure) nodes: Vec<u16>,
    /// For each population, how many times the base there are in each group.
    pub(in crate::disclosure) people: Vec<Vec<u32>>,
    /// For each measure, the same of those with the outcome; nothing for counts.
    pub(in crate::disclosure) outcomes: Vec<Vec<u32>>,
}

/// Figures with noise.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::disclosure) struct Noisy {
    /// Id of the product.
    pub(in crate::disclosure) product: String,
    /// What it has told in all its editions about one person, in thousand-millionths of rho.
    pub(in crate::disclosure) spent_nano: u64,
    /// Variance of the noise in numbers of people; 0 where nothing is shown.
    pub(in crate::disclosure) people_variance: u128,
    /// For each measure, the variance of the noise in its sum; 0 for counts.
    pub(in crate::disclosure) variances: Vec<u128>,
    /// For each measure, what was taken from each value before adding up, and the scale of the values.
    pub(in crate::disclosure) centers: Vec<(i64, u32)>,
}

/// What is shown of a lattice that hides nothing for the sake of others.
pub(in crate::disclosure) struct Figures {
    pub(in crate::disclosure) keys: Vec<u128>,
    pub(in crate::disclosure) people: Vec<Vec<Seen<u64>>>,
    pub(in crate::disclosure) values: Vec<SealedValues>,
    pub(in crate::disclosure) method: Method,
}

impl Figures {
    /// The same with the cells in the order of their keys, and without those that `keep` does not keep.
    pub(in crate::disclosure) fn in_order(self, keep: impl Fn(usize) -> bool) -> Self {
        fn picked<T: Copy>(of: &[T], order: &[usize]) -> Vec<T> {
            order.iter().map(|&at| of[at]).collect()
        }
        let mut order: Vec<usize> = (0..self.keys.len()).filter(|&at| keep(at)).collect();
        order.sort_unstable_by_key(|&at| self.keys[at]);
        let values = self.values.iter().map(|values| match values {
            SealedValues::Count => SealedValues::Count,
            SealedValues::Share(of) => SealedValues::Share(picked(of, &order)),
            SealedValues::Mean(of) => SealedValues::Mean(picked(of, &order)),
            SealedValues::Ratio(of) => SealedValues::Ratio(picked(of, &order)),
            SealedValues::NoisyMean(of) => SealedValues::NoisyMean(picked(of, &order)),
        });
        Self {
            keys: picked(&self.keys, &order),
            people: self.people.iter().map(|of| picked(of, &order)).collect(),
            values: values.collect(),
            method: self.method,
        }
    }
}

impl SealedLattice {
    /// The seal of figures of a tabulation that an edition counted and drew or rounded.
    pub(in crate::disclosure) fn released(edition: u32, tabulation: &Tabulation, figures: Figures) -> Self {
        Self {
            unit: tabulation.unit,
            period: tabulation.period.ending(),
            counted_in: edition,
            sealed_in: edition,
            dimensions: tabulation.dimensions.clone(),
            publications: tabulation.publications.clone(),
            population_of: tabulation.measures.iter().map(|measure| measure.population).collect(),
            keys: figures.keys,
            people: figures.people,
            values: figures.values,
            codes: Vec::new(),
            method: figures.method,
            nested: Nested::default(),
        }
    }

    /// Whether it is of the unit, period, mode and, where each has its own, product of a tabulation.
    pub(in crate::disclosure) fn is_of(&self, tabulation: &Tabulation) -> bool {
        let is_method = match (&self.method, tabulation.mode) {
            (Method::Exact, Mode::Suppress) | (Method::Rounded(_), Mode::Round) => true,
            (Method::Noisy(noisy), Mode::Dp(_)) => noisy.product == tabulation.key().3,
            _ => false,
        };
        is_method && (self.unit, self.period) == (tabulation.unit, tabulation.period.ending())
    }

    /// What a step in each dimension adds to a cell's key.
    pub(in crate::disclosure) fn strides_of(dimensions: &[Dimension]) -> Vec<u128> {
        strides(dimensions)
    }

    /// What a look-up relies on: a method has as many parts as the lattice.
    pub(super) fn check_method(&self) -> Result<(), &'static str> {
        let (n_populations, n_measures) = (self.people.len(), self.values.len());
        let is_whole = match &self.method {
            Method::Exact => true,
            Method::Rounded(rounded) => {
                let n_groups = rounded.nodes.len() / self.dimensions.len();
                let is_long = |of: &Vec<u32>| of.len() == n_groups;
                rounded.nodes.len() == n_groups * self.dimensions.len()
                    && (rounded.populations.len(), rounded.measures.len()) == (n_populations, n_measures)
                    && (rounded.people.len(), rounded.outcomes.len()) == (n_populations, n_measures)
                    && rounded.people.iter().all(is_long)
                    && rounded.outcomes.iter().all(|of| of.is_empty() || is_long(of))
                    && rounded.nodes.chunks(self.dimensions.len()).all(|row| {
                        row.iter().zip(&self.dimensions).all(|(&node, of)| usize::from(node) < of.nodes.len())
                    })
            }
            Method::Noisy(noisy) => {
                let is_scaled = |&(_, scale): &(i64, u32)| scale > 0;
                (noisy.variances.len(), noisy.centers.len()) == (n_measures, n_measures)
                    && noisy.centers.iter().all(is_scaled)
            }
        };
        if is_whole { Ok(()) } else { Err("a method is of another lattice") }
    }
}

impl Seal {
    /// The methods of all lattices as bytes; none where all of them are exact, as in the seals before there were others, and
    /// nothing has to follow them.
    pub(super) fn methods_to_bytes(&self, is_followed: bool) -> Vec<u8> {
        let methods: Vec<&Method> = self.body.lattices.iter().map(|lattice| &lattice.method).collect();
        if !is_followed && methods.iter().all(|method| **method == Method::Exact) {
            return Vec::new();
        }
        // Every type in it has a known length, which is all that postcard asks of it.
        postcard::to_allocvec(&methods).expect("methods can be encoded")
    }

    /// Reads the methods that follow a body, and gives them to its lattices.
    pub(super) fn read_methods<'b>(
        lattices: &mut [SealedLattice],
        bytes: &'b [u8],
    ) -> Result<&'b [u8], Error> {
        let damaged = |_| Error::Damaged("cut or changed");
        let (methods, rest): (Vec<Method>, _) = postcard::take_from_bytes(bytes).map_err(damaged)?;
        if methods.len() != lattices.len() {
            return Err(Error::Damaged("methods are missing"));
        }
        lattices.iter_mut().zip(methods).for_each(|(lattice, method)| lattice.method = method);
        Ok(rest)
    }
}
