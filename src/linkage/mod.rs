//! Which records are one person, from encodings alone.
//!
//! Two records that share a blocking key are compared field by field; each comparison becomes a
//! pattern of levels, the pattern a weight in bits. Three explanations of a pair are weighed, not two:
//! one person, two members of a household (siblings, twins), and two people who have nothing to do
//! with each other. A missing value is no evidence.
//!
//! A [`Roster`] links a whole set: it learns the [`Model`] from the set itself, without labels, finds
//! out which sources hold a person once, and brings records together from the strongest pair to the
//! weakest. A [`Linker`] decides about one record at a time, at once, by the same levels; its
//! [`Linker::relink`] is a roster of all it knows and does not depend on the order of arrival. A
//! [`Verdict`] that people have given on a pair stands above what either of them finds.
//!
//! Left to the caller: storing links, and what a person keeps when a relink splits or merges.

mod blocking;
mod cluster;
mod comparison;
mod decided;
mod exclusive;
mod explain;
mod features;
mod frequency;
mod hashing;
mod index;
mod keys;
mod learn;
mod linker;
mod model;
mod postings;
mod prior;
pub mod quality;
mod relink;
mod review;
mod roster;
mod sample;
mod set;
mod settle;
#[cfg(test)]
mod tests;
mod verdict;
mod weights;

pub use comparison::LevelPattern;
pub use explain::LevelWeight;
pub use linker::Linker;
pub use model::Model;
pub use review::{DOUBTFUL_BITS, Offered, Review, Wanted};
pub use roster::{Linked, Pair, Phase, Reason, Roster};
pub use verdict::{Contradiction, SubjectPair, Verdict};
pub use weights::{BIN_BITS, Bin, Expected};

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
    /// The version of the model that decided.
    pub model: u16,
}
