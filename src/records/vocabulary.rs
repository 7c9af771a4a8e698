//! The words records may use: one enum for each vocabulary, one code for each word.

/// Declares an enum whose variants have one code each, in text, in both directions.
macro_rules! coded {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$outer])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
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

mod people;
mod schooling;

pub use people::{Disability, EnglishLearner, Lunch, Races, Sex, StatusKind};
pub use schooling::{
    Action, AttendanceStatus, CollegeLevel, CollegeStatus, DiplomaType, DosageUnit, ExitType, Grade, Sector,
};

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
        /// Consent to be counted.
        Consent = "consent",
    }
}

impl Kind {
    /// Whether its records are about a student.
    #[must_use]
    pub const fn has_student(self) -> bool {
        !matches!(self, Self::School | Self::Program | Self::SchoolDay)
    }
}
