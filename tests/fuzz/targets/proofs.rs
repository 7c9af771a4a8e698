//! Entries, receipts and proofs: whatever is believed of the log is so.

use super::choice;
use super::log::{FORK, KEY, LOG, ORIGIN, SIZE, picked, signed};
use prost::Message as _;
use throughline::audit::{
    Certificate, Entry, Head, Receipt, consistency_proof, inclusion_proof, leaf_hash, root_at, tile,
    verify_consistency, verify_inclusion,
};
use throughline::calendar::Timestamp;

pub(super) fn run(data: &[u8]) {
    let (way, rest) = choice(data);
    match way {
        b'e' => entry(rest),
        b't' => bundle(rest),
        b's' => saved(rest),
        b'r' => {
            if let Ok(receipt) = Receipt::decode(rest) {
                check(&receipt);
            }
        }
        b'p' => puts_together(rest),
        b'i' => inclusion(rest),
        b'c' => consistency(rest),
        b'd' => certificate(rest),
        _ => {}
    }
}

fn entry(bytes: &[u8]) {
    let Ok(entry) = Entry::parse(bytes) else { return };
    assert_eq!(entry.to_bytes(), bytes);
    assert_eq!(Timestamp::parse(&entry.time.to_string()), Some(entry.time));
    let conditions = entry.conditions();
    assert!(conditions.matches(&entry));
    let text = std::str::from_utf8(bytes).expect("JSON is UTF-8");
    for spelling in conditions.spellings() {
        assert!(text.contains(&spelling), "a listing looks for {spelling}");
    }
}

/// The entries of a bundle are the bundle.
fn bundle(bytes: &[u8]) {
    let (width, bundle) = choice(bytes);
    let Some(entries) = tile::decode_bundle(bundle, u64::from(width)) else { return };
    assert_eq!(entries.len(), usize::from(width));
    let mut again = Vec::new();
    entries.iter().for_each(|entry| tile::encode_bundle(entry, &mut again).expect("it was in a bundle"));
    assert_eq!(again, bundle);
}

fn saved(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(receipt) = Receipt::from_saved(text) {
        assert_eq!(receipt.to_saved(), text);
        check(&receipt);
    }
}

/// A receipt that verifies is of an entry of one of the two logs that this key has signed.
fn check(receipt: &Receipt) {
    assert_eq!(Receipt::decode(&receipt.encode_to_vec()[..]).as_ref(), Ok(receipt));
    let Ok(proven) = receipt.verify(KEY.verifier(), None, None) else { return };
    let head = proven.checkpoint.checkpoint().head();
    let log = if LOG.head(head.size as u8) == head { &LOG } else { &FORK };
    assert_eq!(log.head(head.size as u8), head);
    assert!(proven.index < head.size);
    assert_eq!(log.entries[proven.index as usize], receipt.entry());
}

/// A saved receipt of any entry, index, nodes and signed head.
fn puts_together(bytes: &[u8]) {
    use throughline::audit::Hash;
    let [which, of, index, size, places @ ..] = bytes else { return };
    let log = |bit: u8| if which >> bit & 1 == 0 { &LOG } else { &FORK };
    let entry = &log(0).entries[usize::from(*of) % SIZE as usize];
    let hashes: String =
        picked(places).into_iter().map(|hash| format!("{}\n", Hash::to_base64(hash))).collect();
    let template = {
        let first = inclusion_proof(&**log(0), u64::from(*of) % SIZE, SIZE).expect("it is held");
        let entry = Entry::parse(entry).expect("it is one");
        let receipt =
            Receipt::new(&**log(0), u64::from(*of) % SIZE, &entry, &signed(log(0).head(SIZE as u8)));
        assert!(!first.is_empty());
        receipt.expect("the log holds it").to_saved()
    };
    let extra = template.lines().nth(1).expect("the entry");
    let note = signed(log(1).head(*size));
    let text = format!("c2sp.org/tlog-proof@v1\n{extra}\nindex {index}\n{hashes}\n{}", note.note());
    let Ok(receipt) = Receipt::from_saved(&text) else {
        assert!(hashes.lines().count() > 64, "only a proof that is too long has not the form");
        return;
    };
    check(&receipt);
    if let Ok(proven) = receipt.verify(KEY.verifier(), None, None) {
        assert_eq!((proven.index, log(1).leaf(proven.index)), (u64::from(*index), Some(leaf_hash(entry))));
    }
    assert_eq!(note.checkpoint().origin(), ORIGIN);
}

/// A proof of inclusion that is believed is the one there is.
fn inclusion(bytes: &[u8]) {
    let [which, of, index, size, places @ ..] = bytes else { return };
    let log = |bit: u8| if which >> bit & 1 == 0 { &LOG } else { &FORK };
    let leaf = log(0).leaf(u64::from(*of) % SIZE).expect("an entry");
    let (head, index, proof) = (log(1).head(*size), u64::from(*index), picked(places));
    if verify_inclusion(&leaf, index, &head, &proof).is_ok() {
        assert!(index < head.size);
        assert_eq!(log(1).leaf(index), Some(leaf));
        assert_eq!(inclusion_proof(&**log(1), index, head.size).ok(), Some(proof));
    }
    // The right one of the same place is believed.
    if index < head.size {
        let proof = inclusion_proof(&**log(1), index, head.size).expect("it is held");
        let right = log(1).leaf(index).expect("an entry");
        assert_eq!(verify_inclusion(&right, index, &head, &proof), Ok(()));
    }
}

/// A proof of consistency that is believed is the one there is, between heads of one log.
fn consistency(bytes: &[u8]) {
    let [which, old, new, places @ ..] = bytes else { return };
    let log = |bit: u8| if which >> bit & 1 == 0 { &LOG } else { &FORK };
    let (old, new, proof) = (log(0).head(*old), log(1).head(*new), picked(places));
    if verify_consistency(&old, &new, &proof).is_ok() {
        assert!(0 < old.size && old.size <= new.size);
        assert_eq!(root_at(&**log(1), old.size), Ok(old.root));
        assert_eq!(consistency_proof(&**log(1), old.size, new.size).ok(), Some(proof));
    }
    if 0 < old.size && old.size <= new.size {
        let proof = consistency_proof(&**log(1), old.size, new.size).expect("it is held");
        let before = Head { size: old.size, root: root_at(&**log(1), old.size).expect("it is held") };
        assert_eq!(verify_consistency(&before, &new, &proof), Ok(()));
    }
}

/// Moments are read as they are printed.
fn certificate(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
        assert!(
            text.bytes().all(|b| b.is_ascii_digit() || b"-:.TZ".contains(&b)),
            "a moment is digits and marks"
        );
    }
    assert!(Certificate::open(text, KEY.verifier()).is_err());
}
