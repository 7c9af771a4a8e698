//! Who is let in: a registered, active organization, in a role that may make the call, and nobody else.

use crate::city::City;
use crate::records::{roll, school};
use crate::rpcs;
use crate::vocabulary::question;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use throughline::api::v1 as pb;
use throughline::audit::{Decision, Entry};
use throughline::client::{channel, pem};
use throughline::server::peer::Role;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tonic::{Code, Status};

/// Who may call what: the table of the interface definition, written down again.
fn may(role: Role, rpc: &str) -> bool {
    match rpc {
        "Push" | "GetDelivery" | "GetHoldings" | "ListStudentDisclosures" => role == Role::Contributor,
        "Query" => role == Role::Partner,
        "ListIndicators"
        | "GetCheckpoint"
        | "GetConsistencyProof"
        | "ListOrganizationEntries"
        | "OfferCheckpoint"
        | "AddCosignature"
        | "ListDestructions" => true,
        "SignOff" => role == Role::Auditor,
        "ListProducts" => role != Role::Contributor,
        "ListEntries" | "ExportLog" => matches!(role, Role::Auditor | Role::Steward),
        _ => role == Role::Steward,
    }
}

fn member(role: Role) -> &'static str {
    match role {
        Role::Contributor => "northfield",
        Role::Partner => "city-partnership",
        Role::Steward => "city-steward",
        Role::Auditor => "city-auditor",
    }
}

/// What a refused call must leave: one entry, with the rule.
fn assert_refused(city: &City, before: usize, rpc: &str, result: Result<(), Status>, rule: &str) {
    let status = result.expect_err(rpc);
    assert_eq!(status.code(), Code::PermissionDenied, "{rpc}");
    let log = city.log();
    assert_eq!(log.len(), before + 1, "{rpc} leaves exactly one entry");
    assert_eq!(
        (log[before].rpc.as_str(), log[before].decision, log[before].rule.as_str()),
        (rpc, Decision::Refused, rule)
    );
    assert!(
        status.metadata().get_bin("throughline-receipt-bin").is_some(),
        "{rpc}: even a refusal is proven"
    );
}

#[tokio::test]
async fn every_role_may_call_what_it_is_for_and_nothing_else() {
    let mut city = City::published().await;
    city.offered_checkpoint();
    city.decided_pair();
    city.announced_key();
    for role in Role::ALL {
        let session = city.session(member(role), role).await;
        for rpc in rpcs::all() {
            let before = city.log().len();
            let result = rpcs::call(&rpc, &session, member(role)).await;
            if may(role, &rpc) {
                result.unwrap_or_else(|status| panic!("{role} may call {rpc}: {status}"));
                let new: Vec<Entry> = city.log().split_off(before);
                let decisions: Vec<_> = new.iter().map(|entry| entry.decision).collect();
                assert_eq!(decisions, rpcs::leaves(&rpc), "{role} {rpc}: {new:?}");
                assert!(new.iter().all(|entry| entry.rpc.as_str() == rpc), "{role} {rpc}: {new:?}");
            } else {
                assert_refused(&city, before, &rpc, result, "peer.role");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_organization_gets_nothing() {
    let city = City::published().await;
    for role in [Role::Contributor, Role::Steward] {
        let session = city.session("stranger", role).await;
        for rpc in rpcs::all() {
            let before = city.log().len();
            let result = rpcs::call(&rpc, &session, "stranger").await;
            assert_refused(&city, before, &rpc, result, "organization.unknown");
        }
    }
}

#[tokio::test]
async fn a_certificate_gives_no_role_that_was_not_registered() {
    let city = City::published().await;
    let session = city.session("northfield", Role::Partner).await;
    for rpc in rpcs::all() {
        let before = city.log().len();
        let result = rpcs::call(&rpc, &session, "northfield").await;
        assert_refused(&city, before, &rpc, result, "organization.role");
    }
}

#[tokio::test]
async fn unknown_suspended_and_unregistered_look_alike() {
    let city = City::published().await;
    let steward = city.steward().await;
    steward.register("eastbrook", "contributor", pb::Standing::Suspended).await.expect("the steward may");
    let mut seen = Vec::new();
    for (id, role) in
        [("stranger", Role::Contributor), ("eastbrook", Role::Contributor), ("northfield", Role::Partner)]
    {
        let status = rpcs::call("GetCheckpoint", &city.session(id, role).await, id).await.expect_err(id);
        seen.push((status.code(), status.message().to_owned(), status.details().to_vec()));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
}

#[tokio::test]
async fn a_suspension_holds_on_open_connections_at_once() {
    let city = City::published().await;
    let (partner, steward) = (city.partner().await, city.steward().await);
    partner.query(question()).await.expect("still active");
    steward.register("city-partnership", "partner", pb::Standing::Suspended).await.expect("the steward may");
    for rpc in rpcs::all() {
        let before = city.log().len();
        let result = rpcs::call(&rpc, &partner, "city-partnership").await;
        assert_refused(&city, before, &rpc, result, "organization.suspended");
    }
    steward.register("city-partnership", "partner", pb::Standing::Active).await.expect("the steward may");
    partner.query(question()).await.expect("active again");
}

#[tokio::test]
async fn a_suspension_holds_in_the_middle_of_a_push() {
    let city = City::open().await;
    let (source, steward) = (city.source("northfield").await, city.steward().await);
    let mut pushing = source.open("nightly").await.expect("active");
    pushing.batch("one", 1, vec![school()]).await.expect("active");
    steward.register("northfield", "contributor", pb::Standing::Suspended).await.expect("the steward may");
    let before = city.log().len();
    let result = pushing.batch("two", 2, roll(0..3)).await.map(drop);
    assert_eq!(city.state().len(), 1, "nothing of it was taken, the school before it was");
    assert_refused(&city, before, "Push", result, "organization.suspended");
}

#[tokio::test]
async fn without_a_certificate_of_the_authority_there_is_no_connection() {
    let city = City::open().await;
    let other = City::start(crate::city::Setup::default());
    let foreign = other.options("northfield", Role::Contributor);
    let options = channel::Options {
        certificate: foreign.certificate,
        key: foreign.key,
        ..city.options("northfield", Role::Contributor)
    };
    let refused = channel::connect(options).await.expect_err("another authority");
    assert!(matches!(refused, channel::Error::Refused(_)), "{refused}");
    assert!(without_certificate(&city).await.is_err(), "no certificate");
    // The log hears of them from a task of its own, so it is asked until it has.
    let auditor = city.auditor().await;
    let mut reasons = Vec::new();
    for _ in 0..10_000 {
        rpcs::call("GetCheckpoint", &auditor, "city-auditor").await.expect("an auditor may");
        let log = city.log();
        let handshakes = log.iter().filter(|entry| entry.rule.as_str() == "peer.handshake");
        reasons = handshakes.map(|entry| entry.reason_code.as_ref().map(ToString::to_string)).collect();
        if reasons.len() == 2 {
            break;
        }
    }
    assert_eq!(reasons, [Some("unknown_ca".to_owned()), Some("no_certificate".to_owned())]);
}

/// Reads the server's first bytes over TLS without showing a certificate.
async fn without_certificate(city: &City) -> std::io::Result<()> {
    let mut roots = rustls::RootCertStore::empty();
    let options = city.options("northfield", Role::Contributor);
    for certificate in pem::certificates(&options.ca).expect("ours") {
        roots.add(certificate).expect("an authority");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("a version of ring's")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(city.address()).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.read_exact(&mut [0; 9]).await.map(drop)
}
