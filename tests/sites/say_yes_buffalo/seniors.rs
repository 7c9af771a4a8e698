//! Two classes of seniors, and the files of those who know of them.

use crate::harness::Service;
use crate::support::{Sheets, draw, happens, one_of, race_cells, who};

pub(super) const SOURCES: [&str; 4] = ["buffalo-schools", "elmwood-charter", "say-yes", "clearinghouse"];

pub(super) const N_SENIORS: u64 = 1_400;

const PROGRAM: &str = "SAYYES";

/// Months in which a scholarship was taken up, with the first days; the last is for a few.
pub(super) const MONTHS: [(&str, u32, &str); 6] = [
    ("sep", 1, "09-14"),
    ("oct", 1, "10-05"),
    ("nov", 1, "11-09"),
    ("dec", 1, "12-07"),
    ("jan", 0, "01-11"),
    ("jun", 0, "06-03"),
];

pub(super) struct Senior {
    number: u64,
    pub(super) class: u32,
    pub(super) race: &'static str,
    is_poor: bool,
    pub(super) is_charter: bool,
    pub(super) is_learner: bool,
    pub(super) days_absent: u32,
    pub(super) is_suspended: bool,
    pub(super) graduated: bool,
    pub(super) is_eligible: bool,
    pub(super) month: Option<usize>,
    /// Colleges with first and last days.
    terms: Vec<(&'static str, String, String)>,
}

impl Senior {
    pub(super) fn new(number: u64) -> Self {
        let class = 2022 + (number % 2) as u32;
        let races = [(40, "black"), (65, "hispanic"), (86, "white"), (100, "asian")];
        // Five of a group in each class.
        let race =
            if [0, 55].contains(&(number % 220)) { "american_indian" } else { one_of(number, 1, &races) };
        let is_eligible = happens(number, 2, 75);
        let graduated = happens(number, 3, 84);
        let takes = is_eligible && happens(number, 4, 62);
        let month = takes.then(|| if number % 160 < 2 { 5 } else { (draw(number, 5) % 5) as usize });
        let mut senior = Self {
            number,
            class,
            race,
            is_poor: happens(number, 6, 68),
            is_charter: happens(number, 7, 28),
            is_learner: happens(number, 8, 15),
            days_absent: (draw(number, 9) % 30) as u32,
            is_suspended: happens(number, 10, 12),
            graduated,
            is_eligible,
            month,
            terms: Vec::new(),
        };
        if graduated {
            senior.terms = senior.colleges();
        }
        senior
    }

    fn colleges(&self) -> Vec<(&'static str, String, String)> {
        let (number, next) = (self.number, self.class + 1);
        let fall = |year: u32| (format!("{year}-08-29"), format!("{year}-12-16"));
        let spell = |college, (begin, end)| (college, begin, end);
        let (fall_from, stays) = if self.month.is_some() { (64, 77) } else { (45, 60) };
        match draw(number, 11) % 100 {
            drawn if drawn < fall_from => {
                let mut terms = vec![spell("UB", fall(self.class))];
                if happens(number, 12, stays) {
                    // Some go on elsewhere: they persist, too.
                    terms.push(spell(if happens(number, 13, 20) { "ECC" } else { "UB" }, fall(next)));
                }
                terms
            }
            drawn if drawn < fall_from + 8 => vec![spell("ECC", fall(next))],
            // The last day of the sixteen months, and the day after it.
            drawn if drawn < fall_from + 12 => {
                vec![("ECC", format!("{next}-10-24"), format!("{next}-12-16"))]
            }
            drawn if drawn < fall_from + 16 => {
                vec![("ECC", format!("{next}-10-25"), format!("{next}-12-16"))]
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn poverty(&self) -> &'static str {
        if self.is_poor { "yes" } else { "no" }
    }

    pub(super) fn scholarship(&self) -> &'static str {
        match (self.month, self.is_eligible) {
            (Some(_), _) => "participant",
            (None, true) => "eligible_nonparticipant",
            (None, false) => "other",
        }
    }

    /// Begun from the diploma of 24 June to 24 October of the next year.
    pub(super) fn enrolled_16m(&self) -> bool {
        let (from, to) = (format!("{}-06-24", self.class), format!("{}-10-24", self.class + 1));
        self.terms.iter().any(|(_, begin, _)| (&from..=&to).contains(&begin))
    }

    /// Enrolled on any day from 15 August to 31 October.
    pub(super) fn in_fall(&self, year: u32) -> bool {
        let (from, to) = (format!("{year}-08-15"), format!("{year}-10-31"));
        self.terms.iter().any(|(_, begin, end)| *begin <= to && *end >= from)
    }
}

pub(super) fn push(service: &Service, seniors: &[Senior]) {
    for (charter, source) in SOURCES[..2].iter().enumerate() {
        let mut sheets = Sheets::new(&[
            ("schools.csv", "school,name,district,sector"),
            ("programs.csv", "program,name,type"),
            (
                "students.csv",
                "student_id,school_year,first_name,last_name,birth_date,races,hispanic,economically_disadvantaged,lunch,english_learner",
            ),
            ("enrollments.csv", "student_id,school,school_year,entry,exit,exit_type,grade"),
            ("attendance_summary.csv", "student_id,school,from,to,days_enrolled,days_present,days_absent"),
            ("discipline.csv", "student_id,school,date,action,days"),
            ("diplomas.csv", "student_id,type,date"),
            ("eligibility.csv", "student_id,program,begin,end"),
        ]);
        sheets.add(
            "schools.csv",
            format!("H,High school,buffalo-schools,{}", ["district", "charter"][charter]),
        );
        sheets.add("programs.csv", format!("{PROGRAM},Say Yes scholarship,scholarship"));
        for senior in seniors.iter().filter(|senior| usize::from(senior.is_charter) == charter) {
            let (id, class, before) = (senior.number + 10_000, senior.class, senior.class - 1);
            let (who, races) = (who(senior.number, class - 18), race_cells(senior.race));
            let (poor, lunch) = (senior.is_poor, if senior.is_poor { "free" } else { "paid" });
            let learner = if senior.is_learner { "current" } else { "never" };
            sheets.add("students.csv", format!("{id},{class},{who},{races},{poor},{lunch},{learner}"));
            let exit = if senior.graduated { "graduated" } else { "dropout" };
            let span = format!("{before}-09-01,{class}-06-24");
            sheets.add("enrollments.csv", format!("{id},H,{class},{span},{exit},12"));
            let absent = senior.days_absent;
            sheets.add("attendance_summary.csv", format!("{id},H,{span},180,{},{absent}", 180 - absent));
            if senior.is_suspended {
                sheets.add("discipline.csv", format!("{id},H,{class}-02-03,out_of_school_suspension,2"));
            }
            if senior.graduated {
                sheets.add("diplomas.csv", format!("{id},regular,{class}-06-24"));
            }
            if senior.is_eligible {
                sheets.add("eligibility.csv", format!("{id},{PROGRAM},{span}"));
            }
        }
        sheets.push(service, source);
    }
    let mut agency = Sheets::new(&[
        ("students.csv", "student_id,first_name,last_name,birth_date"),
        ("services.csv", "student_id,program,begin,end"),
    ]);
    let mut clearinghouse = Sheets::new(&[(
        "postsecondary.csv",
        "first_name,last_name,birth_date,institution,level,begin,end,status",
    )]);
    for senior in seniors {
        let who = who(senior.number, senior.class - 18);
        if let Some(month) = senior.month {
            let (id, (_, before, day)) = (90_000 - senior.number * 7, MONTHS[month]);
            agency.add("students.csv", format!("{id},{who}"));
            let (year, end) = (senior.class - before, senior.class);
            agency.add("services.csv", format!("{id},{PROGRAM},{year}-{day},{end}-06-30"));
        }
        for (college, begin, end) in &senior.terms {
            let level = if *college == "UB" { "four_year" } else { "two_year" };
            clearinghouse
                .add("postsecondary.csv", format!("{who},{college},{level},{begin},{end},full_time"));
        }
    }
    agency.push(service, "say-yes");
    clearinghouse.push(service, "clearinghouse");
}
