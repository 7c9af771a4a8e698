//! What is to be erased, and what was, in kinds and counts.

use crate::calendar::Date;
use crate::records::OrgId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Records that are erased together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of a source.
    Source(u32),
    /// Those held under a set of agreements.
    Set(i64),
    /// Those of a source of which nobody knows under which agreement they came.
    Unknown(u32),
}

/// How far a destruction reaches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extent {
    /// The records that go.
    pub parts: Vec<Part>,
    /// The editions that hold some of it.
    pub editions: Vec<ErasedEdition>,
    /// The sources it came from.
    pub sources: Vec<u32>,
}

/// What was erased: kinds and counts, and nothing of anybody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Records by source and the code of their kind, withdrawn ones among them.
    pub records: BTreeMap<OrgId, BTreeMap<String, u64>>,
    /// Students by source, with their encodings and links; no source without any.
    #[serde(default)]
    pub students: BTreeMap<OrgId, u64>,
    /// Students of all sources, where a program wrote it that did not note whose they were.
    #[serde(default, rename = "n_students", skip_serializing_if = "Option::is_none")]
    pub n_students_of_all: Option<u64>,
    /// Decisions about links to such students.
    pub n_decisions: u64,
    /// Acknowledgements of batches, with what was said of their records.
    pub n_batches: u64,
    /// Editions that held some of it: their columns and proofs are gone as a whole.
    pub editions: Vec<ErasedEdition>,
    /// Records of these sources that stay, because they were received under another agreement, too.
    pub n_kept: u64,
}

/// An edition whose records are destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedEdition {
    /// Its number.
    pub number: u32,
    /// The day on which it was frozen.
    pub frozen: Date,
    /// The organizations whose records it held.
    pub sources: Vec<OrgId>,
}

impl Erased {
    /// Records, of all sources and kinds.
    #[must_use]
    pub fn n_records(&self) -> u64 {
        self.records.values().flat_map(BTreeMap::values).sum()
    }

    /// Students, of all sources.
    #[must_use]
    pub fn n_students(&self) -> u64 {
        self.n_students_of_all.unwrap_or_else(|| self.students.values().sum())
    }
}
