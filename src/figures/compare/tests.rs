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
    let figure = made(Form::DifferenceInDifferences(chronic_absence()), &shares(Some("geography"), &cells));
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
    assert!(matches!(of(&["d", "s"], &["c"]), Err(Missing::Because(_))), "its students would count twice");
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
    assert!(figure.notes.iter().any(|note| note.ends_with("here: merged, merged:7.")), "{:?}", figure.notes);
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
    let figure = made(Form::DifferenceInDifferences(chronic_absence()), &shares(Some("geography"), &cells));
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
