//! Who gets in, who does not, and what each side is told.

use crate::authority::{Authority, DOMAIN, Files, partner, uri};
use crate::harness::{Server, Setup, raw_client, raw_handshake, within};
use rcgen::{ExtendedKeyUsagePurpose as Purpose, IsCa, SanType};
use std::time::Duration;
use throughline::client::channel::{self, Error};
use throughline::server::refusal::Reason;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;

#[tokio::test]
async fn a_good_certificate_is_accepted_and_its_owner_known() {
    let mut server = Server::start(Setup::new()).await;
    for role in ["contributor", "partner", "steward", "auditor"] {
        let uri = format!("spiffe://{DOMAIN}/org/north-isd/role/{role}");
        let client = server.authority.client(&uri);
        let channel = channel::connect(server.options(&client)).await.expect("a good certificate");
        assert_eq!(server.call(&channel).await.expect("served"), format!("north-isd {role}"));
        let seen = server.last_peer();
        assert_eq!(seen.serial, client.serial);
    }
    assert!(server.refused().is_empty());
}

/// The server refuses in the handshake, says why, and the client can tell its user.
pub(crate) async fn refused(server: &mut Server, client: &Files, told: &str, reason: Reason) {
    let error = channel::connect(server.options(client)).await.expect_err("a bad certificate");
    assert!(matches!(error, Error::Refused(why) if why.contains(told)), "{error}");
    assert_eq!(server.next_refused().await, reason);
}

#[tokio::test]
async fn a_certificate_that_does_not_verify_is_refused_in_the_handshake() {
    let setup = Setup::new();
    let revoked = setup.authority.client(&partner("revoked"));
    let mut server = Server::start(setup.with_revocation(&[&revoked])).await;
    let good = partner("north-isd");

    let another = Authority::new("another authority");
    let stranger = another.client(&good);
    refused(&mut server, &stranger, "does not know who signed it", Reason::UnknownCa).await;

    let same_name = Authority::new(server.authority.name());
    let namesake = same_name.client(&good);
    refused(&mut server, &namesake, "not one the server accepts", Reason::UnknownCa).await;

    let expired = server.authority.issue(|params| {
        params.subject_alt_names = vec![uri(&good)];
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 2, 1);
    });
    refused(&mut server, &expired, "expired", Reason::Expired).await;

    let early = server.authority.issue(|params| {
        params.subject_alt_names = vec![uri(&good)];
        params.not_before = rcgen::date_time_ymd(2998, 1, 1);
        params.not_after = rcgen::date_time_ymd(2999, 1, 1);
    });
    refused(&mut server, &early, "not valid yet", Reason::Expired).await;

    let for_servers = server.authority.issue(|params| {
        params.subject_alt_names = vec![uri(&good)];
        params.extended_key_usages = vec![Purpose::ServerAuth];
    });
    refused(&mut server, &for_servers, "not a certificate for clients", Reason::BadPurpose).await;

    let authority = server.authority.issue(|params| {
        params.subject_alt_names = vec![uri(&good)];
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    refused(&mut server, &authority, "not one the server accepts", Reason::Other).await;

    // A member's key used as if it were an authority's.
    let upstart = server.authority.client(&good).sign_below(&partner("south-isd"));
    refused(&mut server, &upstart, "not one the server accepts", Reason::Other).await;

    refused(&mut server, &revoked, "revoked", Reason::Revoked).await;

    let fine = server.authority.client(&good);
    let channel = channel::connect(server.options(&fine)).await.expect("not revoked");
    assert_eq!(server.call(&channel).await.expect("served"), "north-isd partner");
}

#[tokio::test]
async fn a_verified_certificate_that_names_no_caller_is_unauthenticated() {
    let server = Server::start(Setup::new()).await;
    let good = partner("north-isd");
    let dns = || SanType::DnsName("north-isd.example".try_into().expect("a name"));
    let cases: [(&str, Vec<SanType>); 12] = [
        ("no_uri", vec![]),
        ("no_uri", vec![dns()]),
        ("many_uris", vec![uri(&good), uri(&partner("south-isd"))]),
        ("many_uris", vec![uri(&good), uri(&good)]),
        ("many_uris", vec![uri(&good), dns(), uri("https://north-isd.example")]),
        ("foreign_trust_domain", vec![uri("spiffe://other.example/org/north-isd/role/partner")]),
        ("uri_form", vec![uri(&partner("north%2disd"))]),
        ("uri_form", vec![uri(&format!("{good}/"))]),
        ("uri_form", vec![uri(&partner("North-ISD"))]),
        ("uri_form", vec![uri(&partner(""))]),
        ("uri_form", vec![uri(&format!("spiffe://{DOMAIN}/service"))]),
        ("unknown_role", vec![uri(&format!("spiffe://{DOMAIN}/org/north-isd/role/admin"))]),
    ];
    for (n, (code, names)) in cases.into_iter().enumerate() {
        let client = server.authority.issue(|params| params.subject_alt_names = names);
        let channel = channel::connect(server.options(&client)).await.expect("the handshake is fine");
        let status = server.call(&channel).await.expect_err("nobody is calling");
        assert_eq!((status.code(), status.message()), (Code::Unauthenticated, code), "case {n}");
    }
    // Other kinds of names beside the URI do no harm.
    let client = server.authority.issue(|params| params.subject_alt_names = vec![dns(), uri(&good)]);
    let channel = channel::connect(server.options(&client)).await.expect("the handshake is fine");
    assert_eq!(server.call(&channel).await.expect("served"), "north-isd partner");
}

#[tokio::test]
async fn a_client_that_speaks_another_protocol_is_refused() {
    let mut server = Server::start(Setup::new()).await;
    let client = server.authority.client(&partner("north-isd"));
    let (tls12, tls13) = (&rustls::version::TLS12, &rustls::version::TLS13);

    raw_client(&server, Some(&client), tls12, &[b"h2"]).await.expect_err("TLS 1.2");
    assert_eq!(server.next_refused().await, Reason::WrongProtocol);

    raw_client(&server, Some(&client), tls13, &[b"http/1.1"]).await.expect_err("HTTP/1.1");
    assert_eq!(server.next_refused().await, Reason::WrongProtocol);

    raw_client(&server, Some(&client), tls13, &[]).await.expect_err("no protocol named");
    assert_eq!(server.next_refused().await, Reason::WrongProtocol);

    raw_client(&server, None, tls13, &[b"h2"]).await.expect_err("no certificate");
    assert_eq!(server.next_refused().await, Reason::NoCertificate);

    let mut plain = TcpStream::connect(server.address).await.expect("loopback");
    plain.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("written");
    assert_eq!(server.next_refused().await, Reason::WrongProtocol);

    raw_client(&server, Some(&client), tls13, &[b"h2"]).await.expect("and this one is right");
    assert!(server.refused().is_empty());
}

#[tokio::test]
async fn a_refused_client_that_talks_on_still_hears_why() {
    let mut server = Server::start(Setup::new()).await;
    let version = &rustls::version::TLS13;
    let mut stream = raw_handshake(&server, None, version, &[b"h2"]).await.expect("its own half is done");
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("nothing was heard yet");
    let error = within(stream.read(&mut [0; 9])).await.expect_err("refused");
    assert!(error.to_string().contains("CertificateRequired"), "{error}");
    assert_eq!(server.next_refused().await, Reason::NoCertificate);
    // A socket that was closed answers the first of these with a reset, and the second fails.
    for n in 0..2 {
        stream.get_mut().0.write_all(&[0; 100]).await.unwrap_or_else(|error| panic!("{n}: {error}"));
    }
}

#[tokio::test]
async fn a_client_that_stalls_is_dropped_and_holds_up_nobody() {
    let mut server = Server::start(Setup::new().with(|settings| {
        settings.handshake_timeout = Duration::from_secs(1);
    }))
    .await;
    let mut silent = TcpStream::connect(server.address).await.expect("loopback");
    let mut slow = TcpStream::connect(server.address).await.expect("loopback");
    // The first bytes of a TLS record that announces more than ever comes.
    slow.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).await.expect("written");
    let mut garbage = TcpStream::connect(server.address).await.expect("loopback");
    garbage.write_all(&[0xff; 64]).await.expect("written");
    drop(TcpStream::connect(server.address).await.expect("loopback"));

    let client = server.authority.client(&partner("north-isd"));
    let channel = channel::connect(server.options(&client)).await.expect("others are served");
    assert_eq!(server.call(&channel).await.expect("served"), "north-isd partner");

    let mut reasons = Vec::new();
    for _ in 0..4 {
        reasons.push(server.next_refused().await);
    }
    reasons.sort();
    assert_eq!(reasons, [Reason::WrongProtocol, Reason::Timeout, Reason::Timeout, Reason::Other]);
    for stalled in [&mut silent, &mut slow] {
        assert_eq!(within(stalled.read(&mut [0; 8])).await.ok(), Some(0), "the server hung up");
    }
}
