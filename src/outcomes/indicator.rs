//! Indicators as data: the library that `indicators.toml` holds.

mod nested;

use super::Unit;
use super::expression::{Expression, Settings};
use super::left_out::{About, AboutText};
use nested::{Rung, RungText};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// An indicator: its definition for people, and the rule that counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    /// Its id.
    pub id: String,
    /// Its name in words.
    pub label: String,
    /// What it says.
    pub definition: String,
    /// Who or what is in the numerator.
    pub numerator: String,
    /// Who or what is in the denominator.
    pub denominator: String,
    /// The exact rule.
    pub rule: String,
    /// Where the definition comes from.
    pub source: String,
    /// What it does not say.
    pub caveat: String,
    /// What it counts.
    pub unit: Unit,
    /// How its values are to be read.
    pub measure: MeasureKind,
    /// Which way is better.
    pub better: Better,
    /// The parameters a product sets: of `test`, `subject`, `program` and `years`.
    pub parameters: Vec<String>,
    pub(super) population: &'static PopulationRule,
    pub(super) value: Expression,
    pub(super) over: Expression,
    pub(super) scale: u32,
    /// Where it stands among shares of which each counts some of those before it.
    pub(super) rung: Option<Rung>,
    /// Ids of shares that count everybody whom this one counts.
    pub(super) implies: Vec<String>,
    /// Ids of shares with which it counts the same people, out of others, or everybody and some of them twice.
    overlaps: Vec<String>,
}

/// How the values of an indicator are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// A number of people.
    Count,
    /// People with the outcome, out of all.
    Share,
    /// A mean over people.
    Mean,
    /// A sum over a sum.
    Ratio,
}

/// Which way of an indicator is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is.
    More,
    /// Less is.
    Less,
}

impl Indicator {
    /// Whether with the same settings the two count people in common that neither protects for the other.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.population.overlaps(other.population)
            || self.overlaps.contains(&other.id)
            || other.overlaps.contains(&self.id)
    }

    /// Whom its figures speak of, where some of them are not counted, and why these are not.
    #[must_use]
    pub fn left_out(&self) -> Option<(&str, Vec<&str>)> {
        self.population.about.as_ref().map(|about| (about.who(), about.reasons().collect()))
    }
}

impl MeasureKind {
    /// Its name: `count`, `share`, `mean` or `ratio`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Share => "share",
            Self::Mean => "mean",
            Self::Ratio => "ratio",
        }
    }
}

/// The rule of a population, its own alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PopulationRule {
    pub(super) id: String,
    pub(super) unit: Unit,
    pub(super) parent: Option<String>,
    /// A population of another tree with the same people in part.
    overlaps: Option<String>,
    /// Populations that hold this one, the nearest first, but for its ancestors.
    within: Vec<String>,
    pub(super) parameters: Vec<String>,
    /// Whom its figures speak of; nothing where that is the population itself.
    pub(super) about: Option<About>,
    rule: Expression,
}

impl PopulationRule {
    /// The populations that hold this one, nearest first.
    pub(super) fn ancestors(&self) -> impl Iterator<Item = &'static Self> {
        let parent = |of: &Self| POPULATIONS.get(of.parent.as_deref()?);
        std::iter::successors(parent(self), move |of| parent(of))
    }

    /// The populations that hold this one, the nearest first, but for its ancestors.
    pub(super) fn holders(&self) -> impl Iterator<Item = &'static Self> {
        self.within.iter().filter_map(|id| POPULATIONS.get(id))
    }

    /// Whether everybody in it is in another one by definition.
    #[cfg(test)]
    fn is_inside(&self, other: &Self) -> bool {
        self.id == other.id || self.ancestors().chain(self.holders()).any(|of| of.is_inside(other))
    }

    /// Whether one of the two has people in common with the other although neither is in the other's tree.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let names = |one: &Self, other: &Self| one.overlaps.as_ref() == Some(&other.id);
        names(self, other) || names(other, self)
    }

    /// Its rule joined to those of its ancestors, with the parameters set.
    pub(super) fn bound(&self, settings: &Settings) -> Expression {
        self.ancestors().fold(self.rule.bind(settings), |rule, of| of.rule.bind(settings).and(rule))
    }
}

/// Every indicator the service can count, in the order of the library.
#[must_use]
pub fn indicators() -> &'static [Indicator] {
    &INDICATORS
}

/// The indicator with that id.
#[must_use]
pub fn indicator(id: &str) -> Option<&'static Indicator> {
    INDICATORS.iter().find(|indicator| indicator.id == id)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    population: Vec<PopulationText>,
    indicator: Vec<IndicatorText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PopulationText {
    id: String,
    unit: Unit,
    parent: Option<String>,
    overlaps: Option<String>,
    #[serde(default)]
    within: Vec<String>,
    #[serde(default)]
    parameters: Vec<String>,
    rule: String,
    about: Option<AboutText>,
    #[serde(default)]
    left_out: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IndicatorText {
    id: String,
    label: String,
    definition: String,
    numerator: String,
    denominator: String,
    rule: String,
    source: String,
    caveat: String,
    unit: Unit,
    measure: MeasureKind,
    better: Better,
    #[serde(default)]
    parameters: Vec<String>,
    population: String,
    nested_by: Option<String>,
    rung: Option<RungText>,
    #[serde(default)]
    implies: Vec<String>,
    #[serde(default)]
    overlaps: Vec<String>,
    #[serde(default = "one")]
    value: String,
    #[serde(default = "one")]
    over: String,
    #[serde(default = "unscaled")]
    scale: u32,
}

impl IndicatorText {
    fn rung(&self) -> Option<Rung> {
        let own = |parameter: &String| Rung::set_by(&self.id, parameter);
        self.nested_by.as_ref().map(own).or_else(|| self.rung.as_ref().map(RungText::rung))
    }
}

fn one() -> String {
    "1".into()
}

fn unscaled() -> u32 {
    1
}

const TEXT: &str = include_str!("indicators.toml");

static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| toml::from_str(TEXT).expect("the embedded library is read in a test"));

static POPULATIONS: LazyLock<BTreeMap<String, PopulationRule>> = LazyLock::new(|| {
    let rules = DOCUMENT.population.iter().map(|text| {
        let rule = parse(&text.rule);
        let (id, parent, parameters) = (text.id.clone(), text.parent.clone(), text.parameters.clone());
        let about = text.about.as_ref().map(|about| About::parse(about, &text.left_out));
        let (unit, overlaps, within) = (text.unit, text.overlaps.clone(), text.within.clone());
        let population = PopulationRule { id, unit, parent, overlaps, within, parameters, about, rule };
        (text.id.clone(), population)
    });
    rules.collect()
});

static INDICATORS: LazyLock<Vec<Indicator>> = LazyLock::new(|| {
    let indicators = DOCUMENT.indicator.iter().map(|text| Indicator {
        id: text.id.clone(),
        label: text.label.clone(),
        definition: text.definition.clone(),
        numerator: text.numerator.clone(),
        denominator: text.denominator.clone(),
        rule: text.rule.clone(),
        source: text.source.clone(),
        caveat: text.caveat.clone(),
        unit: text.unit,
        measure: text.measure,
        better: text.better,
        parameters: text.parameters.clone(),
        population: POPULATIONS.get(&text.population).expect("the embedded library is read in a test"),
        value: parse(&text.value),
        over: parse(&text.over),
        scale: text.scale,
        rung: text.rung(),
        implies: text.implies.clone(),
        overlaps: text.overlaps.clone(),
    });
    indicators.collect()
});

pub(super) fn parse(rule: &str) -> Expression {
    Expression::parse(rule).expect("the embedded library is read in a test")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcomes::expression::Setting;
    use crate::records::Code;

    /// Settings that set every parameter.
    fn sample_settings() -> Settings {
        let code = || Setting::Code(Code::new("X").expect("a code"));
        let texts = ["test", "subject", "program"].map(|name| (name.to_owned(), code()));
        let numbers = ["years", "months", "days", "credits_hundredths", "percentile", "points"];
        let numbers = numbers.map(|name| (name.to_owned(), Setting::Integer(1)));
        texts.into_iter().chain(numbers).collect()
    }

    #[test]
    fn the_library_is_sound() {
        let settings = sample_settings();
        for indicator in indicators() {
            let population = indicator.population;
            assert_eq!(population.unit, indicator.unit, "{}", indicator.id);
            assert_eq!(population.bound(&settings).check(indicator.unit), Ok(()), "{}", indicator.id);
            assert_eq!(indicator.value.bind(&settings).check(indicator.unit), Ok(()), "{}", indicator.id);
            assert_eq!(indicator.over.bind(&settings).check(indicator.unit), Ok(()), "{}", indicator.id);
            for set in population.ancestors().flat_map(|of| &of.parameters).chain(&population.parameters) {
                assert!(indicator.parameters.contains(set), "{}: {set}", indicator.id);
            }
            assert!(indicator.parameters.iter().all(|p| settings.contains_key(p)), "{}", indicator.id);
            assert_eq!(super::indicator(&indicator.id), Some(indicator), "ids are unique");
            assert!(indicator.is_nested_soundly(), "{}", indicator.id);
            let is_alike = |other: &String| super::indicator(other).map(|other| &other.parameters);
            let are_alike = indicator.overlaps.iter().all(|of| is_alike(of) == Some(&indicator.parameters));
            assert!(are_alike, "{}", indicator.id);
        }
        for text in &DOCUMENT.population {
            assert!(text.parent.iter().all(|parent| POPULATIONS.contains_key(parent)), "{}", text.id);
            let of = &POPULATIONS[&text.id];
            for holder in &text.within {
                let holder = POPULATIONS.get(holder).expect(holder);
                assert!(holder.unit == of.unit && !holder.is_inside(of), "{}", text.id);
                assert!(holder.parameters.iter().all(|name| of.parameters.contains(name)), "{}", text.id);
                // It joins the tree that its ancestors are of.
                assert!(of.ancestors().all(|ancestor| holder.is_inside(ancestor)), "{}", text.id);
            }
            assert_eq!(text.about.is_some(), !text.left_out.is_empty(), "{}", text.id);
            if let Some(about) = &POPULATIONS[&text.id].about {
                assert_eq!(about.bound(&settings).check(text.unit), Ok(()), "{}", text.id);
            }
        }
    }

    #[test]
    fn a_population_lies_within_its_ancestors() {
        let of = |id: &str| POPULATIONS.get(id).expect(id);
        let ids: Vec<_> = of("two_scores").ancestors().map(|of| of.id.as_str()).collect();
        assert_eq!(ids, ["valid_score", "enrolled"]);
        let rule = of("enrolled_10_days").bound(&Settings::new()).to_string();
        assert_eq!(
            rule,
            "enrolled = 1 and (known(days_absent_hundredths) and days_enrolled_hundredths >= 1000)"
        );
    }
}
