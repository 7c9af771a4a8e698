//! The access log: every call is in it, it can be read and exported, and any change to it shows.

use crate::city::City;
use crate::records::roll;
use crate::rpcs;
use crate::vocabulary::question;
use std::path::{Path, PathBuf};
use throughline::api::v1 as pb;
use throughline::audit::{Decision, Entry, Hash, Head, SignedCheckpoint, verify_consistency};
use throughline::client::{Session, channel};
use throughline::server::peer::Role;
use tonic::{Code, Request, Status};

/// Someone who may make a call, and someone who may not.
fn callers(rpc: &str) -> ((&'static str, Role), (&'static str, Role)) {
    let allowed = match rpc {
        "Push" | "GetDelivery" | "GetHoldings" => ("northfield", Role::Contributor),
        "Query" => ("city-partnership", Role::Partner),
        "ListEntries" | "ExportLog" | "GetCheckpoint" | "GetConsistencyProof" => {
            ("city-auditor", Role::Auditor)
        }
        _ => ("city-steward", Role::Steward),
    };
    (allowed, ("stranger", Role::Contributor))
}

#[tokio::test]
async fn every_call_allowed_or_refused_is_an_entry() {
    let city = City::published().await;
    city.decided_pair();
    city.announced_key();
    let rpcs = rpcs::all();
    assert_eq!(rpcs.len(), 24, "the interface has grown: {rpcs:?}");
    for rpc in rpcs {
        let ((id, role), (other, other_role)) = callers(&rpc);
        for (id, role, decision) in [(id, role, Decision::Allowed), (other, other_role, Decision::Refused)] {
            let session = city.session(id, role).await;
            let before = city.log().len();
            let result = rpcs::call(&rpc, &session).await;
            assert_eq!(result.is_ok(), decision == Decision::Allowed, "{id} {rpc}: {result:?}");
            // An allowed push has an entry for its opening and one for its batch.
            let n_expected = if rpc == "Push" && result.is_ok() { 2 } else { 1 };
            let new = city.log().split_off(before);
            assert_eq!(new.len(), n_expected, "{id} {rpc}: {new:?}");
            for entry in new {
                let who = entry.organization.as_ref().map(ToString::to_string);
                assert_eq!((entry.rpc.as_str(), entry.decision), (rpc.as_str(), decision));
                assert_eq!(
                    (who.as_deref(), entry.role.as_ref().map(|role| role.as_str())),
                    (Some(id), Some(role.as_str()))
                );
                assert!(entry.certificate_serial.is_some());
            }
        }
    }
}

#[tokio::test]
async fn refusals_further_in_are_entries_too() {
    let city = City::published().await;
    let (partner, steward) = (city.partner().await, city.steward().await);
    let auditor = city.auditor().await;
    let before = city.log().len();
    let outside = pb::QueryRequest { indicator: "wealth".into(), ..question() };
    partner.query(outside).await.expect_err("not an indicator of the product");
    let malformed = pb::QueryRequest { purpose: "not a code".into(), ..question() };
    partner.query(malformed).await.expect_err("not a code");
    steward.agreement("agreement = 1").await.expect_err("not an agreement");
    steward.product("").await.expect_err("not a product");
    steward.register("No Id", "partner", pb::Standing::Active).await.expect_err("not an id");
    steward.register("fine", "king", pb::Standing::Active).await.expect_err("not a role");
    let list = pb::ListEntriesRequest { since: "yesterday".into(), ..Default::default() };
    auditor.audit().list_entries(list).await.expect_err("not a time");
    let proof = pb::GetConsistencyProofRequest { old_size: 5, new_size: 2 };
    auditor.audit().get_consistency_proof(proof).await.expect_err("not sizes in order");
    let request = pb::PublishRequest { title: "t".repeat(500) };
    steward.session.admin().publish(request).await.expect_err("too long");
    let new = city.log().split_off(before);
    let rules: Vec<_> = new.iter().map(|entry| (entry.decision, entry.rule.as_str())).collect();
    let expected = [
        "product.not_a_slice",
        "query.malformed",
        "agreement.malformed",
        "product.malformed",
        "organization.malformed",
        "organization.malformed",
        "list.malformed",
        "proof.malformed",
        "publish.title",
    ];
    assert_eq!(rules, expected.map(|rule| (Decision::Refused, rule)));
}

/// Sends a message that is no request of ours to a path, as a call of one request and one answer.
async fn send_nonsense(city: &City, path: &'static str) -> Status {
    let options = city.options("city-partnership", Role::Partner);
    let mut client = tonic::client::Grpc::new(channel::connect(options).await.expect("it may"));
    client.ready().await.expect("connected");
    let codec: tonic_prost::ProstCodec<pb::GetDeliveryResponse, pb::GetStatusResponse> = Default::default();
    // A number where every request with fields has a text or a message first.
    let nonsense = Request::new(pb::GetDeliveryResponse { acknowledged_through: 7, outcomes: Vec::new() });
    let path = http::uri::PathAndQuery::from_static(path);
    client.unary(nonsense, path, codec).await.map(drop).expect_err("it is not a request")
}

#[tokio::test]
async fn calls_that_can_not_be_read_are_entries_too() {
    let city = City::open().await;
    let paths = [
        ("/exchange.v1.ReleaseService/Query", Code::InvalidArgument, "call.malformed"),
        ("/exchange.v1.AdminService/PutOrganization", Code::InvalidArgument, "call.malformed"),
        ("/exchange.v1.AdminService/PutProduct", Code::InvalidArgument, "call.malformed"),
        ("/exchange.v1.IngestService/GetDelivery", Code::InvalidArgument, "call.malformed"),
        ("/exchange.v1.ReleaseService/AlmaQuill", Code::Unimplemented, "call.unknown"),
        ("/exchange.v1.AlmaQuill/Query", Code::Unimplemented, "call.unknown"),
        ("/AlmaQuill", Code::Unimplemented, "call.unknown"),
    ];
    for (path, code, rule) in paths {
        let before = city.log().len();
        let status = send_nonsense(&city, path).await;
        assert_eq!(status.code(), code, "{path}: {status}");
        assert!(status.metadata().get_bin("throughline-receipt-bin").is_some(), "{path}: it is proven");
        let new = city.log().split_off(before);
        assert_eq!(new.len(), 1, "{path}");
        let who = new[0].organization.as_ref().map(ToString::to_string);
        assert_eq!((who.as_deref(), new[0].rpc.as_str()), (Some("city-partnership"), "Unknown"));
        assert_eq!((new[0].decision, new[0].rule.as_str()), (Decision::Refused, rule), "{path}");
    }
    assert!(!city.log().iter().any(|entry| entry.to_bytes().windows(4).any(|text| text == b"Alma")));
}

async fn list(auditor: &Session, request: pb::ListEntriesRequest) -> Vec<(u64, Entry)> {
    let reply = auditor.audit().list_entries(request).await.expect("an auditor may").into_inner();
    let parse = |entry: pb::LogEntry| (entry.index, Entry::parse(&entry.entry).expect("an entry"));
    reply.entries.into_iter().map(parse).collect()
}

#[tokio::test]
async fn a_listing_shows_what_its_filters_say() {
    let city = City::published().await;
    let (partner, auditor) = (city.partner().await, city.auditor().await);
    partner.query(question()).await.expect("an agreement covers it");
    partner
        .query(pb::QueryRequest { purpose: "curiosity".into(), ..question() })
        .await
        .expect_err("no purpose");
    let all: Vec<(u64, Entry)> = (0..).zip(city.log()).collect();
    let of = |keep: &dyn Fn(&Entry) -> bool| -> Vec<(u64, Entry)> {
        all.iter().filter(|(_, entry)| keep(entry)).cloned().collect()
    };
    let request = pb::ListEntriesRequest { page_size: 1_000, ..Default::default() };
    assert_eq!(list(&auditor, request.clone()).await, all);
    let by_organization =
        pb::ListEntriesRequest { organization: "city-partnership".into(), ..request.clone() };
    let organization =
        |entry: &Entry| entry.organization.as_ref().is_some_and(|id| id.as_str() == "city-partnership");
    assert_eq!(list(&auditor, by_organization).await, of(&organization));
    let by_rpc = pb::ListEntriesRequest { rpc: "Push".into(), ..request.clone() };
    assert_eq!(list(&auditor, by_rpc).await, of(&|entry| entry.rpc.as_str() == "Push"));
    let refused = pb::ListEntriesRequest { decision: "refused".into(), ..request.clone() };
    assert_eq!(list(&auditor, refused).await.len(), 1);
    let agreement = pb::ListEntriesRequest { agreement: "city-outcomes".into(), ..request.clone() };
    assert_eq!(list(&auditor, agreement).await, of(&|entry| entry.agreement.is_some()));
    let purpose = pb::ListEntriesRequest { purpose: "improvement".into(), ..request.clone() };
    let is_for =
        |entry: &Entry| entry.purpose.as_ref().is_some_and(|purpose| purpose.as_str() == "improvement");
    assert_eq!(list(&auditor, purpose).await, of(&is_for));
    let product = pb::ListEntriesRequest { product: "city".into(), ..request.clone() };
    assert_eq!(list(&auditor, product).await, of(&|entry| entry.product.is_some()));
    let rule = pb::ListEntriesRequest { rule: "agreement.purpose".into(), ..request.clone() };
    let by_rule = list(&auditor, rule).await;
    assert_eq!((by_rule.len(), by_rule), (1, of(&|entry| entry.rule.as_str() == "agreement.purpose")));
    let nobody = pb::ListEntriesRequest { principal: "a.miller".into(), ..request.clone() };
    assert_eq!(list(&auditor, nobody).await, []);
    let since = all[3].1.time.to_string();
    let later = pb::ListEntriesRequest { since: since.clone(), ..request.clone() };
    let later = list(&auditor, later).await;
    assert!(later.starts_with(&of(&|entry| entry.time >= all[3].1.time)) && later.len() > all.len() - 4);
    let earlier = pb::ListEntriesRequest { until: since, ..request.clone() };
    assert_eq!(list(&auditor, earlier).await, of(&|entry| entry.time < all[3].1.time));
    // Pages join to the whole.
    let (mut from, mut joined) = (0, Vec::new());
    while joined.len() < all.len() {
        let page = pb::ListEntriesRequest { from_index: from, page_size: 4, ..Default::default() };
        let page = list(&auditor, page).await;
        from = page.last().expect("there is more").0 + 1;
        joined.extend(page);
    }
    assert_eq!(joined[..all.len()], all);
}

#[tokio::test]
async fn the_command_line_prints_entries_as_json_and_csv() {
    let city = City::published().await;
    let list = |options: &[&str]| {
        let mut audit = city.program();
        audit.args(["audit", "list", "--limit", "0", "--server"]);
        audit.arg(city.address().replace("127.0.0.1", "localhost")).args(options);
        let done = audit.output().expect("the program runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text")
    };
    let log = city.log();
    let json = list(&["--json"]);
    assert_eq!(json.lines().count(), log.len());
    for ((index, entry), line) in log.iter().enumerate().zip(json.lines()) {
        let bytes = String::from_utf8(entry.to_bytes()).expect("JSON");
        assert_eq!(line, format!("{{\"index\":{index},\"entry\":{bytes}}}"));
    }
    let log = city.log();
    let csv = list(&["--csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().expect("headings").get(0), Some("Entry"));
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), log.len());
    for ((index, entry), row) in log.iter().enumerate().zip(rows) {
        assert_eq!(row.get(0), Some(index.to_string().as_str()));
        assert_eq!((row.get(4), row.get(6)), (Some(entry.rpc.as_str()), Some(entry.rule.as_str())));
    }
}

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
            rpcs::call("GetCheckpoint", &auditor).await.expect("an auditor may");
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
    match auditor.audit().get_consistency_proof(request).await {
        Ok(reply) => assert!(reply.into_inner().proof.is_empty()),
        Err(status) => assert_eq!(status.code(), Code::InvalidArgument, "{status}"),
    }
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
        let done = copy.serve().output().expect("the program runs");
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
#[tokio::test]
async fn a_log_that_is_changed_while_the_service_runs_stops_it() {
    let mut city = City::published().await;
    let config = city.file("throughline.toml");
    let text = std::fs::read_to_string(&config).expect("init wrote it");
    std::fs::write(&config, format!("verify_log_every_s = 1\n{text}")).expect("written");
    city.restart();
    let partner = city.partner().await;
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    partner.query(question()).await.expect("the log verifies, twice by now");
    city.tamper("UPDATE log_entry SET entry = CAST(replace(CAST(entry AS TEXT), 'city-', 'town-') AS BLOB)");
    assert_eq!(city.ended(), Some(2));
    let stderr = std::fs::read_to_string(city.folder().join("stderr.log")).expect("a log");
    assert!(stderr.contains("the access log no longer verifies"), "{stderr}");
}
