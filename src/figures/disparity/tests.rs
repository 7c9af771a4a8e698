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
    let figure = against(&table("mean", vec!["race".into()], cells), &["a"], Reference::Category("b".into()));
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
