//! NELS:88: 6,649 real graduates, and where they went first after school.

use crate::expected::{Figure, Tally, figures, rows};
use crate::harness::shared;
use crate::published::{Place, Published};
use crate::sheets::Sheets;
use std::path::Path;
use tempfile::TempDir;

/// A college of any kind is a spell after the diploma. Those of four years have no indicator of their own and are a
/// program too.
const PRODUCT: &str = r#"
product = "colleges"
title = "First college after school"
depth = 1
geography = "district"
years = { from = 1992, to = 1992 }
indicators = [
    { name = "any", use = "college_16m" },
    { name = "four-year", use = "reach", program = "four-year" },
]
dimensions = [
    { id = "sector", source = "sector" },
    { id = "sex", source = "sex" },
    { id = "race", source = "race7" },
    { id = "black", source = "race7", groups = [{ id = "others", label = "All others", members = [
        "white", "asian", "hispanic", "american_indian", "pacific_islander", "two_or_more", "unknown",
    ] }] },
    { id = "hispan", source = "race7", groups = [{ id = "others", label = "All others", members = [
        "white", "asian", "black", "american_indian", "pacific_islander", "two_or_more", "unknown",
    ] }] },
    { id = "asian", source = "race7", groups = [{ id = "others", label = "All others", members = [
        "white", "black", "hispanic", "american_indian", "pacific_islander", "two_or_more", "unknown",
    ] }] },
    { id = "parents", source = "program_status", program = "parents-college" },
]
"#;

fn export(shared: &Path) -> TempDir {
    let mut sheets = Sheets::new(&[
        ("schools", "school,name,sector"),
        ("programs", "program,name"),
        ("students", "student_id,sex,races,hispanic"),
        ("enrollments", "student_id,school,school_year,entry,exit,exit_type,grade"),
        ("services", "student_id,program,begin,end"),
        ("diplomas", "student_id,type,date"),
        ("postsecondary", "student_id,institution,level,begin"),
    ]);
    sheets.add_programs(&[
        ("four-year", "First at a college of four years"),
        ("parents-college", "A parent has a college degree"),
    ]);
    sheets.add("schools", "catholic,Catholic schools,private".into());
    sheets.add("schools", "other,All other schools,district".into());
    let span = "1991-09-01,1992-06-15";
    for (id, row) in (1..).zip(rows(&shared.join("nels88_college_choice/nels.csv"))) {
        let yes = |column: &str| row[column] == "1";
        let sex = if yes("female") { "F" } else { "M" };
        let school = if yes("hscath") { "catholic" } else { "other" };
        let race = ["black", "asian"].into_iter().find(|race| yes(race)).unwrap_or_default();
        sheets.add("students", format!("{id},{sex},{race},{}", yes("hispan")));
        sheets.add("enrollments", format!("{id},{school},1992,{span},graduated,12"));
        sheets.add("diplomas", format!("{id},regular,1992-06-15"));
        if yes("parcoll") {
            sheets.add("services", format!("{id},parents-college,{span}"));
        }
        match row["psechoice"].as_str() {
            "1" => {}
            "2" => sheets.add("postsecondary", format!("{id},two-year,two_year,1992-09-01")),
            _ => {
                sheets.add("postsecondary", format!("{id},four-year,four_year,1992-09-01"));
                sheets.add("services", format!("{id},four-year,{span}"));
            }
        }
    }
    sheets.folder()
}

#[test]
fn first_colleges_come_out() {
    let Some(shared) = shared() else { return };
    let folder = export(&shared);
    let mut published = Published::new("nels88", &[("nels", folder.path())], &[PRODUCT]);
    let mut tally = Tally::default();
    figures(&shared, "nels88")
        .iter()
        .for_each(|figure| published.compare(figure, &place(figure), &mut tally));
    tally.finish("nels88", 24);
}

fn place(figure: &Figure) -> Place {
    let indicator = if figure.indicator == "four-year" { "four-year" } else { "any" };
    let is = figure.level == "1";
    let category = |yes, no| if is { yes } else { no };
    let at = match figure.group.as_str() {
        "all" => None,
        "hscath" => Some(("sector", category("private", "district"))),
        "female" => Some(("sex", category("F", "M"))),
        "black" => Some(("black", category("black", "others"))),
        "hispan" => Some(("hispan", category("hispanic", "others"))),
        "asian" => Some(("asian", category("asian", "others"))),
        "parcoll" => Some(("parents", category("participant", "other"))),
        other => panic!("what is {other}?"),
    };
    Place::new(("colleges", indicator), 1992, at.as_slice())
}
