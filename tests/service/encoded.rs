//! What a source encodes before it sends: the same bytes as if the service had done it.

use crate::city::{City, Setup};
use crate::intake::outcomes;
use crate::records::{enrollment, person, roll, school};
use pb::Outcome::Refused;
use throughline::api::{encoded, incoming, v1 as pb};
use throughline::identity::{KeyRing, Roots, pseudonymize};
use throughline::ingest::Incoming;
use throughline::records::OrgId;

#[tokio::test]
async fn where_sources_encode_nothing_in_the_clear_is_taken() {
    let city = City::open_with(Setup { encoded_only: true, ..Setup::default() }).await;
    let source = city.source("northfield").await;
    let mut pushing = source.open("nightly").await.expect("it may");
    assert!(pushing.opened.encoded_only);
    let verdict = pushing.batch("one", 1, vec![person(1), enrollment(1), school()]).await.expect("it may");
    assert_eq!(outcomes(&verdict), [Refused; 3]);
    let codes: Vec<_> = verdict.violations.iter().map(|said| said.code.as_str()).collect();
    assert_eq!(codes, ["clear_identifiers"; 3]);
    assert_eq!(city.steward().await.n_records().await, 0);
}

/// A service and its twin: the same keys and state, but the twin takes nothing in the clear. The linkage key
/// that was taken from it lies in its folder as `linkage.hex`.
async fn twins() -> (City, City) {
    let mut clear = City::open().await;
    clear.kill();
    let mut closed = clear.copy();
    let source_key = closed.folder().join("linkage.hex");
    std::fs::rename(closed.file("keys/linkage.key"), source_key).expect("init made it");
    let config = std::fs::read_to_string(closed.file("throughline.toml")).expect("init wrote it");
    let config = config.replace("encoded_only = false", "encoded_only = true");
    let config: Vec<_> = config.lines().filter(|line| !line.starts_with("linkage")).collect();
    std::fs::write(closed.file("throughline.toml"), config.join("\n")).expect("written");
    clear.restart();
    closed.restart();
    (clear, closed)
}

/// Digests of batches cover tokens, encodings and facts, under a key that twins share.
fn batch_digests(city: &City) -> Vec<[u8; 32]> {
    city.rows("SELECT digest FROM batch ORDER BY source, sequence", |row| row.get(0))
}

#[tokio::test]
async fn encoding_at_the_source_or_in_the_service_makes_the_same_bytes() {
    let (clear, closed) = twins().await;
    let hex = std::fs::read_to_string(closed.folder().join("linkage.hex")).expect("init wrote it");
    let ring = KeyRing::derive(&Roots::parse(&hex).expect("a key file"));
    let northfield = OrgId::new("northfield").expect("an id");
    let encode = |record| match incoming(record) {
        Ok(Incoming::Clear(submission)) => encoded(&pseudonymize(&ring, &northfield, submission)),
        _ => panic!("a good record in the clear"),
    };
    let records = roll(0..60);
    let sealed = records.iter().cloned().map(encode).collect();
    clear.source("northfield").await.push("nightly", records).await.expect("good records");
    closed.source("northfield").await.push("nightly", sealed).await.expect("good records");
    assert_eq!(closed.state(), clear.state());
    assert_eq!(batch_digests(&closed), batch_digests(&clear));
    assert_eq!(batch_digests(&clear).len(), 4);
    let editions = [
        clear.steward().await.publish().await.expect("an edition"),
        closed.steward().await.publish().await.expect("an edition"),
    ];
    assert_eq!(editions[0].digest, editions[1].digest);
    assert_eq!(editions[0].persons, 60);
}

#[tokio::test]
async fn push_with_encode_sends_what_the_service_would_have_made() {
    let (clear, closed) = twins().await;
    let practice = ["practice", "--students", "60", "--from", "2024", "--out", "practice"];
    let mut editions = Vec::new();
    for (city, encode) in [(&clear, false), (&closed, true)] {
        let made = city.program().args(practice).output().expect("the program runs");
        assert!(made.status.success());
        let mut push = city.program();
        push.args(["push", "practice/sources/northfield", "--agreement", "city-outcomes", "--batch", "100"]);
        push.args(["--allow-refused", "100", "--as", "northfield.contributor", "--server"]);
        push.arg(city.address().replace("127.0.0.1", "localhost"));
        if encode {
            push.args(["--encode", "--key", "linkage.hex"]);
        }
        let done = push.output().expect("the program runs");
        // The agreement permits four kinds, so some records are refused, and the others are in.
        assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stderr));
        editions.push(city.steward().await.publish().await.expect("an edition"));
    }
    assert!(editions[0].persons > 20);
    assert_eq!(editions[0].digest, editions[1].digest);
    assert_eq!(closed.state(), clear.state());
    assert_eq!(batch_digests(&closed), batch_digests(&clear));
}

#[tokio::test]
async fn whole_files_end_the_same_whoever_encodes_their_keys() {
    let (clear, closed) = twins().await;
    for (city, encode) in [(&clear, &[][..]), (&closed, &["--encode", "--key", "linkage.hex"])] {
        let push = || city.as_source(&[&["push", "files", "--whole", "--json"], encode].concat());
        city.files(0..200, |_| false);
        assert_eq!(push().code, Some(0));
        // Of rows with a misspelt word the key is sent, and of one whose key can not be read the student.
        city.files(4..200, |n| (10..25).contains(&n));
        let pushed = push();
        assert_eq!(pushed.code, Some(1), "{}", pushed.errors);
        let ended = serde_json::json!({ "person": 4, "school": 0, "enrollment": 4 });
        assert_eq!(pushed.json()["ended"], ended);
        // Half of them would be too much.
        let held = city.state();
        city.files(100..200, |_| false);
        let stopped = push();
        assert_eq!(stopped.code, Some(2));
        assert!(stopped.errors.contains("96 of 196 records would be ended"), "{}", stopped.errors);
        assert_eq!(city.state(), held);
    }
    assert_eq!(closed.state(), clear.state());
}
