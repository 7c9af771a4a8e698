//! A state of 45 districts (invented seventh graders) who number their students each for itself: chronic absence.

use crate::expected::{Figure, Tally, figures, rows};
use crate::harness::{Service, shared};
use crate::published::{Place, Published};
use crate::sheets::Sheets;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

const PRODUCT: &str = r#"
product = "absence"
title = "Chronic absence of seventh graders"
depth = 1
geography = "district"
years = { from = 2018, to = 2018 }
indicators = [{ name = "chronic", use = "chronic_absence" }]
"#;

const DIMENSIONS: &str = r#"
dimensions = [
    { id = "race", source = "race7" },
    { id = "lunch", source = "lunch" },
    { id = "iep", source = "disability" },
    { id = "language", source = "english_learner" },
    { id = "sex", source = "sex" },
    { id = "coop", source = "zone" },
]
"#;

/// A folder for each district, by its contributor's id. `district` is the code all schools say their district has; blank
/// leaves each to its source.
fn export(shared: &Path, district: &str) -> BTreeMap<String, TempDir> {
    let mut sources: BTreeMap<String, Sheets> = BTreeMap::new();
    for row in rows(&shared.join("montucky_sea/montucky_current.csv")) {
        let sheets = sources.entry(source(&row["sch_g7_lea_id"])).or_insert_with(|| {
            Sheets::new(&[
                ("schools", "school,name,district,sector"),
                ("students", "student_id,sex,races,hispanic,lunch,disability_idea,english_learner,zone"),
                ("enrollments", "student_id,school,school_year,entry,exit,grade"),
                ("attendance_summary", "student_id,school,from,to,days_enrolled,days_present,days_absent"),
            ])
        });
        add(sheets, &row, district);
    }
    sources.into_iter().map(|(source, sheets)| (source, sheets.folder())).collect()
}

fn add(sheets: &mut Sheets, row: &BTreeMap<String, String>, district: &str) {
    let of = |column: &str| row[column].as_str();
    let yes = |column: &str| of(column) == "1.0";
    let (id, school) = (of("sid"), of("sch_g7_code"));
    let sex = match of("male") {
        "1.0" => "M",
        "0.0" => "F",
        _ => "",
    };
    let (race, is_hispanic) = match race(of("race_ethnicity")) {
        "hispanic" => ("", "true"),
        "unknown" => ("", ""),
        race => (race, "false"),
    };
    let lunch = match of("frpl_7") {
        "0.0" => "paid",
        "1.0" => "free",
        "2.0" => "reduced",
        _ => "",
    };
    let language = if yes("ell_7") { "current" } else { "never" };
    let (iep, zone) = (yes("iep_7"), of("coop_name_g7").replace(' ', "-"));
    sheets.add("schools", format!("{school},{},{district},district", of("sch_g7_name")));
    sheets.add("students", format!("{id},{sex},{race},{is_hispanic},{lunch},{iep},{language},{zone}"));
    let span = "2017-09-01,2018-06-15";
    sheets.add("enrollments", format!("{id},{school},2018,{span},07"));
    // A year of a hundred days, so that days are percents. Some say that more than all days were missed; these count as
    // all. What is cut off after two decimals does not lift anybody to a tenth.
    if let Ok(percent) = of("pct_days_absent_7").parse::<f64>() {
        let hundredths = (percent.min(100.0) * 100.0).floor() as u32;
        let days = |hundredths: u32| format!("{}.{:02}", hundredths / 100, hundredths % 100);
        let (present, absent) = (days(10_000 - hundredths), days(hundredths));
        sheets.add("attendance_summary", format!("{id},{school},{span},100,{present},{absent}"));
    }
}

fn source(district: &str) -> String {
    format!("district-{district}")
}

fn race(label: &str) -> &'static str {
    match label {
        "Americ..." => "american_indian",
        "Asian" => "asian",
        "Black ..." => "black",
        "Demogr..." => "two_or_more",
        "Hispan..." => "hispanic",
        "Native..." => "pacific_islander",
        "White" => "white",
        "" | "nan" => "unknown",
        other => panic!("what is {other}?"),
    }
}

/// Each district as a contributor. Groups of the whole state are asked of a service of their own, in which the schools of
/// all districts are the state's: by district and group at once, much would be hidden for nothing.
#[test]
fn forty_five_districts_come_out() {
    let Some(shared) = shared() else { return };
    let mut tally = Tally::default();
    let (by_district, others): (Vec<_>, Vec<_>) =
        figures(&shared, "montucky").into_iter().partition(|figure| figure.group == "sch_g7_lea_id");

    let folders = export(&shared, "");
    assert_eq!(folders.len(), 45);
    let mut districts = Published::new("montucky", &sources(&folders), &[PRODUCT]);
    by_district.iter().for_each(|figure| districts.compare(figure, &place(figure), &mut tally));

    let folders = export(&shared, "district-01");
    let mut state = Published::new("montucky", &sources(&folders), &[&format!("{PRODUCT}{DIMENSIONS}")]);
    for figure in others {
        let n = match figure.indicator.as_str() {
            "distinct sid" => numbers_of_the_state(&shared),
            "distinct (sch_g7_lea_id,sid)" => districts.report["persons"].clone(),
            "rows" => districts.report["student_years"].clone(),
            _ => {
                state.compare(&figure, &place(&figure), &mut tally);
                continue;
            }
        };
        assert_eq!(n.as_f64(), Some(figure.value), "{figure:?}");
        tally.reproduced += 1;
    }
    tally.finish("montucky", 77);
}

/// How many persons there would be, were a student's number one of the state: all numbers from one contributor.
fn numbers_of_the_state(shared: &Path) -> Value {
    let mut sheets = Sheets::new(&[("students", "student_id")]);
    let all = rows(&shared.join("montucky_sea/montucky_current.csv"));
    all.iter().for_each(|row| sheets.add("students", row["sid"].clone()));
    let service = Service::start(&["montucky"]);
    service.load("product", &format!("version = 1\nprofile = \"nces-10\"\nmode = \"suppress\"\n{PRODUCT}"));
    service.push(sheets.folder().path(), "montucky").done();
    service.publish()["persons"].clone()
}

fn sources(folders: &BTreeMap<String, TempDir>) -> Vec<(&str, &Path)> {
    folders.iter().map(|(source, folder)| (source.as_str(), folder.path())).collect()
}

fn place(figure: &Figure) -> Place {
    let level = figure.level.as_str();
    let (district, zone) = (source(level), level.replace(' ', "-"));
    let yes_no = |yes, no| if level == "1.0" { yes } else { no };
    let at = match figure.group.as_str() {
        "all" => None,
        "sch_g7_lea_id" => Some(("geography", &*district)),
        "coop_name_g7" => Some(("coop", &*zone)),
        "race_ethnicity" => Some(("race", race(level))),
        "iep_7" => Some(("iep", yes_no("yes", "no"))),
        "ell_7" => Some(("language", yes_no("current", "never"))),
        "male" if level == "nan" => Some(("sex", "unknown")),
        "male" => Some(("sex", yes_no("M", "F"))),
        "frpl_7" => Some((
            "lunch",
            match level {
                "0.0" => "paid",
                "1.0" => "free",
                "2.0" => "reduced",
                _ => "unknown",
            },
        )),
        other => panic!("what is {other}?"),
    };
    Place::new(("absence", "chronic"), 2018, at.as_slice())
}
