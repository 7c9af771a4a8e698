//! Killed at any moment: nothing acknowledged is lost, nothing is counted twice, the log holds it all.

use crate::city::{AT_MOST, City};
use crate::records::roll;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::sync::Arc;
use throughline::api::v1 as pb;
use throughline::audit::{Decision, Entry, Receipt};
use tokio::sync::mpsc;

/// Kills of the service, where `THROUGHLINE_KILLS` does not say another number.
const ROUNDS: u64 = 50;

/// Batches in a delivery, and students in a batch.
pub(crate) const BATCHES: u64 = 12;
pub(crate) const STUDENTS: usize = 3;

/// The batches of a round's delivery; each round has students of its own.
pub(crate) fn batches(round: u64) -> Vec<Vec<pb::Record>> {
    let first = round as usize * BATCHES as usize * STUDENTS;
    let students = (0..BATCHES as usize).map(|batch| first + batch * STUDENTS);
    students.map(|from| roll(from..from + STUDENTS)).collect()
}

/// Pushes a delivery, and cuts it off after so many acknowledgements and as many turns of the runtime after that; how many
/// there were in all.
pub(crate) async fn cut_off(
    city: &mut City,
    (delivery, all): (&str, &[Vec<pb::Record>]),
    (n_wanted, n_turns): (u64, u32),
    receipts: &mut Vec<Receipt>,
    cut: impl FnOnce(&mut City),
) -> u64 {
    let source = city.source("northfield").await;
    let mut pushing = source.open(delivery).await.expect("it may");
    receipts.extend(pushing.opened.receipt.take());
    // All batches are on their way.
    for (sequence, batch) in (1..).zip(all) {
        pushing.send(&format!("{delivery}-{sequence}"), sequence, batch.clone()).await;
    }
    let mut n_acknowledged = 0;
    while n_acknowledged < n_wanted {
        let verdict = pushing.verdict().await.expect("it may");
        n_acknowledged = verdict.sequence;
        receipts.extend(verdict.receipt);
    }
    for _ in 0..n_turns {
        tokio::task::yield_now().await;
    }
    cut(city);
    // What had left the service before still arrives.
    while let Ok(verdict) = pushing.verdict().await {
        n_acknowledged = verdict.sequence;
        receipts.extend(verdict.receipt);
    }
    n_acknowledged
}

/// Every receipt the client was ever given is in the log as it stands, and an export of it verifies.
pub(crate) fn hold(city: &City, receipts: &[Receipt]) {
    let (log, key) = (city.log(), city.log_key());
    for receipt in receipts {
        let proven = receipt.verify(&key, None, None).expect("a good receipt");
        assert_eq!(log[proven.index as usize], proven.entry);
    }
    city.export("exported");
    assert!(city.verifies("exported"));
}

#[tokio::test]
async fn killed_at_any_moment_of_a_push() {
    let rounds = std::env::var("THROUGHLINE_KILLS").map_or(ROUNDS, |n| n.parse().expect("a number"));
    let mut city = City::open().await;
    let mut random = ChaCha8Rng::seed_from_u64(20_260_101);
    let mut receipts: Vec<Receipt> = Vec::new();
    let mut n_lost_replies = 0;
    for round in 0..rounds {
        let (delivery, all) = (format!("night-{round}"), batches(round));
        let moment = (round % BATCHES, random.next_u32() % 400);
        let n_acknowledged = cut_off(&mut city, (&delivery, &all), moment, &mut receipts, City::kill).await;
        city.restart();
        let source = city.source("northfield").await;
        let through = source.acknowledged_through(&delivery).await;
        assert!(through >= n_acknowledged, "round {round}: {n_acknowledged} acknowledged, {through} there");
        n_lost_replies += through - n_acknowledged;
        // The client cannot know of those, so it sends everything again that it has no verdict for.
        let mut pushing = source.open(&delivery).await.expect("it may");
        for (sequence, batch) in (1..).zip(&all).skip(n_acknowledged as usize) {
            let batch = pushing.batch(&format!("{delivery}-{sequence}"), sequence, batch.clone()).await;
            let verdict = batch.expect("it may");
            assert_eq!(verdict.repeated, sequence <= through, "round {round}, batch {sequence}");
            receipts.extend(verdict.receipt);
        }
        pushing.finish().await.expect("a clean end");
        assert_eq!(source.acknowledged_through(&delivery).await, BATCHES);
        // Three records of each student so far, and the one school.
        let n_expected = (round + 1) * BATCHES * STUDENTS as u64 * 3 + 1;
        let status = city.steward().await.status().await;
        let n_records: u64 = status.sources.iter().map(|source| source.records).sum();
        assert_eq!((n_records, status.persons), (n_expected, (n_expected - 1) / 3), "round {round}");
    }
    assert!(
        receipts.len() as u64 > rounds * BATCHES,
        "{} receipts, {n_lost_replies} unheard",
        receipts.len()
    );
    hold(&city, &receipts);
}

#[tokio::test]
async fn a_publication_that_is_cut_off_is_on_record_as_begun() {
    let mut city = City::published().await;
    let trying = async {
        loop {
            let (steward, before) = (city.steward().await, city.log().len());
            let publishing = tokio::spawn(async move { steward.publish().await });
            while city.log().len() == before {
                tokio::task::yield_now().await;
            }
            city.kill();
            let _ = publishing.await.expect("it ends with the connection");
            city.restart();
            // It may have been done in this time; then once more.
            let log = city.log();
            if log.len() == before + 1 {
                break log[before].clone();
            }
        }
    };
    let begun = tokio::time::timeout(AT_MOST, trying).await.expect("it is cut off once");
    assert_eq!((begun.rpc.as_str(), begun.decision), ("Publish", Decision::Intended));
    let index = city.log().len() - 1;
    city.export("exported");
    let said =
        city.program().args(["audit", "verify", "exported", "--json"]).output().expect("the program runs");
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    assert_eq!((&said["verified"], &said["without_outcome"]), (&true.into(), &serde_json::json!([index])));
}

#[tokio::test]
async fn what_a_steward_changes_is_on_record_or_did_not_happen() {
    let mut city = City::open().await;
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for round in 0..10 {
        let steward = Arc::new(city.steward().await);
        let (tell, mut told) = mpsc::channel(64);
        for at in 0..32 {
            let (steward, tell) = (steward.clone(), tell.clone());
            tokio::spawn(async move {
                let id = format!("new-{round}-{at}");
                let put = steward.register(&id, "partner", pb::Standing::Active).await;
                // The test may have gone on.
                let _ = tell.send(put.is_ok()).await;
            });
        }
        drop(tell);
        let n_wanted = random.next_u32() % 20;
        let mut n_told = 0;
        while n_told < n_wanted {
            n_told += u32::from(told.recv().await.expect("of 32 calls so many are allowed"));
        }
        city.kill();
        city.restart();
        let put =
            |entry: &&Entry| entry.rpc.as_str() == "PutOrganization" && entry.decision == Decision::Allowed;
        let n_entries = city.log().iter().filter(put).count();
        let registered = "SELECT count(*) FROM organization WHERE id <> 'city-steward'";
        let n_registered: i64 = city.rows(registered, |row| row.get(0))[0];
        assert_eq!(n_registered, n_entries as i64, "round {round}");
    }
}
