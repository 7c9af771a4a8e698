//! What a figure cannot ask for, whatever the data: found before anything is asked.

use super::{Direction, Form, Point, Series, Spec, Target};
use crate::calendar::SchoolYear;
use crate::figures::catalog::{Catalog, Offer, Use};
use std::collections::BTreeSet;

/// Checks a form against the school years that its figure asks for, all where there are none.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn form(form: &Form, years: &[SchoolYear]) -> Result<(), String> {
    match form {
        Form::Series(form) => series(form)?,
        Form::Target(form) => target(form)?,
        Form::BeforeAfter(form) if form.after <= form.before => {
            return Err("after is not after before".into());
        }
        Form::DifferenceInDifferences(form) if form.to <= form.from => {
            return Err("to is not after from".into());
        }
        Form::DifferenceInDifferences(form) => apart(&form.group, &form.comparison)?,
        Form::Transition(form) => apart(&form.met, &form.not_met)?,
        Form::Median(form) if form.with.is_empty() => {
            return Err("a median lies between two thresholds: with names no other one".into());
        }
        _ => {}
    }
    for (name, year) in needed(form) {
        let year =
            SchoolYear::new(year).ok_or_else(|| format!("{name} is not a school year from 1900 to 2999"))?;
        if !years.is_empty() && !years.contains(&year) {
            return Err(format!("{name} is not among its years"));
        }
    }
    Ok(())
}

/// Checks a figure against its product; what no product has is for the service to refuse.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn against(spec: &Spec, catalog: &Catalog, is_newest: bool) -> Result<(), String> {
    let Some(offer) = catalog.offer(&spec.product) else { return Ok(()) };
    for (name, year) in needed(&spec.form) {
        if is_newest && !offer.periods.contains(&year) {
            return Err(format!("{name}, {year}, is not among those of the product {}", offer.id));
        }
    }
    let used = offer.used(&spec.indicator);
    if let Form::Median(_) = &spec.form {
        thresholds(spec, offer)?;
    }
    if let (Form::Target(form), Some(used)) = (&spec.form, used) {
        no_worse(form, form.direction.unwrap_or_else(|| Direction::of(&used.indicator)))?;
    }
    let measure =
        used.and_then(|used| catalog.definitions.get(&used.indicator)).map(|known| known.measure.as_str());
    if let (Form::Target(form), Some("share" | "ratio")) = (&spec.form, measure) {
        let declared = form.interim.iter().chain([&form.goal]).map(|point| (point.year, point.value));
        let baseline = form.baseline.value.map(|value| (form.baseline.year, value));
        if let Some((year, _)) =
            baseline.into_iter().chain(declared).find(|(_, value)| !(0.0..=100.0).contains(value))
        {
            return Err(format!("the declared value of {year} is not a percent from 0 to 100"));
        }
    }
    Ok(())
}

/// A median is made of one share at several thresholds.
fn thresholds(spec: &Spec, offer: &Offer) -> Result<(), String> {
    let mut first: Option<&Use> = None;
    let mut seen = BTreeSet::new();
    for name in spec.indicators() {
        let used = offer.used(name).ok_or_else(|| format!("the product has no indicator {name}"))?;
        let threshold = used
            .threshold()
            .ok_or_else(|| format!("{name} is no share at or above a threshold, as growth_at_least is"))?;
        let first = *first.get_or_insert(used);
        if first.indicator != used.indicator || first.apart_from_threshold() != used.apart_from_threshold() {
            return Err(format!("{name} is of something else than {}", first.name));
        }
        if !seen.insert(threshold) {
            return Err(format!("{name} has a threshold that another one has"));
        }
    }
    Ok(())
}

/// The school years without which there is no figure, as the report names them.
fn needed(form: &Form) -> Vec<(&'static str, u32)> {
    match form {
        Form::Target(form) if form.baseline.value.is_none() => {
            vec![("the year of the baseline", form.baseline.year)]
        }
        Form::BeforeAfter(form) => vec![("before", form.before), ("after", form.after)],
        Form::DifferenceInDifferences(form) => vec![("from", form.from), ("to", form.to)],
        Form::Participants(form) => form.year.map(|year| ("year", year)).into_iter().collect(),
        Form::Districts(form) => form.year.map(|year| ("year", year)).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn series(form: &Series) -> Result<(), String> {
    if form.by.is_none() && !(form.groups.is_empty() && form.pool.is_empty()) {
        return Err("groups need a dimension: by".into());
    }
    if !form.groups.is_empty() && !form.pool.is_empty() {
        return Err("groups and pool exclude each other".into());
    }
    tolerance(form.tolerance)
}

fn tolerance(tolerance: f64) -> Result<(), String> {
    let is_fine = tolerance.is_finite() && tolerance >= 0.0;
    if is_fine { Ok(()) } else { Err("the tolerance is negative".into()) }
}

fn apart(one: &[String], other: &[String]) -> Result<(), String> {
    let overlap = one.is_empty() || other.is_empty() || one.iter().any(|id| other.contains(id));
    if overlap { Err("the groups are empty, or share a category".into()) } else { Ok(()) }
}

/// Declared levels, each later than the one before; none worse, where the report says which way is better.
fn target(form: &Target) -> Result<(), String> {
    tolerance(form.tolerance)?;
    if form.by.is_none() && !form.focal.is_empty() {
        return Err("groups need a dimension: by".into());
    }
    let points = || form.interim.iter().chain([&form.goal]);
    if SchoolYear::new(form.baseline.year).is_none()
        || points().any(|point| SchoolYear::new(point.year).is_none())
    {
        return Err("a year of the target is not from 1900 to 2999".into());
    }
    if form
        .baseline
        .value
        .into_iter()
        .chain(points().map(|point| point.value))
        .any(|value| !value.is_finite())
    {
        return Err("a declared value is not a number".into());
    }
    let mut before = form.baseline.year;
    for point in points() {
        if point.year <= before {
            return Err(format!("the declared value of {} does not come after {}", point.year, before));
        }
        before = point.year;
    }
    form.direction.map_or(Ok(()), |direction| no_worse(form, direction))
}

/// A target that goes back is one of the other direction.
fn no_worse(form: &Target, direction: Direction) -> Result<(), String> {
    let baseline = form.baseline.value.map(|value| Point { year: form.baseline.year, value });
    let declared: Vec<Point> =
        baseline.into_iter().chain(form.interim.clone()).chain([form.goal.clone()]).collect();
    let worse = declared.windows(2).find(|pair| direction.gain(pair[0].value, pair[1].value) < 0.0);
    worse.map_or(Ok(()), |pair| {
        Err(format!(
            "the declared value of {} is worse than that of {}: is the direction right?",
            pair[1].year, pair[0].year
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Error, Report};
    use crate::figures::catalog::{Catalog, Definition, Offer, Use};

    const TARGET: &str = r#"report = "r"
title = "A report"
product = "city"

[[figures]]
form = "series"
title = "Reading"
indicator = "reading"

[[figures]]
form = "target"
title = "Graduation"
indicator = "graduation"
baseline = { year = 2020, value = 60.0 }
interim = [{ year = 2022, value = 66.5 }, { year = 2024, value = 69 }]
final = { year = 2026, value = 80.0 }
"#;

    /// What is wrong with the report when one text in it is another, with the line of the figure.
    fn check(from: &str, to: &str, expected: &str) {
        assert!(TARGET.contains(from), "{from}");
        match Report::parse(&TARGET.replace(from, to), None) {
            Err(error @ Error::Wrong { line: 10, .. }) => {
                let text = error.to_string();
                assert!(text.contains("line 10 of the report") && text.contains(expected), "{text}");
            }
            other => panic!("{to}: {other:?}"),
        }
    }

    #[test]
    fn targets_are_declared_in_order() {
        assert!(Report::parse(TARGET, None).is_ok());
        check("year = 2024", "year = 2021", "the declared value of 2021 does not come after 2022");
        check("year = 2024", "year = 2022", "the declared value of 2022 does not come after 2022");
        check("year = 2026", "year = 2023", "the declared value of 2023 does not come after 2024");
        check("year = 2022", "year = 2020", "the declared value of 2020 does not come after 2020");
        check("value = 80.0 }", "value = 80.0 }\ndirection = \"down\"", "is the direction right?");
        check("year = 2026", "year = 26", "a year of the target is not from 1900");
        check("value = 80.0", "value = inf", "is not a number");
        check("value = 80.0 }", "value = 80.0 }\ntolerance = -1.0", "the tolerance is negative");
    }

    #[test]
    fn declared_percents_and_years_are_those_of_the_product() {
        let used = Use { name: "graduation".into(), indicator: "graduation_4y".into(), ..Use::default() };
        let offer =
            Offer { id: "city".into(), uses: vec![used], periods: vec![2021, 2022], ..Offer::default() };
        let of = |report: &str, measure: &str| {
            let known = Definition { measure: measure.into(), ..Definition::default() };
            let definitions = [("graduation_4y".to_owned(), known)].into();
            let report = Report::parse(report, None).expect("a report");
            report
                .check(&Catalog { offers: vec![offer.clone()], definitions })
                .map_err(|error| error.to_string())
        };
        assert_eq!(of(TARGET, "share"), Ok(()), "the value of the baseline is declared");
        for (from, to, worse, than) in
            [("value = 69", "value = 61.0", 2024, 2022), ("value = 60.0", "value = 70.0", 2022, 2020)]
        {
            let error = of(&TARGET.replace(from, to), "share").expect_err("it goes back");
            assert!(error.contains(&format!("value of {worse} is worse than that of {than}")), "{error}");
        }
        let high = TARGET.replace("value = 80.0", "value = 800.0");
        let why =
            "the figure at line 10 of the report: the declared value of 2026 is not a percent from 0 to 100";
        assert_eq!(of(&high, "share"), Err(why.into()));
        assert_eq!(of(&high, "mean"), Ok(()), "scores have no end");
        let missing = TARGET.replace(", value = 60.0", "");
        let error = of(&missing, "share").expect_err("no value");
        assert!(
            error.contains("the year of the baseline, 2020, is not among those of the product city"),
            "{error}"
        );
    }

    #[test]
    fn a_figure_asks_for_the_years_it_needs() {
        let asked = "final = { year = 2026, value = 80.0 }\nyears = [2021, 2022]\n";
        let of = |baseline: &str| {
            let report = TARGET.replace("final = { year = 2026, value = 80.0 }\n", asked);
            Report::parse(&report.replace("{ year = 2020, value = 60.0 }", baseline), None)
        };
        assert!(of("{ year = 2020, value = 60.0 }").is_ok(), "its value is declared");
        let error = of("{ year = 2020 }").expect_err("it has no value");
        assert!(error.to_string().contains("the year of the baseline is not among its years"), "{error}");
    }

    #[test]
    fn a_median_is_of_one_share_at_several_thresholds() {
        let used = |name: &str, indicator: &str, settings: &[(&str, &str)]| Use {
            name: name.into(),
            indicator: indicator.into(),
            settings: settings.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        };
        let growth = |name: &str, subject: &str, percentile: &str| {
            used(
                name,
                "growth_at_least",
                &[("test", "STATE"), ("subject", subject), ("percentile", percentile)],
            )
        };
        let uses = vec![
            growth("g40", "ELA", "40"),
            growth("g60", "ELA", "60"),
            growth("again", "ELA", "60"),
            growth("math", "MATH", "60"),
            used("score", "score_at_least", &[("test", "STATE"), ("subject", "ELA"), ("points", "60")]),
            used("reading", "proficiency", &[("test", "STATE"), ("subject", "ELA")]),
        ];
        let catalog = Catalog {
            offers: vec![Offer { id: "city".into(), uses, ..Offer::default() }],
            ..Catalog::default()
        };
        let of = |with: &str| {
            let text = format!(
                "report = \"r\"\ntitle = \"t\"\nproduct = \"city\"\n[[figures]]\nform = \"median\"\ntitle = \"m\"\n\
                 indicator = \"g40\"\nwith = [{with}]\n"
            );
            let report = Report::parse(&text, None).map_err(|error| error.to_string())?;
            report.check(&catalog).map_err(|error| error.to_string())
        };
        assert_eq!(of("\"g60\""), Ok(()));
        for (with, reason) in [
            ("", "with names no other one"),
            ("\"g60\", \"again\"", "again has a threshold that another one has"),
            ("\"math\"", "math is of something else than g40"),
            ("\"score\"", "score is of something else than g40"),
            ("\"reading\"", "reading is no share at or above a threshold"),
            ("\"nothing\"", "the product has no indicator nothing"),
        ] {
            let error = of(with).expect_err(reason);
            assert!(error.contains(reason) && error.contains("line 4"), "{error}");
        }
    }
}
