//! The intruder: solves for hidden cells from everything published, and referees every protection test.
//!
//! It reads a seal as partners do, slice by slice, and knows the structure besides: the categories and the
//! populations, and how many people are behind each code. It shares no arithmetic with the suppression it
//! judges: dense elimination modulo another prime, and floating-point linear programs. True counts only
//! tell it which of its findings matter.

mod bounds;
mod cells;
pub(super) mod elimination;
mod groups;
mod view;

use super::Seal;
use crate::outcomes::Tabulation;

/// A number that an intruder is after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What is counted.
    pub quantity: Quantity,
    /// Of whom: one cell, or the cells of one dimension that are hidden together. Each has one category id
    /// for each dimension of the tabulation; `rest of x` are those known no closer than `x`.
    pub cells: Vec<Vec<String>>,
}

/// What is counted in a cell. Numbers are positions in the tabulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// People of a population.
    People(usize),
    /// People of the first population who are not in the second.
    Between(usize, usize),
    /// People with the outcome of a share.
    Outcome(usize),
    /// People without it.
    Complement(usize),
    /// People with the outcome of the first share who do not have that of the second, which implies it.
    Within(usize, usize),
    /// The sum that a mean or ratio is made of.
    Sum(usize),
}

/// What the rules hide and linear combination of what the seal shows gives away all the same: numbers
/// of people, of outcomes and of complements that are too small or certain, of cells, of rests, of
/// people between two populations or two outcomes, and of the hidden cells of a line together. None, if the seal is sound.
#[must_use]
pub fn derivable(tabulation: &Tabulation, seal: &Seal) -> Vec<Target> {
    let view = view::View::new(tabulation, seal);
    let mut span = elimination::Span::default();
    for equation in &view.equations {
        span.insert(&equation.terms);
    }
    let targets = view.targets();
    let follows = |target: &Target| view.terms(target).is_some_and(|terms| span.contains(&terms));
    targets.into_iter().filter(follows).collect()
}

/// Everything that the rules hide; see [`derivable`].
#[must_use]
pub fn sensitive(tabulation: &Tabulation, seal: &Seal) -> Vec<Target> {
    view::View::new(tabulation, seal).targets()
}

/// The least and the greatest value that a number can have for somebody who knows all that the seal shows, which of the
/// groups that can be asked for add up to others, that counts are not negative, that outcomes and inner
/// populations are no more than the people around them and outcomes no more than those they imply, and that a
/// hidden cell is not empty. A code is a range to him. Whole numbers are not asked for, so the truth may be narrower.
/// An `insider` is a category of the geography right below the whole, who knows all numbers of its own people
/// besides.
///
/// Nothing where the number can not be asked for, is the insider's own, for [`Quantity::Sum`], and where the solver
/// gives up.
#[must_use]
pub fn interval_in_cells(
    tabulation: &Tabulation,
    seal: &Seal,
    target: &Target,
    insider: Option<&str>,
) -> Option<(f64, f64)> {
    let insider = match insider {
        Some(id) => Some(tabulation.dimensions[0].position(id)?),
        None => None,
    };
    cells::interval(&view::View::new(tabulation, seal), target, insider)
}

/// The least and the greatest value that a number can have, given everything the seal shows, that counts
/// are not negative, that outcomes and inner populations are no more than the people around them and outcomes no more than
/// those they imply, and that a hidden cell is not empty. A code is a range to him. Whole numbers are not asked for,
/// so the truth may be narrower.
///
/// Nothing for a cell that does not exist, for [`Quantity::Sum`], and where the solver gives up.
#[must_use]
pub fn interval(tabulation: &Tabulation, seal: &Seal, target: &Target) -> Option<(f64, f64)> {
    bounds::interval(&view::View::new(tabulation, seal), target)
}
