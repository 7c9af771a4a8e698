//! Tabulating: editions and products in, true counts over a whole lattice out.

mod group;
mod plan;
mod together;

use super::evaluate::Rows;
use super::geography;
use super::{
    Atoms, Edition, Error, Measure, Mode, Population, Product, Publication, Tabulation, Unit, Values,
};
use crate::calendar::SchoolYear;
use crate::parallel::in_parallel;
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

    let members = members(&plan, &mut rows)?;
    let (geography, nodes) = geography::geography(edition, products[0].level)?;
    let schools = edition.frame(unit).columns["school"].gather(rows.look(0));
    let mut dimensions = vec![geography];
    let mut categories = vec![schools.iter().map(|school| nodes[*school as usize]).collect::<Vec<u16>>()];
    for axis in &plan.axes {
        let (dimension, nodes) = axis.dimension(edition);
        categories.push(axis.codes(&mut rows).into_iter().map(|code| nodes[usize::from(code)]).collect());
        dimensions.push(dimension);
    }
    let counted: Vec<bool> = (0..rows.len()).map(|at| members.iter().any(|of| of[at])).collect();
    let widths: Vec<usize> = dimensions.iter().map(|dimension| dimension.nodes.len()).collect();
    let (nodes, atom_of_row) = group::group(&categories, &widths, &counted)?;
    let n_atoms = nodes.len() / dimensions.len();

    let people = members.iter().map(|of| tally(of, &atom_of_row, n_atoms)).collect();
    let mut values = Vec::new();
    for measure in &plan.measures {
        let of = Members { of: &members[measure.population], atom_of_row: &atom_of_row, n_atoms };
        values.push(of.values(measure, &mut rows)?);
    }
    Ok(Tabulation {
        unit,
        period,
        mode: products[0].mode,
        dimensions,
        populations: plan.populations.iter().map(plan::PlannedPopulation::public).collect(),
        measures: plan.measures.iter().map(plan::PlannedMeasure::public).collect(),
        atoms: Atoms { nodes, people, values },
        publications: plan.publications,
    })
}

/// For each population, whether each row is of it.
fn members(plan: &Plan, rows: &mut Rows<'_>) -> Result<Vec<Vec<bool>>, Error> {
    let mut all = Vec::new();
    for population in &plan.populations {
        let mut members = vec![false; rows.len()];
        rows.each(&population.rule, |at, value| {
            members[at] = value != 0 && value != super::column::MISSING;
            Ok(())
        })?;
        all.push(members);
    }
    Ok(all)
}

fn tally(members: &[bool], atom_of_row: &[u32], n_atoms: usize) -> Vec<u32> {
    let mut people = vec![0; n_atoms];
    for (at, _) in members.iter().enumerate().filter(|(_, member)| **member) {
        people[atom_of_row[at] as usize] += 1;
    }
    people
}

/// The members of one population, with the atom each is in.
struct Members<'m> {
    of: &'m [bool],
    atom_of_row: &'m [u32],
    n_atoms: usize,
}

impl Members<'_> {
    /// Sums a measure over the members of each atom.
    fn values(&self, measure: &plan::PlannedMeasure, rows: &mut Rows<'_>) -> Result<Values, Error> {
        use super::MeasureKind::{Count, Mean, Ratio, Share};
        Ok(match measure.kind {
            Count => Values::Count,
            Share => {
                let mut with = vec![0_u32; self.n_atoms];
                self.each(measure, &measure.value, rows, |atom, value| {
                    with[atom] += u32::from(value != 0);
                    Some(())
                })?;
                Values::Share(with)
            }
            Mean => {
                let (mut sum, mut sum_of_squares) = (vec![0_i64; self.n_atoms], vec![0_i128; self.n_atoms]);
                let mut largest = vec![[0_i64; 2]; measure.concentration.map_or(0, |_| self.n_atoms)];
                let floor = measure.concentration.map_or(0, |of| of.floor);
                let (low, high) = measure.bounds.unwrap_or((i64::MIN, i64::MAX));
                self.each(measure, &measure.value, rows, |atom, value| {
                    let value = value.clamp(low, high);
                    sum[atom] = sum[atom].checked_add(value)?;
                    sum_of_squares[atom] += i128::from(value).pow(2);
                    if let Some([first, second]) = largest.get_mut(atom) {
                        let above = value.saturating_sub(floor);
                        *second = above.min(*first).max(*second);
                        *first = above.max(*first);
                    }
                    Some(())
                })?;
                Values::Mean { sum, sum_of_squares, largest }
            }
            Ratio => {
                let mut sums = [vec![0_u64; self.n_atoms], vec![0_u64; self.n_atoms]];
                for (sum, rule) in sums.iter_mut().zip([&measure.value, &measure.over]) {
                    self.each(measure, rule, rows, |atom, value| {
                        sum[atom] = sum[atom].checked_add(u64::try_from(value).ok()?)?;
                        Some(())
                    })?;
                }
                let [numerator, denominator] = sums;
                Values::Ratio { numerator, denominator }
            }
        })
    }

    /// Hands the atom and value of each member to `add`. A member without a value would make a mean of
    /// people who are not all counted, so it is an error.
    fn each(
        &self,
        measure: &plan::PlannedMeasure,
        rule: &super::expression::Expression,
        rows: &mut Rows<'_>,
        mut add: impl FnMut(usize, i64) -> Option<()>,
    ) -> Result<(), Error> {
        rows.each(rule, |at, value| {
            if !self.of[at] {
                return Ok(());
            }
            let value = (value != super::column::MISSING).then_some(value);
            let added = value.and_then(|value| add(self.atom_of_row[at] as usize, value));
            added.ok_or_else(|| Error::Undefined(measure.id.clone()))
        })
    }
}
