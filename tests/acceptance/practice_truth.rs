//! A practice city through the whole path: what the partner reads against what is true of the city.

use crate::expected::{CELL_MIN, rows};
use crate::harness::{Cell, Service, say};
use crate::practice_codes::codes;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const SOURCES: [&str; 6] =
    ["northfield", "eastbrook", "summit-charter", "afterschool-alliance", "healthy-start", "promise-fund"];

const CITY: &str = r#"
product = "city"
version = 1
title = "Students of the city"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
years = { from = 2021, to = 2025 }
indicators = [
    { name = "chronic_absence", use = "chronic_absence" },
    { name = "reading_proficiency", use = "proficiency", test = "STATE", subject = "ELA" },
    { name = "math_proficiency", use = "proficiency", test = "STATE", subject = "MATH" },
]
dimensions = [{ id = "race", source = "race7" }]
"#;

const INDICATORS: [&str; 3] = ["chronic_absence", "reading_proficiency", "math_proficiency"];

const TUTORING: &str = r#"
product = "tutoring"
version = 1
title = "Gains of those who were admitted to tutoring"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
population = "grade >= 1 and grade <= 8"
years = { from = 2022, to = 2025 }
indicators = [
    { name = "score_gain_ela", use = "score_gain", test = "STATE", subject = "ELA", years = 1 },
    { name = "score_gain_math", use = "score_gain", test = "STATE", subject = "MATH", years = 1 },
]
dimensions = [
    { id = "status", source = "program_status", program = "tutoring" },
    { id = "dosage", source = "dosage", program = "tutoring", bands = [1, 20] },
]
"#;

/// Pushes every source of the city, and checks that of the bad values put in on purpose every one is
/// refused, and nothing else.
fn push(service: &Service, city: &Path) {
    let mut refused = BTreeSet::new();
    let errors = city.join("errors.csv");
    for source in SOURCES {
        let folder = city.join("sources").join(source);
        for (below, path) in [("", folder.clone()), ("oneroster/", folder.join("oneroster"))] {
            if !path.exists() {
                continue;
            }
            let (path, errors_path) = (path.display().to_string(), errors.display().to_string());
            let identity = format!("{source}.contributor");
            let pushed = service.run(&["push", &path, "--as", &identity, "--errors", &errors_path, "--json"]);
            let defects = rows(&errors);
            let bad = defects.iter().filter(|row| row["severity"] == "refused");
            let before = refused.len();
            refused.extend(
                bad.map(|row| (format!("sources/{source}/{below}{}", row["file"]), row["row"].clone())),
            );
            assert_eq!(pushed.code, i32::from(refused.len() > before), "{source} {below}: {}", pushed.stderr);
        }
    }
    let planted: BTreeMap<_, _> = rows(&city.join("truth/defects.csv"))
        .into_iter()
        .map(|row| ((row["file"].clone(), row["row"].clone()), row["column"].clone()))
        .collect();
    // A number of nobody waits for a roster that has it; a class without a first day begins with its term.
    let is_tolerated = |(file, row): &(String, String), column: &str| {
        let is_blank = || {
            let at = row.parse::<usize>().expect("a row number") - 2;
            rows(&city.join(file))[at][column].is_empty()
        };
        column == "student_id" && file.ends_with("attendance_summary.csv")
            || column == "beginDate" && file.ends_with("oneroster/enrollments.csv") && is_blank()
    };
    let accepted: Vec<_> = planted.iter().filter(|(place, _)| !refused.contains(*place)).collect();
    assert!(accepted.iter().all(|(place, column)| is_tolerated(place, column)), "{accepted:?}");
    // Users whose row in demographics.csv is refused.
    let in_demographics = planted.keys().filter(|(file, _)| file.ends_with("demographics.csv")).count();
    let others: Vec<_> = refused.iter().filter(|place| !planted.contains_key(*place)).collect();
    assert_eq!(others.len(), in_demographics, "{others:?}");
    assert!(others.iter().all(|(file, _)| file.ends_with("oneroster/users.csv")), "{others:?}");
    say(&format!(
        "practice: of {} bad values {} are refused, {} wait or are taken from the term",
        planted.len(),
        planted.len() - accepted.len(),
        accepted.len()
    ));
}

#[test]
fn published_figures_of_a_practice_city_are_near_the_truth() {
    let service = Service::start(&SOURCES);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let city = folder.path().join("city");
    let path = city.display().to_string();
    service.run(&["practice", "--students", "3000", "--seed", "7", "--out", &path]).done();
    push(&service, &city);
    service.load("product", CITY);
    service.load("product", TUTORING);
    let report = service.publish();
    let persons = rows(&city.join("truth/persons.csv"));
    let persons: BTreeSet<_> = persons.iter().map(|row| &row["person"]).collect();
    say(&format!("practice: {} persons are found, truly {}", report["persons"], persons.len()));
    let found = report["persons"].as_u64().expect("a count") as f64;
    assert!((found / persons.len() as f64 - 1.0).abs() <= 0.02, "{report}");
    assert_eq!(report["opted_out"], rows_opted_out(&city), "{report}");
    let truth = std::fs::read_to_string(city.join("truth/effects.json")).expect("the truth");
    let truth: Value = serde_json::from_str(&truth).expect("it is JSON");
    figures(&service, &truth);
    effects(&service, &truth);
    codes(&service, CITY, &INDICATORS);
}

/// Persons whom some source wants left out for good.
fn rows_opted_out(city: &Path) -> u64 {
    let numbers = rows(&city.join("truth/persons.csv"));
    let person = |source: &str, number: &str| {
        let found = numbers.iter().find(|row| row["source"] == source && row["student_id"] == number);
        found.expect("it is somebody's number")["person"].clone()
    };
    let mut persons = BTreeSet::new();
    for source in SOURCES {
        let file = city.join("sources").join(source).join("optout.csv");
        for row in file.exists().then(|| rows(&file)).into_iter().flatten() {
            if row["until"].is_empty() {
                persons.insert(person(source, &row["student_id"]));
            }
        }
    }
    persons.len() as u64
}

fn figures(service: &Service, truth: &Value) {
    let mut published: BTreeMap<(String, u64, String, String), Cell> = BTreeMap::new();
    for indicator in INDICATORS {
        for cell in service.ask("city", indicator, &["geography", "race"], &[]) {
            let [district, race] = &cell.categories[..] else { panic!("two dimensions were asked") };
            let district = if district == "all" { "city" } else { district };
            let place = (indicator.to_owned(), u64::from(cell.period), district.to_owned(), race.clone());
            published.insert(place, cell);
        }
    }
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let whole = |value: &Value| value.as_u64().expect("a count");
    let (mut compared, mut hidden, mut worst) = (0, 0, [0.0_f64; 3]);
    for figure in truth["figures"].as_array().expect("figures") {
        let (indicator, year) = (text(&figure["indicator"]), whole(&figure["year"]));
        // Terms of college are counted by fall, and no indicator of the library does.
        if indicator.starts_with("college") {
            continue;
        }
        let place = (indicator, year, text(&figure["district"]), text(&figure["race"]));
        let cell = &published[&place];
        let (with, n) = (whole(&figure["numerator"]) as f64, whole(&figure["denominator"]) as f64);
        let Some((people, share)) = cell.denominator.zip(cell.value) else {
            hidden += 1;
            continue;
        };
        compared += 1;
        assert!(people >= CELL_MIN, "{place:?}: {cell:?}");
        let off = (people as f64 - n).abs();
        if n >= 100.0 {
            worst[0] = worst[0].max(off / n);
            worst[1] = worst[1].max((share - with / n).abs());
        } else {
            worst[2] = worst[2].max(off);
        }
    }
    let [people, share, few] = worst;
    say(&format!(
        "practice: {compared} figures are shown, {hidden} hidden; groups of 100 or more are off by at most \
         {:.2} % of their people and {:.2} points of the share, smaller ones by {few} people",
        people * 100.0,
        share * 100.0
    ));
    assert!(compared > 150, "{compared}");
    // Rows are refused and records are not linked; and a child who moved counts at one home school, in
    // truth in both districts.
    assert!(people <= 0.06 && share <= 0.03 && few <= 8.0, "{worst:?}");
}

/// The lottery: those served against those admitted and not served, over the years that are shown.
fn effects(service: &Service, truth: &Value) {
    for outcome in ["score_gain_ELA", "score_gain_MATH"] {
        // People, mean, and standard error of the mean.
        let mean = |by: &str, category: &str| {
            let cells = service.ask("tutoring", &outcome.to_lowercase(), &[by], &[]);
            let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
            for cell in cells.iter().filter(|cell| cell.is_shown() && cell.categories == [category]) {
                let people = cell.denominator.expect("shown") as f64;
                n += people;
                sum += people * cell.value.expect("shown");
                squares += people * cell.deviation.expect("shown").powi(2);
            }
            (n, sum / n, squares.sqrt() / n)
        };
        let truly = |group: &str| {
            let comparisons = truth["comparisons"].as_array().expect("comparisons");
            let found = comparisons.iter().find(|c| c["outcome"] == outcome && c["group"] == group);
            let number = |name: &str| found.expect("the comparison")[name].as_f64().expect("a number");
            number("sum") / 10.0 / number("of")
        };
        let (served, others) = (mean("dosage", "20+"), mean("status", "eligible_nonparticipant"));
        let (true_served, true_others) = (truly("served"), truly("admitted_not_served"));
        say(&format!(
            "practice: {outcome} {:.2} of {} served, {:.2} of {} admitted and not served; truly {true_served:.2} \
             and {true_others:.2}",
            served.1, served.0, others.1, others.0
        ));
        assert!(served.0 >= 30.0 && others.0 >= 300.0, "{served:?} {others:?}");
        assert!((served.1 - true_served).abs() <= 3.0 * served.2, "{served:?} {true_served}");
        assert!((others.1 - true_others).abs() <= 3.0 * others.2, "{others:?} {true_others}");
        assert!(served.1 > others.1, "{served:?} {others:?}");
    }
}
