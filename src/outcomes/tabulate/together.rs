//! Which products can be counted together.
//!
//! Some can not, and are refused whenever they are counted. Others can, and had better not: they are refused when they are
//! loaded, and never when they are counted, for what has been published is counted for ever, also where it was before the
//! library knew.

use crate::outcomes::axis::Axis;
use crate::outcomes::product::IndicatorUse;
use crate::outcomes::{Error, Mode, Product};
use std::collections::BTreeSet;

/// Checks that a product can be counted together with others: where they share a unit and a school year,
/// their modes go together, and for those in one mode the geography stops at the same level and a dimension's id stands for
/// the same dimension; those that round have all dimensions and the rule in common; and no two indicators count the same
/// people in numbers of which neither protects the other.
///
/// # Errors
///
/// [`Error::MixedModes`]; [`Error::MixedRounding`]; [`Error::MixedGeography`]; [`Error::MixedDimension`]; [`Error::SamePeople`].
pub fn check_together(product: &Product, others: &[Product]) -> Result<(), Error> {
    let units = |of: &Product| of.indicators.iter().map(|used| used.indicator.unit).collect::<BTreeSet<_>>();
    let meets = |other: &&Product| {
        product.years.0 <= other.years.1
            && other.years.0 <= product.years.1
            && !units(product).is_disjoint(&units(other))
    };
    let goes = |other| fit(product, other).and_then(|()| are_apart(product, other));
    others.iter().chain([product]).filter(meets).try_for_each(goes)
}

/// Whether two products can be counted in one tabulation.
pub(super) fn fit(one: &Product, other: &Product) -> Result<(), Error> {
    if !one.mode.goes_with(other.mode) {
        return Err(Error::MixedModes);
    }
    if !share_counts(one, other) {
        return Ok(());
    }
    if one.level != other.level {
        return Err(Error::MixedGeography);
    }
    let ids = |of: &Product| of.axes.iter().map(|axis| axis.id.clone()).collect::<BTreeSet<_>>();
    if one.mode == Mode::Round && (ids(one), &one.profile) != (ids(other), &other.profile) {
        return Err(Error::MixedRounding);
    }
    let differs = |axis: &&Axis| other.axes.iter().any(|known| known.id == axis.id && known != *axis);
    match one.axes.iter().find(differs) {
        Some(axis) => Err(Error::MixedDimension(axis.id.clone())),
        None => Ok(()),
    }
}

/// Whether the two are counted in one tabulation: of products with noise each has its own.
fn share_counts(one: &Product, other: &Product) -> bool {
    one.mode == other.mode && !matches!(one.mode, Mode::Dp(_))
}

/// Whether no indicators of two products count the same people apart from each other.
fn are_apart(one: &Product, other: &Product) -> Result<(), Error> {
    if !share_counts(one, other) {
        return Ok(());
    }
    for used in &one.indicators {
        let counts_again = |again: &&IndicatorUse| {
            again.indicator.overlaps(used.indicator) && again.settings == used.settings
        };
        if let Some(again) = other.indicators.iter().find(counts_again) {
            return Err(Error::SamePeople(used.name.clone(), again.name.clone()));
        }
    }
    Ok(())
}
