//! Exports of assessment vendors that nobody on this project wrote, read through the mappings that come with
//! the program: what loads, what does not, and that no value is repeated.

// A test that is skipped says so.
#![allow(clippy::print_stderr)]

mod files;
mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use throughline::formats::{Reading, Row, read, write_defects};
use throughline::records::{Assessment, Change, Fact, Kind};

/// The folder of the exports beside the checkout; without it a test passes, except where CI says that it
/// must be there.
fn exports() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/assessment_vendor_exports");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the vendors' exports are not there");
    eprintln!("skipped: the vendors' exports are not there");
    None
}

/// A file read in the plainest way: one map of column to text a row. Rows that are too short end early.
fn plain(file: &Path) -> Vec<BTreeMap<String, String>> {
    let mut table = csv::ReaderBuilder::new().flexible(true).from_path(file).expect("a file");
    let header = table.headers().expect("a header").clone();
    let row = |record: csv::Result<csv::StringRecord>| {
        let record = record.expect("UTF-8");
        let name = |name: &str| name.trim_start_matches('\u{FEFF}').to_owned();
        header.iter().zip(&record).map(|(column, text)| (name(column), text.trim().to_owned())).collect()
    };
    table.records().map(row).collect()
}

/// What a file should become, computed here: student, test, subject, day, grade, score, level, proficient.
type Expected = BTreeSet<[String; 8]>;

fn record(texts: [&str; 8]) -> [String; 8] {
    texts.map(str::to_owned)
}

fn told(row: &Row) -> [String; 8] {
    let Change::Upsert(Fact::Assessment(assessment)) = &row.submission.change else {
        panic!("not an assessment")
    };
    let Assessment {
        test, subject, grade, date, scale_score_thousandths, level, proficient, not_tested, ..
    } = assessment;
    assert!(not_tested.is_none(), "everybody in these files was tested");
    let student = row.submission.student.as_ref().expect("an assessment has a student").expose().to_owned();
    assert_eq!(row.submission.key.expose(), format!("{student}|{test}|{subject}|{date}"));
    let score = scale_score_thousandths.map(|score| {
        assert_eq!(score % 1_000, 0, "scores are whole numbers in these files");
        (score / 1_000).to_string()
    });
    [
        student,
        test.to_string(),
        subject.to_string(),
        date.to_string(),
        grade.map(|grade| grade.code().to_owned()).unwrap_or_default(),
        score.unwrap_or_default(),
        level.map(|level| level.to_string()).unwrap_or_default(),
        proficient.map(|is| is.to_string()).unwrap_or_default(),
    ]
}

/// `M/D/YYYY` as `YYYY-MM-DD`.
fn day(text: &str) -> String {
    let [month, day, year] = text.split('/').collect::<Vec<_>>()[..] else { panic!("not a day") };
    format!("{year}-{month:0>2}-{day:0>2}")
}

fn read_all(path: &Path) -> (Vec<Row>, Reading) {
    let mut rows = Vec::new();
    let reading = read(path, None, &mut |row| rows.push(row)).expect("files that mappings are for");
    (rows, reading)
}

/// Reads one export, and holds every record against what it should be, the number of records against
/// `n_records`, and `row column code` of what is refused against `refused`.
fn check(
    file: &str,
    mapping: &str,
    n_records: usize,
    refused: &[&str],
    expected: impl Fn(&BTreeMap<String, String>) -> Vec<[String; 8]>,
) {
    let Some(folder) = exports() else { return };
    let path = folder.join(file);
    let (rows, reading) = read_all(&path);
    let counts = &reading.summary.files[0];
    assert_eq!((counts.file.as_ref(), counts.mapping.as_deref()), (file, Some(mapping)));
    assert_eq!(reading.summary.upserts, [(Kind::Assessment, n_records as u64)].into(), "{file}");
    assert_eq!((counts.records, counts.refused_rows), (n_records as u64, refused.len() as u64), "{file}");
    let defects = reading.defects.iter().map(|defect| {
        let row = defect.row.map_or("-".to_owned(), |row| row.to_string());
        format!("{row} {} {}", defect.column.as_deref().unwrap_or("-"), defect.code)
    });
    assert_eq!(defects.collect::<Vec<_>>(), refused, "{file}");
    assert_eq!((reading.queue.len(), reading.summary.repeats), (0, 0), "{file}");
    let lines: BTreeSet<u64> = reading.defects.iter().filter_map(|defect| defect.row).collect();
    let good = plain(&path).into_iter().zip(2..).filter(|(_, line)| !lines.contains(line));
    let expected: Expected = good.flat_map(|(row, _)| expected(&row)).collect();
    assert_eq!(rows.iter().map(told).collect::<Expected>(), expected, "{file}");
    assert_eq!(rows.len(), n_records, "{file}");
}

/// Some records as a reader of the files sees them, without any code between.
#[test]
fn a_few_records_in_full() {
    let Some(folder) = exports() else { return };
    let (rows, reading) = read_all(&folder);
    assert_eq!(reading.summary.upserts, [(Kind::Assessment, 370)].into());
    assert_eq!(reading.summary.refused, [("wrong_columns", 1)].into());
    assert_eq!(reading.summary.files.len(), 8);
    let told: BTreeSet<_> = rows.iter().map(|row| (row.file.to_string(), row.row, told(row))).collect();
    for (file, line, texts) in [
        (
            "ACT__sample_anonymized_file.csv",
            6,
            ["605004", "ACT", "SCIENCE", "2025-04-01", "11", "11", "", ""],
        ),
        (
            "GOLD__sample_anonymized_file.csv",
            6,
            ["605004", "TS_GOLD", "LITERACY", "2022-10-16", "KG", "392", "1", "false"],
        ),
        (
            "KRA__KRA_sample_file_deidentified.csv",
            3,
            ["605001", "KRA", "READINESS", "2022-08-15", "KG", "288", "3", "true"],
        ),
        (
            "MAP_Growth__sample_anonymized_file.csv",
            3,
            ["605001", "MAP_GROWTH", "MATH", "2021-09-16", "", "233", "", ""],
        ),
        (
            "PALS__PALS_SAMPLE_data_file.csv",
            16,
            ["605014", "PALS_PREK", "UPPER_CASE", "2022-08-15", "PK", "25", "", ""],
        ),
        (
            "WI_Forward__sample_anonymized_file.csv",
            3,
            ["000001", "WI_FORWARD", "SOCIAL_STUDIES", "2025-03-17", "10", "771", "2", "false"],
        ),
        (
            "i-Ready__sample_anonymized_file_math.csv",
            4,
            ["605002", "I_READY", "MATH", "2025-08-28", "06", "496", "4", "true"],
        ),
    ] {
        assert!(told.contains(&(file.to_owned(), line, record(texts))), "{file} {line}");
    }
}

/// A copy of an export in which one row has other texts; a row that is too short is filled up.
fn changed(file: &str, line: usize, cells: &[(&str, &str)]) -> Option<TempDir> {
    let folder = exports()?;
    let place = TempDir::new().expect("a temporary folder");
    let mut table = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_path(folder.join(file))
        .expect("a file");
    let mut rows: Vec<Vec<String>> =
        table.records().map(|row| row.expect("UTF-8").iter().map(str::to_owned).collect()).collect();
    let header = rows[0].clone();
    rows[line - 1].resize(header.len(), String::new());
    for (column, text) in cells {
        let at = header.iter().position(|name| name == column).expect("a column of the file");
        rows[line - 1][at] = (*text).to_owned();
    }
    let mut copy = csv::Writer::from_path(place.path().join(file)).expect("a file");
    rows.iter().for_each(|row| copy.write_record(row).expect("a row"));
    copy.flush().expect("a file");
    Some(place)
}

#[test]
fn a_screening_is_another_test_and_reading_is_not_language_usage() {
    let file = "MAP_Growth__sample_anonymized_file.csv";
    let Some(place) = changed(file, 8, &[]) else { return };
    let (rows, reading) = read_all(&place.path().join(file));
    assert_eq!((rows.len(), reading.defects.len()), (7, 0));
    let expected = record(["605000", "MAP_OTHER", "READING", "2021-09-20", "", "165", "", ""]);
    assert_eq!(told(rows.last().expect("a row")), expected);
}

#[test]
fn whoever_was_not_tested_is_a_record_with_the_reason() {
    let file = "WI_Forward__sample_anonymized_file.csv";
    let Some(place) = changed(file, 3, &[("Reason_Not_Tested_MT", "ABS")]) else { return };
    let (rows, reading) = read_all(&place.path().join(file));
    assert_eq!((rows.len(), reading.defects.len()), (12, 0));
    let not_tested = rows.iter().find_map(|row| match &row.submission.change {
        Change::Upsert(Fact::Assessment(fact)) if fact.not_tested.is_some() => Some((row.row, fact)),
        _ => None,
    });
    let (line, fact) = not_tested.expect("somebody was not tested");
    assert_eq!((line, fact.subject.as_str(), fact.date.to_string().as_str()), (3, "MATH", "2025-04-01"));
    assert_eq!(fact.not_tested.as_ref().map(|code| code.as_str()), Some("ABS"));
    assert_eq!((fact.scale_score_thousandths, fact.level, fact.proficient), (None, None, None));
}

#[test]
fn nothing_that_names_anybody_is_repeated() {
    let Some(folder) = exports() else { return };
    let (_, reading) = read_all(&folder);
    let mut table = Vec::new();
    write_defects(&reading.defects, &mut table).expect("a Vec takes every byte");
    let printed = format!("{}{reading:?}", String::from_utf8(table).expect("UTF-8"));
    for text in ["FirstName_0", "StudentLast", "TEACHER", "SURNAME", "123 Main St", "605000", "AUTO_1234567"]
    {
        assert!(!printed.contains(text), "{text}");
    }
    let (_, again) = read_all(&folder);
    assert_eq!(again, reading, "the same files give the same reading");
}
