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

    /// How many the figures speak of, and how many of these each reason keeps out; nothing where they speak of fewer than `n_min`.
    fn count(
        &self,
        rows: &mut Rows<'_>,
        counted: &Expression,
        filter: Option<&Expression>,
        settings: &Settings,
        n_min: u64,
    ) -> Result<Option<(u64, Vec<u64>)>, Error> {
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
        Ok(Some((n_about, counts)))
    }

    /// What is told of these numbers: each reason's step, or where these together would tell more of a reason than a step
    /// does, the step of all together.
    fn told(&self, n: u64, counts: &[u64], people_min: u64) -> Vec<LeftOut> {
        let left_out =
            |reason: String, count| LeftOut { of: self.who.clone(), reason, percent: step(n, count) };
        let all: u64 = counts.iter().sum();
        if are_vague(n, counts, people_min) {
            return self
                .reasons()
                .zip(counts)
                .map(|(reason, count)| left_out(reason.to_owned(), *count))
                .collect();
        }
        vec![left_out(self.reasons().collect::<Vec<_>>().join(", or "), all)]
    }
}

/// Percent, rounded down to a step.
fn step(n: u64, count: u64) -> u8 {
    u8::try_from(count * 100 / n / STEP * STEP).unwrap_or(MOST).min(MOST)
}

/// Whether each number could be one of more than `people_min` others, for a reader who knows the steps and the sum: of two
/// populations of one product, the difference is often shown.
fn are_vague(n: u64, counts: &[u64], people_min: u64) -> bool {
    let ends = |count: &u64| {
        let step = u64::from(step(n, *count));
        let below = if step == u64::from(MOST) { n + 1 } else { ((step + STEP) * n).div_ceil(100) };
        ((step * n).div_ceil(100), below - 1)
    };
    let ends: Vec<(u64, u64)> = counts.iter().map(ends).collect();
    let (low, high) = ends.iter().fold((0, 0), |(low, high), end| (low + end.0, high + end.1));
    let all: u64 = counts.iter().sum();
    let is_vague = |(from, to): &(u64, u64)| {
        // What the others are at most and at least is what this one is at least and at most.
        let least = (*from).max(all.saturating_sub(high - to));
        let most = (*to).min(all.saturating_sub(low - from));
        most.saturating_sub(least) >= people_min
    };
    counts.len() == 1 || ends.iter().all(is_vague)
}

impl Edition {
    /// What is left out of a product's figures. Of a school year it is told only where 5 % of those whom a figure speaks of are
    /// `people_min` or more, and of a reason only where so many numbers are possible for it; nothing of figures with noise,
    /// whose budget has no room for it.
    ///
    /// It is told beside the seal: products, and editions, are not compared by it.
    ///
    /// # Errors
    ///
    /// [`Error`] as of tabulating.
    pub fn left_out(&self, product: &Product, people_min: u64) -> Result<LeftOuts, Error> {
        let mut all = LeftOuts::new();
        if matches!(product.mode(), Mode::Dp(_)) {
            return Ok(all);
        }
        let n_min = (people_min * 100).div_ceil(STEP);
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
                    let Some((n, counts)) =
                        about.count(&mut rows, &counted, filter, settings, n_min.max(1))?
                    else {
                        continue;
                    };
                    let told = about.told(n, &counts, people_min);
                    all.entry(used.name.clone()).or_default().insert(year, told);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_apart_only_where_many_numbers_are_possible_for_it() {
        // Of 300 in steps of 15: with 16 in all, the first could be 15 or 16.
        assert!(!are_vague(300, &[15, 1], 10));
        // With 30 in all in two steps of 15 to 29, each is exactly 15.
        assert!(!are_vague(300, &[15, 15], 10));
        // 25 and 25: each from 21 to 29, which are nine numbers.
        assert!(are_vague(300, &[25, 25], 8) && !are_vague(300, &[25, 25], 9));
        // 5 and 5 of 300: each from 0 to 10.
        assert!(are_vague(300, &[5, 5], 10) && !are_vague(300, &[5, 4], 10));
        assert!(are_vague(300, &[7], 10), "one reason alone is the sum");
    }
}
