//! Providence: some schools have a program, and others have not. Chronic absence before and after in both, as a
//! difference of differences with the children behind all four numbers; and a survey without names that links to nobody.

use crate::harness::Service;
use crate::makings::{Die, Files, Shares, name, product, race, rows, written};
use serde_json::Value;
use tempfile::TempDir;

const SOURCES: [&str; 3] = ["providence-schools", "positive-action", "evidence2success"];
const YEARS: [u32; 2] = [2014, 2015];
const SCHOOLS: [&str; 8] = ["ASA", "BAILEY", "CARL", "DABATE", "FEINSTEIN", "GREENE", "HOPE", "KING"];
/// Those with the program, from the second year on.
const WITH: [&str; 3] = ["ASA", "CARL", "HOPE"];

const ABSENCE: &str = r#"
depth = 2
years = { from = 2014, to = 2015 }
indicators = [{ name = "chronic", use = "chronic_absence" }]
dimensions = [
    { id = "school-with-program", source = "rule", rule = "eligible('PA') = 1" },
    { id = "race", source = "race7" },
]
"#;

const SURVEY: &str = r#"
depth = 1
years = { from = 2015, to = 2015 }
indicators = [{ name = "belonging", use = "proficiency", test = "E2S", subject = "BELONGING" }]
dimensions = [{ id = "sex", source = "sex" }]
"#;

const REPORT: &str = r#"
report = "positive-action"
title = "Positive Action"
product = "absence"

[[figures]]
form = "difference_in_differences"
title = "By the flag of schools"
indicator = "chronic"
by = "school-with-program"
group = "yes"
comparison = "no"
group_label = "Positive Action schools"
comparison_label = "Other schools"
from = 2014
to = 2015

[[figures]]
form = "difference_in_differences"
title = "School by school"
indicator = "chronic"
by = "geography"
group = ["providence-schools:ASA", "providence-schools:CARL", "providence-schools:HOPE"]
comparison = ["providence-schools:BAILEY", "providence-schools:DABATE", "providence-schools:FEINSTEIN",
    "providence-schools:GREENE", "providence-schools:KING"]
group_label = "Positive Action schools"
comparison_label = "Other schools"
from = 2014
to = 2015

[[figures]]
form = "difference_in_differences"
title = "Among few"
indicator = "chronic"
by = "race"
group = "pacific_islander"
comparison = "hispanic"
from = 2014
to = 2015
"#;

#[derive(Default)]
struct City {
    schools: Files,
    program: Files,
    survey: Files,
    by_flag: Shares,
    by_race: Shares,
    by_school: Shares,
    belonging: Shares,
}

fn city() -> City {
    let mut die = Die::new(2903);
    let mut city = City::default();
    city.program.add("programs", "program,name", "PA,Positive Action");
    for school in SCHOOLS {
        city.schools.add("schools", "school,name,sector", &format!("{school},{school} School,district"));
    }
    for n in 0..1_200 {
        let school = SCHOOLS[(n % 8) as usize];
        let flag = if WITH.contains(&school) { "yes" } else { "no" };
        let category = die.pick(&[("hispanic", 64), ("black", 20), ("white", 15), ("pacific_islander", 1)]);
        let who = format!("{},{}-{:02}-{:02}", name(n), 2000 + n % 9, 1 + n % 12, 1 + n % 28);
        let columns = "student_id,first_name,last_name,birth_date";
        let row = format!("{n},{who},{}", race(category));
        city.schools.add("students", &format!("{columns},races,hispanic"), &row);
        if flag == "yes" {
            city.program.add("students", columns, &format!("P{n},{who}"));
        }
        // Some leave after the first year, and others come for the second.
        for (at, year) in YEARS.into_iter().enumerate() {
            if n % 11 == at as u64 {
                continue;
            }
            let (from, to) = (format!("{}-09-02", year - 1), format!("{year}-06-19"));
            let columns = "student_id,school,school_year,entry,exit,grade";
            city.schools.add(
                "enrollments",
                columns,
                &format!("{n},{school},{year},{from},{to},{:02}", 3 + at),
            );
            let percent = match (flag, year) {
                ("yes", 2015) => 20,
                ("yes", _) => 26,
                (_, 2015) => 29,
                _ => 23,
            };
            let absent = if die.chance(percent) { 18 + die.below(30) } else { die.below(18) };
            let columns = "student_id,school,from,to,days_enrolled,days_present,days_absent";
            let row = format!("{n},{school},{from},{to},180,{},{absent}", 180 - absent);
            city.schools.add("attendance_summary", columns, &row);
            if flag == "yes" {
                let columns = "student_id,program,begin,end";
                city.program.add("eligibility", columns, &format!("P{n},PA,{from},{to}"));
                if year == 2015 {
                    city.program.add("services", columns, &format!("P{n},PA,{from},{to}"));
                }
            }
            let is_chronic = absent * 10 >= 180;
            city.by_flag.add(year, &[flag], is_chronic);
            city.by_race.add(year, &[flag, category], is_chronic);
            city.by_school.add(year, &[&format!("providence-schools:{school}")], is_chronic);
        }
    }
    // Of whom nothing is known but sex and answers.
    for n in 0..500 {
        let sex = if n < 6 { "X" } else { die.pick(&[("F", 1), ("M", 1)]) };
        let belongs = die.chance(60);
        city.survey.add("students", "student_id,sex", &format!("Q{n},{sex}"));
        let columns = "student_id,test,subject,date,proficient";
        city.survey.add("assessments", columns, &format!("Q{n},E2S,BELONGING,2015-03-10,{belongs}"));
        city.belonging.add(2015, &[sex], belongs);
    }
    city
}

#[test]
fn two_groups_of_schools_are_compared_over_two_years() {
    let service = Service::start(&SOURCES);
    service.load("product", &product("absence", ABSENCE));
    service.load("product", &product("survey", SURVEY));
    let city = city();
    city.schools.push(&service, SOURCES[0]);
    city.program.push(&service, SOURCES[1]);
    city.survey.push(&service, SOURCES[2]);
    assert_eq!(service.publish()["persons"], 1_200 + 500, "the survey links to nobody, the program to all");

    let seen = city.by_flag.compare(&service.ask("absence", "chronic", &["school-with-program"], &[]));
    assert_eq!((seen.shown, seen.hidden), (6, 0));
    let by = ["school-with-program", "race"];
    let seen = city.by_race.compare(&service.ask("absence", "chronic", &by, &[]));
    assert!(seen.shown >= 8 && seen.small >= 6, "{seen:?}");
    let cells = service.ask("absence", "chronic", &["geography"], &[]);
    let schools: Vec<_> = cells.into_iter().filter(|cell| cell.categories[0] != SOURCES[0]).collect();
    let seen = city.by_school.compare(&schools);
    assert_eq!((seen.shown, seen.hidden), (18, 0));
    let seen = city.belonging.compare(&service.ask("survey", "belonging", &["sex"], &[]));
    assert!(seen.shown >= 2 && seen.small == 1, "{seen:?}");
    let whole = service.ask("survey", "belonging", &[], &[]);
    assert_eq!(whole[0].denominator, Some(500), "the survey is whole, beside the city's children");

    let folder = TempDir::new().expect("a temporary folder");
    let document = written(folder.path(), "report.toml", REPORT);
    let report = service.run(&["report", &document, "--purpose", "evaluation", "--json"]).done().json();
    for title in ["By the flag of schools", "School by school"] {
        four_numbers(&city, rows(&report, title));
    }
    let few = rows(&report, "Among few");
    let last = few.last().expect("rows");
    assert_eq!((&last["quantity"], &last["value"]), (&"difference_in_differences".into(), &Value::Null));
    assert!(city.by_race.of(2014, &["all", "pacific_islander"]).is_small());
    assert_eq!(last["flag"], "hidden", "{last}");
}

/// The levels, both changes and their difference, with the number of children in all four.
fn four_numbers(city: &City, rows: &[Value]) {
    let groups = [("Positive Action schools", "yes"), ("Other schools", "no")];
    let mut changes = Vec::new();
    for (label, flag) in groups {
        let shares = YEARS.map(|year| city.by_flag.of(year, &[flag]));
        for (year, share) in YEARS.into_iter().zip(shares) {
            let is_level =
                |row: &&Value| row["quantity"] == "level" && row["group"] == label && row["year"] == year;
            let row = rows.iter().find(is_level).expect("a level of each group and year");
            assert_eq!(row["counts"][0]["numerator"], share.with, "{row}");
            assert_eq!(row["counts"][0]["denominator"], share.of, "{row}");
            assert!((row["value"].as_f64().expect("it is shown") - 100.0 * share.value()).abs() < 1e-6);
        }
        let change = 100.0 * (shares[1].value() - shares[0].value());
        let is_change = |row: &&Value| row["quantity"] == "change" && row["group"] == label;
        let row = rows.iter().find(is_change).expect("a change of each group");
        assert!((row["value"].as_f64().expect("it is shown") - change).abs() < 1e-6, "{row}");
        changes.push(change);
    }
    assert!(changes[0] < -2.0 && changes[1] > 2.0, "down in one, up in the other: {changes:?}");
    let row = rows.last().expect("rows");
    assert_eq!((&row["quantity"], row["since"].as_u64()), (&"difference_in_differences".into(), Some(2014)));
    let value = row["value"].as_f64().expect("it is shown");
    assert!((value - (changes[0] - changes[1])).abs() < 1e-6, "{row}");
    let ends = [0, 1].map(|at| row["interval"][at].as_f64().expect("an interval"));
    assert!(ends[0] < value && value < ends[1], "{row}");
}
