//! The words records may use: one enum for each vocabulary, one code for each word.

use serde::{Deserialize, Serialize};

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
        /// A span in which a student had a status.
        Status = "status",
        /// A course with its credits.
        Course = "course",
        /// A day of a school's calendar.
        SchoolDay = "school_day",
    }
}

impl Kind {
    /// Whether its records are about a student.
    #[must_use]
    pub const fn has_student(self) -> bool {
        !matches!(self, Self::School | Self::Program | Self::SchoolDay)
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
        /// In the first year after exit.
        Monitored1 = "monitored_1",
        /// In the second year after exit.
        Monitored2 = "monitored_2",
        /// In the third year after exit.
        Monitored3 = "monitored_3",
        /// In the fourth year after exit.
        Monitored4 = "monitored_4",
    }
}

coded! {
    /// What a dated status says. A student has it in every school year that its span touches.
    StatusKind {
        /// Experiencing homelessness (McKinney-Vento).
        Homeless = "homeless",
        /// Homeless and without a parent or guardian.
        Unaccompanied = "unaccompanied",
        /// In foster care.
        Foster = "foster",
        /// Migrant.
        Migrant = "migrant",
        /// Military connected.
        Military = "military",
        /// Economically disadvantaged.
        EconomicallyDisadvantaged = "economically_disadvantaged",
        /// Found eligible for free meals by another program's list (direct certification).
        DirectlyCertified = "directly_certified",
        /// Served under IDEA.
        DisabilityIdea = "disability_idea",
        /// Served under Section 504.
        Section504 = "section_504",
        /// English learner; the four years after the span ends are monitored years.
        EnglishLearner = "english_learner",
        /// Lives in the zone that the record names.
        Zone = "zone",
    }
}

coded! {
    /// Primary disability: the thirteen categories of IDEA and developmental delay.
    Disability {
        /// Autism.
        Autism = "autism",
        /// Deaf-blindness.
        DeafBlindness = "deaf_blindness",
        /// Deafness.
        Deafness = "deafness",
        /// Developmental delay.
        DevelopmentalDelay = "developmental_delay",
        /// Emotional disturbance.
        EmotionalDisturbance = "emotional_disturbance",
        /// Hearing impairment.
        HearingImpairment = "hearing_impairment",
        /// Intellectual disability.
        IntellectualDisability = "intellectual_disability",
        /// Multiple disabilities.
        MultipleDisabilities = "multiple_disabilities",
        /// Orthopedic impairment.
        OrthopedicImpairment = "orthopedic_impairment",
        /// Other health impairment.
        OtherHealthImpairment = "other_health_impairment",
        /// Specific learning disability.
        SpecificLearningDisability = "specific_learning_disability",
        /// Speech or language impairment.
        SpeechLanguageImpairment = "speech_language_impairment",
        /// Traumatic brain injury.
        TraumaticBrainInjury = "traumatic_brain_injury",
        /// Visual impairment.
        VisualImpairment = "visual_impairment",
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

/// The race flags of 1997 and of 2024 and the two-or-more flag, as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Races(u8);

impl Races {
    /// Flag names in the order of their bits.
    pub const NAMES: [&'static str; 7] =
        ["american_indian", "asian", "black", "pacific_islander", "white", "two_or_more", "middle_eastern"];

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
        Self(bits & 0b111_1111)
    }
}
