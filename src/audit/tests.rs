//! Whatever meets the network or a file: nothing that comes in makes it panic, and what it accepts it
//! prints as it was.

use super::testing::{Memory, cosigner, log_key};
use super::witness::{self, TrustedLog};
use super::{Checkpoint, Entry, Head, Note, Receipt, SignedCheckpoint, VerifierKey, consistency_proof, tile};
use crate::calendar::Timestamp;
use proptest::prelude::*;
use prost::Message as _;

/// The body of a good request to a witness: it has a proof, a checkpoint and a signature in it.
fn body() -> Vec<u8> {
    let memory = Memory::of_size(9);
    let checkpoint =
        Checkpoint::new(log_key().verifier().name(), memory.frontier.head()).expect("a valid origin");
    let proof = consistency_proof(&memory, 5, 9).expect("the log grew");
    witness::request(5, &proof, &checkpoint.sign(&log_key())).into_bytes()
}

fn feed(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let key = log_key().verifier().clone();
    if let Ok(entry) = Entry::parse(bytes) {
        assert_eq!(entry.to_bytes(), bytes);
    }
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string(), text);
    }
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(note) = Note::parse(bytes) {
        assert!(text.starts_with(note.text()));
        let signed = note.verify([&key]);
        assert_eq!(signed.is_err(), SignedCheckpoint::open(bytes, &key).is_err());
    }
    if let Ok(receipt) = Receipt::decode(bytes) {
        assert!(receipt.verify(&key, None, None).is_err());
    }
    for width in [0, 1, 2, 256] {
        let entries = tile::decode_bundle(bytes, width).unwrap_or_default();
        assert!(entries.is_empty() || entries.len() as u64 == width);
    }
}

proptest! {
    #[test]
    fn no_input_makes_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        feed(&bytes);
    }

    #[test]
    fn no_change_of_a_request_makes_the_witness_panic_or_cosign_other_entries(
        at in any::<prop::sample::Index>(), n_removed in 0..40_usize, added in "[ -~\n]{0,40}",
    ) {
        let mut changed = body();
        let at = at.index(changed.len());
        let end = (at + n_removed).min(changed.len());
        changed.splice(at..end, added.bytes());
        feed(&changed);
        let head = Memory::of_size(9).frontier.head();
        let last = Memory::of_size(5).frontier.head();
        let log = |_: &str| Some(TrustedLog { keys: vec![log_key().verifier().clone()], last });
        let answer = witness::add_checkpoint(&changed, log, &cosigner(1), Timestamp::from_millis(0));
        if let Ok(cosigned) = answer {
            prop_assert_eq!(cosigned.head, head);
        }
    }
}

#[test]
fn the_unchanged_request_is_cosigned() {
    let last: Head = Memory::of_size(5).frontier.head();
    let log = |_: &str| Some(TrustedLog { keys: vec![log_key().verifier().clone()], last });
    assert!(witness::add_checkpoint(&body(), log, &cosigner(1), Timestamp::from_millis(0)).is_ok());
}
