//! A practice city: an invented city, written as the files its organizations would export.
//!
//! Two districts, a charter network and three agencies keep records of the same invented children, each
//! in its own way, with its own numbers and its own slips of the hand. Families have siblings and twins,
//! move and change names; services have known true effects; the truth is written beside the files. The
//! same options make the same bytes on any machine: chance is a stream cipher under integer arithmetic,
//! and nothing is iterated in an order that could differ.
//!
//! Absent on purpose: any data of real people, the clock, and a way to add to an existing folder.

mod after;
mod agencies;
mod city;
mod draw;
mod effects;
mod family;
mod habits;
mod hand;
mod life;
mod names;
mod oneroster;
mod papers;
mod pupils;
mod register;
mod results;
mod sheet;
mod templates;
mod truth;

use crate::calendar::SchoolYear;
use city::City;
use draw::Draw;
use family::Family;
use register::Register;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// What city to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Distinct children over all years, 1 to 2,000,000. About one in fifty goes to no school of the city
    /// and is known to an agency only.
    pub students: u32,
    /// What makes this city another one than the next.
    pub seed: u64,
    /// The folder to write into: absent or empty.
    pub out: PathBuf,
    /// The school years, 1 to 15 of them.
    pub years: RangeInclusive<SchoolYear>,
}

impl Options {
    /// 2,000 children in the school years 2021 to 2025, seed 1.
    #[must_use]
    pub fn new(out: impl Into<PathBuf>) -> Self {
        let year = |ending| SchoolYear::new(ending).expect("a school year of this century");
        Self { students: 2_000, seed: 1, out: out.into(), years: year(2021)..=year(2025) }
    }
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Distinct children.
    pub students: u32,
    /// Families.
    pub families: u32,
    /// Children who share their birth with a brother or a sister.
    pub twins: u32,
    /// Children whom more than one of the districts and the charter network had on file.
    pub movers: u32,
    /// Student numbers given out, over all sources.
    pub numbers: u64,
    /// Files, all of them.
    pub files: usize,
    /// Rows in the CSV files of sources, without headers.
    pub rows: u64,
    /// Bad values put in on purpose.
    pub defects: usize,
}

/// Why a city was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The number of children is not 1 to 2,000,000.
    #[error("a city has 1 to 2,000,000 students")]
    Students,
    /// There are no school years, too many, or some before 1950.
    #[error("a city has 1 to 15 school years, the first of them 1950 or later")]
    Years,
    /// The output folder holds something: nothing is written over.
    #[error("the output folder is not empty")]
    NotEmpty,
    /// A file could not be written.
    #[error("a file could not be written")]
    Write(#[from] std::io::Error),
    /// A row could not be written.
    #[error("a row could not be written")]
    Row(#[from] csv::Error),
}

/// Writes an invented city into `options.out`; `progress` hears of children done and children in all.
///
/// # Errors
///
/// [`Error`] for options out of range, a folder that is not empty, and files that cannot be written;
/// what was written by then is left.
pub fn write(options: &Options, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, Error> {
    let years = check(options)?;
    let mut draw = Draw::new(options.seed);
    let city = City::found(&mut draw, options.students, years);
    let mut register = Register::open(&options.out, &mut draw, &city)?;
    let mut report = Report { students: options.students, ..Report::default() };
    let mut done = 0;
    while done < options.students {
        let family = Family::draw(&mut draw, &city, done, (options.students - done) as usize);
        for child in &family.children {
            register.child(&mut draw, &city, &family, child, &mut report)?;
        }
        report.families += 1;
        done += family.children.len() as u32;
        if report.families.is_multiple_of(128) || done == options.students {
            progress(done.into(), options.students.into());
        }
    }
    register.close(&options.out, &mut report)?;
    report.files += papers::write(options, &city, &options.out)?;
    Ok(report)
}

fn check(options: &Options) -> Result<Vec<SchoolYear>, Error> {
    if !(1..=2_000_000).contains(&options.students) {
        return Err(Error::Students);
    }
    let (from, to) = (options.years.start().ending(), options.years.end().ending());
    if from < 1950 || from > to || to - from >= 15 {
        return Err(Error::Years);
    }
    if !is_absent_or_empty(&options.out)? {
        return Err(Error::NotEmpty);
    }
    Ok((0..=to - from).map(|years| options.years.start().plus(years)).collect())
}

fn is_absent_or_empty(folder: &Path) -> Result<bool, Error> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_write_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let good = Options::new(folder.path().join("city"));
        let year = |ending| SchoolYear::new(ending).expect("a year");
        let wrong = [
            Options { students: 0, ..good.clone() },
            Options { students: 2_000_001, ..good.clone() },
            Options { years: year(2025)..=year(2024), ..good.clone() },
            Options { years: year(2000)..=year(2015), ..good.clone() },
            Options { years: year(1949)..=year(1950), ..good.clone() },
        ];
        for options in wrong {
            assert!(matches!(write(&options, &mut |_, _| ()), Err(Error::Students | Error::Years)));
        }
        assert!(!good.out.exists());
    }

    #[test]
    fn a_folder_in_use_is_left_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("mine.txt"), "mine").expect("a file");
        let outcome = write(&Options::new(folder.path()), &mut |_, _| ());
        assert!(matches!(outcome, Err(Error::NotEmpty)));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
