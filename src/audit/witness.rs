//! A witness: it cosigns a log's checkpoint only when that continues the one it cosigned before.
//!
//! This is `add-checkpoint` of C2SP tlog-witness 1.0.0 without its HTTP: bodies in, a status or a signature
//! line out. Where the specification changed after the release, the released text holds.

use super::checkpoint::decimal;
use super::{
    Checkpoint, Cosigner, Hash, Head, NotProven, Note, SignedCheckpoint, VerifierKey, verify_consistency,
};
use crate::calendar::Timestamp;

/// Hashes in the longest proof: one less than the bits of a size.
const N_PROOF_MAX: usize = 63;

/// What a witness knows of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedLog {
    /// Keys that may sign its checkpoints: one, or two while the key is being changed.
    pub keys: Vec<VerifierKey>,
    /// The head cosigned last; [`Head::empty`] when none was.
    pub last: Head,
}

/// A checkpoint that was cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The log.
    pub origin: String,
    /// What to remember as [`TrustedLog::last`], durably and before the answer leaves, if it still is what
    /// was looked up.
    pub head: Head,
    /// The answer's body: a signature line.
    pub line: String,
}

/// Why a checkpoint was not cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a request, or not a checkpoint in it.
    #[error("malformed request")]
    Malformed,
    /// The old size is larger than the checkpoint's.
    #[error("old size larger than the checkpoint")]
    OldSize,
    /// No log of that origin is known.
    #[error("unknown log")]
    UnknownLog,
    /// No key of the log signed it, or not properly.
    #[error("invalid signature")]
    Signature,
    /// The old size is not the one cosigned last, which is this.
    #[error("old size is not the last cosigned size")]
    Conflict(u64),
    /// The log shows another root at the size cosigned last, which is this.
    #[error("another root at the last cosigned size")]
    Split(u64),
    /// The proof does not lead from the head cosigned last to the checkpoint.
    #[error("consistency proof does not verify")]
    Inconsistent(#[source] NotProven),
}

impl Refusal {
    /// The HTTP status of the specification.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed | Self::OldSize => 400,
            Self::Signature => 403,
            Self::UnknownLog => 404,
            Self::Conflict(_) | Self::Split(_) => 409,
            Self::Inconsistent(_) => 422,
        }
    }

    /// The answer's body: the last cosigned size for a conflict, else the reason; one line.
    #[must_use]
    pub fn body(&self) -> String {
        match self {
            Self::Conflict(size) | Self::Split(size) => format!("{size}\n"),
            other => format!("{other}\n"),
        }
    }
}

/// The name of a witness of a log that is one of its participants.
#[must_use]
pub fn name(origin: &str, organization: &str) -> String {
    format!("{origin}/witness/{organization}")
}

/// The body of a request: `proof` leads from `old_size`, which the witness cosigned last, to the checkpoint.
#[must_use]
pub fn request(old_size: u64, proof: &[Hash], checkpoint: &SignedCheckpoint) -> String {
    let proof: String = proof.iter().map(|hash| format!("{}\n", hash.to_base64())).collect();
    format!("old {old_size}\n{proof}\n{}", checkpoint.note())
}

/// Cosigns the checkpoint in `body` when the log of its origin is known and has only grown.
///
/// `log` looks up a log by origin. Looking up and remembering [`Cosigned::head`] must be one transaction:
/// of two requests from the same size, one has to lose.
///
/// # Errors
///
/// [`Refusal`], in the order the specification asks for.
pub fn add_checkpoint(
    body: &[u8],
    log: impl FnOnce(&str) -> Option<TrustedLog>,
    witness: &Cosigner,
    now: Timestamp,
) -> Result<Cosigned, Refusal> {
    let (old_size, proof, note) = parse(body).ok_or(Refusal::Malformed)?;
    let note = Note::parse(note.as_bytes()).map_err(|_| Refusal::Malformed)?;
    let checkpoint: Checkpoint = note.text().parse().map_err(|_| Refusal::Malformed)?;
    let TrustedLog { keys, last } = log(checkpoint.origin()).ok_or(Refusal::UnknownLog)?;
    note.verify(&keys).map_err(|_| Refusal::Signature)?;
    let head = checkpoint.head();
    if old_size > head.size {
        return Err(Refusal::OldSize);
    }
    if old_size != last.size {
        return Err(Refusal::Conflict(last.size));
    }
    if head.size == last.size && head.root != last.root {
        return Err(Refusal::Split(last.size));
    }
    // Every tree continues the empty one: there is nothing to prove, and whatever should prove it is refused.
    if last.size != 0 || !proof.is_empty() {
        verify_consistency(&last, &head, &proof).map_err(Refusal::Inconsistent)?;
    }
    let line = witness.cosign(&checkpoint, now);
    Ok(Cosigned { origin: checkpoint.origin().to_owned(), head, line })
}

/// Old size, proof and note.
fn parse(body: &[u8]) -> Option<(u64, Vec<Hash>, &str)> {
    let (header, note) = std::str::from_utf8(body).ok()?.split_once("\n\n")?;
    let mut lines = header.split('\n');
    let old_size = decimal(lines.next()?.strip_prefix("old ")?)?;
    let proof = lines.map(|line| Hash::from_base64(line).ok()).collect::<Option<Vec<_>>>()?;
    (proof.len() <= N_PROOF_MAX).then_some((old_size, proof, note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Memory, cosigner, log_key};
    use crate::audit::{SignerKey, consistency_proof, root_at};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn head(memory: &Memory, size: u64) -> Head {
        Head { size, root: root_at(memory, size).expect("nodes are stored") }
    }

    fn signed(head: Head, key: &SignerKey) -> SignedCheckpoint {
        Checkpoint::new(log_key().verifier().name(), head).expect("a valid origin").sign(key)
    }

    fn ask(body: &str, last: Head) -> Result<Cosigned, Refusal> {
        let trusted = |origin: &str| {
            let key = log_key().verifier().clone();
            (origin == key.name()).then(|| TrustedLog { keys: vec![key], last })
        };
        add_checkpoint(body.as_bytes(), trusted, &cosigner(1), NOW)
    }

    #[test]
    fn growth_is_cosigned_and_the_cosignature_counts() {
        let memory = Memory::of_size(30);
        let mut last = Head::empty();
        for size in [0, 0, 1, 7, 7, 8, 30] {
            let checkpoint = signed(head(&memory, size), &log_key());
            let proof = consistency_proof(&memory, last.size, size).expect("the log grows");
            let cosigned = ask(&request(last.size, &proof, &checkpoint), last).expect("the log only grew");
            assert_eq!(cosigned.head, head(&memory, size));
            let note = format!("{}{}", checkpoint.note(), cosigned.line);
            let both =
                SignedCheckpoint::open(note.as_bytes(), log_key().verifier()).expect("the log signed it");
            assert!(both.quorum(&[cosigner(1).verifier().clone()], 1).is_ok());
            last = cosigned.head;
        }
    }

    #[test]
    fn a_log_that_did_anything_else_is_refused() {
        let memory = Memory::of_size(30);
        let mut other = Memory::default();
        (100..130_u64).for_each(|n| other.append(&n.to_be_bytes()));
        let last = head(&memory, 20);
        let check = |old: u64, proof: &[Hash], new: Head, status: u16| {
            let refusal =
                ask(&request(old, proof, &signed(new, &log_key())), last).expect_err("must be refused");
            assert_eq!(refusal.status(), status, "{refusal}");
            refusal.body()
        };
        let proof = |from: &Memory| consistency_proof(from, 20, 30).expect("in range");
        // A rewritten history, a dropped tail, a replayed checkpoint, two views.
        check(20, &proof(&other), head(&other, 30), 422);
        check(20, &proof(&memory), head(&other, 30), 422);
        check(20, &[], head(&memory, 30), 422);
        check(20, &proof(&memory), head(&memory, 20), 422);
        assert_eq!(check(15, &[], head(&memory, 15), 409), "20\n");
        assert_eq!(check(0, &[], head(&memory, 30), 409), "20\n");
        assert_eq!(check(20, &[], head(&other, 20), 409), "20\n");
        check(20, &[], head(&memory, 15), 400);
        let bottomless = Head { size: 0, ..head(&memory, 1) };
        let refusal = ask(&request(0, &[], &signed(bottomless, &log_key())), Head::empty());
        assert_eq!(refusal, Err(Refusal::Split(0)));
    }

    #[test]
    fn unknown_logs_keys_and_bodies_are_refused() {
        let memory = Memory::of_size(3);
        let body = request(0, &[], &signed(head(&memory, 3), &log_key()));
        let status = |body: &str| ask(body, Head::empty()).map_err(|refusal| refusal.status()).map(drop);
        assert_eq!(status(&body), Ok(()));
        assert_eq!(status(&body.replace("log.example", "dog.example")), Err(404));
        assert_eq!(status(&body.replacen("\n3\n", "\n4\n", 1)), Err(403));
        let imposter = SignerKey::from_pkcs8("log.example/access", &crate::audit::testing::pkcs8([8; 32]));
        let forged = signed(head(&memory, 3), &imposter.expect("a key"));
        assert_eq!(status(&request(0, &[], &forged)), Err(403));
        assert_eq!(status(&body.replacen("\n\n", "\nAAAA\n\n", 1)), Err(400));
        assert_eq!(status(&body.replacen("old 0", "old 00", 1)), Err(400));
        assert_eq!(status(&body.replacen("old 0\n", "", 1)), Err(400));
        assert_eq!(status(&body.replacen("\n3\n", "\n03\n", 1)), Err(400));
        assert_eq!(status(""), Err(400));
        assert_eq!(Refusal::UnknownLog.body(), "unknown log\n");
        let hash = head(&memory, 1).root;
        assert_eq!(status(&request(0, &[hash; 63], &signed(head(&memory, 3), &log_key()))), Err(422));
        assert_eq!(status(&request(0, &[hash; 64], &signed(head(&memory, 3), &log_key()))), Err(400));
    }

    #[test]
    fn a_witness_has_a_name_of_its_own_for_each_log() {
        assert_eq!(name("log.example/access", "northfield"), "log.example/access/witness/northfield");
    }
}
