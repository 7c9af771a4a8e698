//! What is counted of each group of rows.

use super::asked::{Asked, Value};
use super::plan::PlannedMeasure;
use crate::outcomes::{Error, Values};

/// What is counted of each group.
pub(super) struct Tally {
    /// People of the populations and then of the shares, two in one number: the first in its lower half.
    pub(super) pairs: Vec<Vec<u64>>,
    n_populations: usize,
    pub(super) measures: Vec<Sums>,
    /// Of each measure, whether somebody has no value that it can sum. It would make a mean of people who are not all
    /// counted.
    pub(super) is_undefined: Vec<bool>,
}

/// Sums of a measure.
pub(super) enum Sums {
    Count,
    /// Where it stands among the numbers of people.
    Share(usize),
    Mean {
        sum: Vec<i128>,
        sum_of_squares: Vec<i128>,
        largest: Vec<[i64; 2]>,
    },
    Ratio([Vec<u64>; 2]),
}

impl Tally {
    /// Nothing is counted yet, of so many groups.
    pub(super) fn new(asked: &Asked<'_>, n: usize) -> Self {
        let mut shares = asked.populations.len()..;
        let sums = asked.measures.iter().map(|(_, value)| match value {
            Value::Count => Sums::Count,
            Value::Share(_) => Sums::Share(shares.next().expect("it has no end")),
            Value::Mean { floor, .. } => Sums::Mean {
                sum: vec![0; n],
                sum_of_squares: vec![0; n],
                largest: vec![[0; 2]; floor.map_or(0, |_| n)],
            },
            Value::Ratio(_) => Sums::Ratio([vec![0; n], vec![0; n]]),
        });
        Self {
            measures: sums.collect(),
            pairs: vec![vec![0; n]; asked.n_flags().div_ceil(2)],
            n_populations: asked.populations.len(),
            is_undefined: vec![false; asked.measures.len()],
        }
    }

    /// The sums over two parts of the rows.
    pub(super) fn plus(self, other: Self) -> Self {
        let places: Vec<u32> = (0..self.pairs.first().map_or(0, Vec::len) as u32).collect();
        self.plus_at(&places, other)
    }

    /// With other sums, each at its place.
    pub(super) fn plus_at(mut self, places: &[u32], other: Self) -> Self {
        fn add<T: Copy + std::ops::AddAssign>(places: &[u32], sums: &mut [T], others: &[T]) {
            places.iter().zip(others).for_each(|(at, other)| sums[*at as usize] += *other);
        }
        self.pairs.iter_mut().zip(&other.pairs).for_each(|(sums, others)| add(places, sums, others));
        let undefined = self.is_undefined.iter_mut().zip(other.is_undefined);
        undefined.for_each(|(own, others)| *own |= others);
        let measures = self.measures.iter_mut().zip(other.measures).zip(&mut self.is_undefined);
        for ((own, others), is_undefined) in measures {
            match (own, others) {
                (
                    Sums::Mean { sum, sum_of_squares, largest },
                    Sums::Mean { sum: of_sum, sum_of_squares: of_squares, largest: of_largest },
                ) => {
                    add(places, sum, &of_sum);
                    add(places, sum_of_squares, &of_squares);
                    for (at, [first, second]) in places.iter().zip(of_largest) {
                        let own = &mut largest[*at as usize];
                        *own = with(with(*own, first), second);
                    }
                }
                (Sums::Ratio(own), Sums::Ratio(others)) => {
                    for (own, others) in own.iter_mut().zip(&others) {
                        for (at, other) in places.iter().zip(others) {
                            let both = own[*at as usize].checked_add(*other);
                            *is_undefined |= both.is_none();
                            own[*at as usize] = both.unwrap_or(0);
                        }
                    }
                }
                _ => {}
            }
        }
        self
    }

    /// The groups that somebody of a population is in.
    pub(super) fn occupied(&self) -> Vec<usize> {
        let people = |at: usize| (0..self.n_populations).map(move |of| self.people(of, at));
        let n = self.pairs.first().map_or(0, Vec::len);
        (0..n).filter(|at| people(*at).any(|people| people > 0)).collect()
    }

    /// The people of a population, in some groups.
    pub(super) fn of_population(&self, population: usize, groups: &[usize]) -> Vec<u32> {
        groups.iter().map(|at| self.people(population, *at)).collect()
    }

    /// How many people of one number there are in a group.
    fn people(&self, number: usize, at: usize) -> u32 {
        (self.pairs[number / 2][at] >> (number % 2 * 32)) as u32
    }

    /// The values of a measure, in some groups.
    ///
    /// # Errors
    ///
    /// [`Error::Undefined`] where somebody has no value, and for sums that do not fit.
    pub(super) fn values(
        &self,
        at: usize,
        measure: &PlannedMeasure,
        groups: &[usize],
    ) -> Result<Values, Error> {
        fn of<T: Copy>(sums: &[T], groups: &[usize]) -> Vec<T> {
            groups.iter().map(|at| sums[*at]).collect()
        }
        let undefined = || Error::Undefined(measure.id.clone());
        if self.is_undefined[at] {
            return Err(undefined());
        }
        Ok(match &self.measures[at] {
            Sums::Count => Values::Count,
            Sums::Share(number) => Values::Share(self.of_population(*number, groups)),
            Sums::Mean { sum, sum_of_squares, largest } => Values::Mean {
                sum: of(sum, groups)
                    .into_iter()
                    .map(i64::try_from)
                    .collect::<Result<_, _>>()
                    .map_err(|_| undefined())?,
                sum_of_squares: of(sum_of_squares, groups),
                largest: if largest.is_empty() { Vec::new() } else { of(largest, groups) },
            },
            Sums::Ratio([numerator, denominator]) => {
                Values::Ratio { numerator: of(numerator, groups), denominator: of(denominator, groups) }
            }
        })
    }
}

/// The two largest of three values.
pub(super) fn with([first, second]: [i64; 2], value: i64) -> [i64; 2] {
    [value.max(first), value.min(first).max(second)]
}
