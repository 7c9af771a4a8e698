//! What a record of the wire says becomes a fact, or everything that is wrong with it.

use super::check::Check;
use super::kind::kind_of;
use super::v1 as pb;
use crate::calendar::Date;
use crate::records::{
    Action, Assessment, AttendanceEvent, AttendanceStatus, AttendanceSummary, Change, Clear, CollegeLevel,
    CollegeStatus, Consent, Course, Demographics, Diploma, DiplomaType, Disability, Discipline, Dosage,
    DosageUnit, Eligibility, EnglishLearner, Enrollment, ExitType, Fact, Grade, Identifiers, Lunch, OptOut,
    Participation, Postsecondary, Program, Races, School, SchoolDay, Sector, Sex, Status, StatusKind,
    Violation,
};
use pb::record::Fact as Wire;

/// Longest identifier, in bytes.
const MAX_IDENTIFIER: usize = 300;

/// Hundredths of days: more than a school year has.
const MAX_DAYS: u32 = 36_600;

/// Who a person record is about.
pub(super) enum Identity {
    Clear(Identifiers),
    /// One encoding, or two where one key follows another.
    Encoded(Vec<Vec<u8>>),
}

pub(super) fn change(fact: Wire) -> Result<(Change, Option<Identity>), Vec<Violation>> {
    let upsert = |fact: Result<Fact, Vec<Violation>>| fact.map(|fact| (Change::Upsert(fact), None));
    match fact {
        Wire::Person(wire) => person(wire).map(|(fact, identity)| (Change::Upsert(fact), Some(identity))),
        Wire::School(wire) => upsert(school(&wire)),
        Wire::Enrollment(wire) => upsert(enrollment(&wire)),
        Wire::AttendanceSummary(wire) => upsert(attendance_summary(&wire)),
        Wire::AttendanceEvent(wire) => upsert(attendance_event(&wire)),
        Wire::Assessment(wire) => upsert(assessment(&wire)),
        Wire::Discipline(wire) => upsert(discipline(&wire)),
        Wire::Diploma(wire) => upsert(diploma(&wire)),
        Wire::Postsecondary(wire) => upsert(postsecondary(&wire)),
        Wire::Program(wire) => upsert(program(&wire)),
        Wire::Eligibility(wire) => upsert(eligibility(&wire)),
        Wire::Participation(wire) => upsert(participation(&wire)),
        Wire::Dosage(wire) => upsert(dosage(&wire)),
        Wire::OptOut(wire) => upsert(opt_out(&wire)),
        Wire::Status(wire) => upsert(status(&wire)),
        Wire::Course(wire) => upsert(course(&wire)),
        Wire::SchoolDay(wire) => upsert(school_day(&wire)),
        Wire::Consent(wire) => upsert(consent(&wire)),
        Wire::Delete(kind) => {
            let unknown = || vec![Violation::new("delete", "outside_vocabulary", "is not a kind")];
            kind_of(kind).map(|kind| (Change::Delete(kind), None)).ok_or_else(unknown)
        }
    }
}

fn person(wire: pb::Person) -> Result<(Fact, Identity), Vec<Violation>> {
    let mut check = Check::new("person");
    let school_year = wire.school_year.and_then(|year| check.year("school_year", year));
    let sex = check.word_or_none("sex", &wire.sex, Sex::from_code);
    let mut races = Races::default();
    for race in &wire.races {
        if !races.add(race) {
            check.wrong("races", "outside_vocabulary", "has a word that is not of its vocabulary");
        }
    }
    let demographics = Demographics {
        school_year,
        sex,
        races,
        hispanic: wire.hispanic,
        economically_disadvantaged: wire.economically_disadvantaged,
        lunch: check.word_or_none("lunch", &wire.lunch, Lunch::from_code),
        disability_idea: wire.disability_idea,
        section_504: wire.section_504,
        english_learner: check.word_or_none(
            "english_learner",
            &wire.english_learner,
            EnglishLearner::from_code,
        ),
        homeless: wire.homeless,
        foster: wire.foster,
        migrant: wire.migrant,
        military: wire.military,
        zone: check.code_or_none("zone", &wire.zone),
        unaccompanied: wire.unaccompanied,
        disability: check.word_or_none("disability", &wire.disability, Disability::from_code),
        birth_month: check.month_or_none("birth_month", &wire.birth_month),
    };
    let second = (!wire.second_encoding.is_empty()).then_some(wire.second_encoding);
    if second.is_some() && !matches!(wire.identity, Some(pb::person::Identity::Encoding(_))) {
        check.wrong("second_encoding", "contradiction", "comes only beside another encoding");
    }
    let identity = match wire.identity {
        Some(pb::person::Identity::Identifiers(wire)) => Some(Identity::Clear(identifiers(&mut check, wire))),
        Some(pb::person::Identity::Encoding(first)) => {
            Some(Identity::Encoded(std::iter::once(first).chain(second).collect()))
        }
        None => {
            check.wrong("identity", "missing", "identifiers or an encoding are required");
            None
        }
    };
    check.finish(identity.map(|identity| (Fact::Person(demographics), identity)))
}

fn identifiers(check: &mut Check, wire: pb::Identifiers) -> Identifiers {
    let birth_date = check.date_or_none("identifiers.birth_date", &wire.birth_date);
    let mut text = |field: &str, text: String| {
        if text.len() > MAX_IDENTIFIER {
            check.wrong(&format!("identifiers.{field}"), "out_of_range", "is too long");
        }
        Clear::new(text)
    };
    Identifiers {
        first_name: text("first_name", wire.first_name),
        middle_name: text("middle_name", wire.middle_name),
        last_name: text("last_name", wire.last_name),
        suffix: text("suffix", wire.suffix),
        birth_date: birth_date.map(Into::into),
        street_address: text("street_address", wire.street_address),
        city: text("city", wire.city),
        zip: text("zip", wire.zip),
        shared_id: text("shared_id", wire.shared_id),
    }
}

fn school(wire: &pb::School) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("school");
    let (code, name) = (check.code("code", &wire.code), check.label("name", &wire.name));
    let district = check.code_or_none("district", &wire.district);
    let district_name =
        if wire.district_name.is_empty() { None } else { check.label("district_name", &wire.district_name) };
    let sector = check.word("sector", &wire.sector, Sector::from_code);
    let fact = (|| {
        let (code, name, sector) = (code?, name?, sector?);
        Some(Fact::School(School { code, name, district, district_name, sector, title_i: wire.title_i }))
    })();
    check.finish(fact)
}

fn enrollment(wire: &pb::Enrollment) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("enrollment");
    let school = check.code("school", &wire.school);
    let school_year = check.year("school_year", wire.school_year);
    let (entry, exit) = (check.date("entry", &wire.entry), check.date_or_none("exit", &wire.exit));
    check.span("exit", entry, exit);
    let exit_type = check.word_or_none("exit_type", &wire.exit_type, ExitType::from_code);
    let grade = check.word_or_none("grade", &wire.grade, Grade::from_code);
    let ninth_grade_year = wire.ninth_grade_year.and_then(|year| check.year("ninth_grade_year", year));
    let fact = (|| {
        let (school, school_year, entry) = (school?, school_year?, entry?);
        Some(Fact::Enrollment(Enrollment {
            school,
            school_year,
            entry,
            exit,
            exit_type,
            grade,
            ninth_grade_year,
            repeats_grade: wire.repeats_grade,
        }))
    })();
    check.finish(fact)
}

fn attendance_summary(wire: &pb::AttendanceSummary) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("attendance_summary");
    let school = check.code("school", &wire.school);
    let (from, to) = (check.date("from", &wire.from), check.date("to", &wire.to));
    check.span("to", from, to);
    if let (Some(from), Some(to)) = (from, to)
        && from.school_year() != to.school_year()
    {
        check.wrong("to", "contradiction", "is in another school year than the first day");
    }
    let enrolled = check.hundredths("days_enrolled_hundredths", wire.days_enrolled_hundredths, MAX_DAYS);
    let present = check.hundredths("days_present_hundredths", wire.days_present_hundredths, MAX_DAYS);
    let absent = check.hundredths("days_absent_hundredths", wire.days_absent_hundredths, MAX_DAYS);
    if let (Some(enrolled), Some(present), Some(absent)) = (enrolled, present, absent)
        && present + absent > enrolled
    {
        check.wrong(
            "days_enrolled_hundredths",
            "contradiction",
            "is less than days present and absent together",
        );
    }
    let fact = (|| {
        Some(Fact::AttendanceSummary(AttendanceSummary {
            school: school?,
            from: from?,
            to: to?,
            days_enrolled_hundredths: enrolled?,
            days_present_hundredths: present?,
            days_absent_hundredths: absent?,
        }))
    })();
    check.finish(fact)
}

fn attendance_event(wire: &pb::AttendanceEvent) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("attendance_event");
    let (school, date) = (check.code("school", &wire.school), check.date("date", &wire.date));
    let status = check.word("status", &wire.status, AttendanceStatus::from_code);
    let absent_hundredths =
        wire.absent_hundredths.and_then(|part| check.hundredths("absent_hundredths", part, 100));
    if status == Some(AttendanceStatus::Partial) && wire.absent_hundredths.is_none() {
        check.wrong("absent_hundredths", "missing", "is required for a partial day");
    }
    let fact = (|| {
        let (school, date, status) = (school?, date?, status?);
        Some(Fact::AttendanceEvent(AttendanceEvent { school, date, status, absent_hundredths }))
    })();
    check.finish(fact)
}

fn assessment(wire: &pb::Assessment) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("assessment");
    let (test, subject) = (check.code("test", &wire.test), check.code("subject", &wire.subject));
    let grade = check.word_or_none("grade", &wire.grade, Grade::from_code);
    let date = check.date("date", &wire.date);
    let score = wire.scale_score_thousandths;
    if score.is_some_and(|score| score.abs() > 1_000_000_000) {
        check.wrong("scale_score_thousandths", "out_of_range", "is larger than can be");
    }
    let level = wire.level.and_then(|level| {
        let level = u8::try_from(level).ok().filter(|level| (1..=20).contains(level));
        if level.is_none() {
            check.wrong("level", "out_of_range", "must be 1 to 20");
        }
        level
    });
    let not_tested = check.code_or_none("not_tested", &wire.not_tested);
    let has_result = score.is_some() || wire.level.is_some() || wire.proficient.is_some();
    if has_result != wire.not_tested.is_empty() {
        check.wrong("not_tested", "contradiction", "a result, or why there is none, is required");
    }
    let fact = (|| {
        Some(Fact::Assessment(Assessment {
            test: test?,
            subject: subject?,
            grade,
            date: date?,
            scale_score_thousandths: score,
            level,
            proficient: wire.proficient,
            not_tested,
            standard_error_thousandths: wire.standard_error_thousandths,
        }))
    })();
    check.finish(fact)
}

fn discipline(wire: &pb::Discipline) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("discipline");
    let school = check.code_or_none("school", &wire.school);
    let date = check.date("date", &wire.date);
    let action = check.word("action", &wire.action, Action::from_code);
    let days_hundredths =
        wire.days_hundredths.and_then(|days| check.hundredths("days_hundredths", days, MAX_DAYS));
    let behavior = check.code_or_none("behavior", &wire.behavior);
    let fact = (|| {
        let (date, action) = (date?, action?);
        Some(Fact::Discipline(Discipline { school, date, action, days_hundredths, behavior }))
    })();
    check.finish(fact)
}

fn diploma(wire: &pb::Diploma) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("diploma");
    let diploma_type = check.word("type", &wire.r#type, DiplomaType::from_code);
    let date = check.date("date", &wire.date);
    let fact = (|| Some(Fact::Diploma(Diploma { diploma_type: diploma_type?, date: date? })))();
    check.finish(fact)
}

fn postsecondary(wire: &pb::Postsecondary) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("postsecondary");
    let institution = check.code("institution", &wire.institution);
    let level = check.word("level", &wire.level, CollegeLevel::from_code);
    let (begin, end) = span(&mut check, "begin", &wire.begin, "end", &wire.end);
    let status = check.word_or_none("status", &wire.status, CollegeStatus::from_code);
    let fact = (|| {
        let (institution, level, begin) = (institution?, level?, begin?);
        Some(Fact::Postsecondary(Postsecondary {
            institution,
            level,
            begin,
            end,
            status,
            graduated: wire.graduated,
            remedial: wire.remedial,
        }))
    })();
    check.finish(fact)
}

fn program(wire: &pb::Program) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("program");
    let (code, name) = (check.code("code", &wire.code), check.label("name", &wire.name));
    let program_type = check.code_or_none("type", &wire.r#type);
    let provider = if wire.provider.is_empty() { None } else { check.label("provider", &wire.provider) };
    let fact = (|| Some(Fact::Program(Program { code: code?, name: name?, program_type, provider })))();
    check.finish(fact)
}

fn eligibility(wire: &pb::Eligibility) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("eligibility");
    let program = check.code("program", &wire.program);
    let (begin, end) = span(&mut check, "begin", &wire.begin, "end", &wire.end);
    let fact = (|| Some(Fact::Eligibility(Eligibility { program: program?, begin: begin?, end })))();
    check.finish(fact)
}

fn participation(wire: &pb::Participation) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("participation");
    let program = check.code("program", &wire.program);
    let (begin, end) = span(&mut check, "begin", &wire.begin, "end", &wire.end);
    let exit_reason = check.code_or_none("exit_reason", &wire.exit_reason);
    let fact =
        (|| Some(Fact::Participation(Participation { program: program?, begin: begin?, end, exit_reason })))(
        );
    check.finish(fact)
}

fn dosage(wire: &pb::Dosage) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("dosage");
    let (program, date) = (check.code("program", &wire.program), check.date("date", &wire.date));
    let unit = check.word("unit", &wire.unit, DosageUnit::from_code);
    let amount = check.hundredths("amount_hundredths", wire.amount_hundredths, 10_000_000);
    let fact = (|| {
        let (program, date, unit, amount_hundredths) = (program?, date?, unit?, amount?);
        Some(Fact::Dosage(Dosage { program, date, unit, amount_hundredths }))
    })();
    check.finish(fact)
}

fn opt_out(wire: &pb::OptOut) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("opt_out");
    let (from, until) = span(&mut check, "from", &wire.from, "until", &wire.until);
    check.finish(from.map(|from| Fact::OptOut(OptOut { from, until })))
}

fn consent(wire: &pb::Consent) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("consent");
    let (from, until) = span(&mut check, "from", &wire.from, "until", &wire.until);
    check.finish(from.map(|from| Fact::Consent(Consent { from, until })))
}

fn status(wire: &pb::Status) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("status");
    let status = check.word("status", &wire.status, StatusKind::from_code);
    let zone = check.code_or_none("zone", &wire.zone);
    if status.is_some_and(|status| (status == StatusKind::Zone) == wire.zone.is_empty()) {
        check.wrong("zone", "contradiction", "comes with the status zone, and with no other");
    }
    let (begin, end) = span(&mut check, "begin", &wire.begin, "end", &wire.end);
    let fact = (|| Some(Fact::Status(Status { status: status?, zone, begin: begin?, end })))();
    check.finish(fact)
}

fn course(wire: &pb::Course) -> Result<Fact, Vec<Violation>> {
    /// Hundredths of credits: more than a course gives anywhere.
    const MAX_CREDITS: u32 = 20_000;
    let mut check = Check::new("course");
    let (school_year, code) = (check.year("school_year", wire.school_year), check.code("code", &wire.code));
    let term = check.code_or_none("term", &wire.term);
    let attempted_hundredths = wire
        .attempted_hundredths
        .and_then(|credits| check.hundredths("attempted_hundredths", credits, MAX_CREDITS));
    let earned = check.hundredths("earned_hundredths", wire.earned_hundredths, MAX_CREDITS);
    let fact = (|| {
        Some(Fact::Course(Course {
            school_year: school_year?,
            code: code?,
            term,
            core: wire.core,
            attempted_hundredths,
            earned_hundredths: earned?,
            failed: wire.failed,
        }))
    })();
    check.finish(fact)
}

fn school_day(wire: &pb::SchoolDay) -> Result<Fact, Vec<Violation>> {
    let mut check = Check::new("school_day");
    let (school, date) = (check.code("school", &wire.school), check.date("date", &wire.date));
    let instructional = wire.instructional;
    let fact = (|| Some(Fact::SchoolDay(SchoolDay { school: school?, date: date?, instructional })))();
    check.finish(fact)
}

fn span(check: &mut Check, first: &str, from: &str, last: &str, to: &str) -> (Option<Date>, Option<Date>) {
    let (from, to) = (check.date(first, from), check.date_or_none(last, to));
    check.span(last, from, to);
    (from, to)
}
