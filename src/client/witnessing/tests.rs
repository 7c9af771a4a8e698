use super::*;
use crate::audit::testing::{Memory as Log, cosigner, log_key};
use crate::audit::witness::request;
use crate::audit::{Checkpoint, Entry, consistency_proof, root_at};
use crate::client::MemoryError;
use std::fs::{File, TryLockError};
use std::path::Path;

fn signed(log: &Log, size: u64) -> SignedCheckpoint {
    let head = Head { size, root: root_at(log, size).expect("nodes are stored") };
    Checkpoint::new(log_key().verifier().name(), head).expect("an origin").sign(&log_key())
}

/// A log of entries, one each second.
fn log_of(size: u64) -> Log {
    let mut log = Log::of_size(0);
    (0..size).for_each(|n| log.append(&entry(n).to_bytes()));
    log
}

fn entry(n: u64) -> Entry {
    Entry::handshake_refused(second(n), "whatever")
}

fn second(n: u64) -> Timestamp {
    Timestamp::from_millis(1_000 * i64::try_from(n).expect("few"))
}

/// The receipt of the last entry of a log of this size.
fn receipt(log: &Log, size: u64) -> Receipt {
    Receipt::new(log, size - 1, &entry(size - 1), &signed(log, size)).expect("the log holds it")
}

fn open(folder: &Path) -> Result<Memory, MemoryError> {
    let lock = File::options().create(true).append(true).open(folder.join("witness.key")).expect("it opens");
    Memory::open(&folder.join("seen.json"), log_key().verifier().clone(), lock, cosigner(1))
}

fn note(memory: &Memory, log: &Log, size: u64) -> bool {
    memory.note(&receipt(log, size), second(size - 1), &signed(log, size))
}

fn names(folder: &Path, part: &str) -> usize {
    let names = std::fs::read_dir(folder).expect("it lists").map(|file| file.expect("a file").file_name());
    names.filter(|name| name.to_string_lossy().contains(part)).count()
}

/// A client that has seen the log at some sizes, the first one as the last that continues all before.
struct Client {
    memory: Memory,
    folder: tempfile::TempDir,
}

impl Client {
    fn that_saw(log: &Log, sizes: &[u64]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let memory = open(folder.path()).expect("nothing yet");
        let (first, since) = sizes.split_first().unzip();
        first.into_iter().for_each(|size| memory.settle(signed(log, *size)).expect("it is kept"));
        assert!(since.into_iter().flatten().all(|size| note(&memory, log, *size)));
        Self { memory, folder }
    }

    fn hears(&self, offer: &pb::OfferCheckpointResponse) -> Result<Checked, Error> {
        let (last, seen) = self.memory.seen();
        check(log_key().verifier(), &self.memory, offer, last.as_ref(), &seen)
    }

    fn is_told_of_a_split(&self, offer: &pb::OfferCheckpointResponse) {
        assert!(matches!(self.hears(offer), Err(Error::Split(None))), "{offer:?}");
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
    let log = log_of(12);
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
    let log = log_of(12);
    let mut other = log_of(4);
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
    let mut log = log_of(n);
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
fn what_is_lost_is_lost_once_and_only_where_the_log_says_so_later() {
    let log = log_of(12);
    let client = Client::that_saw(&log, &[5, 7, 8]);
    let lost = Head { size: 8, root: Hash::of(b"whatever they led to") };
    // The newest entry it has seen is of the eighth second.
    let (_, offer) = restored(3, &Entry::recovered(second(8), lost));
    let (continued, ..) = client.hears(&offer).expect("it is on record").expect("a checkpoint");
    assert_eq!(continued, Continued::Lost);
    // It has seen the log after that.
    client.is_told_of_a_split(&restored(3, &Entry::recovered(second(7), lost)).1);
    // Another entry, and one that is proven to another checkpoint.
    let entry = Entry { lost_size: Some(8), ..Entry::handshake_refused(second(9), "whatever") };
    client.is_told_of_a_split(&restored(3, &entry).1);
    let (other, later) = restored(4, &Entry::recovered(second(9), lost));
    client.is_told_of_a_split(&pb::OfferCheckpointResponse { bodies: vec![body(&other, 0, 4)], ..later });
    // What was seen is put aside, not thrown away.
    client.memory.lose().expect("it is put aside");
    client.memory.settle(signed(&other, 4)).expect("it is kept");
    assert_eq!((client.memory.seen().1.len(), names(client.folder.path(), "seen.lost-")), (0, 1));
}

#[test]
fn what_was_seen_survives_the_process() {
    let log = log_of(12);
    let client = Client::that_saw(&log, &[5, 7]);
    let read = || open(client.folder.path()).expect("it is ours");
    client.memory.save().expect("written");
    assert_eq!(read().seen(), (Some(signed(&log, 5)), vec![signed(&log, 7)]));
    assert_eq!(read().newest().expect("a receipt"), (second(6), receipt(&log, 7)));
    // Another process of the same client has gone on meanwhile: what that has settled is the last, and both are compared.
    let second_one = read();
    second_one.settle(signed(&log, 9)).expect("written");
    assert!(note(&client.memory, &log, 10));
    client.memory.save().expect("written");
    let (last, seen) = read().seen();
    assert_eq!(last, Some(signed(&log, 9)));
    assert!(seen.contains(&signed(&log, 10)));
    assert_eq!(read().newest().expect("a receipt").0, second(9));
    // What continues all is all that is left.
    let next = read();
    next.settle(signed(&log, 12)).expect("written");
    drop(next);
    assert_eq!(read().seen(), (Some(signed(&log, 12)), vec![]));
    std::fs::write(client.memory.path(), "{}").expect("written");
    assert!(matches!(open(client.folder.path()), Err(MemoryError::Malformed(_))));
}

#[test]
fn two_processes_of_a_client_do_not_begin_from_the_same_state() {
    let log = log_of(12);
    let client = Client::that_saw(&log, &[5]);
    let first = open(client.folder.path()).expect("it is ours");
    let lock = File::open(client.folder.path().join("witness.key")).expect("it opens");
    assert!(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
    first.settle(signed(&log, 9)).expect("written");
    lock.try_lock().expect("it is free once what was seen is on disk");
}

#[test]
fn what_contradicts_is_kept_beside_what_was_seen() {
    let log = log_of(12);
    let client = Client::that_saw(&log, &[5, 7]);
    client.memory.save().expect("written");
    assert!(!note(&client.memory, &log, 4), "older than the last");
    let mut other = log_of(6);
    other.append(b"another history");
    let shown = signed(&other, 7);
    assert!(!client.memory.note(&receipt(&log, 7), second(6), &shown), "of the same size");
    let file = client.memory.keep_evidence(vec![shown.note().to_owned()]).expect("it is kept");
    let evidence: serde_json::Value =
        serde_json::from_slice(&std::fs::read(file).expect("it reads")).expect("JSON");
    assert_eq!(evidence["shown"][0], shown.note());
    assert_eq!(evidence["seen"]["seen"][0], signed(&log, 7).note());
    // What was seen stays as it was.
    assert!(note(&client.memory, &log, 10));
    client.memory.save().expect("there is nothing to do");
    let read = open(client.folder.path()).expect("it is ours");
    assert_eq!(read.seen(), (Some(signed(&log, 5)), vec![signed(&log, 7)]));
}
