//! Children of two ages, and the files of their district and of two agencies.

use crate::harness::Service;
use crate::support::{Sheets, draw, happens, who};
use throughline::calendar::Date;

pub(super) const AGENCIES: [&str; 2] = ["north-zone", "south-zone"];

pub(super) const N_YOUNG: u64 = 700;

pub(super) const N_OLD: u64 = 400;

pub(super) struct Child {
    number: u64,
    /// In grade 7 in 2024; else of the class of 2024, in grade 8 in 2020.
    pub(super) is_young: bool,
    is_poor: bool,
    pub(super) is_eligible: bool,
    /// The days of service, as days after the first Monday of October.
    pub(super) days: Vec<i32>,
    /// Days absent of 160 in the year before, and in the year.
    absent: [u32; 2],
    pub(super) graduated: bool,
    pub(super) credits: u32,
}

impl Child {
    pub(super) fn new(number: u64) -> Self {
        let is_young = number < N_YOUNG;
        let is_poor = happens(number, 61, 60);
        let is_eligible = happens(number, 62, 78);
        let takes = is_eligible && happens(number, 63, 56);
        let days = if takes { days(number) } else { Vec::new() };
        // Whoever comes often misses less; even numbers of days make rates of whole hundredths of a percent.
        let before = 8 + draw(number, 64) % 16;
        let after = (before + draw(number, 65) % 6).saturating_sub(days.len() as u64 / 6);
        let often = if days.len() >= 30 { 14 } else { 0 };
        let absent = [before as u32 * 2, after as u32 * 2];
        let (graduated, on_track) = (happens(number, 66, 70 + often), happens(number, 67, 66 + often));
        let credits = if on_track { 6 } else { 5 };
        Self { number, is_young, is_poor, is_eligible, days, absent, graduated, credits }
    }

    pub(super) fn poverty(&self) -> &'static str {
        if self.is_poor { "yes" } else { "no" }
    }

    /// Days a week from the first day to the last, a week at least.
    pub(super) fn band(&self) -> &'static str {
        let (Some(first), Some(last)) = (self.days.first(), self.days.last()) else { return "never" };
        let weeks = f64::from((last - first + 1).max(7)) / 7.0;
        match self.days.len() as f64 / weeks {
            a_week if a_week >= 3.0 => "3+",
            a_week if a_week >= 1.0 => "1-2",
            _ => "none",
        }
    }

    /// Change of the attendance rate, in points.
    pub(super) fn change(&self) -> f64 {
        (f64::from(self.absent[0]) - f64::from(self.absent[1])) / 160.0 * 100.0
    }
}

/// Every other Tuesday, Tuesdays and every other Thursday, or Monday to Wednesday and Friday. Hardly anybody of the
/// older ones came less than once a week.
fn days(number: u64) -> Vec<i32> {
    let of_week = |weeks: i32, of: &'static [i32]| {
        (0..weeks).flat_map(move |week| of.iter().map(move |day| week * 7 + day))
    };
    match draw(number, 68) % 10 {
        0..3 if number < N_YOUNG || number.is_multiple_of(23) => {
            (0..8).map(|fortnight| fortnight * 14 + 1).collect()
        }
        0..6 => of_week(10, &[1, 3]).filter(|day| day % 7 == 1 || day % 14 == 3).collect(),
        _ => of_week(10, &[0, 1, 2, 4]).filter(|day| day % 7 != 1 || day % 14 == 1).collect(),
    }
}

pub(super) fn push(service: &Service, children: &[Child]) {
    let mut district = Sheets::new(&[
        ("schools.csv", "school,name,sector"),
        ("programs.csv", "program,name,type"),
        ("students.csv", "student_id,first_name,last_name,birth_date,economically_disadvantaged"),
        ("enrollments.csv", "student_id,school,school_year,entry,exit,exit_type,grade"),
        ("attendance_summary.csv", "student_id,school,from,to,days_enrolled,days_present,days_absent"),
        ("eligibility.csv", "student_id,program,begin,end"),
        ("courses_taken.csv", "student_id,school_year,course,credits_attempted,credits_earned"),
        ("diplomas.csv", "student_id,type,date"),
    ]);
    district.add("schools.csv", "M,Middle school,district".into());
    district.add("schools.csv", "H,High school,district".into());
    district.add("programs.csv", "NAZA,After-school zones,after-school".into());
    for child in children {
        let id = child.number + 500_000;
        let born = if child.is_young { 2011 } else { 2006 };
        district.add("students.csv", format!("{id},{},{}", who(child.number, born), child.is_poor));
        let span = |year: u32| format!("{}-08-08,{year}-05-24", year - 1);
        let mut enrolled = |school: &str, year: u32, exit: &str, grade: &str| {
            district.add("enrollments.csv", format!("{id},{school},{year},{},{exit},{grade}", span(year)));
        };
        if child.is_young {
            enrolled("M", 2023, "end_of_year", "06");
            enrolled("M", 2024, "end_of_year", "07");
            for (year, absent) in (2023..).zip(child.absent) {
                let row = format!("{id},M,{},160,{},{absent}", span(year), 160 - absent);
                district.add("attendance_summary.csv", row);
            }
        } else {
            enrolled("M", 2020, "end_of_year", "08");
            enrolled("H", 2021, "end_of_year", "09");
            enrolled("H", 2024, if child.graduated { "graduated" } else { "dropout" }, "12");
            for course in 0..6 {
                let earned = u32::from(course < child.credits);
                district.add("courses_taken.csv", format!("{id},2021,C{course},1,{earned}"));
            }
            if child.graduated {
                district.add("diplomas.csv", format!("{id},regular,2024-05-24"));
            }
        }
        if child.is_eligible {
            let year = if child.is_young { 2024 } else { 2020 };
            district.add("eligibility.csv", format!("{id},NAZA,{}", span(year)));
        }
    }
    district.push(service, "metro-schools");
    for (agency, source) in AGENCIES.iter().enumerate() {
        let mut sheets = Sheets::new(&[
            ("students.csv", "student_id,first_name,last_name,birth_date"),
            ("dosage.csv", "student_id,program,date,unit,amount"),
        ]);
        for child in children {
            // One in seven goes to both, on some days here and on others there.
            let in_both = child.number.is_multiple_of(7);
            let at = |day: i32| (if in_both { day as u64 } else { child.number }) % 2;
            let days: Vec<i32> = child.days.iter().copied().filter(|day| at(*day) == agency as u64).collect();
            if days.is_empty() {
                continue;
            }
            let (id, born) = (child.number * 3 + agency as u64, if child.is_young { 2011 } else { 2006 });
            sheets.add("students.csv", format!("{id},{}", who(child.number, born)));
            let first = if child.is_young { Date::new(2023, 10, 2) } else { Date::new(2019, 10, 7) };
            for day in days {
                let date = Date::from_days(first.expect("a Monday").days() + day).expect("a day");
                sheets.add("dosage.csv", format!("{id},NAZA,{date},day,1"));
            }
        }
        sheets.push(service, source);
    }
}
