//! What is logged of a call, and the one spelling of it that is hashed.

mod filter;
mod opening;
mod query;

pub use filter::Filter;
pub use opening::{NotItsOpening, Opening};
pub use query::{NotAQuery, QueryText};

use super::Hash;
use crate::calendar::Timestamp;
use crate::records::{Code, OrgId};
use serde::{Deserialize, Serialize};
use std::io;

/// Bytes an entry may have.
const LENGTH_MAX: usize = 4096;

/// How a call was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Nothing yet: work on it begins. Another entry with the same request id says how it was decided.
    Intended,
    /// It was carried out.
    Allowed,
    /// It was not, and nothing was given away. Where the rule is `call.deadline`, the caller was told so, and what became of
    /// the call is in another entry.
    Refused,
}

impl Decision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Intended, Self::Allowed, Self::Refused];

    /// Its name in an entry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Allowed => "allowed",
            Self::Refused => "refused",
        }
    }

    /// The decision of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.name() == name)
    }
}

/// An entry of the access log: who called, under which agreement, what was decided, and digests that bind
/// the request and the answer. What does not apply to a call is absent.
///
/// There is no room for personal data: texts are codes, a query is syntax, the rest are counts and digests. Who called is a
/// commitment where it is a person ([`Opening`]).
/// It is serialized as canonical JSON: the keys sorted, no white space, absent fields left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    // Sorted by name: this is the order of the bytes.
    /// Agreement the call was made under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Code>,
    /// Version of that agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_version: Option<u32>,
    /// File of a backup that was begun, without its folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Code>,
    /// Batch or delivery id the client chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Code>,
    /// Cells of the answer that hide their value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells_hidden: Option<u64>,
    /// Cells of the answer that show one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells_shown: Option<u64>,
    /// Serial number of the client's certificate; absent from an entry with a commitment, which is to it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_serial: Option<Code>,
    /// What was decided.
    pub decision: Decision,
    /// Edition that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<u32>,
    /// Indicator that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<Code>,
    /// Legal basis the agreement states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<Code>,
    /// Linkage key that a step of changing keys is about: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linkage_key: Option<Code>,
    /// Organization whose entries were listed, to the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<OrgId>,
    /// Root of that organization's tree before this entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_root: Option<Hash>,
    /// Size of that tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_size: Option<u64>,
    /// Root of a log that this one does not continue, as it goes on from a backup: the furthest that was known of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_root: Option<Hash>,
    /// Size of that log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_size: Option<u64>,
    /// Records that changed one already known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_changed: Option<u64>,
    /// Records that deleted one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_deleted: Option<u64>,
    /// Exceptions that a review has found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_exceptions: Option<u64>,
    /// Records that were new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_new: Option<u64>,
    /// Records received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_records: Option<u64>,
    /// Records refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_refused: Option<u64>,
    /// Records equal to one already known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_unchanged: Option<u64>,
    /// Who called; absent when the handshake was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrgId>,
    /// Root of the tree of the caller's organization before this entry: see [`OrganizationTrees`](super::OrganizationTrees).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_root: Option<Hash>,
    /// Size of that tree: this entry's place among those of its organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_size: Option<u64>,
    /// Pair of students that was decided about: a keyed digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<Code>,
    /// Who of the organization called, where the certificate is of one person or program: a commitment to the name of the
    /// account and to the certificate's serial number. The name itself in entries from before there were commitments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Code>,
    /// Data product that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Code>,
    /// SHA-256 of the proof that a published seal hides enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_digest: Option<Hash>,
    /// Purpose the caller stated, one of the agreement's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Code>,
    /// Canonical text of the query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<QueryText>,
    /// Reason of a refusal, as the status carries it: `NO_AGREEMENT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<Code>,
    /// SHA-256 of the request's bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_digest: Option<Hash>,
    /// Id of the call.
    pub request_id: Code,
    /// SHA-256 of the answer's bytes, without the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_digest: Option<Hash>,
    /// Size of the log that was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_size: Option<u64>,
    /// Role the certificate states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Code>,
    /// What was called: `Query`, or `handshake`.
    pub rpc: Code,
    /// Stable id of the rule that decided.
    pub rule: Code,
    /// Source whose data were destroyed, or would be; the organization of a person who was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<OrgId>,
    /// Step of changing linkage keys: `begin`, `finish` or `cancel`. Of a push: `dry_run`, where nothing of what is
    /// counted was stored; `compare` and `end` of records that whole files do not have. Of a destruction: `preview`,
    /// `erase`, `certify`. Of a service that is started, as its operator says: on a copy `destroyed` or `nothing_destroyed`,
    /// after a standstill `clock_is_right`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Code>,
    /// When it was made: RFC 3339, UTC, milliseconds.
    #[serde(with = "rfc3339")]
    pub time: Timestamp,
    /// What was decided about the pair: `same`, `different`, or `undecided` when a decision was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Code>,
    /// Version of this layout.
    pub version: Version,
}

/// Version of the layout of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Version {
    /// The layout of [`Entry`].
    V1 = 1,
}

/// Bytes are not an entry. It says nothing of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEntry {
    /// Not JSON of exactly these fields, or a field with a value it can not have.
    #[error("is not a log entry")]
    Malformed,
    /// An entry, but not spelled as [`Entry::to_bytes`] spells it.
    #[error("is not the canonical spelling of a log entry")]
    NotCanonical,
    /// More than 4,096 bytes.
    #[error("is longer than a log entry can be")]
    TooLong,
}

impl Entry {
    /// An entry with what every entry has; the other fields are absent.
    #[must_use]
    pub fn new(time: Timestamp, request_id: Code, rpc: Code, decision: Decision, rule: Code) -> Self {
        Self {
            agreement: None,
            agreement_version: None,
            backup: None,
            batch: None,
            cells_hidden: None,
            cells_shown: None,
            certificate_serial: None,
            decision,
            edition: None,
            indicator: None,
            legal_basis: None,
            linkage_key: None,
            listed: None,
            listed_root: None,
            listed_size: None,
            lost_root: None,
            lost_size: None,
            n_changed: None,
            n_deleted: None,
            n_exceptions: None,
            n_new: None,
            n_records: None,
            n_refused: None,
            n_unchanged: None,
            organization: None,
            own_root: None,
            own_size: None,
            pair: None,
            principal: None,
            product: None,
            proof_digest: None,
            purpose: None,
            query: None,
            reason_code: None,
            request_digest: None,
            request_id,
            response_digest: None,
            reviewed_size: None,
            role: None,
            rpc,
            rule,
            source: None,
            step: None,
            time,
            verdict: None,
            version: Version::V1,
        }
    }

    /// The bytes that are hashed and kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers are always JSON")
    }

    /// Reads what [`Entry::to_bytes`] wrote, and nothing else.
    ///
    /// # Errors
    ///
    /// [`NotAnEntry`] for other bytes, even where they mean the same.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotAnEntry> {
        if bytes.len() > LENGTH_MAX {
            return Err(NotAnEntry::TooLong);
        }
        let entry: Self = serde_json::from_slice(bytes).map_err(|_| NotAnEntry::Malformed)?;
        // Compared as it is written: of a long log, every other copy of every entry would be made for this.
        let mut rest = Same(bytes);
        let is_same = serde_json::to_writer(&mut rest, &entry).is_ok() && rest.0.is_empty();
        if is_same { Ok(entry) } else { Err(NotAnEntry::NotCanonical) }
    }
}

/// Takes the bytes that it has, in their order, and no others.
struct Same<'a>(&'a [u8]);

impl io::Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or(io::ErrorKind::InvalidData)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TryFrom<u8> for Version {
    type Error = &'static str;

    fn try_from(version: u8) -> Result<Self, Self::Error> {
        if version == 1 { Ok(Self::V1) } else { Err("is not a known version") }
    }
}

impl From<Version> for u8 {
    fn from(version: Version) -> Self {
        version as Self
    }
}

/// A [`Timestamp`] as the text it prints.
mod rfc3339 {
    use crate::calendar::Timestamp;
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text).ok_or_else(|| Error::custom("is not a moment (RFC 3339, UTC)"))
    }
}

#[cfg(test)]
mod tests;
