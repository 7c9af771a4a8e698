//! What is signed, and proofs.

use super::put;
use crate::targets::checkpoints::BOTH;
use crate::targets::log::{FORK, KEY, LOG, ORIGIN, POOL, SIZE, WITNESSES, signed};
use prost::Message as _;
use throughline::agreements::Scope;
use throughline::api::{opening_to, v1 as pb};
use throughline::audit::{
    Certificate, Entry, Receipt, Statement, consistency_proof, inclusion_proof, tile, witness,
};
use throughline::calendar::Timestamp;
use throughline::records::{Code, OrgId};

fn places(proof: &[throughline::audit::Hash]) -> Vec<u8> {
    proof.iter().map(|hash| POOL.binary_search(hash).expect("a node of the logs") as u8).collect()
}

pub(super) fn signed_texts() {
    let now = Timestamp::from_millis(1_700_000_000_000);
    let checkpoint = signed(LOG.head(20));
    put("checkpoints", "note", b"n", checkpoint.note());
    let lines: String = WITNESSES.iter().map(|one| one.cosign(checkpoint.checkpoint(), now)).collect();
    put("checkpoints", "cosigned", b"n", format!("{}{lines}", checkpoint.note()));
    put("checkpoints", "key", b"k", KEY.verifier().to_string());
    put("checkpoints", "witness-key", b"k", WITNESSES[0].verifier().to_string());
    put("checkpoints", "text", b"s", checkpoint.checkpoint().to_string().trim_end());
    put("checkpoints", "text-extended", b"s", format!("{}more\nlines", checkpoint.checkpoint()));
    let proof = consistency_proof(&*LOG, 15, 20).expect("it is held");
    put("checkpoints", "body", b"b", witness::request(15, &proof, &checkpoint));
    put("checkpoints", "request", b"w", [&[0, 15, 15, 20][..], &places(&proof)].concat());
    put("checkpoints", "request-of-fork", b"w", [&[2, 15, 15, 20][..], &places(&proof)].concat());
    put("checkpoints", "request-first", b"w", [0, 0, 0, 20]);
    put("checkpoints", "quorum", b"q", [0, 1, 2, 9, 12]);
    put("checkpoints", "quorum-wrong", b"q", [0, 1, 6, 11, 3]);
    let scope = Scope::Source(OrgId::new("eastbrook").expect("an id"));
    let text = Statement::new(ORIGIN, 1, &scope, now).line("records", "7").text().to_owned();
    let proof = receipt(4).to_saved();
    put(
        "checkpoints",
        "certificate",
        b"c",
        Certificate::file(&format!("{text}\n{}", KEY.sign(&text)), &proof),
    );
}

pub(super) fn key_changes_and_openings() {
    put("checkpoints", "key-change", b"x", BOTH.change().expect("one follows"));
    let entry = Entry {
        organization: OrgId::new("city-partnership").ok(),
        principal: Code::new("a.miller").ok(),
        certificate_serial: Code::new("0a1b").ok(),
        ..Entry::parse(&LOG.entries[5]).expect("it is one")
    };
    let (entry, opening) = entry.committed([7; 16]).expect("it names a person");
    for (name, opening) in [("opened", Some(opening_to(&opening))), ("not-opened", None)] {
        let wire = pb::LogEntry { index: 5, entry: entry.to_bytes(), opening };
        put("checkpoints", name, b"l", wire.encode_to_vec());
    }
}

fn receipt(index: u64) -> Receipt {
    let entry = Entry::parse(&LOG.entries[index as usize]).expect("it is one");
    Receipt::new(&*LOG, index, &entry, &signed(LOG.head(SIZE as u8))).expect("the log holds it")
}

pub(super) fn receipts() {
    let entry = Entry {
        agreement: Code::new("city-outcomes").ok(),
        agreement_version: Some(2),
        cells_hidden: Some(3),
        cells_shown: Some(60),
        organization: OrgId::new("city-partnership").ok(),
        query: throughline::audit::QueryText::new("city/chronic_absence by race years 2024-2025").ok(),
        ..Entry::parse(&LOG.entries[5]).expect("it is one")
    };
    put("proofs", "entry", b"e", &LOG.entries[5]);
    put("proofs", "entry-query", b"e", entry.to_bytes());
    let mut bundle = Vec::new();
    LOG.entries[..3].iter().for_each(|entry| tile::encode_bundle(entry, &mut bundle).expect("it is short"));
    put("proofs", "bundle", b"t\x03", bundle);
    put("proofs", "saved", b"s", receipt(17).to_saved());
    put("proofs", "wire", b"r", receipt(17).encode_to_vec());
    for (name, which, of, index, size) in [
        ("right", 0, 17, 17_u8, 24_u8),
        ("fork", 2, 17, 17, 24),
        ("other", 2, 13, 13, 24),
        ("last", 0, 23, 23, 24),
    ] {
        let proof = inclusion_proof(&*LOG, u64::from(index), u64::from(size)).expect("it is held");
        put(
            "proofs",
            &format!("inclusion-{name}"),
            b"i",
            [&[which, of, index, size][..], &places(&proof)].concat(),
        );
        put(
            "proofs",
            &format!("receipt-{name}"),
            b"p",
            [&[which, of, index, size][..], &places(&proof)].concat(),
        );
    }
    for (name, which, old, new) in
        [("right", 0, 15_u8, 24_u8), ("fork", 2, 15, 24), ("before", 2, 12, 24), ("power", 0, 8, 17)]
    {
        let log = if which == 0 { &LOG } else { &FORK };
        let proof = consistency_proof(&**log, u64::from(old), u64::from(new)).expect("it is held");
        put(
            "proofs",
            &format!("consistency-{name}"),
            b"c",
            [&[which, old, new][..], &places(&proof)].concat(),
        );
    }
    put("proofs", "moment", b"d", "2026-11-23T10:20:30.456Z");
}
