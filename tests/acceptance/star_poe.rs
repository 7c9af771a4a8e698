//! STAR's kindergarten with days absent: 5,786 real children, through the attendance summaries.

use crate::expected::{Figure, Tally, figures, rows, write};
use crate::harness::shared;
use crate::published::{Place, Published};
use std::collections::BTreeSet;
use std::path::Path;

const PRODUCT: &str = r#"
product = "absence"
title = "STAR kindergarten: days absent"
depth = 1
geography = "district"
years = { from = 1986, to = 1986 }
indicators = [
    { name = "days", use = "mean_days_absent" },
    { name = "chronic", use = "chronic_absence" },
]
dimensions = [
    { id = "boy", source = "sex" },
    { id = "freelunch", source = "lunch" },
    { id = "black", source = "race7", groups = [
        { id = "others", label = "All others", members = [
            "white", "asian", "hispanic", "american_indian", "pacific_islander", "two_or_more", "unknown",
        ] },
    ] },
    { id = "small", source = "program_status", program = "small" },
    { id = "aide", source = "program_status", program = "aide" },
]
"#;

/// Writes the children into the templates: 180 school days, and no attendance for those whose absences
/// are not known.
fn export(data: &Path, folder: &Path) {
    const SPAN: &str = "1985-09-01,1986-06-15";
    let mut schools = BTreeSet::new();
    let (mut students, mut enrollments, mut days, mut services) = (vec![], vec![], vec![], vec![]);
    for child in rows(&data.join("star_poe_kindergarten/star_poe.csv")) {
        let (id, school) = (&child["id"], &child["schid"]);
        let yes = |column: &str| child[column] == "1";
        let race = match (yes("black"), yes("white_asian")) {
            (true, _) => "black",
            // The set does not say which of the two.
            (_, true) => "white",
            _ => "",
        };
        let sex = if yes("boy") { "M" } else { "F" };
        let lunch = if yes("freelunch") { "free" } else { "paid" };
        schools.insert(format!("{school},School {school},district"));
        students.push(format!("{id},1986,{sex},{race},{lunch}"));
        enrollments.push(format!("{id},{school},1986,{SPAN},KG"));
        if let Ok(absent) = child["absent"].parse::<u32>() {
            days.push(format!("{id},{school},{SPAN},180,{},{absent}", 180 - absent));
        }
        let arms = ["small", "aide"].into_iter().filter(|arm| yes(arm));
        services.extend(arms.map(|arm| format!("{id},{arm},{SPAN}")));
    }
    let file = |name: &str| folder.join(name);
    write(&file("schools.csv"), "school,name,sector", schools);
    write(&file("students.csv"), "student_id,school_year,sex,races,lunch", students);
    write(&file("enrollments.csv"), "student_id,school,school_year,entry,exit,grade", enrollments);
    let header = "student_id,school,from,to,days_enrolled,days_present,days_absent";
    write(&file("attendance_summary.csv"), header, days);
    write(&file("services.csv"), "student_id,program,begin,end", services);
    let programs = ["small,Small class", "aide,Regular class with aide"];
    write(&file("programs.csv"), "program,name", programs.map(str::to_owned));
}

#[test]
fn kindergarten_absences_come_out_of_the_service() {
    let Some(shared) = shared() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    export(&shared, folder.path());
    let mut published = Published::new("star_poe", &[("tennessee", folder.path())], &[PRODUCT]);
    let mut tally = Tally::default();
    for figure in figures(&shared, "star_poe") {
        let indicator = if figure.indicator == "mean_days_absent" { "days" } else { "chronic" };
        let place = Place::new(("absence", indicator), 1986, category(&figure).as_slice());
        published.compare(&figure, &place, &mut tally);
    }
    tally.finish("star_poe", 22);
    assert_eq!(tally.reproduced, 22);
}

fn category(figure: &Figure) -> Option<(&'static str, &'static str)> {
    Some(match (figure.group.as_str(), figure.level.as_str()) {
        ("all", _) => return None,
        ("boy", "0") => ("boy", "F"),
        ("boy", "1") => ("boy", "M"),
        ("freelunch", "0") => ("freelunch", "paid"),
        ("freelunch", "1") => ("freelunch", "free"),
        ("black", "0") => ("black", "others"),
        ("black", "1") => ("black", "black"),
        ("small", "0") => ("small", "other"),
        ("small", "1") => ("small", "participant"),
        ("aide", "0") => ("aide", "other"),
        ("aide", "1") => ("aide", "participant"),
        other => panic!("what is {other:?}?"),
    })
}
