//! Small places made on the spot, read through the public door.

mod archives;
mod edfi;
mod extents;
mod mappings;
mod parquet;
mod rosters;
mod templates;

use super::{CODES, Reading, Row, Severity, read};
use crate::calendar::SchoolYear;
use crate::records::{Change, Clear, Fact, Submission};
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// What came of a reading.
struct Read {
    rows: Vec<Row>,
    reading: Reading,
}

impl Read {
    fn of(files: &[(&str, &str)]) -> Self {
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        Self::of_bytes(&files)
    }

    fn of_bytes(files: &[(&str, &[u8])]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).expect("a file in a temporary folder");
        }
        Self::at(folder.path(), None)
    }

    fn at(path: &Path, year: Option<SchoolYear>) -> Self {
        let mut rows = Vec::new();
        let reading = read(path, year, &mut |row| rows.push(row)).expect("a place that can be read");
        for defect in &reading.defects {
            assert!(CODES.iter().any(|(code, _)| *code == defect.code), "{}", defect.code);
        }
        let sent: u64 = reading.summary.upserts.values().chain(reading.summary.deletes.values()).sum();
        assert_eq!(sent, rows.len() as u64);
        for Row { submission, .. } in &rows {
            let is_about = |student: &Clear| !student.is_empty();
            assert_eq!(
                submission.student.as_ref().is_some_and(is_about),
                submission.change.kind().has_student()
            );
            assert!((1..=200).contains(&submission.key.expose().len()));
        }
        Self { rows, reading }
    }

    /// Row, column and code of every defect, `!` before those that refuse.
    fn defects(&self) -> Vec<String> {
        let text = |defect: &super::Defect| {
            let mark = if defect.severity == Severity::Refused { "!" } else { "" };
            let row = defect.row.map(|row| row.to_string()).unwrap_or_default();
            format!("{mark}{row} {} {}", defect.column.as_deref().unwrap_or_default(), defect.code)
        };
        self.reading.defects.iter().map(text).collect()
    }

    /// Line and key of every row.
    fn keys(&self) -> Vec<(u64, &str)> {
        self.rows.iter().map(|row| (row.row, row.submission.key.expose())).collect()
    }

    fn facts(&self) -> Vec<&Fact> {
        let fact = |row: &'_ Row| matches!(row.submission.change, Change::Upsert(_));
        let facts = self.rows.iter().filter(|row| fact(row)).map(|row| match &row.submission.change {
            Change::Upsert(fact) => fact,
            Change::Delete(_) => unreachable!("filtered"),
        });
        facts.collect()
    }

    fn first(&self) -> &Submission {
        &self.rows.first().expect("a row").submission
    }
}

#[test]
fn nothing_known_is_one_clear_error() {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("Mary Jones.csv"), "a,b\n1,2\n").expect("a file");
    let error = read(folder.path(), None, &mut |_| {}).expect_err("nothing is known here");
    assert_eq!(
        error.to_string(),
        "no file here is of OneRoster or Ed-Fi, one of the templates or one that a mapping is for"
    );
    let error = read(&folder.path().join("none"), None, &mut |_| {}).expect_err("there is no such folder");
    assert_eq!(error.to_string(), "cannot read the given path");
}

#[test]
fn stray_files_are_named_once() {
    let read = Read::of(&[
        ("Programs.CSV", "program,name\nP1,Tutoring\n"),
        ("notes.csv", "a\n1\n"),
        ("readme.txt", "hello"),
    ]);
    assert_eq!(read.keys(), [(2, "P1")]);
    assert_eq!(
        (read.rows[0].file.as_ref(), read.reading.defects[0].file.as_str()),
        ("programs.csv", "notes.csv")
    );
    assert_eq!(read.defects(), ["  unknown_file"]);
}

/// Names of files that are read.
fn known_files() -> impl Strategy<Value = &'static str> {
    let names: Vec<_> = super::templates().iter().map(|template| template.file).collect();
    prop::sample::select([names.as_slice(), super::oneroster::FILES].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn arbitrary_bytes_never_panic(
        files in prop::collection::btree_map(known_files(), prop::collection::vec(any::<u8>(), 0..200), 1..5),
        archive in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let folder = TempDir::new().expect("a temporary folder");
        for (name, bytes) in &files {
            fs::write(folder.path().join(name), bytes).expect("a file in a temporary folder");
        }
        let mut n_rows = 0_u64;
        if let Ok(reading) = read(folder.path(), None, &mut |_| n_rows += 1) {
            prop_assert_eq!(n_rows, reading.summary.upserts.values().sum::<u64>());
        }
        let path = folder.path().join("bundle.zip");
        fs::write(&path, [b"PK\x03\x04".as_slice(), &archive].concat()).expect("a file");
        let result = read(&path, None, &mut |_| n_rows += 1);
        prop_assert!(result.is_err(), "no archive");
    }

    #[test]
    fn every_row_of_a_template_is_sent_refused_or_repeated(
        at in 0..super::templates().len(),
        cells in prop::collection::vec(prop::collection::vec(cell(), 1..26), 0..12),
    ) {
        let template = &super::templates()[at];
        let names: Vec<_> = template.columns.iter().map(|column| column.name).collect();
        let row = |cells: &Vec<String>| {
            // Mostly as many cells as there are columns.
            let width = if cells.len() == 25 { 25 } else { names.len() };
            cells.iter().cycle().take(width).cloned().collect::<Vec<_>>().join(",")
        };
        let text = std::iter::once(names.join(",")).chain(cells.iter().map(row)).collect::<Vec<_>>().join("\n");
        let read = Read::of(&[(template.file, &text)]);
        let summary = &read.reading.summary;
        let n_sent = summary.upserts.get(&template.kind).copied().unwrap_or_default();
        let file = &summary.files[0];
        let repeats_a_value = read.reading.defects.iter().any(|defect| defect.reason.contains("Canary"));
        prop_assert!(!repeats_a_value);
        prop_assert_eq!(file.rows, n_sent + file.refused_rows + summary.repeats);
        // Of each row that is refused, the key or the student is known, or it is known that neither is.
        let of = read.reading.extents.get(template.kind).expect("a file of that kind");
        prop_assert_eq!(of.refused_keys.len() as u64 + of.refused_students.len() as u64 + of.n_unreadable, file.refused_rows);
    }
}

/// A cell that one column or another may take.
fn cell() -> impl Strategy<Value = String> {
    let known =
        ["", "S1", "2024-09-03", "9/3/2024", "2025", "12", "0.5", "1", "true", "district", "free", "F"];
    let more = [
        "partial",
        "expulsion",
        "regular",
        "four_year",
        "session",
        "\"a,b\"",
        "\"x\ny\"",
        "\"",
        "-7",
        "Canary",
    ];
    prop::sample::select([known.as_slice(), &more].concat()).prop_map(str::to_owned)
}
