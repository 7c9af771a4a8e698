//! The project's own templates.

use super::Read;
use crate::records::{Fact, Races, Sex};
use std::collections::BTreeSet;

#[test]
fn a_whole_student() {
    let read = Read::of(&[(
        "students.csv",
        "student_id,school_year,first_name,middle_name,last_name,suffix,birth_date,sex,street_address,zip,\
         shared_id,races,hispanic,economically_disadvantaged,lunch,disability_idea,section_504,english_learner,\
         homeless,foster,migrant,military,zone\n\
         S1,2024-25,Ada,M,Lovelace,Jr,12/10/2010,female,1 Main St,02903,99,asian; White,no,YES,Free,1,0,\
         current,false,true,n,y,tract-7\n",
    )]);
    assert_eq!(read.defects(), Vec::<String>::new());
    assert_eq!(read.keys(), [(2, "S1|2025")]);
    let identifiers = read.first().identifiers.as_ref().expect("a person has identifiers");
    let texts =
        [&identifiers.first_name, &identifiers.last_name, &identifiers.suffix, &identifiers.shared_id];
    assert_eq!(texts.map(|text| text.expose()), ["Ada", "Lovelace", "Jr", "99"]);
    assert_eq!(identifiers.birth_date.map(|date| date.parts()), Some((2010, 12, 10)));
    let Fact::Person(person) = read.facts()[0] else { panic!("not a person") };
    let names: BTreeSet<_> =
        (0..6).filter(|bit| person.races.bits() >> bit & 1 == 1).map(|bit| Races::NAMES[bit]).collect();
    assert_eq!(names, ["asian", "white"].into());
    assert_eq!((person.sex, person.hispanic, person.foster), (Some(Sex::Female), Some(false), Some(true)));
    assert_eq!(person.zone.as_ref().map(|zone| zone.as_str()), Some("tract-7"));
}

/// Reads one file, and compares `!row column code` of its defects.
fn check(file: &str, text: &str, expected: &[&str]) {
    assert_eq!(Read::of(&[(file, text)]).defects(), expected, "{text}");
}

#[test]
fn every_problem_of_a_row_is_told_at_once() {
    check(
        "assessments.csv",
        "student_id,test,subject,grade,date,scale_score,level,proficient,not_tested\n\
         ,STATE,E L A,3rd,2025-02-30,12.3456,0,perhaps,\n",
        &[
            "!2 student_id missing",
            "!2 subject not_a_code",
            "!2 grade outside_vocabulary",
            "!2 date not_a_date",
            "!2 scale_score not_a_number",
            "!2 level out_of_range",
            "!2 proficient not_a_boolean",
        ],
    );
}

#[test]
fn columns_are_held_against_each_other() {
    let summary = "student_id,school,from,to,days_enrolled,days_present,days_absent\nS1,A,";
    let enrollment = "student_id,school,school_year,entry,exit,exit_type,ninth_grade_year\nS1,A,2025,";
    let event = "student_id,school,date,status,absent_fraction\nS1,A,2024-09-03,";
    let score = "student_id,test,subject,date,scale_score,not_tested\nS1,T,ELA,2025-04-01,";
    for (file, header, row, expected) in [
        ("attendance_summary.csv", summary, "2024-09-03,2025-06-12,170,160.5,9.5", ""),
        (
            "attendance_summary.csv",
            summary,
            "2024-09-03,2025-06-12,170,160.5,9.51",
            "!2 days_present contradiction",
        ),
        ("attendance_summary.csv", summary, "2024-09-03,2024-09-05,4,1,1", "!2 days_enrolled contradiction"),
        ("attendance_summary.csv", summary, "2024-09-03,2024-09-02,1,1,0", "!2 to contradiction"),
        ("attendance_summary.csv", summary, "2024-09-03,2025-07-01,1,1,0", "!2 to contradiction"),
        ("attendance_summary.csv", summary, "2024-09-03,2025-06-12,-1,1,0", "!2 days_enrolled out_of_range"),
        ("enrollments.csv", enrollment, "2024-08-26,,,", ""),
        ("enrollments.csv", enrollment, "2024-08-26,2024-08-25,,", "!2 exit contradiction"),
        ("enrollments.csv", enrollment, "2025-08-26,,,", "!2 entry contradiction"),
        ("enrollments.csv", enrollment, "2023-08-26,2024-06-12,,", "!2 exit contradiction"),
        ("enrollments.csv", enrollment, "2024-08-26,2025-07-31,graduated,2022", ""),
        ("enrollments.csv", enrollment, "2024-08-26,2025-09-01,,", "!2 exit contradiction"),
        ("enrollments.csv", enrollment, "2024-08-26,,dropout,", "!2 exit missing"),
        ("enrollments.csv", enrollment, "2024-08-26,,,2026", "!2 ninth_grade_year out_of_range"),
        ("attendance_events.csv", event, "partial,0.5", ""),
        ("attendance_events.csv", event, "unexcused,1", ""),
        ("attendance_events.csv", event, "partial,", "!2 absent_fraction missing"),
        ("attendance_events.csv", event, "tardy,0.5", "!2 absent_fraction contradiction"),
        ("attendance_events.csv", event, "partial,2", "!2 absent_fraction out_of_range"),
        ("assessments.csv", score, "-12.125,", ""),
        ("assessments.csv", score, "1,ABSENT", "!2 not_tested contradiction"),
        ("assessments.csv", score, ",", "!2 scale_score missing"),
    ] {
        let expected: Vec<_> = Some(expected).filter(|text| !text.is_empty()).into_iter().collect();
        check(file, &format!("{header}{row}\n"), &expected);
    }
}

#[test]
fn numbers_and_fractions_arrive_whole() {
    let read = Read::of(&[
        ("assessments.csv", "student_id,test,subject,date,scale_score\nS1,T,ELA,2025-04-01,-12.125\n"),
        (
            "attendance_events.csv",
            "student_id,school,date,status,absent_fraction\nS1,A,2024-09-03,Partial,.25\nS1,A,2024-09-04,excused,1.0\n",
        ),
        ("dosage.csv", "student_id,program,date,unit,amount\nS1,P1,2024-10-01,hour,1.5\n"),
    ]);
    let [
        Fact::AttendanceEvent(part),
        Fact::AttendanceEvent(whole),
        Fact::Assessment(score),
        Fact::Dosage(dosage),
    ] = read.facts()[..]
    else {
        panic!("not two days, a score and a dosage");
    };
    assert_eq!((part.absent_hundredths, whole.absent_hundredths), (Some(25), None));
    assert_eq!((score.scale_score_thousandths, dosage.amount_hundredths), (Some(-12_125), 150));
}

#[test]
fn a_key_twice_is_refused_unless_the_rows_are_equal() {
    let text = "student_id,program,date,unit,amount\n\
                S1,P1,2024-10-01,hour,1\nS1,P1,2024-10-01,hour,1\nS1,P1,2024-10-01,hour,2\nS1,P1,10/2/2024,hour,1\n";
    let read = Read::of(&[("dosage.csv", text)]);
    assert_eq!(read.keys(), [(2, "S1|P1|2024-10-01|hour"), (5, "S1|P1|2024-10-02|hour")]);
    assert_eq!(read.defects(), ["!4 student_id duplicate_key"]);
    assert_eq!(read.reading.summary.repeats, 1);
    let text = "student_id,program,date,unit,amount,record_key\n\
                S1,P1,2024-10-01,hour,1,k1\nS1,P1,2024-10-01,hour,2,k2\nS2,P1,2024-10-01,hour,2,k2\n";
    let read = Read::of(&[("dosage.csv", text)]);
    assert_eq!(read.keys(), [(2, "k1"), (3, "k2")]);
    assert_eq!(read.defects(), ["!4 record_key duplicate_key"]);
}

#[test]
fn match_fields_stand_for_a_number() {
    let read = Read::of(&[
        (
            "services.csv",
            "student_id,first_name,last_name,middle_name,birth_date,program,begin,end\n\
             ,José,O'Brien,,2010-05-01,P1,2024-09-03,\n,JOSE,OBRIEN,,5/1/2010,P2,2024-09-03,\n\
             S9,,,,,P1,2024-09-03,\n,,,,,P1,2024-09-03,\n,Ann,,,,P1,2024-09-03,\n",
        ),
        (
            "postsecondary.csv",
            "first_name,last_name,birth_date,institution,level,begin\n\
             jose,o brien,2010-05-01,C-1,four-year,2028-09-01\n",
        ),
    ]);
    let expected = ["!5 student_id missing", "!6 last_name missing", "!6 birth_date missing"];
    assert_eq!(read.defects(), expected);
    let persons: Vec<_> = read.rows.iter().filter(|row| row.submission.identifiers.is_some()).collect();
    let [person] = persons[..] else { panic!("not one person") };
    let id = person.submission.key.expose();
    assert!(id.starts_with("match:") && id.len() == "match:".len() + 64);
    let of_the_person = |row: &&super::Row| row.submission.student.as_ref().is_some_and(|s| s.expose() == id);
    assert_eq!(read.rows.iter().filter(of_the_person).count(), 4);
    assert_eq!(read.rows.len(), 5);
}

#[test]
fn without_match_columns_a_number_is_needed() {
    check("services.csv", "student_id,program,begin\n,P1,2024-09-03\n", &["!2 student_id missing"]);
    check("services.csv", "first_name,program,begin\nAnn,P1,2024-09-03\n", &["! student_id missing_column"]);
}

#[test]
fn headers_are_forgiving_and_rows_are_not() {
    let text =
        " Program ,NAME,color,name\nP1,Tutoring,red,x\nP2,Choir,red\nP3,Chess,red,x,,\n,,,\nP4,Go,red,x,y\n";
    let read = Read::of(&[("programs.csv", text)]);
    assert_eq!(read.keys(), [(2, "P1"), (4, "P3")]);
    let expected = [
        " color unknown_column",
        " name duplicate_column",
        "!3  wrong_columns",
        "4  wrong_columns",
        "!6  wrong_columns",
    ];
    assert_eq!(read.defects(), expected);
}

#[test]
fn a_file_without_its_header_repeats_none_of_it() {
    let read = Read::of(&[("students.csv", "S1,Ada,Lovelace\nS2,Mary,Jones\n")]);
    assert_eq!(read.defects(), ["! student_id missing_column"]);
    assert!(read.rows.is_empty());
    let read = Read::of(&[("students.csv", "")]);
    assert_eq!(read.defects(), ["! student_id missing_column"]);
}

#[test]
fn a_byte_that_is_none_is_told_and_spoils_no_other_name() {
    let text = b"student_id,first_name\nS1,Ren\xC3\xA9e\nS2,Jos\xC3\n";
    let read = Read::of_bytes(&[("students.csv", text)]);
    let name = read.first().identifiers.as_ref().map(|of| of.first_name.expose());
    assert_eq!(name, Some("Renée"));
    let of_encoding: Vec<_> =
        read.defects().into_iter().filter(|defect| defect.ends_with("encoding")).collect();
    assert_eq!(of_encoding, ["  encoding", "3 first_name encoding"]);
}

#[test]
fn rows_that_a_header_takes_in_are_not_repeated() {
    for rows in ["S1,Ada,Lovelace\nS2,Mary,Jones\n", "S1,\"Ada\",\"Lovelace\"\nS2,Mary,Jones\n"] {
        let read = Read::of(&[("students.csv", &format!("student_id,first_name,\"last_name\n{rows}"))]);
        assert_eq!(read.defects(), ["!  open_quote", "! student_id missing_column"]);
        assert!(!format!("{:?}", read.reading).contains("Lovelace"));
    }
}

#[test]
fn long_keys_and_far_dates_are_refused() {
    let id = "x".repeat(250);
    let text = format!("student_id,from\n{id},2024-09-03\nS1,0202-09-03\n{},2024-09-03\n", &id[..195]);
    let expected = ["!2 student_id out_of_range", "!3 from out_of_range", "!4 student_id out_of_range"];
    check("optout.csv", &text, &expected);
}
