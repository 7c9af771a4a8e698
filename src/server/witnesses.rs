//! What clients have seen of the log, and their cosignatures: participants are its witnesses.
//!
//! One checkpoint at a time is offered to all, so that their lines come together on it, as C2SP tlog-policy counts them.

use super::desk::{Desk, answered, with_receipt};
use super::peer::Role;
use super::standing::Standing;
use super::status::{self, Told};
use crate::api::v1 as pb;
use crate::audit::{Call, Head, Proven, Receipt, SignedCheckpoint, VerifierKey, witness};
use crate::calendar::Timestamp;
use crate::records::{OrgId, Violation};
use crate::store::{self, OfferedCheckpoint, Snapshot, Tx, WitnessedCheckpoint};
use std::sync::Arc;
use tonic::{Response, Status};

/// Checkpoints in a request, besides the last one: as many as clients of any version keep.
const SEEN_MAX: usize = 512;

/// How long a checkpoint is offered that too few cosign: as long as everybody who calls once a day needs.
const OFFERED_MAX_MS: i64 = 36 * 3_600 * 1_000;

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Witnesses {
    /// The log's key, and the one that is to follow it.
    pub(super) log_keys: Arc<[VerifierKey]>,
    /// Organizations that have to cosign a checkpoint.
    pub(super) quorum: u32,
}

/// Shows how the log continues what the caller has seen, and offers a checkpoint.
pub(super) async fn offer(
    desk: &Desk,
    witnesses: &Witnesses,
    call: &Call,
    organization: OrgId,
    wire: pb::OfferCheckpointRequest,
) -> Result<Response<pb::OfferCheckpointResponse>, Status> {
    let (keys, now) = (witnesses.log_keys.clone(), call.time);
    // Signatures and proofs take a while, and nobody has to wait for them who commits.
    let look = move |snapshot: &Snapshot<'_>| match Seen::read(&wire, &keys) {
        Some(seen) => seen.answer(snapshot, &keys, &organization, now).map(Some),
        None => Ok(None),
    };
    match desk.look(call, look).await? {
        Some(Answer::Offer(response, new)) => {
            let entry = answered(call, &response);
            let steps = move |tx: &mut Tx<'_>| {
                if let Some(new) = new
                    && tx.offered_checkpoint()? == new.before
                {
                    tx.offer(&new.offered)?;
                }
                tx.log(&entry)
            };
            match desk.store.transaction("audit.offer", steps).await {
                Ok(committed) => Ok(with_receipt(response, &committed)),
                Err(error) => Err(desk.refuse(call, status::store(&error, &call.request_id)).await),
            }
        }
        Some(Answer::Behind(checkpoint)) => {
            desk.standing.is_behind(&checkpoint);
            Err(Standing::refusal())
        }
        None => {
            let reason = "are not checkpoints and a receipt that this log has signed, the checkpoints ascending and at most 512";
            let status = status::violations(&[Violation::new("last, seen or newest", "not_signed", reason)]);
            Err(desk.refuse(call, Told { rule: "witness.malformed", status }).await)
        }
    }
}

/// Keeps a cosignature. One of a checkpoint that is not offered any more is not kept: others were quicker.
pub(super) async fn add(
    desk: &Desk,
    witnesses: &Witnesses,
    call: &Call,
    organization: OrgId,
    wire: pb::AddCosignatureRequest,
) -> Result<Response<pb::AddCosignatureResponse>, Status> {
    let own = witness::name(witnesses.log_keys[0].name(), organization.as_str());
    let key = wire.key.parse().ok().filter(|key: &VerifierKey| key.name() == own);
    let is_line = wire.line.ends_with('\n') && wire.line.matches('\n').count() == 1;
    let Some(key) = key.filter(|_| is_line) else {
        let reason =
            "are not a key that is named after this organization as a witness of this log, and a line of it";
        let status = status::violations(&[Violation::new("key or line", "malformed", reason)]);
        return Err(desk.refuse(call, Told { rule: "witness.malformed", status }).await);
    };
    let (quorum, log, logged) = (witnesses.quorum, witnesses.log_keys[0].clone(), call.clone());
    let steps = move |tx: &mut Tx<'_>| {
        let offered = tx.offered_checkpoint()?.filter(|offered| is_on(offered, &key, &wire.line, &log));
        let n_organizations = match offered {
            Some(offered) if is_witness(tx, &organization)? => {
                tx.put_cosignature(&organization, &key, offered.size, &wire.line, logged.time)?;
                count(tx, &offered, &log, quorum, logged.time)?
            }
            _ => 0,
        };
        let response = pb::AddCosignatureResponse { organizations: n_organizations, quorum };
        tx.log(&answered(&logged, &response))?;
        Ok::<_, store::Error>(response)
    };
    match desk.store.transaction("audit.cosign", steps).await {
        Ok(store::Committed { value, receipt }) => {
            Ok(with_receipt(value, &store::Committed { value: (), receipt }))
        }
        Err(error) => Err(desk.refuse(call, status::store(&error, &call.request_id)).await),
    }
}

/// Whether a line is a key's cosignature of the checkpoint that is offered.
fn is_on(offered: &OfferedCheckpoint, key: &VerifierKey, line: &str, log: &VerifierKey) -> bool {
    let signed = SignedCheckpoint::open(format!("{}{line}", offered.note).as_bytes(), log);
    signed.is_ok_and(|signed| signed.quorum(std::slice::from_ref(key), 1).is_ok())
}

/// Whether an organization is one that the log is not run by: whoever runs it vouches for nothing by cosigning it.
fn is_witness(snapshot: &Snapshot<'_>, organization: &OrgId) -> Result<bool, store::Error> {
    let known = snapshot.organization(organization)?;
    Ok(known.is_some_and(|known| !known.roles.contains(Role::Steward.as_str())))
}

/// How many organizations have cosigned what is offered. Where they are enough, by keys that differ, it is witnessed.
fn count(
    tx: &mut Tx<'_>,
    offered: &OfferedCheckpoint,
    log: &VerifierKey,
    quorum: u32,
    now: Timestamp,
) -> Result<u32, store::Error> {
    let (keys, lines): (Vec<_>, Vec<_>) = tx.cosignatures(offered.size)?.into_iter().unzip();
    let n_organizations = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let note = format!("{}{}", offered.note, lines.concat());
    let signed = SignedCheckpoint::open(note.as_bytes(), log);
    if signed.is_ok_and(|signed| signed.quorum(&keys, quorum as usize).is_ok()) {
        let before = tx.witnessed_checkpoint()?.filter(|before| before.size == offered.size);
        let time = before.map_or(now, |before| before.time);
        tx.put_witnessed(&WitnessedCheckpoint { size: offered.size, note, n_organizations, time })?;
    }
    Ok(n_organizations)
}

/// What a caller has seen, all of it signed by this log.
struct Seen {
    last: Option<SignedCheckpoint>,
    /// Of ascending sizes.
    since: Vec<SignedCheckpoint>,
    newest: Option<Proven>,
}

/// What is offered from now on, and what was before.
struct Offering {
    before: Option<OfferedCheckpoint>,
    offered: OfferedCheckpoint,
}

/// What it is told.
enum Answer {
    /// How the log goes on; and what is offered from now on, where it is another checkpoint.
    Offer(pb::OfferCheckpointResponse, Option<Box<Offering>>),
    /// A checkpoint is ours, and the log does not continue it.
    Behind(Box<SignedCheckpoint>),
}

impl Seen {
    fn read(wire: &pb::OfferCheckpointRequest, keys: &[VerifierKey]) -> Option<Self> {
        let open = |note: &String| {
            let signed = SignedCheckpoint::open_any(note.as_bytes(), keys).ok()?;
            (signed.checkpoint().origin() == keys[0].name()).then_some(signed)
        };
        if wire.seen.len() > SEEN_MAX {
            return None;
        }
        let last = match wire.last.is_empty() {
            true => None,
            false => Some(open(&wire.last)?),
        };
        let newest = match &wire.newest {
            Some(receipt) => Some(keys.iter().find_map(|key| receipt.verify(key, None, None).ok())?),
            None => None,
        };
        let since = wire.seen.iter().map(open).collect::<Option<Vec<_>>>()?;
        let is_ascending = since.is_sorted_by_key(|signed| signed.checkpoint().head().size);
        is_ascending.then_some(Self { last, since, newest })
    }

    fn answer(
        &self,
        snapshot: &Snapshot<'_>,
        keys: &[VerifierKey],
        organization: &OrgId,
        now: Timestamp,
    ) -> Result<Answer, store::Error> {
        let key = &keys[0];
        let newest = snapshot.signed_checkpoint(key)?;
        let recovery = match (self.not_continued(snapshot)?, &newest) {
            (None, _) => None,
            (Some(furthest), None) => return Ok(Answer::Behind(Box::new(furthest.clone()))),
            (Some(furthest), Some(newest)) => match self.recovery(snapshot, newest, key)? {
                None => return Ok(Answer::Behind(Box::new(furthest.clone()))),
                recovery => recovery,
            },
        };
        let Some(newest) = newest else {
            return Ok(Answer::Offer(pb::OfferCheckpointResponse::default(), None));
        };
        let (before, offered) = offered(snapshot, &newest, keys, now)?;
        let last = self.last.as_ref().filter(|_| recovery.is_none());
        let last = last.map_or(Head::empty(), |signed| signed.checkpoint().head());
        let pinned = SignedCheckpoint::open(offered.note.as_bytes(), key);
        let pinned = pinned.map_err(|_| store::Error::Damaged("the checkpoint that is offered"))?;
        let cosign = last.size <= offered.size
            && is_witness(snapshot, organization)?
            && !snapshot.has_cosigned(organization, offered.size)?;
        let (mut bodies, mut from) = (Vec::new(), last.size);
        for checkpoint in cosign.then_some(&pinned).into_iter().chain([&newest]) {
            let to = checkpoint.checkpoint().head().size;
            // To a witness, every log continues the empty one, and nothing proves it.
            let proof = if from == 0 { Vec::new() } else { snapshot.consistency(from, to)? };
            bodies.push(witness::request(from, &proof, checkpoint));
            from = to;
        }
        let since = self.since.iter().filter(|_| recovery.is_none());
        let proofs = since.map(|signed| {
            let proof = snapshot.consistency(signed.checkpoint().head().size, from)?;
            Ok(pb::SeenProof { proof: proof.iter().map(|hash| hash.as_bytes().to_vec()).collect() })
        });
        let proofs = proofs.collect::<Result<_, store::Error>>()?;
        let new = (before.as_ref() != Some(&offered)).then(|| Box::new(Offering { before, offered }));
        Ok(Answer::Offer(pb::OfferCheckpointResponse { bodies, cosign, proofs, recovery }, new))
    }

    /// The furthest of what was seen that the log does not continue.
    fn not_continued(&self, snapshot: &Snapshot<'_>) -> Result<Option<&SignedCheckpoint>, store::Error> {
        let mut furthest = None;
        for signed in self.last.iter().chain(&self.since) {
            if !snapshot.continues(signed.checkpoint().head())? {
                furthest = Some(signed);
            }
        }
        Ok(furthest)
    }

    /// The proof that a log that lacks something was put on record as one that goes on from a backup, after that was seen.
    fn recovery(
        &self,
        snapshot: &Snapshot<'_>,
        newest: &SignedCheckpoint,
        key: &VerifierKey,
    ) -> Result<Option<Receipt>, store::Error> {
        let Some(position) = snapshot.last_recovery()? else { return Ok(None) };
        let receipt = snapshot.receipt(position, newest)?;
        let proven = receipt.verify(key, None, None);
        let proven = proven.map_err(|_| store::Error::Damaged("the access log does not verify"))?;
        let is_later = self.newest.as_ref().is_none_or(|seen| seen.entry.time < proven.entry.time);
        Ok(is_later.then_some(receipt))
    }
}

/// The checkpoint that was offered, and the one that is: the newest, once the one before is witnessed or old, or another key
/// signs.
fn offered(
    snapshot: &Snapshot<'_>,
    newest: &SignedCheckpoint,
    keys: &[VerifierKey],
    now: Timestamp,
) -> Result<(Option<OfferedCheckpoint>, OfferedCheckpoint), store::Error> {
    let before = snapshot.offered_checkpoint()?;
    // To who knows the other key alone, one that not every key has signed is none of this log.
    let is_of_all = |offered: &&OfferedCheckpoint| {
        keys.iter().all(|key| SignedCheckpoint::open(offered.note.as_bytes(), key).is_ok())
    };
    if let Some(offered) = before.as_ref().filter(is_of_all) {
        let is_witnessed = snapshot.witnessed_checkpoint()?.is_some_and(|last| last.size == offered.size);
        if !is_witnessed && now.millis() - offered.since.millis() < OFFERED_MAX_MS {
            return Ok((before.clone(), offered.clone()));
        }
    }
    let (size, note) = (newest.checkpoint().head().size, newest.note().to_owned());
    Ok((before, OfferedCheckpoint { size, note, since: now }))
}
