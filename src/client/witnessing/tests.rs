use super::*;
use crate::audit::testing::{Memory as Log, cosigner, log_key};
use crate::audit::witness::request;
use crate::audit::{Checkpoint, Entry, consistency_proof, root_at};

fn signed(log: &Log, size: u64) -> SignedCheckpoint {
    let head = Head { size, root: root_at(log, size).expect("nodes are stored") };
    Checkpoint::new(log_key().verifier().name(), head).expect("an origin").sign(&log_key())
}

/// A client that has seen the log at some sizes, the first one as the last that continues all before.
struct Client {
    memory: Memory,
    _folder: tempfile::TempDir,
}

impl Client {
    fn that_saw(log: &Log, sizes: &[u64]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("seen.json");
        let memory = Memory::open(&path, log_key().verifier().clone(), cosigner(1)).expect("nothing yet");
        let mut sizes = sizes.iter();
        sizes.next().into_iter().for_each(|size| memory.settle(signed(log, *size)));
        assert!(sizes.all(|size| memory.note(&signed(log, *size))));
        Self { memory, _folder: folder }
    }

    fn hears(&self, offer: &pb::OfferCheckpointResponse) -> Result<Checked, Error> {
        let (last, seen) = self.memory.seen();
        check(log_key().verifier(), &self.memory, offer, last.as_ref(), &seen)
    }

    fn is_told_of_a_split(&self, offer: &pb::OfferCheckpointResponse) {
        assert!(matches!(self.hears(offer), Err(Error::Split)), "{offer:?}");
    }
}

fn body(log: &Log, from: u64, to: u64) -> String {
    let proof = if from == 0 { Vec::new() } else { consistency_proof(log, from, to).expect("it grows") };
    request(from, &proof, &signed(log, to))
}

fn seen_proof(log: &Log, from: u64, to: u64) -> pb::SeenProof {
    let proof = consistency_proof(log, from, to).expect("it grows");
    pb::SeenProof { proof: proof.iter().map(|hash| hash.as_bytes().to_vec()).collect() }
}

/// What an honest service says to a client that has seen 5, then 7 and 8.
fn honest(log: &Log) -> pb::OfferCheckpointResponse {
    pb::OfferCheckpointResponse {
        bodies: vec![body(log, 5, 6), body(log, 6, 12)],
        cosign: true,
        proofs: vec![seen_proof(log, 7, 12), seen_proof(log, 8, 12)],
        recovery: None,
    }
}

#[test]
fn a_log_that_goes_on_is_followed_and_cosigned() {
    let log = Log::of_size(12);
    let client = Client::that_saw(&log, &[5, 7, 8]);
    let (continued, newest, line) = client.hears(&honest(&log)).expect("it goes on").expect("a checkpoint");
    assert_eq!((continued, newest), (Continued::All, signed(&log, 12)));
    let note = format!("{}{}", signed(&log, 6).note(), line.expect("of the first"));
    let cosigned = SignedCheckpoint::open(note.as_bytes(), log_key().verifier()).expect("the log's");
    assert!(cosigned.quorum(&[cosigner(1).verifier().clone()], 1).is_ok());
    let nothing = pb::OfferCheckpointResponse::default();
    assert!(Client::that_saw(&log, &[]).hears(&nothing).expect("a log without entries").is_none());
}

#[test]
fn a_log_that_shows_anything_else_is_refused() {
    let log = Log::of_size(12);
    let mut other = Log::of_size(4);
    (100..120_u64).for_each(|n| other.append(&n.to_be_bytes()));
    let client = Client::that_saw(&log, &[5, 7, 8]);
    let honest = honest(&log);
    let with = |bodies: Vec<String>| pb::OfferCheckpointResponse { bodies, ..honest.clone() };
    // Another history, whichever way it is said to follow.
    client.is_told_of_a_split(&with(vec![body(&other, 5, 12)]));
    client.is_told_of_a_split(&with(vec![body(&other, 0, 12)]));
    let forged = request(5, &consistency_proof(&log, 5, 12).expect("it grows"), &signed(&other, 12));
    client.is_told_of_a_split(&with(vec![forged]));
    // Two views: the second body leads elsewhere.
    client.is_told_of_a_split(&with(vec![body(&log, 5, 6), body(&other, 6, 12)]));
    // A dropped tail, an older checkpoint, nothing at all.
    client.is_told_of_a_split(&with(vec![request(5, &[], &signed(&log, 4))]));
    client.is_told_of_a_split(&with(vec![body(&log, 4, 12)]));
    client.is_told_of_a_split(&with(vec![]));
    client.is_told_of_a_split(&with(vec!["old 5\n\nnonsense".into()]));
    // What a receipt led to is not continued, though the last one is.
    let proofs = vec![seen_proof(&log, 7, 12), seen_proof(&other, 8, 12)];
    client.is_told_of_a_split(&pb::OfferCheckpointResponse { proofs, ..honest.clone() });
    let proofs = vec![seen_proof(&log, 7, 12)];
    let fewer = client.hears(&pb::OfferCheckpointResponse { proofs, ..honest });
    assert!(matches!(fewer, Err(Error::Protocol(_))));
}

/// A log that goes on from a backup of so many entries, with the entry that says what is lost.
fn restored(n: u64, entry: &Entry) -> (Log, pb::OfferCheckpointResponse) {
    let mut log = Log::of_size(n);
    log.append(&entry.to_bytes());
    let newest = signed(&log, n + 1);
    let offer = pb::OfferCheckpointResponse {
        bodies: vec![body(&log, 0, n + 1)],
        recovery: Some(Receipt::new(&log, n, entry, &newest).expect("the log holds it")),
        ..Default::default()
    };
    (log, offer)
}

#[test]
fn what_is_lost_is_lost_once_and_only_as_far_as_the_log_says() {
    let log = Log::of_size(12);
    let client = Client::that_saw(&log, &[5, 7, 8]);
    let lost = |size: u64| Head { size, root: Hash::of(b"whatever they led to") };
    let soon = Timestamp::from_millis(Timestamp::now().millis() + 1_000);
    let (_, offer) = restored(3, &Entry::recovered(soon, lost(8)));
    let (continued, ..) = client.hears(&offer).expect("it is on record").expect("a checkpoint");
    assert_eq!(continued, Continued::Lost(8));
    // Less is said to be lost than this client has seen.
    client.is_told_of_a_split(&restored(3, &Entry::recovered(soon, lost(7))).1);
    // It has seen the log after that.
    client.is_told_of_a_split(&restored(3, &Entry::recovered(Timestamp::from_millis(0), lost(8))).1);
    // Another entry, and one that is proven to another checkpoint.
    let entry = Entry { lost_size: Some(8), ..Entry::handshake_refused(soon, "whatever") };
    client.is_told_of_a_split(&restored(3, &entry).1);
    let (other, later) = restored(4, &Entry::recovered(soon, lost(8)));
    client.is_told_of_a_split(&pb::OfferCheckpointResponse { bodies: vec![body(&other, 0, 4)], ..later });
}

#[test]
fn what_was_seen_survives_the_process_and_is_kept_when_it_is_evidence() {
    let log = Log::of_size(12);
    let client = Client::that_saw(&log, &[5, 7]);
    let path = client.memory.path().to_owned();
    let read = || Memory::open(&path, log_key().verifier().clone(), cosigner(1)).expect("it is ours").seen();
    client.memory.save().expect("written");
    assert_eq!(read(), (Some(signed(&log, 5)), vec![signed(&log, 7)]));
    // Another process of the same client has seen more meanwhile: both are compared.
    let second = Memory::open(&path, log_key().verifier().clone(), cosigner(1)).expect("it is ours");
    second.settle(signed(&log, 9));
    second.save().expect("written");
    assert!(client.memory.note(&signed(&log, 10)));
    client.memory.save().expect("written");
    let (last, seen) = read();
    assert_eq!(last, Some(signed(&log, 9)));
    assert_eq!(seen, [5, 7, 10].map(|size| signed(&log, size)));
    // A checkpoint that contradicts what was seen: nothing is written any more.
    assert!(!client.memory.note(&signed(&log, 4)));
    client.memory.save().expect("there is nothing to do");
    assert_eq!(read().1.len(), 3);
    std::fs::write(&path, "{}").expect("written");
    let open = Memory::open(&path, log_key().verifier().clone(), cosigner(1));
    assert!(matches!(open, Err(super::super::MemoryError::Malformed(_))));
}
