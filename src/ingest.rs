//! The way in: permit, pseudonymize, store, link, log, acknowledge.
//!
//! A batch commits as a whole or not at all; inside it a bad record is refused alone and the rest goes
//! in. The verdict comes back after the durable commit and is kept, so that the same batch again gets
//! the same answer and changes nothing.

mod encoded;
mod whole;

pub use whole::{Absence, Ended, Ending, Named, Part, Whole, compare, end, is_ended_by_absence, school_year};

use crate::agreements::{Agreement, IntakePermit, Refused, Rule};
use crate::audit::{Call, Counts, Receipt};
use crate::calendar::Timestamp;
use crate::identity::{KeyId, KeyRing, Pseudonymized};
use crate::records::{Change, Kind, OrgId, Submission, Violation};
use crate::store::{
    self, BatchRow, LinkageKeys, OtherKey, Outcome, Rehearsal, Sent, Snapshot, Store, Tx, Verdict,
};
use encoded::Encoded;
use std::sync::{Arc, Mutex};

/// Records in a batch at most.
pub const MAX_RECORDS: usize = 5_000;

/// A record as it arrives.
pub enum Incoming {
    /// In the clear: the service encodes it.
    Clear(Submission),
    /// Encoded by the source's client.
    Encoded(Pseudonymized),
}

/// A batch as it arrives: each record parsed, or everything that is wrong with it.
pub struct Batch {
    /// The client's id of the delivery.
    pub delivery: String,
    /// The client's id of the batch.
    pub id: String,
    /// Position in the delivery, from 1.
    pub sequence: u64,
    /// The linkage keys that the client encodes with; none where the service does.
    pub linkage_keys: Vec<KeyId>,
    /// The records.
    pub records: Vec<Result<Incoming, Vec<Violation>>>,
}

/// How the service takes records in.
#[derive(Clone)]
pub enum Intake {
    /// The service holds the linkage key and encodes what comes in the clear.
    Encodes(Arc<KeyRing>),
    /// Only sources hold the key; identifiers in the clear are refused.
    EncodedOnly,
}

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No agreement lets the source send.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The source was suspended, or lost the role, after it opened the delivery.
    #[error("the organization is not registered for this")]
    NotRegistered,
    /// The batch id is known with other content.
    #[error("a batch with this id and other content was acknowledged before")]
    Conflict,
    /// A batch is missing before this one.
    #[error("the delivery goes on with batch {expected}")]
    OutOfOrder {
        /// The sequence that must come next.
        expected: u64,
    },
    /// Whole files lack more than they may.
    #[error(
        "{} of {n_held} {} records are not in the files, and at most {at_most} may be ended: nothing is ended",
        .n_absent, .kind.code()
    )]
    TooManyAbsent {
        /// The kind.
        kind: Kind,
        /// Records of the kind that the source has.
        n_held: u64,
        /// Of these, records that the files do not have.
        n_absent: u64,
        /// How many may be ended.
        at_most: u64,
    },
    /// A dry run or a delivery of whole files is larger than the service remembers.
    #[error("a dry run, or a delivery of whole files, has at most 4,000,000 records")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What the client is told, once it is durable.
#[derive(Debug)]
pub struct Acknowledgement {
    /// What became of each record.
    pub verdict: Verdict,
    /// Whether the batch was known and nothing changed.
    pub repeated: bool,
    /// The log's proof.
    pub receipt: Receipt,
}

/// Where a delivery goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The last acknowledged batch.
    pub acknowledged_through: u64,
    /// The keys that students have to be encoded with.
    pub keys: LinkageKeys,
    /// The kinds of record that the agreement permits.
    pub kinds: Vec<Kind>,
}

/// A dry run under way, shared by its batches.
pub type DryRun = Arc<Mutex<Rehearsal>>;

/// Opens, or goes on with, a delivery: says where, and puts the opening on record. A dry run begins with the first
/// batch, whatever was acknowledged.
///
/// # Errors
///
/// [`Error::Refused`] when no agreement in force lets the source send.
pub async fn open(
    store: &Store,
    source: OrgId,
    agreement: String,
    delivery: String,
    linkage_keys: Vec<KeyId>,
    is_dry_run: bool,
    call: Call,
) -> Result<(Opened, Receipt), Error> {
    let steps = move |tx: &mut Tx<'_>| {
        let agreement = tx.agreement(&agreement)?.ok_or(Refused { rule: Rule::Party, agreement: None })?;
        let permit = permit_of(tx, &agreement, &source, &call)?;
        let keys = tx.linkage_keys()?;
        let sent = Sent { newest: keys.newest_of(&linkage_keys), agreement: &agreement.reference() };
        let acknowledged_through = match tx.source(&source)? {
            Some(number) if !is_dry_run => resume(tx, number, &delivery, sent, call.time)?,
            _ => 0,
        };
        tx.log(&call.opened(&permit, &delivery))?;
        let kinds = Kind::ALL.iter().copied().filter(|kind| permit.covers(*kind)).collect();
        Ok::<_, Error>(Opened { acknowledged_through, keys, kinds })
    };
    let committed = store.transaction("ingest.open", steps).await?;
    committed.with_receipt().ok_or_else(|| store::Error::Damaged("no log entry").into())
}

/// The last batch of a delivery that is in and stays so. After another delivery of the source it begins anew: what it
/// says is to stand now.
fn resume(
    tx: &mut Tx<'_>,
    source: u32,
    delivery: &str,
    sent: Sent<'_>,
    now: Timestamp,
) -> Result<u64, store::Error> {
    if !tx.is_latest(source, delivery)? {
        tx.forget_delivery(source, delivery)?;
        return Ok(0);
    }
    let through = tx.acknowledged_through(source, delivery, sent)?;
    if through > 0 {
        tx.note_delivery(source, now)?;
    }
    Ok(through)
}

/// A batch without a name in it, ready to be stored.
pub struct Prepared {
    batch: Encoded,
    digest: [u8; 32],
}

/// Encodes what came in the clear and drops it. It takes a core: call it off the async threads.
#[must_use]
pub fn prepare(store: &Store, intake: &Intake, source: &OrgId, batch: Batch) -> Prepared {
    let batch = Encoded::new(intake, source, batch);
    let digest = batch.digest(store.key());
    Prepared { batch, digest }
}

/// A batch that has its place in the writer's queue.
pub struct Accepting(store::Pending<(Verdict, bool), Error>);

/// Hands a batch to the store; batches of a delivery must be handed over in order. In a dry run the store is only
/// asked what would become of it, and that this was asked is put on record.
///
/// # Errors
///
/// [`store::Error::Stopped`].
pub async fn accept(
    store: &Store,
    source: OrgId,
    agreement: String,
    prepared: Prepared,
    dry_run: Option<DryRun>,
    call: Call,
) -> Result<Accepting, Error> {
    let Prepared { batch, digest } = prepared;
    let steps = move |tx: &mut Tx<'_>| {
        let permit = permit(tx, &source, &agreement, &call)?;
        match dry_run {
            Some(dry_run) => {
                let mut rehearsal = dry_run.lock().map_err(|_| store::Error::Panicked)?;
                Ok((rehearse(tx, &source, &permit, batch, &mut rehearsal, &call)?, false))
            }
            None => take(tx, &source, &permit, batch, digest, &call),
        }
    };
    Ok(Accepting(store.submit("ingest.batch", steps).await?))
}

impl Accepting {
    /// Waits until the batch is durable, or changed nothing.
    ///
    /// # Errors
    ///
    /// [`Error`]; after [`store::Error::Uncertain`] the same batch should be sent again.
    pub async fn acknowledged(self) -> Result<Acknowledgement, Error> {
        let committed = self.0.committed().await?;
        let ((verdict, repeated), receipt) =
            committed.with_receipt().ok_or(store::Error::Damaged("no log entry"))?;
        Ok(Acknowledgement { verdict, repeated, receipt })
    }
}

/// The agreement lets the source send, now. A stream may stay open for hours: this is looked at again for each batch.
fn permit(
    snapshot: &Snapshot<'_>,
    source: &OrgId,
    agreement: &str,
    call: &Call,
) -> Result<IntakePermit, Error> {
    let standing = snapshot.organization(source)?.filter(|known| known.active);
    if !standing.is_some_and(|known| call.role.is_some_and(|role| known.roles.contains(role))) {
        return Err(Error::NotRegistered);
    }
    let agreement = snapshot.agreement(agreement)?.ok_or(Refused { rule: Rule::Party, agreement: None })?;
    permit_of(snapshot, &agreement, source, call)
}

/// The same, of an agreement that is known.
fn permit_of(
    snapshot: &Snapshot<'_>,
    agreement: &Agreement,
    source: &OrgId,
    call: &Call,
) -> Result<IntakePermit, Error> {
    let permit = agreement.permit_intake(call.by(source), call.time.date())?;
    match snapshot.has_withdrawn(source, &agreement.id)? {
        false => Ok(permit),
        true => {
            let agreement = Some((agreement.id.clone(), agreement.version));
            Err(Refused { rule: Rule::NotWithdrawn, agreement }.into())
        }
    }
}

/// The steps of a batch.
fn take(
    tx: &mut Tx<'_>,
    source: &OrgId,
    permit: &IntakePermit,
    batch: Encoded,
    digest: [u8; 32],
    call: &Call,
) -> Result<(Verdict, bool), Error> {
    let number = tx.source_number(source)?;
    let agreement = permit.reference();
    let newest = tx.linkage_keys()?.newest_of(&batch.linkage_keys);
    let sent = Sent { newest, agreement: &agreement };
    if let Some(known) = tx.batch(number, &batch.id, sent)? {
        if (known.digest, &known.delivery, known.sequence) != (digest, &batch.delivery, batch.sequence) {
            return Err(Error::Conflict);
        }
        tx.log(&call.ingested(permit, &batch.id, counts(&known.verdict)))?;
        return Ok((known.verdict, true));
    }
    let expected = tx.acknowledged_through(number, &batch.delivery, sent)? + 1;
    if batch.sequence != expected {
        return Err(Error::OutOfOrder { expected });
    }
    tx.receive_under(number, permit.agreement().0, call.time)?;
    let verdict = judge(permit, batch.records, |record| tx.put_record(number, record))?;
    let row = BatchRow {
        source: number,
        id: &batch.id,
        delivery: &batch.delivery,
        sequence: batch.sequence,
        digest,
        verdict: &verdict,
        // The first student ever may have brought the key meanwhile.
        sent: Sent { newest: tx.linkage_keys()?.newest_of(&batch.linkage_keys), ..sent },
    };
    tx.put_batch(&row, call.time)?;
    tx.log(&call.ingested(permit, &batch.id, counts(&verdict)))?;
    Ok((verdict, false))
}

/// The steps of a batch in a dry run.
fn rehearse(
    tx: &mut Tx<'_>,
    source: &OrgId,
    permit: &IntakePermit,
    batch: Encoded,
    rehearsal: &mut Rehearsal,
    call: &Call,
) -> Result<Verdict, Error> {
    if rehearsal.is_full() {
        return Err(Error::TooMany);
    }
    let expected = rehearsal.next_batch();
    if batch.sequence != expected {
        return Err(Error::OutOfOrder { expected });
    }
    // Sources are numbered from 1: one that has never sent anything has no records under 0.
    let number = tx.source(source)?.unwrap_or(0);
    let rehearse = |record| tx.rehearse_record(rehearsal, number, record);
    let verdict = judge(permit, batch.records, rehearse)?;
    tx.log(&call.rehearsed(permit, &batch.id, counts(&verdict)))?;
    Ok(verdict)
}

/// What becomes of each record; `put` stores it, or says what would become of it.
fn judge(
    permit: &IntakePermit,
    records: Vec<Result<Pseudonymized, Vec<Violation>>>,
    mut put: impl FnMut(Pseudonymized) -> Result<Result<Outcome, OtherKey>, store::Error>,
) -> Result<Verdict, Error> {
    let mut verdict = Verdict::default();
    for (index, record) in (0..).zip(records) {
        let judged = match record {
            Ok(record) => judge_one(permit, record, &mut put)?.map_err(|violation| vec![violation]),
            Err(violations) => Err(violations),
        };
        match judged {
            Ok(outcome) => verdict.outcomes.push(outcome),
            Err(violations) => {
                verdict.outcomes.push(Outcome::Refused);
                verdict.violations.extend(violations.into_iter().map(|violation| (index, violation)));
            }
        }
    }
    Ok(verdict)
}

/// What becomes of a record that could be read: it goes in with what the agreement keeps of it, or is refused.
fn judge_one(
    permit: &IntakePermit,
    mut record: Pseudonymized,
    put: &mut impl FnMut(Pseudonymized) -> Result<Result<Outcome, OtherKey>, store::Error>,
) -> Result<Result<Outcome, Violation>, store::Error> {
    let kind = record.change.kind();
    let is_kept = match &mut record.change {
        Change::Upsert(fact) => {
            permit.trim(fact);
            permit.keeps(fact)
        }
        Change::Delete(_) => true,
    };
    let (field, reason) = match (permit.covers(kind), is_kept) {
        (true, true) => return Ok(put(record)?.map_err(|OtherKey| other_key())),
        (false, _) => ("fact", "the agreement does not permit this kind"),
        (true, false) => ("status.status", "the agreement does not permit this element"),
    };
    if !is_kept {
        // It may be in the store from when more was agreed on. A person loses such an element when it is sent again; a
        // record that is nothing but the element is lost as a whole. It is refused whatever there was to withdraw, and
        // has no encodings that could be of another key.
        let (change, encodings) = (Change::Delete(kind), Vec::new());
        let _ = put(Pseudonymized { change, encodings, ..record })?;
    }
    Ok(Err(Violation::new(field, "not_permitted", reason)))
}

fn other_key() -> Violation {
    Violation::new("person.encoding", "other_key", "is not made with the linkage key in use")
}

fn counts(verdict: &Verdict) -> Counts {
    Counts {
        n_new: verdict.count(Outcome::New),
        n_changed: verdict.count(Outcome::Changed),
        n_unchanged: verdict.count(Outcome::Unchanged),
        n_deleted: verdict.count(Outcome::Deleted),
        n_refused: verdict.count(Outcome::Refused),
    }
}
