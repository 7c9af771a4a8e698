//! What the access log proves to whoever has its key, without the service; and that any change to it shows.

use crate::city::{AT_MOST, City};
use crate::records::roll;
use crate::rpcs;
use crate::vocabulary::question;
use std::path::{Path, PathBuf};
use throughline::api::v1 as pb;
use throughline::audit::{Entry, Hash, Head, SignedCheckpoint, verify_consistency};
use tokio::time::timeout;
use tonic::Code;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path());
    let mut files: Vec<_> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

#[tokio::test]
async fn an_export_verifies_and_a_flipped_byte_in_any_file_is_found() {
    let city = City::published().await;
    // Past 256 entries a tile is full, so the export has more than one of each kind.
    let auditor = city.auditor().await;
    while city.log().len() < 270 {
        for _ in 0..30 {
            rpcs::call("GetCheckpoint", &auditor, "city-auditor").await.expect("an auditor may");
        }
    }
    let folder = city.export("exported");
    assert!(city.verifies("exported"));
    let files = files(&folder);
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).expect("readable");
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x04;
            std::fs::write(&file, flipped).expect("written");
            assert!(!city.verifies("exported"), "byte {at} of {}", file.display());
        }
        std::fs::remove_file(&file).expect("removed");
        assert!(!city.verifies("exported"), "without {}", file.display());
        std::fs::write(&file, bytes).expect("written");
    }
    assert!(city.verifies("exported"), "as it was");
    // Another log's key verifies nothing.
    std::fs::copy(City::start(Default::default()).file("log.vkey"), folder.join("other")).expect("copied");
    let other = ["audit", "verify", "exported", "--log-key", "exported/other"];
    assert!(!city.program().args(other).output().expect("the program runs").status.success());
}

#[tokio::test]
async fn the_log_only_grows() {
    let mut city = City::open().await;
    let key = city.log_key();
    let mut heads: Vec<Head> = Vec::new();
    for step in 0..4 {
        city.source("northfield").await.push(&format!("d-{step}"), roll(step..step + 2)).await.expect("good");
        let auditor = city.auditor().await;
        let note = auditor.audit().get_checkpoint(pb::GetCheckpointRequest {}).await.expect("an auditor may");
        let note = note.into_inner().checkpoint;
        heads.push(SignedCheckpoint::open(note.as_bytes(), &key).expect("signed").checkpoint().head());
        city.restart();
    }
    let auditor = city.auditor().await;
    for pair in heads.windows(2) {
        let request = pb::GetConsistencyProofRequest { old_size: pair[0].size, new_size: pair[1].size };
        let proof =
            auditor.audit().get_consistency_proof(request).await.expect("an auditor may").into_inner();
        let proof: Vec<_> =
            proof.proof.iter().map(|hash| Hash::try_from(hash.as_slice()).expect("32 bytes")).collect();
        verify_consistency(&pair[0], &pair[1], &proof).expect("a prefix");
        let forged = Head { size: pair[0].size, root: pair[1].root };
        assert!(verify_consistency(&forged, &pair[1], &proof).is_err());
    }
    // An empty log is a prefix of every log; that needs no proof.
    let request = pb::GetConsistencyProofRequest { old_size: 0, new_size: 0 };
    let reply = auditor.audit().get_consistency_proof(request).await.expect("an auditor may").into_inner();
    assert_eq!(reply.proof, Vec::<Vec<u8>>::new());
}

#[tokio::test]
async fn a_flipped_byte_in_the_database_is_noticed_at_start() {
    let mut city = City::published().await;
    city.kill();
    let tampered = [
        "UPDATE log_entry SET entry = CAST(replace(entry, 'allowed', 'refused') AS BLOB) WHERE position = 2",
        "DELETE FROM log_entry WHERE position = 1",
        "DELETE FROM log_entry WHERE position = (SELECT max(position) FROM log_entry)",
        "INSERT INTO log_entry SELECT max(position) + 1, entry FROM log_entry",
        "UPDATE log_node SET hash = zeroblob(32) WHERE level = 1 AND position = 0",
        "UPDATE log_checkpoint SET note = replace(note, 'city', 'town')",
        "DELETE FROM log_checkpoint",
    ];
    for change in tampered {
        let mut copy = city.copy();
        let database = rusqlite::Connection::open(copy.file("throughline.db")).expect("the database");
        let n_changed = database.execute(change, []).expect("SQL");
        assert_eq!(n_changed, 1, "{change}");
        drop(database);
        let done = copy.serve_to_its_end();
        assert_eq!(done.status.code(), Some(2), "{change}");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(said.contains("stored data are damaged"), "{change}: {said}");
        copy.kill();
    }
    city.restart();
    city.partner().await.query(question()).await.expect("the untouched one goes on");
}

/// What a partner has kept proves itself to anyone who has the log's key, and nothing that was changed does.
#[tokio::test]
async fn a_saved_receipt_is_checked_without_the_service() {
    let mut city = City::published().await;
    city.query("city", &["--json", "--receipt", "kept.tlog-proof"]);
    let asked = city.log().len() as u64 - 1;
    city.kill();
    let check = |file: &str| {
        let done = city
            .program()
            .args(["audit", "receipt", file, "--json", "--log-key", "service/log.vkey"])
            .output();
        let done = done.expect("the program runs");
        (done.status.code(), serde_json::from_slice::<serde_json::Value>(&done.stdout).unwrap_or_default())
    };
    let (code, told) = check("kept.tlog-proof");
    assert_eq!((code, &told["index"], &told["entry"]["rpc"]), (Some(0), &asked.into(), &"Query".into()));
    assert_eq!(told["entry"]["product"], "city");
    let path = city.folder().join("kept.tlog-proof");
    let kept = std::fs::read_to_string(&path).expect("it was written");
    // A character of every line but the empty ones: header, entry, index, hashes, checkpoint, signature.
    for (number, line) in kept.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let mut lines: Vec<String> = kept.lines().map(str::to_owned).collect();
        let last = line.chars().rfind(|c| *c != '=').expect("not empty");
        let at = line.rfind(last).expect("it is in it");
        lines[number].replace_range(at..at + last.len_utf8(), if last == 'A' { "B" } else { "A" });
        std::fs::write(&path, lines.join("\n") + "\n").expect("written");
        assert_eq!(check("kept.tlog-proof").0, Some(2), "line {}: {line}", number + 1);
    }
}

/// What a source's records were used for, out of the log alone: what it sent, and every table of an edition that holds them.
#[tokio::test]
async fn disclosures_of_a_source_are_told_out_of_an_export() {
    let mut city = City::open().await;
    let (northfield, eastbrook) = (city.source("northfield").await, city.source("eastbrook").await);
    northfield.push("first", roll(0..60)).await.expect("good records");
    city.steward().await.publish().await.expect("an edition");
    let partner = city.partner().await;
    partner.query(question()).await.expect("an answer");
    // Eastbrook comes after the first edition: its records are in the second alone.
    eastbrook.push("first", roll(60..120)).await.expect("good records");
    partner.query(question()).await.expect("an answer");
    city.steward().await.publish().await.expect("an edition");
    partner.query(question()).await.expect("an answer");
    partner.query(pb::QueryRequest { edition: 1, ..question() }).await.expect("an answer");
    let folder = city.export("log");
    city.kill();
    let told = |of: &str, more: &[&str]| -> serde_json::Value {
        let mut disclosures = city.program();
        disclosures.args(["audit", "disclosures", "--of", of, "--json", "--log-key", "service/log.vkey"]);
        let done = disclosures.args(more).arg(&folder).output().expect("the program runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).expect("JSON")
    };
    let n = |told: &serde_json::Value, what: &str| {
        let all = told["disclosures"].as_array().expect("a list").iter();
        all.filter(|line| line["what"] == what).count()
    };
    let (north, east) = (told("northfield", &[]), told("eastbrook", &[]));
    assert_eq!((n(&north, "records"), n(&north, "protected table")), (4, 4), "181 records, 50 in a batch");
    assert_eq!((n(&east, "records"), n(&east, "protected table")), (4, 1));
    let answer = east["disclosures"].as_array().and_then(|all| all.last()).expect("a line");
    assert_eq!(
        (&answer["party"], &answer["entry"]["purpose"]),
        (&"city-partnership".into(), &"improvement".into())
    );
    assert_eq!(answer["entry"]["edition"], 2);
    let entry: Entry = serde_json::from_value(answer["entry"].clone()).expect("an entry");
    let hash = throughline::audit::leaf_hash(&entry.to_bytes());
    assert_eq!(answer["leaf_hash"], hash.to_string());
    // All of it was in this school year, and none of it in another.
    let year = throughline::calendar::Timestamp::now().date().school_year().ending();
    let now = told("northfield", &["--year", &year.to_string()]);
    assert_eq!(now["disclosures"], north["disclosures"]);
    let before = told("northfield", &["--year", &(year - 1).to_string()]);
    assert_eq!(before["disclosures"], serde_json::json!([]));
}

/// Who writes into the database past the service is found while it runs, and the service gives no further answer.
async fn is_stopped_by(change: &str) {
    let mut city = City::published().await;
    let config = city.file("throughline.toml");
    let text = std::fs::read_to_string(&config).expect("init wrote it");
    std::fs::write(&config, format!("verify_log_every_s = 1\n{text}")).expect("written");
    city.restart();
    let partner = city.partner().await;
    let stderr = city.folder().join("stderr.log");
    let stderr = || std::fs::read_to_string(&stderr).expect("a log");
    // It verifies while the log grows, and says so.
    let verified = async {
        while stderr().matches("the access log verifies").count() < 2 {
            partner.query(question()).await.expect("nobody has changed the log");
        }
    };
    timeout(AT_MOST, verified).await.expect("each second it says that the access log verifies");
    city.tamper(change);
    assert_eq!(city.ended(), Some(2));
    assert!(stderr().contains("the access log no longer verifies"), "{}", stderr());
}

#[tokio::test]
async fn a_log_that_is_changed_while_the_service_runs_stops_it() {
    is_stopped_by(
        "UPDATE log_entry SET entry = CAST(replace(CAST(entry AS TEXT), 'city-', 'town-') AS BLOB)",
    )
    .await;
}

#[tokio::test]
async fn a_log_that_is_taken_away_while_the_service_runs_stops_it() {
    is_stopped_by("DROP TABLE log_node").await;
}

#[tokio::test]
async fn an_auditor_reviews_exceptions_and_signs_off() {
    let city = City::published().await;
    let partner = city.partner().await;
    partner.query(question()).await.expect("an agreement covers it");
    for _ in 0..12 {
        let outside = pb::QueryRequest { indicator: "wealth".into(), ..question() };
        partner.query(outside).await.expect_err("not an indicator of the product");
    }
    let review = |folder: &str, words: &[&str]| {
        city.export(folder);
        let mut audit = city.program();
        audit.args(["audit", "exceptions", folder, "--json", "--as", "city-auditor.auditor", "--server"]);
        audit.arg(city.address().replace("127.0.0.1", "localhost")).args(words);
        let done = audit.output().expect("the program runs");
        let found: serde_json::Value = serde_json::from_slice(&done.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&done.stderr)));
        let kinds: Vec<(String, u64)> = (found["exceptions"].as_array().expect("a list").iter())
            .map(|of| {
                (of["kind"].as_str().expect("a name").to_owned(), of["calls"].as_u64().expect("a number"))
            })
            .collect();
        (done.status.code(), kinds, found["from"].as_u64().expect("a number"))
    };
    let expected = vec![("refusals".to_owned(), 12), ("first_purpose".to_owned(), 1)];
    assert_eq!(review("first", &["--sign-off"]), (Some(1), expected.clone(), 0));
    let signed = city.log().pop().expect("an entry");
    assert_eq!((signed.rpc.as_str(), signed.n_exceptions), ("SignOff", Some(2)));
    // The next review begins where that one ended, and finds nothing new.
    let size = signed.reviewed_size.expect("it says");
    assert_eq!(review("second", &[]), (Some(0), Vec::new(), size));
    assert_eq!(review("third", &["--all"]), (Some(1), expected, 0));
    // What is not of this log can not be signed off.
    let (root, findings) = (vec![7; 32], vec![0; 32]);
    let request = pb::SignOffRequest { size: 3, root, exceptions: 0, findings };
    let status = city.auditor().await.audit().sign_off(request).await.expect_err("it has another root");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(city.log().pop().expect("an entry").rule.as_str(), "review.malformed");
}
