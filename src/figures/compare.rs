//! Comparisons with names of their own. Each says how many students stand behind every number, and none calls a
//! difference an effect.

use super::arm::Missing;
use super::catalog::{ALL, UNKNOWN};
use super::disparity::{change_between, gap};
use super::figure::Made;
use super::grid::Grid;
use super::over_time::{Levels, at, change};
use super::report::{BeforeAfter, DifferenceInDifferences, Districts, Transition};
use super::row::{Quantity, Row, Scale};
use super::series;
use super::words::{amount, year};

pub(super) const ASSOCIATION: &str = "An association, not an effect";

/// One group before and after.
pub(super) fn before_after(grid: &Grid<'_>, form: &BeforeAfter, made: &mut Made) {
    let arms = [form.before, form.after].map(|year| (year, grid.arm(year, &[])));
    let [before, after] = &arms;
    made.rows.extend(arms.iter().map(|(year, arm)| Row::level(*year, "All", arm, grid.levels())));
    let row = change(grid, "All", (before.0, &before.1), (after.0, &after.1));
    tell(made, "before_after", "before and after", &row);
    made.rows.push(row);
    made.notes.push(format!(
        "{ASSOCIATION}: everything else that changed between the two years is in the difference, and the students of the \
         two years are not all the same."
    ));
    made.lines.push(series::line("All", &arms.to_vec()));
}

/// Two groups in two years.
pub(super) fn difference_in_differences(grid: &Grid<'_>, form: &DifferenceInDifferences, made: &mut Made) {
    let sides = [(form.group_label.clone(), &form.group), (form.comparison_label.clone(), &form.comparison)];
    let sides = sides.map(|(label, categories)| {
        let label = label.unwrap_or_else(|| grid.labels(categories));
        let levels: Levels = grid.years.iter().map(|year| (*year, grid.group(*year, categories))).collect();
        (label, levels)
    });
    let mut arms = Vec::new();
    for (label, levels) in &sides {
        let [before, after] = [form.from, form.to].map(|year| (year, at(levels, year)));
        made.rows.extend([&before, &after].map(|(year, arm)| Row::level(*year, label, arm, grid.levels())));
        made.rows.push(change(grid, label, (before.0, &before.1), (after.0, &after.1)));
        made.lines.push(series::line(label, levels));
        arms.extend([before.1, after.1]);
    }
    let row = Row::new(form.to, &sides[0].0, Quantity::DifferenceInDifferences, grid.differences());
    let row = row.against(&sides[1].0).since(form.from);
    let row = match grid.break_between(form.from, form.to) {
        Some(broken) => Row { value: Err(Missing::Break(broken)), ..row },
        None => match grid.apart(&form.group, &form.comparison) {
            Err(missing) => Row { value: Err(missing), ..row },
            Ok(()) => change_between(row, (&arms[0], &arms[2]), (&arms[1], &arms[3])),
        },
    };
    tell(made, "difference_in_differences", "the difference of the two changes", &row);
    made.rows.push(row);
    made.notes.push(format!(
        "{ASSOCIATION}: it would tell of a cause only if both groups had otherwise changed alike, which no figure here can \
         show."
    ));
}

/// What those who met a milestone, and those who did not, came to.
pub(super) fn transition(grid: &Grid<'_>, form: &Transition, made: &mut Made) {
    let sides = [(&form.met, "met"), (&form.not_met, "did not meet")].map(|(categories, how)| {
        let label = format!("{how} it ({})", grid.labels(categories));
        let levels: Levels = grid.years.iter().map(|year| (*year, grid.group(*year, categories))).collect();
        (label, levels)
    });
    let [(met, with), (missed, without)] = &sides;
    let apart = grid.apart(&form.met, &form.not_met);
    for ((year, a), (_, b)) in with.iter().zip(without) {
        made.rows.push(Row::level(*year, met, a, grid.levels()));
        made.rows.push(Row::level(*year, missed, b, grid.levels()));
        let b = apart.clone().and_then(|()| b.clone());
        let between = gap(grid, *year, (met, missed), (a, &b));
        if Some(*year) == grid.last_year() {
            tell(made, "transition", "between the two", &between);
        }
        made.rows.push(between);
    }
    made.lines.extend([series::line(met, with), series::line(missed, without)]);
    made.notes
        .push(format!("{ASSOCIATION}: the first milestone may be a sign of what brings about the second."));
}

/// Everybody together, and the mean in which each district counts once.
pub(super) fn districts(grid: &Grid<'_>, form: &Districts, made: &mut Made) {
    let Some(when) = form.year.or(grid.last_year()) else { return };
    let ids = grid.parts(0, Some(when), ALL).into_iter().filter(|id| *id != UNKNOWN);
    let all = grid.arm(when, &[ALL]);
    made.rows.push(Row::level(when, "Pooled: all students together", &all, grid.levels()));
    let (mut shown, mut n, mut missing) = (Vec::new(), 0, Missing::Empty);
    for id in ids {
        let arm = grid.arm(when, &[id]);
        if arm != Err(Missing::Empty) {
            n += 1;
            match &arm {
                Ok(arm) => shown.push(arm.value),
                Err(why) => missing = why.clone(),
            }
            made.rows.push(Row::level(when, &grid.label(id), &arm, grid.levels()));
        }
    }
    let mean = shown.iter().sum::<f64>() / shown.len() as f64;
    let label = format!("Mean of {} of {n} districts, each counted once", shown.len());
    let row = Row::new(when, &label, Quantity::DistrictMean, grid.levels());
    let value = if shown.is_empty() { Err(missing) } else { Ok(mean) };
    if let (Ok(all), Ok(mean)) = (&all, &value) {
        let text = format!(
            "{}: {} of all students together, {} as the mean of the {} of {n} districts that are shown. The two answer \
             different questions.",
            year(when),
            amount(all.value, grid.levels()),
            amount(*mean, grid.levels()),
            shown.len()
        );
        made.find("districts", "shown", text);
    }
    made.rows.push(Row { value, ..row });
}

/// A difference in words.
pub(super) fn tell(made: &mut Made, test: &'static str, what: &str, row: &Row) {
    let (status, text) = match (&row.value, row.interval) {
        (Err(missing), _) => ("cannot be shown", missing.reason()),
        (Ok(value), interval) => {
            let ends = interval.map(|ends| format!(", 95 % from {:+.1} to {:+.1}", ends.low, ends.high));
            let status = match row.says.as_str() {
                "beyond chance" => "beyond chance",
                "within chance" => "within chance",
                _ => "no verdict",
            };
            let unit = if row.scale == Scale::Points { " points" } else { "" };
            (status, format!("{value:+.1}{unit}{}; {}. {ASSOCIATION}", ends.unwrap_or_default(), row.says))
        }
    };
    let against = if row.against.is_empty() { String::new() } else { format!(" against {}", row.against) };
    made.find(test, status, format!("{}{against}, {what}: {text}.", row.group));
}

#[cfg(test)]
mod tests {
    use super::super::Figure;
    use super::super::report::{Annotation, Break, Form};
    use super::super::testing::{made, made_named, made_of, made_within, near, shares, spec, status};
    use super::*;

    fn row(figure: &Figure, quantity: Quantity) -> &Row {
        figure.rows.iter().rfind(|row| row.quantity == quantity).expect("a row")
    }

    fn chronic_absence() -> DifferenceInDifferences {
        DifferenceInDifferences {
            by: "geography".into(),
            group: vec!["p1".into(), "p2".into()],
            comparison: vec!["c".into()],
            group_label: Some("Program schools".into()),
            comparison_label: None,
            from: 2014,
            to: 2015,
        }
    }

    /// Down five points in schools of a program, up five in others; the interval computed by other code.
    #[test]
    fn differences_in_differences_have_all_four_numbers() {
        let cells = [
            (2014, "p1", Some((100, 400))),
            (2014, "p2", Some((150, 600))),
            (2014, "c", Some((250, 1000))),
            (2015, "p1", Some((90, 500))),
            (2015, "p2", Some((110, 500))),
            (2015, "c", Some((300, 1000))),
        ];
        let table = shares(Some("geography"), &cells);
        let figure = made(Form::DifferenceInDifferences(chronic_absence()), &table);
        let found = row(&figure, Quantity::DifferenceInDifferences);
        near(found, -10.0, -15.3338, -4.641);
        let people: Vec<_> = found.counts.iter().map(|counts| counts.people).collect();
        assert_eq!(people, [Some(1000); 4]);
        assert!(figure.findings[0].text.contains("not an effect"));
        let mut broken = spec(Form::DifferenceInDifferences(chronic_absence()));
        broken.breaks = vec![Break { year: 2015, why: "another definition".into() }];
        let figure = made_of(broken, &table);
        assert_eq!(row(&figure, Quantity::DifferenceInDifferences).value, Err(Missing::Break(2015)));
    }

    #[test]
    fn a_hidden_school_is_not_left_out_of_its_group() {
        let cells = [
            (2014, "p1", Some((100, 400))),
            (2014, "p2", None),
            (2014, "c", Some((250, 1000))),
            (2015, "p1", Some((90, 500))),
            (2015, "p2", Some((110, 500))),
            (2015, "c", Some((300, 1000))),
        ];
        let figure =
            made(Form::DifferenceInDifferences(chronic_absence()), &shares(Some("geography"), &cells));
        assert_eq!(row(&figure, Quantity::DifferenceInDifferences).value, Err(Missing::Hidden));
        assert_eq!(status(&figure, "difference_in_differences"), "cannot be shown");
    }

    #[test]
    fn groups_with_students_in_common_are_not_compared() {
        let levels = |category| [(2014, category, Some((100, 400))), (2015, category, Some((90, 400)))];
        let cells = ["d", "s", "c", "all"].map(levels).concat();
        let table = shares(Some("geography"), &cells);
        let of = |group: &[&str], comparison: &[&str]| {
            let [group, comparison] =
                [group, comparison].map(|ids| ids.iter().map(ToString::to_string).collect());
            let form = DifferenceInDifferences { group, comparison, ..chronic_absence() };
            // The school s lies in the district d.
            let figure = made_within(Form::DifferenceInDifferences(form), &table, &[("s", "d")]);
            row(&figure, Quantity::DifferenceInDifferences).value.clone()
        };
        assert_eq!(of(&["s"], &["c"]), Ok(0.0));
        for (group, comparison) in [("s", "d"), ("d", "s"), ("s", "all"), ("d", "d")] {
            assert!(matches!(of(&[group], &[comparison]), Err(Missing::Because(_))), "{group} {comparison}");
        }
        assert!(
            matches!(of(&["d", "s"], &["c"]), Err(Missing::Because(_))),
            "its students would count twice"
        );
        let form = Transition { by: "geography".into(), met: vec!["s".into()], not_met: vec!["d".into()] };
        let figure = made_within(Form::Transition(form), &table, &[("s", "d")]);
        assert!(matches!(row(&figure, Quantity::Gap).value, Err(Missing::Because(_))));
    }

    #[test]
    fn what_happened_stands_beside_the_years_it_happened_in() {
        let years =
            [(2014, "p1", Some((100, 400))), (2015, "p1", Some((90, 400))), (2016, "p1", Some((90, 400)))];
        let mut asked = spec(Form::Districts(Districts { year: Some(2015) }));
        let annotation = |year| Annotation { year, text: "It happened.".into() };
        asked.annotations = vec![annotation(2014), annotation(2015), annotation(2016)];
        let figure = made_of(asked, &shares(Some("geography"), &years));
        assert_eq!(figure.annotations, [annotation(2015)]);
    }

    #[test]
    fn before_and_after_is_newcombe_over_two_years() {
        let table = shares(None, &[(2012, "", Some((647, 1000))), (2013, "", Some((666, 1000)))]);
        let figure = made(Form::BeforeAfter(BeforeAfter { before: 2012, after: 2013 }), &table);
        near(row(&figure, Quantity::Change), 1.9, -2.2599, 6.0507);
        assert_eq!(row(&figure, Quantity::Change).says, "within chance");
    }

    #[test]
    fn the_mean_of_districts_is_not_the_pooled_figure() {
        let cells = [
            (2025, "all", Some((190, 1300))),
            (2025, "north", Some((100, 1000))),
            (2025, "east", Some((60, 200))),
            (2025, "west", None),
        ];
        let figure = made(Form::Districts(Districts { year: None }), &shares(Some("geography"), &cells));
        let mean = row(&figure, Quantity::DistrictMean);
        assert!(
            (mean.value.as_ref().expect("a value") - 20.0).abs() < 1e-9 && mean.group.contains("2 of 3"),
            "{mean:?}"
        );
        assert!((figure.rows[0].value.as_ref().expect("a value") - 190.0 / 13.0).abs() < 1e-9);
    }

    /// An edition from before a merger: the newest one names other districts.
    #[test]
    fn districts_of_an_older_edition_are_counted_too() {
        let cells = [
            (2025, "all", Some((190, 1300))),
            (2025, "north", Some((100, 1000))),
            (2025, "merged", Some((60, 200))),
            (2025, "merged:7", Some((60, 200))),
            (2025, "Small Group Total", Some((30, 100))),
        ];
        let table = shares(Some("geography"), &cells);
        let figure = made_named(Form::Districts(Districts { year: None }), &table, &["all", "north"]);
        let mean = row(&figure, Quantity::DistrictMean);
        assert_eq!(
            (mean.value.clone(), mean.group.as_str()),
            (Ok(20.0), "Mean of 2 of 2 districts, each counted once")
        );
        assert!(
            figure.notes.iter().any(|note| note.ends_with("here: merged, merged:7.")),
            "{:?}",
            figure.notes
        );
    }

    /// What is not there in one year is neither nobody nor left out of its group.
    #[test]
    fn a_school_that_one_year_lacks_leaves_its_group_without_a_level() {
        let cells = [
            (2014, "p1", Some((100, 400))),
            (2014, "c", Some((250, 1000))),
            (2015, "p1", Some((90, 500))),
            (2015, "p2", Some((110, 500))),
            (2015, "c", Some((300, 1000))),
        ];
        let figure =
            made(Form::DifferenceInDifferences(chronic_absence()), &shares(Some("geography"), &cells));
        assert_eq!(row(&figure, Quantity::DifferenceInDifferences).value, Err(Missing::Absent));
    }

    #[test]
    fn transitions_are_of_those_who_met_it_and_those_who_did_not() {
        let cells = [(2025, "yes", Some((80, 100))), (2025, "no", Some((60, 200))), (2025, "late", None)];
        let of = |met: &[&str]| {
            let met = met.iter().map(ToString::to_string).collect();
            let form = Transition { by: "read_3".into(), met, not_met: vec!["no".into()] };
            made(Form::Transition(form), &shares(Some("read_3"), &cells))
        };
        let figure = of(&["yes"]);
        assert_eq!(row(&figure, Quantity::Gap).value, Ok(50.0));
        assert_eq!(status(&figure, "transition"), "beyond chance");
        assert_eq!(row(&of(&["yes", "late"]), Quantity::Gap).value, Err(Missing::Hidden));
    }
}
