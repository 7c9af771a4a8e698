//! Whom a figure speaks of and does not count, and why.

use super::column::MISSING;
use super::evaluate::Rows;
use super::expression::{Expression, Settings};
use super::{Edition, Error, Mode, Product};
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
    /// Percent of those it speaks of, rounded down to a multiple of 5, and 95 at most.
    pub percent: u8,
}

/// What is left out of a product's figures, by the indicator's name in the product and by school year. Nobody is not told from
/// few: both are 0 percent.
pub type LeftOuts = BTreeMap<String, BTreeMap<u16, LeftOut>>;

const STEP: u64 = 5;
const MOST: u8 = 95;

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
    #[cfg(test)]
    pub(super) fn bound(&self, settings: &Settings) -> Expression {
        self.rule.bind(settings)
    }

    /// How many the figures speak of, and how many of these are not counted; nothing where they speak of fewer than `n_min`.
    fn count(
        &self,
        rows: &mut Rows<'_>,
        counted: &Expression,
        filter: Option<&Expression>,
        settings: &Settings,
        n_min: u64,
    ) -> Result<Option<(u64, u64)>, Error> {
        let with = |rule: &Expression| {
            let rule = rule.bind(settings);
            filter.cloned().map_or(rule.clone(), |filter| rule.and(filter))
        };
        let about = holds(rows, &with(&self.rule))?;
        let n_about = about.iter().filter(|is| **is).count() as u64;
        if n_about < n_min {
            return Ok(None);
        }
        let counted = holds(rows, &with(counted))?;
        let left_out = about.iter().zip(counted).filter(|(about, counted)| **about && !counted);
        Ok(Some((n_about, left_out.count() as u64)))
    }
}

/// Percent, rounded down to a step.
fn step(n: u64, count: u64) -> u8 {
    u8::try_from(count * 100 / n / STEP * STEP).unwrap_or(MOST).min(MOST)
}

impl Edition {
    /// What is left out of a product's figures. Of a school year it is told only where 5 % of those whom a figure speaks of are
    /// `people_min` or more; nothing of figures with noise, whose budget has no room for it.
    ///
    /// Reasons are told in words, and how many are left out by all of them together: that sum often follows from figures of
    /// two populations, and a step of each reason beside it would tell some reasons to a student. It is told beside the
    /// seal: products, and editions, are not compared by it.
    ///
    /// # Errors
    ///
    /// [`Error`] as of tabulating.
    pub fn left_out(&self, product: &Product, people_min: u64) -> Result<LeftOuts, Error> {
        let mut all = LeftOuts::new();
        if matches!(product.mode(), Mode::Dp(_)) {
            return Ok(all);
        }
        let n_min = people_min.saturating_mul(100).div_ceil(STEP);
        for unit in super::edition::UNITS {
            let of_unit = || product.indicators.iter().filter(|used| used.indicator.unit == unit);
            for year in product.years.0.ending()..=product.years.1.ending() {
                // What rules look up is looked up once for all indicators.
                let mut rows = Rows::new(self, unit, year);
                for used in of_unit() {
                    let population = used.indicator.population;
                    let Some(about) = &population.about else { continue };
                    let (settings, filter) = (&used.settings, product.population.as_ref());
                    let counted = population.bound(settings);
                    let counted = about.count(&mut rows, &counted, filter, settings, n_min.max(1))?;
                    let Some((n, n_left_out)) = counted else { continue };
                    let left_out = LeftOut {
                        of: about.who.clone(),
                        reason: about.reasons.join(", or "),
                        percent: step(n, n_left_out),
                    };
                    all.entry(used.name.clone()).or_default().insert(year, left_out);
                }
            }
        }
        Ok(all)
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
