//! The beginning of a session: the proof that the log continues what was seen of it, and a cosignature.

use super::memory::Memory;
use super::session::{Error, Session, with_receipt};
use crate::api::v1 as pb;
use crate::audit::witness::{TrustedLog, add_checkpoint};
use crate::audit::{Hash, Head, Proven, Receipt, SignedCheckpoint, VerifierKey, verify_consistency};
use crate::calendar::Timestamp;
use prost::Message;
use std::io;
use tonic::Status;

/// How the log went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continued {
    /// It continues everything this client has seen.
    All,
    /// The service was restored from a backup, and says so in its log: some of what this client has seen is lost.
    Lost,
}

/// What became of the beginning of a session.
#[derive(Debug)]
pub struct Witnessed {
    /// How the log went on.
    pub continued: Continued,
    /// Why what was seen is not kept; nothing was cosigned then.
    pub not_kept: Option<io::Error>,
    /// Why the service has not taken the cosignature; the session goes on without.
    pub not_cosigned: Option<Box<Status>>,
}

impl Session {
    /// Has the service prove that its log continues what this client has seen, remembers the newest checkpoint, and cosigns
    /// the one that is offered. Without a memory there is nothing to prove.
    ///
    /// # Errors
    ///
    /// [`Error::Split`] when the log does not: nothing it says is to be used. Else as for every call.
    pub async fn witness(&self) -> Result<Witnessed, Error> {
        let mut witnessed = Witnessed { continued: Continued::All, not_kept: None, not_cosigned: None };
        let Some(memory) = self.memory() else { return Ok(witnessed) };
        let (last, seen) = memory.seen();
        let note = |signed: &SignedCheckpoint| signed.note().to_owned();
        let request = pb::OfferCheckpointRequest {
            last: last.as_ref().map(note).unwrap_or_default(),
            seen: seen.iter().map(note).collect(),
            newest: memory.newest().map(|(_, receipt)| receipt),
        };
        let asked = Hash::of(&request.encode_to_vec());
        let (offer, receipt) = with_receipt(self.audit().offer_checkpoint(request).await?)?;
        let answered = Hash::of(&offer.encode_to_vec());
        let proven = receipt.verify(self.log_key(), Some(&asked), Some(&answered))?;
        let checked = match check(self.log_key(), memory, &offer, last.as_ref(), &seen) {
            Err(Error::Split(_)) => {
                let recovery = offer.recovery.iter().map(Receipt::to_saved);
                let shown = offer.bodies.iter().cloned().chain(recovery).collect();
                return Err(Error::Split(memory.keep_evidence(shown).ok()));
            }
            checked => checked?,
        };
        let Some((continued, newest, line)) = checked else {
            memory.release();
            return Ok(witnessed);
        };
        witnessed.continued = continued;
        let aside = if continued == Continued::Lost { memory.lose() } else { Ok(()) };
        // On disk before the cosignature leaves: another process would vouch for another history.
        witnessed.not_kept = aside.and_then(|()| memory.settle(newest)).err();
        // That of this very answer is a later one, which is compared next time.
        self.note(&receipt, &proven)?;
        if let Some(line) = line.filter(|_| offer.cosign && witnessed.not_kept.is_none()) {
            let request = pb::AddCosignatureRequest { key: memory.cosigner.verifier().to_string(), line };
            let asked = request.encode_to_vec();
            match self.audit().add_cosignature(request).await {
                Ok(response) => drop(self.proven(&asked, response)?),
                Err(status) => witnessed.not_cosigned = Some(Box::new(status)),
            }
        }
        Ok(witnessed)
    }
}

/// Before anything is kept of it.
const SPLIT: Error = Error::Split(None);

type Checked = Option<(Continued, SignedCheckpoint, Option<String>)>;

/// Checks an offer: how the log went on, its newest checkpoint, and the cosignature of the first that is offered.
fn check(
    key: &VerifierKey,
    memory: &Memory,
    offer: &pb::OfferCheckpointResponse,
    last: Option<&SignedCheckpoint>,
    seen: &[SignedCheckpoint],
) -> Result<Checked, Error> {
    let was = last.map_or(Head::empty(), |last| last.checkpoint().head());
    let continued = recovered(key, memory, offer.recovery.as_ref())?;
    let mut known = if continued == Continued::All { was } else { Head::empty() };
    let (mut newest, mut line) = (None, None);
    for body in &offer.bodies {
        let trusted = |origin: &str| {
            (origin == key.name()).then(|| TrustedLog { keys: vec![key.clone()], last: known })
        };
        let cosigned = add_checkpoint(body.as_bytes(), trusted, &memory.cosigner, Timestamp::now());
        let cosigned = cosigned.map_err(|_| SPLIT)?;
        let note = body.split_once("\n\n").map_or("", |(_, note)| note);
        newest = Some(SignedCheckpoint::open(note.as_bytes(), key).map_err(|_| SPLIT)?);
        known = cosigned.head;
        line.get_or_insert(cosigned.line);
    }
    let Some(newest) = newest else {
        // A log without entries continues nothing.
        return if last.is_none() && seen.is_empty() { Ok(None) } else { Err(SPLIT) };
    };
    if continued == Continued::All {
        if offer.proofs.len() != seen.len() {
            return Err(Error::Protocol("not as many proofs as checkpoints"));
        }
        for (signed, proof) in seen.iter().zip(&offer.proofs) {
            let proof =
                proof.proof.iter().map(|hash| Hash::try_from(hash.as_slice())).collect::<Result<Vec<_>, _>>();
            let proof = proof.map_err(|_| SPLIT)?;
            verify_consistency(&signed.checkpoint().head(), &known, &proof).map_err(|_| SPLIT)?;
        }
    }
    if let Some(recovery) = &offer.recovery
        && SignedCheckpoint::open(recovery.checkpoint().as_bytes(), key).ok().as_ref() != Some(&newest)
    {
        return Err(SPLIT);
    }
    Ok(Some((continued, newest, line)))
}

/// Whether an entry of the log says that what was seen before it is lost. It says nothing of what was seen after it: a log
/// that was restored once may not lose entries a second time on the strength of that. Both moments are of the service's clock.
fn recovered(key: &VerifierKey, memory: &Memory, recovery: Option<&Receipt>) -> Result<Continued, Error> {
    let Some(receipt) = recovery else { return Ok(Continued::All) };
    let Proven { entry, .. } = receipt.verify(key, None, None)?;
    let is_recovery = entry.rpc.as_str() == "Recover" && entry.rule.as_str() == "log.recovered";
    let is_later = memory.newest().is_none_or(|(time, _)| time < entry.time);
    if is_recovery && is_later { Ok(Continued::Lost) } else { Err(SPLIT) }
}

#[cfg(test)]
mod tests;
