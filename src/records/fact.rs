//! Facts: what a record says about a student, a school or a program, in codes, dates and numbers.

use super::{Code, Label};
use crate::calendar::{Date, SchoolYear};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Declares an enum whose variants have one code each, in text, in both directions.
macro_rules! coded {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$inner])* $variant,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The value with that code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

coded! {
    /// The kinds of record, in the order of the wire's `Kind`.
    Kind {
        /// Identifiers and demographics of a student.
        Person = "person",
        /// A school.
        School = "school",
        /// A spell at a school.
        Enrollment = "enrollment",
        /// Days enrolled, present and absent over a span.
        AttendanceSummary = "attendance_summary",
        /// One day's attendance.
        AttendanceEvent = "attendance_event",
        /// One assessment result.
        Assessment = "assessment",
        /// One disciplinary action.
        Discipline = "discipline",
        /// A diploma.
        Diploma = "diploma",
        /// A spell at a college.
        Postsecondary = "postsecondary",
        /// A program.
        Program = "program",
        /// A span of eligibility for a program.
        Eligibility = "eligibility",
        /// A span of participation in a program.
        Participation = "participation",
        /// An amount of service on a day.
        Dosage = "dosage",
        /// A wish not to be counted.
        OptOut = "opt_out",
    }
}

impl Kind {
    /// Whether its records are about a student.
    #[must_use]
    pub const fn has_student(self) -> bool {
        !matches!(self, Self::School | Self::Program)
    }
}

coded! {
    /// Sex as the source records it.
    Sex {
        /// Female.
        Female = "F",
        /// Male.
        Male = "M",
        /// Neither of the two.
        Other = "X",
    }
}

coded! {
    /// School meal status.
    Lunch {
        /// Free.
        Free = "free",
        /// Reduced price.
        Reduced = "reduced",
        /// Full price.
        Paid = "paid",
        /// Every student free (Community Eligibility Provision): says nothing about the student.
        Cep = "cep",
    }
}

coded! {
    /// English learner status.
    EnglishLearner {
        /// Now a learner.
        Current = "current",
        /// Exited and monitored (up to four years).
        Monitored = "monitored",
        /// Once a learner.
        Former = "former",
        /// Never a learner.
        Never = "never",
    }
}

coded! {
    /// Who runs a school.
    Sector {
        /// A district.
        District = "district",
        /// A charter.
        Charter = "charter",
        /// A private body.
        Private = "private",
        /// Someone else.
        Other = "other",
    }
}

coded! {
    /// Why a spell ended.
    ExitType {
        /// Completed the school's last grade.
        Completed = "completed",
        /// Said to have transferred, without written proof: stays in a graduation cohort.
        Transferred = "transferred",
        /// Transfer out of the collaboration's schools confirmed in writing.
        TransferredConfirmed = "transferred_confirmed",
        /// Left the country.
        Emigrated = "emigrated",
        /// Died.
        Deceased = "deceased",
        /// Dropped out.
        Dropout = "dropout",
        /// Was expelled.
        Expelled = "expelled",
        /// Graduated.
        Graduated = "graduated",
        /// Went to a prison or juvenile facility.
        Incarcerated = "incarcerated",
        /// The year ended.
        EndOfYear = "end_of_year",
        /// Withdrew.
        Withdrawn = "withdrawn",
        /// Not known.
        Unknown = "unknown",
    }
}

coded! {
    /// Grade, in CEDS codes.
    Grade {
        /// Infant or toddler.
        InfantToddler = "IT",
        /// Preschool.
        Preschool = "PR",
        /// Prekindergarten.
        Prekindergarten = "PK",
        /// Transitional kindergarten.
        TransitionalKindergarten = "TK",
        /// Kindergarten.
        Kindergarten = "KG",
        /// Grade 1.
        G01 = "01",
        /// Grade 2.
        G02 = "02",
        /// Grade 3.
        G03 = "03",
        /// Grade 4.
        G04 = "04",
        /// Grade 5.
        G05 = "05",
        /// Grade 6.
        G06 = "06",
        /// Grade 7.
        G07 = "07",
        /// Grade 8.
        G08 = "08",
        /// Grade 9.
        G09 = "09",
        /// Grade 10.
        G10 = "10",
        /// Grade 11.
        G11 = "11",
        /// Grade 12.
        G12 = "12",
        /// Grade 13.
        G13 = "13",
        /// Postsecondary.
        Postsecondary = "PS",
        /// Ungraded.
        Ungraded = "UG",
    }
}

impl Grade {
    /// Its number: kindergarten is 0, grades are 1 to 13, what comes before is negative.
    #[must_use]
    pub fn number(self) -> Option<i32> {
        match self {
            Self::Postsecondary | Self::Ungraded => None,
            _ => Some(self as i32 - Self::Kindergarten as i32),
        }
    }
}

coded! {
    /// What a day's attendance was.
    AttendanceStatus {
        /// Present.
        Present = "present",
        /// Absent with an excuse.
        Excused = "excused",
        /// Absent without one.
        Unexcused = "unexcused",
        /// Absent by suspension; it counts as absent.
        Suspended = "suspended",
        /// Late; it counts as present.
        Tardy = "tardy",
        /// Absent for a part of the day.
        Partial = "partial",
    }
}

coded! {
    /// A disciplinary action.
    Action {
        /// Suspension within the school.
        InSchoolSuspension = "in_school_suspension",
        /// Suspension out of the school.
        OutOfSchoolSuspension = "out_of_school_suspension",
        /// Expulsion.
        Expulsion = "expulsion",
        /// Something else.
        Other = "other",
    }
}

coded! {
    /// What a diploma is.
    DiplomaType {
        /// Regular.
        Regular = "regular",
        /// State-defined alternate diploma for the most significant cognitive disabilities.
        StateAlternate = "state_alternate",
        /// General educational development.
        Ged = "ged",
        /// Another certificate.
        Other = "other",
    }
}

coded! {
    /// Level of a college.
    CollegeLevel {
        /// Two-year.
        TwoYear = "two_year",
        /// Four-year.
        FourYear = "four_year",
        /// Another.
        Other = "other",
    }
}

coded! {
    /// Standing at a college.
    CollegeStatus {
        /// Full time.
        FullTime = "full_time",
        /// Half time.
        HalfTime = "half_time",
        /// Less than half time.
        LessThanHalfTime = "less_than_half_time",
        /// Withdrew.
        Withdrawn = "withdrawn",
        /// Not known.
        Unknown = "unknown",
    }
}

coded! {
    /// What a dosage counts.
    DosageUnit {
        /// Sessions.
        Session = "session",
        /// Hours.
        Hour = "hour",
        /// Days.
        Day = "day",
        /// Contacts.
        Contact = "contact",
    }
}

/// The five race flags and the two-or-more flag, as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Races(u8);

impl Races {
    /// Flag names in the order of their bits.
    pub const NAMES: [&'static str; 6] =
        ["american_indian", "asian", "black", "pacific_islander", "white", "two_or_more"];

    /// Adds the flag of that name; false when there is none such.
    pub fn add(&mut self, name: &str) -> bool {
        match Self::NAMES.iter().position(|known| *known == name) {
            Some(bit) => {
                self.0 |= 1 << bit;
                true
            }
            None => false,
        }
    }

    /// The flags of both: sources that disagree are united.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits, lowest for the first of [`Races::NAMES`].
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The flags with those bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0b11_1111)
    }
}

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
        }
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.days().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = i32::deserialize(deserializer)?;
        Self::from_days(days).ok_or_else(|| serde::de::Error::custom("a day outside the calendar"))
    }
}

impl Serialize for SchoolYear {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.ending().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SchoolYear {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let year = u16::deserialize(deserializer)?;
        Self::new(year.into()).ok_or_else(|| serde::de::Error::custom("a school year outside 1900 to 2999"))
    }
}
