//! Tabulating: editions and products in, true counts over a whole lattice out.

mod asked;
mod crossing;
mod fetch;
mod few;
mod group;
mod pass;
mod plan;
mod tally;
#[cfg(test)]
mod tests;
mod together;

use super::evaluate::Rows;
use super::{Atoms, Edition, Error, Measure, Mode, Population, Product, Publication, Tabulation, Unit};
use crate::calendar::SchoolYear;
use crate::parallel::in_parallel;
use asked::Asked;
use crossing::Crossing;
use group::Groups;
use plan::Plan;
use std::collections::BTreeSet;
pub use together::check_together;
use together::fit;

/// Counts what some products ask for: one tabulation for each unit and period that any of them covers, but for those
/// withdrawn, in that order. A period the edition has no rows in is counted too, as empty: what can be asked follows from
/// the products alone and never from the data.
///
/// The order of the products leaves no trace: they are taken by id and version. Dimensions that two
/// products define alike are shared, and so are populations and measures.
///
/// # Errors
///
/// [`Error::DuplicateProduct`]; [`Error::MixedRounding`], [`Error::MixedGeography`], [`Error::MixedDimension`] and
/// [`Error::TooFine`] when the products cannot be counted together; [`Error::TooMany`] schools.
pub fn tabulate(edition: &Edition, products: &[Product]) -> Result<Vec<Tabulation>, Error> {
    let mut products: Vec<&Product> = products.iter().collect();
    products.sort_by_key(|product| (&product.id, product.version));
    if products.windows(2).any(|p| (&p[0].id, p[0].version) == (&p[1].id, p[1].version)) {
        return Err(Error::DuplicateProduct);
    }
    let mut jobs = Vec::new();
    for unit in super::edition::UNITS {
        let years: BTreeSet<u16> =
            products.iter().flat_map(|of| of.years.0.ending()..=of.years.1.ending()).collect();
        for period in years.into_iter().filter_map(|year| SchoolYear::new(year.into())) {
            let covers = |product: &&Product| {
                (product.years.0..=product.years.1).contains(&period)
                    && product.indicators.iter().any(|used| used.indicator.unit == unit)
            };
            let products: Vec<&Product> = products.iter().copied().filter(covers).collect();
            jobs.extend(together(&products).into_iter().map(|products| (products, unit, period)));
        }
    }
    let count = |(products, unit, period): &(Vec<&Product>, _, _)| count(edition, products, *unit, *period);
    in_parallel(&jobs, count).into_iter().collect()
}

/// Products of one unit and period by what they are protected with: those that hide, those that round, and each of those
/// with noise on its own. What withdrawn products have shown matters to those that hide alone.
fn together<'p>(products: &[&'p Product]) -> Vec<Vec<&'p Product>> {
    let of = |chosen: &dyn Fn(&Product) -> bool| -> Vec<&'p Product> {
        products.iter().copied().filter(|product| chosen(product)).collect()
    };
    let live = |mode: Mode| of(&|product| product.mode == mode && !product.withdrawn);
    let mut groups = vec![of(&|product| product.mode == Mode::Suppress), live(Mode::Round)];
    let is_noisy = |product: &Product| matches!(product.mode, Mode::Dp(_)) && !product.withdrawn;
    groups.extend(of(&is_noisy).into_iter().map(|product| vec![product]));
    groups.retain(|group| group.iter().any(|product| !product.withdrawn));
    groups
}

fn count(
    edition: &Edition,
    products: &[&Product],
    unit: Unit,
    period: SchoolYear,
) -> Result<Tabulation, Error> {
    for (at, product) in products.iter().enumerate() {
        products[..=at].iter().try_for_each(|other| fit(product, other))?;
    }
    let plan = Plan::new(products, unit);
    let mut rows = Rows::new(edition, unit, period.ending());
    let asked = Asked::new(&plan, &mut rows);
    let crossing = Crossing::new(products[0].level, &plan.axes, &mut rows)?;
    let groups = Groups::of(&crossing, &asked, &rows);
    let tally = pass::count(&asked, &crossing, &groups, &rows);

    let occupied = tally.occupied();
    let mut nodes = Vec::with_capacity(occupied.len() * crossing.dimensions.len());
    occupied.iter().for_each(|at| crossing.push_nodes(groups.slot(*at), &mut nodes));
    let people = (0..plan.populations.len()).map(|of| tally.of_population(of, &occupied)).collect();
    let measures = plan.measures.iter().enumerate();
    let values =
        measures.map(|(at, measure)| tally.values(at, measure, &occupied)).collect::<Result<_, _>>()?;
    Ok(Tabulation {
        unit,
        period,
        mode: products[0].mode,
        dimensions: crossing.dimensions,
        populations: plan.populations.iter().map(plan::PlannedPopulation::public).collect(),
        measures: plan.measures.iter().map(plan::PlannedMeasure::public).collect(),
        atoms: Atoms { nodes, people, values },
        publications: plan.publications,
    })
}
