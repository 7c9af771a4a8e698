//! What a seal shows of numbers.

use super::super::lattice::{Lattice, Sums};
use super::super::protection::Shown;
use crate::outcomes::Tabulation;
use serde::{Deserialize, Serialize};

/// What may be seen of a number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(in crate::disclosure) enum Seen<T> {
    /// There is nobody it could be about.
    Empty,
    Hidden,
    Shown(T),
}

/// What may be seen of a measure, in each cell.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::disclosure) enum SealedValues {
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

impl SealedValues {
    /// What is seen of a cell beyond its number of people: of a share the number with the outcome.
    pub(in crate::disclosure) fn seen(&self, at: usize) -> Seen<Option<u64>> {
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

    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Self::Count => None,
            Self::Share(values) => Some(values.len()),
            Self::Mean(values) => Some(values.len()),
            Self::Ratio(values) | Self::NoisyMean(values) => Some(values.len()),
        }
    }
}

/// What may be seen of a measure in the cells that are listed.
pub(super) fn seal_values(
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
pub(super) fn seen<T>(
    listed: &[u32],
    shown: impl Fn(usize) -> bool,
    value: impl Fn(usize) -> T,
) -> Vec<Seen<T>> {
    let seen = |&cell: &u32| {
        let cell = cell as usize;
        if shown(cell) { Seen::Shown(value(cell)) } else { Seen::Hidden }
    };
    listed.iter().map(seen).collect()
}
