//! Real children: days absent of Tennessee's STAR kindergarten, against figures computed elsewhere.

use crate::city::{Figure, code, date, figure, label, person, product};
use std::collections::BTreeMap;
use std::path::Path;
use throughline::outcomes::Unit::StudentYear;
use throughline::outcomes::{EditionBuilder, SourcedFact, tabulate};
use throughline::records::{AttendanceSummary, Fact, Lunch, OrgId, Participation, School, Sector, Sex};

const PRODUCT: &str = r#"
    [[indicators]]
    name = "absent"
    use = "mean_days_absent"
    [[indicators]]
    name = "chronic"
    use = "chronic_absence"
    [[dimensions]]
    id = "boy"
    source = "sex"
    [[dimensions]]
    id = "freelunch"
    source = "lunch"
    [[dimensions]]
    id = "black"
    source = "race7"
    [[dimensions]]
    id = "small"
    source = "program_status"
    program = "small"
    [[dimensions]]
    id = "aide"
    source = "program_status"
    program = "aide"
"#;

/// Rows of a CSV file, by column.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("the file is there");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn star_kindergarten_comes_out() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if !shared.exists() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "the shared data are missing");
        eprintln!("skipped: the shared data are not beside the checkout");
        return;
    }
    let org = OrgId::new("star").expect("an id");
    let mut builder = EditionBuilder::new(date("1990-01-01"), [org.clone()]).expect("a builder");
    let source = builder.source(&org).expect("it was given");
    for row in rows(&shared.join("star_poe_kindergarten/star_poe.csv")) {
        let yes = |name: &str| row[name] == "1";
        let mut facts = vec![person(|p| {
            p.sex = Some(if yes("boy") { Sex::Male } else { Sex::Female });
            p.lunch = Some(if yes("freelunch") { Lunch::Free } else { Lunch::Paid });
            assert!(p.races.add(if yes("black") { "black" } else { "white" }));
        })];
        builder.add_school(
            source,
            &School {
                code: code(&row["schid"]),
                name: label(&row["schid"]),
                district: None,
                district_name: None,
                sector: Sector::District,
                title_i: None,
            },
        );
        for program in ["small", "aide"].into_iter().filter(|name| yes(name)) {
            let (begin, end) = (date("1985-09-01"), Some(date("1986-06-15")));
            facts.push(Fact::Participation(Participation {
                program: code(program),
                begin,
                end,
                exit_reason: None,
            }));
        }
        if let Ok(absent) = row["absent"].parse::<u32>() {
            facts.push(Fact::AttendanceSummary(AttendanceSummary {
                school: code(&row["schid"]),
                from: date("1985-09-01"),
                to: date("1986-06-15"),
                days_enrolled_hundredths: 18_000,
                days_present_hundredths: 18_000 - absent * 100,
                days_absent_hundredths: absent * 100,
            }));
        }
        let facts: Vec<_> = facts.iter().map(|fact| SourcedFact { source, fact }).collect();
        builder.add_person(row["id"].parse().expect("a number"), &facts);
    }
    let edition = builder.finish().expect("it can be frozen");
    let counts = tabulate(&edition, &[product(PRODUCT)]).expect("it can be counted");
    let counts =
        counts.iter().find(|t| t.unit == StudentYear && !t.atoms.nodes.is_empty()).expect("student-years");

    let mut checked = 0;
    for row in rows(&shared.join("expected/expected.csv")) {
        if row["dataset"] != "star_poe" {
            continue;
        }
        let category = match (row["group"].as_str(), row["level"].as_str()) {
            ("boy", "0") => "F",
            ("boy", "1") => "M",
            ("freelunch", "0") => "paid",
            ("freelunch", "1") => "free",
            ("black", "0") => "white",
            ("black", "1") => "black",
            ("small" | "aide", "0") => "other",
            ("small" | "aide", "1") => "participant",
            ("all", _) => "all",
            other => panic!("what is {other:?}?"),
        };
        let group = if row["group"] == "all" { "geography" } else { row["group"].as_str() };
        let number = |name: &str| row[name].parse::<f64>().expect("a number");
        let at = [(group, category)];
        let (value, n) = match row["indicator"].as_str() {
            "mean_days_absent" => match figure(counts, "mean_days_absent", &at) {
                Figure::Mean(sum, n) => (sum as f64 / 100.0 / f64::from(n), n),
                other => panic!("{other:?} is no mean"),
            },
            _ => match figure(counts, "chronic_absence", &at) {
                Figure::Share(with, n) => {
                    assert_eq!(f64::from(with), number("numerator"), "{group} {category}");
                    (f64::from(with) / f64::from(n), n)
                }
                other => panic!("{other:?} is no share"),
            },
        };
        assert_eq!(f64::from(n), number("denominator"), "{group} {category}");
        assert!((value - number("value")).abs() < 1e-6, "{group} {category}: {value}");
        checked += 1;
    }
    assert_eq!(checked, 22);
}
