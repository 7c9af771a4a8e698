//! Whom a figure speaks of and does not count, and why.
//!
//! How many those are is told beside the seal, and must not tell of the few whom the seal hides. It is told of school years
//! and indicators whose number of people the seal shows. Then all it adds is about the number of those whom the figures
//! speak of: that lies in a range which holds ten people or more. One range is told of each such group, by the largest
//! number counted among it, and the shares of all its indicators follow from the range and the numbers shown. A range that
//! another number might narrow is not told: one of a group with people in common.

mod range;

use super::evaluate::Rows;
use super::expression::{Expression, Settings};
use super::product::IndicatorUse;
use super::steps::WHOLE;
use super::{Edition, Mode, Product, Unit};
use range::Range;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whom the figures of a population speak of, and why some of them are not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    who: String,
    rule: Expression,
    /// Why somebody is not counted, in words.
    reasons: Vec<String>,
}

/// A part of the people whom a figure speaks of that is not counted in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Whom the figure speaks of.
    pub of: String,
    /// Why they are left out.
    pub reason: String,
    /// How many percent of those it speaks of there are at least: a multiple of 5.
    pub percent: u8,
    /// And there are fewer than so many: a multiple of 5. Programs from before wrote none, and a step of each group: what they
    /// wrote could tell what a seal hides, so nothing of it is told any more.
    #[serde(default)]
    pub below: Option<u8>,
}

/// What is left out of a product's figures, by the indicator's name in the product and by school year. Nobody is not told from
/// few: of both there are 0 percent at least.
pub type LeftOuts = BTreeMap<String, BTreeMap<u16, LeftOut>>;

impl About {
    pub(super) fn parse(text: &AboutText, reasons: &[String]) -> Self {
        Self { who: text.who.clone(), rule: super::indicator::parse(&text.rule), reasons: reasons.to_vec() }
    }

    /// Why somebody is not counted, in words.
    pub(super) fn reasons(&self) -> impl Iterator<Item = &str> {
        self.reasons.iter().map(String::as_str)
    }

    /// Whom the figures speak of.
    pub(super) fn who(&self) -> &str {
        &self.who
    }

    /// Its rule, with the parameters set.
    pub(super) fn bound(&self, settings: &Settings) -> Expression {
        self.rule.bind(settings)
    }
}

/// An indicator of a product whose number of people is shown.
struct Counted<'p> {
    used: &'p IndicatorUse,
    rule: Expression,
    n: u64,
}

/// People whom some indicators of a product speak of.
struct Group<'p> {
    rule: Expression,
    counted: Vec<(&'p Counted<'p>, &'p About)>,
}

impl Edition {
    /// What is left out of a product's figures, where the number of people of everybody is `shown` by the seal: by the
    /// indicator's name in the product, and school year. It is told only where 5 % of those whom a figure speaks of are
    /// `people_min` or more; nothing of figures with noise, whose budget has no room for it.
    ///
    /// Reasons are told in words, and how many are left out by all of them together: that sum often follows from figures of
    /// two populations, and a step of each reason beside it would tell some reasons to a student. It is told beside the
    /// seal: products, and editions, are not compared by it.
    #[must_use]
    pub fn left_out(
        &self,
        product: &Product,
        people_min: u64,
        shown: impl Fn(&str, u16) -> Option<u64>,
    ) -> LeftOuts {
        let mut all = LeftOuts::new();
        if matches!(product.mode(), Mode::Dp(_)) {
            return all;
        }
        let n_min = people_min.saturating_mul(WHOLE).max(1);
        for unit in super::edition::UNITS {
            for year in product.years.0.ending()..=product.years.1.ending() {
                let counted = product.counted(unit, |name| shown(name, year));
                // What rules look up is looked up once for all groups.
                let mut rows = Rows::new(self, unit, year);
                for (group, range) in told(&counted, product, &mut rows, n_min) {
                    for (of, about) in group.counted {
                        let (percent, below) = range.left_out(of.n);
                        let whole =
                            if product.population.is_some() { " that the product is about" } else { "" };
                        let of_group = format!("{}{whole}", about.who);
                        let reason = about.reasons.join(", or ");
                        let left_out = LeftOut { of: of_group, reason, percent, below: Some(below) };
                        all.entry(of.used.name.clone()).or_default().insert(year, left_out);
                    }
                }
            }
        }
        all
    }
}

impl Product {
    /// The indicators of a unit whose number of people is shown, with it.
    fn counted(&self, unit: Unit, shown: impl Fn(&str) -> Option<u64>) -> Vec<Counted<'_>> {
        let of_unit = self.indicators.iter().filter(|used| used.indicator.unit == unit);
        let counted = of_unit.filter_map(|used| {
            let n = shown(&used.name).filter(|n| *n > 0)?;
            Some(Counted { used, rule: used.indicator.population.bound(&used.settings), n })
        });
        counted.collect()
    }
}

/// The groups that may be told of, and where their numbers of people lie.
fn told<'p>(
    counted: &'p [Counted<'p>],
    product: &Product,
    rows: &mut Rows<'_>,
    n_min: u64,
) -> Vec<(Group<'p>, Range)> {
    let mut members = |rule: &Expression| {
        let rule = rule.clone();
        rows.holds(&product.population.clone().map_or(rule.clone(), |filter| rule.and(filter)))
    };
    let mut told: Vec<(Group<'p>, Range, Vec<bool>)> = Vec::new();
    for group in groups(counted) {
        let people = members(&group.rule);
        let n = people.iter().filter(|is_in| **is_in).count() as u64;
        let Some(most) = group.counted.iter().map(|(of, _)| of.n).max().filter(|_| n >= n_min) else {
            continue;
        };
        let range = Range::new(n, most);
        let is_narrowed = |other: &Range, others: &[bool]| {
            range.meets(other) && people.iter().zip(others).any(|(one, other)| *one && *other)
        };
        let mut is_told = told.iter().all(|(_, other, others)| !is_narrowed(other, others));
        let is_other = |of: &&Counted<'_>| {
            of.rule != group.rule && group.counted.iter().all(|(own, _)| !std::ptr::eq(*own, *of))
        };
        for other in counted.iter().filter(is_other).filter(|other| range.holds(other.n)) {
            let others = members(&other.rule);
            is_told &= people.iter().zip(&others).all(|(one, other)| !(*one && *other));
        }
        if is_told {
            told.push((group, range, people));
        }
    }
    told.into_iter().map(|(group, range, _)| (group, range)).collect()
}

/// Indicators by whom they speak of, in the product's order.
fn groups<'p>(counted: &'p [Counted<'p>]) -> Vec<Group<'p>> {
    let mut groups: Vec<Group<'p>> = Vec::new();
    for of in counted {
        let Some(about) = &of.used.indicator.population.about else { continue };
        let rule = about.bound(&of.used.settings);
        match groups.iter_mut().find(|group| group.rule == rule) {
            Some(group) => group.counted.push((of, about)),
            None => groups.push(Group { rule, counted: vec![(of, about)] }),
        }
    }
    groups
}

/// Whom the figures speak of, as the library has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AboutText {
    who: String,
    rule: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_from_before_there_was_a_range_have_no_upper_end() {
        let old = r#"{"of": "third-graders", "reason": "no result", "percent": 15}"#;
        let old: LeftOut = serde_json::from_str(old).expect("a note");
        assert_eq!((old.percent, old.below), (15, None));
        let new = LeftOut { below: Some(20), ..old };
        let text = serde_json::to_string(&new).expect("it can be written");
        assert!(text.contains(r#""below":20"#) && serde_json::from_str::<LeftOut>(&text).ok() == Some(new));
    }
}
