//! The beginning of a session: the proof that the log continues what was seen of it, and a cosignature.

use super::memory::Memory;
use super::session::{Error, Session, with_receipt};
use crate::api::v1 as pb;
use crate::audit::witness::{TrustedLog, add_checkpoint};
use crate::audit::{Hash, Head, Proven, Receipt, SignedCheckpoint, VerifierKey, verify_consistency};
use crate::calendar::Timestamp;
use prost::Message;

/// How the log went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continued {
    /// It continues everything this client has seen.
    All,
    /// The service was restored from a backup, and says so in its log: entries are lost, up to a log of so many.
    Lost(u64),
}

impl Session {
    /// Has the service prove that its log continues what this client has seen, cosigns the checkpoint that is offered, and
    /// remembers the newest. Without a memory there is nothing to prove.
    ///
    /// # Errors
    ///
    /// [`Error::Split`] when the log does not: nothing it says is to be used. Else as for every call.
    pub async fn witness(&self) -> Result<Continued, Error> {
        let Some(memory) = self.memory() else { return Ok(Continued::All) };
        let (last, seen) = memory.seen();
        let note = |signed: &SignedCheckpoint| signed.note().to_owned();
        let request = pb::OfferCheckpointRequest {
            last: last.as_ref().map(note).unwrap_or_default(),
            seen: seen.iter().map(note).collect(),
        };
        let asked = Hash::of(&request.encode_to_vec());
        let (offer, receipt) = with_receipt(self.audit().offer_checkpoint(request).await?)?;
        let answered = Hash::of(&offer.encode_to_vec());
        let proven = receipt.verify(self.log_key(), Some(&asked), Some(&answered))?;
        let checked = check(self.log_key(), memory, &offer, last.as_ref(), &seen);
        let Some((continued, newest, line)) = checked.inspect_err(|_| memory.keep_evidence())? else {
            return Ok(Continued::All);
        };
        if let Continued::Lost(_) = continued {
            memory.lose().map_err(|_| Error::Memory)?;
        }
        memory.settle(newest);
        // That of this very answer is a later one, which is compared next time.
        if !memory.note(&proven.checkpoint) {
            return Err(Error::Split);
        }
        if let Some(line) = line.filter(|_| offer.cosign) {
            let request = pb::AddCosignatureRequest { key: memory.cosigner.verifier().to_string(), line };
            let asked = request.encode_to_vec();
            match self.audit().add_cosignature(request).await {
                Ok(response) => drop(self.proven(&asked, response)?),
                // Others may have cosigned meanwhile, so that the next one is offered. It is the service that goes without.
                Err(status) => drop(status),
            }
        }
        Ok(continued)
    }
}

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
    let continued = recovered(key, memory, offer.recovery.as_ref(), was, seen)?;
    let mut known = if continued == Continued::All { was } else { Head::empty() };
    let (mut newest, mut line) = (None, None);
    for body in &offer.bodies {
        let trusted = |origin: &str| {
            (origin == key.name()).then(|| TrustedLog { keys: vec![key.clone()], last: known })
        };
        let cosigned = add_checkpoint(body.as_bytes(), trusted, &memory.cosigner, Timestamp::now());
        let cosigned = cosigned.map_err(|_| Error::Split)?;
        let note = body.split_once("\n\n").map_or("", |(_, note)| note);
        newest = Some(SignedCheckpoint::open(note.as_bytes(), key).map_err(|_| Error::Split)?);
        known = cosigned.head;
        line.get_or_insert(cosigned.line);
    }
    let Some(newest) = newest else {
        // A log without entries continues nothing.
        return if last.is_none() && seen.is_empty() { Ok(None) } else { Err(Error::Split) };
    };
    if continued == Continued::All {
        if offer.proofs.len() != seen.len() {
            return Err(Error::Protocol("not as many proofs as checkpoints"));
        }
        for (signed, proof) in seen.iter().zip(&offer.proofs) {
            let proof =
                proof.proof.iter().map(|hash| Hash::try_from(hash.as_slice())).collect::<Result<Vec<_>, _>>();
            let proof = proof.map_err(|_| Error::Split)?;
            verify_consistency(&signed.checkpoint().head(), &known, &proof).map_err(|_| Error::Split)?;
        }
    }
    if let Some(recovery) = &offer.recovery
        && SignedCheckpoint::open(recovery.checkpoint().as_bytes(), key).ok().as_ref() != Some(&newest)
    {
        return Err(Error::Split);
    }
    Ok(Some((continued, newest, line)))
}

/// Whether an entry of the log says that what was seen is lost. It says so of what was seen before it alone: a log that was
/// restored once may not lose entries a second time on the strength of that.
fn recovered(
    key: &VerifierKey,
    memory: &Memory,
    recovery: Option<&Receipt>,
    was: Head,
    seen: &[SignedCheckpoint],
) -> Result<Continued, Error> {
    let Some(receipt) = recovery else { return Ok(Continued::All) };
    let Proven { entry, .. } = receipt.verify(key, None, None)?;
    let sizes = seen.iter().map(|signed| signed.checkpoint().head().size);
    let furthest = sizes.chain([was.size]).max().unwrap_or(0);
    let is_recovery = entry.rpc.as_str() == "Recover" && entry.rule.as_str() == "log.recovered";
    let is_later = memory.at().is_none_or(|at| at < entry.time);
    match entry.lost_size.filter(|_| is_recovery && is_later) {
        Some(size) if furthest <= size => Ok(Continued::Lost(size)),
        _ => Err(Error::Split),
    }
}

#[cfg(test)]
mod tests;
