//! A real university: 32,593 registrations for modules, completed, failed or withdrawn from.

use crate::expected::{Figure, Tally, figures, rows};
use crate::harness::shared;
use crate::published::{Place, Published};
use crate::sheets::Sheets;
use std::path::Path;
use tempfile::TempDir;

const PRODUCT: &str = r#"
product = "modules"
title = "Registrations by what became of them"
depth = 1
geography = "district"
years = { from = 2015, to = 2015 }
indicators = [
    { name = "completed", use = "reach", program = "completed" },
    { name = "withdrawn", use = "reach", program = "withdrawn" },
]
dimensions = [
    { id = "sex", source = "sex" },
    { id = "disability", source = "disability" },
    { id = "region", source = "zone" },
    { id = "age", source = "program_group", programs = ["age-0-35", "age-35-55", "age-55"] },
    { id = "presentation", source = "program_group", programs = ["2013B", "2013J", "2014B", "2014J"] },
    { id = "deprivation", source = "program_group", programs = [
        "imd-0-10", "imd-10-20", "imd-20-30", "imd-30-40", "imd-40-50",
        "imd-50-60", "imd-60-70", "imd-70-80", "imd-80-90", "imd-90-100",
    ] },
]
"#;

/// The expected figures are about registrations of all presentations together, so the number pushed is that of a
/// registration (student, module, presentation), and all stand in one year. What became of it, and what the templates have
/// no column for (age, deprivation, presentation), are programs.
fn export(shared: &Path) -> TempDir {
    let mut sheets = Sheets::new(&[
        ("schools", "school,name,sector"),
        ("programs", "program,name"),
        ("students", "student_id,sex,disability_idea,zone"),
        ("enrollments", "student_id,school,school_year,entry,exit,grade"),
        ("services", "student_id,program,begin,end"),
    ]);
    let span = "2014-09-01,2015-06-15";
    for row in rows(&shared.join("oulad/student.csv")) {
        let of = |column: &str| row[column].as_str();
        let (module, presentation) = (of("code_module"), of("code_presentation"));
        let id = format!("{}-{module}-{presentation}", of("id_student"));
        let is_disabled = of("disability") == "True";
        sheets.add("schools", format!("{module},Module {module},other"));
        sheets.add("students", format!("{id},{},{is_disabled},{}", of("gender"), zone(of("region"))));
        sheets.add("enrollments", format!("{id},{module},2015,{span},PS"));
        let outcome = match of("final_result") {
            "Pass" | "Distinction" => Some("completed".to_owned()),
            "Withdrawn" => Some("withdrawn".to_owned()),
            _ => None,
        };
        let deprivation = Some(of("imd_band")).filter(|band| !band.is_empty()).map(deprivation);
        let always = [age(of("age_band")), presentation.to_owned()];
        for program in always.into_iter().chain(outcome).chain(deprivation) {
            sheets.add("services", format!("{id},{program},{span}"));
            sheets.add("programs", format!("{program},Registrations of {program}"));
        }
    }
    sheets.folder()
}

fn zone(region: &str) -> String {
    region.replace(' ', "-")
}

fn age(band: &str) -> String {
    format!("age-{}", band.trim_end_matches("<="))
}

fn deprivation(band: &str) -> String {
    format!("imd-{}", band.trim_end_matches('%'))
}

#[test]
fn registrations_come_out() {
    let Some(shared) = shared() else { return };
    let folder = export(&shared);
    let mut published = Published::new("oulad", &[("university", folder.path())], &[PRODUCT]);
    let mut tally = Tally::default();
    figures(&shared, "oulad").iter().for_each(|figure| published.compare(figure, &place(figure), &mut tally));
    tally.finish("oulad", 72);
}

fn place(figure: &Figure) -> Place {
    let indicator = if figure.indicator == "withdrawn" { "withdrawn" } else { "completed" };
    let level = figure.level.as_str();
    let at = match figure.group.as_str() {
        "all" => None,
        "gender" => Some(("sex", level.to_owned())),
        "disability" => Some(("disability", if level == "True" { "yes" } else { "no" }.to_owned())),
        "region" => Some(("region", zone(level))),
        "age_band" => Some(("age", age(level))),
        "code_presentation" => Some(("presentation", level.to_owned())),
        "imd_band" if level == "nan" => Some(("deprivation", "none".to_owned())),
        "imd_band" => Some(("deprivation", deprivation(level))),
        other => panic!("what is {other}?"),
    };
    Place { at: at.into_iter().collect(), ..Place::new(("modules", indicator), 2015, &[]) }
}
