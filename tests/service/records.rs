//! Invented records, as a source's client would send them.

use pb::record::{Fact, Key, Student};
use throughline::api::v1 as pb;
use throughline::client::RowRef;
use throughline::records::Kind;

/// A record about a student.
pub(crate) fn about(student: &str, key: &str, fact: Fact) -> pb::Record {
    pb::Record {
        key: Some(Key::ClearKey(key.into())),
        student: Some(Student::ClearStudent(student.into())),
        fact: Some(fact),
    }
}

/// A record about nobody.
pub(crate) fn plain(key: &str, fact: Fact) -> pb::Record {
    pb::Record { key: Some(Key::ClearKey(key.into())), student: None, fact: Some(fact) }
}

/// A tombstone.
pub(crate) fn delete(student: &str, key: &str, kind: pb::Kind) -> pb::Record {
    about(student, key, Fact::Delete(kind.into()))
}

/// The school everybody goes to.
pub(crate) fn school() -> pb::Record {
    let school = pb::School {
        code: "N1".into(),
        name: "North".into(),
        district: "N".into(),
        district_name: "Northfield".into(),
        sector: "district".into(),
        ..pb::School::default()
    };
    plain("school-N1", Fact::School(school))
}

/// A student's identifiers; two students with different numbers have nothing in common.
pub(crate) fn identifiers(n: usize) -> pb::Identifiers {
    const GIVEN: [&str; 8] = ["Alma", "Bruno", "Celia", "Dario", "Edith", "Fabian", "Greta", "Hugo"];
    const FAMILY: [&str; 7] = ["Quill", "Rostova", "Sandoval", "Thackeray", "Umber", "Vasquez", "Wexler"];
    pb::Identifiers {
        first_name: format!("{}{}", GIVEN[n % 8], letters(n)),
        last_name: format!("{}{}", FAMILY[n % 7], letters(n * 31 + 7)),
        birth_date: format!("{}-{:02}-{:02}", 2008 + n % 6, 1 + n * 5 % 12, 1 + n * 11 % 28),
        street_address: format!("{} {} Street", 100 + n, letters(n * 17 + 3)),
        zip: format!("{:05}", 10_000 + n),
        ..pb::Identifiers::default()
    }
}

/// A number in letters, so that it survives normalization as part of a name.
pub(crate) fn letters(mut n: usize) -> String {
    let mut text = String::new();
    for _ in 0..4 {
        text.push(char::from(b"bdfgklmnprstvz"[n % 14]));
        text.push(char::from(b"aeiou"[n / 14 % 5]));
        n /= 70;
    }
    text
}

/// Student number `n` in the source's own numbering.
pub(crate) fn student(n: usize) -> String {
    format!("stu-{n:05}")
}

/// A student: who, and of which groups.
pub(crate) fn person(n: usize) -> pb::Record {
    let person = pb::Person {
        identity: Some(pb::person::Identity::Identifiers(identifiers(n))),
        sex: if n.is_multiple_of(2) { "F" } else { "M" }.into(),
        races: vec![if n.is_multiple_of(3) { "black" } else { "white" }.into()],
        ..pb::Person::default()
    };
    about(&student(n), &format!("person-{n}"), Fact::Person(person))
}

/// A year at the school.
pub(crate) fn enrollment(n: usize) -> pb::Record {
    let enrollment = pb::Enrollment {
        school: "N1".into(),
        school_year: 2025,
        entry: "2024-09-03".into(),
        grade: "05".into(),
        ..pb::Enrollment::default()
    };
    about(&student(n), &format!("enrollment-{n}"), Fact::Enrollment(enrollment))
}

/// A year of attendance with so many days absent of 180.
pub(crate) fn attendance(n: usize, days_absent: u32) -> pb::Record {
    let attendance = pb::AttendanceSummary {
        school: "N1".into(),
        from: "2024-09-03".into(),
        to: "2025-06-20".into(),
        days_enrolled_hundredths: 18_000,
        days_present_hundredths: (180 - days_absent) * 100,
        days_absent_hundredths: days_absent * 100,
    };
    about(&student(n), &format!("attendance-{n}"), Fact::AttendanceSummary(attendance))
}

/// All there is about students `from..to`: three records each, after the school.
pub(crate) fn roll(students: std::ops::Range<usize>) -> Vec<pb::Record> {
    let each = students
        .flat_map(|n| [person(n), enrollment(n), attendance(n, if n.is_multiple_of(4) { 30 } else { 5 })]);
    std::iter::once(school()).chain(each).collect()
}

/// Where a record would stand in a file.
pub(crate) fn row(at: usize) -> RowRef {
    RowRef { file: "records".into(), row: at as u64 + 2, kind: Kind::Person }
}
