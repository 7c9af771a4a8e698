//! Three classes of six districts, and the files of each.

use crate::harness::Service;
use crate::support::{Sheets, draw, happens, one_of, race_cells, who};

/// The districts, with how many of a class they have; the last is small enough to be hidden.
pub(super) const DISTRICTS: [(&str, u64); 6] = [
    ("portland", 140),
    ("reynolds", 100),
    ("david-douglas", 90),
    ("gresham-barlow", 80),
    ("centennial", 60),
    ("riverdale", 9),
];

pub(super) const CLASSES: [u32; 3] = [2022, 2023, 2024];

pub(super) struct Senior {
    number: u64,
    pub(super) class: u32,
    pub(super) district: usize,
    pub(super) race: &'static str,
    /// Left for a school elsewhere with proof: no member of the cohort.
    pub(super) moved: bool,
    pub(super) graduated: bool,
    /// Actions of the year; only the first three kinds exclude from class.
    actions: Vec<&'static str>,
}

impl Senior {
    fn new(number: u64, class: u32, district: usize) -> Self {
        let at = (class - CLASSES[0]) as usize;
        let races =
            [(26, "black"), (66, "white"), (84, "hispanic"), (99, "asian"), (100, "pacific_islander")];
        let race = one_of(number, 41, &races);
        let graduates = match race {
            "black" => [46, 58, 70],
            "white" => [72, 74, 76],
            _ => [64, 67, 70],
        };
        let disciplined = if race == "black" { [38, 35, 31] } else { [21, 20, 19] };
        let mut actions = Vec::new();
        if happens(number, 42, disciplined[at]) {
            let kinds = ["in_school_suspension", "out_of_school_suspension", "expulsion"];
            actions.push(kinds[(draw(number, 43) % 3) as usize]);
        }
        if happens(number, 44, 10) {
            actions.push("other");
        }
        let moved = happens(number, 45, 5);
        let graduated = !moved && happens(number, 46, graduates[at]);
        Self { number, class, district, race, moved, graduated, actions }
    }

    pub(super) fn is_disciplined(&self) -> bool {
        self.actions.iter().any(|action| *action != "other")
    }
}

pub(super) fn seniors() -> Vec<Senior> {
    let mut seniors = Vec::new();
    for class in CLASSES {
        for (district, (_, size)) in DISTRICTS.iter().enumerate() {
            for _ in 0..*size {
                seniors.push(Senior::new(seniors.len() as u64 + 5_000, class, district));
            }
        }
    }
    seniors
}

pub(super) fn push(service: &Service, seniors: &[Senior]) {
    for (district, (source, _)) in DISTRICTS.iter().enumerate() {
        let mut sheets = Sheets::new(&[
            ("schools.csv", "school,name,sector"),
            ("students.csv", "student_id,first_name,last_name,birth_date,races,hispanic"),
            ("enrollments.csv", "student_id,school,school_year,entry,exit,exit_type,grade,ninth_grade_year"),
            ("discipline.csv", "student_id,school,date,action,days"),
            ("diplomas.csv", "student_id,type,date"),
        ]);
        sheets.add("schools.csv", format!("HS,High school of {source},district"));
        let mut own_number = 0;
        for senior in seniors.iter().filter(|senior| senior.district == district) {
            // Each district counts its students from 1: a number says nothing outside of it.
            own_number += 1;
            let (class, who) = (senior.class, who(senior.number, senior.class - 18));
            sheets.add("students.csv", format!("{own_number},{who},{}", race_cells(senior.race)));
            let (exit, kind) = match (senior.moved, senior.graduated) {
                (true, _) => ("02-01", "transferred_confirmed"),
                (_, true) => ("06-12", "graduated"),
                _ => ("04-20", "dropout"),
            };
            let (before, ninth) = (class - 1, class - 3);
            sheets.add(
                "enrollments.csv",
                format!("{own_number},HS,{class},{before}-09-01,{class}-{exit},{kind},12,{ninth}"),
            );
            for action in &senior.actions {
                sheets.add("discipline.csv", format!("{own_number},HS,{before}-11-03,{action},1"));
            }
            if senior.graduated {
                sheets.add("diplomas.csv", format!("{own_number},regular,{class}-06-12"));
            }
        }
        sheets.push(service, source);
    }
}
