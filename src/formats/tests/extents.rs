//! How much files hold, the keys of what they hold wrongly, and the rows themselves for their source.

use super::rosters::roster;
use super::{Read, TempDir};
use crate::formats::{Extent, OfKind, RefusedRows, Written, write_refused};
use crate::records::Kind;
use std::fs;

impl Read {
    fn of_kind(&self, kind: Kind) -> &OfKind {
        self.reading.extents.get(kind).expect("a file of that kind")
    }

    fn refused_keys(&self, kind: Kind) -> Vec<&str> {
        self.of_kind(kind).refused_keys.iter().map(|key| key.expose()).collect()
    }
}

#[test]
fn a_refused_row_has_the_key_it_would_have_been_sent_with() {
    let check = |kind: Kind, file: &str, header: &str, good: &str, bad: &str| {
        let sent = Read::of(&[(file, &format!("{header}\n{good}\n"))]);
        let refused = Read::of(&[(file, &format!("{header}\n{bad}\n"))]);
        assert_eq!((sent.rows.len(), refused.rows.len()), (1, 0), "{file}: {:?}", sent.defects());
        assert_eq!(refused.refused_keys(kind), [sent.keys()[0].1], "{file}");
        assert_eq!((sent.of_kind(kind).n_unreadable, refused.of_kind(kind).n_unreadable), (0, 0), "{file}");
    };
    use Kind as K;
    let students = "student_id,first_name,last_name,birth_date,school_year,lunch";
    check(K::Person, "students.csv", students, "S1,A,B,2012-01-01,2025,", "S1,A,B,2012-01-01,2024-25,fre");
    check(K::Person, "students.csv", students, "S1,A,B,2012-01-01,,", "S1,A,B,2012-02-30,,");
    check(K::School, "schools.csv", "school,name,sector", "A,First,district", "A,First,public");
    check(K::Program, "programs.csv", "program,name,type", "P,Tutoring,", "P,Tutoring,a b");
    let (file, header) = ("enrollments.csv", "student_id,school,school_year,entry,grade");
    check(K::Enrollment, file, header, "S1,A,2025,2024-09-03,05", "S1,A,2025,9/3/2024,fifth");
    let (file, header) =
        ("attendance_summary.csv", "student_id,school,from,to,days_enrolled,days_present,days_absent");
    check(
        K::AttendanceSummary,
        file,
        header,
        "S1,A,2024-09-03,2025-06-20,180,170,10",
        "S1,A,2024-09-03,,180,x,10",
    );
    let (file, header) = ("attendance_events.csv", "student_id,school,date,status");
    check(K::AttendanceEvent, file, header, "S1,A,2024-09-03,present", "S1,A,2024-09-03,here");
    let (file, header) = ("assessments.csv", "student_id,test,subject,date,scale_score");
    check(K::Assessment, file, header, "S1,T,ELA,2025-04-01,500", "S1,T,ELA,2025-04-01,n/a");
    let (file, header) = ("discipline.csv", "student_id,school,date,action,days");
    check(K::Discipline, file, header, "S1,,2025-04-01,expulsion,2", "S1,,2025-04-01,Expulsion,two");
    check(K::Diploma, "diplomas.csv", "student_id,type,date", "S1,regular,2025-06-20", "S1,regular,June");
    let (file, header) = ("postsecondary.csv", "student_id,institution,level,begin");
    check(K::Postsecondary, file, header, "S1,C1,four_year,2025-09-01", "S1,C1,4,2025-09-01");
    for (kind, file) in [(K::Eligibility, "eligibility.csv"), (K::Participation, "services.csv")] {
        check(kind, file, "student_id,program,begin,end", "S1,P,2024-09-01,", "S1,P,2024-09-01,open");
    }
    let (file, header) = ("dosage.csv", "student_id,program,date,unit,amount");
    check(K::Dosage, file, header, "S1,P,2024-10-01,session,1", "S1,P,2024-10-01,session,one");
    check(K::OptOut, "optout.csv", "student_id,from,until", "S1,2024-09-01,", "S1,2024-09-01,never");
    // A key of the source's own, and a student known by match fields.
    let header = "student_id,first_name,last_name,birth_date,program,begin,end,record_key";
    check(K::Participation, "services.csv", header, "S1,,,,P,2024-09-01,,K7", "S1,,,,P,,,K7");
    let read = Read::of(&[(
        "services.csv",
        &format!("{header}\n,Ada,Love,2012-01-01,P,2024-09-01,,\n,Ada,Love,2012-01-01,P,2024-09-01,open,\n"),
    )]);
    assert_eq!(read.refused_keys(K::Participation), [read.keys()[1].1]);
}

#[test]
fn a_row_without_a_key_keeps_its_student_or_is_counted() {
    let header = "student_id,school,school_year,entry,grade";
    let rows = "S1,A,2025,someday,05\n,A,2025,2024-09-03,05\nS1,A,2025\nS2,A,2025,2024-09-03,05\n";
    let read = Read::of(&[("enrollments.csv", &format!("{header}\n{rows}"))]);
    let of = read.of_kind(Kind::Enrollment);
    assert_eq!((of.extent, of.n_unreadable, of.refused_keys.len()), (Some(Extent::Undeclared), 2, 0));
    assert_eq!(of.refused_students.iter().map(|id| id.expose()).collect::<Vec<_>>(), ["S1"]);
    // Nor is anything known of a file that lacks a column.
    let read = Read::of(&[
        ("enrollments.csv", "student_id,school\nS1,A\n"),
        ("schools.csv", "school,name,sector\n"),
    ]);
    assert_eq!(read.of_kind(Kind::Enrollment).n_unreadable, 1);
}

#[test]
fn a_key_that_no_record_can_have_keeps_none() {
    let header = "sourcedId,status,role,givenName,familyName,grades\n";
    let users = format!("{header}{},,student,Ada,Lovelace,05\n", "x".repeat(201));
    let read = roster("", "", &[("users.csv", &users)]);
    assert!(read.defects().contains(&"!2 sourcedId out_of_range".to_owned()), "{:?}", read.defects());
    let of = read.of_kind(Kind::Person);
    // The two of demographics.csv are there, of whom users.csv says nothing.
    assert_eq!((read.refused_keys(Kind::Person).len(), of.n_unreadable), (2, 0));
}

#[test]
fn a_manifest_says_how_much_a_roster_holds() {
    let extents = |modes: &str| {
        let read = roster(modes, "E1,,C25,,S1,student,,\n", &[]);
        [Kind::Person, Kind::School, Kind::Enrollment].map(|kind| read.of_kind(kind).extent)
    };
    let declared = Some(Extent::Declared);
    assert_eq!(extents(""), [declared; 3]);
    assert_eq!(extents("file.enrollments,delta\n"), [declared, declared, Some(Extent::Changes)]);
    // A person is made of two files.
    assert_eq!(extents("file.demographics,delta\n"), [Some(Extent::Changes), declared, declared]);
    // What it does not say clearly is not taken for everything.
    for unclear in ["file.users,dleta\n", "file.users,\n", "file.users,delta\nfile.users,bulk\n"] {
        assert_eq!(extents(unclear), [Some(Extent::Changes), declared, declared], "{unclear}");
    }
    // The school year of a spell is known from its class alone.
    for of_classes in ["file.classes,delta\n", "file.academicSessions,delta\n"] {
        assert_eq!(extents(of_classes), [declared, declared, Some(Extent::Changes)]);
    }
}

#[test]
fn what_a_roster_has_wrong_is_not_missing() {
    let users = "sourcedId,status,role,givenName,familyName,grades\n\
        S1,gone,student,Ada,Lovelace,05\nS2,,pupil,Mary,Jones,05\nT1,,teacher,Tom,Teach,\n";
    let read = roster(
        "",
        "E1,,C25,,S3,student,,\nE2,,C25,,S1,student,2025-02-30,\nE3,,N9,,S1,student,,\n",
        &[("users.csv", users)],
    );
    assert_eq!(read.refused_keys(Kind::Person), ["S1", "S2"]);
    assert_eq!(read.refused_keys(Kind::Enrollment), ["S3|A|2025", "S1|A|2025"]);
    // A class that is not there leads to no school.
    let of = read.of_kind(Kind::Enrollment);
    assert_eq!((of.refused_students.len(), of.n_unreadable), (1, 0));
}

#[test]
fn the_second_row_of_an_id_is_wrong_and_not_missing() {
    let users = "sourcedId,status,role,givenName,familyName,grades\n\
        S1,tobedeleted,student,Ada,Lovelace,05\nS1,,student,Ada,Byron,05\nS2,,student,Mary,Jones,05\n";
    let orgs =
        "sourcedId,status,name,type,parentSourcedId\nA,,First,school,\nB,,Area,local,\nB,,Second,school,\n";
    let read = roster(
        "",
        "E1,,C25,A,S2,student,2024-09-03,\nE1,,C25,A,S1,student,2024-09-03,\n",
        &[("users.csv", users), ("orgs.csv", orgs)],
    );
    assert_eq!(read.refused_keys(Kind::Person), ["S1"]);
    assert_eq!(read.refused_keys(Kind::School), ["B"]);
    assert_eq!(read.refused_keys(Kind::Enrollment), ["S1|A|2025"]);
}

#[test]
fn refused_rows_are_written_as_they_stand_but_for_passwords() {
    let (from, to) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let text = "sourcedId;password;givenName\r\n1;a;Ada\r\n2;secret;\"Mary;\nAnn\"\r\n3;b;Bo\r\n4;c;Cy\r\n";
    fs::write(from.path().join("Users.csv"), text).expect("a file");
    let rows = RefusedRows::from([("users.csv".into(), [3, 6].into()), ("other.csv".into(), [2].into())]);
    for _ in 0..2 {
        let written = write_refused(from.path(), &rows, to.path()).expect("a folder that can be written");
        let expected = Written { n_rows: 2, n_left_out: 0 };
        assert_eq!(written.into_iter().collect::<Vec<_>>(), [("users.csv".to_owned(), expected)]);
        let written = fs::read_to_string(to.path().join("users.csv")).expect("it is there");
        assert_eq!(written, "sourcedId;password;givenName\n2;;\"Mary;\nAnn\"\n4;;Cy\n");
    }
}

#[test]
fn no_password_is_among_refused_rows_wherever_it_slipped() {
    let (from, to) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let name = format!("{}.csv", "Springfield".repeat(9));
    let header = "student_id,LMSPassword,studentSSN,first_name\n";
    let rows = "1,canary,canary,Ada\n2,Lee, Ann,canary,canary,Bo\n3,canary\n4,\"Cy\n,canary,\"canary\",Di\n";
    fs::write(from.path().join(&name), format!("{header}{rows}")).expect("a file");
    let lines = RefusedRows::from([(name.clone(), (2..=5).collect())]);
    let written = write_refused(from.path(), &lines, to.path()).expect("a folder that can be written");
    assert_eq!(written.get(&name), Some(&Written { n_rows: 1, n_left_out: 3 }));
    let written = fs::read_to_string(to.path().join(&name)).expect("it is there");
    assert_eq!(written, format!("{header}1,,,Ada\n"));
    // Where there is nothing of the kind, all rows are there as they stand.
    fs::write(from.path().join("a.csv"), "student_id,first_name\n1,Lee, Ann\n").expect("a file");
    let lines = RefusedRows::from([("a.csv".to_owned(), [2].into())]);
    write_refused(from.path(), &lines, to.path()).expect("a folder that can be written");
    let written = fs::read_to_string(to.path().join("a.csv")).expect("it is there");
    assert_eq!(written, "student_id,first_name\n1,Lee, Ann\n");
}
