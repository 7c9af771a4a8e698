//! Disparity: how far groups are from a reference, and how that has changed.

use super::arm::{Arm, Missing};
use super::figure::{Finding, Made};
use super::grid::Grid;
use super::interval::{Interval, Term, combined, difference};
use super::over_time::{EPSILON, Level, Levels, at};
use super::reference::{OTHERS, Pair, pairs};
use super::report::{Disparity, Reference};
use super::row::{Quantity, Row, Scale};
use super::series;
use super::words::{amount, on_change, verdict, year};
use std::collections::BTreeSet;

/// Students with the outcome, and students, that a risk ratio needs in a group and among all others.
///
/// Source: 34 CFR 300.647(b)(1)(iv): a minimum cell size of no more than 10 and a minimum n-size of no more than 30 are
/// presumed to be reasonable.
const RISK_CELL_MIN: u64 = 10;
const RISK_PEOPLE_MIN: u64 = 30;

/// Differences of so many standard deviations are worth a look; the threshold of OpenSDP's gap tests.
const STANDARDIZED_MIN: f64 = 0.1;

pub(super) fn make(grid: &Grid<'_>, form: &Disparity, made: &mut Made) {
    // The same reference stands beside several groups: its levels are told once.
    let mut told = BTreeSet::new();
    for pair in pairs(grid, &form.focal, &form.reference) {
        // All others of a group that is hidden are not there either: one mark a year is enough.
        let is_others = form.reference == Reference::Others;
        let others = pair.focal.iter().zip(&pair.told).filter(|((_, arm), _)| !is_others || arm.is_ok());
        let others: Levels = others.map(|(_, level)| level.clone()).collect();
        for (label, levels) in [(&pair.label, &pair.focal), (&pair.against, &others)] {
            if !levels.is_empty() && told.insert(label.clone()) {
                made.lines.push(series::line(label, levels));
                made.rows
                    .extend(levels.iter().map(|(year, arm)| Row::level(*year, label, arm, grid.levels())));
            }
        }
        for ((year, focal), (_, reference)) in pair.focal.iter().zip(&pair.reference) {
            let between = gap(grid, *year, (&pair.label, &pair.against), (focal, reference));
            let relative = relative(grid, &pair, *year, (focal, reference), &form.reference);
            // Where there is no gap, the ratio is missing for the same reason.
            let relative = relative.filter(|_| between.value.is_ok());
            made.rows.push(between);
            made.rows.extend(relative);
        }
        let change = change_of_gap(grid, &pair);
        made.findings.extend(in_words(grid, &pair, change.as_ref()));
        made.rows.extend(change);
    }
    if matches!(form.reference, Reference::Highest | Reference::Lowest) {
        // The extreme of several levels is further out than its group would be another time.
        made.notes.push(
            "The reference was chosen for its level: chance alone makes the gap to it larger than it is."
                .into(),
        );
    }
}

/// A group's level and its reference's, of one year.
pub(super) type Sides<'a> = (&'a Result<Arm, Missing>, &'a Result<Arm, Missing>);

/// Both arms, or what keeps one from being there.
fn both<'a>((focal, reference): Sides<'a>) -> Result<(&'a Arm, &'a Arm), Missing> {
    Ok((focal.as_ref().map_err(Clone::clone)?, reference.as_ref().map_err(Clone::clone)?))
}

fn interval_of((focal, reference): (&Arm, &Arm)) -> Option<Interval> {
    Some(difference(focal.limits()?, reference.limits()?).1)
}

/// The gap between two levels of a year.
pub(super) fn gap(grid: &Grid<'_>, year: u32, (label, against): (&str, &str), sides: Sides<'_>) -> Row {
    let row = Row::new(year, label, Quantity::Gap, grid.differences()).against(against);
    match both(sides) {
        Err(missing) => Row { value: Err(missing), ..row },
        Ok((focal, reference)) => {
            let interval = interval_of((focal, reference));
            let row = row.says(verdict(&[focal, reference], interval));
            let counts = vec![focal.counts, reference.counts];
            Row { value: Ok(focal.value - reference.value), interval, counts, ..row }
        }
    }
}

/// The ratio beside a gap: a risk ratio against all others, else a plain one; of means, standard deviations.
fn relative(grid: &Grid<'_>, pair: &Pair, year: u32, sides: Sides<'_>, reference: &Reference) -> Option<Row> {
    let (quantity, scale) = match (grid.table.measure(), reference) {
        ("share", Reference::Others) => (Quantity::RiskRatio, Scale::Times),
        ("share" | "ratio", _) => (Quantity::Ratio, Scale::Times),
        ("mean", _) => (Quantity::StandardizedDifference, Scale::Deviations),
        _ => return None,
    };
    let row = Row::new(year, &pair.label, quantity, scale).against(&pair.against);
    let (focal, other) = match both(sides) {
        Err(missing) => return Some(Row { value: Err(missing), ..row }),
        Ok(arms) => arms,
    };
    let value = match quantity {
        Quantity::StandardizedDifference => standardized(focal, other),
        Quantity::RiskRatio if [focal, other].iter().any(|arm| !bears_a_risk(arm)) => Err(Missing::Because(
            "a risk ratio takes 10 students with the outcome of 30 or more, in the group and among all others (34 CFR 300.647)",
        )),
        _ if other.value == 0.0 => Err(Missing::Because("the reference is zero")),
        _ => Ok(focal.value / other.value),
    };
    let says = match (&value, quantity) {
        (Ok(value), Quantity::StandardizedDifference)
            if focal.telling().is_ok() && other.telling().is_ok() =>
        {
            if value.abs() > STANDARDIZED_MIN {
                "above 0.1"
            } else {
                "0.1 or less"
            }
        }
        _ => "",
    };
    Some(Row { value, counts: vec![focal.counts, other.counts], ..row.says(says) })
}

fn bears_a_risk(arm: &Arm) -> bool {
    arm.counts.numerator.is_some_and(|with| with >= RISK_CELL_MIN)
        && arm.counts.people.is_some_and(|people| people >= RISK_PEOPLE_MIN)
}

/// The difference of two means over the pooled standard deviation, or of two shares over that of both.
///
/// Sources: Cohen (1988) for means; Austin, "Using the standardized difference", Communications in Statistics 38 (2009),
/// for shares.
pub(super) fn standardized(focal: &Arm, other: &Arm) -> Result<f64, Missing> {
    const UNKNOWN_SPREAD: Missing = Missing::Because("the table does not print standard deviations");
    let spread = if let (Some(a), Some(b)) = (focal.deviation, other.deviation) {
        let (Some(n), Some(m)) = (focal.counts.people, other.counts.people) else {
            return Err(UNKNOWN_SPREAD);
        };
        let (n, m) = (n as f64, m as f64);
        // The table's are over the number of students, the pooled one is over the degrees of freedom.
        ((n * a * a + m * b * b) / (n + m - 2.0)).sqrt()
    } else if focal.counts.numerator.is_some() && other.counts.numerator.is_some() {
        let variance = |arm: &Arm| arm.value * (100.0 - arm.value);
        ((variance(focal) + variance(other)) / 2.0).sqrt()
    } else {
        return Err(UNKNOWN_SPREAD);
    };
    if spread > 0.0 {
        Ok((focal.value - other.value) / spread)
    } else {
        Err(Missing::Because("nobody differs within the groups"))
    }
}

/// The change of the gap from the first year that is measured alike and shown, to the last.
fn change_of_gap(grid: &Grid<'_>, pair: &Pair) -> Option<Row> {
    let (last, since) = (grid.last_year()?, grid.comparable_since()?);
    let mut sides = pair.focal.iter().zip(&pair.reference);
    let is_shown =
        |((year, a), (_, b)): &(&Level, &Level)| since <= *year && *year < last && a.is_ok() && b.is_ok();
    let ((first, _), _) = sides.find(is_shown)?;
    change_of_gap_since(grid, pair, *first)
}

/// The change of the gap from a year to the last.
pub(super) fn change_of_gap_since(grid: &Grid<'_>, pair: &Pair, from: u32) -> Option<Row> {
    let last = grid.last_year()?;
    let arms = [from, last].map(|year| (at(&pair.focal, year), at(&pair.reference, year)));
    let [then, now] = &arms;
    let row = Row::new(last, &pair.label, Quantity::GapChange, grid.differences()).against(&pair.against);
    Some(change_between(row.since(from), (&then.0, &then.1), (&now.0, &now.1)))
}

/// Fills a row of a change of a gap.
pub(super) fn change_between(row: Row, then: Sides<'_>, now: Sides<'_>) -> Row {
    let ((a, b), (c, d)) = match both(now).and_then(|now| Ok((now, both(then)?))) {
        Err(missing) => return Row { value: Err(missing), ..row },
        Ok(arms) => arms,
    };
    let terms = [(1.0, a), (-1.0, b), (-1.0, c), (1.0, d)]
        .map(|(weight, arm)| arm.limits().map(|(value, interval)| Term { weight, value, interval }));
    let terms: Option<Vec<Term>> = terms.into_iter().collect();
    let interval = terms.map(|terms| combined(&terms).1);
    let value = Ok((a.value - b.value) - (c.value - d.value));
    let counts = [a, b, c, d].map(|arm| arm.counts).to_vec();
    Row { value, interval, counts, ..row.says(verdict(&[a, b, c, d], interval)) }
}

/// On which side of its reference a group is, before the reference.
fn side(gap: f64, scale: Scale) -> String {
    match gap {
        gap if gap < -EPSILON => format!("{} below", amount(gap, scale)),
        gap if gap > EPSILON => format!("{} above", amount(gap, scale)),
        _ => "level with".into(),
    }
}

/// The reference as it stands in a sentence after its group.
fn in_a_sentence(pair: &Pair) -> &str {
    if pair.against.starts_with(OTHERS) { "all others" } else { &pair.against }
}

fn in_words(grid: &Grid<'_>, pair: &Pair, change: Option<&Row>) -> Option<Finding> {
    let ((last, focal), (_, reference)) = (pair.focal.last()?, pair.reference.last()?);
    let (test, label, when) = ("gap", &pair.label, year(*last));
    let row = gap(grid, *last, (label, &pair.against), (focal, reference));
    let (value, (focal, reference)) = match (row.value, both((focal, reference))) {
        (Ok(value), Ok(arms)) => (value, arms),
        (Err(missing), _) | (_, Err(missing)) => {
            let text = format!("{label} in {when}: {}.", missing.reason());
            return Some(Finding { test, status: "cannot be shown", text });
        }
    };
    let level = |arm: &Arm| amount(arm.value, grid.levels());
    let mut text = format!(
        "{label} in {when}: {} {} ({} against {}); {}.",
        side(value, row.scale),
        in_a_sentence(pair),
        level(focal),
        level(reference),
        row.says
    );
    if let Some((Ok(by), change)) = change.map(|change| (&change.value, change)) {
        let (before, since) = (value - by, year(change.since.unwrap_or(*last)));
        // A gap of either sign narrows when it comes nearer to zero. One that changes its sign does neither.
        let moved = match value.abs() - before.abs() {
            _ if value * before < 0.0 => format!("In {since} it was {} it", side(before, row.scale)),
            moved if moved < -EPSILON => {
                format!("The gap is narrower by {} than in {since}", amount(moved, row.scale))
            }
            moved if moved > EPSILON => {
                format!("The gap is wider by {} than in {since}", amount(moved, row.scale))
            }
            _ => format!("The gap is as wide as in {since}"),
        };
        text += &format!(" {moved}; {}.", on_change("the change", &change.says));
    }
    let status = match row.says.as_str() {
        "beyond chance" | "within chance" if value.abs() <= EPSILON => "level",
        "beyond chance" | "within chance" if value < 0.0 => "below",
        "beyond chance" | "within chance" => "above",
        _ => "no verdict",
    };
    Some(Finding { test, status, text })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cell, made, made_within, rounded, shares, status, table};
    use super::super::{Figure, report::Form};
    use super::*;
    use crate::disclosure::{Mark, ProtectedTable};

    fn against(table: &ProtectedTable, focal: &[&str], reference: Reference) -> Figure {
        let focal = focal.iter().map(ToString::to_string).collect();
        made(Form::Disparity(Disparity { by: "race".into(), focal, reference }), table)
    }

    fn row(figure: &Figure, quantity: Quantity, year: u32) -> &Row {
        figure.rows.iter().find(|row| row.quantity == quantity && row.year == year).expect("a row")
    }

    fn near(found: &Row, value: f64, interval: Option<(f64, f64)>) {
        let is = |a: f64, b: f64| (a - b).abs() < 5e-4;
        assert!(is(*found.value.as_ref().expect("a value"), value), "{found:?}");
        let ends = found.interval.map(|ends| (ends.low, ends.high));
        let same = ends.zip(interval).map(|(a, b)| is(a.0, b.0) && is(a.1, b.1));
        assert_eq!(same, interval.map(|_| true), "{found:?}");
    }

    fn two_years() -> ProtectedTable {
        let cells = [
            (2024, "all", Some((300, 1000))),
            (2024, "a", Some((100, 200))),
            (2024, "b", Some((150, 600))),
            (2024, "c", Some((50, 200))),
            (2025, "all", Some((280, 1000))),
            (2025, "a", Some((90, 200))),
            (2025, "b", Some((140, 600))),
            (2025, "c", Some((50, 200))),
        ];
        shares(Some("race"), &cells)
    }

    /// Intervals computed by other code.
    #[test]
    fn all_others_are_all_without_the_group() {
        let figure = against(&two_years(), &["a"], Reference::Others);
        near(row(&figure, Quantity::Gap, 2024), 25.0, Some((17.4622, 32.4422)));
        near(row(&figure, Quantity::RiskRatio, 2024), 2.0, None);
        near(row(&figure, Quantity::RiskRatio, 2025), 45.0 / 23.75, None);
        let counts =
            |numerator, people| super::super::Counts { numerator: Some(numerator), people: Some(people) };
        assert_eq!(row(&figure, Quantity::Gap, 2025).counts, [counts(90, 200), counts(190, 800)]);
        near(row(&figure, Quantity::GapChange, 2025), -3.75, Some((-14.2468, 6.8666)));
        assert_eq!(row(&figure, Quantity::GapChange, 2025).says, "within chance");
        assert!(figure.findings[0].text.contains("narrower by 3.8 points"), "{:?}", figure.findings);
    }

    /// The verdict is of the change from one side to the other, and not of how much nearer the group is.
    #[test]
    fn a_gap_that_changes_its_side_says_so() {
        let cells = [
            (2024, "a", Some((600, 1000))),
            (2024, "b", Some((500, 1000))),
            (2025, "a", Some((520, 1000))),
            (2025, "b", Some((600, 1000))),
        ];
        let text = |cells: &[_]| {
            against(&shares(Some("race"), cells), &["a"], Reference::Category("b".into())).findings[0]
                .text
                .clone()
        };
        let turned = text(&cells);
        assert!(
            turned.contains("8.0 points below b")
                && turned.contains("In 2023-24 it was 10.0 points above it; the change is beyond chance"),
            "{turned}"
        );
        let level = text(&[(2025, "a", Some((500, 1000))), (2025, "b", Some((500, 1000)))]);
        assert!(level.contains("a in 2024-25: level with b"), "{level}");
    }

    #[test]
    fn the_reference_is_chosen_by_what_is_shown() {
        let largest = against(&two_years(), &[], Reference::Largest);
        assert_eq!(row(&largest, Quantity::Gap, 2025).against, "b (the largest shown in 2024-25)");
        assert!(largest.rows.iter().all(|row| row.quantity != Quantity::RiskRatio));
        near(row(&largest, Quantity::Ratio, 2024), 2.0, None);
        let highest = against(&two_years(), &["c"], Reference::Highest);
        assert!(row(&highest, Quantity::Gap, 2025).against.starts_with("a "));
    }

    #[test]
    fn a_group_is_not_compared_to_what_it_is_part_of() {
        let disparity = |focal: &str, reference| {
            Form::Disparity(Disparity { by: "race".into(), focal: vec![focal.into()], reference })
        };
        let part = disparity("a", Reference::Category("b".into()));
        let figure = made_within(part, &two_years(), &[("a", "b")]);
        assert!(matches!(row(&figure, Quantity::Gap, 2025).value, Err(Missing::Because(_))));
        assert_eq!(status(&figure, "gap"), "cannot be shown");
        let levels = figure.rows.iter().filter(|row| row.quantity == Quantity::Level && row.value.is_ok());
        assert_eq!(levels.count(), 4, "what is shown of both stands there");
        let itself = made(disparity("a", Reference::Highest), &two_years());
        assert!(matches!(row(&itself, Quantity::Gap, 2025).value, Err(Missing::Because(_))));
    }

    #[test]
    fn nothing_is_said_of_a_hidden_group_nor_of_its_others() {
        let cells = [
            (2025, "all", Some((280, 1000))),
            (2025, "a", None),
            (2025, "b", Some((150, 700))),
            (2025, "c", Some((120, 291))),
        ];
        let figure = against(&shares(Some("race"), &cells), &["a"], Reference::Others);
        assert_eq!(status(&figure, "gap"), "cannot be shown");
        let of_it = figure.rows.iter().filter(|row| row.value == Err(Missing::Hidden));
        assert_eq!(of_it.count(), figure.rows.len(), "{:?}", figure.rows);
        assert_eq!((figure.loss.hidden, figure.loss.cells), (1, 2));
        // All but two of these nine students would be worked out.
        let cells = [(2025, "all", Some((280, 1000))), (2025, "b", Some((278, 991)))];
        let figure = against(&shares(Some("race"), &cells), &["b"], Reference::Others);
        assert_eq!(row(&figure, Quantity::Gap, 2025).value, Err(Missing::Few(10)));
    }

    #[test]
    fn small_groups_and_rounded_numbers_have_no_verdict() {
        let cells = [(2025, "all", Some((280, 1000))), (2025, "a", Some((14, 29)))];
        let figure = against(&shares(Some("race"), &cells), &["a"], Reference::Others);
        assert!(row(&figure, Quantity::Gap, 2025).says.contains("fewer than 30"));
        assert!(matches!(row(&figure, Quantity::RiskRatio, 2025).value, Err(Missing::Because(_))));
        assert_eq!(status(&figure, "gap"), "no verdict");
        let figure = against(&rounded(&two_years()), &["a"], Reference::Category("b".into()));
        let gap = row(&figure, Quantity::Gap, 2025);
        assert!(gap.interval.is_none() && gap.says.contains("rounded"), "{gap:?}");
    }

    #[test]
    fn means_differ_by_standard_deviations() {
        // 2, 4, 4, 4, 5, 5, 7, 9 against 1 to 6.
        let mean = |category: &str, people, value, deviation| {
            let mut cell = cell(2025, &[category]);
            (cell.denominator, cell.value, cell.deviation) = (Some(people), Some(value), Some(deviation));
            cell.set_mark(Mark::Shown);
            cell
        };
        let cells = vec![mean("a", 8, 5.0, 2.0), mean("b", 6, 3.5, 1.707_825_127_659_933)];
        let figure =
            against(&table("mean", vec!["race".into()], cells), &["a"], Reference::Category("b".into()));
        let found = row(&figure, Quantity::StandardizedDifference, 2025);
        near(found, MEANS_APART, None);
        assert_eq!(found.says, "", "eight students are too few to say anything");
    }

    /// The mean of rounded numbers of students is exact, its groups are not.
    #[test]
    fn rounded_means_have_no_verdict() {
        let mean = |category: &str, value| {
            let mut cell = cell(2025, &[category]);
            (cell.denominator, cell.value, cell.deviation) = (Some(100), Some(value), Some(2.0));
            cell.set_mark(Mark::Shown);
            cell
        };
        let exact = table("mean", vec!["race".into()], vec![mean("a", 5.0), mean("b", 3.0)]);
        for (table, says) in [(rounded(&exact), ""), (exact, "above 0.1")] {
            let figure = against(&table, &["a"], Reference::Category("b".into()));
            assert_eq!(row(&figure, Quantity::StandardizedDifference, 2025).says, says);
        }
    }

    /// By Python's `statistics.variance`, pooled over 12 degrees of freedom.
    const MEANS_APART: f64 = 0.738_548_9;
}
