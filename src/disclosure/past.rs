//! What earlier editions have shown and counted: a new edition is protected together with it.
//!
//! Whoever keeps the answers of an older edition sees what has changed since. So a change of few people is hidden like
//! a small group, what was hidden stays so until it has changed by more, and a batch that is too small as a whole
//! waits for the next edition.

use super::seal::SealedLattice;
use super::{Error, Seal};
use crate::outcomes::{Atoms, Dimension, Tabulation, Values};
use std::collections::BTreeMap;

/// An earlier edition.
pub struct Past<'a> {
    /// Its seal.
    pub seal: &'a Seal,
    /// What it counts for the products of the new edition. Only editions that some seal has figures of need it.
    pub tabulations: &'a [Tabulation],
}

/// A lattice that was sealed before, with what it counted.
#[derive(Clone, Copy)]
pub(super) struct Earlier<'a> {
    pub(super) sealed: &'a SealedLattice,
    pub(super) seal: &'a Seal,
    pub(super) counted: &'a Tabulation,
}

/// The lattices of a tabulation's unit and period that were sealed before, each once, the oldest first.
///
/// # Errors
///
/// [`Error::PastDiffers`].
pub(super) fn earlier<'a>(tabulation: &Tabulation, past: &[Past<'a>]) -> Result<Vec<Earlier<'a>>, Error> {
    let mut found = Vec::new();
    for Past { seal, .. } in past {
        let of_it = |sealed: &&SealedLattice| sealed.is_of(tabulation) && sealed.sealed_in == seal.edition();
        let Some(sealed) = seal.body.lattices.iter().find(of_it) else { continue };
        let counted = past.iter().find(|past| past.seal.edition() == sealed.counted_in);
        let is_same = |other: &&Tabulation| other.key() == tabulation.key();
        let counted = counted.and_then(|past| past.tabulations.iter().find(is_same));
        let counted = counted.filter(|counted| {
            let ids = |of: &Tabulation| of.dimensions.iter().map(|d| d.id.clone()).collect::<Vec<_>>();
            counted.populations == tabulation.populations
                && counted.measures == tabulation.measures
                && ids(counted) == ids(tabulation)
        });
        found.push(Earlier { sealed, seal, counted: counted.ok_or(Error::PastDiffers)? });
    }
    Ok(found)
}

/// A tabulation over the atoms of now and of earlier editions.
pub(super) struct Joined<'a> {
    /// With the categories that only earlier editions have at the end of each dimension, and zeros in their atoms.
    pub(super) now: Tabulation,
    pub(super) before: Vec<(Earlier<'a>, Atoms)>,
}

impl<'a> Joined<'a> {
    /// # Errors
    ///
    /// [`Error::TooLarge`] when a dimension has too many categories in all editions together.
    pub(super) fn new(tabulation: &Tabulation, earlier: &[Earlier<'a>]) -> Result<Self, Error> {
        let mut now = tabulation.clone();
        let mut rows: BTreeMap<Vec<u16>, Vec<Option<usize>>> = BTreeMap::new();
        let n_editions = 1 + earlier.len();
        let counted = std::iter::once(tabulation).chain(earlier.iter().map(|earlier| earlier.counted));
        for (edition, counted) in counted.enumerate() {
            let dimensions = now.dimensions.iter_mut().zip(&counted.dimensions);
            let to: Vec<Vec<u16>> = dimensions.map(|(to, from)| merge(to, from)).collect::<Result<_, _>>()?;
            for (at, row) in counted.atoms.nodes.chunks(to.len()).enumerate() {
                let row = row.iter().zip(&to).map(|(&node, to)| to[usize::from(node)]).collect();
                rows.entry(row).or_insert_with(|| vec![None; n_editions])[edition] = Some(at);
            }
        }
        let nodes: Vec<u16> = rows.keys().flatten().copied().collect();
        let places = |edition: usize| rows.values().map(move |row| row[edition]);
        let before = earlier.iter().enumerate();
        let before =
            before.map(|(at, earlier)| (*earlier, spread(&earlier.counted.atoms, &nodes, || places(at + 1))));
        let before = before.collect();
        now.atoms = spread(&tabulation.atoms, &nodes, || places(0));
        Ok(Self { now, before })
    }

    /// How the figures of now differ from the newest that are out, when changes of fewer than `cell_min` people may not
    /// be known.
    pub(super) fn change(&self, cell_min: u64) -> Change {
        let Some((_, before)) = self.before.last() else { return Change::New };
        match n_changed(&self.now.atoms, before) {
            0 => Change::None,
            n if n < cell_min => Change::Few,
            _ => Change::Enough,
        }
    }

    /// Takes the newest figures that are out for those of now.
    pub(super) fn keep_figures(&mut self) {
        if let Some((_, before)) = self.before.last() {
            self.now.atoms = before.clone();
        }
    }
}

/// What has happened since the last figures of a unit and period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// There are none.
    New,
    None,
    /// To fewer people than may be known.
    Few,
    Enough,
}

/// Adds the categories that a dimension lacks of another, and tells where each of the other's is.
fn merge(to: &mut Dimension, from: &Dimension) -> Result<Vec<u16>, Error> {
    let known: BTreeMap<String, u16> = (0..).zip(&to.nodes).map(|(at, node)| (node.id.clone(), at)).collect();
    let mut places: Vec<u16> = Vec::with_capacity(from.nodes.len());
    for node in &from.nodes {
        let place = match known.get(&node.id) {
            Some(&place) => place,
            None if to.nodes.len() >= usize::from(u16::MAX) => return Err(Error::TooLarge),
            // Parents stand before their children.
            None => to.add(&node.id, &node.label, places.get(usize::from(node.parent)).copied().unwrap_or(0)),
        };
        places.push(place);
    }
    Ok(places)
}

/// Atoms over more rows: `places` tells for each where it is in the atoms, if it is there.
fn spread<P: Iterator<Item = Option<usize>>>(
    atoms: &Atoms,
    nodes: &[u16],
    places: impl Fn() -> P + Copy,
) -> Atoms {
    fn at<T: Copy + Default>(of: &[T], places: impl Iterator<Item = Option<usize>>) -> Vec<T> {
        places.map(|at| at.map_or_else(T::default, |at| of[at])).collect()
    }
    let values = |values: &Values| match values {
        Values::Count => Values::Count,
        Values::Share(counts) => Values::Share(at(counts, places())),
        Values::Mean { sum, sum_of_squares, largest } => {
            let largest = if largest.is_empty() { Vec::new() } else { at(largest, places()) };
            Values::Mean { sum: at(sum, places()), sum_of_squares: at(sum_of_squares, places()), largest }
        }
        Values::Ratio { numerator, denominator } => {
            Values::Ratio { numerator: at(numerator, places()), denominator: at(denominator, places()) }
        }
    };
    Atoms {
        nodes: nodes.to_vec(),
        people: atoms.people.iter().map(|people| at(people, places())).collect(),
        values: atoms.values.iter().map(values).collect(),
    }
}

/// How many people at least have come, gone or changed between two states of the same atoms.
fn n_changed(now: &Atoms, before: &Atoms) -> u64 {
    fn of_counts(now: &[u32], before: &[u32]) -> u64 {
        let changes = now.iter().zip(before).map(|(&now, &before)| i64::from(now) - i64::from(before));
        let (more, less) = changes.fold((0, 0), |(more, less), by| (more + by.max(0), less - by.min(0)));
        more.max(less).unsigned_abs()
    }
    let people = now.people.iter().zip(&before.people).map(|(now, before)| of_counts(now, before));
    let values = now.values.iter().zip(&before.values).map(|(now, before)| match (now, before) {
        (Values::Share(now), Values::Share(before)) => of_counts(now, before),
        (now, before) => sums_differ(now, before).into_iter().filter(|differ| *differ).count() as u64,
    });
    people.chain(values).max().unwrap_or(0)
}

/// Whether the sums that a mean or ratio is made of differ, atom by atom; nothing for other measures.
pub(super) fn sums_differ(now: &Values, before: &Values) -> Vec<bool> {
    fn differ<T: PartialEq, U: PartialEq>(one: (&[T], &[T]), other: (&[U], &[U])) -> Vec<bool> {
        let one = one.0.iter().zip(one.1).map(|(now, before)| now != before);
        let other = other.0.iter().zip(other.1).map(|(now, before)| now != before);
        one.zip(other).map(|(one, other)| one || other).collect()
    }
    match (now, before) {
        (
            Values::Mean { sum, sum_of_squares, .. },
            Values::Mean { sum: old, sum_of_squares: old_squares, .. },
        ) => differ((sum, old), (sum_of_squares, old_squares)),
        (
            Values::Ratio { numerator, denominator },
            Values::Ratio { numerator: old_upper, denominator: old_lower },
        ) => differ((numerator, old_upper), (denominator, old_lower)),
        _ => Vec::new(),
    }
}
