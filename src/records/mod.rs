//! What sources send: the dictionary of records, their codes, and a whole submission.
//!
//! A [`Fact`] holds codes, dates and numbers and nothing that names a person. What could name one
//! stands apart, in [`Identifiers`] and [`Clear`], which show nothing when printed and are wiped when
//! dropped; `identity` consumes them. Codes from outside are held to a narrow alphabet ([`Code`]) so
//! that a name written into the wrong column is refused rather than stored.

mod code;
mod fact;
mod submission;
mod violation;

pub use code::{Code, Label, NotACode, OrgId};
pub use fact::{
    Action, Assessment, AttendanceEvent, AttendanceStatus, AttendanceSummary, CollegeLevel, CollegeStatus,
    Demographics, Diploma, DiplomaType, Discipline, Dosage, DosageUnit, Eligibility, EnglishLearner,
    Enrollment, ExitType, Fact, Grade, Kind, Lunch, OptOut, Participation, Postsecondary, Program, Races,
    School, Sector, Sex,
};
pub use submission::{Change, Clear, Identifiers, Submission};
pub use violation::Violation;
