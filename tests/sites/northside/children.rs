//! The children of a neighborhood and those around it, and what the measures come to.

use crate::makings::{Die, Files, Share, name, race};
use std::collections::BTreeMap;

/// The two that every measure is told for.
pub(super) const POPULATIONS: [&str; 2] = ["children of the zone", "enrolled participants"];

/// What is counted of each line, population and year: for shares those with it and all, for rates two sums.
#[derive(Default)]
pub(super) struct Measures(pub(super) BTreeMap<(&'static str, &'static str, u32), Share>);

impl Measures {
    fn add(&mut self, line: &'static str, year: u32, is_in: [bool; 2], with: u64, of: u64) {
        for (population, _) in POPULATIONS.into_iter().zip(is_in).filter(|(_, is_in)| *is_in) {
            let share = self.0.entry((line, population, year)).or_default();
            share.with += with;
            share.of += of;
        }
    }
}

#[derive(Default)]
pub(super) struct Neighborhood {
    pub(super) schools: Files,
    pub(super) naz: Files,
    pub(super) measures: Measures,
    /// School years of the children, and how many of them are in the zone or enrolled.
    pub(super) n_in: [u64; 2],
}

const GRADES: [&str; 10] = ["KG", "03", "04", "05", "06", "07", "08", "09", "11", "12"];

/// What schools and the agency both know of a child.
fn who(n: u64, born: u64, die: &mut Die) -> String {
    let (month, day, sex) = (1 + die.below(12), 1 + die.below(28), if die.chance(50) { "F" } else { "M" });
    format!("{},{born}-{month:02}-{day:02},{sex},{}", name(n), 55_401 + die.below(20))
}

/// Children of several grades over two school years.
pub(super) fn neighborhood() -> Neighborhood {
    let mut die = Die::new(55411);
    let mut all = Neighborhood::default();
    all.schools.add("schools", "school,name,sector", "NS,North School,district");
    all.naz.add("programs", "program,name", "NAZ,Northside Achievement Zone");
    for n in 0..1_400 {
        let first = (n % GRADES.len() as u64) as usize;
        let in_zone_since = if die.chance(55) {
            2023
        } else if die.chance(10) {
            2024
        } else {
            9999
        };
        let enrolled_since = match (in_zone_since, die.below(100)) {
            (2023 | 2024, ..50) | (9999, ..4) => 2023,
            (2023 | 2024, 50..65) => 2024,
            _ => 9999,
        };
        let category = die.pick(&[("black", 70), ("white", 15), ("hispanic", 14), ("asian", 1)]);
        let who = who(n, 2005 + n % 13, &mut die);
        let row = format!("{n},{who},{}", race(category));
        let columns = "student_id,first_name,last_name,birth_date,sex,zip,races,hispanic";
        all.schools.add("students", columns, &row);
        // The zone of residence comes as spells, for some with a move.
        let spell = |zone: &str, from: u32, to: &str| format!("{n},zone,{zone},{from}-08-01,{to}");
        let columns = "student_id,status,zone,begin,end";
        match in_zone_since {
            2023 => all.schools.add("statuses", columns, &spell("NAZ", 2022, "")),
            2024 => {
                all.schools.add("statuses", columns, &spell("ELSEWHERE", 2022, "2023-06-20"));
                all.schools.add("statuses", columns, &spell("NAZ", 2023, ""));
            }
            _ => all.schools.add("statuses", columns, &spell("ELSEWHERE", 2022, "")),
        }
        if enrolled_since < 9999 {
            // Families enroll at an agency that does not know the schools' numbers.
            all.naz.add(
                "students",
                "student_id,first_name,last_name,birth_date,sex,zip",
                &format!("N{n},{who}"),
            );
            let row = format!("N{n},NAZ,{}-09-20,", enrolled_since - 1);
            all.naz.add("services", "student_id,program,begin,end", &row);
        }
        for year in [2023, 2024] {
            let at = first + (year - 2023) as usize;
            let Some(grade) = GRADES.get(at).filter(|grade| year == 2023 || **grade != "03") else {
                continue;
            };
            let is_in = [in_zone_since <= year, enrolled_since <= year];
            (0..2).for_each(|of| all.n_in[of] += u64::from(is_in[of]));
            all.year(&mut die, n, (year, grade), is_in);
        }
    }
    all
}

impl Neighborhood {
    /// A school year of a child.
    fn year(&mut self, die: &mut Die, n: u64, (year, grade): (u32, &str), is_in: [bool; 2]) {
        let from = year - 1;
        // Some come after 1 October, and some leave before May.
        let came_late = die.chance(8);
        let left = die.chance(7);
        let entry = if came_late { format!("{from}-11-06") } else { format!("{from}-08-28") };
        let (exit, why) = if left {
            (format!("{year}-03-08"), "transferred")
        } else {
            (format!("{year}-06-07"), "end_of_year")
        };
        let ninth = if grade == "12" { (year - 3).to_string() } else { String::new() };
        let columns = "student_id,school,school_year,entry,exit,exit_type,grade,ninth_grade_year";
        let row = format!("{n},NS,{year},{entry},{exit},{why},{grade},{ninth}");
        self.schools.add("enrollments", columns, &row);
        let moves = u64::from(came_late) + u64::from(left);
        self.measures.add("gpra_11", year, is_in, moves, u64::from(!came_late));

        let days = if came_late && left { 80 } else { 160 };
        let absent = if die.chance(25) { 14 + die.below(20) } else { die.below(15) };
        let columns = "student_id,school,from,to,days_enrolled,days_present,days_absent";
        let row = format!("{n},NS,{entry},{exit},{days},{},{absent}", days - absent);
        self.schools.add("attendance_summary", columns, &row);
        if ["06", "07", "08", "09"].contains(&grade) {
            self.measures.add("gpra_5_attendance", year, is_in, days - absent, days);
            self.measures.add("gpra_5_chronic_absence", year, is_in, u64::from(absent * 10 >= days), 1);
        }

        let columns = "student_id,test,subject,grade,date,proficient";
        let mut assess = |test: &str, subject: &str, date: &str, percent: u64| {
            let is_met = die.chance(percent);
            let row = format!("{n},{test},{subject},{grade},{date},{is_met}");
            self.schools.add("assessments", columns, &row);
            u64::from(is_met)
        };
        match grade {
            "KG" => {
                let is_ready = assess("BKA", "READINESS", &format!("{from}-11-20"), 48);
                // A second window does not count.
                assess("BKA", "READINESS", &format!("{year}-03-01"), 80);
                self.measures.add("gpra_2", year, is_in, is_ready, 1);
            }
            "12" => self.leaver(die, n, year, is_in),
            "09" => {}
            _ => {
                let day = format!("{year}-02-20");
                let (reads, counts) = (assess("MCA", "READING", &day, 28), assess("MCA", "MATH", &day, 29));
                self.measures.add("gpra_4_reading", year, is_in, reads, 1);
                self.measures.add("gpra_4_math", year, is_in, counts, 1);
            }
        }
    }

    /// A diploma, or none.
    fn leaver(&mut self, die: &mut Die, n: u64, year: u32, is_in: [bool; 2]) {
        let has_diploma = die.chance(66);
        if has_diploma {
            self.schools.add("diplomas", "student_id,type,date", &format!("{n},regular,{year}-06-07"));
        }
        self.measures.add("gpra_6", year, is_in, u64::from(has_diploma), 1);
    }

    /// Those who left high school in 2017: six years later, some have a credential, with remedial courses or without.
    pub(super) fn alumni(&mut self, die: &mut Die) {
        for n in 1_400..1_640 {
            let is_in = [die.chance(60), die.chance(50)];
            let who = who(n, 1999, die);
            self.schools.add(
                "students",
                "student_id,first_name,last_name,birth_date,sex,zip,races,hispanic",
                &format!("{n},{who},black,false"),
            );
            let zone = if is_in[0] { "NAZ" } else { "ELSEWHERE" };
            self.schools.add(
                "statuses",
                "student_id,status,zone,begin,end",
                &format!("{n},zone,{zone},2016-08-01,2018-07-31"),
            );
            let columns = "student_id,school,school_year,entry,exit,exit_type,grade,ninth_grade_year";
            self.schools.add(
                "enrollments",
                columns,
                &format!("{n},NS,2017,2016-08-28,2017-06-07,graduated,12,2014"),
            );
            self.schools.add("diplomas", "student_id,type,date", &format!("{n},regular,2017-06-07"));
            if is_in[1] {
                self.naz.add(
                    "students",
                    "student_id,first_name,last_name,birth_date,sex,zip",
                    &format!("N{n},{who}"),
                );
                self.naz.add(
                    "services",
                    "student_id,program,begin,end",
                    &format!("N{n},NAZ,2016-09-20,2017-06-01"),
                );
            }
            let (has_credential, is_remedial) = (die.chance(60), die.chance(35));
            let columns = "student_id,institution,level,begin,end,graduated,remedial";
            let row = format!("{n},UM,four_year,2017-08-30,2021-05-20,{has_credential},{is_remedial}");
            self.schools.add("postsecondary", columns, &row);
            self.measures.add("gpra_7", 2017, is_in, u64::from(has_credential && !is_remedial), 1);
            // All of them graduated on time; that cohort is not what the line is read for.
            self.measures.add("gpra_6", 2017, is_in, 1, 1);
        }
    }
}
