//! Participants are witnesses of the log: what they have seen of it must go on, also after a backup was restored.

use crate::city::City;
use crate::records::roll;
use crate::rpcs;
use crate::sources::Said;
use throughline::api::v1 as pb;
use throughline::audit::{Cosigner, SignedCheckpoint, witness};
use throughline::client::pem;
use throughline::server::peer::Role;

const CONTRIBUTOR: &str = "northfield.contributor";
const PARTNER: &str = "city-partnership.partner";
const STEWARD: &str = "city-steward.steward";

impl City {
    fn looks(&self, identity: &str) -> Said {
        let verb = if identity == CONTRIBUTOR { "status" } else { "products" };
        self.run_as(identity, &[verb, "--json"])
    }

    /// Puts a backup in the place of the database, with or without the checkpoint beside it.
    fn restore(&mut self, backup: &str, with_checkpoint: bool) {
        self.kill();
        for end in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(self.file(&format!("throughline.db{end}")));
        }
        std::fs::copy(self.folder().join(backup), self.file("throughline.db")).expect("copied");
        if !with_checkpoint {
            std::fs::remove_file(self.file("throughline.db.checkpoint")).expect("it was kept");
        }
    }

    /// How many files of the partner's are kept aside, of this kind.
    fn kept_aside(&self, kind: &str) -> usize {
        let beginning = format!("{PARTNER}.seen.{kind}-");
        let files = std::fs::read_dir(self.folder().join("certs")).expect("a folder");
        files
            .filter(|file| {
                file.as_ref().expect("a file").file_name().to_string_lossy().starts_with(&beginning)
            })
            .count()
    }

    fn recover(&self, words: &[&str]) -> (Option<i32>, String) {
        let mut recover = self.program();
        recover.args(["recover", "--config", "service/throughline.toml"]).args(words);
        let done = recover.output().expect("the program runs");
        (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned())
    }

    /// Calls until the checkpoint beside the database is of so many entries at least, as it is kept each second.
    async fn kept(&self, size: u64) {
        let (key, auditor) = (self.log_key(), self.auditor().await);
        let is_kept = || {
            let note = std::fs::read(self.file("throughline.db.checkpoint")).ok()?;
            Some(SignedCheckpoint::open(&note, &key).expect("signed").checkpoint().head().size)
        };
        let keeping = async {
            while is_kept() < Some(size) {
                rpcs::call("GetCheckpoint", &auditor, "city-auditor").await.expect("an auditor may");
            }
        };
        tokio::time::timeout(crate::city::AT_MOST, keeping).await.expect("it is kept each second");
    }

    /// Ends the service as its operator would; the size of its log, whose checkpoint is kept.
    fn stop(&mut self) -> u64 {
        self.terminate();
        assert_eq!(self.ended(), Some(0));
        self.log().len() as u64
    }
}

#[tokio::test]
async fn what_enough_organizations_cosign_is_witnessed() {
    let city = City::published().await;
    let checkpoint = async || {
        let auditor = city.auditor().await;
        let response = auditor.audit().get_checkpoint(pb::GetCheckpointRequest {}).await;
        response.expect("an auditor may").into_inner()
    };
    assert_eq!(city.looks(CONTRIBUTOR).code, Some(0));
    assert_eq!(checkpoint().await.witnessed, "", "one is too few");
    assert_eq!(city.looks(CONTRIBUTOR).code, Some(0));
    assert_eq!(checkpoint().await.witnessed, "", "twice the same one");
    assert_eq!(city.looks(PARTNER).code, Some(0));
    let last = checkpoint().await;
    // Anyone who knows the two keys can count them, with the formats of C2SP.
    let key = city.log_key();
    let witnesses = ["northfield", "city-partnership"].map(|id| {
        let role = if id == "northfield" { "contributor" } else { "partner" };
        let file = city.folder().join(format!("certs/{id}.{role}.witness.key"));
        let document = pem::private_key(&file).expect("only its owner reads it");
        let name = witness::name(key.name(), id);
        Cosigner::from_pkcs8(&name, document.secret_der()).expect("a key").verifier().clone()
    });
    let signed = SignedCheckpoint::open(last.witnessed.as_bytes(), &key).expect("signed by the log");
    assert_eq!(signed.quorum(&witnesses, 2).expect("two").len(), 2);
    let status = city.run_as(STEWARD, &["steward", "status", "--json"]).json();
    assert_eq!(status["witnessed_size"], signed.checkpoint().head().size);
    assert_eq!(status["witnessed_at"], last.witnessed_at);
    // Then the next one is offered; the steward has been shown it first.
    assert_eq!(status["witnesses"], 2, "the steward, whose log it is, is none");
    assert_eq!(city.looks(CONTRIBUTOR).code, Some(0));
    assert_eq!(checkpoint().await.witnessed, last.witnessed, "one is too few");
    assert_eq!(city.looks(PARTNER).code, Some(0));
    assert!(checkpoint().await.witnessed.len() > 100 && checkpoint().await.witnessed != last.witnessed);
}

#[tokio::test]
async fn what_a_client_of_an_earlier_version_has_kept_is_taken_up() {
    let city = City::published().await;
    assert_eq!(city.looks(PARTNER).code, Some(0));
    let file = |end: &str| city.folder().join(format!("certs/{PARTNER}.{end}"));
    let kept: serde_json::Value =
        serde_json::from_slice(&std::fs::read(file("seen.json")).expect("it is kept")).expect("JSON");
    // It wrote its key without PEM around it, and when it had seen something instead of the newest receipt.
    let before = serde_json::json!({ "last": kept["last"], "seen": [], "at": "2026-11-27T12:00:00.000Z" });
    std::fs::write(file("seen.json"), before.to_string()).expect("written");
    let key = pem::private_key(&file("witness.key")).expect("a key").secret_der().to_vec();
    std::fs::write(file("witness.key"), key).expect("written");
    let looked = city.looks(PARTNER);
    assert_eq!((looked.code, looked.errors.as_str()), (Some(0), ""));
    std::fs::write(file("witness.key"), "no key").expect("written");
    let looked = city.looks(PARTNER);
    assert_eq!(
        (looked.code, looked.errors.contains("is not a PEM file")),
        (Some(2), true),
        "{}",
        looked.errors
    );
}

#[tokio::test]
async fn a_cosignature_that_is_not_one_is_refused() {
    let mut city = City::open().await;
    city.offered_checkpoint();
    let session = city.session("northfield", Role::Contributor).await;
    rpcs::call("AddCosignature", &session, "northfield").await.expect("it is good");
    // In the name of another organization.
    rpcs::call("AddCosignature", &session, "eastbrook").await.expect_err("it is another's");
    for (key, line) in [("", ""), ("x", "\u{2014} x AAAA\n")] {
        let request = pb::AddCosignatureRequest { key: key.into(), line: line.into() };
        session.audit().add_cosignature(request).await.expect_err("it is none");
    }
    let rules: Vec<String> = city.log().iter().rev().take(3).map(|entry| entry.rule.to_string()).collect();
    assert_eq!(rules, ["witness.malformed"; 3]);
    let counted = "SELECT count(*) FROM cosignature";
    assert_eq!(city.rows(counted, |row| row.get::<_, i64>(0)), [1]);
}

#[tokio::test]
async fn a_backup_that_is_behind_its_log_is_refused_until_that_is_on_record() {
    let mut city = City::published().await;
    assert_eq!(city.looks(PARTNER).code, Some(0));
    city.backup("backup.db");
    assert_eq!(city.looks(PARTNER).code, Some(0));
    let size = city.stop();
    city.restore("backup.db", true);
    let done = city.serve_to_its_end();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!((done.status.code(), said.contains("restored from a backup")), (Some(2), true), "{said}");
    let n_backed_up = city.log().len();
    let (code, said) = city.recover(&[]);
    assert_eq!((code, said.contains("nothing was changed")), (Some(2), true), "{said}");
    assert_eq!(city.log().len(), n_backed_up, "and nothing was");
    let (code, said) = city.recover(&["--yes"]);
    assert_eq!(code, Some(0), "{said}");
    let log = city.log();
    let entry = log.last().expect("an entry");
    assert_eq!((entry.rule.as_str(), entry.lost_size), ("log.recovered", Some(size)));
    assert_eq!(city.recover(&["--yes"]).0, Some(0), "a second time there is nothing to recover");
    assert_eq!(city.log().len(), log.len());

    // Who has seen what is lost is told, once, and keeps what it has seen.
    city.restart_restored();
    let looked = city.looks(PARTNER);
    assert_eq!(
        (looked.code, looked.errors.contains("restored from a backup")),
        (Some(0), true),
        "{}",
        looked.errors
    );
    assert_eq!(city.kept_aside("lost"), 1);
    let looked = city.looks(PARTNER);
    assert_eq!((looked.code, looked.errors.contains("restored")), (Some(0), false), "{}", looked.errors);
    assert_eq!(city.looks(CONTRIBUTOR).code, Some(0), "who had seen nothing need not know");
    assert!(city.export("exported").exists() && city.verifies("exported"));
}

#[tokio::test]
async fn a_log_that_lacks_what_a_client_has_seen_stops_the_service() {
    let mut city = City::published().await;
    city.backup("backup.db");
    assert_eq!(city.looks(PARTNER).code, Some(0));
    city.kept(city.log().len() as u64).await;
    // On another machine nobody knows of the checkpoint, and the log grows another way, past what the partner has seen.
    city.restore("backup.db", false);
    city.restart_restored();
    city.source("northfield").await.push("again", roll(60..70)).await.expect("good records");
    for _ in 0..4 {
        city.steward().await.status().await;
    }
    let seen =
        || std::fs::read(city.folder().join(format!("certs/{PARTNER}.seen.json"))).expect("it is kept");
    let before = seen();
    let n_entries = city.log().len();
    let looked = city.looks(PARTNER);
    assert_eq!((looked.code, looked.errors.contains("lacks entries")), (Some(2), true), "{}", looked.errors);
    assert_eq!(seen(), before, "what was seen is the evidence");
    assert_eq!(city.ended(), Some(2));
    assert_eq!(city.log().len(), n_entries, "nothing was added to it");
    assert_eq!(city.serve_to_its_end().status.code(), Some(2));
    assert_eq!(city.recover(&["--yes"]).0, Some(0));
    city.restart();
    let looked = city.looks(PARTNER);
    assert_eq!(
        (looked.code, looked.errors.contains("restored from a backup")),
        (Some(0), true),
        "{}",
        looked.errors
    );
    // Once is once: what was seen after that is not lost by it.
    city.backup("later.db");
    assert_eq!(city.looks(PARTNER).code, Some(0));
    city.stop();
    city.restore("later.db", false);
    city.restart_restored();
    let looked = city.looks(PARTNER);
    assert_eq!((looked.code, looked.errors.contains("lacks entries")), (Some(2), true), "{}", looked.errors);
}
