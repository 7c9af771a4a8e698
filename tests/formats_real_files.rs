//! Rosters that nobody on this project wrote: what loads, what does not, and that no value is repeated.

// A test that is skipped says so.
#![allow(clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use throughline::formats::{CODES, Reading, Row, Severity, read, write_defects};
use throughline::records::{Change, Enrollment, Fact, Kind, Races};

/// The folder of a data set beside the checkout; without it a test passes, except where CI says that it
/// must be there.
fn data(set: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(set);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the data set {set} is not there");
    eprintln!("skipped: the data set {set} is not there");
    None
}

fn read_all(folder: &Path) -> (Vec<Row>, Reading) {
    let mut rows = Vec::new();
    let reading = read(folder, None, &mut |row| rows.push(row)).expect("a roster");
    (rows, reading)
}

/// A file read in the plainest way: one map of column to text a row.
fn plain(folder: &Path, file: &str) -> Vec<BTreeMap<String, String>> {
    let options = csv::ReaderBuilder::new().flexible(true).from_path(folder.join(file));
    let Ok(mut table) = options else { return Vec::new() };
    let header = table.headers().expect("a header").clone();
    let row = |record: csv::Result<csv::StringRecord>| {
        let record = record.expect("UTF-8");
        header.iter().zip(&record).map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    };
    table.records().map(row).collect()
}

fn counts(reading: &Reading) -> Vec<(Kind, u64)> {
    reading.summary.upserts.iter().map(|(kind, n)| (*kind, *n)).collect()
}

/// `file row column code` of every defect, `!` before those that refuse, sorted.
fn defects(reading: &Reading) -> Vec<String> {
    let text = |defect: &throughline::formats::Defect| {
        let mark = if defect.severity == Severity::Refused { "!" } else { "" };
        let row = defect.row.map_or("-".to_owned(), |row| row.to_string());
        let column = defect.column.as_deref().unwrap_or("-");
        format!("{} {row} {column} {mark}{}", defect.file, defect.code)
    };
    reading.defects.iter().map(text).collect()
}

/// No text of a defect has a value of these columns in it that is at least four characters long.
fn assert_no_value_is_repeated(folder: &Path, reading: &Reading) {
    const TELLING: [&str; 12] = [
        "sourcedId",
        "username",
        "userIds",
        "givenName",
        "familyName",
        "middleName",
        "identifier",
        "email",
        "sms",
        "phone",
        "password",
        "birthDate",
    ];
    let mut values = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let file = entry.expect("an entry of the folder").file_name();
        for row in plain(folder, file.to_str().expect("a plain name")) {
            let telling = row
                .into_iter()
                .filter(|(column, _)| TELLING.contains(&column.as_str()) || column.ends_with("SourcedId"));
            values.extend(telling.map(|(_, value)| value).filter(|value| value.chars().count() >= 4));
        }
    }
    assert!(values.len() >= 4, "there is something to look for");
    let mut table = Vec::new();
    write_defects(&reading.defects, &mut table).expect("a Vec takes every byte");
    let table = String::from_utf8(table).expect("UTF-8");
    let printed = format!("{table}{:?}", reading.summary);
    for value in values {
        assert!(!printed.contains(&value), "a value of the file is repeated");
    }
}

#[test]
fn a_whole_generated_roster_loads() {
    let Some(folder) = data("oneroster_generated_2024") else { return };
    let (rows, reading) = read_all(&folder);
    assert_eq!((reading.defects.len(), reading.summary.refused.len()), (0, 0));

    let users = plain(&folder, "users.csv");
    let students: BTreeMap<&str, _> = users
        .iter()
        .filter(|user| user["role"] == "student")
        .map(|user| (user["sourcedId"].as_str(), user))
        .collect();
    let orgs = plain(&folder, "orgs.csv");
    let schools: BTreeMap<&str, _> = orgs
        .iter()
        .filter(|org| org["type"] == "school")
        .map(|org| (org["sourcedId"].as_str(), org))
        .collect();
    let enrollments = plain(&folder, "enrollments.csv");
    let mut spells: BTreeMap<String, (&str, &str, &str)> = BTreeMap::new();
    for row in enrollments.iter().filter(|row| row["role"] == "student") {
        let student = row["userSourcedId"].as_str();
        let key = format!("{student}|{}|2025", row["schoolSourcedId"]);
        let (begin, end) = (row["beginDate"].as_str(), row["endDate"].as_str());
        let spell = spells.entry(key).or_insert((begin, end, students[student]["grades"].as_str()));
        *spell = (spell.0.min(begin), spell.1.max(end), spell.2);
    }
    let expected = [
        (Kind::Person, students.len() as u64),
        (Kind::School, schools.len() as u64),
        (Kind::Enrollment, spells.len() as u64),
    ];
    assert_eq!(counts(&reading), expected);
    assert_eq!((students.len(), schools.len()), (2_000, 8));
    let n_rows =
        |file: &str| reading.summary.files.iter().find(|count| count.file == file).map(|count| count.rows);
    assert_eq!(n_rows("enrollments.csv"), Some(enrollments.len() as u64));
    assert_eq!(n_rows("users.csv"), Some(users.len() as u64));

    let demographics = plain(&folder, "demographics.csv");
    let demographics: BTreeMap<&str, _> =
        demographics.iter().map(|row| (row["sourcedId"].as_str(), row)).collect();
    for row in &rows {
        let key = row.submission.key.expose();
        match &row.submission.change {
            Change::Upsert(Fact::Person(person)) => {
                let (user, demographics) = (students[key], demographics[key]);
                let identifiers = row.submission.identifiers.as_ref().expect("a person has identifiers");
                assert_eq!(identifiers.first_name.expose(), user["givenName"]);
                assert_eq!(identifiers.last_name.expose(), user["familyName"]);
                let birth_date =
                    identifiers.birth_date.and_then(|date| date.date()).map(|date| date.to_string());
                assert_eq!(birth_date.as_ref(), Some(&demographics["birthDate"]));
                let is_female = person.sex == Some(throughline::records::Sex::Female);
                assert_eq!(is_female, demographics["sex"] == "female");
                assert_eq!(
                    person.hispanic.map(|is| is.to_string()).as_ref(),
                    Some(&demographics["hispanicOrLatinoEthnicity"])
                );
                let mut races = Races::default();
                for (column, name) in [
                    ("americanIndianOrAlaskaNative", "american_indian"),
                    ("asian", "asian"),
                    ("blackOrAfricanAmerican", "black"),
                    ("nativeHawaiianOrOtherPacificIslander", "pacific_islander"),
                    ("white", "white"),
                    ("demographicRaceTwoOrMoreRaces", "two_or_more"),
                ] {
                    assert!(demographics[column] != "true" || races.add(name));
                }
                assert_eq!(person.races, races);
            }
            Change::Upsert(Fact::School(school)) => {
                let org = schools[key];
                assert_eq!(school.name.as_str(), org["name"]);
                assert_eq!(
                    school.district.as_ref().map(|code| code.as_str()),
                    Some(org["parentSourcedId"].as_str())
                );
            }
            Change::Upsert(Fact::Enrollment(Enrollment {
                school, school_year, entry, exit, grade, ..
            })) => {
                let (begin, end, grades) = spells[key];
                assert_eq!(
                    (entry.to_string(), exit.map(|exit| exit.to_string())),
                    (begin.into(), Some(end.into()))
                );
                assert_eq!(grade.map(|grade| grade.code()), Some(grades));
                let student = row.submission.student.as_ref().expect("an enrollment has a student");
                assert_eq!(key, format!("{}|{school}|{}", student.expose(), school_year.ending()));
            }
            other => panic!("a roster has no {:?}", other.kind()),
        }
    }
    assert_no_value_is_repeated(&folder, &reading);
}

/// What loads of a set, and every defect of it.
fn check(set: &str, loaded: &[(Kind, u64)], expected: &[&str]) {
    let Some(folder) = data(set) else { return };
    let (_, reading) = read_all(&folder);
    assert_eq!(counts(&reading), loaded, "{set}");
    assert_eq!(defects(&reading), expected, "{set}");
    assert!(reading.defects.iter().all(|defect| CODES.iter().any(|(code, _)| *code == defect.code)));
    assert_no_value_is_repeated(&folder, &reading);
    let (_, again) = read_all(&folder);
    assert_eq!(again, reading, "the same files give the same reading");
}

#[test]
fn a_fixture_full_of_defects_names_them_all() {
    let expected = [
        "orgs.csv 2 parentSourcedId unknown_reference",
        "academicSessions.csv 2 status to_be_deleted",
        "academicSessions.csv 4 status outside_vocabulary",
        "academicSessions.csv 3 parentSourcedId unknown_reference",
        "academicSessions.csv 6 parentSourcedId unknown_reference",
        "classes.csv 2 classType case_differs",
        "classes.csv 2 courseSourcedId unknown_reference",
        "classes.csv 3 status to_be_deleted",
        "classes.csv 3 courseSourcedId unknown_reference",
        "users.csv 3 enabledUser case_differs",
        "users.csv 6 enabledUser case_differs",
        "users.csv 7 enabledUser case_differs",
        "users.csv - password secret_sent",
        "demographics.csv - - missing_file",
        "enrollments.csv 3 schoolSourcedId !not_a_school",
        "enrollments.csv 3 userSourcedId !contradiction",
        "enrollments.csv 3 endDate !contradiction",
        "enrollments.csv 4 schoolSourcedId !not_a_school",
        "enrollments.csv 4 endDate !contradiction",
        "enrollments.csv 6 schoolSourcedId !not_a_school",
        "enrollments.csv 6 userSourcedId !contradiction",
        "enrollments.csv 6 endDate !contradiction",
        "enrollments.csv 7 schoolSourcedId !not_a_school",
        "enrollments.csv 7 endDate !contradiction",
        "users.csv - - no_enrollment",
    ];
    check("oneroster_catalyst_Test_full_data_set", &[(Kind::Person, 3)], &expected);
}

#[test]
fn a_minimal_fixture_loads_its_students() {
    let expected = [
        "classes.csv 2 classType case_differs",
        "classes.csv 2 courseSourcedId unknown_reference",
        "classes.csv 3 courseSourcedId unknown_reference",
        "users.csv 3 enabledUser case_differs",
        "users.csv 6 enabledUser case_differs",
        "users.csv 7 enabledUser case_differs",
        "users.csv - password secret_sent",
        "demographics.csv - - missing_file",
        "enrollments.csv 3 schoolSourcedId !not_a_school",
        "enrollments.csv 3 userSourcedId !contradiction",
        "enrollments.csv 4 schoolSourcedId !not_a_school",
        "enrollments.csv 6 schoolSourcedId !not_a_school",
        "enrollments.csv 6 userSourcedId !contradiction",
        "enrollments.csv 7 schoolSourcedId !not_a_school",
        "users.csv - - no_enrollment",
    ];
    check("oneroster_catalyst_Test_minimal_data_set", &[(Kind::Person, 3)], &expected);
}

#[test]
fn a_delta_of_version_1_2_loads() {
    let expected = [
        // Its session of 2023-24 calls itself 2023.
        "academicSessions.csv 2 schoolYear contradiction",
        "users.csv 2 enabledUser case_differs",
        "users.csv - password secret_sent",
        "enrollments.csv - beginDate assumed",
        "enrollments.csv - - delta_enrollment",
    ];
    let loaded = [(Kind::Person, 1), (Kind::School, 1), (Kind::Enrollment, 1)];
    check("oneroster_catalyst_oneroster_test_data", &loaded, &expected);
}

#[test]
fn the_look_alike_loads_what_is_valid() {
    let expected = [
        "orgs.csv 2 type outside_vocabulary",
        "orgs.csv 5 type outside_vocabulary",
        "academicSessions.csv 2 schoolYear contradiction",
        "academicSessions.csv 3 schoolYear contradiction",
        "courses.csv - code unknown_column",
        "courses.csv - subject unknown_column",
        "courses.csv - grade unknown_column",
        "roles.csv 5 role outside_vocabulary",
        "roles.csv 8 grade outside_vocabulary",
        "users.csv - activeDirectoryMatchId unknown_column",
        "users.csv 3 sourcedId missing",
        "users.csv 6 sourcedId missing",
        "users.csv - password secret_sent",
        "enrollments.csv 2 classSourcedId !not_a_school",
        "enrollments.csv 3 role outside_vocabulary",
        "enrollments.csv - beginDate assumed",
        "users.csv - - no_enrollment",
    ];
    let loaded = [(Kind::Person, 4), (Kind::School, 1), (Kind::Enrollment, 3)];
    check("oneroster_like_microsoft_sds_v21", &loaded, &expected);
}
