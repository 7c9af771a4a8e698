//! What is fuzzed: for everything that reads what comes from the network or a file, a function that takes any bytes.
//!
//! It panics when it finds a promise broken: a parser that panics, something accepted that is not printed as it was read, a
//! proof that proves what is not so, an error that repeats a value. The fuzzer (`../libfuzzer`) and the replay of the corpus
//! (`../main.rs`) call the same functions.

pub(crate) mod checkpoints;
mod documents;
mod exports;
mod files;
mod identifiers;
mod keys;
pub(crate) mod log;
mod mappings;
mod proofs;
mod records;
mod rosters;
mod seals;

/// A target: it takes any bytes.
pub(crate) type Target = fn(&[u8]);

/// Every target by its name, which is that of its folder in `corpus`.
pub(crate) const TARGETS: [(&str, Target); 10] = [
    ("checkpoints", checkpoints::run),
    ("documents", documents::run),
    ("exports", exports::run),
    ("identifiers", identifiers::run),
    ("keys", keys::run),
    ("mappings", mappings::run),
    ("proofs", proofs::run),
    ("records", records::run),
    ("rosters", rosters::run),
    ("seals", seals::run),
];

/// What the first byte chooses of several ways to read the rest: a digit or letter, so that corpora can be read.
fn choice(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (*first, rest))
}
