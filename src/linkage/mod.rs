//! Which records are one person, from encodings alone.
//!
//! A [`Linker`] holds the encodings of all subjects in memory. A new one is compared with the
//! candidates it shares a blocking key with; each comparison becomes a pattern of levels, the pattern
//! a weight in bits, and the weight a [`Link`] to a known person or a new one. Three explanations of
//! a pair are weighed, not two: one person, two members of a household (siblings, twins), and two
//! people who have nothing to do with each other. A missing value is no evidence.
//!
//! One source holds a child once: two subjects of one source are never one person.
//!
//! [`Linker::link`] decides at once, from what is there; [`Linker::relink`] decides everything anew
//! and does not depend on the order of arrival. Left to the caller: storing links, and what a person
//! keeps when a relink splits or merges.

mod comparison;
mod index;
mod linker;
mod parameters;
mod relink;
#[cfg(test)]
mod tests;
mod weight;

pub use comparison::LevelPattern;
pub use linker::Linker;
pub use parameters::Parameters;

use crate::identity::Token;

/// One child in one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The caller's number of the source.
    pub source: u32,
    /// The student in that source.
    pub student: Token,
}

/// One person across all sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub u64);

/// A decision: this subject is this person, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Who was linked.
    pub subject: Subject,
    /// To whom.
    pub person: PersonId,
    /// The weight of the strongest comparison with another subject of that person, in bits: the
    /// binary logarithm of the odds that the two are one person. 0 for a person of its own.
    pub weight_bits: f32,
    /// The levels of that comparison. All zero for a person of its own.
    pub pattern: LevelPattern,
    /// The version of the parameters that decided.
    pub model: u16,
}
