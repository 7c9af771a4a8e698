//! Data-sharing agreements: the document that alone decides who may ask what and who may send what.
//!
//! An agreement is a versioned TOML text with a digest. Deciding is a pure function of the caller, the
//! question, the agreement and the day; whatever is not permitted in writing is refused. A permit and
//! a refusal both quote the agreement, its version and the rule.

mod agreement;
mod scope;
mod terms;
mod permit;

pub use agreement::{Agreement, Basis, Grant, Invalid, State, YearRange};
pub use permit::{Caller, IntakePermit, Offer, Permit, Question, Refused, Rule};
pub use scope::Scope;
pub use terms::Terms;
