//! Rounding: figures that are multiples of a base and add up.
//!
//! The finest groups are rounded once, to a multiple of the base that is less than the base away, and every other figure
//! is a sum of those (after O. Langsrud and J. Heldal, "An Algorithm for Small Count Rounding of Tabular Data", 2018, who
//! round only small groups: here all are, so that a later edition shows no small change either). Whatever is asked is
//! arithmetic on data that have no small groups. The base is the strictest minimum of the rules. Numbers of people come
//! first, outer populations before those in them, then the outcomes, which are never more than the people.
//!
//! What a number was rounded to in the last edition stays while the number stays, so editions can not be averaged. For the
//! same reason the figures of a school year are rounded in one form alone: another form would be a second rounding of the
//! same people.

mod balance;
mod last;

use super::lattice::Grid;
use super::seal::{Figures, Method, Rounded, SealedLattice, SealedValues, Seen};
use super::{Error, RuleProfile};
use crate::outcomes::{Tabulation, Values};
use balance::{Parts, Table, balance};
pub(super) use last::Last;
use ring::hmac;
use std::collections::BTreeMap;

/// Rounds the figures of a tabulation. `last` is the last edition that has them.
///
/// # Errors
///
/// [`Error::UnknownProfile`], [`Error::TooLarge`]; [`Error::Unsuited`] for means and ratios; [`Error::RoundedOtherwise`]
/// when the last edition has them in another form.
pub(super) fn round(
    edition: u32,
    tabulation: &Tabulation,
    profiles: &[RuleProfile],
    last: Option<Last<'_>>,
    secret: &hmac::Key,
) -> Result<SealedLattice, Error> {
    let grid = Grid::new(tabulation, profiles)?;
    let base = grid.cell_min().max(1);
    let (populations, measures) = (
        tabulation.populations.iter().map(|of| of.id.clone()).collect(),
        tabulation.measures.iter().map(|of| of.id.clone()).collect(),
    );
    let mut rounded =
        Rounded { base, populations, measures, nodes: Vec::new(), people: Vec::new(), outcomes: Vec::new() };
    let sorted = sorted(tabulation);
    let last = last.map(|last| last.of(&rounded, &sorted)).transpose()?;
    let (sums, starts) = grid.places(&sorted);
    let parts = Parts { sums: &sums, starts: &starts, n_sums: grid.n_places() };
    let n_atoms = starts.len() - 1;
    let seed = |id: &str| seed(edition, tabulation, id, secret);
    let no_last = || vec![None; n_atoms];
    for (at, population) in sorted.populations.iter().enumerate() {
        let before = last.as_ref().map_or_else(no_last, |last| last.people(at));
        let most = population.parent.map(|parent| &rounded.people[parent][..]);
        let table = Table { counts: &sorted.atoms.people[at], most, before: &before, base };
        let people = balance(&parts, &table, seed(&population.id));
        rounded.people.push(people);
    }
    for (at, measure) in sorted.measures.iter().enumerate() {
        rounded.outcomes.push(match &sorted.atoms.values[at] {
            Values::Count => Vec::new(),
            Values::Share(with) => {
                let before = last.as_ref().map_or_else(no_last, |last| last.outcomes(at));
                let most = Some(&rounded.people[measure.population][..]);
                balance(&parts, &Table { counts: with, most, before: &before, base }, seed(&measure.id))
            }
            Values::Mean { .. } | Values::Ratio { .. } => return Err(unsuited(tabulation)),
        });
    }
    // Groups that nobody is left in are not told from those that nobody was in.
    let kept: Vec<usize> =
        (0..n_atoms).filter(|&atom| rounded.people.iter().any(|of| of[atom] > 0)).collect();
    rounded.nodes = kept.iter().flat_map(|&atom| row(&sorted, atom)).copied().collect();
    for numbers in rounded.people.iter_mut().chain(&mut rounded.outcomes).filter(|of| !of.is_empty()) {
        *numbers = kept.iter().map(|&atom| numbers[atom]).collect();
    }
    Ok(SealedLattice::released(edition, tabulation, added_up(tabulation, &grid, rounded)))
}

/// Whether what is sealed of a tabulation is a rounding of its numbers, and all figures add up.
///
/// # Errors
///
/// As [`round`].
pub(super) fn is_rounding(
    tabulation: &Tabulation,
    profiles: &[RuleProfile],
    sealed: &SealedLattice,
) -> Result<bool, Error> {
    let Method::Rounded(rounded) = &sealed.method else { return Ok(false) };
    let grid = Grid::new(tabulation, profiles)?;
    if rounded.base < grid.cell_min() {
        return Ok(false);
    }
    let added = added_up(tabulation, &grid, rounded.clone());
    let is_sum = *sealed == SealedLattice::released(sealed.sealed_in, tabulation, added);
    let sorted = sorted(tabulation);
    let n = tabulation.dimensions.len();
    let places: BTreeMap<&[u16], usize> = rounded.nodes.chunks(n).zip(0..).collect();
    let known = sorted.atoms.nodes.chunks(n).filter(|row| places.contains_key(row)).count();
    let is_near = |counts: &[u32], multiples: &[u32]| {
        sorted.atoms.nodes.chunks(n).zip(counts).all(|(row, &count)| {
            let multiple = places.get(row).map_or(0, |&at| multiples[at]);
            (u64::from(multiple) * rounded.base).abs_diff(u64::from(count)) < rounded.base
        })
    };
    let people = sorted.atoms.people.iter().zip(&rounded.people).all(|(counts, of)| is_near(counts, of));
    let outcomes = sorted.atoms.values.iter().zip(&rounded.outcomes).all(|(values, of)| match values {
        Values::Share(with) => is_near(with, of),
        _ => of.is_empty(),
    });
    Ok(is_sum && known == places.len() && people && outcomes)
}

fn unsuited(tabulation: &Tabulation) -> Error {
    let product = tabulation.publications.first().map(|publication| publication.product.clone());
    Error::Unsuited { product: product.unwrap_or_default() }
}

/// A tabulation with its atoms in the order of their categories: the order of arrival makes no difference.
fn sorted(tabulation: &Tabulation) -> Tabulation {
    let n = tabulation.dimensions.len();
    let row = |at: usize| &tabulation.atoms.nodes[at * n..][..n];
    let mut order: Vec<usize> = (0..tabulation.atoms.nodes.len() / n).collect();
    order.sort_unstable_by(|&one, &other| row(one).cmp(row(other)));
    let picked = |of: &[u32]| order.iter().map(|&at| of[at]).collect::<Vec<u32>>();
    let mut sorted = tabulation.clone();
    sorted.atoms.nodes = order.iter().flat_map(|&at| row(at)).copied().collect();
    sorted.atoms.people.iter_mut().for_each(|people| *people = picked(people));
    for values in &mut sorted.atoms.values {
        if let Values::Share(with) = values {
            *with = picked(with);
        }
    }
    sorted
}

fn row(tabulation: &Tabulation, atom: usize) -> &[u16] {
    let n = tabulation.dimensions.len();
    &tabulation.atoms.nodes[atom * n..][..n]
}

/// The figures of every group: the sums of rounded ones.
fn added_up(tabulation: &Tabulation, grid: &Grid, rounded: Rounded) -> Figures {
    let n_places = grid.n_places();
    let zeros = |is_there: bool| vec![0u64; if is_there { n_places } else { 0 }];
    let mut people = vec![zeros(true); rounded.people.len()];
    let mut outcomes: Vec<Vec<u64>> = rounded.outcomes.iter().map(|of| zeros(!of.is_empty())).collect();
    let is_share = |at: usize| matches!(tabulation.atoms.values.get(at), Some(Values::Share(_)));
    for (group, categories) in rounded.nodes.chunks(tabulation.dimensions.len()).enumerate() {
        grid.visit(categories, &mut |place| {
            let tables =
                people.iter_mut().zip(&rounded.people).chain(outcomes.iter_mut().zip(&rounded.outcomes));
            for (sums, of) in tables.filter(|(_, of)| !of.is_empty()) {
                sums[place] += u64::from(of[group]) * rounded.base;
            }
        });
    }
    let shown = |sums: &[u64]| sums.iter().map(|&sum| Seen::Shown(sum)).collect::<Vec<_>>();
    let value = |(at, sums): (usize, &Vec<u64>)| match is_share(at) && !sums.is_empty() {
        true => SealedValues::Share(shown(sums)),
        false => SealedValues::Count,
    };
    let figures = Figures {
        keys: grid.keys(&SealedLattice::strides_of(&tabulation.dimensions)),
        people: people.iter().map(|sums| shown(sums)).collect(),
        values: outcomes.iter().enumerate().map(value).collect(),
        method: Method::Rounded(rounded),
    };
    figures.in_order(|place| people.iter().any(|of| of[place] > 0))
}

/// The secret order of one table's rounding.
fn seed(edition: u32, tabulation: &Tabulation, id: &str, secret: &hmac::Key) -> [u8; 32] {
    let (unit, period, mode, _) = tabulation.key();
    let mut context = hmac::Context::with_key(secret);
    for part in [mode.as_bytes(), unit.name().as_bytes(), id.as_bytes()] {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    context.update(&period.ending().to_le_bytes());
    context.update(&edition.to_le_bytes());
    context.sign().as_ref().try_into().expect("a tag of HMAC-SHA-256 is 32 bytes")
}
