//! Coded rates: what is printed instead of a percentage, and which numerators that leaves possible.
//!
//! A *band* says how the rates of groups of one size are printed: a bottom code (`<=5%`), a top code
//! (`>=95%`), and ranges of whole percents in between (`20-29%`, or `42%` when they are one percent wide).
//!
//! A rate is rounded to a whole percent before it is coded, and halves go up: 199 of 200 is 100 %. The
//! sources print codes of whole percents only (nothing lies between `LE5` and `6-9`), and the Texas
//! Education Agency shows the half (see the tests). All of it is integer arithmetic.
//!
//! A code is *safe* when at least two numerators of the group get it: then it neither tells the
//! numerator nor that nobody or everybody has the outcome. Where a band would give fewer, the code is
//! widened: from both ends towards 50 %, each code takes in the next one until it is safe, and what is
//! left over in the middle joins the code below it (above, when there is none below). The codes of a
//! group depend on its size alone, so a wide one tells no more about it than a narrow one. Its label is
//! made from its outer bounds. The sources do not widen: some hide the group's size instead, which an
//! intruder often knows from elsewhere. Whether a group is shown at all is not decided here.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::RuleProfile;

/// Numerators that a code must leave possible.
const NUMERATORS_MIN: u64 = 2;
/// One more than the largest percentage.
const END: u64 = 101;

/// How the rates of groups from one size up to the next band are printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct RateBand {
    /// Smallest group it is for, in people. The lowest band is for smaller groups as well.
    people_min: u64,
    bottom: Bottom,
    top: Top,
    /// Width of the ranges in between, in percent; they start at its multiples.
    step: u64,
}

/// The code for the lowest rates, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bottom {
    /// That rate or less: `<=5%`.
    UpTo(u64),
    /// Less than that rate: `<5%`.
    Below(u64),
}

/// The code for the highest rates, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Top {
    /// That rate or more: `>=95%`.
    From(u64),
    /// More than that rate: `>95%`.
    Above(u64),
}

/// How codes are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateLabels {
    /// `<=5%`, `6-9%`, `42%`, `>=95%`.
    #[default]
    Signs,
    /// `LE5`, `6-9`, `42`, `GE95`.
    Letters,
}

/// What is printed for a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The whole percents it stands for.
    first: u64,
    last: u64,
    /// Of the band it is from.
    bottom: Bottom,
    top: Top,
    labels: RateLabels,
}

impl RuleProfile {
    /// The code printed when `y` of a group of `n` people have an outcome, or nothing when this profile
    /// prints rates as exact numbers or nobody is in the group.
    ///
    /// # Panics
    ///
    /// When `y` is more than `n`.
    #[must_use]
    pub fn code(&self, y: u64, n: u64) -> Option<Code> {
        assert!(y <= n, "an outcome that more people have than there are");
        self.codes(n).into_iter().find(|code| code.numerators(n).contains(&y))
    }

    /// Every code that a group of `n` people can get, lowest first; none when there is no code for it.
    ///
    /// Each of the numerators 0 to `n` belongs to exactly one of them.
    #[must_use]
    pub fn codes(&self, n: u64) -> Vec<Code> {
        let reached =
            self.rates.iter().filter(|band| band.people_min <= n).max_by_key(|band| band.people_min);
        let band = reached.or_else(|| self.rates.iter().min_by_key(|band| band.people_min));
        let Some(band) = band.filter(|_| n > 0) else { return Vec::new() };
        let (bottom, top, labels) = (band.bottom, band.top, self.rate_labels);
        let code = |code: &[u64]| Code { first: code[0], last: code[1] - 1, bottom, top, labels };
        widened(&band.bounds(), n).windows(2).map(code).collect()
    }
}

impl Code {
    /// As it is printed.
    #[must_use]
    pub fn label(&self) -> String {
        let [below, up_to, above, from, unit] = match self.labels {
            RateLabels::Signs => ["<", "<=", ">", ">=", "%"],
            RateLabels::Letters => ["LT", "LE", "GT", "GE", ""],
        };
        match (self.first, self.last, self.bottom, self.top) {
            (0, 100, ..) => format!("0-100{unit}"),
            (0, last, Bottom::UpTo(_), _) => format!("{up_to}{last}{unit}"),
            (0, last, Bottom::Below(_), _) => format!("{below}{}{unit}", last + 1),
            (first, 100, _, Top::From(_)) => format!("{from}{first}{unit}"),
            (first, 100, _, Top::Above(_)) => format!("{above}{}{unit}", first - 1),
            (first, last, ..) if first == last => format!("{first}{unit}"),
            (first, last, ..) => format!("{first}-{last}{unit}"),
        }
    }

    /// The first and the last whole percent it stands for: the rate, rounded, is one of them or between.
    #[must_use]
    pub fn percents(&self) -> (u64, u64) {
        (self.first, self.last)
    }

    /// Whether it is a code on the scale of 0 to 100 %; one read from bytes may not be.
    pub(super) fn is_sound(&self) -> bool {
        self.first <= self.last && self.last < END
    }

    /// The numerators of a group of `n` people that the code leaves possible: at least two for the group it
    /// was made for, perhaps none for another. A reader who knows `n` learns no more than these.
    #[must_use]
    pub fn numerators(&self, n: u64) -> RangeInclusive<u64> {
        // Only in a group of nobody can the first numerator above be 0.
        first_numerator(self.first, n)..=first_numerator(self.last + 1, n).saturating_sub(1)
    }
}

impl RateBand {
    /// A band of the given size and codes.
    ///
    /// # Errors
    ///
    /// In words, when the codes overlap or leave the scale of 0 to 100 %.
    pub fn new(people_min: u64, bottom: Bottom, top: Top, step: u64) -> Result<Self, &'static str> {
        let (Some(last), first) = (bottom.last(), top.first()) else { return Err("no rate is below 0 %") };
        match () {
            () if step == 0 => Err("a range of rates is at least one percent wide"),
            () if first >= END => Err("no rate is above 100 %"),
            () if last >= first => Err("the lowest and the highest rates overlap"),
            () => Ok(Self { people_min, bottom, top, step }),
        }
    }

    /// Smallest group it is for, in people.
    #[must_use]
    pub fn people_min(&self) -> u64 {
        self.people_min
    }

    /// The first whole percent of each code, ascending, and [`END`].
    fn bounds(&self) -> Vec<u64> {
        let (low, high) = (self.bottom.last().map_or(0, |last| last + 1), self.top.first());
        let between = (low..high).filter(|percent| *percent == low || percent % self.step == 0);
        [0].into_iter().chain(between).chain([high, END]).collect()
    }
}

impl Bottom {
    fn last(self) -> Option<u64> {
        match self {
            Self::UpTo(percent) => Some(percent),
            Self::Below(percent) => percent.checked_sub(1),
        }
    }
}

impl Top {
    fn first(self) -> u64 {
        match self {
            Self::From(percent) => percent,
            Self::Above(percent) => percent.saturating_add(1),
        }
    }
}

/// The bounds that are left when every code of a group of `n` people holds [`NUMERATORS_MIN`] numerators.
fn widened(bounds: &[u64], n: u64) -> Vec<u64> {
    let is_safe = |from: u64, end: u64| first_numerator(end, n) - first_numerator(from, n) >= NUMERATORS_MIN;
    let (mut below, mut above) = (vec![0], vec![END]);
    // A code lies below the middle when its first and last percent add up to less than 100.
    for code in bounds.windows(2).filter(|code| code[0] + code[1] < END) {
        if is_safe(below[below.len() - 1], code[1]) {
            below.push(code[1]);
        }
    }
    for code in bounds.windows(2).rev().filter(|code| code[0] + code[1] > END) {
        if is_safe(code[0], above[above.len() - 1]) {
            above.push(code[0]);
        }
    }
    let (from, end) = (below[below.len() - 1], above[above.len() - 1]);
    // What is left over in the middle may be nothing, or too little.
    if from < end && !is_safe(from, end) && below.len() > 1 {
        below.pop();
    } else if from == end || !is_safe(from, end) && above.len() > 1 {
        above.pop();
    }
    below.extend(above.iter().rev());
    below
}

/// The smallest numerator of `n` people whose rate rounds to `percent` or more; for [`END`], `n + 1`.
fn first_numerator(percent: u64, n: u64) -> u64 {
    match percent {
        0 => 0,
        END.. => n + 1,
        // 100 y / n >= percent - 1/2
        _ => ((2 * percent - 1) * n).div_ceil(200),
    }
}

/// A band as it is written down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    people_min: u64,
    bottom: Bottom,
    top: Top,
    #[serde(default = "one")]
    step: u64,
}

fn one() -> u64 {
    1
}

impl TryFrom<Unchecked> for RateBand {
    type Error = &'static str;

    fn try_from(band: Unchecked) -> Result<Self, Self::Error> {
        Self::new(band.people_min, band.bottom, band.top, band.step)
    }
}

#[cfg(test)]
mod tests;
