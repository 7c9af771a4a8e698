//! A real district of 13,000 to 15,000 tested students a year, grades 3 to 10: who is proficient, in reading in grade 3 by
//! school, and how much scores rose.

use crate::expected::{Figure, Tally, figures};
use crate::harness::shared;
use crate::published::{Place, Published};
use crate::sheets::Sheets;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use tempfile::TempDir;

/// Of the students who get meals at a lower price, two are said to in one subject's record and not in the
/// other's, so the records of each subject are a program of their own.
const PROFICIENCY: &str = r#"
product = "proficiency"
title = "Proficiency in a district"
depth = 1
geography = "district"
years = { from = 2021, to = 2025 }
indicators = [
    { name = "mathematics", use = "proficiency", test = "STATE", subject = "MATHEMATICS" },
    { name = "reading", use = "proficiency", test = "STATE", subject = "READING" },
]
dimensions = [
    { id = "grade", source = "grade" },
    { id = "sex", source = "sex" },
    { id = "race", source = "race7" },
    { id = "mathematics-meals", source = "program_status", program = "mathematics-meals" },
    { id = "reading-meals", source = "program_status", program = "reading-meals" },
    { id = "language", source = "english_learner" },
    { id = "iep", source = "disability" },
    { id = "gifted", source = "program_status", program = "gifted" },
]
"#;

const GAIN: &str = r#"
product = "gain"
title = "Gains in a district"
depth = 1
geography = "district"
years = { from = 2022, to = 2025 }
indicators = [
    { name = "mathematics", use = "score_gain", test = "STATE", subject = "MATHEMATICS" },
    { name = "reading", use = "score_gain", test = "STATE", subject = "READING" },
]
dimensions = [
    { id = "grade", source = "grade" },
    { id = "race", source = "race7" },
    { id = "mathematics-meals", source = "program_status", program = "mathematics-meals" },
    { id = "reading-meals", source = "program_status", program = "reading-meals" },
    { id = "language", source = "english_learner" },
    { id = "iep", source = "disability" },
]
"#;

const GRADE_3: &str = r#"
product = "grade3"
title = "Reading in grade 3, by school and race"
depth = 1
geography = "school"
population = "grade = 3"
years = { from = 2025, to = 2025 }
indicators = [{ name = "reading", use = "proficiency", test = "STATE", subject = "READING" }]
dimensions = [{ id = "race", source = "race7" }]
"#;

/// The folder of the district, out of those of its records that `is_wanted`.
fn export(shared: &Path, is_wanted: impl Fn(&BTreeMap<String, String>) -> bool) -> TempDir {
    let mut sheets = Sheets::new(&[
        ("schools", "school,name,district_name,sector"),
        ("programs", "program,name"),
        ("students", "student_id,school_year,sex,races,hispanic,disability_idea,english_learner"),
        ("enrollments", "student_id,school,school_year,entry,exit,grade"),
        ("services", "student_id,program,begin,end"),
        ("assessments", "student_id,test,subject,grade,date,scale_score,proficient,not_tested"),
    ]);
    sheets.add_programs(&[
        ("gifted", "Gifted and talented"),
        ("mathematics-meals", "Meals at a lower price as of the record in mathematics"),
        ("reading-meals", "Meals at a lower price as of the record in reading"),
    ]);
    for ending in 2021..=2025 {
        let file = format!("sgp_district470/sgpData_LONG_470_{}_{ending}.csv.gz", ending - 1);
        let file = File::open(shared.join(file)).expect("the file is there");
        let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
        for row in reader.deserialize() {
            let row: BTreeMap<String, String> = row.expect("a row");
            if is_wanted(&row) {
                add(&mut sheets, &row, ending);
            }
        }
    }
    sheets.folder()
}

fn add(sheets: &mut Sheets, row: &BTreeMap<String, String>, ending: u32) {
    let of = |column: &str| row[column].as_str();
    let yes = |column: &str| of(column).ends_with(": Yes");
    let (id, subject, school) = (of("ID"), of("CONTENT_AREA"), of("SCHOOL_NUMBER"));
    let grade = format!("{:0>2}", of("GRADE"));
    let span = format!("{}-09-01,{ending}-06-15", ending - 1);
    let sex = if of("GENDER") == "Gender: Female" { "F" } else { "M" };
    let (race, is_hispanic) = match race(of("ETHNICITY")) {
        "hispanic" => ("", true),
        race => (race, false),
    };
    let language = if yes("ELL_STATUS") { "current" } else { "never" };
    sheets.add("schools", format!("{school},{},{},district", of("SCHOOL_NAME"), of("DISTRICT_NAME")));
    sheets.add(
        "students",
        format!("{id},{ending},{sex},{race},{is_hispanic},{},{language}", yes("IEP_STATUS")),
    );
    // Who changed schools between two tests is in both; the first one in the file's order is left then.
    sheets.add("enrollments", format!("{id},{school},{ending},{span},{grade}"));
    if yes("FREE_REDUCED_LUNCH_STATUS") {
        sheets.add("services", format!("{id},{}-meals,{span}", subject.to_lowercase()));
    }
    if yes("GIFTED_AND_TALENTED_PROGRAM_STATUS") {
        sheets.add("services", format!("{id},gifted,{span}"));
    }
    let result = match of("ACHIEVEMENT_LEVEL") {
        "No Score" => ",,no_score".to_owned(),
        level => format!("{},{},", of("SCALE_SCORE"), ["Proficient", "Advanced"].contains(&level)),
    };
    sheets.add("assessments", format!("{id},STATE,{subject},{grade},{ending}-04-15,{result}"));
}

fn race(ethnicity: &str) -> &'static str {
    match ethnicity {
        "African American" => "black",
        "Asian" => "asian",
        "Hispanic" => "hispanic",
        "Native American" => "american_indian",
        "White" => "white",
        other => panic!("what is {other}?"),
    }
}

#[test]
fn a_district_in_five_years_comes_out() {
    let Some(shared) = shared() else { return };
    let folder = export(&shared, |_| true);
    let mut published = Published::new("sgp_470", &[("apple-valley", folder.path())], &[PROFICIENCY, GAIN]);
    let mut tally = Tally::default();
    for figure in
        figures(&shared, "sgp_470").iter().filter(|figure| figure.group != "SCHOOL_NUMBER x ETHNICITY")
    {
        published.compare(figure, &place(figure), &mut tally);
    }
    tally.finish("sgp_470, district", 392);
}

#[test]
fn reading_in_grade_3_comes_out_by_school() {
    let Some(shared) = shared() else { return };
    let wanted = |row: &BTreeMap<String, String>| {
        row["YEAR"] == "2024_2025" && row["GRADE"] == "3" && row["CONTENT_AREA"] == "READING"
    };
    let folder = export(&shared, wanted);
    let mut published = Published::new("sgp_470", &[("apple-valley", folder.path())], &[GRADE_3]);
    let mut tally = Tally::default();
    for figure in
        figures(&shared, "sgp_470").iter().filter(|figure| figure.group == "SCHOOL_NUMBER x ETHNICITY")
    {
        let (school, ethnicity) = figure.level.split_once(" x ").expect("a school and a race");
        let at = [("geography", &*format!("apple-valley:{school}")), ("race", race(ethnicity))];
        published.compare(figure, &Place::new(("grade3", "reading"), 2025, &at), &mut tally);
    }
    tally.finish("sgp_470, grade 3 by school", 110);
}

fn place(figure: &Figure) -> Place {
    let (of, subject) = figure.indicator.split_once(':').expect("an indicator of a subject");
    let product = if of == "proficient_or_advanced" { "proficiency" } else { "gain" };
    let (subject, meals) = match subject {
        "READING" => ("reading", "reading-meals"),
        _ => ("mathematics", "mathematics-meals"),
    };
    let level = figure.level.as_str();
    let is_yes = level.ends_with(": Yes");
    let service = if is_yes { "participant" } else { "other" };
    let grade = format!("{level:0>2}");
    let at = match figure.group.as_str() {
        "all" => None,
        "GRADE" => Some(("grade", &*grade)),
        "GENDER" => Some(("sex", if level == "Gender: Female" { "F" } else { "M" })),
        "ETHNICITY" => Some(("race", race(level))),
        "FREE_REDUCED_LUNCH_STATUS" => Some((meals, service)),
        "ELL_STATUS" => Some(("language", if is_yes { "current" } else { "never" })),
        "IEP_STATUS" => Some(("iep", if is_yes { "yes" } else { "no" })),
        "GIFTED_AND_TALENTED_PROGRAM_STATUS" => Some(("gifted", service)),
        other => panic!("what is {other}?"),
    };
    let period = figure.period[5..].parse().expect("two years");
    Place::new((product, subject), period, at.as_slice())
}
