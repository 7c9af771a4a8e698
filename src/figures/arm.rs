//! An arm: what one shown cell, or several together, say of a group of students.

use super::VERDICT_MIN;
use super::interval::{Interval, of_mean, wilson};
use crate::disclosure::{Cell, Mark, ProtectedTable};

/// Why a figure is not there. None of these says anything of what is hidden.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// A cell it needs is hidden.
    Hidden,
    /// There is nobody in a group it needs.
    Empty,
    /// The rule prints a range in place of a number that it needs.
    Coded(String),
    /// The table has no cell for it.
    Absent,
    /// The measure or the group changed in between.
    Break(u32),
    /// It is made of fewer students than it may be.
    Few(u64),
    /// Something else, in words.
    Because(&'static str),
}

impl Missing {
    /// The mark in place of the figure: `*` hidden, `-` no students, `n/a` otherwise.
    #[must_use]
    pub fn mark(&self) -> &str {
        match self {
            Self::Hidden => "*",
            Self::Empty => "-",
            Self::Coded(label) => label,
            _ => "n/a",
        }
    }

    /// One word for machines.
    #[must_use]
    pub const fn flag(&self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Empty => "empty",
            Self::Coded(_) => "coded",
            Self::Absent => "absent",
            Self::Break(_) => "break",
            Self::Few(_) => "few",
            Self::Because(_) => "not_made",
        }
    }

    /// How a test comes out without it: nothing is concluded of what is shown, or it cannot be shown.
    pub(super) const fn status(&self) -> &'static str {
        match self {
            Self::Few(_) | Self::Because(_) => "no verdict",
            _ => "cannot be shown",
        }
    }

    /// Why, in words.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Hidden => "cannot be shown: a number it needs is hidden".into(),
            Self::Empty => "there are no students".into(),
            Self::Coded(label) => {
                format!("the rule prints the range {label}, which nothing is worked out from")
            }
            Self::Absent => "the table does not have it".into(),
            Self::Break(year) => {
                format!("nothing is worked out across the break in {}", super::words::year(*year))
            }
            Self::Few(least) => format!("not made of fewer than {least} students"),
            Self::Because(reason) => (*reason).into(),
        }
    }
}

/// The numbers a figure is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Students with the outcome; only of shares.
    pub numerator: Option<u64>,
    /// Students; absent where the table does not print them.
    pub people: Option<u64>,
}

/// A group of students, all of whose numbers are shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arm {
    /// What it is made of.
    pub counts: Counts,
    /// Percent for shares and ratios, the number of students for counts, the mean for means.
    pub value: f64,
    /// Standard deviation over the students; only of means.
    pub deviation: Option<f64>,
    /// Whether the numbers are as counted: neither rounded nor with noise.
    pub is_exact: bool,
    /// Whether it is a number of students, and no level of theirs.
    pub is_count: bool,
    /// Where noise was added: half the width of the interval around the value that holds the one without it in 19 of 20 cases.
    pub margin: Option<f64>,
}

impl Arm {
    /// What a cell says.
    ///
    /// # Errors
    ///
    /// [`Missing`] where it is hidden, coded or empty; what an earlier edition showed of it is not taken.
    pub fn of(table: &ProtectedTable, cell: &Cell) -> Result<Self, Missing> {
        match cell.mark() {
            Mark::Hidden => return Err(Missing::Hidden),
            Mark::Empty => return Err(Missing::Empty),
            Mark::Unspecified => return Err(Missing::Absent),
            Mark::Shown | Mark::Zero => {}
        }
        if let Some(code) = &cell.code {
            return Err(Missing::Coded(code.label.clone()));
        }
        let unit = if matches!(table.measure(), "share" | "ratio") { 100.0 } else { 1.0 };
        let value = match table.measure() {
            "count" => cell.denominator.map(|people| people as f64),
            _ => cell.value.map(|value| value * unit),
        };
        Ok(Self {
            counts: Counts { numerator: cell.numerator, people: cell.denominator },
            value: value.ok_or(Missing::Hidden)?,
            deviation: cell.deviation,
            is_exact: table.rounded_to() == 0 && table.people_noise() == 0.0 && cell.margin.is_none(),
            is_count: table.measure() == "count",
            margin: cell.margin.map(|margin| margin * unit),
        })
    }

    /// A share of its own numbers.
    #[must_use]
    pub fn share(numerator: u64, people: u64) -> Self {
        let counts = Counts { numerator: Some(numerator), people: Some(people) };
        let value = numerator as f64 / people as f64 * 100.0;
        Self { counts, value, deviation: None, is_exact: true, is_count: false, margin: None }
    }

    /// Several groups that share nobody as one; groups without students add nothing.
    ///
    /// # Errors
    ///
    /// The first [`Missing`] of the groups, or that the measure is a sum over a sum.
    pub fn pooled(groups: impl IntoIterator<Item = Result<Self, Missing>>) -> Result<Self, Missing> {
        let groups = groups.into_iter().filter(|group| !matches!(group, Err(Missing::Empty)));
        let groups = groups.collect::<Result<Vec<_>, _>>()?;
        let (first, rest) = groups.split_first().ok_or(Missing::Empty)?;
        rest.iter().try_fold(*first, |sum, group| sum.and(group))
    }

    fn and(self, other: &Self) -> Result<Self, Missing> {
        const UNPOOLED: Missing = Missing::Because("rates of days cannot be pooled over groups");
        let (Some(n), Some(m)) = (self.counts.people, other.counts.people) else { return Err(UNPOOLED) };
        let is_exact = self.is_exact && other.is_exact;
        let people = n + m;
        // How far noise has moved the sum is not told.
        let sum = Self { is_exact, margin: None, ..self };
        let counts = |numerator| Counts { numerator, people: Some(people) };
        if let (Some(x), Some(y)) = (self.counts.numerator, other.counts.numerator) {
            return Ok(Self { is_exact, ..Self::share(x + y, people) });
        }
        if let (Some(a), Some(b)) = (self.deviation, other.deviation) {
            let (n, m, total) = (n as f64, m as f64, people as f64);
            let mean = (n * self.value + m * other.value) / total;
            // Within both groups and between them.
            let between = n * m / total * (self.value - other.value).powi(2);
            let spread = (n * a * a + m * b * b + between) / total;
            return Ok(Self { counts: counts(None), value: mean, deviation: Some(spread.sqrt()), ..sum });
        }
        if self.is_count && other.is_count {
            return Ok(Self { counts: counts(None), value: people as f64, ..sum });
        }
        Err(UNPOOLED)
    }

    /// Everybody but `part`, which lies in it; only of shares whose numbers are exact.
    ///
    /// # Errors
    ///
    /// [`Missing::Few`] where students, those with the outcome or those without are fewer than `least`, but not none: such
    /// numbers are not worked out.
    pub fn without(&self, part: &Self, least: u64) -> Result<Self, Missing> {
        const NOT_EXACT: Missing = Missing::Because("all others are worked out from exact shares only");
        let numbers = |arm: &Self| Some((arm.counts.numerator?, arm.counts.people?));
        let (Some((x, n)), Some((y, m)), true) =
            (numbers(self), numbers(part), self.is_exact && part.is_exact)
        else {
            return Err(NOT_EXACT);
        };
        let (Some(with), Some(people)) = (x.checked_sub(y), n.checked_sub(m)) else {
            return Err(Missing::Because("the group is not part of the whole"));
        };
        if people == 0 {
            return Err(Missing::Empty);
        }
        let is_small = |number: u64| number > 0 && number < least;
        if with > people || is_small(people) || is_small(with) || is_small(people - with) {
            return Err(Missing::Few(least));
        }
        Ok(Self::share(with, people))
    }

    /// Its value with an interval of 95 %; nothing where numbers are not exact, of counts and of rates of days.
    #[must_use]
    pub fn limits(&self) -> Option<(f64, Interval)> {
        let people = self.counts.people.filter(|_| self.is_exact)?;
        let interval = match (self.counts.numerator, self.deviation) {
            (Some(numerator), _) => wilson(numerator, people)?.times(100.0),
            (None, Some(deviation)) => of_mean(self.value, deviation, people)?,
            (None, None) => return None,
        };
        Some((self.value, interval))
    }

    /// Itself where it allows to conclude anything: its numbers are as counted, and of students enough.
    ///
    /// # Errors
    ///
    /// [`Missing::Few`] or [`Missing::Because`].
    pub(super) fn telling(&self) -> Result<&Self, Missing> {
        match self.counts.people {
            _ if !self.is_exact => Err(Missing::Because("numbers are rounded or carry noise")),
            None => Err(Missing::Because("the table does not say of how many students it is")),
            Some(people) if people < VERDICT_MIN => Err(Missing::Few(VERDICT_MIN)),
            Some(_) => Ok(self),
        }
    }

    /// Whether it has students enough to conclude anything.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.counts.people.is_some_and(|people| people >= VERDICT_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(people: u64, value: f64, deviation: f64) -> Arm {
        let counts = Counts { numerator: None, people: Some(people) };
        Arm { counts, value, deviation: Some(deviation), is_exact: true, is_count: false, margin: None }
    }

    #[test]
    fn shares_are_pooled_by_their_numbers() {
        let groups = [Ok(Arm::share(30, 100)), Err(Missing::Empty), Ok(Arm::share(10, 20))];
        assert_eq!(Arm::pooled(groups), Ok(Arm::share(40, 120)));
        assert_eq!(Arm::pooled([Ok(Arm::share(30, 100)), Err(Missing::Hidden)]), Err(Missing::Hidden));
        assert_eq!(Arm::pooled([Err(Missing::Empty)]), Err(Missing::Empty));
    }

    #[test]
    fn means_are_pooled_by_their_moments() {
        // 2, 4 and 4, 4, 5, 5, 7, 9: together mean 5 and deviation 2.
        let six = mean(6, 34.0 / 6.0, (212.0f64 / 6.0 - (34.0f64 / 6.0).powi(2)).sqrt());
        let pooled = Arm::pooled([Ok(mean(2, 3.0, 1.0)), Ok(six)]).expect("means");
        assert!(
            (pooled.value - 5.0).abs() < 1e-12 && (pooled.deviation.expect("it has") - 2.0).abs() < 1e-12
        );
    }

    /// A hundred students who were there on every day are no count of a hundred.
    #[test]
    fn rates_of_days_are_not_pooled() {
        let rate = |is_count| {
            let counts = Counts { numerator: None, people: Some(100) };
            Arm { counts, value: 100.0, deviation: None, is_exact: true, is_count, margin: None }
        };
        assert!(Arm::pooled([Ok(rate(false)), Ok(rate(false))]).is_err());
        assert_eq!(Arm::pooled([Ok(rate(true)), Ok(rate(true))]).map(|sum| sum.value), Ok(200.0));
    }

    #[test]
    fn small_rests_are_not_worked_out() {
        let all = Arm::share(100, 400);
        assert_eq!(all.without(&Arm::share(40, 200), 10), Ok(Arm::share(60, 200)));
        assert_eq!(all.without(&Arm::share(100, 390), 10), Ok(Arm::share(0, 10)));
        for part in [Arm::share(95, 380), Arm::share(60, 391), Arm::share(20, 311)] {
            assert_eq!(all.without(&part, 10), Err(Missing::Few(10)), "{part:?}");
        }
        let rounded = Arm { is_exact: false, ..all };
        assert!(rounded.without(&Arm::share(40, 200), 10).is_err());
    }
}
