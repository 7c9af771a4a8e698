//! Series: the levels of groups over the years, with their changes.

use super::figure::{Line, Made};
use super::grid::Grid;
use super::over_time::{self, Levels, State};
use super::report::Series;
use super::row::Row;

pub(super) fn make(grid: &Grid<'_>, form: &Series, made: &mut Made) {
    for (label, categories) in groups(grid, form) {
        let arm = |year: u32| match categories.as_slice() {
            [] => grid.arm(year, &[]),
            several => grid.group(year, several),
        };
        let levels: Levels = grid.years.iter().map(|year| (*year, arm(*year))).collect();
        add(grid, &label, &levels, made);
        let trend = over_time::trend(grid, &levels, grid.direction(form.direction), form.tolerance);
        // What is small enough to be missing in most years would fill the page with that.
        if levels.len() > 1 {
            let test = if trend.state == Ok(State::Reversing) { "reversal" } else { "trend" };
            made.findings.extend(
                over_time::in_words(grid, &label, &levels, &trend).map(|text| super::figure::Finding {
                    test,
                    status: trend.status(),
                    text,
                }),
            );
        }
    }
}

/// Rows of the levels, of the last change, and of the change since the first year that is measured alike.
pub(super) fn add(grid: &Grid<'_>, label: &str, levels: &Levels, made: &mut Made) {
    made.rows.extend(levels.iter().map(|(year, arm)| Row::level(*year, label, arm, grid.levels())));
    made.lines.push(line(label, levels));
    let Some(((to, now), earlier)) = levels.split_last() else { return };
    if let Some((from, before)) = earlier.last() {
        made.rows.push(over_time::change(grid, label, (*from, before), (*to, now)));
    }
    let since = grid.comparable_since();
    let first = earlier.iter().find(|(year, arm)| arm.is_ok() && since.is_some_and(|since| since <= *year));
    if let Some((from, before)) = first.filter(|(year, _)| year + 1 < *to) {
        made.rows.push(over_time::change(grid, label, (*from, before), (*to, now)));
    }
}

pub(super) fn line(label: &str, levels: &Levels) -> Line {
    let point = |(year, arm): &(u32, Result<super::Arm, super::Missing>)| {
        (*year, arm.as_ref().map(|arm| arm.value).map_err(Clone::clone))
    };
    Line { label: label.to_owned(), points: levels.iter().map(point).collect() }
}

/// The groups to follow: those asked for, all of a dimension, several as one, or everybody.
fn groups(grid: &Grid<'_>, form: &Series) -> Vec<(String, Vec<String>)> {
    if form.by.is_none() {
        return vec![("All".into(), Vec::new())];
    }
    // Sums of days are not printed, so their rates stay apart.
    if !form.pool.is_empty() && grid.table.measure() == "ratio" {
        return form.pool.iter().map(|category| (grid.label(category), vec![category.clone()])).collect();
    }
    if !form.pool.is_empty() {
        return vec![(grid.labels(&form.pool), form.pool.clone())];
    }
    let categories: Vec<String> = match &form.groups[..] {
        [] => grid.categories(0, None).into_iter().map(str::to_owned).collect(),
        groups => groups.to_vec(),
    };
    let of = |category: String| (grid.label(&category), vec![category]);
    categories.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::super::report::{Break, Direction, Form};
    use super::super::testing::{Told, cell, made, made_named, made_of, shares, spec, status, table};
    use super::super::{Catalog, Category, Dimension, Missing, Offer, Quantity, Use, figure};
    use super::*;
    use crate::disclosure::Mark;

    fn levels(levels: &[Option<u64>]) -> crate::disclosure::ProtectedTable {
        let cells: Vec<_> =
            (2021..).zip(levels).map(|(year, with)| (year, "", with.map(|with| (with, 1000)))).collect();
        shares(None, &cells)
    }

    fn series() -> Series {
        Series { tolerance: 0.5, ..Series::default() }
    }

    #[test]
    fn a_reversal_is_an_alert() {
        let figure = made(Form::Series(series()), &levels(&[Some(500), Some(520), Some(545), Some(500)]));
        assert_eq!(status(&figure, "reversal"), "reversing");
        let text = &figure.findings[0].text;
        assert!(text.contains("4.5 points") && text.contains("2 years of improvement"), "{text}");
        let down = Series { direction: Some(Direction::Down), ..series() };
        let figure = made(Form::Series(down), &levels(&[Some(500), Some(520), Some(515)]));
        assert_eq!(status(&figure, "trend"), "flat");
    }

    #[test]
    fn no_change_is_worked_out_across_a_break() {
        let mut broken = spec(Form::Series(series()));
        broken.breaks = vec![Break { year: 2023, why: "another test".into() }];
        let figure = made_of(broken, &levels(&[Some(500), Some(520), Some(300)]));
        let changes: Vec<_> = figure.rows.iter().filter(|row| row.quantity == Quantity::Change).collect();
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].value, Err(Missing::Break(2023)));
        assert_eq!(status(&figure, "trend"), "cannot be shown");
    }

    #[test]
    fn nothing_is_said_over_a_hidden_year() {
        let figure = made(Form::Series(series()), &levels(&[Some(500), None, Some(545)]));
        assert_eq!(status(&figure, "trend"), "cannot be shown");
        let last = figure.rows.iter().find(|row| row.since == Some(2022)).expect("the last change");
        assert_eq!(last.value, Err(Missing::Hidden));
        // Both ends of the longer one are shown.
        let whole = figure.rows.iter().find(|row| row.since == Some(2021)).expect("the whole change");
        assert!((whole.value.as_ref().expect("a value") - 4.5).abs() < 1e-9);
    }

    #[test]
    fn noise_stands_beside_its_level() {
        let mut noisy = cell(2025, &[]);
        (noisy.denominator, noisy.value, noisy.margin) = (Some(1000), Some(0.25), Some(0.012));
        noisy.set_mark(Mark::Shown);
        let figure = made(Form::Series(series()), &table("share", Vec::new(), vec![noisy]));
        assert_eq!(figure.rows[0].says, "± 1.2 points by noise");
        assert!(figure.rows[0].interval.is_none());
    }

    #[test]
    fn namesakes_are_told_apart() {
        let ids = ["all", "north:1", "south:1"];
        let category = |id: &str| {
            let label = if id == "all" { "All" } else { "Lincoln Elementary" };
            Category { id: id.into(), label: label.into(), parent: "all".into() }
        };
        let categories = ids.map(category).to_vec();
        let dimension = Dimension { id: "geography".into(), categories, ..Dimension::default() };
        let offer = Offer { id: "p".into(), dimensions: vec![dimension], ..Offer::default() };
        let catalog = Catalog { offers: vec![offer], ..Catalog::default() };
        let schools = shares(Some("geography"), &ids.map(|id| (2025, id, Some((20, 40)))));
        let form = Form::Series(Series { by: Some("geography".into()), ..series() });
        let figure = figure(&spec(form), &schools, &catalog);
        let groups: Vec<&str> = figure.lines.iter().map(|line| line.label.as_str()).collect();
        assert_eq!(groups, ["All", "Lincoln Elementary (north:1)", "Lincoln Elementary (south:1)"]);
    }

    /// Nobody has said which way is better of chronic absence.
    #[test]
    fn more_absence_is_no_improvement() {
        let used = Use { name: "i".into(), indicator: "chronic_absence".into(), ..Use::default() };
        let offer = Offer { id: "p".into(), uses: vec![used], ..Offer::default() };
        let catalog = Catalog { offers: vec![offer], ..Catalog::default() };
        let more = levels(&[Some(200), Some(250)]);
        let trend = |form| status(&figure(&spec(Form::Series(form)), &more, &catalog), "reversal");
        assert_eq!(trend(series()), "reversing");
        assert_eq!(trend(Series { direction: Some(Direction::Up), ..series() }), "nothing");
    }

    /// A place that the newest edition has no more is followed by its id, as long as it was there.
    #[test]
    fn what_an_older_edition_has_is_followed() {
        let cells = [(2024, "old", Some((10, 100))), (2024, "new", None), (2025, "new", Some((20, 100)))];
        let form = Form::Series(Series { by: Some("zone".into()), ..series() });
        let figure = made_named(form, &shares(Some("zone"), &cells), &["all", "new", "newer"]);
        let groups: Vec<&str> = figure.lines.iter().map(|line| line.label.as_str()).collect();
        assert_eq!(groups, ["old", "new"]);
        let gone = figure.rows.iter().find(|row| row.group == "old" && row.year == 2025).expect("a row");
        assert_eq!(gone.value, Err(Missing::Absent));
    }

    #[test]
    fn more_students_are_no_improvement() {
        let count = |year, people| {
            let mut cell = cell(year, &[]);
            cell.denominator = Some(people);
            cell.set_mark(Mark::Shown);
            cell
        };
        let counts = table("count", Vec::new(), vec![count(2024, 1200), count(2025, 1175)]);
        let figure = made(Form::Series(series()), &counts);
        assert_eq!(status(&figure, "trend"), "no verdict");
        assert_eq!(figure.findings[0].text, "All: 25 students fewer in 2024-25 than in 2023-24.");
    }

    #[test]
    fn grades_are_pooled_only_when_all_are_shown() {
        let pool = |cells: &[Told<'_>]| {
            let form = Series { by: Some("grade".into()), pool: vec!["06".into(), "07".into()], ..series() };
            let figure = made(Form::Series(form), &shares(Some("grade"), cells));
            figure.rows[0].value.clone()
        };
        assert_eq!(pool(&[(2025, "06", Some((10, 100))), (2025, "07", Some((50, 100)))]), Ok(30.0));
        assert_eq!(pool(&[(2025, "06", Some((10, 100))), (2025, "07", None)]), Err(Missing::Hidden));
    }
}
