//! Where rows and defects go, and the counts kept of them.

use super::bundle::Error;
use super::mapping::{Queue, Unmapped};
use super::{Defect, Extents, Severity};
use crate::records::{Change, Kind, Submission};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A record, and where it stood.
#[derive(Debug)]
pub struct Row {
    /// Name of the file, as the format spells it.
    pub file: Cow<'static, str>,
    /// Line on which the record begins, the header being line 1; in a list of JSON or a file of XML the
    /// number of the element. A spell at a school folded from several
    /// class enrollments has the line of the first.
    pub row: u64,
    /// The record.
    pub submission: Submission,
}

/// What came of a reading, beside the rows.
#[derive(Debug, PartialEq, Eq)]
pub struct Reading {
    /// Counts.
    pub summary: Summary,
    /// What was wrong, file by file in the order of reading. Refusals are all here up to 100,000, and
    /// warnings up to 1,000 of each code in each column; the summary counts every one.
    pub defects: Vec<Defect>,
    /// Codes without a translation, file by file: for the source's own screen, and never to be sent.
    pub queue: Vec<Unmapped>,
    /// How much of each kind the files hold, and the keys of what was refused.
    pub extents: Extents,
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
    pub file: Cow<'static, str>,
    /// Name of the mapping it is read through, when no format knows it, or that has the words of one.
    pub mapping: Option<String>,
    /// Rows without the header and blank lines.
    pub rows: u64,
    /// Rows with at least one defect that kept them, or a record made of them, from being sent.
    pub refused_rows: u64,
    /// Rows that the mapping leaves out: no record is to be made of them.
    pub skipped_rows: u64,
    /// Records that are sent.
    pub records: u64,
}

const REFUSALS_LISTED_MAX: u64 = 100_000;
const WARNINGS_LISTED_MAX: u64 = 1_000;

/// Takes rows and defects, and counts them.
pub(super) struct Output<'s> {
    sink: &'s mut dyn FnMut(Row),
    summary: Summary,
    defects: Vec<Defect>,
    pub(super) queue: Queue,
    pub(super) extents: Extents,
    n_refusals: u64,
    n_warnings: BTreeMap<(String, Option<String>, &'static str), u64>,
}

impl<'s> Output<'s> {
    pub(super) fn new(sink: &'s mut dyn FnMut(Row)) -> Self {
        let (summary, defects, queue) = (Summary::default(), Vec::new(), Queue::default());
        let (extents, n_warnings) = (Extents::default(), BTreeMap::new());
        Self { sink, summary, defects, queue, extents, n_refusals: 0, n_warnings }
    }

    pub(super) fn version(&mut self, version: &str) {
        self.summary.one_roster = Some(version.to_owned());
    }

    pub(super) fn begin(&mut self, file: Cow<'static, str>) {
        let (mapping, rows, refused_rows, skipped_rows, records) = (None, 0, 0, 0, 0);
        self.summary.files.push(FileCount { file, mapping, rows, refused_rows, skipped_rows, records });
    }

    /// The file that was begun last is read through a mapping.
    pub(super) fn mapped(&mut self, mapping: &str) {
        if let Some(count) = self.summary.files.last_mut() {
            count.mapping = Some(mapping.to_owned());
        }
    }

    pub(super) fn unused(&mut self, file: &str) {
        self.summary.unused.push(file.to_owned());
    }

    pub(super) fn row(&mut self, file: &str) {
        self.count(file, |count| count.rows += 1);
    }

    /// Rows of a file of which nothing can be read.
    pub(super) fn refuse_rows(&mut self, file: &str, n_rows: u64) {
        self.count(file, |count| (count.rows, count.refused_rows) = (n_rows, n_rows));
    }

    pub(super) fn skip_row(&mut self, file: &str) {
        self.count(file, |count| count.skipped_rows += 1);
    }

    pub(super) fn repeat(&mut self) {
        self.summary.repeats += 1;
    }

    pub(super) fn send(&mut self, file: impl Into<Cow<'static, str>>, row: u64, submission: Submission) {
        let file = file.into();
        self.count(&file, |count| count.records += 1);
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
            let near = self.defects.iter().find(|defect| defect.code == "other_columns");
            let text = |defect: &Defect| Error::NotItsColumns(format!("{} {}", defect.file, defect.reason));
            return Err(near.map_or(Error::NothingKnown, text));
        }
        let Self { summary, defects, queue, extents, .. } = self;
        Ok(Reading { summary, defects, queue: queue.finish(), extents })
    }

    fn count(&mut self, file: &str, change: impl FnOnce(&mut FileCount)) {
        if let Some(count) = self.summary.files.iter_mut().rev().find(|count| count.file == file) {
            change(count);
        }
    }
}
