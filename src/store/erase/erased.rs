//! What was erased, in kinds and counts.

use crate::calendar::Date;
use crate::records::OrgId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was erased: kinds and counts, and nothing of anybody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Records by source and the code of their kind, withdrawn ones among them.
    pub records: BTreeMap<OrgId, BTreeMap<String, u64>>,
    /// Students of these sources, with their encodings and links.
    pub n_students: u64,
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
}
