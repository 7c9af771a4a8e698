//! Five years of third-graders, and the files of their schools and tutors.

use crate::harness::Service;
use crate::support::{Sheets, draw, happens, one_of, race_cells, who};

/// The three sectors, each a source of its own.
pub(super) const SECTORS: [(&str, &str); 3] =
    [("mps", "district"), ("milwaukee-charters", "charter"), ("choice-schools", "private")];

pub(super) const N_CHILDREN: u64 = 1_500;

const BANDS: [u32; 3] = [1, 10, 20];

pub(super) struct Child {
    number: u64,
    /// The school year of grade 3.
    pub(super) year: u32,
    pub(super) sector: usize,
    pub(super) race: &'static str,
    pub(super) lunch: &'static str,
    /// PALS in grades 2 and 3, in tenths of a point.
    pals: [u64; 2],
    /// The state's test: whether proficient; nothing for those not tested.
    pub(super) reads: Option<bool>,
    pub(super) is_eligible: bool,
    pub(super) sessions: u32,
}

impl Child {
    pub(super) fn new(number: u64) -> Self {
        let year = 2021 + (number % 5) as u32;
        let races = [(56, "black"), (78, "hispanic"), (98, "white"), (100, "asian")];
        let race = one_of(number, 21, &races);
        let lunch = one_of(number, 22, &[(68, "free"), (100, "paid")]);
        let before = 200 + draw(number, 23) % 600;
        let is_eligible = year >= 2023 && before < 520;
        let sessions =
            if is_eligible && happens(number, 24, 50) { 4 + (draw(number, 25) % 24) as u32 } else { 0 };
        let gain = 40 + draw(number, 26) % 90 + u64::from(sessions) * 3;
        // The new test is harder, and everybody takes it: few who do not would be the difference to all who are enrolled.
        let chance = if year < 2023 { 52 } else { 33 } + if lunch == "paid" { 18 } else { 0 };
        let reads = (year >= 2023 || !happens(number, 27, 4)).then(|| happens(number, 28, chance));
        let sector = one_of(number, 29, &[(58, 0), (78, 1), (100, 2)]);
        Self {
            number,
            year,
            sector,
            race,
            lunch,
            pals: [before, before + gain],
            reads,
            is_eligible,
            sessions,
        }
    }

    /// The category of race that the product tells besides.
    pub(super) fn is_white_or_asian(&self) -> bool {
        ["white", "asian"].contains(&self.race)
    }

    pub(super) fn status(&self) -> &'static str {
        if self.sessions > 0 { "participant" } else { "eligible_nonparticipant" }
    }

    pub(super) fn band(&self) -> String {
        match self.sessions {
            0 => "none".into(),
            sessions => ["1-9", "10-19", "20+"]
                [BANDS.iter().rposition(|from| sessions >= *from).expect("from 1 on")]
            .into(),
        }
    }

    pub(super) fn gain(&self) -> f64 {
        (self.pals[1] - self.pals[0]) as f64 / 10.0
    }
}

pub(super) fn push(service: &Service, children: &[Child]) {
    for (sector, (source, kind)) in SECTORS.iter().enumerate() {
        let mut sheets = Sheets::new(&[
            ("schools.csv", "school,name,sector"),
            ("programs.csv", "program,name,type"),
            ("students.csv", "student_id,first_name,last_name,birth_date,races,hispanic,lunch"),
            ("enrollments.csv", "student_id,school,school_year,entry,exit,grade"),
            ("assessments.csv", "student_id,test,subject,grade,date,scale_score,proficient"),
            ("eligibility.csv", "student_id,program,begin,end"),
            // As the state sends it, with the columns that matter here.
            (
                "Forward_2025.csv",
                "Year,Grade,WISEID,Local_Student_ID,Reason_Not_Tested_ELA,Reason_Not_Tested_MT,Reason_Not_Tested_SC,\
                 Reason_Not_Tested_SS,Test_Start_Date_ELA,Test_Start_Date_MTH,Test_Start_Date_SCN,Test_Start_Date_SS,\
                 ELA_Performance_Level,MTH_Performance_Level,SCN_Performance_Level,SS_Performance_Level,\
                 Scale_Score_ELA,Scale_Score_MTH,Scale_Score_SCN,Scale_Score_SS",
            ),
        ]);
        sheets.add("schools.csv", format!("E,Elementary school of {source},{kind}"));
        sheets.add("programs.csv", "TUTOR,Early reading tutors,tutoring".into());
        for child in children.iter().filter(|child| child.sector == sector) {
            let (id, year) = (child.number + 1_000, child.year);
            let (who, races) = (who(child.number, year - 9), race_cells(child.race));
            sheets.add("students.csv", format!("{id},{who},{races},{}", child.lunch));
            for (at, grade) in [(1, "02"), (0, "03")] {
                let (year, pals) = (year - at, child.pals[1 - at as usize]);
                let before = year - 1;
                sheets.add("enrollments.csv", format!("{id},E,{year},{before}-09-01,{year}-06-10,{grade}"));
                let score = format!("{}.{}", pals / 10, pals % 10);
                sheets.add("assessments.csv", format!("{id},PALS,READING,{grade},{year}-05-05,{score},"));
            }
            if let Some(reads) = child.reads {
                sheets.add("assessments.csv", format!("{id},STATE,ELA,03,{year}-04-08,,{reads}"));
            }
            if year == 2025 {
                let (reason, date, level, score) = match child.reads {
                    None => ("ABS", "", "", ""),
                    Some(true) => ("", "04082025", "3", "610"),
                    Some(false) => ("", "04082025", "2", "540"),
                };
                sheets.add(
                    "Forward_2025.csv",
                    format!("{year},03,W{id},{id},{reason},,,,{date},,,,{level},,,,{score},,,"),
                );
            }
            if child.is_eligible {
                sheets.add("eligibility.csv", format!("{id},TUTOR,{}-09-01,{year}-06-10", year - 1));
            }
        }
        sheets.push(service, source);
    }
    let mut agency = Sheets::new(&[
        ("students.csv", "student_id,first_name,last_name,birth_date"),
        ("dosage.csv", "student_id,program,date,unit,amount"),
    ]);
    for child in children.iter().filter(|child| child.sessions > 0) {
        let (id, year) = (70_000 - child.number * 3, child.year);
        agency.add("students.csv", format!("{id},{}", who(child.number, year - 9)));
        for session in 0..child.sessions {
            let (month, day) = (1 + session / 14, 1 + session % 14 * 2);
            agency.add("dosage.csv", format!("{id},TUTOR,{year}-{month:02}-{day:02},session,1"));
        }
    }
    agency.push(service, "reading-tutors");
}
