//! Slices of a seal: the only way from a seal to a table.
//!
//! A slice is refused on syntax alone. Whether cells are hidden never decides whether there is an answer.

mod margin;
mod pool;

use super::rule::{RuleProfile, Zeros};
use super::seal::{Method, Seal, SealedLattice, SealedValues, Seen};
use super::table::{Cell, Counted, Filter, Mark, ProtectedTable, RateCode};
use crate::calendar::SchoolYear;
use crate::outcomes::{Dimension, Publication, Slice};
use pool::Rows;
use std::collections::BTreeSet;
use std::fmt;

/// A query is not a slice of any sealed product: everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotASlice {
    /// At least one.
    pub violations: Vec<Violation>,
}

/// One thing that is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where, as a path into the query: `filters[1].category`.
    pub field: String,
    /// What is wrong with it; never the value.
    pub reason: &'static str,
}

impl fmt::Display for NotASlice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, violation) in self.violations.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{} {}", violation.field, violation.reason)?;
        }
        Ok(())
    }
}

impl std::error::Error for NotASlice {}

/// All of a table but its cells.
pub(super) struct Heading {
    pub(super) product: String,
    pub(super) product_version: u32,
    pub(super) edition: u32,
    pub(super) indicator: String,
    pub(super) dimensions: Vec<String>,
    pub(super) filters: Vec<Filter>,
    pub(super) profile: String,
    pub(super) cell_min: u64,
    pub(super) rounded_to: u64,
    pub(super) people_noise: f64,
    pub(super) measure: &'static str,
    pub(super) seal_digest: [u8; 32],
    pub(super) counted: Vec<Counted>,
}

/// Dimensions of the rows, at most.
const DIMENSIONS_MAX: usize = 5;

/// A product's indicator in one period.
struct View<'a> {
    lattice: &'a SealedLattice,
    publication: &'a Publication,
    measure: usize,
    profile: &'a RuleProfile,
    /// Publications of the lattice that hide groups of nobody.
    hiding: Vec<&'a Publication>,
}

impl Seal {
    /// The cells a query asks for.
    ///
    /// For each period, ascending, there is one row for every combination of categories of the asked
    /// dimensions, with the margin `all` first in each; the first dimension varies slowest. Where the rule pools hidden
    /// groups, rows for them follow.
    ///
    /// # Errors
    ///
    /// [`NotASlice`] with all violations: an unknown product, indicator, dimension, category or period,
    /// more than five dimensions, more crossed than the product's depth, or anything named twice.
    pub fn slice(&self, asked: &Slice) -> Result<ProtectedTable, NotASlice> {
        let views = self.views(asked)?;
        let first = &views[0];
        let heading = Heading {
            product: asked.product.clone(),
            product_version: first.publication.version,
            edition: self.body.edition,
            indicator: asked.indicator.clone(),
            dimensions: asked.dimensions.clone(),
            filters: asked.filters.iter().map(filter).collect(),
            profile: first.profile.label(),
            cell_min: first.profile.cell_min,
            rounded_to: match &first.lattice.method {
                Method::Rounded(rounded) => rounded.base,
                Method::Exact | Method::Noisy(_) => first.profile.round_to,
            },
            people_noise: match &first.lattice.method {
                Method::Noisy(noisy) => (noisy.people_variance as f64).sqrt(),
                Method::Exact | Method::Rounded(_) => 0.0,
            },
            measure: first.lattice.values[first.measure].kind(),
            seal_digest: self.digest,
            counted: views.iter().map(View::counted).collect(),
        };
        let mut cells = Vec::new();
        views.iter().for_each(|view| view.add_rows(asked, &mut cells));
        Ok(ProtectedTable::new(heading, cells))
    }

    /// The views a query asks for, by period, or all that is wrong with it.
    fn views(&self, asked: &Slice) -> Result<Vec<View<'_>>, NotASlice> {
        let mut wrong = Violations(Vec::new());
        let product: Vec<(&SealedLattice, &Publication)> = (self.body.lattices.iter())
            .flat_map(|lattice| lattice.publications.iter().map(move |publication| (lattice, publication)))
            .filter(|(_, publication)| publication.product == asked.product)
            .collect();
        let mut views: Vec<View<'_>> = (product.iter())
            .flat_map(|&(lattice, publication)| {
                let named = publication.indicators.iter().filter(|(name, _)| *name == asked.indicator);
                let hiding = || lattice.publications.iter().filter(|other| self.hides_zeros(other)).collect();
                let profile = self.profile(publication);
                named.map(move |&(_, measure)| View {
                    lattice,
                    publication,
                    measure,
                    profile,
                    hiding: hiding(),
                })
            })
            .collect();
        views.sort_by_key(|view| view.lattice.period());
        if product.is_empty() {
            wrong.add("product", "is not known");
        } else if views.is_empty() {
            wrong.add("indicator", "is not one of the product's");
        }
        let mut periods: BTreeSet<SchoolYear> = BTreeSet::new();
        for (at, &period) in asked.periods.iter().enumerate() {
            wrong.check(periods.insert(period), format!("periods[{at}]"), "is there twice");
            let known = views.is_empty() || views.iter().any(|view| view.lattice.period() == period);
            wrong.check(known, format!("periods[{at}]"), "is not one of the product's");
        }
        // An unknown indicator does not keep the rest from being checked against the product.
        let shown: Vec<(&SealedLattice, &Publication)> = match views.is_empty() {
            true => product,
            false => views.iter().map(|view| (view.lattice, view.publication)).collect(),
        };
        if !shown.is_empty() {
            check_dimensions(asked, &shown, &mut wrong);
        }
        wrong.check(asked.dimensions.len() <= DIMENSIONS_MAX, "dimensions".into(), "are more than five");
        wrong.none()?;
        views.retain(|view| periods.is_empty() || periods.contains(&view.lattice.period()));
        Ok(views)
    }
}

struct Violations(Vec<Violation>);

impl Violations {
    fn add(&mut self, field: impl Into<String>, reason: &'static str) {
        self.0.push(Violation { field: field.into(), reason });
    }

    fn check(&mut self, holds: bool, field: String, reason: &'static str) {
        if !holds {
            self.add(field, reason);
        }
    }

    fn none(self) -> Result<(), NotASlice> {
        if self.0.is_empty() { Ok(()) } else { Err(NotASlice { violations: self.0 }) }
    }
}

fn check_dimensions(asked: &Slice, shown: &[(&SealedLattice, &Publication)], wrong: &mut Violations) {
    const UNKNOWN: &str = "is not one of the product's";
    let is_known =
        |id: &str| shown.iter().all(|(lattice, publication)| position(lattice, publication, id).is_some());
    let mut named = BTreeSet::new();
    for (at, id) in asked.dimensions.iter().enumerate() {
        wrong.check(is_known(id), format!("dimensions[{at}]"), UNKNOWN);
        wrong.check(named.insert(id), format!("dimensions[{at}]"), "is there twice");
    }
    let mut crossed: BTreeSet<&String> = named.clone();
    for (at, (id, category)) in asked.filters.iter().enumerate() {
        let field = || format!("filters[{at}].dimension");
        wrong.check(named.insert(id), field(), "is there twice");
        if !is_known(id) {
            wrong.add(field(), UNKNOWN);
            continue;
        }
        let exists = shown.iter().any(|(lattice, publication)| {
            let at = position(lattice, publication, id);
            at.is_some_and(|at| lattice.dimensions[at].position(category).is_some())
        });
        wrong.check(exists, format!("filters[{at}].category"), "is not one of the dimension's");
        if category != Dimension::ALL {
            crossed.insert(id);
        }
    }
    let fits = |(lattice, publication): &(&SealedLattice, &Publication)| {
        crossed.iter().filter(|id| **id != &lattice.dimensions[0].id).count() <= publication.depth
    };
    wrong.check(shown.iter().all(fits), "dimensions".into(), "are crossed deeper than the product shows");
}

/// The position of a dimension that a publication shows: its own, or the geography.
fn position(lattice: &SealedLattice, publication: &Publication, id: &str) -> Option<usize> {
    let at = lattice.dimensions.iter().position(|dimension| dimension.id == id)?;
    (at == 0 || publication.dimensions.contains(&at)).then_some(at)
}

fn filter((dimension, category): &(String, String)) -> Filter {
    Filter { dimension: dimension.clone(), category: category.clone() }
}

impl Seal {
    fn profile(&self, publication: &Publication) -> &RuleProfile {
        let named = self.profiles().iter().find(|profile| profile.id == publication.profile);
        named.expect("a seal holds the profiles of its publications")
    }

    fn hides_zeros(&self, publication: &Publication) -> bool {
        self.profile(publication).zeros == Zeros::Hidden
    }
}

impl View<'_> {
    fn counted(&self) -> Counted {
        Counted {
            period: self.lattice.period().ending().into(),
            edition: self.lattice.counted_in,
            ..Counted::default()
        }
    }

    /// Whether groups of nobody are hidden where these dimensions are crossed.
    fn hides_zeros(&self, crossed: &[usize]) -> bool {
        let crosses = |publication: &&Publication| {
            crossed.len() <= publication.depth && crossed.iter().all(|at| publication.dimensions.contains(at))
        };
        self.hiding.iter().any(crosses)
    }

    fn add_rows(&self, asked: &Slice, cells: &mut Vec<Cell>) {
        let strides = self.lattice.strides();
        // Known in all views: checked before.
        let at = |id: &String| position(self.lattice, self.publication, id).expect("checked");
        let mut base = Some(0u128);
        for (id, category) in &asked.filters {
            let dimension = at(id);
            // A category that came up in other periods only: nobody is in it.
            let node = self.lattice.dimensions[dimension].position(category);
            base = base.zip(node).map(|(base, node)| base + u128::from(node) * strides[dimension]);
        }
        let dimensions: Vec<usize> = asked.dimensions.iter().map(at).collect();
        let filtered: Vec<usize> = asked
            .filters
            .iter()
            .filter(|(_, category)| category != Dimension::ALL)
            .map(|(id, _)| at(id))
            .collect();
        let n_rows = dimensions.iter().map(|&at| self.lattice.dimensions[at].nodes.len()).product();
        let first = cells.len();
        cells.reserve(n_rows);
        let mut nodes = vec![0usize; dimensions.len()];
        loop {
            let parts = dimensions.iter().zip(&nodes).map(|(&at, &node)| node as u128 * strides[at]);
            let cell = base.and_then(|base| self.lattice.find(base + parts.sum::<u128>()));
            let name = |(&at, &node): (&usize, &usize)| self.lattice.dimensions[at].nodes[node].id.clone();
            let empty = match self.hiding.is_empty() {
                true => Seen::Empty,
                false => {
                    let of_rows =
                        dimensions.iter().zip(&nodes).filter(|(_, node)| **node > 0).map(|(at, _)| *at);
                    let crossed: Vec<usize> = of_rows.chain(filtered.clone()).filter(|at| *at > 0).collect();
                    if self.hides_zeros(&crossed) { Seen::Hidden } else { Seen::Empty }
                }
            };
            cells.push(self.cell(cell, empty, dimensions.iter().zip(&nodes).map(name).collect()));
            // Count up, the last dimension fastest.
            let Some(place) = (0..nodes.len())
                .rev()
                .find(|&place| nodes[place] + 1 < self.lattice.dimensions[dimensions[place]].nodes.len())
            else {
                break;
            };
            nodes[place] += 1;
            nodes[place + 1..].fill(0);
        }
        let pools = self.pools(&Rows { dimensions: &dimensions, cells: &cells[first..] });
        cells.extend(pools);
    }

    /// A number as it is printed: what the mode has rounded is not rounded again.
    fn printed(&self, number: u64) -> u64 {
        match self.lattice.method {
            Method::Rounded(_) => number,
            Method::Exact | Method::Noisy(_) => self.profile.rounded(number),
        }
    }

    /// What can be seen of a cell; `empty` is what can be seen of one that nobody is in.
    fn cell(&self, at: Option<usize>, empty: Seen<u64>, categories: Vec<String>) -> Cell {
        let mut cell = Cell { period: self.lattice.period().ending().into(), categories, ..Cell::default() };
        let population = self.lattice.population_of[self.measure];
        // Where numbers are rounded, a group that is not there is not told from one that was rounded to nobody.
        let is_rounded = matches!(self.lattice.method, Method::Rounded(_));
        let empty = if is_rounded { Seen::Shown(0) } else { empty };
        let people = at.map_or(empty, |at| self.lattice.people[population][at]);
        let values = &self.lattice.values[self.measure];
        cell.denominator = match people {
            Seen::Shown(people) if self.profile.prints_people() || values.is_count() => {
                Some(self.printed(people))
            }
            _ => None,
        };
        if is_rounded && people == Seen::Shown(0) {
            cell.set_mark(if values.is_count() { Mark::Shown } else { Mark::Hidden });
            return cell;
        }
        let (Some(at), false) = (at, people == Seen::Empty) else {
            cell.set_mark(if people == Seen::Empty { Mark::Empty } else { Mark::Hidden });
            return cell;
        };
        let mark = match values {
            SealedValues::Count => shown(people, |_| Mark::Shown),
            SealedValues::Share(values) => match self.lattice.codes(self.publication, self.measure) {
                Some(codes) => shown(codes.cell(at), |code| {
                    let (first, last) = code.percents();
                    cell.code = Some(Box::new(RateCode { label: code.label(), first, last }));
                    Mark::Shown
                }),
                None => shown(values[at], |numerator| {
                    let numerator = self.printed(numerator);
                    cell.numerator = Some(numerator);
                    cell.value = cell.denominator.map(|denominator| numerator as f64 / denominator as f64);
                    // Nobody is nobody only where numbers are exact.
                    let is_nobody = numerator == 0 && self.lattice.method == Method::Exact;
                    if is_nobody { Mark::Zero } else { Mark::Shown }
                }),
            },
            SealedValues::Mean(values) => shown(values[at], |(mean, deviation)| {
                cell.value = Some(mean);
                cell.deviation = Some(deviation);
                Mark::Shown
            }),
            SealedValues::Ratio(values) | SealedValues::NoisyMean(values) => shown(values[at], |value| {
                cell.value = Some(value);
                Mark::Shown
            }),
        };
        cell.margin = self.margin(&cell);
        cell.set_mark(mark);
        cell
    }
}

fn shown<T>(seen: Seen<T>, show: impl FnOnce(T) -> Mark) -> Mark {
    match seen {
        Seen::Shown(value) => show(value),
        Seen::Hidden | Seen::Empty => Mark::Hidden,
    }
}

impl SealedValues {
    fn is_count(&self) -> bool {
        matches!(self, Self::Count)
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Share(_) => "share",
            Self::Mean(_) | Self::NoisyMean(_) => "mean",
            Self::Ratio(_) => "ratio",
        }
    }
}

#[cfg(test)]
mod tests;
