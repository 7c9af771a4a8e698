//! Numbers and names as people read them.

use crate::calendar::SchoolYear;
use crate::cli::screen::count;
use crate::figures::{Counts, Figure, Missing, Quantity, Row, Scale, signed};

/// A school year, or from one to another.
pub(super) fn years(row: &Row) -> String {
    match row.since {
        Some(since) => format!("{} to {}", year(since), year(row.year)),
        None => year(row.year),
    }
}

pub(super) fn year(ending: u32) -> String {
    SchoolYear::new(ending).map_or_else(|| ending.to_string(), |year| year.to_string())
}

/// A value in its unit, or the mark in its place: `*` hidden, `0` nobody of a group, `-` no group.
pub(super) fn value(row: &Row) -> String {
    match &row.value {
        // A range is printed in place of a level alone: it is no gap.
        Err(Missing::Coded(_)) if row.quantity != Quantity::Level => "n/a".into(),
        Err(missing) => missing.mark().to_owned(),
        Ok(value) if row.quantity == Quantity::ClosingYear => year(*value as u32),
        Ok(_) if row.is_zero() => "0".into(),
        Ok(value) => number(*value, row.scale, is_difference(row.quantity)),
    }
}

const fn is_difference(quantity: Quantity) -> bool {
    !matches!(quantity, Quantity::Level | Quantity::Target | Quantity::DistrictMean | Quantity::Median)
}

fn number(value: f64, scale: Scale, is_signed: bool) -> String {
    match scale {
        Scale::Percent => format!("{value:.1} %"),
        Scale::Points => format!("{} points", signed(value, 1)),
        Scale::Times => format!("{value:.2}"),
        Scale::Deviations => signed(value, 2),
        Scale::Own if is_signed => signed(value, 2),
        Scale::Own => format!("{value:.2}"),
        Scale::Students if is_signed => signed(value, 0),
        Scale::Students => count(value as u64),
        Scale::Years => format!("{value:.0}"),
    }
}

/// The ends of its interval.
pub(super) fn interval(row: &Row) -> String {
    let sign = is_difference(row.quantity);
    row.interval.map_or_else(String::new, |ends| match (row.scale, sign) {
        (Scale::Own, false) => format!("{:.2} to {:.2}", ends.low, ends.high),
        (Scale::Own, true) => format!("{} to {}", signed(ends.low, 2), signed(ends.high, 2)),
        (_, false) => format!("{:.1} to {:.1}", ends.low, ends.high),
        (_, true) => format!("{} to {}", signed(ends.low, 1), signed(ends.high, 1)),
    })
}

/// The numbers it is made of: `165 of 595`, then those of what it is compared to.
pub(super) fn counts(row: &Row) -> String {
    let one = |counts: &Counts| match (counts.numerator, counts.people) {
        (Some(with), Some(people)) => Some(format!("{} of {}", count(with), count(people))),
        (None, Some(people)) => Some(count(people)),
        _ => None,
    };
    row.counts.iter().filter_map(one).collect::<Vec<_>>().join("; ")
}

/// What it says, and why there is no value.
pub(super) fn says(row: &Row) -> String {
    match &row.value {
        // The marks of these are explained below every table.
        Err(missing) if ["*", "-"].contains(&missing.mark()) => String::new(),
        Err(missing) => missing.reason(),
        Ok(_) => row.says.clone(),
    }
}

/// How much is hidden.
pub(super) fn loss(loss: crate::figures::Loss) -> String {
    format!("{} of {} cells hidden ({:.1} %)", loss.hidden, loss.cells, loss.share() * 100.0)
}

/// Where the figure comes from, in a line.
pub(super) fn basis(figure: &Figure) -> String {
    let basis = &figure.basis;
    format!(
        "product {}, edition {}, agreement {}, rule {}; {}",
        basis.product,
        basis.edition,
        basis.agreement,
        basis.rule,
        loss(figure.loss)
    )
}

/// The marks that a figure's rows have, with what they mean.
pub(super) fn marks(figure: &Figure) -> Vec<&'static str> {
    let known = [
        (
            "hidden",
            "*  hidden to protect students, or worked out from something hidden; it says nothing else about itself",
        ),
        ("zero", "0  nobody in a large enough group"),
        ("empty", "-  no students"),
    ];
    let has = |flag: &str| figure.rows.iter().any(|row| row.flag() == flag);
    known.into_iter().filter(|(flag, _)| has(flag)).map(|(_, text)| text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Interval;

    fn level(value: Result<f64, Missing>, numerator: Option<u64>, scale: Scale, is_exact: bool) -> Row {
        Row {
            year: 2025,
            since: None,
            group: "All".into(),
            against: String::new(),
            quantity: Quantity::Level,
            counts: vec![Counts { numerator, people: Some(40) }],
            value,
            interval: is_exact.then_some(Interval { low: 0.0, high: 8.8 }),
            scale,
            says: String::new(),
        }
    }

    #[test]
    fn hidden_nobody_and_no_students_have_three_marks() {
        let marks = [
            (level(Err(Missing::Hidden), None, Scale::Percent, false), "*", "hidden"),
            (level(Ok(0.0), Some(0), Scale::Percent, true), "0", "zero"),
            (level(Err(Missing::Empty), None, Scale::Percent, false), "-", "empty"),
            // Rounded to nobody, a rate of days, and a mean of zero: none of them says that nobody has it.
            (level(Ok(0.0), Some(0), Scale::Percent, false), "0.0 %", "shown"),
            (level(Ok(0.0), None, Scale::Percent, false), "0.0 %", "shown"),
            (level(Ok(0.0), None, Scale::Own, true), "0.00", "shown"),
        ];
        for (row, mark, flag) in marks {
            assert_eq!((value(&row).as_str(), row.flag()), (mark, flag), "{row:?}");
        }
    }
}
