//! Targets: three separate tests, and where a series stands.
//!
//! Source: All Hands Raised's targets, meant to be "sustained (showing steady growth), incremental (realistic and
//! achievable), and equitable (showing accelerated improvement for students of color so that achievement gaps could be
//! eliminated)".

use super::arm::{Arm, Missing};
use super::catalog::ALL;
use super::equitable;
use super::figure::Made;
use super::grid::Grid;
use super::over_time::{EPSILON, Levels, in_words, is_sustained, trend};
use super::reference::pairs;
use super::report::{Point, Target};
use super::row::{Quantity, Row, Scale};
use super::series;
use super::words::{amount, no_verdict, year};

pub(super) fn make(grid: &Grid<'_>, form: &Target, made: &mut Made) {
    let everybody: &[&str] = if form.by.is_some() { &[ALL] } else { &[] };
    let levels: Levels = grid.years.iter().map(|year| (*year, grid.arm(*year, everybody))).collect();
    series::add(grid, "All", &levels, made);
    incremental(grid, form, &levels, made);
    sustained(grid, form, &levels, made);
    let trend = trend(grid, &levels, grid.direction(form.direction), form.tolerance);
    if let Some(year) = grid.last_year() {
        let row = Row::new(year, "All", Quantity::YearsImproving, Scale::Years);
        let improving = trend.state.clone().map(|_| f64::from(trend.years_improving));
        made.rows.push(Row { value: improving, ..row });
    }
    if let Some(text) = in_words(grid, "All", &levels, &trend) {
        made.find("progress", trend.status(), text);
    }
    if form.by.is_some() {
        for pair in pairs(grid, &form.focal, &form.reference) {
            equitable::look(grid, form, &pair, made);
        }
    }
}

/// Each declared value against the level of its year, as it was declared: interim values need not be on a line.
fn incremental(grid: &Grid<'_>, form: &Target, levels: &Levels, made: &mut Made) {
    let last = grid.last_year().unwrap_or(0);
    let points = form.interim.iter().map(|point| ("interim", point)).chain([("final", &form.goal)]);
    let mut newest = None;
    for (name, point) in points {
        let status = status(grid, form, point, levels);
        let row = Row::new(point.year, name, Quantity::Target, grid.levels()).says(status);
        made.rows.push(Row { value: Ok(point.value), ..row });
        if point.year <= last {
            newest = Some((name, point, status));
        }
    }
    match newest {
        None => made.find("incremental", "not yet", "Incremental: no declared year has figures yet."),
        Some((name, point, status)) => {
            let level =
                levels.iter().find(|(year, _)| *year == point.year).and_then(|(_, arm)| arm.as_ref().ok());
            let level = level.map(|arm| format!("{} against ", amount(arm.value, grid.levels())));
            let broken = grid.break_between(form.baseline.year, point.year);
            let broken = broken.map(|broken| format!("; something else is measured since {}", year(broken)));
            let text = format!(
                "Incremental: {status}, the {name} value of {} ({}{}{}).",
                year(point.year),
                level.unwrap_or_default(),
                amount(point.value, grid.levels()),
                broken.unwrap_or_default()
            );
            made.find("incremental", status, text);
        }
    }
}

fn status(grid: &Grid<'_>, form: &Target, point: &Point, levels: &Levels) -> &'static str {
    let level = levels.iter().find(|(year, _)| *year == point.year).map(|(_, arm)| arm);
    // What was declared of one measure says nothing of another.
    let is_broken = grid.break_between(form.baseline.year, point.year).is_some();
    let gain = |arm: &Arm| grid.direction(form.direction).gain(point.value, arm.value);
    match level {
        None if grid.last_year().is_none_or(|last| point.year > last) => "not yet",
        None | Some(Err(_)) => "cannot be shown",
        Some(Ok(arm)) if is_broken || arm.telling().is_err() => "no verdict",
        Some(Ok(arm)) if gain(arm) >= -EPSILON => "met",
        Some(Ok(_)) => "not met",
    }
}

/// The years from the baseline on, or from the last break after it.
pub(super) fn window(grid: &Grid<'_>, form: &Target, levels: &Levels) -> (u32, Levels) {
    let broken = grid.last_year().and_then(|last| grid.break_between(form.baseline.year, last));
    let from = broken.and(grid.comparable_since()).unwrap_or(form.baseline.year);
    (from, levels.iter().filter(|(year, _)| *year >= from).cloned().collect())
}

fn sustained(grid: &Grid<'_>, form: &Target, levels: &Levels, made: &mut Made) {
    let (from, window) = window(grid, form, levels);
    if from > form.baseline.year {
        made.notes.push(format!(
            "The baseline of {} is of another measure: steady growth is looked at from {} on.",
            year(form.baseline.year),
            year(from)
        ));
    }
    let has_it = grid.years.contains(&from);
    // The declared value stands for the table's.
    let declared = form.baseline.value.filter(|_| from == form.baseline.year && !has_it);
    let first = from + u32::from(declared.is_some());
    let found = match window.first() {
        Some((year, _)) if *year == first => {
            is_sustained(grid, &window, declared, grid.direction(form.direction), form.tolerance)
        }
        // The years in between are not known.
        _ => Err(Missing::Absent),
    };
    let (status, why) = match found {
        Ok(true) => {
            ("met", "met (no year was worse beyond the tolerance, and the whole is better)".to_owned())
        }
        Ok(false) => {
            ("not met", "not met (a year was worse beyond the tolerance, or the whole is no better)".into())
        }
        Err(Missing::Absent) if !has_it && declared.is_none() => {
            let why = format!(
                "cannot be shown: the table has no figures of {}, and no value is declared",
                year(from)
            );
            ("cannot be shown", why)
        }
        Err(Missing::Absent) => {
            ("cannot be shown", "cannot be shown: it takes every year since, and two at least".into())
        }
        Err(missing) if missing.status() == "no verdict" => ("no verdict", no_verdict(&missing)),
        Err(missing) => ("cannot be shown", missing.reason()),
    };
    made.find("sustained", status, format!("Sustained since {}: {why}.", year(from)));
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::Figure;
    use super::super::report::{Baseline, Break, Direction, Form, Reference};
    use super::super::testing::{cell, made, made_of, shares, spec, status, table};
    use super::*;
    use crate::disclosure::Mark;

    /// All Hands Raised, class of 2013: 66.6 against an interim target of 66.5, 64.7 the year before, 71.3 in the end.
    pub(in crate::figures) fn all_hands_raised() -> Target {
        Target {
            baseline: Baseline { year: 2012, value: None },
            interim: vec![Point { year: 2013, value: 66.5 }],
            goal: Point { year: 2015, value: 71.3 },
            direction: Some(Direction::Up),
            tolerance: 0.0,
            by: None,
            focal: Vec::new(),
            reference: Reference::Others,
        }
    }

    fn tests(figure: &Figure) -> [&'static str; 3] {
        ["incremental", "sustained", "progress"].map(|test| status(figure, test))
    }

    #[test]
    fn a_published_target_comes_out_as_published() {
        let table = shares(None, &[(2012, "", Some((647, 1000))), (2013, "", Some((666, 1000)))]);
        let figure = made(Form::Target(all_hands_raised()), &table);
        assert_eq!(tests(&figure), ["met", "met", "improving"]);
        let declared = figure.rows.iter().filter(|row| row.quantity == Quantity::Target);
        assert_eq!(declared.map(|row| row.says.as_str()).collect::<Vec<_>>(), ["met", "not yet"]);
        let missed = Target { interim: vec![Point { year: 2013, value: 66.7 }], ..all_hands_raised() };
        assert_eq!(status(&made(Form::Target(missed), &table), "incremental"), "not met");
        let adverse = Target { direction: Some(Direction::Down), ..all_hands_raised() };
        assert_eq!(tests(&made(Form::Target(adverse), &table)), ["not met", "not met", "reversing"]);
    }

    #[test]
    fn a_baseline_from_before_the_table_is_the_declared_one() {
        let table = shares(None, &[(2013, "", Some((666, 1000)))]);
        let baseline = Baseline { year: 2012, value: Some(64.7) };
        let figure = made(Form::Target(Target { baseline, ..all_hands_raised() }), &table);
        assert_eq!(status(&figure, "sustained"), "met");
        assert_eq!(status(&made(Form::Target(all_hands_raised()), &table), "sustained"), "cannot be shown");
    }

    #[test]
    fn of_a_hidden_cell_nothing_is_said() {
        let table = shares(None, &[(2012, "", Some((647, 1000))), (2013, "", None)]);
        let figure = made(Form::Target(all_hands_raised()), &table);
        assert_eq!(tests(&figure), ["cannot be shown"; 3]);
        assert!(figure.rows.iter().all(|row| row.quantity != Quantity::YearsImproving || row.value.is_err()));
    }

    #[test]
    fn fewer_than_thirty_students_have_no_verdict() {
        let table = shares(None, &[(2012, "", Some((15, 29))), (2013, "", Some((19, 29)))]);
        let figure = made(Form::Target(all_hands_raised()), &table);
        assert_eq!(tests(&figure)[..2], ["no verdict"; 2]);
    }

    /// As a rule prints rates of days that prints no numbers of students.
    #[test]
    fn rates_of_nobody_knows_how_many_have_no_verdict() {
        let rate = |year, value| {
            let mut cell = cell(year, &[]);
            cell.value = Some(value);
            cell.set_mark(Mark::Shown);
            cell
        };
        let table = table("ratio", Vec::new(), vec![rate(2012, 0.647), rate(2013, 0.666)]);
        let figure = made(Form::Target(all_hands_raised()), &table);
        assert_eq!(tests(&figure), ["no verdict"; 3], "{:?}", figure.findings);
        assert!(
            figure.findings.iter().all(|found| !found.text.contains("fewer than")),
            "{:?}",
            figure.findings
        );
        let declared = Target { baseline: Baseline { year: 2011, value: Some(60.0) }, ..all_hands_raised() };
        assert_eq!(status(&made(Form::Target(declared), &table), "sustained"), "no verdict");
    }

    #[test]
    fn a_missing_baseline_is_named() {
        let table = shares(None, &[(2013, "", Some((666, 1000)))]);
        let figure = made(Form::Target(all_hands_raised()), &table);
        let text = &figure.findings.iter().find(|found| found.test == "sustained").expect("the test").text;
        assert!(text.contains("no figures of 2011-12, and no value is declared"), "{text}");
    }

    #[test]
    fn steady_growth_allows_for_the_tolerance_and_stops_at_breaks() {
        let shares = |levels: &[u64]| {
            let cells: Vec<_> =
                (2012..).zip(levels).map(|(year, with)| (year, "", Some((*with, 1000)))).collect();
            shares(None, &cells)
        };
        let with = |tolerance| Form::Target(Target { tolerance, ..all_hands_raised() });
        let dip = shares(&[640, 660, 655, 670]);
        assert_eq!(status(&made(with(0.0), &dip), "sustained"), "not met");
        assert_eq!(status(&made(with(0.5), &dip), "sustained"), "met");
        assert_eq!(status(&made(with(2.0), &shares(&[640, 641])), "progress"), "flat");
        // Net growth has to be more than none, whatever the tolerance.
        assert_eq!(status(&made(with(0.5), &shares(&[640, 638])), "sustained"), "not met");
        let mut broken = spec(with(0.0));
        broken.breaks = vec![Break { year: 2014, why: "another test".into() }];
        let figure = made_of(broken, &shares(&[640, 660, 500, 510]));
        assert_eq!(status(&figure, "sustained"), "met");
        assert_eq!(status(&figure, "incremental"), "no verdict", "71.3 was declared of another measure");
        assert!(figure.notes.iter().any(|note| note.contains("another measure")), "{:?}", figure.notes);
        let crossing = figure.rows.iter().find(|row| row.since == Some(2012));
        assert!(crossing.is_none(), "no change is worked out across the break");
    }
}
