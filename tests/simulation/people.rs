//! Invented students, what sources say of them, and what of it must never reach the disk.

use crate::papers::{LINKAGE_KEY, LOG_SEED, NEXT_LINKAGE_KEY, SERVICE_KEY, SOURCES};
use pb::record::{Fact, Key, Student};
use std::collections::HashSet;
use throughline::api::v1 as pb;
use throughline::records::Kind;

/// Students there are. Those whose numbers are below [`FIRST`] are in the first edition.
pub(crate) const STUDENTS: usize = 48;
pub(crate) const FIRST: usize = 32;

/// What a source says of a student in one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Said {
    /// Who it is; the variant is where it lives.
    Person(u8),
    /// A year at the school; the variant is the grade.
    Enrollment(u8),
    /// A year of attendance; the variant is how much was missed.
    Attendance(u8),
    /// The school, which is no student.
    School,
    /// A wish not to be counted.
    OptOut,
    /// Nothing any more.
    Delete(Kind),
    /// A year at the school that begins on a day there is not.
    NoSuchDay,
    /// A result, which no agreement permits.
    NotPermitted,
}

/// A record of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) student: usize,
    pub(crate) said: Said,
}

impl Row {
    /// Its kind, where it is of one that is taken.
    pub(crate) fn kind(self) -> Kind {
        match self.said {
            Said::Person(_) => Kind::Person,
            Said::Enrollment(_) | Said::NoSuchDay => Kind::Enrollment,
            Said::Attendance(_) => Kind::AttendanceSummary,
            Said::School => Kind::School,
            Said::OptOut => Kind::OptOut,
            Said::Delete(kind) => kind,
            Said::NotPermitted => Kind::Assessment,
        }
    }

    /// The source's own key of the record.
    pub(crate) fn key(self, source: usize) -> String {
        format!("{}-{}", local_id(source, self.student), self.kind().code())
    }

    /// As the source knows it.
    pub(crate) fn clear(self, source: usize) -> pb::Record {
        let n = self.student;
        let fact = match self.said {
            Said::Person(variant) => Fact::Person(pb::Person {
                identity: Some(pb::person::Identity::Identifiers(identifiers(n))),
                sex: if n.is_multiple_of(2) { "F" } else { "M" }.into(),
                races: vec![if n.is_multiple_of(3) { "black" } else { "white" }.into()],
                zone: format!("Z{variant}"),
                ..pb::Person::default()
            }),
            Said::Enrollment(variant) => Fact::Enrollment(pb::Enrollment {
                school: "N1".into(),
                school_year: 2025,
                entry: "2024-09-03".into(),
                grade: format!("{:02}", 4 + variant),
                ..pb::Enrollment::default()
            }),
            Said::Attendance(variant) => Fact::AttendanceSummary(pb::AttendanceSummary {
                school: "N1".into(),
                from: "2024-09-03".into(),
                to: "2025-06-20".into(),
                days_enrolled_hundredths: 18_000,
                days_present_hundredths: 18_000 - u32::from(variant) * 1_500,
                days_absent_hundredths: u32::from(variant) * 1_500,
            }),
            Said::School => Fact::School(pb::School {
                code: "N1".into(),
                name: "North".into(),
                district: "N".into(),
                district_name: "Northfield".into(),
                sector: "district".into(),
                ..pb::School::default()
            }),
            Said::OptOut => Fact::OptOut(pb::OptOut { from: "2024-09-03".into(), until: String::new() }),
            Said::Delete(kind) => Fact::Delete(throughline::api::kind_to(kind)),
            Said::NoSuchDay => Fact::Enrollment(pb::Enrollment {
                school: "N1".into(),
                school_year: 2025,
                entry: "2024-09-31".into(),
                grade: "05".into(),
                ..pb::Enrollment::default()
            }),
            Said::NotPermitted => Fact::Assessment(pb::Assessment {
                test: "STATE".into(),
                subject: "ELA".into(),
                date: "2025-05-01".into(),
                level: Some(2),
                ..pb::Assessment::default()
            }),
        };
        pb::Record {
            key: Some(Key::ClearKey(self.key(source))),
            student: (self.said != Said::School).then(|| Student::ClearStudent(local_id(source, n))),
            fact: Some(fact),
        }
    }
}

/// What each source has sent before the first edition.
pub(crate) fn first_roll(source: usize) -> Vec<Row> {
    let own = (0..FIRST).filter(|n| source == 0 || n % 3 == source);
    let of_one = |n: usize| {
        [Said::Person(0), Said::Enrollment(1), Said::Attendance(if n.is_multiple_of(3) { 3 } else { 0 })]
            .map(|said| Row { student: n, said })
    };
    std::iter::once(Row { student: 0, said: Said::School }).chain(own.flat_map(of_one)).collect()
}

/// A student in a source's own numbering.
pub(crate) fn local_id(source: usize, n: usize) -> String {
    format!("{n:03}pupil-of-{}", SOURCES[source])
}

/// A student's identifiers, the same in every source; two students have nothing in common.
fn identifiers(n: usize) -> pb::Identifiers {
    const GIVEN: [&str; 8] = ["Alma", "Bruno", "Celia", "Dario", "Edith", "Fabian", "Greta", "Hugo"];
    const FAMILY: [&str; 7] = ["Quill", "Rostova", "Sandoval", "Thackeray", "Umber", "Vasquez", "Wexler"];
    pb::Identifiers {
        first_name: format!("{}{}", letters(n), GIVEN[n % 8]),
        last_name: format!("{}{}", letters(n * 31 + 7), FAMILY[n % 7]),
        birth_date: format!("{}-{:02}-{:02}", 2008 + n % 6, 1 + n * 5 % 12, 1 + n * 11 % 28),
        street_address: format!("{}{} Street", letters(n * 17 + 3), 100 + n),
        zip: format!("{:05}", 10_000 + n),
        ..pb::Identifiers::default()
    }
}

/// A number in letters, so that it survives normalization as part of a name. None of its consonants is a hexadecimal digit:
/// a log has so many digests that `babababa` was in one of them, once in 20,000 seeds.
fn letters(mut n: usize) -> String {
    let mut text = String::new();
    for _ in 0..4 {
        text.push(char::from(b"gklmnprstvz"[n % 11]));
        text.push(char::from(b"aeiou"[n / 11 % 5]));
        n /= 55;
    }
    text
}

/// The first bytes of everything that would name a student, and of every secret.
pub(crate) struct Canaries {
    /// In lower case.
    heads: HashSet<[u8; 8]>,
    /// Whether one begins with such a byte, in whatever case: a table that stays in the processor's cache.
    firsts: [bool; 256],
    /// Whether one begins with such two bytes, in whatever case.
    begins: Vec<bool>,
}

impl Canaries {
    pub(crate) fn new() -> Self {
        let mut heads: HashSet<_> = [SERVICE_KEY, LINKAGE_KEY, NEXT_LINKAGE_KEY, LOG_SEED]
            .iter()
            .filter_map(|key| head(key))
            .collect();
        for n in 0..STUDENTS {
            let who = identifiers(n);
            let ids = (0..SOURCES.len()).map(|source| local_id(source, n));
            for text in
                [who.first_name, who.last_name, who.birth_date, who.street_address].into_iter().chain(ids)
            {
                heads.insert(head(text.as_bytes()).expect("it is long enough"));
            }
        }
        let (mut firsts, mut begins) = ([false; 256], vec![false; 1 << 16]);
        for [one, two, ..] in &heads {
            for one in [*one, one.to_ascii_uppercase()] {
                firsts[usize::from(one)] = true;
                for two in [*two, two.to_ascii_uppercase()] {
                    begins[usize::from(u16::from_be_bytes([one, two]))] = true;
                }
            }
        }
        Self { heads, firsts, begins }
    }

    /// Where one of them stands in bytes, in whatever case.
    pub(crate) fn find(&self, bytes: &[u8]) -> Option<usize> {
        // What is done for each byte is as little as can be: a seed leaves half a million of them.
        let mut at = 0;
        while let Some([one, two]) = bytes.get(at..at + 2) {
            let may_begin =
                self.firsts[usize::from(*one)] && self.begins[usize::from(u16::from_be_bytes([*one, *two]))];
            if may_begin && head(&bytes[at..]).is_some_and(|head| self.heads.contains(&head)) {
                return Some(at);
            }
            at += 1;
        }
        None
    }
}

fn head(bytes: &[u8]) -> Option<[u8; 8]> {
    Some(bytes.first_chunk::<8>()?.map(|byte| byte.to_ascii_lowercase()))
}
