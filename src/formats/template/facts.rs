//! A row of a template as a fact, with the checks between its columns.
//!
//! Required columns are known to be filled or the row is refused already, so a function here only reads
//! everything, lets every problem be collected, and gives nothing when a required value is not there.

use super::super::fields::Fields;
use super::super::value;
use super::columns::{STUDENT_ID, Template};
use crate::calendar::{Date, SchoolYear};
use crate::records::{
    Action, Assessment, AttendanceEvent, AttendanceStatus, AttendanceSummary, Code, CollegeLevel,
    CollegeStatus, Consent, Course, Demographics, Diploma, DiplomaType, Disability, Discipline, Dosage,
    DosageUnit, Eligibility, EnglishLearner, Enrollment, ExitType, Fact, Kind, Lunch, OptOut, Participation,
    Postsecondary, Program, Races, School, SchoolDay, Sector, Sex, Status, StatusKind,
};

type Row<'a, 'r, 't> = &'a mut Fields<'r, 't>;

/// A word of one of the dictionary's vocabularies.
macro_rules! word {
    ($fields:ident, $column:literal, $vocabulary:ty) => {{
        let words = || <$vocabulary>::ALL.iter().map(|value| value.code()).collect();
        $fields.word($column, words, <$vocabulary>::from_code)
    }};
}

/// The fact of a row of that kind.
pub(super) fn fact(kind: Kind, fields: Row<'_, '_, '_>) -> Option<Fact> {
    match kind {
        Kind::Person => person(fields).map(Fact::Person),
        Kind::School => school(fields).map(Fact::School),
        Kind::Enrollment => enrollment(fields).map(Fact::Enrollment),
        Kind::AttendanceSummary => attendance_summary(fields).map(Fact::AttendanceSummary),
        Kind::AttendanceEvent => attendance_event(fields).map(Fact::AttendanceEvent),
        Kind::Assessment => assessment(fields).map(Fact::Assessment),
        Kind::Discipline => discipline(fields).map(Fact::Discipline),
        Kind::Diploma => diploma(fields).map(Fact::Diploma),
        Kind::Postsecondary => postsecondary(fields).map(Fact::Postsecondary),
        Kind::Program => program(fields).map(Fact::Program),
        Kind::Eligibility => eligibility(fields).map(Fact::Eligibility),
        Kind::Participation => participation(fields).map(Fact::Participation),
        Kind::Dosage => dosage(fields).map(Fact::Dosage),
        Kind::OptOut => opt_out(fields).map(Fact::OptOut),
        Kind::Status => status(fields).map(Fact::Status),
        Kind::Course => course(fields).map(Fact::Course),
        Kind::SchoolDay => school_day(fields).map(Fact::SchoolDay),
        Kind::Consent => consent(fields).map(Fact::Consent),
    }
}

/// The parts of a record's key after the student, in the order of `Template::key`. None of them can have
/// a `|` in it, so that no two records share a key by accident.
pub(super) fn key_parts(fact: &Fact) -> Vec<String> {
    match fact {
        Fact::Person(f) => f.school_year.iter().map(|year| year.ending().to_string()).collect(),
        Fact::School(f) => vec![f.code.to_string()],
        Fact::Enrollment(f) => {
            vec![f.school.to_string(), f.school_year.ending().to_string(), f.entry.to_string()]
        }
        Fact::AttendanceSummary(f) => vec![f.school.to_string(), f.from.to_string()],
        Fact::AttendanceEvent(f) => vec![f.school.to_string(), f.date.to_string()],
        Fact::Assessment(f) => vec![f.test.to_string(), f.subject.to_string(), f.date.to_string()],
        Fact::Discipline(f) => {
            let school = f.school.as_ref().map(Code::to_string).unwrap_or_default();
            vec![school, f.date.to_string(), f.action.code().to_owned()]
        }
        Fact::Diploma(f) => vec![f.diploma_type.code().to_owned()],
        Fact::Postsecondary(f) => vec![f.institution.to_string(), f.begin.to_string()],
        Fact::Program(f) => vec![f.code.to_string()],
        Fact::Eligibility(f) => vec![f.program.to_string(), f.begin.to_string()],
        Fact::Participation(f) => vec![f.program.to_string(), f.begin.to_string()],
        Fact::Dosage(f) => vec![f.program.to_string(), f.date.to_string(), f.unit.code().to_owned()],
        Fact::OptOut(f) => vec![f.from.to_string()],
        Fact::Consent(f) => vec![f.from.to_string()],
        Fact::Status(f) => vec![f.status.code().to_owned(), f.begin.to_string()],
        Fact::Course(f) => {
            let term = f.term.as_ref().map(Code::to_string).unwrap_or_default();
            vec![f.school_year.ending().to_string(), f.code.to_string(), term]
        }
        Fact::SchoolDay(f) => vec![f.school.to_string(), f.date.to_string()],
    }
}

/// The same parts, read from the columns of a row that is refused; nothing when one of them can not be read.
pub(super) fn read_key_parts(template: &Template, fields: Row<'_, '_, '_>) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    for column in template.key.iter().copied().filter(|column| *column != STUDENT_ID) {
        let is_blank = !fields.has(column);
        if is_blank && template.required().any(|required| required == column) {
            return None;
        }
        let part = match column {
            // A person without a year has one part less, and an action at no school an empty one.
            "school_year" if is_blank => continue,
            _ if is_blank => String::new(),
            "school_year" => fields.school_year(column)?.ending().to_string(),
            "entry" | "from" | "date" | "begin" => fields.date(column)?.to_string(),
            "action" => word!(fields, "action", Action)?.code().to_owned(),
            "type" => word!(fields, "type", DiplomaType)?.code().to_owned(),
            "unit" => word!(fields, "unit", DosageUnit)?.code().to_owned(),
            _ => fields.code(column)?.to_string(),
        };
        parts.push(part);
    }
    Some(parts)
}

fn person(fields: Row<'_, '_, '_>) -> Option<Demographics> {
    let school_year = fields.school_year("school_year");
    let birth = fields.date("birth_date");
    if birth.zip(school_year).is_some_and(|(birth, year)| birth > year.last_day()) {
        fields.refuse("birth_date", "contradiction", "is after school_year");
    }
    for column in ["first_name", "last_name", "birth_date"] {
        if !fields.has(column) && !fields.has("shared_id") {
            fields.warn(column, "missing", "is blank, so the student is hard to link");
        }
    }
    Some(Demographics {
        school_year,
        sex: fields.word(
            "sex",
            || vec!["F", "M", "X"],
            |word| match word {
                "f" | "female" => Some(Sex::Female),
                "m" | "male" => Some(Sex::Male),
                "x" => Some(Sex::Other),
                _ => None,
            },
        ),
        races: races(fields),
        hispanic: fields.boolean("hispanic"),
        economically_disadvantaged: fields.boolean("economically_disadvantaged"),
        lunch: word!(fields, "lunch", Lunch),
        disability_idea: fields.boolean("disability_idea"),
        section_504: fields.boolean("section_504"),
        english_learner: word!(fields, "english_learner", EnglishLearner),
        homeless: fields.boolean("homeless"),
        foster: fields.boolean("foster"),
        migrant: fields.boolean("migrant"),
        military: fields.boolean("military"),
        zone: fields.code("zone"),
        unaccompanied: fields.boolean("unaccompanied"),
        disability: word!(fields, "disability", Disability),
        birth_month: fields.birth_month("birth_month"),
    })
}

fn races(fields: Row<'_, '_, '_>) -> Races {
    let (text, mut races) = (fields.text("races"), Races::default());
    let is_known = |race: &str| races.add(&value::word(race));
    if !text.split(';').map(str::trim).filter(|race| !race.is_empty()).all(is_known) {
        let reason = format!("is not made of {}, with ; between", Races::NAMES.join(", "));
        fields.refuse("races", "outside_vocabulary", reason);
    }
    races
}

fn school(fields: Row<'_, '_, '_>) -> Option<School> {
    let (code, name) = (fields.code("school"), fields.label("name"));
    let (district, district_name) = (fields.code("district"), fields.label("district_name"));
    let sector = word!(fields, "sector", Sector);
    let title_i = fields.boolean("title_i");
    Some(School { code: code?, name: name?, district, district_name, sector: sector?, title_i })
}

fn enrollment(fields: Row<'_, '_, '_>) -> Option<Enrollment> {
    let (school, school_year) = (fields.code("school"), fields.school_year("school_year"));
    let (entry, exit) = (fields.date("entry"), fields.date("exit"));
    let exit_type = word!(fields, "exit_type", ExitType);
    let grade = fields.grade("grade");
    let ninth_grade_year = fields.school_year("ninth_grade_year");
    let repeats_grade = fields.boolean("repeats_grade");
    fields.order(("entry", entry), ("exit", exit));
    if exit_type.is_some() && !fields.has("exit") {
        fields.refuse("exit", "missing", "is blank, and exit_type is not");
    }
    if let Some(year) = school_year {
        check_spell(fields, year, entry, exit);
        if ninth_grade_year.is_some_and(|ninth| ninth > year || ninth.plus(10) < year) {
            let reason = "is not school_year or one of the ten before it";
            fields.refuse("ninth_grade_year", "out_of_range", reason);
        }
    }
    let (school, school_year, entry) = (school?, school_year?, entry?);
    Some(Enrollment { school, school_year, entry, exit, exit_type, grade, ninth_grade_year, repeats_grade })
}

fn check_spell(fields: Row<'_, '_, '_>, year: SchoolYear, entry: Option<Date>, exit: Option<Date>) {
    let days = value::days_of(year);
    if entry.is_some_and(|entry| entry.days() > *days.end()) {
        fields.refuse("entry", "contradiction", "is after school_year (2025 is 2024-25)");
    }
    if exit.is_some_and(|exit| exit.days() < *days.start()) {
        fields.refuse("exit", "contradiction", "is before school_year (2025 is 2024-25)");
    }
    if exit.is_some_and(|exit| exit.days() > *days.end()) {
        fields.refuse("exit", "contradiction", "is after school_year (2025 is 2024-25)");
    }
}

fn attendance_summary(fields: Row<'_, '_, '_>) -> Option<AttendanceSummary> {
    const DAYS_MAX: u32 = 366;
    let school = fields.code("school");
    let (from, to) = (fields.date("from"), fields.date("to"));
    let enrolled = fields.hundredths("days_enrolled", DAYS_MAX);
    let present = fields.hundredths("days_present", DAYS_MAX);
    let absent = fields.hundredths("days_absent", DAYS_MAX);
    fields.order(("from", from), ("to", to));
    if let (Some(from), Some(to)) = (from, to)
        && from <= to
    {
        if from.school_year() != to.school_year() {
            let reason = "is in another school year than from (a school year begins on 1 July)";
            fields.refuse("to", "contradiction", reason);
        }
        if enrolled.is_some_and(|days| i64::from(days) > i64::from(to.days() - from.days() + 1) * 100) {
            fields.refuse("days_enrolled", "contradiction", "is more than the days between from and to");
        }
    }
    if let (Some(enrolled), Some(present), Some(absent)) = (enrolled, present, absent)
        && present + absent > enrolled
    {
        let reason = "together with days_absent is more than days_enrolled";
        fields.refuse("days_present", "contradiction", reason);
    }
    Some(AttendanceSummary {
        school: school?,
        from: from?,
        to: to?,
        days_enrolled_hundredths: enrolled?,
        days_present_hundredths: present?,
        days_absent_hundredths: absent?,
    })
}

fn attendance_event(fields: Row<'_, '_, '_>) -> Option<AttendanceEvent> {
    let (school, date) = (fields.code("school"), fields.date("date"));
    let status = word!(fields, "status", AttendanceStatus);
    let absent = fields.hundredths("absent_fraction", 1);
    // Many exports give a fraction for whole days too: it is left out where it says the same.
    let whole = match status {
        Some(AttendanceStatus::Present | AttendanceStatus::Tardy) => Some(0),
        Some(AttendanceStatus::Excused | AttendanceStatus::Unexcused | AttendanceStatus::Suspended) => {
            Some(100)
        }
        Some(AttendanceStatus::Partial) | None => None,
    };
    if status == Some(AttendanceStatus::Partial) && !fields.has("absent_fraction") {
        fields.refuse("absent_fraction", "missing", "is blank, and status is partial");
    }
    if whole.zip(absent).is_some_and(|(whole, absent)| whole != absent) {
        fields.refuse("absent_fraction", "contradiction", "is for status partial, and status is another");
    }
    let absent_hundredths = absent.filter(|_| whole.is_none());
    Some(AttendanceEvent { school: school?, date: date?, status: status?, absent_hundredths })
}

fn assessment(fields: Row<'_, '_, '_>) -> Option<Assessment> {
    let (test, subject) = (fields.code("test"), fields.code("subject"));
    let (grade, date) = (fields.grade("grade"), fields.date("date"));
    let score = fields.fixed("scale_score", 3, -1_000_000_000..=1_000_000_000);
    let level = fields.fixed("level", 0, 1..=20).and_then(|level| u8::try_from(level).ok());
    let proficient = fields.boolean("proficient");
    let not_tested = fields.code("not_tested");
    let standard_error = fields.fixed("standard_error", 3, 0..=1_000_000_000);
    let has_result = ["scale_score", "level", "proficient"].iter().any(|column| fields.has(column));
    if fields.has("not_tested") && has_result {
        fields.refuse("not_tested", "contradiction", "gives a reason for no score, and there is one");
    }
    if !fields.has("not_tested") && !has_result {
        let reason = "is blank, and so are level, proficient and not_tested";
        fields.refuse("scale_score", "missing", reason);
    }
    Some(Assessment {
        test: test?,
        subject: subject?,
        grade,
        date: date?,
        scale_score_thousandths: score,
        level,
        proficient,
        not_tested,
        standard_error_thousandths: standard_error.and_then(|error| u32::try_from(error).ok()),
    })
}

fn discipline(fields: Row<'_, '_, '_>) -> Option<Discipline> {
    let (school, date) = (fields.code("school"), fields.date("date"));
    let action = word!(fields, "action", Action);
    let (days_hundredths, behavior) = (fields.hundredths("days", 1_000), fields.code("behavior"));
    Some(Discipline { school, date: date?, action: action?, days_hundredths, behavior })
}

fn diploma(fields: Row<'_, '_, '_>) -> Option<Diploma> {
    let (diploma_type, date) = (word!(fields, "type", DiplomaType), fields.date("date"));
    Some(Diploma { diploma_type: diploma_type?, date: date? })
}

fn postsecondary(fields: Row<'_, '_, '_>) -> Option<Postsecondary> {
    let (institution, level) = (fields.code("institution"), word!(fields, "level", CollegeLevel));
    let (begin, end) = span(fields);
    let status = word!(fields, "status", CollegeStatus);
    let graduated = fields.boolean("graduated").unwrap_or(false);
    let remedial = fields.boolean("remedial");
    let (institution, level, begin) = (institution?, level?, begin?);
    Some(Postsecondary { institution, level, begin, end, status, graduated, remedial })
}

fn program(fields: Row<'_, '_, '_>) -> Option<Program> {
    let (code, name, program_type) = (fields.code("program"), fields.label("name"), fields.code("type"));
    let provider = fields.label("provider");
    Some(Program { code: code?, name: name?, program_type, provider })
}

fn eligibility(fields: Row<'_, '_, '_>) -> Option<Eligibility> {
    let (program, (begin, end)) = (fields.code("program"), span(fields));
    Some(Eligibility { program: program?, begin: begin?, end })
}

fn participation(fields: Row<'_, '_, '_>) -> Option<Participation> {
    let (program, (begin, end)) = (fields.code("program"), span(fields));
    let exit_reason = fields.code("exit_reason");
    Some(Participation { program: program?, begin: begin?, end, exit_reason })
}

fn span(fields: Row<'_, '_, '_>) -> (Option<Date>, Option<Date>) {
    let (begin, end) = (fields.date("begin"), fields.date("end"));
    fields.order(("begin", begin), ("end", end));
    (begin, end)
}

fn dosage(fields: Row<'_, '_, '_>) -> Option<Dosage> {
    let (program, date) = (fields.code("program"), fields.date("date"));
    let unit = word!(fields, "unit", DosageUnit);
    let amount = fields.hundredths("amount", 10_000);
    Some(Dosage { program: program?, date: date?, unit: unit?, amount_hundredths: amount? })
}

fn opt_out(fields: Row<'_, '_, '_>) -> Option<OptOut> {
    let (from, until) = (fields.date("from"), fields.date("until"));
    fields.order(("from", from), ("until", until));
    Some(OptOut { from: from?, until })
}

fn consent(fields: Row<'_, '_, '_>) -> Option<Consent> {
    let (from, until) = (fields.date("from"), fields.date("until"));
    fields.order(("from", from), ("until", until));
    Some(Consent { from: from?, until })
}

fn status(fields: Row<'_, '_, '_>) -> Option<Status> {
    let (status, zone) = (word!(fields, "status", StatusKind), fields.code("zone"));
    let (begin, end) = span(fields);
    let is_zone = status == Some(StatusKind::Zone);
    if is_zone && !fields.has("zone") {
        fields.refuse("zone", "missing", "is blank, and status is zone");
    }
    if status.is_some() && !is_zone && fields.has("zone") {
        fields.refuse("zone", "contradiction", "is for status zone, and status is another");
    }
    Some(Status { status: status?, zone, begin: begin?, end })
}

fn course(fields: Row<'_, '_, '_>) -> Option<Course> {
    let (school_year, code) = (fields.school_year("school_year"), fields.code("course"));
    let (term, core) = (fields.code("term"), fields.boolean("core"));
    let attempted_hundredths = fields.hundredths("credits_attempted", 200);
    let earned = fields.hundredths("credits_earned", 200);
    let failed = fields.boolean("failed");
    let (school_year, code, earned_hundredths) = (school_year?, code?, earned?);
    Some(Course { school_year, code, term, core, attempted_hundredths, earned_hundredths, failed })
}

fn school_day(fields: Row<'_, '_, '_>) -> Option<SchoolDay> {
    let (school, date) = (fields.code("school"), fields.date("date"));
    let instructional = fields.boolean("instructional");
    Some(SchoolDay { school: school?, date: date?, instructional: instructional? })
}
