//! OneRoster bundles that others made: a whole district, and small ones full of defects.

use crate::expected::{CELL_MIN, rows};
use crate::harness::{Service, say, shared};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const PRODUCT: &str = r#"
product = "roster"
version = 1
title = "Students by school and race"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "school"
years = { from = 2025, to = 2025 }
indicators = [{ name = "students", use = "enrollment" }]
dimensions = [{ id = "race", source = "race7" }]
"#;

/// Students by school and race, with `all` for the margins, out of the files alone.
fn counted(bundle: &Path) -> BTreeMap<(String, String), u64> {
    let mut races: BTreeMap<String, &str> = BTreeMap::new();
    for row in rows(&bundle.join("demographics.csv")) {
        let yes = |column: &str| row[column].eq_ignore_ascii_case("true");
        let flags: Vec<&str> = [
            ("americanIndianOrAlaskaNative", "american_indian"),
            ("asian", "asian"),
            ("blackOrAfricanAmerican", "black"),
            ("nativeHawaiianOrOtherPacificIslander", "pacific_islander"),
            ("white", "white"),
        ]
        .into_iter()
        .filter(|(column, _)| yes(column))
        .map(|(_, race)| race)
        .collect();
        let race = match flags[..] {
            _ if yes("hispanicOrLatinoEthnicity") => "hispanic",
            _ if yes("demographicRaceTwoOrMoreRaces") => "two_or_more",
            [] => "unknown",
            [one] => one,
            _ => "two_or_more",
        };
        races.insert(row["sourcedId"].clone(), race);
    }
    let mut schools: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(&bundle.join("enrollments.csv")).iter().filter(|row| row["role"] == "student") {
        schools.entry(row["userSourcedId"].clone()).or_default().insert(row["schoolSourcedId"].clone());
    }
    let mut counts = BTreeMap::new();
    for (student, schools) in schools {
        let [school] = &schools.into_iter().collect::<Vec<_>>()[..] else { panic!("two schools in a year") };
        for school in [school.as_str(), "all"] {
            for race in [races[&student], "all"] {
                *counts.entry((school.to_owned(), race.to_owned())).or_default() += 1;
            }
        }
    }
    counts
}

#[test]
fn a_whole_district_goes_in_once_and_comes_out() {
    let Some(shared) = shared() else { return };
    let bundle = shared.join("oneroster_generated_2024");
    let service = Service::start(&["northfield"]);
    service.load("product", PRODUCT);
    // A product that cannot be counted together with this one is refused at once, and holds up nothing.
    let pooled = PRODUCT.replace("\"roster\"", "\"pooled\"").replace("race7\"", "race7\", label = \"Other\"");
    assert!(service.refused("product", &pooled).contains("dimension race"));
    let districts = PRODUCT.replace("\"roster\"", "\"districts\"").replace("\"school\"", "\"district\"");
    assert!(service.refused("product", &districts).contains("geography"));
    let pushed = service.push(&bundle, "northfield").done().json();
    let outcomes = |new: u64, unchanged: u64| serde_json::json!({"new": new, "changed": 0, "unchanged": unchanged, "withdrawn": 0, "refused": 0});
    assert_eq!((&pushed["rows_not_sent"], &pushed["outcomes"]), (&0.into(), &outcomes(4_008, 0)));
    // The same files are the same delivery, which is complete; under another name all is known already.
    let again = service.push(&bundle, "northfield").done().json();
    assert_eq!((&again["records"], &again["resumed"]), (&0.into(), &4_008.into()), "{again}");
    let path = bundle.display().to_string();
    let renamed = service.run(&["push", &path, "--delivery", "again", "--json"]).done().json();
    assert_eq!(renamed["outcomes"], outcomes(0, 4_008), "{renamed}");
    let report = service.publish();
    assert_eq!((&report["persons"], &report["student_years"]), (&2_000.into(), &2_000.into()), "{report}");

    let counts = counted(&bundle);
    assert_eq!(counts[&("all".into(), "all".into())], 2_000);
    let mut answers = service.ask("roster", "students", &["geography", "race"], &[]);
    answers.retain(|cell| cell.categories[0].contains(':') || cell.categories[0] == "all");
    let (mut shown, mut small, mut protecting) = (0, 0, 0);
    for cell in &answers {
        let school = cell.categories[0].trim_start_matches("northfield:").to_owned();
        let n = counts.get(&(school, cell.categories[1].clone())).copied().unwrap_or(0);
        match (cell.mark.as_str(), n) {
            ("shown", _) => {
                assert!(n >= CELL_MIN, "{cell:?}: {n}");
                assert_eq!(cell.denominator, Some(n), "{cell:?}");
                shown += 1;
            }
            ("hidden", 1..CELL_MIN) => small += 1,
            ("hidden", CELL_MIN..) => protecting += 1,
            (mark, 0) => assert_ne!(mark, "hidden", "{cell:?}"),
            _ => panic!("{cell:?}: {n}"),
        }
        if cell.mark == "hidden" {
            assert_eq!((cell.denominator, cell.numerator, cell.value), (None, None, None));
        }
    }
    say(&format!(
        "oneroster_generated_2024: of {} groups of students by school and race {shown} are shown and equal, \
         {small} hidden as too small, {protecting} hidden to protect others",
        counts.len()
    ));
    assert_eq!((shown, small, protecting, counts.len()), (63, 0, 0, 63));
}

/// Bundles with defects: the source that sends one, its folder, how `check` and `push` end, and the defects,
/// one a line: severity, file, row, column, code.
const DEFECTS: [(&str, &str, i32, &str); 4] = [
    (
        "catalyst-full",
        "oneroster_catalyst_Test_full_data_set",
        1,
        "
warning orgs.csv 2 parentSourcedId unknown_reference
warning academicSessions.csv 2 status to_be_deleted
warning academicSessions.csv 4 status outside_vocabulary
warning academicSessions.csv 3 parentSourcedId unknown_reference
warning academicSessions.csv 6 parentSourcedId unknown_reference
warning classes.csv 2 classType case_differs
warning classes.csv 2 courseSourcedId unknown_reference
warning classes.csv 3 status to_be_deleted
warning classes.csv 3 courseSourcedId unknown_reference
warning users.csv 3 enabledUser case_differs
warning users.csv 6 enabledUser case_differs
warning users.csv 7 enabledUser case_differs
warning users.csv - password secret_sent
warning demographics.csv - - missing_file
refused enrollments.csv 3 schoolSourcedId not_a_school
refused enrollments.csv 3 userSourcedId contradiction
refused enrollments.csv 3 endDate contradiction
refused enrollments.csv 4 schoolSourcedId not_a_school
refused enrollments.csv 4 endDate contradiction
refused enrollments.csv 6 schoolSourcedId not_a_school
refused enrollments.csv 6 userSourcedId contradiction
refused enrollments.csv 6 endDate contradiction
refused enrollments.csv 7 schoolSourcedId not_a_school
refused enrollments.csv 7 endDate contradiction
warning users.csv - - no_enrollment
",
    ),
    (
        "catalyst-minimal",
        "oneroster_catalyst_Test_minimal_data_set",
        1,
        "
warning classes.csv 2 classType case_differs
warning classes.csv 2 courseSourcedId unknown_reference
warning classes.csv 3 courseSourcedId unknown_reference
warning users.csv 3 enabledUser case_differs
warning users.csv 6 enabledUser case_differs
warning users.csv 7 enabledUser case_differs
warning users.csv - password secret_sent
warning demographics.csv - - missing_file
refused enrollments.csv 3 schoolSourcedId not_a_school
refused enrollments.csv 3 userSourcedId contradiction
refused enrollments.csv 4 schoolSourcedId not_a_school
refused enrollments.csv 6 schoolSourcedId not_a_school
refused enrollments.csv 6 userSourcedId contradiction
refused enrollments.csv 7 schoolSourcedId not_a_school
warning users.csv - - no_enrollment
",
    ),
    (
        "gotham",
        "oneroster_catalyst_oneroster_test_data",
        0,
        "
warning academicSessions.csv 2 schoolYear contradiction
warning users.csv 2 enabledUser case_differs
warning users.csv - password secret_sent
warning enrollments.csv - beginDate assumed
warning enrollments.csv - - delta_enrollment
",
    ),
    (
        "contoso",
        "oneroster_like_microsoft_sds_v21",
        1,
        "
warning orgs.csv 2 type outside_vocabulary
warning orgs.csv 5 type outside_vocabulary
warning academicSessions.csv 2 schoolYear contradiction
warning academicSessions.csv 3 schoolYear contradiction
warning courses.csv - code unknown_column
warning courses.csv - subject unknown_column
warning courses.csv - grade unknown_column
warning roles.csv 5 role outside_vocabulary
warning roles.csv 8 grade outside_vocabulary
warning users.csv - activeDirectoryMatchId unknown_column
warning users.csv 3 sourcedId missing
warning users.csv 6 sourcedId missing
warning users.csv - password secret_sent
refused enrollments.csv 2 classSourcedId not_a_school
warning enrollments.csv 3 role outside_vocabulary
warning enrollments.csv - beginDate assumed
warning users.csv - - no_enrollment
",
    ),
];

#[test]
fn bundles_with_defects_are_named_row_by_row_and_the_rest_goes_in() {
    let Some(shared) = shared() else { return };
    let sources = DEFECTS.map(|(source, ..)| source);
    let service = Service::start(&sources);
    let mut held: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (source, folder, code, defects) in DEFECTS {
        let bundle = shared.join(folder);
        let checked = service.run(&["check", &bundle.display().to_string(), "--json"]);
        assert_eq!(checked.code, code, "{}", checked.stderr);
        let report = checked.json();
        let found: Vec<String> = report["defects"].as_array().expect("defects").iter().map(line).collect();
        assert_eq!(found.join("\n"), defects.trim(), "{folder}");
        for value in values(&bundle) {
            assert!(!checked.stdout.contains(&value), "{folder}: a value is in the report");
            assert!(!checked.stderr.contains(&value), "{folder}: a value is in the messages");
        }
        let pushed = service.push(&bundle, source);
        assert_eq!(pushed.code, code, "{}", pushed.stderr);
        let records = report["records"].as_object().expect("records");
        let n: u64 = records.values().filter_map(Value::as_u64).sum();
        let pushed = pushed.json();
        assert_eq!((&pushed["outcomes"]["new"], &pushed["records"]), (&n.into(), &n.into()), "{pushed}");
        let refused = report["files"].as_array().expect("files").iter();
        let refused: u64 = refused.filter_map(|file| file["refused_rows"].as_u64()).sum();
        assert_eq!(pushed["rows_not_sent"], refused, "{pushed}");
        for (kind, n) in records {
            held.insert((source.into(), kind.clone()), n.as_u64().expect("a count"));
        }
    }
    let status = service.run(&["steward", "status", "--json"]).done().json();
    let of = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
    let now: BTreeMap<_, _> = status["sources"]
        .as_array()
        .expect("sources")
        .iter()
        .map(|row| ((of(row, "source"), of(row, "kind")), row["records"].as_u64().expect("a count")))
        .collect();
    assert_eq!(now, held);
}

fn line(defect: &Value) -> String {
    let text = |name: &str| match &defect[name] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    ["severity", "file", "row", "column", "code"].map(text).join(" ")
}

/// What the bundle says of people: ids, names, addresses, secrets, birth dates.
fn values(bundle: &Path) -> BTreeSet<String> {
    let columns =
        ["sourcedId", "givenName", "familyName", "username", "email", "password", "birthDate", "identifier"];
    let mut values = BTreeSet::new();
    for file in ["users.csv", "demographics.csv", "enrollments.csv"] {
        let path = bundle.join(file);
        for row in path.exists().then(|| rows(&path)).into_iter().flatten() {
            values.extend(columns.iter().filter_map(|column| row.get(*column)).cloned());
        }
    }
    values.retain(|value| value.len() >= 3);
    assert!(!values.is_empty());
    values
}
