//! What comes between the rows' end and the certificate: pushes, readers, backups, restarts, other terms.

use super::*;
use crate::agreements::Scope;
use crate::audit::{Certificate, Decision, SignerKey, testing::pkcs8};
use crate::destruction::testing::{SOURCES, change, open, org_id, send};
use crate::destruction::{Because, begin, certificates};
use crate::store::testing::{put_all_away, run};
use std::path::Path;

const NOW: Duration = Duration::ZERO;

/// Both sources with a school each, and one that each shares nothing with.
async fn both(folder: &Path) -> Store {
    let store = open(folder).await;
    for source in SOURCES {
        send(&store, source, &format!("of-{source}"), "One", Some("a")).await;
    }
    store
}

async fn withdraw(store: &Store, unfinished: &mut Unfinished, source: &str) -> u32 {
    let because = Because::Restored(Timestamp::from_millis(0));
    begin(store, unfinished, Scope::Source(org_id(source)), because).await.expect("it can be erased")
}

async fn destruction(store: &Store, number: u32) -> Destruction {
    let all = store.read(|snapshot| snapshot.destructions()).await.expect("destructions");
    all.into_iter().find(|of| of.number == number).expect("it is on record")
}

/// The text of a certificate, which has to be good.
async fn text(store: &Store, number: u32) -> String {
    let of = destruction(store, number).await;
    let file = Certificate::file(&of.note.expect("certified"), &of.receipt.expect("proven"));
    let key = SignerKey::from_pkcs8("test/log", &pkcs8([7; 32])).expect("a key");
    let opened = Certificate::open(&file, key.verifier()).expect("it is good");
    assert!(opened.proven.entry.n_deleted.is_none() && opened.proven.entry.decision == Decision::Allowed);
    for counts in of.counts {
        assert!(opened.vouches_for(&counts.text));
    }
    opened.text
}

#[tokio::test]
async fn what_is_sent_again_meanwhile_holds_up_no_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = both(folder.path()).await;
    let mut unfinished = Unfinished::default();
    let number = withdraw(&store, &mut unfinished, "eastbrook").await;
    send(&store, "eastbrook", "of-eastbrook", "One", Some("b")).await;
    // What has no row yet is sealed, and nobody can find it.
    change(&store, put_all_away).await;
    assert_eq!(finish(&store, &mut unfinished, NOW).await.expect("it can be written"), 0);
    assert!(text(&store, number).await.contains("none is there but in rows that were received since\n"));
    assert!(unfinished.needles.is_empty());
}

#[tokio::test]
async fn what_a_reader_holds_up_is_written_once_and_searched_for_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = both(folder.path()).await;
    let reader = rusqlite::Connection::open(folder.path().join("throughline.db")).expect("the database");
    reader.execute_batch("BEGIN; SELECT count(*) FROM record_block").expect("a snapshot");
    let mut unfinished = Unfinished::default();
    let mut numbers = Vec::new();
    for source in SOURCES {
        numbers.push(withdraw(&store, &mut unfinished, source).await);
    }
    for _ in 0..2 {
        assert_eq!(finish(&store, &mut unfinished, NOW).await.expect("nothing fails"), 2);
        assert!(unfinished.is_vacuumed, "that much need not be done again");
    }
    drop(reader);
    assert_eq!(finish(&store, &mut unfinished, NOW).await.expect("it can be written"), 0);
    for number in numbers {
        let text = text(&store, number).await;
        assert!(text.contains("searched: keyed tokens of what was erased were looked for"), "{text}");
    }
}

#[tokio::test]
async fn what_a_search_finds_where_no_row_is_is_not_certified_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = both(folder.path()).await;
    let mut unfinished = Unfinished::default();
    let held_up = withdraw(&store, &mut unfinished, "eastbrook").await;
    let gone = unfinished.needles.remove(&held_up).expect("its tokens");
    // Every database has these bytes, and no row of it.
    let mut everywhere = Needles::default();
    everywhere.add(*b"SQLite format 3\0");
    unfinished.add(held_up, everywhere);
    let other = withdraw(&store, &mut unfinished, "northfield").await;
    assert_eq!(finish(&store, &mut unfinished, NOW).await.expect("nothing fails"), 1);
    let of = destruction(&store, held_up).await;
    assert!(of.remains && of.note.is_none());
    text(&store, other).await;
    assert_eq!(finish(&store, &mut unfinished, NOW).await.expect("it rests"), 1);
    // The next time it is clean.
    unfinished.needles.insert(held_up, gone);
    unfinished.rests_until = None;
    assert_eq!(finish(&store, &mut unfinished, NOW).await.expect("nothing fails"), 0);
    assert!(!destruction(&store, held_up).await.remains);
    assert!(text(&store, held_up).await.contains("looked for in all bytes of the file: none is there\n"));
}

#[tokio::test]
async fn bytes_that_were_found_are_told_of_and_do_not_end_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = both(folder.path()).await;
    let number = withdraw(&store, &mut Unfinished::default(), "eastbrook").await;
    change(&store, move |tx| tx.bytes_remain(number)).await;
    // The service has started since, and knows no token any more.
    assert_eq!(finish(&store, &mut Unfinished::default(), NOW).await.expect("it can be written"), 0);
    let text = text(&store, number).await;
    assert!(text.contains("searched: not since the service has started; an earlier search found"), "{text}");
}

#[tokio::test]
async fn a_certificate_counts_nothing_and_names_the_terms_and_backups_of_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = both(folder.path()).await;
    let (path, now) = (folder.path().join("throughline.db"), Timestamp::from_millis(9_000_000_000_000));
    // Whatever its clock says, it was begun before.
    Store::backup(&path, &folder.path().join("before.db"), now).expect("copied");
    let mut unfinished = Unfinished::default();
    let number = withdraw(&store, &mut unfinished, "eastbrook").await;
    Store::backup(&path, &folder.path().join("between.db"), now).expect("copied");
    let other = "UPDATE agreement SET document = replace(document, 'studies', 'consent')";
    change(&store, move |tx| run(tx, other)).await;
    finish(&store, &mut unfinished, NOW).await.expect("it can be written");
    let text = text(&store, number).await;
    assert!(text.contains("agreement: a@1, a; legal basis studies, 34 CFR"), "{text}");
    assert!(text.contains("backup to destroy: before.db, begun "), "{text}");
    assert!(text.contains("backup that may hold bytes: between.db, begun "), "{text}");
    assert!(text.contains("records: all that eastbrook has sent\n"), "{text}");

    let told = |who: &'static str, sees_all| {
        let store = store.clone();
        async move {
            let look = move |snapshot: &store::Snapshot<'_>| certificates(snapshot, &org_id(who), sees_all);
            let mut found: Vec<Destruction> = store.read(look).await.expect("certificates");
            found.pop().map(|of| of.counts)
        }
    };
    let own = told("eastbrook", false).await.expect("it is its own");
    assert!(own.len() == 1 && own[0].of == Some(org_id("eastbrook")));
    assert!(own[0].text.contains("\nsalt: ") && own[0].text.ends_with("records: 1, school\nstudents: 0\n"));
    assert_eq!(told("northfield", false).await, None);
    let all = told("city-auditor", true).await.expect("all");
    assert!(
        all.len() == 2 && all[1].of.is_none() && all[1].text.contains("records: 1 of eastbrook, school\n")
    );
    assert_ne!(own[0].text, all[1].text);
}

#[tokio::test]
async fn a_party_of_an_agreement_is_told_no_counts_of_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = both(folder.path()).await;
    let mut unfinished = Unfinished::default();
    let scope = Scope::new("agreement", "a").expect("a scope");
    let because = Because::Restored(Timestamp::from_millis(0));
    begin(&store, &mut unfinished, scope, because).await.expect("it can be erased");
    finish(&store, &mut unfinished, NOW).await.expect("it can be written");
    for (who, of) in [("northfield", vec![Some(org_id("northfield"))]), ("p", vec![])] {
        let look = move |snapshot: &store::Snapshot<'_>| certificates(snapshot, &org_id(who), false);
        let mut found: Vec<Destruction> = store.read(look).await.expect("certificates");
        let counts = found.pop().expect("it is a party").counts;
        assert_eq!(counts.into_iter().map(|counts| counts.of).collect::<Vec<_>>(), of, "{who}");
    }
}
