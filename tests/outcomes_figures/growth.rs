//! Growth percentiles as figures of an edition: those the published package computed, student by student.

use crate::city::{Figure, at, code, date, figure, label, product};
use std::collections::BTreeMap;
use std::path::Path;
use throughline::outcomes::Unit::StudentYear;
use throughline::outcomes::{Edition, EditionBuilder, SourcedFact, tabulate};
use throughline::records::{Assessment, Demographics, Fact, OrgId, School, Sector};

/// Each student lives in a zone named for the percentile the package gives, or in none.
const PRODUCT: &str = r#"
    population = "grade = 4"
    [[indicators]]
    name = "growth"
    use = "mean_growth_percentile"
    test = "STATE"
    subject = "ELA"
    [[indicators]]
    name = "typical"
    use = "growth_above_typical"
    test = "STATE"
    subject = "ELA"
    [[indicators]]
    name = "high"
    use = "growth_at_least"
    test = "STATE"
    subject = "ELA"
    percentile = 66
    [[dimensions]]
    id = "expected"
    source = "zone"
"#;

fn rows(path: &Path) -> impl Iterator<Item = BTreeMap<String, String>> + use<> {
    let reader = csv::Reader::from_path(path).expect("the file is there");
    reader.into_deserialize().map(|row| row.expect("a row"))
}

/// What a student is known by: an enrollment and a score for each year, and the zone.
fn facts(row: &BTreeMap<String, String>, zone: Option<&String>) -> Vec<Fact> {
    let zone = zone.map(|percentile| code(&format!("p{percentile}")));
    let mut facts = vec![Fact::Person(Demographics { zone, ..Demographics::default() })];
    for year in 2021..=2025 {
        let [grade, score] = ["GRADE", "SS"].map(|column| row[&format!("{column}_{year}")].parse::<i64>());
        let (Ok(grade), Ok(score)) = (grade, score) else { continue };
        facts.push(at("a", year, &format!("{grade:02}")));
        facts.push(Fact::Assessment(Assessment {
            test: code("STATE"),
            subject: code("ELA"),
            grade: None,
            date: date(&format!("{year}-05-01")),
            scale_score_thousandths: Some(score * 1_000),
            level: None,
            proficient: None,
            not_tested: None,
            standard_error_thousandths: None,
        }));
    }
    facts
}

/// All who were in grade 4 in the last year, and all whose scores of grade 3 knots are taken from.
fn edition(folder: &Path, expected: &BTreeMap<String, String>) -> Edition {
    let org = OrgId::new("state").expect("an id");
    let mut builder = EditionBuilder::new(date("2025-07-01"), [org.clone()]).expect("a builder");
    let source = builder.source(&org).expect("it was given");
    let (code, name) = (code("a"), label("A"));
    let sector = Sector::District;
    let school = School { code, name, district: None, district_name: None, sector, title_i: None };
    builder.add_school(source, &school);
    for row in rows(&folder.join("sgpData_wide.csv")) {
        let counts = row["GRADE_2025"] == "4" || row["GRADE_2024"] == "3" || row["GRADE_2023"] == "3";
        if counts {
            let facts = facts(&row, expected.get(&row["ID"]));
            let facts: Vec<_> = facts.iter().map(|fact| SourcedFact { source, fact }).collect();
            builder.add_person(row["ID"].parse().expect("a number"), &facts);
        }
    }
    builder.finish().expect("it can be frozen")
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn growth_percentiles_are_those_of_the_published_package() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/sgp_package_example");
    if !folder.exists() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "the shared data are missing");
        eprintln!("skipped: the shared data are not beside the checkout");
        return;
    }
    let reference = rows(&folder.join("sgp_reference_2025_grade4.csv"));
    let expected: BTreeMap<String, String> =
        reference.map(|row| (row["ID"].clone(), row["SGP"].clone())).collect();
    let edition = edition(&folder, &expected);
    let counts = tabulate(&edition, &[product(PRODUCT)]).expect("it can be counted");
    let of = |year: u16| {
        let found = counts.iter().find(|of| of.unit == StudentYear && of.period.ending() == year);
        found.expect("a school year")
    };
    let (mean, typical) =
        ("mean_growth_percentile STATE ELA [grade = 4]", "growth_above_typical STATE ELA [grade = 4]");
    let mut n_by_percentile: BTreeMap<i64, u32> = BTreeMap::new();
    for percentile in expected.values() {
        *n_by_percentile.entry(percentile.parse().expect("a percentile")).or_default() += 1;
    }
    // A student here and there may be one off, where rounding in the last place decides.
    let mut n_off = 0.0;
    for (percentile, n) in &n_by_percentile {
        let at = [("expected", format!("p{percentile}"))];
        let at = at.each_ref().map(|(dimension, zone)| (*dimension, zone.as_str()));
        let Figure::Mean(sum, n_told) = figure(of(2025), mean, &at) else { panic!("it is a mean") };
        assert_eq!(n_told, *n, "the students of percentile {percentile}");
        n_off += (sum - percentile * i64::from(*n)).abs() as f64;
    }
    assert!(n_off <= 10.0, "{n_off} points off in all");
    let n_typical: u32 = n_by_percentile.range(50..).map(|(_, n)| n).sum();
    let Figure::Share(with, n) = figure(of(2025), typical, &[]) else { panic!("it is a share") };
    assert_eq!(n as usize, expected.len());
    assert!(with.abs_diff(n_typical) <= 10);
    let n_high: u32 = n_by_percentile.range(66..).map(|(_, n)| n).sum();
    let high = figure(of(2025), "growth_at_least STATE ELA 66 [grade = 4]", &[]);
    let Figure::Share(with, n) = high else { panic!("it is a share") };
    assert_eq!(n as usize, expected.len());
    assert!(with.abs_diff(n_high) <= 10 && with < n_typical, "{with} of {n_high}");
    // Grade 4 of the year before is there in part only, and of the first year nobody has a prior score.
    assert_eq!(figure(of(2021), typical, &[]), Figure::Share(0, 0));
}
