//! 30,134 invented results of Texas' tests in grades 3 to 8, all years together.

use crate::expected::{Figure, Tally, figures, rows};
use crate::harness::shared;
use crate::published::{Place, Published};
use crate::sheets::Sheets;
use std::path::Path;
use tempfile::TempDir;

/// Scores have eleven decimals, and the templates take three: they are pushed in thousandths of a point from 1,500 on.
const SCALE: (f64, f64) = (1_000.0, 1_500.0);

const PRODUCT: &str = r#"
product = "results"
title = "Results of all years by grade"
depth = 2
geography = "district"
years = { from = 2014, to = 2014 }
indicators = [
    { name = "math", use = "mean_scale_score", test = "STAAR", subject = "MATH" },
    { name = "reading", use = "mean_scale_score", test = "STAAR", subject = "READING" },
    { name = "meets", use = "proficiency", test = "STAAR", subject = "MATH" },
]
dimensions = [
    { id = "grade", source = "grade" },
    { id = "sex", source = "sex" },
    { id = "race", source = "program_group", programs = ["A", "B", "D", "H", "N", "W"] },
    { id = "eco_dis", source = "program_group", programs = ["eco-0", "eco-1", "eco-2", "eco-9"] },
    { id = "language", source = "english_learner" },
    { id = "iep", source = "disability" },
]
"#;

/// The lowest scores in mathematics that meet the standard, by grade.
const CUTS: [(&str, f64); 6] =
    [("3", 1486.0), ("4", 1589.0), ("5", 1625.0), ("6", 1653.0), ("7", 1688.0), ("8", 1700.0)];

/// The expected figures are about results of all years together, and students repeat grades, so the number pushed is that
/// of a sitting (student and year), and all sittings stand in the last year. The file's codes of race and income, some of
/// them without a meaning, are programs, so that each stays a group of its own.
fn export(shared: &Path) -> TempDir {
    let mut sheets = Sheets::new(&[
        ("schools", "school,name,sector"),
        ("programs", "program,name"),
        ("students", "student_id,sex,english_learner,disability_idea"),
        ("enrollments", "student_id,school,school_year,entry,exit,grade"),
        ("services", "student_id,program,begin,end"),
        ("assessments", "student_id,test,subject,grade,date,scale_score,proficient"),
    ]);
    for race in ["A", "B", "D", "H", "N", "W"] {
        sheets.add("programs", format!("{race},Race and ethnicity {race}"));
    }
    for income in ["eco-0", "eco-1", "eco-2", "eco-9"] {
        sheets.add("programs", format!("{income},Economically disadvantaged {income}"));
    }
    for row in rows(&shared.join("synth_texas/synth_texas.csv")) {
        let of = |column: &str| row[column].as_str();
        let id = format!("{}-{}", of("sid"), of("year"));
        let (school, grade) = (of("school_code"), of("grade_level"));
        let language = if of("lep") == "1" { "current" } else { "never" };
        let span = "2013-09-01,2014-06-15";
        sheets.add("schools", format!("{school},School {school},district"));
        sheets.add("students", format!("{id},{},{language},{}", of("male"), of("iep") == "1"));
        sheets.add("enrollments", format!("{id},{school},2014,{span},{grade}"));
        sheets.add("services", format!("{id},{},{span}", of("race_ethnicity")));
        sheets.add("services", format!("{id},eco-{},{span}", of("eco_dis")));
        let cut = CUTS.iter().find(|(of, _)| *of == grade).expect("a grade from 3 to 8").1;
        for (column, subject) in [("math_ss", "MATH"), ("rdg_ss", "READING")] {
            let score: f64 = of(column).parse().expect("a score");
            let meets = if subject == "MATH" { (score >= cut).to_string() } else { String::new() };
            let score = (score - SCALE.1) * SCALE.0;
            sheets.add("assessments", format!("{id},STAAR,{subject},{grade},2014-04-15,{score:.3},{meets}"));
        }
    }
    sheets.folder()
}

#[test]
fn results_of_texas_come_out() {
    let Some(shared) = shared() else { return };
    let folder = export(&shared);
    let mut published = Published::new("synth_texas", &[("texas", folder.path())], &[PRODUCT]);
    let mut tally = Tally::default();
    for mut figure in figures(&shared, "synth_texas") {
        let place = place(&figure);
        if figure.indicator.contains("printed") {
            // The guide prints whole points, and no number of students.
            let cell = published.cell(&place);
            let value = cell.value.expect("half of a grade is shown") / SCALE.0 + SCALE.1;
            assert_eq!(value.round(), figure.value, "{figure:?}");
            (figure.value, figure.denominator) = (value, cell.denominator.expect("it is shown"));
        }
        published.compare(&figure, &place, &mut tally);
    }
    tally.finish("synth_texas", 284);
}

fn place(figure: &Figure) -> Place {
    let (indicator, scale) = match figure.indicator.as_str() {
        of if of.starts_with("mean:math_ss") => ("math", SCALE),
        "mean:rdg_ss" => ("reading", SCALE),
        _ => ("meets", (1.0, 0.0)),
    };
    let number = figure.period.strip_prefix("grade ").expect("a grade");
    let grade = format!("0{number}");
    if indicator == "meets" {
        let cut = CUTS.iter().find(|(of, _)| *of == number).expect("a grade from 3 to 8").1;
        assert_eq!(figure.indicator, format!("math meets cut {cut}"));
    }
    let eco = format!("eco-{}", figure.level);
    let group = match (figure.group.as_str(), figure.level.as_str()) {
        ("all", _) => None,
        ("male", sex) => Some(("sex", sex)),
        ("race_ethnicity", race) => Some(("race", race)),
        ("eco_dis", _) => Some(("eco_dis", &*eco)),
        ("lep", level) => Some(("language", if level == "1" { "current" } else { "never" })),
        ("iep", level) => Some(("iep", if level == "1" { "yes" } else { "no" })),
        other => panic!("what is {other:?}?"),
    };
    let at: Vec<_> = std::iter::once(("grade", &*grade)).chain(group).collect();
    Place { scale, ..Place::new(("results", indicator), 2014, &at) }
}
