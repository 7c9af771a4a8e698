//! Mappings: each construct, their mistakes, and the codes that have no translation.

mod mistakes;
mod translations;

use super::Read;
use crate::formats::{Error, Mappings, Reading, Row, read_mapped};
use crate::records::{Change, Fact, Kind};
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;

/// Reads files with mappings of the source's own.
fn read_with(mappings: &[&str], files: &[(&str, &str)]) -> Result<Read, String> {
    let folder = TempDir::new().expect("a temporary folder");
    let place = folder.path().join("files");
    fs::create_dir(&place).expect("a folder in it");
    for (name, text) in files {
        fs::write(place.join(name), text).expect("a file in a temporary folder");
    }
    let mut paths = Vec::new();
    for (at, text) in mappings.iter().enumerate() {
        paths.push(folder.path().join(format!("m{at}.toml")));
        fs::write(&paths[at], text).expect("a file in a temporary folder");
    }
    // The folder has another name in each run.
    let plain = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    let mappings = Mappings::with_files(&paths).map_err(|mistakes| plain(mistakes.to_string()))?;
    let mut rows: Vec<Row> = Vec::new();
    let reading = read_mapped(&place, None, &mappings, &mut |row| rows.push(row));
    let reading: Reading = reading.map_err(|error| plain(error.to_string()))?;
    Ok(Read { rows, reading })
}

/// A mapping of attendance sheets, with more columns to it.
fn attendance(columns: &str) -> String {
    format!(
        "name = 'a'\nfiles = ['a*.csv']\ntemplate = 'attendance_events.csv'\n[columns]\nstudent_id = 'Pupil'\n\
         school = {{ constant = 'S1' }}\n{columns}\n"
    )
}

/// The key, status and fraction of every day of a sheet.
fn days(read: &Read) -> Vec<String> {
    let day = |row: &Row| match &row.submission.change {
        Change::Upsert(Fact::AttendanceEvent(event)) => {
            format!("{} {}", row.submission.key.expose(), event.status.code())
        }
        _ => panic!("not a day"),
    };
    read.rows.iter().map(day).collect()
}

#[test]
fn columns_constants_codes_and_dates() {
    let mapping = attendance(
        "date = { column = 'Day', format = 'D.M.YYYY' }\nstatus = { column = 'What', codes = 'what' }\n\
         [codes.what]\n'P' = 'present'\n'ux' = 'unexcused'",
    );
    let text = "Pupil;Day;What;Remarks\nA1;3.9.2024;P;her dog died\nA2;4.9.2024;UX;\nA3;9/4/2024;p;\n;4.9.2024;P;\n\
                A4;31.9.2024;P;\nA5;4.9.2024;;\n";
    let read = read_with(&[&mapping], &[("Attendance.csv", text)]).expect("a mapped file");
    assert_eq!(days(&read), ["A1|S1|2024-09-03 present", "A2|S1|2024-09-04 unexcused"]);
    let expected =
        ["  separator", "!4 Day not_a_date", "!5 Pupil missing", "!6 Day not_a_date", "!7 What missing"];
    assert_eq!(read.defects(), expected);
    let file = &read.reading.summary.files[0];
    assert_eq!((file.file.as_ref(), file.mapping.as_deref()), ("Attendance.csv", Some("a")));
    assert_eq!((file.rows, file.records, file.refused_rows, file.skipped_rows), (6, 2, 4, 0));
}

/// Terms and a degree of one student, and somebody of whom no college is known.
#[test]
fn a_clearinghouse_report_has_terms_and_credentials() {
    let text = "Your Unique Identifier,First Name,Requester Return Field,Record Found Y/N,College Code/Branch,\
                2-year / 4-year,Enrollment Begin,Enrollment End,Enrollment Status,Graduated?,Graduation Date\n\
                x_1,Ada,S1,Y,001002-00,2,20220822,20221216,F,N,\n\
                x_1,Ada,S1,Y,001003-00,4,20230110,20230512,H,N,\n\
                x_1,Ada,S1,Y,001003-00,4,,,,Y,20250515\n\
                x_2,Bo,S2,N,,,,,,,\n\
                x_3,Cy,S3,Y,001003-00,4,20230110,20230512,Z,N,\n";
    let read = read_with(&[], &[("fall_clearinghouse_2025.csv", text)]).expect("a mapped file");
    let spells: Vec<String> = (read.rows.iter())
        .map(|row| match &row.submission.change {
            Change::Upsert(Fact::Postsecondary(spell)) => format!(
                "{} {} {} {:?} {}",
                row.submission.key.expose(),
                spell.level.code(),
                spell.begin,
                spell.status.map(|status| status.code()),
                spell.graduated
            ),
            _ => panic!("not a spell at a college"),
        })
        .collect();
    assert_eq!(
        spells,
        [
            "S1|001002-00|2022-08-22 two_year 2022-08-22 Some(\"full_time\") false",
            "S1|001003-00|2023-01-10 four_year 2023-01-10 Some(\"half_time\") false",
            "S1|001003-00|20250515|credential four_year 2025-05-15 None true",
        ]
    );
    assert_eq!(read.reading.queue.len(), 1, "the standing that nobody knows");
}

#[test]
fn what_is_joined_the_first_of_several_and_a_school_year() {
    let mapping = "name = 'e'\nfiles = ['e.csv']\ntemplate = 'enrollments.csv'\nblank = ['n/a']\n[columns]\n\
        student_id = { join = ['District', 'Number'], with = '-' }\n\
        school = { first = ['Home', 'Site', { constant = 'NONE' }] }\n\
        school_year = { column = 'Term', take = 'school_year' }\n\
        entry = { first = [{ column = 'In', format = 'MMDDYYYY' }, { column = 'Term', codes = { 'Fall 2024-2025' = '2024-08-26' } }] }\n\
        grade = { column = 'Grade', codes = { 'Seven' = '07', 'unknown' = '' } }\n";
    let text = "District,Number,Home,Site,Term,In,Grade\n7,001,H,S,Fall 2024-2025,09032024,seven\n\
                7,002,n/a,S,Fall 2024-2025,,Unknown\n,003,,N/A,Fall 2024-2025,9042024,\n7,004,H,,Spring,09052024,\n\
                7,005,H,,Fall 2024-2025,13052024,\n";
    let read = read_with(&[mapping], &[("E.csv", text)]).expect("a mapped file");
    let expected =
        [(2, "7-001|H|2025|2024-09-03"), (3, "7-002|S|2025|2024-08-26"), (4, "003|NONE|2025|2024-09-04")];
    assert_eq!(read.keys(), expected);
    assert_eq!(read.defects(), ["!5 Term not_a_date", "!6 In, Term not_a_date"]);
    let facts = read.facts();
    let grades = facts.iter().map(|fact| match fact {
        Fact::Enrollment(enrollment) => enrollment.grade.map(|grade| grade.code()),
        _ => panic!("not an enrollment"),
    });
    assert_eq!(grades.collect::<Vec<_>>(), [Some("07"), None, None]);
}

const SCORES: &str = "name = 's'\nfiles = ['scores*.csv']\ntemplate = 'assessments.csv'\nunless = { State = 'void' }\n\
    [columns]\nstudent_id = 'Id'\ntest = { constant = 'T' }\ndate = 'Day'\n\
    [[record]]\nfilled = ['Math']\ncolumns.subject = { constant = 'MATH' }\ncolumns.scale_score = 'Math'\n\
    [[record]]\nfilled = ['Ela']\ncolumns.subject = { constant = 'ELA' }\ncolumns.scale_score = 'Ela'\n\
    columns.level = { column = 'Level', codes = { 'Low' = '1', 'High' = '2' } }\n\
    [[record]]\nwhen = { State = ['absent', 'exempt'] }\ncolumns.subject = { constant = 'ELA' }\n\
    columns.not_tested = { column = 'State', codes = { 'absent' = 'ABSENT' } }\n";

#[test]
fn one_row_makes_several_records_each_with_its_condition() {
    let text = "Id,Day,Math,Ela,Level,State\n1,2025-04-01,10,20,Low,done\n2,2025-04-01,,21,HIGH,done\n\
                3,2025-04-01,,,,Absent\n4,2025-04-01,11,,,void\n5,2025-04-01,x,22,Low,done\n\
                6,2025-04-01,12,23,Odd,done\n7,2025-04-01,,,,exempt\n1,2025-04-01,10,20,Low,done\n\
                2,2025-04-01,,22,High,done\n";
    let read = read_with(&[SCORES], &[("Scores 1.csv", text)]).expect("a mapped file");
    let expected = [
        (2, "1|T|MATH|2025-04-01"),
        (2, "1|T|ELA|2025-04-01"),
        (3, "2|T|ELA|2025-04-01"),
        (4, "3|T|ELA|2025-04-01"),
        (6, "5|T|ELA|2025-04-01"),
        (7, "6|T|MATH|2025-04-01"),
    ];
    assert_eq!(read.keys(), expected);
    let expected =
        ["!6 Math not_a_number", "!7 Level unmapped_code", "!8 State unmapped_code", "!10 Id duplicate_key"];
    assert_eq!(read.defects(), expected);
    let summary = &read.reading.summary;
    let file = &summary.files[0];
    assert_eq!((file.rows, file.records, file.refused_rows, file.skipped_rows), (9, 6, 4, 1));
    assert_eq!((summary.repeats, summary.refused["unmapped_code"]), (2, 2));
    let Fact::Assessment(absent) = read.facts()[3] else { panic!("not an assessment") };
    assert_eq!(absent.not_tested.as_ref().map(|code| code.as_str()), Some("ABSENT"));
    assert_eq!((absent.scale_score_thousandths, absent.level), (None, None));
    // Two codes, of one student each: they are counted and not shown.
    let queue =
        read.reading.queue.iter().map(|entry| {
            (entry.place.column.as_str(), entry.place.becomes, entry.code.is_none(), entry.rows)
        });
    assert_eq!(queue.collect::<Vec<_>>(), [("Level", "level", true, 1), ("State", "not_tested", true, 1)]);
}

#[test]
fn a_trouble_of_several_records_is_told_once() {
    let text = "Id,Day,Math,Ela,Level,State\n,2025-04-01,10,20,Low,done\n2,someday,10,20,Low,done\n";
    let read = read_with(&[SCORES], &[("scores.csv", text)]).expect("a mapped file");
    assert_eq!(read.defects(), ["!2 Id missing", "!3 Day not_a_date"]);
    let reasons: Vec<_> = read.reading.defects.iter().map(|defect| defect.reason.as_ref()).collect();
    let expected =
        ["is blank (for student_id)", "is not a calendar date (YYYY-MM-DD, or M/D/YYYY) (for date)"];
    assert_eq!(reasons, expected);
}

#[test]
fn a_code_that_many_have_is_shown_and_defects_never_have_it() {
    let row = |student: u32, level: &str| format!("{student},2025-04-01,,20,{level},done\n");
    let rows: String = (1..5).map(|student| row(student, "Canary")).chain([row(9, "Seldom")]).collect();
    let text = format!("Id,Day,Math,Ela,Level,State\n{rows}");
    let read = read_with(&[SCORES], &[("scores.csv", &text)]).expect("a mapped file");
    let [shown, hidden] = &read.reading.queue[..] else { panic!("not two entries") };
    assert_eq!((shown.code.as_ref().map(|code| code.expose()), shown.rows), (Some("Canary"), 4));
    assert_eq!((hidden.code.is_none(), hidden.n_codes, hidden.rows), (true, 1, 1));
    assert_eq!(read.reading.summary.refused["unmapped_code"], 5);
    let printed = format!("{:?}", read.reading);
    assert!(!printed.contains("Canary") && !printed.contains("Seldom"));
}

#[test]
fn a_column_of_a_term_makes_a_record_for_each_term() {
    let mapping = "name = 'g'\nfiles = ['g.csv']\ntemplate = 'assessments.csv'\neach = '* Score'\n[columns]\n\
        student_id = 'Id'\ntest = { constant = 'G' }\nsubject = { constant = 'ALL' }\ndate = '* Day'\n\
        scale_score = '* Score'\n[[record]]\nfilled = ['* Score']\n[[record]]\noptional = true\neach = '* Extra'\n\
        columns.scale_score = '* Extra'\n";
    let text = "Id,Fall 2024/25 Score,Fall 2024/25 Day,spring 2024/25 score,Spring 2024/25 Day\n\
                1,10,2024-10-01,12,2025-05-01\n2,,,13,2025-05-02\n";
    let read = read_with(&[mapping], &[("g.csv", text)]).expect("a mapped file");
    let expected = [(2, "1|G|ALL|2024-10-01"), (2, "1|G|ALL|2025-05-01"), (3, "2|G|ALL|2025-05-02")];
    assert_eq!(read.keys(), expected);
    assert_eq!(read.defects(), Vec::<String>::new());
    let wrong = read_with(&[mapping], &[("g.csv", "Id,Fall Score,Fall Tag\n1,2,3\n")]);
    let expected =
        "1 mistake in mappings, so nothing was read\n  m0.toml, line 9: g.csv has no column Fall Day";
    assert_eq!(wrong.err().as_deref(), Some(expected));
}

#[test]
fn people_are_known_by_match_fields_where_these_are_mapped() {
    let mapping = "name = 'c'\nfiles = ['club.csv']\ntemplate = 'services.csv'\n[columns]\nfirst_name = 'Given'\n\
        last_name = 'Family'\nbirth_date = { column = 'Born', format = 'D/M/YY' }\nprogram = { constant = 'CLUB' }\n\
        begin = 'Joined'\n";
    let text = "Given,Family,Born,Joined,E-Mail,Phone\nAda,Lovelace,10/12/10,2024-09-03,canary@example.org,555\n\
                ADA,Lovelace,10/12/10,2024-10-03,canary@example.org,555\n,Jones,10/12/10,2024-09-03,,\n";
    let read = read_with(&[mapping], &[("club.csv", text)]).expect("a mapped file");
    let persons = read.rows.iter().filter(|row| row.submission.identifiers.is_some()).count();
    assert_eq!((persons, read.rows.len()), (1, 3));
    assert_eq!(read.defects(), ["!4 Given missing"]);
}

#[test]
fn a_row_without_a_part_of_its_key_is_not_taken_for_another() {
    let mapping = "name = 'a'\nfiles = ['a.csv']\ntemplate = 'students.csv'\n[columns]\nstudent_id = 'Pupil'\n\
        first_name = 'First'\nschool_year = { column = 'Year', take = 'school_year' }\n";
    let read =
        read_with(&[mapping], &[("a.csv", "Pupil,First,Year\nA1,Ada,someday\n")]).expect("a mapped file");
    let of = read.reading.extents.get(Kind::Person).expect("a file of that kind");
    // Without a year it would be the key of another record, and the one that is meant would be missing.
    assert_eq!((of.refused_keys.len(), of.refused_students.len(), of.n_unreadable), (0, 1, 0));
}

#[test]
fn a_mapping_of_ones_own_goes_before_every_known_name() {
    let mapping = "name = 'p'\nfiles = ['programs.csv']\ntemplate = 'programs.csv'\n[columns]\nprogram = 'Nr'\nname = 'Title'\n";
    let read = read_with(&[mapping], &[("programs.csv", "Nr,Title\nP1,Chess\n")]).expect("a mapped file");
    assert_eq!(read.keys(), [(2, "P1")]);
    let read = Read::of(&[("programs.csv", "program,name\nP1,Chess\n")]);
    assert_eq!((read.keys(), read.reading.summary.files[0].mapping.as_deref()), (vec![(2, "P1")], None));
}

#[test]
fn a_name_alone_does_not_choose_a_mapping_of_the_program() {
    let programs = ("programs.csv", "program,name\nP1,Chess\n");
    let read = Read::of(&[programs, ("ACT_club.csv", "Name,Part\nMary Jones,Hamlet\n")]);
    assert_eq!(read.defects(), ["  other_columns"]);
    let reason = &read.reading.defects[0].reason;
    assert!(reason.starts_with("has the name of mapping act but not its columns ID_ACT, "), "{reason}");
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("ACT_club.csv"), "Name,Part\n").expect("a file");
    let error = crate::formats::read(folder.path(), None, &mut |_| {}).expect_err("nothing is known here");
    assert!(matches!(error, Error::NotItsColumns(_)), "{error}");
}

#[test]
fn the_example_of_the_readme_is_a_mapping() {
    let readme = include_str!("../../../README.md");
    let example = readme.split("```").find(|block| block.starts_with("toml\n# attendance.toml"));
    let example = example.expect("the example").trim_start_matches("toml");
    let text = "District,Pupil No,Site,Home Site,Day,Mark,State\n1,7,n/a,S2,03.09.2024,P,\n1,8,,,03.09.2024,EX,\n\
                1,9,S1,,03.09.2024,P,void\n";
    let read = read_with(&[example], &[("attendance_fall.csv", text)]).expect("a mapped file");
    assert_eq!(days(&read), ["1-7|S2|2024-09-03 present", "1-8|NORTH|2024-09-03 excused"]);
    assert_eq!(read.reading.summary.files[0].skipped_rows, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_row_is_sent_refused_repeated_or_left_out(
        rows in prop::collection::vec(prop::collection::vec(super::cell(), 6), 0..12),
    ) {
        let rows: Vec<_> = rows.iter().map(|cells| cells.join(",")).collect();
        let text = format!("Id,Day,Math,Ela,Level,State\n{}", rows.join("\n"));
        let read = read_with(&[SCORES], &[("scores.csv", &text)]).expect("a mapped file");
        let file = &read.reading.summary.files[0];
        let accounted = file.records + file.refused_rows + file.skipped_rows + read.reading.summary.repeats;
        prop_assert!(file.rows <= accounted);
        prop_assert!(file.refused_rows + file.skipped_rows <= file.rows);
        let repeats_a_value = read.reading.defects.iter().any(|defect| defect.reason.contains("Canary"));
        prop_assert!(!repeats_a_value);
    }

    #[test]
    fn no_text_of_a_mapping_panics(text in "[a-z\\[\\]{}='\"*\\. \n0-9]{0,120}", at in 0..SCORES.len()) {
        let _ = read_with(&[&text], &[]);
        let _ = read_with(&[&format!("{}{text}{}", &SCORES[..at], &SCORES[at..])], &[]);
    }
}
