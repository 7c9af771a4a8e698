//! Noise: figures with a random number added, so that what they say about any one person is bounded (C. Dwork and others,
//! "Calibrating Noise to Sensitivity in Private Data Analysis", 2006).
//!
//! The groups that can be asked for fall into tables that count nobody twice, one for each plane and level. Each number of
//! each table costs the same part of what the edition may spend, and noise of the size that this buys is added to all of
//! them, those of groups of nobody too. It is drawn once and is part of the seal, so asking again gives nothing new.
//! Everything after the noise is arithmetic: numbers below zero and shares beyond the whole are brought back, groups smaller
//! than the rule's minimum are marked hidden, and so are shares and means of groups that are small beside the noise, because
//! of them little but noise is known.
//!
//! Each edition draws, whether anything has changed or not, until the budget is spent; from then on the last figures stay.
//!
//! Neighbouring data differ in one student of one school year, who is in one of them alone. Which schools and categories
//! there are is taken as known. What a student adds to other school years, other units and
//! other products is accounted for there, and adds up.

mod accounting;
mod gaussian;

use super::lattice::Grid;
use super::seal::{Figures, Method, Noisy, SealedLattice, SealedValues, Seen};
use super::{Error, RuleProfile};
use crate::outcomes::{Budget, Tabulation, Values};
pub(super) use accounting::epsilon;
use accounting::rho_nano;
use gaussian::{Noise, VARIANCE_MAX};
use ring::{digest, hmac};

/// What an edition spends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spending {
    /// What earlier editions have spent, in thousand-millionths of rho.
    before_nano: u64,
    /// What this one spends; nothing where the budget does not allow it.
    now_nano: u64,
}

impl Spending {
    /// What the next edition spends of a budget.
    pub(super) fn new(budget: Budget, before_nano: u64) -> Self {
        let whole = rho_nano(budget);
        let part = whole / u64::from(budget.editions.max(1));
        let now_nano = if before_nano + part <= whole { part } else { 0 };
        Self { before_nano, now_nano }
    }

    /// Whether nothing can be told any more.
    pub(super) fn is_spent(self) -> bool {
        self.now_nano == 0
    }
}

/// A share or mean is shown of groups of at least so many standard deviations of the noise in their number: then a share is
/// known to within a third.
const DEVIATIONS_MIN: f64 = 8.0;

/// The numbers of a tabulation that noise is added to, each over all places.
struct Sums {
    /// For each population.
    people: Vec<Vec<i64>>,
    /// For each measure; none for counts.
    values: Vec<Vec<i64>>,
}

/// Draws the figures of a tabulation of one product. The same tabulation, edition and secret have the same noise. Where
/// nothing can be spent, all of them are hidden.
///
/// # Errors
///
/// [`Error::UnknownProfile`], [`Error::TooLarge`]; [`Error::Unsuited`] for ratios and means without bounds.
pub(super) fn draw(
    edition: u32,
    tabulation: &Tabulation,
    profiles: &[RuleProfile],
    spending: Spending,
    secret: &hmac::Key,
) -> Result<SealedLattice, Error> {
    let grid = Grid::new(tabulation, profiles)?;
    let centers = centers(tabulation)?;
    if spending.is_spent() {
        return Ok(SealedLattice::released(edition, tabulation, withheld(tabulation, &grid, spending)));
    }
    let sums = sums(tabulation, &grid, &centers);
    let n_numbers = sums.people.len() + sums.values.iter().filter(|of| !of.is_empty()).count();
    let cost_nano = spending.now_nano / (grid.n_tables() * n_numbers.max(1) as u64).max(1);
    let variance = |reach| Some(accounting::variance(reach, cost_nano)).filter(|of| *of <= VARIANCE_MAX);
    let people_variance = variance(1).ok_or(Error::TooLarge)?;
    let variances: Vec<u128> = (centers.iter())
        .map(|center| center.map_or(Some(0), |center| variance(center.reach)).ok_or(Error::TooLarge))
        .collect::<Result<_, _>>()?;
    let mut noise = Noise::new(seed(edition, tabulation, secret));
    let mut with_noise = |sums: &[i64], variance: u128| -> Vec<i64> {
        sums.iter().map(|sum| sum.saturating_add(noise.gaussian(variance))).collect()
    };
    let people: Vec<Vec<u64>> = (sums.people.iter())
        .map(|sums| with_noise(sums, people_variance).into_iter().map(|n| n.max(0) as u64).collect())
        .collect();
    let cell_min = grid.cell_min().max(1);
    let value_min = cell_min.max((DEVIATIONS_MIN * (people_variance as f64).sqrt()) as u64);
    let mut values = Vec::with_capacity(tabulation.measures.len());
    for (at, measure) in tabulation.measures.iter().enumerate() {
        let n_of = &people[measure.population];
        let is_shown = |place: usize| n_of[place] >= value_min;
        let Some(center) = centers[at] else {
            values.push(SealedValues::Count);
            continue;
        };
        let drawn = with_noise(&sums.values[at], variances[at]);
        values.push(match measure.bounds {
            None => SealedValues::Share(seen(n_of.len(), is_shown, |place| {
                u64::try_from(drawn[place]).unwrap_or_default().min(n_of[place])
            })),
            Some((smallest, largest)) => SealedValues::NoisyMean(seen(n_of.len(), is_shown, |place| {
                let mean = center.at as f64 + drawn[place] as f64 / n_of[place] as f64;
                mean.clamp(smallest as f64, largest as f64) / f64::from(measure.scale)
            })),
        });
    }
    let people = people.iter().map(|of| seen(of.len(), |place| of[place] >= cell_min, |place| of[place]));
    let noisy = Noisy {
        product: tabulation.key().3.to_owned(),
        spent_nano: spending.before_nano + spending.now_nano,
        people_variance,
        variances,
        centers: (centers.iter().zip(&tabulation.measures))
            .map(|(center, measure)| (center.map_or(0, |center| center.at), measure.scale))
            .collect(),
    };
    let figures = Figures {
        keys: grid.keys(&SealedLattice::strides_of(&tabulation.dimensions)),
        people: people.collect(),
        values,
        method: Method::Noisy(noisy),
    };
    Ok(SealedLattice::released(edition, tabulation, figures.in_order(|_| true)))
}

/// All figures hidden: of a version that can not be drawn any more, because those before it have spent the budget.
fn withheld(tabulation: &Tabulation, grid: &Grid, spending: Spending) -> Figures {
    let n = grid.n_places();
    let values = tabulation.atoms.values.iter().zip(&tabulation.measures);
    let values = values.map(|(values, measure)| match (values, measure.bounds) {
        (Values::Count, _) => SealedValues::Count,
        (_, None) => SealedValues::Share(vec![Seen::Hidden; n]),
        (_, Some(_)) => SealedValues::NoisyMean(vec![Seen::Hidden; n]),
    });
    let n_measures = tabulation.measures.len();
    let noisy = Noisy {
        product: tabulation.key().3.to_owned(),
        spent_nano: spending.before_nano,
        people_variance: 0,
        variances: vec![0; n_measures],
        centers: vec![(0, 1); n_measures],
    };
    let figures = Figures {
        keys: grid.keys(&SealedLattice::strides_of(&tabulation.dimensions)),
        people: vec![vec![Seen::Hidden; n]; tabulation.populations.len()],
        values: values.collect(),
        method: Method::Noisy(noisy),
    };
    figures.in_order(|_| true)
}

/// What is taken from each value of a measure, and how far one person's value can be from it.
#[derive(Clone, Copy)]
struct Center {
    at: i64,
    reach: u64,
}

/// For each measure; nothing for counts.
fn centers(tabulation: &Tabulation) -> Result<Vec<Option<Center>>, Error> {
    let unsuited = || Error::Unsuited { product: tabulation.key().3.to_owned() };
    let center = |(values, bounds): (&Values, Option<(i64, i64)>)| match (values, bounds) {
        (Values::Count, _) => Ok(None),
        (Values::Share(_), None) => Ok(Some(Center { at: 0, reach: 1 })),
        (Values::Mean { .. }, Some((smallest, largest))) if smallest < largest => {
            let at = smallest + (largest - smallest) / 2;
            Ok(Some(Center { at, reach: at.abs_diff(largest).max(at.abs_diff(smallest)) }))
        }
        _ => Err(unsuited()),
    };
    let bounds = tabulation.measures.iter().map(|measure| measure.bounds);
    tabulation.atoms.values.iter().zip(bounds).map(center).collect()
}

fn sums(tabulation: &Tabulation, grid: &Grid, centers: &[Option<Center>]) -> Sums {
    let atoms = &tabulation.atoms;
    let of_atom = |measure: usize, atom: usize| match &atoms.values[measure] {
        Values::Share(with) => i64::from(with[atom]),
        Values::Mean { sum, .. } => {
            let n = i64::from(atoms.people[tabulation.measures[measure].population][atom]);
            sum[atom] - n * centers[measure].map_or(0, |center| center.at)
        }
        Values::Count | Values::Ratio { .. } => 0,
    };
    let n_places = grid.n_places();
    let length = |center: &Option<Center>| if center.is_some() { n_places } else { 0 };
    let mut sums = Sums {
        people: vec![vec![0; n_places]; atoms.people.len()],
        values: centers.iter().map(|center| vec![0; length(center)]).collect(),
    };
    for (atom, categories) in atoms.nodes.chunks(tabulation.dimensions.len()).enumerate() {
        grid.visit(categories, &mut |place| {
            for (sums, people) in sums.people.iter_mut().zip(&atoms.people) {
                sums[place] += i64::from(people[atom]);
            }
            for (measure, sums) in sums.values.iter_mut().enumerate().filter(|(_, of)| !of.is_empty()) {
                sums[place] += of_atom(measure, atom);
            }
        });
    }
    sums
}

fn seen<T>(n: usize, is_shown: impl Fn(usize) -> bool, value: impl Fn(usize) -> T) -> Vec<Seen<T>> {
    (0..n).map(|place| if is_shown(place) { Seen::Shown(value(place)) } else { Seen::Hidden }).collect()
}

/// A secret for the noise of a tabulation in an edition: other counts have other noise, or their difference would show.
fn seed(edition: u32, tabulation: &Tabulation, secret: &hmac::Key) -> [u8; 32] {
    let mut counts = digest::Context::new(&digest::SHA256);
    let atoms = &tabulation.atoms;
    let mut rows: Vec<(&[u16], usize)> =
        atoms.nodes.chunks(tabulation.dimensions.len()).enumerate().map(|(at, row)| (row, at)).collect();
    // The order of arrival makes no difference.
    rows.sort_unstable();
    for (row, at) in rows.into_iter().filter(|(_, at)| atoms.is_occupied(*at)) {
        row.iter().for_each(|node| counts.update(&node.to_le_bytes()));
        atoms.people.iter().for_each(|people| counts.update(&people[at].to_le_bytes()));
        for values in &atoms.values {
            match values {
                Values::Share(with) => counts.update(&with[at].to_le_bytes()),
                Values::Mean { sum, .. } => counts.update(&sum[at].to_le_bytes()),
                Values::Count | Values::Ratio { .. } => {}
            }
        }
    }
    let (unit, period, mode, product) = tabulation.key();
    let mut context = hmac::Context::with_key(secret);
    for part in [mode.as_bytes(), unit.name().as_bytes(), product.as_bytes(), counts.finish().as_ref()] {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    context.update(&period.ending().to_le_bytes());
    context.update(&edition.to_le_bytes());
    context.sign().as_ref().try_into().expect("a tag of HMAC-SHA-256 is 32 bytes")
}
