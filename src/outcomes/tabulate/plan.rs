//! What some products together ask of one unit: each population, measure and dimension once.

use super::{Measure, Population, Product, Publication, Unit};
use crate::outcomes::Concentration;
use crate::outcomes::axis::Axis;
use crate::outcomes::expression::{Expression, Setting, Settings};
use crate::outcomes::indicator::PopulationRule;
use crate::outcomes::product::IndicatorUse;
use crate::outcomes::{Indicator, MeasureKind};
use std::collections::BTreeMap;

/// What is to be counted.
pub(super) struct Plan {
    pub(super) populations: Vec<PlannedPopulation>,
    pub(super) measures: Vec<PlannedMeasure>,
    /// The dimensions after the geography.
    pub(super) axes: Vec<Axis>,
    pub(super) publications: Vec<Publication>,
}

/// A population, and who is in it.
pub(super) struct PlannedPopulation {
    id: String,
    parent: Option<usize>,
    /// As [`Population::within`].
    within: Vec<usize>,
    pub(super) rule: Expression,
}

/// A measure, and how it is computed.
pub(super) struct PlannedMeasure {
    pub(super) id: String,
    pub(super) population: usize,
    pub(super) kind: MeasureKind,
    pub(super) value: Expression,
    pub(super) over: Expression,
    /// As [`Measure::bounds`].
    pub(super) bounds: Option<(i64, i64)>,
    /// As [`Measure::concentration`].
    pub(super) concentration: Option<Concentration>,
    /// As [`Measure::within`].
    within: Vec<usize>,
    indicator: &'static Indicator,
    settings: Settings,
    filter: Option<Expression>,
}

impl PlannedPopulation {
    pub(super) fn public(&self) -> Population {
        Population { id: self.id.clone(), parent: self.parent, within: self.within.clone() }
    }
}

impl PlannedMeasure {
    pub(super) fn public(&self) -> Measure {
        Measure {
            id: self.id.clone(),
            population: self.population,
            scale: self.indicator.scale,
            bounds: self.bounds,
            concentration: self.concentration,
            within: self.within.clone(),
        }
    }

    /// Whether everybody whom it counts is counted by another one.
    fn implies(&self, other: &Self) -> bool {
        (self.population == other.population || self.filter == other.filter)
            && self.indicator.implies(&self.settings, other.indicator, &other.settings)
    }
}

/// A population in a product: the library's, with the product's filter.
struct Asked<'p> {
    rule: &'static PopulationRule,
    settings: &'p Settings,
    filter: Option<&'p Expression>,
}

impl Asked<'_> {
    /// Its id, and before it how deep it is nested: parents sort before children.
    fn key(&self) -> (usize, bool, String) {
        (self.rule.ancestors().count(), self.filter.is_some(), self.id())
    }

    fn id(&self) -> String {
        let settings = self.rule.parameters.iter().filter_map(|name| self.settings.get(name));
        named(&self.rule.id, settings, self.filter)
    }

    fn rule(&self) -> Expression {
        let rule = self.rule.bound(self.settings);
        self.filter.cloned().map_or(rule.clone(), |filter| rule.and(filter))
    }

    /// Those that hold this one, the nearest first. Those with the same filter come before those without:
    /// the people in between are then few (the untested, those enrolled for days).
    fn around(&self) -> impl Iterator<Item = String> + '_ {
        let of = |rule, filter| Self { rule, filter, ..*self }.id();
        let same = self.rule.ancestors().map(move |rule| of(rule, self.filter));
        let without = std::iter::once(self.rule).chain(self.rule.ancestors()).map(move |rule| of(rule, None));
        same.chain(without.filter(|_| self.filter.is_some()))
    }

    /// Those that hold this one beside its parent, the nearest first: those that its ancestors do not say of, in the same
    /// order, and with a filter also those without.
    fn within(&self) -> impl Iterator<Item = String> + '_ {
        let of = |rule, filter| Self { rule, filter, ..*self }.id();
        let same = self.rule.holders().map(move |rule| of(rule, self.filter));
        let without = self.rule.holders().map(move |rule| of(rule, None));
        let filtered = |_: &String| self.filter.is_some();
        self.around().filter(filtered).chain(same).chain(without.filter(filtered))
    }
}

impl Plan {
    /// Plans what the indicators of one unit need.
    pub(super) fn new(products: &[&Product], unit: Unit) -> Self {
        let mut asked: BTreeMap<_, Asked<'_>> = BTreeMap::new();
        for product in products {
            for used in of_unit(product, unit) {
                let population = population(product, used);
                asked.insert(population.key(), population);
            }
        }
        let ids: Vec<String> = asked.keys().map(|(.., id)| id.clone()).collect();
        let position = |id: &str| ids.iter().position(|known| known == id);
        let populations = asked.values().map(|asked| {
            let parent = asked.around().find_map(|id| position(&id));
            let within = asked.within().filter_map(|id| position(&id)).filter(|of| Some(*of) != parent);
            PlannedPopulation { id: asked.id(), parent, within: within.collect(), rule: asked.rule() }
        });
        let mut plan = Self {
            populations: populations.collect(),
            measures: Vec::new(),
            axes: Vec::new(),
            publications: Vec::new(),
        };
        for product in products {
            plan.add(product, unit);
        }
        plan.nest();
        plan
    }

    /// Notes of each measure those that it implies.
    fn nest(&mut self) {
        let within = |inner: &PlannedMeasure| {
            let around = self.measures.iter().enumerate().filter(|(_, outer)| inner.implies(outer));
            around.map(|(at, _)| at).collect::<Vec<_>>()
        };
        let all: Vec<_> = self.measures.iter().map(within).collect();
        self.measures.iter_mut().zip(all).for_each(|(measure, within)| measure.within = within);
    }

    fn add(&mut self, product: &Product, unit: Unit) {
        let dimensions = product.axes.iter().map(|axis| {
            let at = self.axes.iter().position(|known| known == axis).unwrap_or_else(|| {
                self.axes.push(axis.clone());
                self.axes.len() - 1
            });
            at + 1
        });
        let dimensions = dimensions.collect();
        let indicators = of_unit(product, unit).map(|used| (used.name.clone(), self.measure(product, used)));
        let indicators = indicators.collect();
        self.publications.push(Publication {
            product: product.id.clone(),
            version: product.version,
            profile: product.profile.clone(),
            dimensions,
            depth: product.depth,
            indicators,
            withdrawn: product.withdrawn,
        });
    }

    fn measure(&mut self, product: &Product, used: &IndicatorUse) -> usize {
        let settings = used.indicator.parameters.iter().filter_map(|name| used.settings.get(name));
        let mut id = named(&used.indicator.id, settings, product.population.as_ref());
        if let Some((smallest, largest)) = used.bounds {
            id += &format!(" {smallest}..{largest}");
        }
        if let Some(percent) = used.protect_percent {
            id += &format!(" p{percent}");
        }
        if let Some(known) = self.measures.iter().position(|measure| measure.id == id) {
            return known;
        }
        let population = population(product, used).id();
        let population = self.populations.iter().position(|known| known.id == population);
        self.measures.push(PlannedMeasure {
            id,
            population: population.expect("the populations of all products are planned first"),
            kind: used.indicator.measure,
            value: used.indicator.value.bind(&used.settings),
            over: used.indicator.over.bind(&used.settings),
            bounds: used.bounds,
            concentration: used.concentration(),
            within: Vec::new(),
            indicator: used.indicator,
            settings: used.settings.clone(),
            filter: product.population.clone(),
        });
        self.measures.len() - 1
    }
}

fn of_unit(product: &Product, unit: Unit) -> impl Iterator<Item = &IndicatorUse> {
    product.indicators.iter().filter(move |used| used.indicator.unit == unit)
}

fn population<'p>(product: &'p Product, used: &'p IndicatorUse) -> Asked<'p> {
    Asked { rule: used.indicator.population, settings: &used.settings, filter: product.population.as_ref() }
}

/// An id with settings and filter: `valid_result STATE ELA [grade >= 3]`.
fn named<'s>(id: &str, settings: impl Iterator<Item = &'s Setting>, filter: Option<&Expression>) -> String {
    let mut name = id.to_owned();
    for setting in settings {
        match setting {
            Setting::Code(code) => name += &format!(" {code}"),
            Setting::Integer(n) => name += &format!(" {n}"),
        }
    }
    if let Some(filter) = filter {
        name += &format!(" [{filter}]");
    }
    name
}
