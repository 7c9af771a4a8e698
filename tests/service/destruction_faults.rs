//! Killed, held up, without room, restored from before: a destruction is done whole, or said not to be.

use crate::city::{AT_MOST, City};
use crate::destruction::{both, certified, destroy, found, marks, told, withdraw, withdrawal};
use crate::papers::AGREEMENT;
use crate::records::roll;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use throughline::api::v1 as pb;
use throughline::audit::Certificate;
use throughline::server::peer::Role;
use tokio::time::timeout;
use tonic::Code;

#[tokio::test]
async fn killed_in_the_middle_it_is_finished_at_the_next_start() {
    let mut city = both().await;
    let marks = marks(&city, "eastbrook");
    let shown = destroy(&city, withdrawal("")).await.expect("the steward may look").shown;
    // Somebody reads an older state for long: rows go at once, and their bytes can not.
    let reader = rusqlite::Connection::open(city.file("throughline.db")).expect("the database");
    reader.execute_batch("BEGIN; SELECT count(*) FROM record_block").expect("a snapshot");
    let session = city.steward().await.session;
    let destroying = tokio::spawn(async move { session.admin().destroy(withdrawal(&shown)).await });
    let waiting = async { while told(&city, "city-auditor", Role::Auditor).await.is_empty() {} };
    timeout(AT_MOST, waiting).await.expect("the rows are erased");
    let open = told(&city, "city-auditor", Role::Auditor).await;
    assert_eq!(open[0].certificate, "", "nothing is certified before it is done");
    city.kill();
    destroying.await.expect("no panic").expect_err("it was cut off");
    // Not before: to close a file of the database here takes the reader's locks away.
    assert!(found(&city.file(""), &marks) > 0, "bytes are still there");
    drop(reader);
    city.restart();
    let certificate = certified(&city).await;
    Certificate::open(&certificate, &city.log_key()).expect("it is good");
    assert_eq!(found(&city.file(""), &marks), 0);
    assert_eq!(city.steward().await.n_records().await, 181);
    assert_eq!(told(&city, "city-auditor", Role::Auditor).await.len(), 1, "once");
    let status = city.source("eastbrook").await.open("second").await.expect_err("it has withdrawn");
    assert_eq!(status.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn killed_at_any_moment_it_is_done_whole_or_not_at_all() {
    let mut original = both().await;
    let marks = marks(&original, "eastbrook");
    original.terminate();
    assert_eq!(original.ended(), Some(0));
    let mut random = ChaCha8Rng::seed_from_u64(20_260_102);
    let mut n_whole = 0;
    for round in 0..8 {
        let mut city = original.copy();
        city.restart();
        let shown = destroy(&city, withdrawal("")).await.expect("the steward may look").shown;
        let session = city.steward().await.session;
        let destroying = tokio::spawn(async move { session.admin().destroy(withdrawal(&shown)).await });
        // Each turn is a call of somebody else; the first rounds leave it little time.
        for _ in 0..random.next_u32() % (1 + 3 * round) {
            told(&city, "city-auditor", Role::Auditor).await;
        }
        city.kill();
        // Whether it was heard of is of no matter.
        let _ = destroying.await.expect("no panic");
        city.restart();
        match city.steward().await.n_records().await {
            362 => assert_eq!(told(&city, "city-auditor", Role::Auditor).await, [], "round {round}"),
            n => {
                assert_eq!(n, 181, "round {round}");
                let certificate = certified(&city).await;
                Certificate::open(&certificate, &city.log_key()).expect("it is good");
                assert_eq!(found(&city.file(""), &marks), 0, "round {round}");
                n_whole += 1;
            }
        }
        city.export("exported");
        assert!(city.verifies("exported"), "round {round}");
    }
    assert!(n_whole > 0, "some were begun");
}

#[tokio::test]
async fn where_the_file_can_not_be_written_anew_it_is_tried_until_it_can() {
    let mut city = City::open().await;
    city.source("northfield").await.push("first", roll(0..1_500)).await.expect("good records");
    city.source("eastbrook").await.push("first", roll(2_000..2_020)).await.expect("good records");
    let marks = marks(&city, "eastbrook");
    city.terminate();
    assert_eq!(city.ended(), Some(0));
    city.tamper("PRAGMA wal_checkpoint(TRUNCATE)");
    // No file may grow to the size of what has to be written: as on a full disk.
    let blocks = std::fs::metadata(city.file("throughline.db")).expect("the database").len() * 7 / 10 / 512;
    let mut serve = std::process::Command::new("sh");
    serve.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""), "sh"]);
    let plain = city.serve();
    serve.arg(plain.get_program()).args(plain.get_args()).current_dir(city.folder()).env("RUST_LOG", "info");
    city.start_as(serve);
    let done = withdraw(&city).await;
    assert_eq!((done.state(), done.certificate.as_str()), (pb::DestructionState::Erased, ""));
    assert_eq!(city.steward().await.n_records().await, 4_501, "everything goes on");
    city.source("northfield").await.push("more", roll(1_500..1_501)).await.expect("there is room for a few");
    city.kill();
    city.restart();
    certified(&city).await;
    assert_eq!(found(&city.file(""), &marks), 0);
}

/// Puts a copy in the place of the database of a service that is stopped.
fn restore(city: &mut City, copy: &str) {
    city.kill();
    for name in ["throughline.db-wal", "throughline.db-shm"] {
        // What is not there need not go.
        let _ = std::fs::remove_file(city.file(name));
    }
    std::fs::copy(city.folder().join(copy), city.file("throughline.db")).expect("copied");
    // Its log may be known to have been longer.
    let recover = ["recover", "--config", "service/throughline.toml", "--yes"];
    assert!(city.program().args(recover).output().expect("the program runs").status.success());
}

#[tokio::test]
async fn what_a_certificate_says_is_destroyed_again_where_it_is_not_on_record_and_nothing_else() {
    let mut city = both().await;
    let marks = marks(&city, "eastbrook");
    city.terminate();
    assert_eq!(city.ended(), Some(0));
    city.tamper("PRAGMA wal_checkpoint(TRUNCATE)");
    // A copy that does not say that it is one.
    std::fs::copy(city.file("throughline.db"), city.folder().join("copied.db")).expect("copied");
    city.restart();
    let done = withdraw(&city).await;
    std::fs::write(city.folder().join("certificate.txt"), &done.certificate).expect("written");
    let serve = |city: &City| {
        let mut serve = city.serve();
        serve.args(["--destroyed", "certificate.txt"]);
        serve
    };
    // The source comes back, and the option stays where the service is started.
    let back = AGREEMENT.replace("version = 1", "version = 2");
    city.steward().await.agreement(&back).await.expect("a good agreement");
    city.source("eastbrook").await.push("back", roll(200..203)).await.expect("it is named again");
    city.start_as(serve(&city));
    assert_eq!(city.steward().await.n_records().await, 191, "what came since stays");
    assert_eq!(told(&city, "city-auditor", Role::Auditor).await.len(), 1);

    restore(&mut city, "copied.db");
    city.start_as(serve(&city));
    assert_eq!(city.steward().await.n_records().await, 181);
    assert_eq!(found(&city.file(""), &marks), 0);

    restore(&mut city, "copied.db");
    city.restart();
    city.source("eastbrook")
        .await
        .push("more", roll(260..263))
        .await
        .expect("nobody knows that it had withdrawn");
    city.kill();
    let refused = serve(&city).output().expect("the program runs");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(2) && said.contains("has received more of source eastbrook"),
        "{said}"
    );
}

#[tokio::test]
async fn a_backup_from_before_brings_nothing_back_unnoticed() {
    let mut city = both().await;
    let marks = marks(&city, "eastbrook");
    city.backup("night.db");
    let done = withdraw(&city).await;
    std::fs::write(city.folder().join("certificate.txt"), &done.certificate).expect("written");
    restore(&mut city, "night.db");
    let refused = city.serve_to_its_end();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && said.contains("--nothing-destroyed"), "{said}");
    let mut serve = city.serve();
    serve.args(["--destroyed", "certificate.txt"]);
    city.start_as(serve);
    assert_eq!(city.steward().await.n_records().await, 181);
    assert_eq!(found(&city.file(""), &marks), 0, "it was destroyed again before anybody was served");
    let certificate = certified(&city).await;
    let opened = Certificate::open(&certificate, &city.log_key()).expect("it is good");
    assert!(opened.text.contains("because: it was destroyed on "), "{}", opened.text);
    assert!(opened.text.contains("backup to destroy: night.db"), "the copy knows of itself");
    city.restart();
    // Whoever says that nothing was destroyed is on record with it.
    restore(&mut city, "night.db");
    city.restart_restored();
    assert_eq!(city.steward().await.n_records().await, 362);
    let step = |entry: &throughline::audit::Entry| entry.step.as_ref().map(|step| step.as_str().to_owned());
    assert!(city.log().iter().any(|entry| step(entry).as_deref() == Some("nothing_destroyed")));
}
