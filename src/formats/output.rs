//! Where rows and defects go, and the counts kept of them.

use super::bundle::Error;
use super::{Defect, Severity};
use crate::records::{Change, Kind, Submission};
use std::collections::BTreeMap;

/// A record, and where it stood.
#[derive(Debug)]
pub struct Row {
    /// Name of the file, as the format spells it.
    pub file: &'static str,
    /// Line on which the record begins, the header being line 1. A spell at a school folded from several
    /// class enrollments has the line of the first.
    pub row: u64,
    /// The record.
    pub submission: Submission,
}

/// What came of a reading, beside the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Counts.
    pub summary: Summary,
    /// What was wrong, file by file in the order of reading. Refusals are all here up to 100,000, and
    /// warnings up to 1,000 of each code in each column; the summary counts every one.
    pub defects: Vec<Defect>,
}

/// Counts of a reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Version of the OneRoster manifest, when there is one.
    pub one_roster: Option<String>,
    /// The files that were read, in the order of reading.
    pub files: Vec<FileCount>,
    /// Files of a known name that hold nothing this program uses.
    pub unused: Vec<String>,
    /// Records to store, by kind.
    pub upserts: BTreeMap<Kind, u64>,
    /// Records to withdraw, by kind.
    pub deletes: BTreeMap<Kind, u64>,
    /// Rows that say again what another row with the same key said; they are not sent twice.
    pub repeats: u64,
    /// Defects that kept something from being sent, by code.
    pub refused: BTreeMap<&'static str, u64>,
    /// Defects that did not, by code.
    pub warnings: BTreeMap<&'static str, u64>,
}

/// Counts of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCount {
    /// Its name.
    pub file: &'static str,
    /// Rows without the header and blank lines.
    pub rows: u64,
    /// Rows with at least one defect that kept them from being sent.
    pub refused_rows: u64,
}

const REFUSALS_LISTED_MAX: u64 = 100_000;
const WARNINGS_LISTED_MAX: u64 = 1_000;

/// Takes rows and defects, and counts them.
pub(super) struct Output<'s> {
    sink: &'s mut dyn FnMut(Row),
    summary: Summary,
    defects: Vec<Defect>,
    n_refusals: u64,
    n_warnings: BTreeMap<(String, Option<String>, &'static str), u64>,
}

impl<'s> Output<'s> {
    pub(super) fn new(sink: &'s mut dyn FnMut(Row)) -> Self {
        let (summary, defects) = (Summary::default(), Vec::new());
        Self { sink, summary, defects, n_refusals: 0, n_warnings: BTreeMap::new() }
    }

    pub(super) fn version(&mut self, version: &str) {
        self.summary.one_roster = Some(version.to_owned());
    }

    pub(super) fn begin(&mut self, file: &'static str) {
        self.summary.files.push(FileCount { file, rows: 0, refused_rows: 0 });
    }

    pub(super) fn unused(&mut self, file: &str) {
        self.summary.unused.push(file.to_owned());
    }

    pub(super) fn row(&mut self, file: &str) {
        self.count(file, |count| count.rows += 1);
    }

    pub(super) fn repeat(&mut self) {
        self.summary.repeats += 1;
    }

    pub(super) fn send(&mut self, file: &'static str, row: u64, submission: Submission) {
        let counts = match submission.change {
            Change::Upsert(_) => &mut self.summary.upserts,
            Change::Delete(_) => &mut self.summary.deletes,
        };
        *counts.entry(submission.change.kind()).or_default() += 1;
        (self.sink)(Row { file, row, submission });
    }

    /// Takes all defects of one row, or of a file.
    pub(super) fn record(&mut self, defects: Vec<Defect>) {
        let refused = |defect: &&Defect| defect.severity == Severity::Refused && defect.row.is_some();
        if let Some(file) = defects.iter().find(refused).map(|defect| defect.file.clone()) {
            self.count(&file, |count| count.refused_rows += 1);
        }
        for defect in defects {
            let listed = match defect.severity {
                Severity::Refused => {
                    *self.summary.refused.entry(defect.code).or_default() += 1;
                    self.n_refusals += 1;
                    self.n_refusals <= REFUSALS_LISTED_MAX
                }
                Severity::Warning => {
                    *self.summary.warnings.entry(defect.code).or_default() += 1;
                    let alike = (defect.file.clone(), defect.column.clone(), defect.code);
                    let n_alike = self.n_warnings.entry(alike).or_default();
                    *n_alike += 1;
                    *n_alike <= WARNINGS_LISTED_MAX
                }
            };
            if listed {
                self.defects.push(defect);
            }
        }
    }

    pub(super) fn finish(self) -> Result<Reading, Error> {
        if self.summary.files.is_empty() {
            return Err(Error::NothingKnown);
        }
        Ok(Reading { summary: self.summary, defects: self.defects })
    }

    fn count(&mut self, file: &str, change: impl FnOnce(&mut FileCount)) {
        if let Some(count) = self.summary.files.iter_mut().rev().find(|count| count.file == file) {
            change(count);
        }
    }
}
