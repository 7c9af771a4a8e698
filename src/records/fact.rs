//! Facts: what a record says about a student, a school or a program, in codes, dates and numbers.
//!
//! A field is added at the end of its struct, and absent by default: then what is stored stays as it was (`stored`).

use super::{
    Action, AttendanceStatus, BirthMonth, Code, CollegeLevel, CollegeStatus, DiplomaType, Disability,
    DosageUnit, EnglishLearner, ExitType, Grade, Kind, Label, Lunch, Races, Sector, Sex, StatusKind,
};
use crate::calendar::{Date, SchoolYear};
use serde::{Deserialize, Serialize};

/// Group memberships of a student as of a school year. What is absent is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Demographics {
    /// The school year they hold for; absent means from the first year on.
    pub school_year: Option<SchoolYear>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Race flags.
    pub races: Races,
    /// Hispanic or Latino of any race.
    pub hispanic: Option<bool>,
    /// Economically disadvantaged.
    pub economically_disadvantaged: Option<bool>,
    /// Meal status.
    pub lunch: Option<Lunch>,
    /// Served under IDEA.
    pub disability_idea: Option<bool>,
    /// Served under Section 504.
    pub section_504: Option<bool>,
    /// English learner status.
    pub english_learner: Option<EnglishLearner>,
    /// Experiencing homelessness.
    pub homeless: Option<bool>,
    /// In foster care.
    pub foster: Option<bool>,
    /// Migrant.
    pub migrant: Option<bool>,
    /// Military connected.
    pub military: Option<bool>,
    /// A zone code the source supplies.
    pub zone: Option<Code>,
    /// Homeless and without a parent or guardian.
    pub unaccompanied: Option<bool>,
    /// Primary disability.
    pub disability: Option<Disability>,
    /// Month of birth, where a source gives it for figures about age.
    pub birth_month: Option<BirthMonth>,
}

/// A school; its code is unique within the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct School {
    /// The source's code.
    pub code: Code,
    /// Public name.
    pub name: Label,
    /// Code of the district; absent when the source is the district.
    pub district: Option<Code>,
    /// Public name of the district.
    pub district_name: Option<Label>,
    /// Who runs it.
    pub sector: Sector,
    /// Whether it has a Title I program.
    pub title_i: Option<bool>,
}

/// A spell at a school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrollment {
    /// School code within the source.
    pub school: Code,
    /// The school year.
    pub school_year: SchoolYear,
    /// First day.
    pub entry: Date,
    /// Last day; absent while open.
    pub exit: Option<Date>,
    /// Why it ended.
    pub exit_type: Option<ExitType>,
    /// Grade.
    pub grade: Option<Grade>,
    /// School year of first entry into grade 9, when the source says it.
    pub ninth_grade_year: Option<SchoolYear>,
    /// Whether the student repeats the grade.
    pub repeats_grade: Option<bool>,
}

/// Days enrolled, present and absent over a span within one school year, in hundredths of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttendanceSummary {
    /// School code within the source.
    pub school: Code,
    /// First day of the span.
    pub from: Date,
    /// Last day of the span.
    pub to: Date,
    /// Days in membership, hundredths.
    pub days_enrolled_hundredths: u32,
    /// Days present, hundredths.
    pub days_present_hundredths: u32,
    /// Days absent, hundredths.
    pub days_absent_hundredths: u32,
}

/// One day's attendance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttendanceEvent {
    /// School code within the source.
    pub school: Code,
    /// The day.
    pub date: Date,
    /// What it was.
    pub status: AttendanceStatus,
    /// The part of the day absent, hundredths, for [`AttendanceStatus::Partial`].
    pub absent_hundredths: Option<u32>,
}

/// One assessment result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// Test code.
    pub test: Code,
    /// Subject code.
    pub subject: Code,
    /// Grade when assessed.
    pub grade: Option<Grade>,
    /// Day of administration.
    pub date: Date,
    /// Scale score in thousandths of a point.
    pub scale_score_thousandths: Option<i64>,
    /// Performance level, 1 is lowest.
    pub level: Option<u8>,
    /// Whether the level counts as proficient.
    pub proficient: Option<bool>,
    /// Why there is no score.
    pub not_tested: Option<Code>,
    /// Standard error of the scale score in thousandths of a point.
    pub standard_error_thousandths: Option<u32>,
}

/// One disciplinary action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discipline {
    /// School code within the source.
    pub school: Option<Code>,
    /// Day of the action.
    pub date: Date,
    /// What it was.
    pub action: Action,
    /// How long, hundredths of a day.
    pub days_hundredths: Option<u32>,
    /// Code of the behavior it answers.
    pub behavior: Option<Code>,
}

/// A diploma.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diploma {
    /// What it is.
    pub diploma_type: DiplomaType,
    /// Day of the award.
    pub date: Date,
}

/// A spell at a college.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postsecondary {
    /// Code of the institution.
    pub institution: Code,
    /// Its level.
    pub level: CollegeLevel,
    /// First day of the term.
    pub begin: Date,
    /// Last day; absent while open.
    pub end: Option<Date>,
    /// Standing.
    pub status: Option<CollegeStatus>,
    /// Whether a credential was awarded.
    pub graduated: bool,
    /// Whether remedial courses were taken.
    pub remedial: Option<bool>,
}

/// A program. Its code is shared by the whole collaboration: an agency reports participation in what
/// a district reports eligibility for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its code.
    pub code: Code,
    /// Public name.
    pub name: Label,
    /// A type, as a code.
    pub program_type: Option<Code>,
    /// Public name of who provides it, to give credit.
    pub provider: Option<Label>,
}

/// A span in which a student could take part in a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligibility {
    /// Program code.
    pub program: Code,
    /// First day.
    pub begin: Date,
    /// Last day; absent while open.
    pub end: Option<Date>,
}

/// A span in which a student took part in a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participation {
    /// Program code.
    pub program: Code,
    /// First day.
    pub begin: Date,
    /// Last day; absent while open.
    pub end: Option<Date>,
    /// Why it ended.
    pub exit_reason: Option<Code>,
}

/// An amount of service on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dosage {
    /// Program code.
    pub program: Code,
    /// The day.
    pub date: Date,
    /// What is counted.
    pub unit: DosageUnit,
    /// How much, hundredths of the unit.
    pub amount_hundredths: u32,
}

/// A wish not to be counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOut {
    /// First day it holds.
    pub from: Date,
    /// Last day; absent means for good.
    pub until: Option<Date>,
}

impl OptOut {
    /// Whether it is not over by a day. One whose first day is still to come counts, too.
    #[must_use]
    pub fn lasts(&self, day: Date) -> bool {
        self.until.is_none_or(|until| until >= day)
    }
}

/// Consent to be counted, for sources whose records count with it alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// First day it holds.
    pub from: Date,
    /// Last day; absent while it is not withdrawn.
    pub until: Option<Date>,
}

impl Consent {
    /// Whether it holds on a day.
    #[must_use]
    pub fn holds(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| until >= day)
    }
}

/// A span in which a student had a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Which.
    pub status: StatusKind,
    /// The zone, for [`StatusKind::Zone`].
    pub zone: Option<Code>,
    /// First day.
    pub begin: Date,
    /// Last day; absent while open.
    pub end: Option<Date>,
}

/// A course a student took, with its credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The school year.
    pub school_year: SchoolYear,
    /// The source's code of the course.
    pub code: Code,
    /// The term, as a code, where a course has several marks.
    pub term: Option<Code>,
    /// Whether it is a core course: English, mathematics, science or social science.
    pub core: Option<bool>,
    /// Credits attempted, hundredths.
    pub attempted_hundredths: Option<u32>,
    /// Credits earned, hundredths.
    pub earned_hundredths: u32,
    /// Whether the mark is a failing one.
    pub failed: Option<bool>,
}

/// A day of a school's calendar: with it, a source that sends absences alone tells how long students were enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolDay {
    /// School code within the source.
    pub school: Code,
    /// The day.
    pub date: Date,
    /// Whether there was instruction.
    pub instructional: bool,
}

/// What a record says. The order of the variants is part of the stored form: add at the end only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fact {
    /// Group memberships; the identifiers travel beside the fact.
    Person(Demographics),
    /// A school.
    School(School),
    /// A spell at a school.
    Enrollment(Enrollment),
    /// Attendance over a span.
    AttendanceSummary(AttendanceSummary),
    /// Attendance on a day.
    AttendanceEvent(AttendanceEvent),
    /// An assessment result.
    Assessment(Assessment),
    /// A disciplinary action.
    Discipline(Discipline),
    /// A diploma.
    Diploma(Diploma),
    /// A spell at a college.
    Postsecondary(Postsecondary),
    /// A program.
    Program(Program),
    /// A span of eligibility.
    Eligibility(Eligibility),
    /// A span of participation.
    Participation(Participation),
    /// An amount of service.
    Dosage(Dosage),
    /// A wish not to be counted.
    OptOut(OptOut),
    /// A span with a status.
    Status(Status),
    /// A course.
    Course(Course),
    /// A day of a calendar.
    SchoolDay(SchoolDay),
    /// Consent to be counted.
    Consent(Consent),
}

impl Fact {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Person(_) => Kind::Person,
            Self::School(_) => Kind::School,
            Self::Enrollment(_) => Kind::Enrollment,
            Self::AttendanceSummary(_) => Kind::AttendanceSummary,
            Self::AttendanceEvent(_) => Kind::AttendanceEvent,
            Self::Assessment(_) => Kind::Assessment,
            Self::Discipline(_) => Kind::Discipline,
            Self::Diploma(_) => Kind::Diploma,
            Self::Postsecondary(_) => Kind::Postsecondary,
            Self::Program(_) => Kind::Program,
            Self::Eligibility(_) => Kind::Eligibility,
            Self::Participation(_) => Kind::Participation,
            Self::Dosage(_) => Kind::Dosage,
            Self::OptOut(_) => Kind::OptOut,
            Self::Status(_) => Kind::Status,
            Self::Course(_) => Kind::Course,
            Self::SchoolDay(_) => Kind::SchoolDay,
            Self::Consent(_) => Kind::Consent,
        }
    }
}
