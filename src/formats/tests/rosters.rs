//! Rosters as OneRoster has them.

use super::Read;
use crate::calendar::SchoolYear;
use crate::records::{Change, Enrollment, Fact, Kind};

const MANIFEST: &str = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n";
const ORGS: &str = "sourcedId,status,name,type,parentSourcedId\nD,,District,district,\nA,,First,school,DEP\nB,,Second,school,D\nDEP,,Dept,department,D\n";
const SESSIONS: &str = "sourcedId,status,type,startDate,endDate,schoolYear,parentSourcedId\n\
    Y24,,schoolYear,2023-08-21,2024-06-12,2024,\nY25,,schoolYear,2024-08-26,2025-06-12,2025,\n\
    F25,,term,2024-08-26,2024-12-20,2025,Y25\n";
const CLASSES: &str = "sourcedId,status,schoolSourcedId,termSourcedIds\nC24,,A,Y24\nC25,,A,F25\nC25b,,A,\"Y25,F25\"\nB25,,B,Y25\nN,,A,\n";
const USERS: &str = "sourcedId,status,role,givenName,familyName,grades,email\n\
    S1,,student,Ada,Lovelace,05,x\nS2,,student,Mary,Jones,\"05,06\",x\nT1,,teacher,Tom,Teach,,x\n";
const ENROLLMENTS: &str =
    "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role,beginDate,endDate\n";
const DEMOGRAPHICS: &str = "sourcedId,status,birthDate,sex,americanIndianOrAlaskaNative,asian,\
    blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,\
    hispanicOrLatinoEthnicity\nS1,,2014-05-01,female,false,true,false,false,false,false,true\n\
    S2,,2013-05-01,other,,,,,,,\n";

/// A roster with these enrollments; `modes` are lines of the manifest.
pub(super) fn roster(modes: &str, enrollments: &str, more: &[(&str, &str)]) -> Read {
    let (manifest, enrollments) = (format!("{MANIFEST}{modes}"), format!("{ENROLLMENTS}{enrollments}"));
    let mut files: Vec<(&str, &str)> = vec![
        ("orgs.csv", ORGS),
        ("academicSessions.csv", SESSIONS),
        ("classes.csv", CLASSES),
        ("users.csv", USERS),
        ("demographics.csv", DEMOGRAPHICS),
    ];
    files.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    files.extend([("enrollments.csv", enrollments.as_str())]);
    files.extend(more);
    let modes = ["orgs", "academicSessions", "classes", "users", "demographics", "enrollments"];
    let unsaid = modes.iter().filter(|name| !manifest.contains(&format!("file.{name},")));
    let manifest = unsaid.fold(manifest.clone(), |text, name| format!("{text}file.{name},bulk\n"));
    files.push(("manifest.csv", &manifest));
    Read::of(&files)
}

fn spells(read: &Read) -> Vec<(&str, &Enrollment)> {
    let spell = |row: &'_ super::Row| row.submission.change.kind() == Kind::Enrollment;
    let rows = read.rows.iter().filter(|row| spell(row));
    let both = rows.filter_map(|row| match &row.submission.change {
        Change::Upsert(Fact::Enrollment(spell)) => Some((row.submission.key.expose(), spell)),
        _ => None,
    });
    both.collect()
}

#[test]
fn class_enrollments_are_folded_into_spells() {
    let read = roster(
        "",
        "e1,,C25,A,S1,student,2024-09-03,2024-12-20\ne2,,C25b,A,S1,student,2024-08-30,2025-06-12\n\
         e3,,C24,A,S1,student,2023-08-21,2024-06-12\ne4,,B25,B,S2,student,,\ne5,,C25,A,T1,teacher,,\n",
        &[],
    );
    let found: Vec<_> = spells(&read)
        .iter()
        .map(|(key, spell)| {
            let exit = spell.exit.map(|date| date.to_string()).unwrap_or_default();
            format!("{key} {} {exit} {:?}", spell.entry, spell.grade.map(|grade| grade.code()))
        })
        .collect();
    let expected = [
        "S1|A|2025 2024-08-30 2025-06-12 Some(\"05\")",
        // Last year's grade is not known from this year's roster.
        "S1|A|2024 2023-08-21 2024-06-12 None",
        // No dates: the first day of the term, and open; two grades are none.
        "S2|B|2025 2024-08-26  None",
    ];
    assert_eq!(found, expected);
    assert_eq!(read.defects(), ["3 grades several_values", " beginDate assumed"]);
}

#[test]
fn a_school_finds_its_district_through_departments() {
    let read = roster("", "e1,,C25,A,S1,student,,\ne2,,C25,A,S2,student,,\n", &[]);
    let districts = read.facts().into_iter().filter_map(|fact| match fact {
        Fact::School(school) => {
            Some((school.code.as_str(), school.district.as_ref().map(|code| code.as_str())))
        }
        _ => None,
    });
    assert_eq!(districts.collect::<Vec<_>>(), [("A", Some("D")), ("B", Some("D"))]);
}

#[test]
fn what_cannot_be_an_enrollment_is_refused_and_the_person_goes() {
    let read = roster(
        "",
        "e1,,C25,DEP,S1,student,,\ne2,,C25,A,T1,student,,\ne3,,C25,A,S9,student,,\ne4,,C9,A,S2,student,2024-09-03,\n\
         e5,,C25,Z,S2,student,2024-09-03,2024-09-01\ne6,inactive,C25,A,S2,student,,\ne7,,C25,A,S2,student,2025-08-20,\n\
         e4,,C25,A,S2,student,2024-09-03,\ne8,,C25,A,S2,pupil,,\n",
        &[],
    );
    let expected = [
        "3 grades several_values",
        "2 schoolSourcedId contradiction",
        "!2 schoolSourcedId not_a_school",
        "!3 userSourcedId contradiction",
        "!4 userSourcedId unknown_reference",
        "5 classSourcedId unknown_reference",
        "6 schoolSourcedId contradiction",
        "!6 schoolSourcedId unknown_reference",
        "!6 endDate contradiction",
        "!7 status outside_vocabulary",
        "!8 beginDate contradiction",
        "!9 sourcedId duplicate_key",
        "10 role outside_vocabulary",
        "  no_enrollment",
    ];
    assert_eq!(read.defects(), expected);
    assert_eq!(read.reading.summary.upserts[&Kind::Person], 2);
    assert_eq!(spells(&read).len(), 1, "the class is unknown, and the date says the year");
    assert_eq!(read.reading.summary.files.last().map(|file| file.refused_rows), Some(7));
}

#[test]
fn deletions_count_in_a_delta_and_not_in_bulk() {
    let users = "sourcedId,status,role,givenName,familyName,grades\n\
        S1,tobedeleted,student,Ada,Lovelace,05\nS2,active,student,Mary,Jones,05\n";
    let orgs =
        "sourcedId,status,name,type,parentSourcedId\nA,tobedeleted,First,school,\nB,active,Second,school,D\n";
    let enrollments = "e1,tobedeleted,C25,B,S2,student,,\ne2,active,B25,B,S2,student,,\n";
    let files = [("users.csv", users), ("orgs.csv", orgs)];
    let bulk = roster("", enrollments, &files);
    assert!(bulk.reading.summary.deletes.is_empty());
    assert_eq!(bulk.reading.summary.warnings["to_be_deleted"], 3);
    let modes = "file.users,delta\nfile.orgs,delta\nfile.enrollments,delta\n";
    let delta = roster(modes, enrollments, &files);
    let deletes: Vec<_> = delta
        .rows
        .iter()
        .filter(|row| matches!(row.submission.change, Change::Delete(_)))
        .map(|row| (row.submission.key.expose(), row.submission.change.kind()))
        .collect();
    assert_eq!(deletes, [("A", Kind::School), ("S1", Kind::Person)]);
    assert_eq!(delta.reading.summary.warnings["delta_enrollment"], 2);
    assert!(!delta.reading.summary.warnings.contains_key("to_be_deleted"));
    assert_eq!(spells(&delta).len(), 1);
}

#[test]
fn the_manifest_is_held_against_what_is_there() {
    let read = roster(
        "file.classes,absent\nfile.courses,bulk\nfile.results,bulk\nfile.roles,Absent\nfile.categories,none\n",
        "e1,,C25,A,S1,student,2024-09-03,\ne2,,C25,A,S2,student,2024-09-03,\n",
        &[("categories.csv", "sourcedId\n1\n")],
    );
    let files: Vec<_> =
        read.reading.defects.iter().map(|defect| (defect.file.as_str(), defect.code)).collect();
    let expected = [
        ("manifest.csv", "case_differs"),
        ("manifest.csv", "outside_vocabulary"),
        ("courses.csv", "missing_file"),
        ("classes.csv", "contradiction"),
        ("users.csv", "several_values"),
        ("enrollments.csv", "unknown_reference"),
        ("enrollments.csv", "unknown_reference"),
        ("results.csv", "missing_file"),
    ];
    assert_eq!(files, expected);
    assert_eq!(read.reading.summary.unused, ["categories.csv"]);
    assert_eq!(spells(&read).len(), 2);
}

#[test]
fn a_refused_row_of_demographics_holds_its_person_back() {
    let demographics =
        DEMOGRAPHICS.replace("2014-05-01", "2014-13-01").replace("S2,,", "S7,,").replace(",true,", ",TRUE,");
    let read = roster("", "", &[("demographics.csv", &demographics)]);
    let expected = [
        "2 asian case_differs",
        "!2 birthDate not_a_date",
        "!2 sourcedId unknown_reference",
        "3 grades several_values",
        "3 sourcedId unknown_reference",
        "!3 sourcedId unknown_reference",
        "  no_enrollment",
    ];
    assert_eq!(read.defects(), expected);
    assert_eq!(read.keys().iter().map(|(_, key)| *key).collect::<Vec<_>>(), ["A", "B", "S2"]);
}

#[test]
fn a_delta_never_puts_unknown_in_place_of_known() {
    let demographics = DEMOGRAPHICS.replace("S2,,", "S7,active,").replace("S1,,", "S1,active,");
    let read = roster("file.demographics,delta\n", "", &[("demographics.csv", &demographics)]);
    let expected = [
        "3 grades several_values",
        "!3 sourcedId unknown_reference",
        "!3 sourcedId unknown_reference",
        "  no_enrollment",
    ];
    assert_eq!(read.defects(), expected);
    assert_eq!(read.keys().iter().map(|(_, key)| *key).collect::<Vec<_>>(), ["A", "B", "S1"]);
    let files: Vec<_> = read.reading.defects.iter().map(|defect| defect.file.as_str()).collect();
    assert_eq!(files, ["users.csv", "users.csv", "demographics.csv", "users.csv"]);
}

#[test]
fn what_is_said_twice_is_sent_once() {
    let users = format!("{USERS}S1,,student,Ada,Lovelace,05,other@mail\nS2,,student,Mary,Smith,05,x\n");
    let enrollments = "e1,,C25,A,S1,student,2024-09-03,\ne1,,C25,A,S1,student,2024-09-03,\ne2,,C25,A,S2,student,2024-09-03,\n";
    let read = roster("", enrollments, &[("users.csv", &users)]);
    assert_eq!(read.reading.summary.repeats, 2, "a column that is not read makes no difference");
    assert_eq!(read.defects(), ["3 grades several_values", "!6 sourcedId duplicate_key"]);
}

#[test]
fn a_user_whose_role_is_not_in_a_delta_is_not_lost_unseen() {
    let users = USERS.replace("role,", "").replace("student,", "").replace("teacher,", "");
    let roles = "sourcedId,userSourcedId,role\nr1,S1,student\n";
    let files = [("users.csv", users.as_str()), ("roles.csv", roles)];
    let bulk = roster("file.roles,bulk\n", "", &files);
    assert_eq!(bulk.defects(), ["3 sourcedId missing", "4 sourcedId missing", "  no_enrollment"]);
    let delta = roster("file.roles,delta\n", "", &files);
    let expected = ["2 status missing", "!3 sourcedId missing", "!4 sourcedId missing", "  no_enrollment"];
    assert_eq!(delta.defects(), expected);
    assert_eq!(delta.reading.summary.upserts[&Kind::Person], 1);
}

#[test]
fn without_sessions_the_year_comes_from_outside() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let enrollments = "classSourcedId,userSourcedId,role,schoolSourcedId\nN,S1,student,A\n";
    let files = [("orgs.csv", ORGS), ("users.csv", USERS), ("enrollments.csv", enrollments)];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let without = Read::at(folder.path(), None);
    assert!(spells(&without).is_empty());
    assert!(without.defects().contains(&"!2 classSourcedId missing".to_owned()));
    let with = Read::at(folder.path(), SchoolYear::new(2025));
    let [(key, spell)] = spells(&with)[..] else { panic!("not one spell") };
    assert_eq!((key, spell.entry.to_string().as_str()), ("S1|A|2025", "2024-07-01"));
}

#[test]
fn templates_may_lie_beside_a_roster() {
    let dosage = "student_id,program,date,unit,amount\nS1,P1,2024-10-01,hour,1\n";
    let read = roster(
        "",
        "e1,,C25,A,S1,student,2024-09-03,\ne2,,C25,A,S2,student,2024-09-03,\n",
        &[("dosage.csv", dosage)],
    );
    assert_eq!(read.reading.summary.upserts[&Kind::Dosage], 1);
    let own = "student_id,school,school_year,entry\nS1,A,2025,2024-09-03\n";
    let read = Read::of(&[("orgs.csv", ORGS), ("users.csv", USERS), ("enrollments.csv", own)]);
    assert_eq!(spells(&read).iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["S1|A|2025|2024-09-03"]);
}
