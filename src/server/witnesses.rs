//! What clients have seen of the log, and their cosignatures: participants are its witnesses.
//!
//! One checkpoint at a time is offered to all, so that their lines come together on it, as C2SP tlog-policy counts them.

use super::desk::{Desk, answered, with_receipt};
use super::standing::Standing;
use super::status::{self, Told};
use crate::api::v1 as pb;
use crate::audit::{Call, Head, SignedCheckpoint, VerifierKey, witness};
use crate::calendar::Timestamp;
use crate::records::{OrgId, Violation};
use crate::store::{self, OfferedCheckpoint, Tx, WitnessedCheckpoint};
use std::sync::Arc;
use tonic::{Code, Response, Status};

/// Checkpoints in a request, besides the last one.
const SEEN_MAX: usize = 512;

/// How long a checkpoint is offered that too few cosign: as long as everybody who calls once a day needs.
const OFFERED_MAX_MS: i64 = 36 * 3_600 * 1_000;

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Witnesses {
    pub(super) log_key: VerifierKey,
    /// Organizations that have to cosign a checkpoint.
    pub(super) quorum: u32,
    pub(super) standing: Arc<Standing>,
}

/// What became of an offer.
enum Offered {
    Made(pb::OfferCheckpointResponse),
    /// A checkpoint is ours and the log does not continue it.
    Behind(Box<SignedCheckpoint>),
}

/// Shows how the log continues what the caller has seen, and offers a checkpoint.
pub(super) async fn offer(
    desk: &Desk,
    witnesses: &Witnesses,
    call: &Call,
    organization: OrgId,
    wire: pb::OfferCheckpointRequest,
) -> Result<Response<pb::OfferCheckpointResponse>, Status> {
    let Some(seen) = Seen::read(&wire, &witnesses.log_key) else {
        let reason = "is not a checkpoint that this log has signed, or there are more than 512";
        let status = status::violations(&[Violation::new("last or seen", "not_signed", reason)]);
        return Err(desk.refuse(call, Told { rule: "witness.malformed", status }).await);
    };
    let (key, logged) = (witnesses.log_key.clone(), call.clone());
    let steps = move |tx: &mut Tx<'_>| {
        let offered = seen.answer(tx, &key, &organization, logged.time)?;
        if let Offered::Made(response) = &offered {
            tx.log(&answered(&logged, response))?;
        }
        Ok::<_, store::Error>(offered)
    };
    match desk.store.transaction("audit.offer", steps).await {
        Ok(store::Committed { value: Offered::Made(response), receipts }) => {
            Ok(with_receipt(response, &store::Committed { value: (), receipts }))
        }
        Ok(store::Committed { value: Offered::Behind(checkpoint), .. }) => {
            // Nothing more is put on record: each entry would make another log of it.
            witnesses.standing.is_behind(&checkpoint);
            Err(status::status(
                Code::DataLoss,
                "LOG_BEHIND",
                "the access log lacks entries that it has proven; the service stops until its operator has put that on record",
            ))
        }
        Err(error) => Err(desk.refuse(call, status::store(&error, &call.request_id)).await),
    }
}

/// Keeps a cosignature.
pub(super) async fn add(
    desk: &Desk,
    witnesses: &Witnesses,
    call: &Call,
    organization: OrgId,
    wire: pb::AddCosignatureRequest,
) -> Result<Response<pb::AddCosignatureResponse>, Status> {
    let (quorum, log, logged) = (witnesses.quorum, witnesses.log_key.clone(), call.clone());
    let steps = move |tx: &mut Tx<'_>| {
        let Some(offered) = tx.offered_checkpoint()? else { return Ok(None) };
        let Some(key) = cosigner(&wire, &offered, &log, &organization) else { return Ok(None) };
        tx.put_cosignature(&organization, &key, offered.size, &wire.line, logged.time)?;
        let lines = tx.cosignatures(offered.size)?;
        let n_organizations = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        if n_organizations >= quorum {
            let note = format!("{}{}", offered.note, lines.concat());
            let before = tx.witnessed_checkpoint()?.filter(|before| before.size == offered.size);
            let time = before.map_or(logged.time, |before| before.time);
            tx.put_witnessed(&WitnessedCheckpoint { size: offered.size, note, n_organizations, time })?;
        }
        let response = pb::AddCosignatureResponse { organizations: n_organizations, quorum };
        tx.log(&answered(&logged, &response))?;
        Ok::<_, store::Error>(Some(response))
    };
    match desk.store.transaction("audit.cosign", steps).await {
        Ok(store::Committed { value: Some(response), receipts }) => {
            Ok(with_receipt(response, &store::Committed { value: (), receipts }))
        }
        Ok(store::Committed { value: None, .. }) => {
            let reason =
                "is not a cosignature by a key of this organization on the checkpoint that is offered";
            let status = status::violations(&[Violation::new("line", "not_signed", reason)]);
            Err(desk.refuse(call, Told { rule: "witness.malformed", status }).await)
        }
        Err(error) => Err(desk.refuse(call, status::store(&error, &call.request_id)).await),
    }
}

/// The key of a cosignature that is good.
fn cosigner(
    wire: &pb::AddCosignatureRequest,
    offered: &OfferedCheckpoint,
    log: &VerifierKey,
    organization: &OrgId,
) -> Option<VerifierKey> {
    let key: VerifierKey = wire.key.parse().ok()?;
    let note = format!("{}{}", offered.note, wire.line);
    let is_one_line = wire.line.ends_with('\n') && wire.line.matches('\n').count() == 1;
    let signed = SignedCheckpoint::open(note.as_bytes(), log).ok()?;
    let is_good = signed.quorum(std::slice::from_ref(&key), 1).is_ok();
    let is_own = key.name() == witness::name(log.name(), organization.as_str());
    (is_one_line && is_good && is_own).then_some(key)
}

/// What a caller has seen, all of it signed by this log.
struct Seen {
    last: Option<SignedCheckpoint>,
    since: Vec<SignedCheckpoint>,
}

impl Seen {
    fn read(wire: &pb::OfferCheckpointRequest, key: &VerifierKey) -> Option<Self> {
        let open = |note: &String| {
            let signed = SignedCheckpoint::open(note.as_bytes(), key).ok()?;
            (signed.checkpoint().origin() == key.name()).then_some(signed)
        };
        let last = match wire.last.is_empty() {
            true => None,
            false => Some(open(&wire.last)?),
        };
        let since = wire.seen.iter().map(open).collect::<Option<Vec<_>>>()?;
        (since.len() <= SEEN_MAX).then_some(Self { last, since })
    }

    fn answer(
        &self,
        tx: &mut Tx<'_>,
        key: &VerifierKey,
        organization: &OrgId,
        now: Timestamp,
    ) -> Result<Offered, store::Error> {
        let newest = tx.signed_checkpoint(key)?;
        let mut lost = Vec::new();
        for signed in self.last.iter().chain(&self.since) {
            if !tx.continues(signed.checkpoint().head())? {
                lost.push(signed);
            }
        }
        let furthest = lost.into_iter().max_by_key(|signed| signed.checkpoint().head().size);
        let recovery = match furthest {
            None => None,
            Some(furthest) => match tx.recovery_of(furthest.checkpoint().head().size)? {
                None => return Ok(Offered::Behind(Box::new(furthest.clone()))),
                recovery => recovery,
            },
        };
        let Some(newest) = newest else {
            return Ok(Offered::Made(pb::OfferCheckpointResponse::default()));
        };
        let head = newest.checkpoint().head();
        let offered = offered(tx, &newest, now)?;
        let last = self.last.as_ref().filter(|_| recovery.is_none());
        let last = last.map_or(Head::empty(), |signed| signed.checkpoint().head());
        let pinned = SignedCheckpoint::open(offered.note.as_bytes(), key);
        let pinned = pinned.map_err(|_| store::Error::Damaged("the checkpoint that is offered"))?;
        let cosign = last.size <= offered.size && !tx.has_cosigned(organization, offered.size)?;
        let (mut bodies, mut from) = (Vec::new(), last.size);
        for checkpoint in cosign.then_some(&pinned).into_iter().chain([&newest]) {
            let to = checkpoint.checkpoint().head().size;
            // To a witness, every log continues the empty one, and nothing proves it.
            let proof = if from == 0 { Vec::new() } else { tx.consistency(from, to)? };
            bodies.push(witness::request(from, &proof, checkpoint));
            from = to;
        }
        let proofs = match recovery {
            Some(_) => Vec::new(),
            None => (self.since.iter())
                .map(|signed| {
                    let proof = tx.consistency(signed.checkpoint().head().size, head.size)?;
                    let proof = proof.iter().map(|hash| hash.as_bytes().to_vec()).collect();
                    Ok::<_, store::Error>(pb::SeenProof { proof })
                })
                .collect::<Result<_, _>>()?,
        };
        let recovery = recovery.map(|position| tx.receipt(position, &newest)).transpose()?;
        Ok(Offered::Made(pb::OfferCheckpointResponse { bodies, cosign, proofs, recovery }))
    }
}

/// The checkpoint that is offered: the newest, once the one before is witnessed or old.
fn offered(
    tx: &mut Tx<'_>,
    newest: &SignedCheckpoint,
    now: Timestamp,
) -> Result<OfferedCheckpoint, store::Error> {
    if let Some(offered) = tx.offered_checkpoint()? {
        let is_witnessed = tx.witnessed_checkpoint()?.is_some_and(|last| last.size == offered.size);
        if !is_witnessed && now.millis() - offered.since.millis() < OFFERED_MAX_MS {
            return Ok(offered);
        }
    }
    let size = newest.checkpoint().head().size;
    let offered = OfferedCheckpoint { size, note: newest.note().to_owned(), since: now };
    tx.offer(&offered)?;
    Ok(offered)
}
