//! A queue that somebody has filled in, read back.

use super::{Read, attendance};
use crate::formats::{Mappings, read_mapped, write_queue};
use std::fs;
use tempfile::TempDir;

/// Three students with a code that nobody knows, so that it is shown, and one with another.
const SHEET: &str = "Pupil,Day,What\nA1,2024-09-03,P\nA2,2024-09-03,-X\nA3,2024-09-03,-X\nA4,2024-09-03,-X\nA5,2024-09-03,??\n\
                     A6,2024-09-03,??\nA7,2024-09-03,??\n";

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self::with_codes_in("What")
    }

    fn with_codes_in(column: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mapping = attendance("date = 'Day'\nstatus = { column = 'What', codes = { 'P' = 'present' } }");
        let (mapping, sheet) =
            (mapping.replace("'What'", &format!("'{column}'")), SHEET.replace("What", column));
        fs::create_dir(folder.path().join("files")).expect("a folder in it");
        fs::write(folder.path().join("m.toml"), mapping).expect("a file in a temporary folder");
        fs::write(folder.path().join("files/a.csv"), sheet).expect("a file in a temporary folder");
        Self { folder }
    }

    fn mappings(&self) -> Mappings {
        Mappings::with_files(&[self.folder.path().join("m.toml")]).expect("a mapping")
    }

    fn read(&self, mappings: &Mappings) -> Read {
        let mut rows = Vec::new();
        let reading =
            read_mapped(&self.folder.path().join("files"), None, mappings, &mut |row| rows.push(row));
        Read { rows, reading: reading.expect("a place that can be read") }
    }

    /// The mappings with a queue, or the mistakes in it.
    fn taught(&self, queue: &str) -> Result<Mappings, Vec<(Option<u64>, String)>> {
        let path = self.folder.path().join("queue.csv");
        fs::write(&path, queue).expect("a file in a temporary folder");
        let taught = self.mappings().with_translations(&path);
        taught.map_err(|mistakes| mistakes.0.into_iter().map(|of| (of.line, of.reason)).collect())
    }
}

#[test]
fn a_filled_in_queue_translates_what_was_in_it() {
    let place = Place::new();
    let first = place.read(&place.mappings());
    assert_eq!(first.keys().len(), 1, "the rest has no translation");
    let mut queue = Vec::new();
    write_queue(&first.reading.queue, &mut queue).expect("a vector takes whatever it is given");
    let queue = String::from_utf8(queue).expect("UTF-8");
    assert!(queue.contains(",'-X,") && queue.contains(",??,"), "{queue}");
    // As it was written, it says nothing yet.
    assert_eq!(place.read(&place.taught(&queue).expect("no mistake")).keys().len(), 1);
    // One is filled in, with the other left for later.
    let line = |line: &str| if line.contains("'-X") { format!("{line}excused") } else { line.to_owned() };
    let filled: Vec<String> = queue.lines().map(line).collect();
    let second = place.read(&place.taught(&(filled.join("\r\n") + "\r\n")).expect("no mistake"));
    assert_eq!(
        super::days(&second)[1..],
        ["A2|S1|2024-09-03 excused", "A3|S1|2024-09-03 excused", "A4|S1|2024-09-03 excused"]
    );
    assert_eq!(second.reading.queue.len(), 1, "three rows of one code wait");
    assert_eq!(second.reading.queue[0].rows, 3);
    // A value that is left blank on purpose is as good as none, which a status may not be.
    let blank = place.read(&place.taught(&queue.replace(",status,", ",status,(blank)")).expect("no mistake"));
    assert_eq!(blank.reading.queue.len(), 0);
    assert!(blank.defects().contains(&"!3 What missing".to_owned()), "{:?}", blank.defects());
}

#[test]
fn a_column_that_a_spreadsheet_would_take_for_a_formula_is_found_again() {
    let place = Place::with_codes_in("=What");
    let mut queue = Vec::new();
    write_queue(&place.read(&place.mappings()).reading.queue, &mut queue).expect("a vector takes it");
    let queue = String::from_utf8(queue).expect("UTF-8");
    assert!(queue.contains(",'=What,'-X,"), "{queue}");
    let line = |line: &str| if line.contains("'-X") { format!("{line}excused") } else { line.to_owned() };
    let filled: Vec<String> = queue.lines().map(line).collect();
    let read = place.read(&place.taught(&(filled.join("\r\n") + "\r\n")).expect("no mistake"));
    assert_eq!(super::days(&read).len(), 4);
}

#[test]
fn what_does_not_fit_is_said_without_the_codes() {
    let heading = "mapping,file,column,code,codes,rows,template,becomes,translation\n";
    let rows = "a,a.csv,What,Zoe,1,3,attendance_events.csv,status,present\n\
                b,a.csv,What,Zoe,1,3,attendance_events.csv,status,present\n\
                a,a.csv,Day,Zoe,1,3,attendance_events.csv,date,present\n\
                a,a.csv,What,,2,3,attendance_events.csv,status,present\n\
                a,a.csv,What\n\
                ed-fi,s.json,sexDescriptor,Zoe,1,3,students.csv,sex,F\n";
    let mistakes = Place::new().taught(&format!("{heading}{rows}")).expect_err("most of it is wrong");
    let lines: Vec<_> = mistakes.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [Some(3), Some(4), Some(5), Some(6), Some(7)]);
    let reasons = [
        "that there is not",
        "does not translate",
        "not shown",
        "not a row of a queue",
        "descriptor of Ed-Fi",
    ];
    for ((_, reason), expected) in mistakes.iter().zip(reasons) {
        assert!(reason.contains(expected) && !reason.contains("Zoe"), "{reason}");
    }
    assert!(Place::new().taught("").is_ok(), "an empty queue");
}

const HEADING: &str = "mapping,file,column,code,codes,rows,template,becomes,translation\n";

/// A row of the queue for a code of the one column that is translated.
fn row(code: &str, translation: &str) -> String {
    format!("a,a.csv,What,{code},1,3,attendance_events.csv,status,{translation}\n")
}

#[test]
fn one_code_has_one_translation() {
    let mistakes = |rows: &[(&str, &str)]| {
        let rows: String = rows.iter().map(|(code, word)| row(code, word)).collect();
        Place::new().taught(&(HEADING.to_owned() + &rows)).err().unwrap_or_default()
    };
    // Two rows that say the same are one, and so are a row and the mapping, whatever the letter case of the code.
    assert_eq!(mistakes(&[("Zoe", "excused"), ("zoe", "excused"), ("p", "present")]), []);
    let found = mistakes(&[("Zoe", "excused"), ("ZOE", "unexcused"), ("Zoe", "(blank)"), ("P", "partial")]);
    let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [Some(3), Some(4), Some(5)]);
    for (_, reason) in &found {
        assert!(reason.contains("another translation"), "{reason}");
        let repeats = ["zoe", "excused", "partial"].iter().any(|text| reason.to_lowercase().contains(text));
        assert!(!repeats, "{reason}");
    }
}

#[test]
fn a_mistake_is_on_the_line_where_its_row_begins() {
    for end in ["\n", "\r\n", "\r"] {
        // Blank lines, and a cell with a line break in it.
        let fine = row("\"Zoe\nAnn\"", "excused");
        let text = format!("{HEADING}\n{fine}\n\n{}", row("", "present"));
        let mistakes = Place::new().taught(&text.replace('\n', end)).expect_err("a code that was not shown");
        assert_eq!(mistakes.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [Some(7)], "{end:?}");
    }
    let open = format!("{HEADING}{}a,a.csv,\"What\n", row("Zoe", "excused"));
    let mistakes = Place::new().taught(&open).expect_err("a cell that does not end");
    assert_eq!(mistakes.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [Some(3)]);
}
