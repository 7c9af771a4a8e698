//! The children of STAR, written into the CSV templates.

use crate::expected::{rows, write};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Suffix of a grade's columns, grade code, school year.
const GRADES: [(&str, &str, u32); 4] =
    [("k", "KG", 1986), ("1", "01", 1987), ("2", "02", 1988), ("3", "03", 1989)];

/// What counts as a district.
#[derive(Clone, Copy)]
pub(crate) enum Geography {
    /// The whole state.
    State,
    /// Each of its school systems.
    System,
}

/// Writes the children into the templates, with results in `subjects` alone.
pub(crate) fn export(star: &Path, folder: &Path, geography: Geography, subjects: &[&str]) {
    let mut files: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut add =
        |file, row: String| assert!(files.entry(file).or_default().insert(row) || file == "schools");
    for child in rows(&star.join("star_aer/STAR.csv")) {
        let id = &child["rownames"];
        let sex = match child["gender"].as_str() {
            "male" => "M",
            "female" => "F",
            _ => "",
        };
        let (races, hispanic) = match child["ethnicity"].as_str() {
            "afam" => ("black", "false"),
            "cauc" => ("white", "false"),
            "asian" => ("asian", "false"),
            "amindian" => ("american_indian", "false"),
            "hispanic" => ("", "true"),
            _ => ("", ""),
        };
        for (suffix, grade, year) in GRADES {
            let of = |column: &str| child[&format!("{column}{suffix}")].as_str();
            if of("star").is_empty() {
                continue;
            }
            let (first, last) = (format!("{}-09-01", year - 1), format!("{year}-06-15"));
            let lunch = match of("lunch") {
                "free" => "free",
                "non-free" => "paid",
                _ => "",
            };
            let arm = of("star").replace("regular+aide", "aide");
            let school = of("schoolid");
            add("students", format!("{id},{year},{sex},{races},{hispanic},{lunch}"));
            let system = of("system");
            add(
                "schools",
                match geography {
                    Geography::State => format!("{school},School {school},,,district"),
                    Geography::System => {
                        format!("{school},School {school},{system},System {system},district")
                    }
                },
            );
            add("enrollments", format!("{id},{school},{year},{first},{last},end_of_year,{grade}"));
            add("services", format!("{id},{arm},{first},{last}"));
            // Races are for the scores alone.
            if !child["ethnicity"].is_empty() && !subjects.is_empty() {
                add("services", format!("{id},{},{first},{last}", child["ethnicity"]));
            }
            if !lunch.is_empty() {
                add("services", format!("{id},meals-{lunch},{first},{last}"));
            }
            let score =
                |subject: &str, score: u32| format!("{id},STAR,{subject},{grade},{year}-04-15,{score}");
            let read = of("read").parse::<u32>().ok();
            let math = of("math").parse::<u32>().ok();
            let total = read.zip(math).map(|(read, math)| read + math);
            for (subject, points) in [("READ", read), ("MATH", math), ("TOTAL", total)] {
                if let Some(points) = points.filter(|_| subjects.contains(&subject)) {
                    add("assessments", score(subject, points));
                }
            }
        }
    }
    for (code, name) in [
        ("small", "Small class"),
        ("regular", "Regular class"),
        ("aide", "Regular class with aide"),
        ("meals-free", "Free meals"),
        ("meals-paid", "Meals at full price"),
        ("afam", "African American"),
        ("amindian", "American Indian"),
        ("asian", "Asian"),
        ("cauc", "Caucasian"),
        ("hispanic", "Hispanic"),
        ("other", "Another race"),
    ] {
        add("programs", format!("{code},{name}"));
    }
    for (file, rows) in files {
        let header = match file {
            "students" => "student_id,school_year,sex,races,hispanic,lunch",
            "schools" => "school,name,district,district_name,sector",
            "enrollments" => "student_id,school,school_year,entry,exit,exit_type,grade",
            "services" => "student_id,program,begin,end",
            "programs" => "program,name",
            _ => "student_id,test,subject,grade,date,scale_score",
        };
        write(&folder.join(format!("{file}.csv")), header, rows);
    }
}
