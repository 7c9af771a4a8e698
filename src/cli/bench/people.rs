//! An invented state, made record by record as it is sent: students of five school years at 600 schools.

use crate::api::v1 as pb;
use crate::client::RowRef;
use crate::records::Kind;
use pb::record::{Fact, Key, Student};

const FIRST: &str = include_str!("../../practice/names/first.csv");
const LAST: &str = include_str!("../../practice/names/last.csv");
const STREETS: &str = include_str!("../../practice/names/streets.csv");

pub(super) const YEARS: [u32; 5] = [2021, 2022, 2023, 2024, 2025];
pub(super) const SCHOOLS: u64 = 600;
const DISTRICTS: u64 = 40;

/// Records of a student: who it is, and of each year an enrollment, attendance and a test.
pub(super) const EACH: u64 = 1 + 3 * YEARS.len() as u64;

/// The words that names and streets are made of.
pub(super) struct People {
    first: Vec<&'static str>,
    last: Vec<&'static str>,
    streets: Vec<&'static str>,
}

/// A number that is as good as random, and always the same: SplitMix64.
fn draw(student: u64, salt: u64) -> u64 {
    let mut z = (student << 8 | salt).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

fn yes(student: u64, salt: u64, percent: u64) -> Option<bool> {
    Some(draw(student, salt) % 100 < percent)
}

impl People {
    pub(super) fn new() -> Self {
        let words =
            |csv: &'static str| csv.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        Self { first: words(FIRST), last: words(LAST), streets: words(STREETS) }
    }

    /// The schools, before anybody goes to them.
    pub(super) fn schools() -> impl Iterator<Item = (RowRef, pb::Record)> {
        (0..SCHOOLS).map(|n| {
            let district = n % DISTRICTS;
            let school = pb::School {
                code: format!("S{n}"),
                name: format!("School {n}"),
                district: format!("D{district}"),
                district_name: format!("District {district}"),
                sector: "district".into(),
                title_i: Some(n % 3 == 0),
            };
            record(Kind::School, n, format!("school-{n}"), None, Fact::School(school))
        })
    }

    /// All records of a student.
    pub(super) fn records(&self, n: u64) -> impl Iterator<Item = (RowRef, pb::Record)> + use<'_> {
        let person = record(Kind::Person, n, format!("p-{n}"), Some(n), Fact::Person(self.person(n)));
        std::iter::once(person).chain(YEARS.into_iter().flat_map(move |year| years_records(n, year)))
    }

    fn person(&self, n: u64) -> pb::Person {
        // Two of a hundred are a sibling of the one before: family name, street and house are the same.
        let family = if draw(n, 1) % 100 < 2 { n.saturating_sub(1) } else { n };
        let of =
            |words: &[&'static str], from: u64, salt| words[(draw(from, salt) % words.len() as u64) as usize];
        let identifiers = pb::Identifiers {
            first_name: of(&self.first, n, 2).into(),
            middle_name: if draw(n, 3).is_multiple_of(2) {
                of(&self.first, n, 4).into()
            } else {
                String::new()
            },
            last_name: of(&self.last, family, 5).into(),
            birth_date: format!("{}-{:02}-{:02}", 2006 + n % 10, 1 + draw(n, 6) % 12, 1 + draw(n, 7) % 28),
            street_address: format!("{} {}", 1 + draw(family, 8) % 9_000, of(&self.streets, family, 9)),
            zip: format!("{:05}", 10_000 + draw(family, 10) % 900),
            ..pb::Identifiers::default()
        };
        let race = ["white", "white", "white", "black", "black", "asian", "two_or_more", "american_indian"];
        pb::Person {
            identity: Some(pb::person::Identity::Identifiers(identifiers)),
            sex: if draw(n, 11).is_multiple_of(2) { "F" } else { "M" }.into(),
            races: vec![race[(draw(n, 12) % 8) as usize].into()],
            hispanic: yes(n, 13, 24),
            economically_disadvantaged: yes(n, 14, 48),
            disability_idea: yes(n, 15, 15),
            english_learner: if draw(n, 16) % 100 < 11 { "current" } else { "never" }.into(),
            ..pb::Person::default()
        }
    }
}

/// A late correction: other days absent in the last year.
pub(super) fn corrected(n: u64) -> (RowRef, pb::Record) {
    attendance(n, YEARS[YEARS.len() - 1], 17)
}

fn school(n: u64) -> String {
    format!("S{}", draw(n, 20) % SCHOOLS)
}

fn years_records(n: u64, year: u32) -> [(RowRef, pb::Record); 3] {
    let (from, salt) = (format!("{}-09-02", year - 1), u64::from(year - 2000));
    let enrollment = pb::Enrollment {
        school: school(n),
        school_year: year,
        entry: from,
        exit: format!("{year}-06-15"),
        grade: format!("{:02}", 1 + (n % 8) as u32 + (year - YEARS[0])),
        ..pb::Enrollment::default()
    };
    let test = pb::Assessment {
        test: "STATE".into(),
        subject: "ELA".into(),
        date: format!("{year}-05-02"),
        scale_score_thousandths: Some((200_000 + draw(n, 60 + salt) % 400_000) as i64),
        level: Some(1 + (draw(n, 90 + salt) % 4) as u32),
        proficient: Some(draw(n, 90 + salt) % 4 > 1),
        ..pb::Assessment::default()
    };
    [
        record(Kind::Enrollment, n, format!("e-{n}-{year}"), Some(n), Fact::Enrollment(enrollment)),
        attendance(n, year, 120 + salt),
        record(Kind::Assessment, n, format!("t-{n}-{year}"), Some(n), Fact::Assessment(test)),
    ]
}

fn attendance(n: u64, year: u32, salt: u64) -> (RowRef, pb::Record) {
    let absent = (draw(n, salt) % 180 * (draw(n, salt + 1) % 180) / 180) as u32 * 50;
    let summary = pb::AttendanceSummary {
        school: school(n),
        from: format!("{}-09-02", year - 1),
        to: format!("{year}-06-15"),
        days_enrolled_hundredths: 18_000,
        days_present_hundredths: 18_000 - absent,
        days_absent_hundredths: absent,
    };
    let fact = Fact::AttendanceSummary(summary);
    record(Kind::AttendanceSummary, n, format!("a-{n}-{year}"), Some(n), fact)
}

fn record(kind: Kind, row: u64, key: String, student: Option<u64>, fact: Fact) -> (RowRef, pb::Record) {
    let record = pb::Record {
        key: Some(Key::ClearKey(key)),
        student: student.map(|n| Student::ClearStudent(format!("{n:08}"))),
        fact: Some(fact),
    };
    (RowRef { file: "state".into(), row, kind }, record)
}
