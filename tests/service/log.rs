//! The access log: every call is in it, and it can be read.

use crate::city::City;
use crate::rpcs;
use crate::vocabulary::question;
use throughline::api::v1 as pb;
use throughline::audit::{Decision, Entry};
use throughline::client::{Session, channel};
use throughline::server::peer::Role;
use tonic::{Code, Request, Status};

/// Someone who may make a call, and someone who may not.
fn callers(rpc: &str) -> ((&'static str, Role), (&'static str, Role)) {
    let allowed = match rpc {
        "Push" | "GetDelivery" | "GetHoldings" | "ListStudentDisclosures" => {
            ("northfield", Role::Contributor)
        }
        "Query" => ("city-partnership", Role::Partner),
        "ListEntries"
        | "ExportLog"
        | "GetCheckpoint"
        | "GetConsistencyProof"
        | "ListOrganizationEntries"
        | "OfferCheckpoint"
        | "AddCosignature"
        | "ListDestructions"
        | "SignOff" => ("city-auditor", Role::Auditor),
        _ => ("city-steward", Role::Steward),
    };
    (allowed, ("stranger", Role::Contributor))
}

#[tokio::test]
async fn every_call_allowed_or_refused_is_an_entry() {
    let mut city = City::published().await;
    city.offered_checkpoint();
    city.decided_pair();
    city.announced_key();
    let rpcs = rpcs::all();
    assert_eq!(rpcs.len(), 32, "the interface has grown: {rpcs:?}");
    for rpc in rpcs {
        let ((id, role), (other, other_role)) = callers(&rpc);
        for (id, role, decision) in [(id, role, Decision::Allowed), (other, other_role, Decision::Refused)] {
            let session = city.session(id, role).await;
            let before = city.log().len();
            let result = rpcs::call(&rpc, &session, id).await;
            assert_eq!(result.is_ok(), decision == Decision::Allowed, "{id} {rpc}: {result:?}");
            let expected = if result.is_ok() { rpcs::leaves(&rpc) } else { &[Decision::Refused] };
            let new = city.log().split_off(before);
            let decisions: Vec<_> = new.iter().map(|entry| entry.decision).collect();
            assert_eq!(decisions, expected, "{id} {rpc}: {new:?}");
            for entry in &new {
                let who = entry.organization.as_ref().map(ToString::to_string);
                assert_eq!((entry.rpc.as_str(), &entry.request_id), (rpc.as_str(), &new[0].request_id));
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
    auditor.audit().list_entries(list).await.map(drop).expect_err("not a time");
    let proof = pb::GetConsistencyProofRequest { old_size: 5, new_size: 2 };
    auditor.audit().get_consistency_proof(proof).await.expect_err("not sizes in order");
    let request = pb::PublishRequest { title: "t".repeat(500) };
    steward.session.admin().publish(request).await.expect_err("too long");
    let new = city.log().split_off(before);
    let mut rules: Vec<_> = new.iter().map(|entry| (entry.decision, entry.rule.as_str())).collect();
    // Whether a question is a slice is known once its agreement was looked up, so that work on it had begun.
    let begun = [(Decision::Intended, "call.intended"), (Decision::Refused, "product.not_a_slice")];
    assert_eq!(rules.drain(..2).collect::<Vec<_>>(), begun);
    let under = |entry: &Entry| entry.agreement.as_ref().map(ToString::to_string);
    assert_eq!((under(&new[0]), &new[0].request_id), (Some("city-outcomes".into()), &new[1].request_id));
    let expected = [
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

/// A message with a field of a type that there is not.
#[derive(Debug, Clone, Default, PartialEq)]
struct Nonsense;

impl prost::Message for Nonsense {
    fn encode_raw(&self, buffer: &mut impl prost::bytes::BufMut) {
        buffer.put_u8(0x0f);
    }

    fn merge_field(
        &mut self,
        _: u32,
        _: prost::encoding::WireType,
        _: &mut impl prost::bytes::Buf,
        _: prost::encoding::DecodeContext,
    ) -> Result<(), prost::DecodeError> {
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        1
    }

    fn clear(&mut self) {}
}

/// Sends a message that is none of ours to a path, as a call of one request and one answer.
async fn send_nonsense(city: &City, path: &str) -> Status {
    let options = city.options("city-partnership", Role::Partner);
    let mut client = tonic::client::Grpc::new(channel::connect(options).await.expect("it may"));
    client.ready().await.expect("connected");
    let codec: tonic_prost::ProstCodec<Nonsense, pb::GetStatusResponse> = Default::default();
    let path = path.parse().expect("a path");
    client.unary(Request::new(Nonsense), path, codec).await.map(drop).expect_err("it is not a request")
}

#[tokio::test]
async fn calls_that_can_not_be_read_are_entries_too() {
    let city = City::open().await;
    let unknown = ["/exchange.v1.ReleaseService/AlmaQuill", "/exchange.v1.AlmaQuill/Query", "/AlmaQuill"];
    let unknown = unknown.map(|path| (path.to_owned(), Code::Unimplemented, "call.unknown"));
    let (pushes, paths): (Vec<_>, Vec<_>) =
        rpcs::paths().into_iter().partition(|path| path.ends_with("/Push"));
    // A push is read by its own handler, once it is known who sends.
    assert_eq!((pushes.len(), paths.len()), (1, 31), "the interface has grown: {paths:?}");
    let paths = paths.into_iter().map(|path| (path, Code::InvalidArgument, "call.malformed"));
    for (path, code, rule) in paths.chain(unknown) {
        let before = city.log().len();
        let status = send_nonsense(&city, &path).await;
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
    let json = list(&["--json"]);
    // Its own entry is the last, and it does not show it.
    let mut log = city.log();
    log.pop();
    assert_eq!(json.lines().count(), log.len());
    for ((index, entry), line) in log.iter().enumerate().zip(json.lines()) {
        let bytes = String::from_utf8(entry.to_bytes()).expect("JSON");
        assert_eq!(line, format!("{{\"index\":{index},\"entry\":{bytes}}}"));
    }
    let csv = list(&["--csv"]);
    let mut log = city.log();
    log.pop();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().expect("headings").get(0), Some("Entry"));
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), log.len());
    for ((index, entry), row) in log.iter().enumerate().zip(rows) {
        assert_eq!(row.get(0), Some(index.to_string().as_str()));
        assert_eq!((row.get(4), row.get(6)), (Some(entry.rpc.as_str()), Some(entry.rule.as_str())));
    }
}
