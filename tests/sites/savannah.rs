//! Chatham-Savannah: what schools, health and justice know of the same children, side by side; and the end of a
//! collaboration, after which nobody asks or sends anything.

use crate::harness::{AGREEMENT, Service};
use crate::makings::{Die, Files, Shares, name, product, race, rows, written};
use tempfile::TempDir;
use throughline::calendar::Timestamp;

const SOURCES: [&str; 3] = ["savannah-schools", "coastal-health", "juvenile-court"];
const YEARS: [u32; 3] = [2022, 2023, 2024];

/// What is kept of a record: months of birth are among it.
const ELEMENTS: &str = r#"
[terms]
elements = ["person.sex", "person.races", "person.hispanic", "person.birth_month", "enrollment.grade"]
"#;

const PROFILE: &str = r#"
depth = 2
geography = "district"
years = { from = 2022, to = 2024 }
indicators = [
    { name = "overage", use = "overage_for_grade", months = 18 },
    { name = "suspended", use = "suspension_rate" },
    { name = "immunized", use = "reach", program = "IMM" },
    { name = "court", use = "reach", program = "COURT" },
]
dimensions = [{ id = "race", source = "race7" }, { id = "grade", source = "grade" }]
"#;

const REPORT: &str = r#"
report = "profile"
title = "The annual profile"
product = "profile"

[[figures]]
form = "series"
title = "Overage for grade 6"
indicator = "overage"
where = { grade = "06" }
direction = "down"
"#;

/// The agreement, of a version and with a last day.
fn agreement(version: u32, expires: &str) -> String {
    format!(
        r#"
agreement = "{AGREEMENT}"
version = {version}
title = "Profile of children and youth"
basis = "audit_or_evaluation"
purposes = ["evaluation"]
begins = "2020-01-01"
expires = "{expires}"
destruction = "2099-12-31"
profile = "nces-10"
cell_min = 10

[parties]
sources = {SOURCES:?}
partners = ["city-partnership"]

[permits]
products = ["*"]
indicators = ["*"]
dimensions = ["*"]
years = {{ from = 2022, to = 2024 }}
{ELEMENTS}"#
    )
}

/// What the three send, and what is to come of it.
#[derive(Default)]
struct City {
    schools: Files,
    health: Files,
    court: Files,
    overage: Shares,
    suspended: Shares,
    immunized: Shares,
    court_reach: Shares,
}

/// Children who are in grade 6 in one of the years and in grade 7 in the next.
fn city() -> City {
    let mut die = Die::new(6);
    let mut city = City::default();
    city.schools.add("schools", "school,name,sector", "M1,Middle School,district");
    city.health.add("programs", "program,name", "IMM,Immunized as the state requires");
    city.court.add("programs", "program,name", "COURT,Referred to the juvenile court");
    for n in 0..1_050 {
        let sixth = YEARS[(n % 3) as usize];
        let category =
            die.pick(&[("black", 52), ("white", 36), ("hispanic", 10), ("asian", 1), ("american_indian", 1)]);
        // The usual age in grade 6 is eleven years and some months; some are a year and a half above it, or just not.
        let above =
            die.below(12) + if die.chance(if category == "black" { 30 } else { 20 }) { 18 } else { 0 };
        let age = 132 + if above < 18 { above } else { above - die.below(4) };
        // Months since the year 0. Born in this month, a child is `age` months old on 1 September and some days more.
        let born = u64::from(sixth - 1) * 12 + 8 - 1 - age;
        let (birth_year, birth_month) = (born / 12, born % 12 + 1);
        let sex = if die.chance(50) { "F" } else { "M" };
        let zip = 31_401 + die.below(20);
        let day = 2 + die.below(27);
        let who = format!("{},{birth_year}-{birth_month:02}-{day:02},{zip}", name(n));
        let columns = "student_id,first_name,last_name,birth_date,zip,sex";
        let row = format!("S{n},{who},{sex},{},{birth_year}-{birth_month:02}", race(category));
        city.schools.add("students", &format!("{columns},races,hispanic,birth_month"), &row);
        let (is_immunized, is_referred) = (die.chance(80), die.chance(12));
        if is_immunized {
            city.health.add("students", columns, &format!("H{},{who},{sex}", n * 7));
        }
        if is_referred {
            city.court.add("students", columns, &format!("J{},{who},{sex}", n * 3));
        }
        for (year, grade) in [(sixth, "06"), (sixth + 1, "07")] {
            if year > 2024 {
                continue;
            }
            let (from, to) = (year - 1, year);
            let row = format!("S{n},M1,{year},{from}-08-15,{to}-05-25,end_of_year,{grade}");
            city.schools.add("enrollments", "student_id,school,school_year,entry,exit,exit_type,grade", &row);
            let is_suspended = die.chance(if category == "black" { 22 } else { 14 });
            if is_suspended {
                let row = format!("S{n},M1,{from}-11-{:02},out_of_school_suspension", 1 + die.below(28));
                city.schools.add("discipline", "student_id,school,date,action", &row);
            }
            let day = format!("{from}-10-{:02}", 1 + die.below(28));
            if is_immunized {
                city.health.add(
                    "services",
                    "student_id,program,begin,end",
                    &format!("H{},IMM,{day},{day}", n * 7),
                );
            }
            if is_referred {
                city.court.add(
                    "services",
                    "student_id,program,begin,end",
                    &format!("J{},COURT,{day},{day}", n * 3),
                );
            }
            let at = [category, grade];
            let usual = if grade == "06" { 11 * 12 } else { 12 * 12 };
            let months = (i64::from(year - 1) * 12 + 9) - (birth_year * 12 + birth_month) as i64 - 1;
            city.overage.add(year, &at, months >= usual + 18);
            city.suspended.add(year, &at, is_suspended);
            city.immunized.add(year, &at, is_immunized);
            city.court_reach.add(year, &at, is_referred);
        }
    }
    city
}

/// A service that has found everybody whom health and court know at school. Its keys are new each time, and by some of them
/// linkage misses one or two of the 1,050: then another is started, for every figure here is compared to the last student.
fn linked(city: &City) -> Service {
    let start = || {
        let service = Service::start(&SOURCES);
        service.load("agreement", &agreement(2, "2099-06-30"));
        service.load("product", &product("profile", PROFILE));
        city.schools.push(&service, SOURCES[0]);
        city.health.push(&service, SOURCES[1]);
        city.court.push(&service, SOURCES[2]);
        let published = service.publish();
        (published["persons"].as_u64().expect("a number"), service)
    };
    let mut found = Vec::new();
    for _ in 0..3 {
        let (n_persons, service) = start();
        if n_persons == 1_050 {
            return service;
        }
        found.push(n_persons);
        assert!((1_051..=1_053).contains(&n_persons), "linkage misses one or two, not {n_persons}");
    }
    panic!("three services in a row have found others: {found:?}")
}

#[test]
fn three_sectors_stand_side_by_side_until_the_agreement_ends() {
    let city = city();
    let service = linked(&city);

    let answers = [
        ("overage", &city.overage),
        ("suspended", &city.suspended),
        ("immunized", &city.immunized),
        ("court", &city.court_reach),
    ];
    for (indicator, counted) in answers {
        let whole = service.ask("profile", indicator, &[], &[]);
        for (cell, year) in whole.iter().zip(YEARS) {
            let share = counted.of(year, &["all", "all"]);
            assert_eq!(
                (cell.period, cell.numerator, cell.denominator),
                (year, Some(share.with), Some(share.of))
            );
        }
        let seen = counted.compare(&service.ask("profile", indicator, &["race", "grade"], &[]));
        assert!(seen.shown >= 8 && seen.small >= 8, "{indicator}: {seen:?}");
    }
    sixth_graders(&service, &city);
    the_end(&service, &city);
}

/// What the profile was known for: sixth-graders a year and a half too old, by race and year.
fn sixth_graders(service: &Service, city: &City) {
    let cells = service.ask("profile", "overage", &["race"], &["grade=06"]);
    let mut sixth = Shares::default();
    for ((year, categories), share) in &city.overage.0 {
        if let [race, grade] = &categories[..]
            && grade == "06"
        {
            sixth.0.insert((*year, vec![race.clone()]), *share);
        }
    }
    let seen = sixth.compare(&cells);
    assert!(seen.shown >= 3, "{seen:?}");
    for year in YEARS {
        let of = |race: &str| {
            let cell = cells.iter().find(|cell| cell.period == year && cell.categories == [race]);
            cell.filter(|cell| cell.is_shown()).and_then(|cell| cell.value)
        };
        assert!(of("all").is_some(), "all together are many: {cells:?}");
        assert_eq!(of("asian"), None, "a small one");
        assert!(sixth.of(year, &["asian"]).of < 10);
    }
}

/// The agreement's last day is past: nothing is asked or sent any more, and what was released can still be checked.
fn the_end(service: &Service, city: &City) {
    let folder = TempDir::new().expect("a temporary folder");
    let document = written(folder.path(), "profile.toml", REPORT);
    let kept = folder.path().join("answers.bin").display().to_string();
    let asked = ["--purpose", "evaluation", "--json"];
    let report = [&["report", &document, "--keep", &kept][..], &asked].concat();
    let before = service.run(&report).done().json();
    let level = |year: u32| {
        let rows = rows(&before, "Overage for grade 6").iter();
        let mut levels = rows.filter(|row| row["quantity"] == "level" && row["year"] == year);
        levels.next().and_then(|row| row["value"].as_f64()).expect("it is shown")
    };
    for year in YEARS {
        assert!((level(year) - 100.0 * city.overage.of(year, &["all", "06"]).value()).abs() < 1e-6);
    }

    service.load("agreement", &agreement(3, "2024-06-30"));
    for indicator in ["overage", "suspended", "immunized", "court"] {
        let refused = service.run(&["query", "profile", indicator, "--purpose", "evaluation"]);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
        assert!(refused.stderr.contains("agreement.not_expired"), "{}", refused.stderr);
        assert!(refused.stderr.contains(&format!("{AGREEMENT}@3")), "{}", refused.stderr);
    }
    let earlier = ["query", "profile", "overage", "--purpose", "evaluation", "--edition", "1"];
    assert_eq!(service.run(&earlier).code, 2, "an edition that was out is refused as well");
    for (files, source) in
        [(&city.schools, SOURCES[0]), (&city.health, SOURCES[1]), (&city.court, SOURCES[2])]
    {
        let folder = files.folder();
        let more = "student_id,first_name,last_name,birth_date,sex\nX1,Nova,Zarembski,2012-03-04,F\n";
        written(folder.path(), "students.csv", more);
        let refused = service.push(folder.path(), source);
        assert_eq!(refused.code, 2, "{source}: {}{}", refused.stdout, refused.stderr);
        assert!(refused.stderr.contains("agreement.not_expired"), "{source}: {}", refused.stderr);
    }
    let refused = service.run(&["report", &document, "--purpose", "evaluation", "--json"]);
    assert_ne!(refused.code, 0, "{}", refused.stdout);
    assert!(!refused.stdout.contains("\"level\""), "{}", refused.stdout);

    let again = service.run(&["report", &document, "--from", &kept, "--json"]).done().json();
    assert_eq!(again, before, "what was released stays, with its proofs");

    // On its date the data are destroyed, and each of the three can show that they are.
    let today = Timestamp::now().date().to_string();
    service.load("agreement", &agreement(4, "2024-06-30").replace("2099-12-31", &today));
    let destroy = ["steward", "destroy", "--agreement", AGREEMENT, "--json"];
    let shown = service.run(&destroy);
    // It comes by itself within a minute, and may have come already.
    if shown.code == 0 {
        let shown = shown.json()["shown"].as_str().expect("a preview").to_owned();
        service.run(&[&destroy[..], &["--for-good", &shown]].concat());
    }
    for source in SOURCES {
        let (identity, out) = (format!("{source}.contributor"), folder.path().join(format!("of-{source}")));
        let to = out.display().to_string();
        let fetch = ["audit", "certificates", "--role", "contributor", "--as", &identity, "--out", &to];
        service.run(&fetch).done();
        // The certificate says what and why, the other file how much it was of this source.
        let files = std::fs::read_dir(&out).expect("it was made").map(|file| file.expect("a file").path());
        let (counts, certificates): (Vec<_>, Vec<_>) =
            files.partition(|file| file.to_string_lossy().contains("-counts-"));
        let [counts, certificate] = [&counts, &certificates].map(|files| files[0].display().to_string());
        let check = ["audit", "certificate", &certificate, "--counts", &counts, "--json"];
        let told = service.run(&check).done().json();
        let text = told["text"].as_str().expect("a text");
        assert!(text.contains("audit or evaluation, 34 CFR 99.31(a)(3)"), "{text}");
        let counted = std::fs::read_to_string(&counts).expect("it was fetched");
        assert!(
            counted.contains(&format!("\nof: {source}\n")) && counted.contains(", person\n"),
            "{counted}"
        );
        assert!(SOURCES.iter().all(|other| *other == source || !counted.contains(other)), "{counted}");
    }
    let status = service.run(&["steward", "status", "--json"]).done().json();
    assert_eq!((&status["persons"], &status["sources"]), (&0.into(), &serde_json::json!([])));
    let again = service.run(&["report", &document, "--from", &kept, "--json"]).done().json();
    assert_eq!(again, before, "what was released stays, with its proofs");
}
