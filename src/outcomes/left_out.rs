//! Whom a figure speaks of and does not count, and why.

use super::column::MISSING;
use super::evaluate::Rows;
use super::expression::{Expression, Settings};
use super::product::IndicatorUse;
use super::{Edition, Error, Mode, Product};
use crate::calendar::SchoolYear;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whom the figures of a population speak of, and why some of them are not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    who: String,
    rule: Expression,
    /// Reasons in words, and whom they are for; the last has no rule and is for the rest.
    reasons: Vec<(String, Option<Expression>)>,
}

/// A part of the people whom a figure speaks of that is not counted in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Whom the figure speaks of.
    pub of: String,
    /// Why they are left out.
    pub reason: String,
    /// Percent of those it speaks of, rounded down to a multiple of 5, and 95 at most.
    pub percent: u8,
}

/// What is left out of a product's figures, by the indicator's name in the product and by school year. Reasons that hold for
/// nobody are not told from those that hold for few: both are 0 percent.
pub type LeftOuts = BTreeMap<String, BTreeMap<u16, Vec<LeftOut>>>;

const STEP: u64 = 5;
const MOST: u8 = 95;

impl About {
    pub(super) fn parse(text: &AboutText, left_out: &[ReasonText]) -> Self {
        let reason = |of: &ReasonText| (of.why.clone(), of.rule.as_deref().map(super::indicator::parse));
        let reasons = left_out.iter().map(reason).collect();
        Self { who: text.who.clone(), rule: super::indicator::parse(&text.rule), reasons }
    }

    /// Reasons in words, in the order in which they are tried.
    pub(super) fn reasons(&self) -> impl Iterator<Item = &str> {
        self.reasons.iter().map(|(why, _)| why.as_str())
    }

    /// Whom the figures speak of.
    pub(super) fn who(&self) -> &str {
        &self.who
    }

    /// Every rule, with the parameters set.
    #[cfg(test)]
    pub(super) fn bound(&self, settings: &Settings) -> Vec<Expression> {
        let rules =
            std::iter::once(&self.rule).chain(self.reasons.iter().filter_map(|(_, rule)| rule.as_ref()));
        rules.map(|rule| rule.bind(settings)).collect()
    }

    /// How many the figures speak of, and how many of these each reason keeps out.
    fn count(
        &self,
        rows: &mut Rows<'_>,
        counted: &Expression,
        filter: Option<&Expression>,
        settings: &Settings,
    ) -> Result<(u64, Vec<u64>), Error> {
        let with = |rule: &Expression| {
            let rule = rule.bind(settings);
            filter.cloned().map_or(rule.clone(), |filter| rule.and(filter))
        };
        let (about, counted) = (holds(rows, &with(&self.rule))?, holds(rows, &with(counted))?);
        let n_about = about.iter().filter(|is| **is).count() as u64;
        let mut left: Vec<bool> =
            about.iter().zip(counted).map(|(about, counted)| *about && !counted).collect();
        let mut counts = Vec::new();
        for (_, rule) in &self.reasons {
            let of = match rule {
                Some(rule) => holds(rows, &rule.bind(settings))?,
                None => vec![true; left.len()],
            };
            counts.push(left.iter().zip(&of).filter(|(left, of)| **left && **of).count() as u64);
            left.iter_mut().zip(of).for_each(|(left, of)| *left &= !of);
        }
        Ok((n_about, counts))
    }
}

impl Edition {
    /// What is left out of a product's figures. Of a school year it is told only where 5 % of those whom a figure speaks of are
    /// `people_min` or more, so that whatever is told may be of so many people or none; and nothing of figures with noise,
    /// whose budget has no room for it.
    ///
    /// # Errors
    ///
    /// [`Error`] as of tabulating.
    pub fn left_out(&self, product: &Product, people_min: u64) -> Result<LeftOuts, Error> {
        let mut all = LeftOuts::new();
        if matches!(product.mode(), Mode::Dp(_)) {
            return Ok(all);
        }
        for used in &product.indicators {
            let years = (product.years.0.ending()..=product.years.1.ending())
                .filter_map(|year| SchoolYear::new(year.into()));
            for year in years {
                let left_out = self.left_out_of(product, used, year, people_min)?;
                if !left_out.is_empty() {
                    all.entry(used.name.clone()).or_default().insert(year.ending(), left_out);
                }
            }
        }
        Ok(all)
    }

    fn left_out_of(
        &self,
        product: &Product,
        used: &IndicatorUse,
        year: SchoolYear,
        people_min: u64,
    ) -> Result<Vec<LeftOut>, Error> {
        let population = used.indicator.population;
        let Some(about) = &population.about else { return Ok(Vec::new()) };
        let mut rows = Rows::new(self, used.indicator.unit, year.ending());
        let counted = population.bound(&used.settings);
        let (n, counts) = about.count(&mut rows, &counted, product.population.as_ref(), &used.settings)?;
        if n == 0 || n * STEP / 100 < people_min {
            return Ok(Vec::new());
        }
        let percent = |count: u64| u8::try_from(count * 100 / n / STEP * STEP).unwrap_or(MOST).min(MOST);
        let told = about.reasons().zip(counts);
        Ok(told
            .map(|(reason, count)| LeftOut {
                of: about.who().to_owned(),
                reason: reason.to_owned(),
                percent: percent(count),
            })
            .collect())
    }
}

/// For every row, whether a rule holds.
fn holds(rows: &mut Rows<'_>, rule: &Expression) -> Result<Vec<bool>, Error> {
    let mut all = vec![false; rows.len()];
    rows.each(rule, |at, value| {
        all[at] = value != 0 && value != MISSING;
        Ok(())
    })?;
    Ok(all)
}

/// Whom the figures speak of, as the library has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AboutText {
    who: String,
    rule: String,
}

/// Why somebody is left out, as the library has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonText {
    why: String,
    rule: Option<String>,
}

impl ReasonText {
    /// Whether it is for the rest.
    #[cfg(test)]
    pub(super) fn is_for_the_rest(&self) -> bool {
        self.rule.is_none()
    }
}
