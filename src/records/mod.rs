//! What sources send: the dictionary of records, their codes, and a whole submission.
//!
//! A [`Fact`] holds codes, dates and numbers and nothing that names a person. What could name one
//! stands apart, in [`Identifiers`] and [`Clear`], which show nothing when printed and are wiped when
//! dropped; `identity` consumes them. Codes from outside are held to a narrow alphabet ([`Code`]) so
//! that a name written into the wrong column is refused rather than stored.

mod birth_date;
mod birth_month;
mod code;
mod fact;
mod element;
mod stored;
mod submission;
mod violation;
mod vocabulary;

pub use birth_date::{BirthDate, NotABirthDate};
pub use birth_month::{BirthMonth, NotABirthMonth};
pub use code::{Code, Label, NotACode, OrgId};
pub use element::ELEMENTS;
pub use fact::{
    Assessment, AttendanceEvent, AttendanceSummary, Consent, Course, Demographics, Diploma, Discipline,
    Dosage, Eligibility, Enrollment, Fact, OptOut, Participation, Postsecondary, Program, School, SchoolDay,
    Status,
};
pub use submission::{Change, Clear, Identifiers, Submission};
pub use violation::Violation;
pub use vocabulary::{
    Action, AttendanceStatus, CollegeLevel, CollegeStatus, DiplomaType, Disability, DosageUnit,
    EnglishLearner, ExitType, Grade, Kind, Lunch, Races, Sector, Sex, StatusKind,
};
