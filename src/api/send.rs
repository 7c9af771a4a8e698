//! The client's side: a submission becomes a record of the wire, in the clear or encoded.

use super::kind::kind_to;
use super::v1 as pb;
use crate::calendar::Date;
use crate::identity::Pseudonymized;
use crate::records::{BirthDate, Change, Demographics, Fact, Identifiers, Races, Submission};
use pb::record::{Fact as Wire, Key, Student};

/// A submission as a record with identifiers in the clear.
#[must_use]
pub fn clear(submission: &Submission) -> pb::Record {
    let identity =
        submission.identifiers.as_ref().map(|who| pb::person::Identity::Identifiers(identifiers(who)));
    pb::Record {
        key: Some(Key::ClearKey(submission.key.expose().to_owned())),
        student: submission
            .student
            .as_ref()
            .map(|student| Student::ClearStudent(student.expose().to_owned())),
        fact: Some(wire(&submission.change, identity, None)),
    }
}

/// A pseudonymized submission as a record without identifiers.
#[must_use]
pub fn encoded(record: &Pseudonymized) -> pb::Record {
    let mut encodings = record.encodings.iter().map(|encoding| encoding.as_bytes().to_vec());
    let identity = encodings.next().map(pb::person::Identity::Encoding);
    pb::Record {
        key: Some(Key::KeyToken(record.key.as_bytes().to_vec())),
        student: record.student.as_ref().map(|token| Student::StudentToken(token.as_bytes().to_vec())),
        fact: Some(wire(&record.change, identity, encodings.next())),
    }
}

fn identifiers(who: &Identifiers) -> pb::Identifiers {
    pb::Identifiers {
        first_name: who.first_name.expose().to_owned(),
        middle_name: who.middle_name.expose().to_owned(),
        last_name: who.last_name.expose().to_owned(),
        suffix: who.suffix.expose().to_owned(),
        birth_date: date(who.birth_date.and_then(BirthDate::date)),
        street_address: who.street_address.expose().to_owned(),
        city: who.city.expose().to_owned(),
        zip: who.zip.expose().to_owned(),
        shared_id: who.shared_id.expose().to_owned(),
    }
}

fn date(date: Option<Date>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn wire(change: &Change, identity: Option<pb::person::Identity>, second: Option<Vec<u8>>) -> Wire {
    let fact = match change {
        Change::Delete(kind) => return Wire::Delete(kind_to(*kind)),
        Change::Upsert(fact) => fact,
    };
    match fact {
        Fact::Person(fact) => Wire::Person(person(fact, identity, second)),
        Fact::School(fact) => Wire::School(pb::School {
            code: fact.code.to_string(),
            name: fact.name.to_string(),
            district: text(fact.district.as_ref()),
            district_name: text(fact.district_name.as_ref()),
            sector: fact.sector.code().into(),
            title_i: fact.title_i,
        }),
        Fact::Enrollment(fact) => Wire::Enrollment(pb::Enrollment {
            school: fact.school.to_string(),
            school_year: fact.school_year.ending().into(),
            entry: fact.entry.to_string(),
            exit: date(fact.exit),
            exit_type: fact.exit_type.map_or("", |exit| exit.code()).into(),
            grade: fact.grade.map_or("", |grade| grade.code()).into(),
            ninth_grade_year: fact.ninth_grade_year.map(|year| year.ending().into()),
            repeats_grade: fact.repeats_grade,
        }),
        Fact::AttendanceSummary(fact) => Wire::AttendanceSummary(pb::AttendanceSummary {
            school: fact.school.to_string(),
            from: fact.from.to_string(),
            to: fact.to.to_string(),
            days_enrolled_hundredths: fact.days_enrolled_hundredths,
            days_present_hundredths: fact.days_present_hundredths,
            days_absent_hundredths: fact.days_absent_hundredths,
        }),
        Fact::AttendanceEvent(fact) => Wire::AttendanceEvent(pb::AttendanceEvent {
            school: fact.school.to_string(),
            date: fact.date.to_string(),
            status: fact.status.code().into(),
            absent_hundredths: fact.absent_hundredths,
        }),
        Fact::Assessment(fact) => Wire::Assessment(pb::Assessment {
            test: fact.test.to_string(),
            subject: fact.subject.to_string(),
            grade: fact.grade.map_or("", |grade| grade.code()).into(),
            date: fact.date.to_string(),
            scale_score_thousandths: fact.scale_score_thousandths,
            level: fact.level.map(u32::from),
            proficient: fact.proficient,
            not_tested: text(fact.not_tested.as_ref()),
            standard_error_thousandths: fact.standard_error_thousandths,
        }),
        Fact::Discipline(fact) => Wire::Discipline(pb::Discipline {
            school: text(fact.school.as_ref()),
            date: fact.date.to_string(),
            action: fact.action.code().into(),
            days_hundredths: fact.days_hundredths,
            behavior: text(fact.behavior.as_ref()),
        }),
        Fact::Diploma(fact) => Wire::Diploma(pb::Diploma {
            r#type: fact.diploma_type.code().into(),
            date: fact.date.to_string(),
        }),
        Fact::Postsecondary(fact) => Wire::Postsecondary(pb::Postsecondary {
            institution: fact.institution.to_string(),
            level: fact.level.code().into(),
            begin: fact.begin.to_string(),
            end: date(fact.end),
            status: fact.status.map_or("", |status| status.code()).into(),
            graduated: fact.graduated,
            remedial: fact.remedial,
        }),
        Fact::Program(fact) => Wire::Program(pb::Program {
            code: fact.code.to_string(),
            name: fact.name.to_string(),
            r#type: text(fact.program_type.as_ref()),
            provider: text(fact.provider.as_ref()),
        }),
        Fact::Eligibility(fact) => Wire::Eligibility(pb::Eligibility {
            program: fact.program.to_string(),
            begin: fact.begin.to_string(),
            end: date(fact.end),
        }),
        Fact::Participation(fact) => Wire::Participation(pb::Participation {
            program: fact.program.to_string(),
            begin: fact.begin.to_string(),
            end: date(fact.end),
            exit_reason: text(fact.exit_reason.as_ref()),
        }),
        Fact::Dosage(fact) => Wire::Dosage(pb::Dosage {
            program: fact.program.to_string(),
            date: fact.date.to_string(),
            unit: fact.unit.code().into(),
            amount_hundredths: fact.amount_hundredths,
        }),
        Fact::OptOut(fact) => {
            Wire::OptOut(pb::OptOut { from: fact.from.to_string(), until: date(fact.until) })
        }
        Fact::Consent(fact) => {
            Wire::Consent(pb::Consent { from: fact.from.to_string(), until: date(fact.until) })
        }
        Fact::Status(fact) => Wire::Status(pb::Status {
            status: fact.status.code().into(),
            zone: text(fact.zone.as_ref()),
            begin: fact.begin.to_string(),
            end: date(fact.end),
        }),
        Fact::Course(fact) => Wire::Course(pb::Course {
            school_year: fact.school_year.ending().into(),
            code: fact.code.to_string(),
            term: text(fact.term.as_ref()),
            core: fact.core,
            attempted_hundredths: fact.attempted_hundredths,
            earned_hundredths: fact.earned_hundredths,
            failed: fact.failed,
        }),
        Fact::SchoolDay(fact) => Wire::SchoolDay(pb::SchoolDay {
            school: fact.school.to_string(),
            date: fact.date.to_string(),
            instructional: fact.instructional,
        }),
    }
}

fn person(
    fact: &Demographics,
    identity: Option<pb::person::Identity>,
    second: Option<Vec<u8>>,
) -> pb::Person {
    let races = Races::NAMES.iter().enumerate().filter(|(bit, _)| fact.races.bits() >> bit & 1 == 1);
    pb::Person {
        identity,
        second_encoding: second.unwrap_or_default(),
        school_year: fact.school_year.map(|year| year.ending().into()),
        sex: fact.sex.map_or("", |sex| sex.code()).into(),
        races: races.map(|(_, name)| (*name).to_owned()).collect(),
        hispanic: fact.hispanic,
        economically_disadvantaged: fact.economically_disadvantaged,
        lunch: fact.lunch.map_or("", |lunch| lunch.code()).into(),
        disability_idea: fact.disability_idea,
        section_504: fact.section_504,
        english_learner: fact.english_learner.map_or("", |status| status.code()).into(),
        homeless: fact.homeless,
        foster: fact.foster,
        migrant: fact.migrant,
        military: fact.military,
        zone: text(fact.zone.as_ref()),
        unaccompanied: fact.unaccompanied,
        disability: fact.disability.map_or("", |disability| disability.code()).into(),
        birth_month: text(fact.birth_month.as_ref()),
    }
}
