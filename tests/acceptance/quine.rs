//! Days absent of 146 real pupils (Quine), two dimensions at once: cells of ten to twenty.

use crate::expected::{Figure, Tally, figures, rows};
use crate::harness::shared;
use crate::published::{Place, Published};
use crate::sheets::Sheets;
use std::path::Path;
use tempfile::TempDir;

const PRODUCT: &str = r#"
product = "absence"
title = "Days absent"
depth = 2
geography = "district"
years = { from = 1975, to = 1975 }
indicators = [{ name = "days", use = "mean_days_absent" }]
dimensions = [
    { id = "eth", source = "program_status", program = "aboriginal" },
    { id = "sex", source = "sex" },
    { id = "age", source = "grade" },
    { id = "learner", source = "program_status", program = "slow-learner" },
]
"#;

fn export(shared: &Path) -> TempDir {
    let mut sheets = Sheets::new(&[
        ("schools", "school,name,sector"),
        ("programs", "program,name"),
        ("students", "student_id,sex"),
        ("enrollments", "student_id,school,school_year,entry,exit,grade"),
        ("services", "student_id,program,begin,end"),
        ("attendance_summary", "student_id,school,from,to,days_enrolled,days_present,days_absent"),
    ]);
    sheets.add_programs(&[("aboriginal", "Aboriginal pupils"), ("slow-learner", "Slow learners")]);
    sheets.add("schools", "walgett,Walgett,district".into());
    let span = "1974-09-01,1975-06-15";
    for row in rows(&shared.join("quine_absence/quine.csv")) {
        let of = |column: &str| row[column].as_str();
        let (id, days) = (of("rownames"), of("Days").parse::<u32>().expect("days"));
        sheets.add("students", format!("{id},{}", of("Sex")));
        sheets.add("enrollments", format!("{id},walgett,1975,{span},{}", grade(of("Age"))));
        sheets.add("attendance_summary", format!("{id},walgett,{span},180,{},{days}", 180 - days));
        if of("Eth") == "A" {
            sheets.add("services", format!("{id},aboriginal,{span}"));
        }
        if of("Lrn") == "SL" {
            sheets.add("services", format!("{id},slow-learner,{span}"));
        }
    }
    sheets.folder()
}

/// Primary school, and the first three forms.
fn grade(form: &str) -> &'static str {
    match form {
        "F0" => "06",
        "F1" => "07",
        "F2" => "08",
        "F3" => "09",
        other => panic!("what is {other}?"),
    }
}

#[test]
fn absences_of_a_few_come_out() {
    let Some(shared) = shared() else { return };
    let folder = export(&shared);
    let mut published = Published::new("quine", &[("walgett", folder.path())], &[PRODUCT]);
    let mut tally = Tally::default();
    figures(&shared, "quine").iter().for_each(|figure| published.compare(figure, &place(figure), &mut tally));
    tally.finish("quine", 19);
}

fn place(figure: &Figure) -> Place {
    let level = figure.level.as_str();
    let eth = |code: &str| ("eth", if code == "A" { "participant" } else { "other" });
    let at = match figure.group.as_str() {
        "all" => vec![],
        "Eth" => vec![eth(level)],
        "Sex" => vec![("sex", level)],
        "Age" => vec![("age", grade(level))],
        "Lrn" => vec![("learner", if level == "SL" { "participant" } else { "other" })],
        "Eth x Age" => {
            let (code, form) = level.split_once(" x ").expect("two of them");
            vec![eth(code), ("age", grade(form))]
        }
        other => panic!("what is {other}?"),
    };
    Place::new(("absence", "days"), 1975, &at)
}
