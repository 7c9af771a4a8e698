//! Northside Achievement Zone: the measures of Promise Neighborhoods for two populations, all children of the zone and
//! those whose families have enrolled.

mod children;

use crate::harness::Service;
use crate::makings::{Die, MINIMUM, product, rows, written};
use children::{Measures, POPULATIONS, neighborhood};
use serde_json::Value;
use tempfile::TempDir;

const SOURCES: [&str; 2] = ["minneapolis-schools", "naz-connect"];

const CHILDREN: &str = r#"
depth = 2
geography = "district"
years = { from = 2023, to = 2024 }
indicators = [
    { name = "ready", use = "kindergarten_readiness", test = "BKA", subject = "READINESS" },
    { name = "reading", use = "proficiency_3_8", test = "MCA", subject = "READING" },
    { name = "math", use = "proficiency_3_8", test = "MCA", subject = "MATH" },
    { name = "attendance", use = "attendance_rate" },
    { name = "absence", use = "chronic_absence" },
    { name = "mobility", use = "mobility" },
]
dimensions = [
    { id = "zone", source = "zone" },
    { id = "naz", source = "program_status", program = "NAZ" },
    { id = "level", source = "grade", groups = [{ id = "6-9", label = "Grades 6 to 9", members = ["06", "07", "08", "09"] }] },
]
"#;

const LEAVERS: &str = r#"
depth = 1
geography = "district"
years = { from = 2017, to = 2024 }
indicators = [
    { name = "graduation", use = "graduation_4y" },
    { name = "college", use = "completion_without_remediation" },
]
dimensions = [{ id = "zone", source = "zone" }, { id = "naz", source = "program_status", program = "NAZ" }]
"#;

/// What surveys say; the last row is of too few people.
const SURVEYS: &str = "id,year,population,numerator,denominator,value,source,as_of\n\
    gpra_1,2024,children of the zone,212,260,,Parent survey,2024-05-01\n\
    gpra_12,2024,enrolled participants,131,180,,Parent survey,2024-05-01\n\
    gpra_15,2024,enrolled participants,5,8,,Parent survey,2024-05-01\n";

const LINES: [(&str, &str); 8] = [
    ("gpra_2", "GPRA 2: three-year-olds and kindergartners with age-appropriate functioning"),
    ("gpra_4_math", "GPRA 4: at or above grade level in mathematics, grades 3 to 8 and once in high school"),
    (
        "gpra_4_reading",
        "GPRA 4: at or above grade level in reading or language arts, grades 3 to 8 and once in high school",
    ),
    ("gpra_5_attendance", "GPRA 5: attendance rate, grades 6 to 9"),
    ("gpra_5_chronic_absence", "GPRA 5: chronic absence, grades 6 to 9"),
    ("gpra_6", "GPRA 6: four-year graduation rate"),
    ("gpra_7", "GPRA 7: graduates with a postsecondary credential, without remediation"),
    ("gpra_11", "GPRA 11: student mobility"),
];
#[test]
fn the_measures_come_for_the_zone_and_for_those_enrolled() {
    let service = Service::start(&SOURCES);
    service.load("product", &product("children", CHILDREN));
    service.load("product", &product("leavers", LEAVERS));
    let mut city = neighborhood();
    city.alumni(&mut Die::new(2017));
    city.schools.push(&service, SOURCES[0]);
    city.naz.push(&service, SOURCES[1]);
    assert_eq!(service.publish()["persons"], 1_640, "families are found at school");

    let folder = TempDir::new().expect("a temporary folder");
    let surveys = written(folder.path(), "surveys.csv", SURVEYS);
    let pack = ["report", "--pack", "promise-neighborhoods", "--set", "zone=NAZ", "--set", "program=NAZ"];
    let rest = ["--aggregates", &surveys, "--purpose", "evaluation", "--json"];
    let made = service.run(&[&pack[..], &rest].concat());
    assert_eq!(made.code, 1, "one row of the surveys is not used: {}", made.stderr);
    assert!(made.stderr.contains("row 4, denominator"), "{}", made.stderr);
    let report = made.json();
    let (shown, hidden) = compare(&report, &city.measures);
    assert!(shown >= 26 && hidden <= 6, "{shown} shown, {hidden} hidden");
    for (line, of) in [("gpra_1", 260), ("gpra_12", 180)] {
        let supplied = report["as_supplied"].as_array().expect("lines");
        let supplied = supplied.iter().find(|supplied| supplied["line"] == line).expect("the line");
        assert_eq!(supplied["figures"][0]["denominator"], of, "{supplied}");
    }
    assert_ne!(city.n_in[0], city.n_in[1], "the two populations are not the same");
}

/// Compares the levels of all lines; how many are shown and how many hidden.
fn compare(report: &Value, measures: &Measures) -> (usize, usize) {
    let (mut shown, mut hidden) = (0, 0);
    for (line, label) in LINES {
        for population in POPULATIONS {
            let rows = rows(report, &format!("{label}: {population}"));
            for year in [2017, 2023, 2024] {
                let Some(counted) = measures.0.get(&(line, population, year)) else { continue };
                let is_level = |row: &&Value| row["quantity"] == "level" && row["year"] == year;
                let found = rows.iter().find(is_level);
                let row = found.unwrap_or_else(|| panic!("{line}, {population}, {year}: {rows:?}"));
                let is_share = !["gpra_5_attendance", "gpra_11"].contains(&line);
                if row["value"].is_null() {
                    assert_eq!(
                        (row["flag"].as_str(), &row["value"]),
                        (Some("hidden"), &Value::Null),
                        "{row}"
                    );
                    hidden += 1;
                    continue;
                }
                shown += 1;
                let value = row["value"].as_f64().expect("it is shown");
                assert!(
                    (value - 100.0 * counted.value()).abs() < 1e-6,
                    "{line}, {population}, {year}: {counted:?}, {row}"
                );
                if is_share {
                    assert_eq!(row["counts"][0]["numerator"], counted.with, "{row}");
                    assert_eq!(row["counts"][0]["denominator"], counted.of, "{row}");
                    assert!(!counted.is_small() && counted.of >= MINIMUM, "{row}");
                }
            }
        }
    }
    (shown, hidden)
}
