//! A practice city through the whole path: what the partner reads against what is true of the city.

use crate::expected::rows;
use crate::harness::{Cell, Service, say};
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
    { name = "score_gain_ELA", use = "score_gain", test = "STATE", subject = "ELA", years = 1 },
    { name = "score_gain_MATH", use = "score_gain", test = "STATE", subject = "MATH", years = 1 },
]
dimensions = [
    { id = "status", source = "program_status", program = "tutoring" },
    { id = "dosage", source = "dosage", program = "tutoring", bands = [1, 20] },
]
"#;

/// Makes the city below the service's folder and pushes every source of it.
fn push(service: &Service, city: &Path) {
    let mut found = BTreeSet::new();
    for source in SOURCES {
        let folder = city.join("sources").join(source);
        for (below, path) in [("", folder.clone()), ("oneroster/", folder.join("oneroster"))] {
            if !path.exists() {
                continue;
            }
            let errors = city.join("errors.csv");
            let (path, errors) = (path.display().to_string(), errors.display().to_string());
            let identity = format!("{source}.contributor");
            let arguments = ["push", &path, "--as", &identity, "--errors", &errors, "--json"];
            let pushed = service.run(&arguments);
            assert!(pushed.code <= 1, "{}", pushed.stderr);
            for row in rows(Path::new(&errors)) {
                found.insert((format!("sources/{source}/{below}{}", row["file"]), row["row"].clone()));
            }
        }
    }
    // Whatever was put in on purpose is found, and nothing else.
    let planted: BTreeSet<_> = rows(&city.join("truth/defects.csv"))
        .iter()
        .map(|row| (row["file"].clone(), row["row"].clone()))
        .collect();
    let missed: Vec<_> = planted.difference(&found).collect();
    let more: Vec<_> = found.difference(&planted).collect();
    say(&format!("practice: {} bad rows, {} missed, {} more found", planted.len(), missed.len(), more.len()));
    say(&format!("{missed:?} {more:?}"));
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
    say(&format!("practice: {report}"));
    let truth = std::fs::read_to_string(city.join("truth/effects.json")).expect("the truth");
    let truth: Value = serde_json::from_str(&truth).expect("it is JSON");
    figures(&service, &truth);
    effects(&service, &truth);
}

fn figures(service: &Service, truth: &Value) {
    let mut published: BTreeMap<(String, u64, String, String), Cell> = BTreeMap::new();
    for indicator in ["chronic_absence", "reading_proficiency", "math_proficiency"] {
        for cell in service.ask("city", indicator, &["geography", "race"], &[]) {
            let [district, race] = &cell.categories[..] else { panic!("two dimensions were asked") };
            let district = if district == "all" { "city" } else { district };
            let place = (indicator.to_owned(), u64::from(cell.period), district.to_owned(), race.clone());
            published.insert(place, cell);
        }
    }
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let whole = |value: &Value| value.as_u64().expect("a count");
    let (mut compared, mut hidden, mut worst_n, mut worst_share) = (0, 0, 0.0_f64, 0.0_f64);
    for figure in truth["figures"].as_array().expect("figures") {
        let place = (
            text(&figure["indicator"]),
            whole(&figure["year"]),
            text(&figure["district"]),
            text(&figure["race"]),
        );
        let Some(cell) = published.get(&place) else { continue };
        let (with, n) = (whole(&figure["numerator"]) as f64, whole(&figure["denominator"]) as f64);
        let Some((shown_n, shown)) = cell.denominator.zip(cell.value) else {
            hidden += 1;
            continue;
        };
        compared += 1;
        if n >= 100.0 {
            let off_n = (shown_n as f64 - n).abs() / n;
            let off_share = (shown - with / n).abs();
            if off_n > 0.05 || off_share > 0.02 {
                say(&format!("{place:?}: {shown_n} {shown:.4}, true {n} {:.4}", with / n));
            }
            worst_n = worst_n.max(off_n);
            worst_share = worst_share.max(off_share);
        }
    }
    say(&format!(
        "practice: {compared} figures compared, {hidden} hidden; of groups of 100 or more the people are off \
         by at most {:.2} %, the share by at most {:.2} points",
        worst_n * 100.0,
        worst_share * 100.0
    ));
}

/// The lottery: those served against those admitted and not served, over all years.
fn effects(service: &Service, truth: &Value) {
    for outcome in ["score_gain_ELA", "score_gain_MATH"] {
        let mean = |by: &str, category: &str| {
            let cells = service.ask("tutoring", outcome, &[by], &[]);
            let of = cells.iter().filter(|cell| cell.categories == [category]);
            let (mut sum, mut n) = (0.0, 0.0);
            for cell in of {
                let (Some(people), Some(value)) = (cell.denominator, cell.value) else { continue };
                sum += people as f64 * value;
                n += people as f64;
            }
            (sum / n, n)
        };
        let (served, n_served) = mean("dosage", "20+");
        let (others, n_others) = mean("status", "eligible_nonparticipant");
        let of = |group: &str| {
            let comparisons = truth["comparisons"].as_array().expect("comparisons");
            let found = comparisons.iter().find(|c| c["outcome"] == outcome && c["group"] == group);
            let found = found.expect("the comparison");
            let number = |name: &str| found[name].as_f64().expect("a number");
            (number("sum") / 10.0 / number("of"), number("of"))
        };
        let (true_served, true_others) = (of("served"), of("admitted_not_served"));
        say(&format!(
            "practice: {outcome} served {served:.2} (n {n_served}), admitted and not served {others:.2} (n \
             {n_others}); true {true_served:?} {true_others:?}"
        ));
    }
}
