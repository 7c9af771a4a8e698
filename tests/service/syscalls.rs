//! Every call that the service makes on its database fails once, or is its last: no answer without an entry, nothing
//! acknowledged is lost, and a commit that failed is never said not to have happened.
//!
//! A small library is loaded before libc and lets one call fail (`shim.c`). All points are tried with
//! `THROUGHLINE_FAULT_POINTS=all cargo test --test service -- every_call`, else a sample.

use crate::city::City;
use crate::records::roll;
use crate::vocabulary::question;
use std::path::{Path, PathBuf};
use std::process::Command;
use throughline::api::v1 as pb;
use throughline::audit::Receipt;
use throughline::client::Error;
use throughline::server::peer::Role;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Points of a sample: every so many of all.
const SAMPLE: usize = 9;

/// Students in a batch, and batches of the delivery.
const STUDENTS: usize = 2;
const BATCHES: u64 = 3;

const CALLS: [&str; 4] = ["pwrite64", "fdatasync", "ftruncate64", "unlink"];
const WAYS: [&str; 4] = ["EIO", "ENOSPC", "before", "after"];

/// Compiles the library.
pub(crate) fn shim(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("shim.c"), folder.join("shim.so"));
    std::fs::write(&source, include_str!("shim.c")).expect("written");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
    assert!(cc.status().expect("a C compiler, which the build needs, too").success());
    library
}

/// What a client was told.
#[derive(Default)]
struct Told {
    receipts: Vec<Receipt>,
    /// Batches that were acknowledged.
    n_acknowledged: u64,
    is_registered: bool,
    failures: Vec<Status>,
}

impl Told {
    fn hear<T>(&mut self, result: Result<T, Status>) -> Option<T> {
        result.map_err(|status| self.failures.push(status)).ok()
    }
}

/// A push, a question and a change, each as far as it gets.
async fn work(city: &City) -> Told {
    let mut told = Told::default();
    if let Ok(session) = city.connect("northfield", Role::Contributor).await {
        push(&crate::vocabulary::Source { session }, &mut told).await;
    }
    if let Ok(partner) = city.connect("city-partnership", Role::Partner).await {
        match partner.query(question()).await {
            Ok((_, receipt)) => told.receipts.push(receipt),
            Err(Error::Refused(status)) => told.failures.push(*status),
            Err(error) => panic!("an answer without a proof: {error}"),
        }
    }
    if let Ok(session) = city.connect("city-steward", Role::Steward).await {
        let steward = crate::vocabulary::Steward { session };
        let registered = steward.register("newcomer", "partner", pb::Standing::Active).await;
        told.is_registered = told.hear(registered).is_some();
    }
    told
}

async fn push(source: &crate::vocabulary::Source, told: &mut Told) {
    let opened = source.open("faulty").await;
    let Some(mut pushing) = told.hear(opened) else { return };
    told.receipts.extend(pushing.opened.receipt.take());
    for sequence in 1..=BATCHES {
        let batch = pushing.batch(&format!("faulty-{sequence}"), sequence, batch(sequence)).await;
        let Some(verdict) = told.hear(batch) else { return };
        told.receipts.extend(verdict.receipt);
        told.n_acknowledged = sequence;
    }
}

/// The students of a batch: of nobody else.
fn batch(sequence: u64) -> Vec<pb::Record> {
    let first = 100 + sequence as usize * STUDENTS;
    roll(first..first + STUDENTS)
}

/// What must hold whatever a client was told, once the service runs again.
async fn check(city: &City, point: &str, told: &Told) {
    let (log, key) = (city.log(), city.log_key());
    for receipt in &told.receipts {
        let proven = receipt.verify(&key, None, None).expect("a good receipt");
        assert_eq!(log.get(proven.index as usize), Some(&proven.entry), "{point}: a proven entry is there");
    }
    let source = city.source("northfield").await;
    let through = source.acknowledged_through("faulty").await;
    assert!(through >= told.n_acknowledged, "{point}: {} acknowledged, {through} there", told.n_acknowledged);
    for status in &told.failures {
        // The connection went, or it is not known, or nothing was changed: no more is said, and that holds.
        assert!(
            matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal),
            "{point}: {status}"
        );
        let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
        if reason == "DISK_FULL" {
            assert_eq!(through, told.n_acknowledged, "{point}: nothing was changed");
        } else if !reason.is_empty() {
            assert!(matches!(reason.as_str(), "OUTCOME_UNKNOWN" | "RESTARTING"), "{point}: {reason}");
        }
    }
    let registered = "SELECT count(*) FROM organization WHERE id = 'newcomer'";
    let is_registered = city.rows(registered, |row| row.get::<_, i64>(0)) == [1];
    assert!(is_registered >= told.is_registered, "{point}");
    // Everything is sent again, and is there once.
    let mut pushing = source.open("faulty").await.expect("it goes on");
    for sequence in 1..=BATCHES {
        let verdict =
            pushing.batch(&format!("faulty-{sequence}"), sequence, batch(sequence)).await.expect("good");
        assert_eq!(verdict.repeated, sequence <= through, "{point}, batch {sequence}");
    }
    pushing.finish().await.expect("a clean end");
    let n_persons = city.steward().await.status().await.persons;
    assert_eq!(n_persons, 60 + BATCHES * STUDENTS as u64, "{point}");
    city.partner().await.query(question()).await.expect("the edition is there");
}

/// How many calls of a kind the whole work makes, from the start to the end of the service.
async fn count(base: &City, library: &Path, call: &str) -> usize {
    let mut city = base.copy();
    assert!(city.start_with_faults(library, call, 0, "EIO"), "nothing fails");
    let told = work(&city).await;
    assert!(told.failures.is_empty() && told.n_acknowledged == BATCHES, "{:?}", told.failures);
    city.terminate();
    assert_eq!(city.ended(), Some(0));
    let log = std::fs::read_to_string(city.folder().join("stderr.log")).expect("a log");
    let counted = log.lines().rev().find_map(|line| line.strip_prefix("faultable calls: ")).expect("it says");
    counted.parse().expect("a number")
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "how many points there are is worth telling")]
async fn every_call_on_the_database_may_fail_or_be_the_last() {
    let mut base = City::published().await;
    base.terminate();
    assert_eq!(base.ended(), Some(0));
    std::fs::remove_file(base.folder().join("stderr.log")).expect("it wrote one");
    let library = shim(base.folder());
    let mut points = Vec::new();
    for call in CALLS {
        let n = count(&base, &library, call).await;
        points.extend((1..=n).flat_map(|at| WAYS.map(|way| (call, at, way))));
    }
    let is_all = std::env::var("THROUGHLINE_FAULT_POINTS").is_ok_and(|points| points == "all");
    let n_all = points.len();
    let points: Vec<_> = points.into_iter().step_by(if is_all { 1 } else { SAMPLE }).collect();
    let (mut n_failed, mut n_silent) = (0, 0);
    for (call, at, way) in &points {
        let (mut city, point) = (base.copy(), format!("{call} {at} {way}"));
        let told = match city.start_with_faults(&library, call, *at, way) {
            true => work(&city).await,
            false => Told::default(),
        };
        n_failed += usize::from(!told.failures.is_empty());
        n_silent += usize::from(told.receipts.is_empty());
        city.restart();
        check(&city, &point, &told).await;
    }
    eprintln!(
        "{} of {n_all} points, {n_failed} with a failure that a client heard, {n_silent} before any answer",
        points.len()
    );
    assert!(
        points.len() >= 40 && n_failed * 4 > points.len(),
        "{} points, {n_failed} failures",
        points.len()
    );
}
