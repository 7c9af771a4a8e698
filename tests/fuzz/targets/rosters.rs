//! Tables as text: OneRoster, the templates and what comes with the program, in a folder of several files.

use super::files::{Folder, files};
use std::sync::LazyLock;
use throughline::api;
use throughline::calendar::SchoolYear;
use throughline::formats::{CODES, Mappings, Reading, Row, Severity, read_mapped};
use throughline::ingest::Incoming;

/// A letter that no word of the program has: a defect that shows it has repeated a value.
const MARK: char = 'Ž';

pub(super) fn run(data: &[u8]) {
    let files = files(data);
    if files.is_empty() {
        return;
    }
    let folder = Folder::new();
    files.iter().for_each(|(name, bytes)| drop(folder.write(name, bytes)));
    read(&folder, &SHIPPED);
}

/// The mappings of the program, read and copied once.
pub(super) static SHIPPED: LazyLock<Mappings> = LazyLock::new(Mappings::shipped);

/// Reads a folder and checks what comes out of any reading.
pub(super) fn read(folder: &Folder, mappings: &Mappings) {
    let mut rows: Vec<Row> = Vec::new();
    let year = SchoolYear::new(2025);
    let Ok(reading) = read_mapped(folder.path(), year, mappings, &mut |row| rows.push(row)) else { return };
    let sent: u64 = reading.summary.upserts.values().chain(reading.summary.deletes.values()).sum();
    assert_eq!(sent, rows.len() as u64);
    tells_no_value(&reading);
    for row in &rows {
        // What the reader lets pass, the service takes.
        let wire = api::clear(&row.submission);
        match api::incoming(wire.clone()) {
            Ok(Incoming::Clear(read)) => assert!(api::clear(&read) == wire, "it is read as it was sent"),
            Ok(Incoming::Encoded(_)) => panic!("a record in the clear was taken for another"),
            Err(violations) => panic!("the service refuses what was read: {violations:?}"),
        }
    }
}

fn tells_no_value(reading: &Reading) {
    for defect in &reading.defects {
        assert!(CODES.iter().any(|(code, _)| *code == defect.code), "{}", defect.code);
        assert!(!defect.reason.contains(MARK), "{}: a reason repeats a value", defect.code);
        let is_of_row = defect.row.is_some() || defect.severity == Severity::Refused;
        let column = defect.column.as_deref().unwrap_or_default();
        assert!(!(is_of_row && column.contains(MARK)), "{}: a column that is a value", defect.code);
        assert!(!defect.file.contains(char::is_control) && !column.contains(char::is_control));
    }
}
