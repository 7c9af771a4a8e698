//! Where a push stops before anything is stored: too much refused, or too much ended.

use super::Failure;
use super::screen::{count, counted};
use crate::ingest::Absence;
use crate::records::Kind;
use std::collections::BTreeMap;

/// How much may be refused and ended.
#[derive(clap::Args)]
pub(super) struct Limits {
    /// Go on when up to so many percent of a file's rows are refused [default: 10, and always with fewer than 20 rows]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    allow_refused: Option<u8>,
    /// End up to so many percent of the records of a kind [default: 5, and always up to 5 records]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    allow_ended: Option<u8>,
}

/// Rows of a file.
pub(super) struct FileRows {
    pub(super) file: String,
    pub(super) n_rows: u64,
    pub(super) n_refused: u64,
    /// Of these, rows that the service refuses: their kind is not in the agreement, or nothing may come in the clear.
    pub(super) n_by_service: u64,
}

const REFUSED_PERCENT: u64 = 10;
/// A file with fewer refused rows than this is small, or not far wrong.
const REFUSED_FLOOR: u64 = 20;
const ENDED_PERCENT: u64 = 5;
/// Of a kind of which there is little, one record is many percent.
const ENDED_FLOOR: u64 = 5;

impl Limits {
    /// Stops when too many rows of a file are refused.
    pub(super) fn refused(&self, files: &[FileRows]) -> Result<(), Failure> {
        let percent = self.allow_refused.map_or(REFUSED_PERCENT, u64::from);
        let floor = if self.allow_refused.is_some() { 1 } else { REFUSED_FLOOR };
        let is_too_much = |of: &&FileRows| of.n_refused >= floor && of.n_refused * 100 > percent * of.n_rows;
        let lines = files.iter().filter(is_too_much).map(|of| {
            let rows = counted(of.n_rows, "row", "rows");
            let (n_refused, share) = (count(of.n_refused), share(of.n_refused, of.n_rows));
            let why = match of.n_by_service {
                0 => "",
                _ => ", by the service: the agreement does not permit them, or they must come encoded",
            };
            format!("\n  {}: {n_refused} of {rows} refused ({share}){why}", of.file)
        });
        let lines: String = lines.collect();
        if lines.is_empty() {
            return Ok(());
        }
        // Whoever gives a percentage gives up the floor, so it has to be enough for all files.
        let needed = files.iter().map(|of| (of.n_refused * 100).div_ceil(of.n_rows.max(1)));
        Err(Failure::new(format!(
            "stopped, and nothing was stored: more than {percent} % of the rows of a file are refused{lines}\n\
             correct them (--errors, --refused-rows), or send the others with --allow-refused {}",
            needed.max().unwrap_or(100),
        )))
    }

    /// How many records of each kind may be ended at most.
    pub(super) fn at_most(&self, absences: &[Absence]) -> BTreeMap<Kind, u64> {
        let at_most = |of: &Absence| match self.allow_ended {
            Some(percent) => u64::from(percent) * of.n_held / 100,
            None => (ENDED_PERCENT * of.n_held / 100).max(ENDED_FLOOR),
        };
        absences.iter().map(|of| (of.kind, at_most(of))).collect()
    }

    /// Stops when too many records would be ended; else says how many may be.
    pub(super) fn ended(&self, absences: &[Absence]) -> Result<BTreeMap<Kind, u64>, Failure> {
        let at_most = self.at_most(absences);
        let is_too_much = |of: &&Absence| of.n_absent > at_most[&of.kind];
        let lines: String = absences.iter().filter(is_too_much).map(line).collect();
        if lines.is_empty() {
            return Ok(at_most);
        }
        let needed = absences.iter().map(|of| (of.n_absent * 100).div_ceil(of.n_held.max(1)));
        Err(Failure::new(format!(
            "stopped, and nothing was stored: the files lack more than {} % of what the service holds{lines}\n\
             send whole files, leave out --whole, or end these records with --allow-ended {}",
            self.allow_ended.map_or(ENDED_PERCENT, u64::from),
            needed.max().unwrap_or(100),
        )))
    }
}

fn line(of: &Absence) -> String {
    let (kind, n_held) = (of.kind.code().replace('_', " "), counted(of.n_held, "record", "records"));
    format!(
        "\n  {kind}: {} of {n_held} would be ended ({})",
        count(of.n_absent),
        share(of.n_absent, of.n_held)
    )
}

fn share(n: u64, of: u64) -> String {
    format!("{:.1} %", n as f64 * 100.0 / (of.max(1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(allow_refused: Option<u8>, allow_ended: Option<u8>) -> Limits {
        Limits { allow_refused, allow_ended }
    }

    #[test]
    fn a_tenth_of_a_file_is_the_limit_and_a_few_rows_are_no_matter() {
        let check = |allowed, n_rows, n_refused, expected: bool| {
            let file = FileRows { file: "students.csv".into(), n_rows, n_refused, n_by_service: 0 };
            assert_eq!(limits(allowed, None).refused(&[file]).is_ok(), expected, "{n_refused} of {n_rows}");
        };
        check(None, 1_000, 100, true);
        check(None, 1_000, 101, false);
        check(Some(11), 1_000, 101, true);
        check(None, 19, 19, true);
        check(None, 20, 20, false);
        check(Some(100), 20, 20, true);
        check(Some(0), 20, 0, true);
        check(Some(0), 1_000, 1, false);
    }

    #[test]
    fn one_file_that_is_all_wrong_is_not_made_good_by_the_others() {
        let files = [("a.csv", 100_000, 0), ("b.csv", 40, 40)];
        let files = files.map(|(file, n_rows, n_refused)| FileRows {
            file: file.into(),
            n_rows,
            n_refused,
            n_by_service: 0,
        });
        let Err(Failure(text)) = limits(None, None).refused(&files) else { panic!("it goes on") };
        assert!(text.contains("b.csv: 40 of 40 rows refused (100.0 %)") && !text.contains("a.csv"), "{text}");
        assert!(text.ends_with("--allow-refused 100"), "{text}");
    }

    #[test]
    fn a_twentieth_of_a_kind_is_the_limit_and_a_few_records_are_no_matter() {
        let check = |allowed, n_held, n_absent, expected: bool| {
            let absences = [Absence { kind: Kind::Person, n_held, n_absent }];
            assert_eq!(limits(None, allowed).ended(&absences).is_ok(), expected, "{n_absent} of {n_held}");
        };
        check(None, 1_000, 50, true);
        check(None, 1_000, 51, false);
        check(Some(6), 1_000, 51, true);
        check(None, 6, 5, true);
        check(None, 6, 6, false);
        check(Some(0), 6, 1, false);
        let Err(Failure(text)) = limits(None, None).ended(&[
            Absence { kind: Kind::Person, n_held: 1_000, n_absent: 50 },
            Absence { kind: Kind::Enrollment, n_held: 1_000, n_absent: 112 },
        ]) else {
            panic!("it goes on")
        };
        assert!(text.contains("enrollment: 112 of 1,000 records would be ended (11.2 %)"), "{text}");
        assert!(text.ends_with("--allow-ended 12") && !text.contains("person"), "{text}");
    }

    #[test]
    fn what_is_suggested_is_enough() {
        let absence = |kind, n_held, n_absent| Absence { kind, n_held, n_absent };
        let absences = [absence(Kind::Enrollment, 1_000, 112), absence(Kind::Discipline, 6, 5)];
        let Err(Failure(text)) = limits(None, None).ended(&absences) else { panic!("it goes on") };
        assert!(text.ends_with("--allow-ended 84"), "{text}");
        assert!(limits(None, Some(84)).ended(&absences).is_ok());
        let files = [("a.csv", 100, 30), ("b.csv", 10, 9)].map(|(file, n_rows, n_refused)| FileRows {
            file: file.into(),
            n_rows,
            n_refused,
            n_by_service: 0,
        });
        let Err(Failure(text)) = limits(None, None).refused(&files) else { panic!("it goes on") };
        assert!(text.ends_with("--allow-refused 90") && !text.contains("b.csv"), "{text}");
        assert!(limits(Some(90), None).refused(&files).is_ok());
    }
}
