//! A call under way: what is known of it before it is decided, and the entries it can become.

use super::{Decision, Entry, Hash, Head, QueryText};
use crate::agreements::{Caller, IntakePermit, Permit, Scope};
use crate::calendar::Timestamp;
use crate::disclosure::{Mark, ProtectedTable};
use crate::outcomes::Slice;
use crate::records::{Code, OrgId};

/// The rule of a refusal that decides nothing: its caller had waited as long as it would.
pub const DEADLINE: &str = "call.deadline";

/// A call that has not been decided.
#[derive(Debug, Clone)]
pub struct Call {
    /// When it was made.
    pub time: Timestamp,
    /// Its id, for people who look for it.
    pub request_id: String,
    /// Who called, when the certificate says.
    pub organization: Option<OrgId>,
    /// In which role.
    pub role: Option<&'static str>,
    /// Who of it, when the certificate says.
    pub principal: Option<Code>,
    /// Serial number of the certificate, in hex.
    pub certificate_serial: Option<String>,
    /// What was called.
    pub rpc: &'static str,
    /// SHA-256 of the request; absent for requests that hold records.
    pub request_digest: Option<Hash>,
    /// Id and version of an agreement that refuses the call, when the caller is a party to it. Nothing
    /// else of a refused question is on record: nobody has checked that its words name no one.
    pub agreement: Option<(String, u32)>,
}

/// Records of a batch by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// No record had the key.
    pub n_new: u64,
    /// Another content had the key.
    pub n_changed: u64,
    /// The same content was there.
    pub n_unchanged: u64,
    /// Withdrawn.
    pub n_deleted: u64,
    /// Not taken.
    pub n_refused: u64,
}

impl Call {
    /// Who acts for an organization in it.
    #[must_use]
    pub fn by<'c>(&'c self, organization: &'c OrgId) -> Caller<'c> {
        Caller { organization, principal: self.principal.as_ref() }
    }

    /// The same caller and RPC, at another time: the next message of a stream.
    #[must_use]
    pub fn again(&self, time: Timestamp) -> Self {
        Self { time, ..self.clone() }
    }

    /// The call was carried out and disclosed no table.
    #[must_use]
    pub fn allowed(&self, response_digest: Option<Hash>) -> Entry {
        Entry { response_digest, ..self.entry(Decision::Allowed, "registered") }
    }

    /// Work on the call begins. What it discloses, if anything, is on record in an entry of its own. An agreement and a
    /// purpose are those of the question, where it is known that they name nobody.
    #[must_use]
    pub fn intended(&self, agreement: Option<(&str, u32)>, purpose: Option<&str>) -> Entry {
        Entry {
            agreement: agreement.and_then(|(id, _)| Code::new(id).ok()),
            agreement_version: agreement.map(|(_, version)| version),
            purpose: purpose.and_then(|purpose| Code::new(purpose).ok()),
            ..self.entry(Decision::Intended, "call.intended")
        }
    }

    /// The call was refused by a rule.
    #[must_use]
    pub fn refused(&self, rule: &'static str) -> Entry {
        self.entry(Decision::Refused, rule)
    }

    /// A delivery was opened.
    #[must_use]
    pub fn opened(&self, permit: &IntakePermit, delivery: &str) -> Entry {
        let entry = self.entry(Decision::Allowed, "agreement.covered");
        let (agreement, version) = permit.agreement();
        Entry {
            agreement: Code::new(agreement).ok(),
            agreement_version: Some(version),
            legal_basis: Code::new(permit.basis().name()).ok(),
            batch: Code::new(delivery).ok(),
            ..entry
        }
    }

    /// A batch of a delivery was acknowledged.
    #[must_use]
    pub fn ingested(&self, permit: &IntakePermit, batch: &str, counts: Counts) -> Entry {
        let Counts { n_new, n_changed, n_unchanged, n_deleted, n_refused } = counts;
        Entry {
            n_records: Some(n_new + n_changed + n_unchanged + n_deleted + n_refused),
            n_new: Some(n_new),
            n_changed: Some(n_changed),
            n_unchanged: Some(n_unchanged),
            n_deleted: Some(n_deleted),
            n_refused: Some(n_refused),
            ..self.opened(permit, batch)
        }
    }

    /// A batch was looked at in a dry run: the counts are of what would have become of it.
    #[must_use]
    pub fn rehearsed(&self, permit: &IntakePermit, batch: &str, counts: Counts) -> Entry {
        Entry { step: Some(code("dry_run")), ..self.ingested(permit, batch, counts) }
    }

    /// A source was told how many of its records its whole files do not have.
    #[must_use]
    pub fn compared(&self, permit: &IntakePermit, delivery: &str, n_held: u64, n_absent: u64) -> Entry {
        Entry {
            n_records: Some(n_held),
            n_deleted: Some(n_absent),
            step: Some(code("compare")),
            ..self.opened(permit, delivery)
        }
    }

    /// What whole files do not have was withdrawn.
    #[must_use]
    pub fn ended(&self, permit: &IntakePermit, batch: &str, n_ended: u64) -> Entry {
        Entry {
            n_records: Some(n_ended),
            n_deleted: Some(n_ended),
            step: Some(code("end")),
            ..self.opened(permit, batch)
        }
    }

    /// A table was released.
    #[must_use]
    pub fn released(&self, permit: &Permit, table: &ProtectedTable) -> Entry {
        let entry = self.entry(Decision::Allowed, "agreement.covered");
        let (agreement, version) = permit.agreement();
        let hidden = table.cells().iter().filter(|cell| cell.mark() == Mark::Hidden).count() as u64;
        Entry {
            agreement: Code::new(agreement).ok(),
            agreement_version: Some(version),
            legal_basis: Code::new(permit.basis().name()).ok(),
            purpose: Code::new(permit.purpose()).ok(),
            product: Code::new(table.product()).ok(),
            edition: Some(table.edition()),
            indicator: Code::new(table.indicator()).ok(),
            query: query_text(permit.slice()),
            cells_shown: Some(table.cells().len() as u64 - hidden),
            cells_hidden: Some(hidden),
            response_digest: Some(Hash::new(table.digest())),
            ..entry
        }
    }

    /// An edition was published; the response digest is its seal's.
    #[must_use]
    pub fn published(&self, edition: u32, seal_digest: [u8; 32], proof_digest: [u8; 32]) -> Entry {
        Entry {
            edition: Some(edition),
            proof_digest: Some(Hash::new(proof_digest)),
            response_digest: Some(Hash::new(seal_digest)),
            ..self.entry(Decision::Allowed, "registered")
        }
    }

    /// A pair of students was decided about.
    #[must_use]
    pub fn decided(&self, pair: &str, verdict: &str, response_digest: Hash) -> Entry {
        Entry {
            pair: Code::new(pair).ok(),
            verdict: Code::new(verdict).ok(),
            ..self.allowed(Some(response_digest))
        }
    }

    /// A step of changing linkage keys was taken.
    #[must_use]
    pub fn rekeyed(&self, step: &str, key: &str, response_digest: Hash) -> Entry {
        Entry {
            step: Code::new(step).ok(),
            linkage_key: Code::new(key).ok(),
            ..self.allowed(Some(response_digest))
        }
    }

    /// The log was reviewed, up to a size; the request digest binds what was found.
    #[must_use]
    pub fn signed_off(&self, size: u64, n_exceptions: u64, response_digest: Hash) -> Entry {
        Entry {
            reviewed_size: Some(size),
            n_exceptions: Some(n_exceptions),
            ..self.allowed(Some(response_digest))
        }
    }

    /// A steward was told what a destruction would take, or asked for it.
    #[must_use]
    pub fn destroys(
        &self,
        scope: &Scope,
        step: &'static str,
        n_records: u64,
        response: Option<Hash>,
    ) -> Entry {
        self.allowed(response).about(scope, step, Some(n_records))
    }

    fn entry(&self, decision: Decision, rule: &'static str) -> Entry {
        let request_id = code(&self.request_id);
        let entry = Entry::new(self.time, request_id, code(self.rpc), decision, code(rule));
        let agreement = self.agreement.as_ref();
        Entry {
            agreement: agreement.and_then(|(id, _)| Code::new(id).ok()),
            agreement_version: agreement.map(|(_, version)| *version),
            organization: self.organization.clone(),
            principal: self.principal.clone(),
            role: self.role.map(code),
            certificate_serial: self.certificate_serial.as_deref().and_then(|serial| Code::new(serial).ok()),
            request_digest: self.request_digest,
            ..entry
        }
    }
}

impl Entry {
    /// The log goes on from a backup. What was in it before this moment and is not any more is lost, and whoever has seen some
    /// of it is told so; `lost` is the furthest head that was known of.
    #[must_use]
    pub fn recovered(time: Timestamp, lost: Head) -> Self {
        let entry =
            Self::new(time, code("recovery"), code("Recover"), Decision::Allowed, code("log.recovered"));
        Self { lost_root: Some(lost.root), lost_size: Some(lost.size), ..entry }
    }

    /// A step of a destruction that nobody called for: the date of its agreement, the end of one that was begun, or a copy
    /// that is older than it. Who is handed its proof and may not hear how much it was is given an entry without.
    #[must_use]
    pub fn destroys(time: Timestamp, scope: &Scope, step: &'static str, n_records: Option<u64>) -> Self {
        let rule = code(match scope {
            Scope::Source(_) => "source.withdrawn",
            Scope::Agreement(_) => "agreement.destruction",
        });
        let entry = Self::new(time, code("by-itself"), code("Destroy"), Decision::Allowed, rule);
        entry.about(scope, step, n_records)
    }

    /// A backup was begun.
    #[must_use]
    pub fn backed_up(begun: Timestamp, name: &str) -> Self {
        let entry = Self::new(begun, code("backup"), code("Backup"), Decision::Allowed, code("operator"));
        Self { backup: Some(code(name)), ..entry }
    }

    /// The service was started on a copy of its database, and its operator says what was destroyed since it was made; or after
    /// a standstill, and that its clock is right.
    #[must_use]
    pub fn restored(time: Timestamp, step: &'static str) -> Self {
        let entry = Self::new(time, code("restore"), code("Restore"), Decision::Allowed, code("operator"));
        Self { step: Some(code(step)), ..entry }
    }

    /// Another key is to follow the log's: the digest of the note that both have signed.
    #[must_use]
    pub fn key_change(time: Timestamp, note: Hash) -> Self {
        let (id, rpc) = (code("log-key"), code("ChangeLogKey"));
        let entry = Self::new(time, id, rpc, Decision::Allowed, code("operator"));
        Self { response_digest: Some(note), ..entry }
    }

    fn about(self, scope: &Scope, step: &'static str, n_deleted: Option<u64>) -> Self {
        let step = Some(code(step));
        match scope {
            Scope::Source(source) => Self { source: Some(source.clone()), step, n_deleted, ..self },
            Scope::Agreement(id) => Self { agreement: Some(id.clone()), step, n_deleted, ..self },
        }
    }

    /// A connection whose handshake was refused: nobody knows who it was.
    #[must_use]
    pub fn handshake_refused(time: Timestamp, reason: &'static str) -> Self {
        let rule = code("peer.handshake");
        let entry = Self::new(time, code("handshake"), code("Handshake"), Decision::Refused, rule);
        Self { reason_code: Some(code(reason)), ..entry }
    }
}

/// The one text of a slice: dimensions in the order asked, filters and years as they are.
fn query_text(slice: &Slice) -> Option<QueryText> {
    let filters = slice.filters.iter().map(|(dimension, category)| format!("{dimension}={category}"));
    let years = slice.periods.iter().map(|year| year.ending().to_string());
    let parts = [
        ("by", slice.dimensions.clone()),
        ("where", filters.collect::<Vec<_>>()),
        ("in", years.collect::<Vec<_>>()),
    ];
    let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
    let text: Vec<String> = parts.map(|(word, names)| format!("{word} {}", names.join(","))).collect();
    QueryText::new(&text.join(" ")).ok()
}

/// Names of our own making are always codes; should one not be, the entry still says that it happened.
fn code(name: &str) -> Code {
    Code::new(name).unwrap_or_else(|_| Code::new("unnamed").expect("a code"))
}

#[cfg(test)]
mod tests;
