//! Connections over real sockets on loopback: who gets in, who does not, and what each side is told.
//!
//! The certificates are made here and not by `certs`, so that wrong ones can be made too.

mod transport {
    pub(crate) mod harness;
}

use rcgen::{ExtendedKeyUsagePurpose as Purpose, IsCa, SanType};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use throughline::calendar::Timestamp;
use throughline::cli::certs;
use throughline::client::channel::{self, Error};
use throughline::records::OrgId;
use throughline::server::peer::{Role, TrustDomain};
use throughline::server::refusal::Reason;
use throughline::server::tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tonic::Code;
use transport::harness::{Authority, DOMAIN, Files, Server, Setup, raw_client, within};

fn partner(id: &str) -> String {
    format!("spiffe://{DOMAIN}/org/{id}/role/partner")
}

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
async fn refused(server: &mut Server, client: &Files, told: &str, reason: Reason) {
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
async fn a_client_that_stalls_is_dropped_and_holds_up_nobody() {
    let mut server = Server::start(Setup::new().with(|settings| {
        settings.handshake_timeout = Duration::from_millis(50);
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

/// Tries until the server has noticed that an earlier connection closed.
async fn connect_soon(options: channel::Options) -> tonic::transport::Channel {
    within(async {
        loop {
            match channel::connect(options.clone()).await {
                Ok(channel) => return channel,
                Err(Error::Closed) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await
}

#[tokio::test]
async fn connections_are_capped_and_come_back() {
    let mut server = Server::start(Setup::new().with(|settings| settings.connections_max = 1)).await;
    let client = server.authority.client(&partner("north-isd"));
    let held = channel::connect(server.options(&client)).await.expect("the first");
    let error = channel::connect(server.options(&client)).await.expect_err("the second");
    assert!(matches!(error, Error::Closed), "{error}");
    assert_eq!(server.next_refused().await, Reason::TooMany);
    assert_eq!(server.call(&held).await.expect("the first is served on"), "north-isd partner");
    drop(held);
    let next = connect_soon(server.options(&client)).await;
    assert_eq!(server.call(&next).await.expect("served"), "north-isd partner");
}

#[tokio::test]
async fn one_organization_does_not_shut_out_another() {
    let setup = Setup::new().with(|settings| settings.connections_per_organization_max = 1);
    let mut server = Server::start(setup).await;
    let north = server.authority.client(&partner("north-isd"));
    let again = server.authority.client(&partner("north-isd"));
    let south = server.authority.client(&partner("south-isd"));
    let held = channel::connect(server.options(&north)).await.expect("the first");
    let error = channel::connect(server.options(&again)).await.expect_err("the second of the same");
    assert!(matches!(error, Error::Closed), "{error}");
    assert_eq!(server.next_refused().await, Reason::TooMany);
    let other = channel::connect(server.options(&south)).await.expect("another organization");
    assert_eq!(server.call(&other).await.expect("served"), "south-isd partner");
    drop(held);
    connect_soon(server.options(&again)).await;
}

#[tokio::test]
async fn a_revoked_client_is_cut_and_the_others_are_not() {
    let setup = Setup::new().with_revocation(&[]);
    let mut server = Server::start(setup).await;
    let (north, south) =
        (server.authority.client(&partner("north")), server.authority.client(&partner("south")));
    let of_north = channel::connect(server.options(&north)).await.expect("not revoked yet");
    let of_south = channel::connect(server.options(&south)).await.expect("not revoked");
    assert_eq!(server.call(&of_north).await.expect("served"), "north partner");

    server.write_revocation(&[&north]);
    assert!(server.tls.reload().expect("a good list"));
    assert_eq!(server.next_refused().await, Reason::Revoked);
    let status = server.call(&of_north).await.expect_err("the open connection is cut");
    assert_ne!(status.code(), Code::Ok);
    assert_eq!(server.call(&of_south).await.expect("its connection is the same"), "south partner");
    refused(&mut server, &north, "revoked", Reason::Revoked).await;
}

#[tokio::test]
async fn files_are_reloaded_at_run_time_and_bad_ones_change_nothing() {
    let mut server = Server::start(Setup::new()).await;
    let old = server.authority.client(&partner("old"));
    let open = channel::connect(server.options(&old)).await.expect("served");
    assert!(!server.tls.reload().expect("the same files"), "nothing to do");

    fs::write(server.dir().join("ca.pem"), "not a certificate").expect("written");
    let error = server.tls.reload().expect_err("a bad file");
    assert!(error.to_string().contains("ca.pem"), "{error}");
    assert_eq!(server.call(&open).await.expect("all as before"), "old partner");
    let another = channel::connect(server.options(&old)).await.expect("for new connections too");
    assert_eq!(server.call(&another).await.expect("served"), "old partner");
    drop(another);

    server.replace_authority();
    assert!(server.tls.reload().expect("good files"));
    assert_eq!(server.next_refused().await, Reason::UnknownCa);
    server.call(&open).await.expect_err("cut");
    let new = server.authority.client(&partner("new"));
    let channel = channel::connect(server.options(&new)).await.expect("the new authority's");
    assert_eq!(server.call(&channel).await.expect("served"), "new partner");
}

#[tokio::test]
async fn shutdown_stops_accepting_and_lets_the_rest_finish() {
    let mut server = Server::start(Setup::new()).await;
    let client = server.authority.client(&partner("north-isd"));
    let channel = channel::connect(server.options(&client)).await.expect("served");
    assert_eq!(server.call(&channel).await.expect("served"), "north-isd partner");
    within(server.stop()).await;
    let error = channel::connect(server.options(&client)).await.expect_err("nobody listens");
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
}

#[tokio::test]
async fn the_certificates_we_make_work_and_are_ours_alone() {
    let (dir, now) = (tempfile::tempdir().expect("a folder"), Timestamp::now());
    let (dir, north) = (dir.path().join("certs"), OrgId::new("north-isd").expect("an id"));
    let trust_domain = TrustDomain::new(DOMAIN).expect("a trust domain");
    let server_names = certs::SERVER_NAMES.map(String::from);
    let options = certs::Options {
        dir: &dir,
        trust_domain: &trust_domain,
        organizations: &[(north.clone(), Role::Contributor), (north.clone(), Role::Steward)],
        server_names: &server_names,
        days: certs::DAYS,
    };
    let mut made = certs::init(&options, now).expect("an empty folder");
    let auditor = certs::Subject::Member(&north, Role::Auditor);
    made.extend(certs::issue(&dir, auditor, 1, now).expect("the folder's authority"));
    let names: Vec<_> = made.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(
        names,
        [
            "ca.pem",
            "ca.key",
            "server.pem",
            "server.key",
            "north-isd.contributor.pem",
            "north-isd.contributor.key",
            "north-isd.steward.pem",
            "north-isd.steward.key",
            "north-isd.auditor.pem",
            "north-isd.auditor.key",
        ]
    );
    for path in made.iter().filter(|path| path.extension().is_some_and(|end| end == "key")) {
        let mode = fs::metadata(path).expect("made").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    assert_eq!(fs::metadata(&dir).expect("made").permissions().mode() & 0o777, 0o700);

    let before: Vec<_> = made.iter().map(|path| fs::read(path).expect("made")).collect();
    let error = certs::init(&options, now).expect_err("all is there");
    assert!(matches!(&error, certs::Error::Exists { path } if path.ends_with("ca.pem")), "{error}");
    let error = certs::issue(&dir, auditor, 1, now).expect_err("it is there");
    assert!(matches!(error, certs::Error::Exists { .. }), "{error}");
    let after: Vec<_> = made.iter().map(|path| fs::read(path).expect("made")).collect();
    assert_eq!(before, after, "nothing was touched");

    let server = Server::start(Setup::in_folder(dir.clone())).await;
    for role in [Role::Contributor, Role::Steward, Role::Auditor] {
        for server_name in &server_names {
            let file = |end| dir.join(format!("north-isd.{role}.{end}"));
            let options = channel::Options {
                address: server.address.to_string(),
                server_name: server_name.clone(),
                ca: dir.join("ca.pem"),
                certificate: file("pem"),
                key: file("key"),
                timeout: Duration::from_secs(10),
            };
            let channel = channel::connect(options).await.expect("a good certificate");
            assert_eq!(server.call(&channel).await.expect("served"), format!("north-isd {role}"));
            assert_eq!(server.last_peer().serial.len(), 32, "16 random bytes");
        }
    }
}

#[test]
fn certificates_are_not_made_from_what_makes_no_sense() {
    let (dir, now) = (tempfile::tempdir().expect("a folder"), Timestamp::now());
    let trust_domain = TrustDomain::new(DOMAIN).expect("a trust domain");
    let north = OrgId::new("north-isd").expect("an id");
    let server_names = ["not a name\u{e9}".to_owned()];
    let options = certs::Options {
        dir: &dir.path().join("new"),
        trust_domain: &trust_domain,
        organizations: &[],
        server_names: &server_names,
        days: 1,
    };
    assert!(matches!(certs::init(&options, now), Err(certs::Error::ServerName)));
    let member = certs::Subject::Member(&north, Role::Partner);
    assert!(matches!(certs::issue(dir.path(), member, 1, now), Err(certs::Error::Pem(_))));

    // An authority made elsewhere, and one whose certificate is not that of its key.
    let stranger = Authority::new("another");
    fs::copy(stranger.certificate(), dir.path().join("ca.pem")).expect("copied");
    let key = stranger.client(&partner("a")).key;
    fs::copy(key, dir.path().join("ca.key")).expect("copied");
    assert!(matches!(certs::issue(dir.path(), member, 1, now), Err(certs::Error::Authority { .. })));

    let fresh = certs::Options { dir: &dir.path().join("fresh"), server_names: &[], ..options };
    for days in [0, 3651] {
        let options = certs::Options { days, ..fresh };
        assert!(matches!(certs::init(&options, now), Err(certs::Error::Days)), "{days}");
        assert!(!options.dir.exists(), "nothing was made");
    }
}

async fn client_error(options: channel::Options) -> String {
    let error = channel::connect(options).await.expect_err("it can not connect");
    error.to_string()
}

#[tokio::test]
async fn a_client_says_what_is_wrong_on_its_side() {
    let server = Server::start(Setup::new()).await;
    let client = server.authority.client(&partner("north-isd"));
    let good = server.options(&client);

    let other = server.authority.client(&partner("other"));
    let wrong = channel::Options { key: other.key.clone(), ..good.clone() };
    assert!(client_error(wrong).await.contains("is not the key of"));

    let wrong = channel::Options { certificate: client.key.clone(), ..good.clone() };
    assert!(client_error(wrong).await.ends_with("is not a PEM file with a certificate"));

    let wrong = channel::Options { key: client.certificate.clone(), ..good.clone() };
    exposed_to(&client.certificate, 0o600);
    assert!(client_error(wrong).await.ends_with("is not a PEM file with a single private key"));

    let wrong = channel::Options { ca: server.dir().join("none.pem"), ..good.clone() };
    assert!(client_error(wrong).await.starts_with("cannot read "));

    let wrong = channel::Options { server_name: "data.example.org".into(), ..good.clone() };
    assert_eq!(client_error(wrong).await, "the server's certificate is for another name");

    let wrong = channel::Options { server_name: "not a name".into(), ..good.clone() };
    assert_eq!(client_error(wrong).await, "the server's name is neither a host name nor an address");

    let another = Authority::new("another");
    let wrong = channel::Options { ca: another.certificate(), ..good.clone() };
    assert_eq!(client_error(wrong).await, "the server's certificate is not trusted");

    for address in ["", "localhost", "a b:1", "http://localhost:1", "localhost:99999"] {
        let wrong = channel::Options { address: address.into(), ..good.clone() };
        let told = client_error(wrong).await;
        assert_eq!(told, "the server's address is not of the form host:port", "{address}");
    }

    exposed_to(&client.key, 0o640);
    assert!(client_error(good.clone()).await.ends_with("can be read by others, set its mode to 0600"));
    exposed_to(&client.key, 0o400);
    channel::connect(good).await.expect("narrower is fine");
}

#[tokio::test]
async fn a_client_tells_silence_from_refusal_and_nonsense() {
    let server = Server::start(Setup::new()).await;
    let client = server.authority.client(&partner("north-isd"));
    let at = |address: String, timeout| channel::Options { address, timeout, ..server.options(&client) };
    let long = Duration::from_secs(10);

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound").to_string();
    let told = client_error(at(address.clone(), Duration::from_millis(50))).await;
    assert_eq!(told, "the server did not answer in time");
    let _first = listener.accept().await.expect("the connection above");

    let answer = async {
        let (mut stream, _) = listener.accept().await.expect("loopback");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("written");
        stream
    };
    let (told, _held) = tokio::join!(client_error(at(address.clone(), long)), answer);
    assert_eq!(told, "the server does not speak HTTP/2 over TLS 1.3");

    drop(listener);
    assert_eq!(client_error(at(address, long)).await, "cannot reach the server");
}

#[tokio::test]
async fn the_server_does_not_start_with_files_that_can_not_work() {
    let setup = Setup::new();
    let load = |change: &dyn Fn(&mut tls::Files)| {
        let mut files = setup.files();
        change(&mut files);
        tls::Tls::load(files).expect_err("it can not work").to_string()
    };
    let client = setup.authority.client(&partner("north-isd"));
    let expired = setup.authority.issue(|params| {
        params.extended_key_usages = vec![Purpose::ServerAuth];
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 2, 1);
    });
    let empty = setup.dir().join("empty.pem");
    fs::write(&empty, "").expect("written");

    assert!(load(&|files| files.key = client.key.clone()).contains("is not the key of"));
    assert!(load(&|files| files.client_ca = empty.clone()).contains("empty.pem is not a PEM file"));
    assert!(load(&|files| files.key = empty.clone()).contains("empty.pem can be read by others"));
    assert!(load(&|files| files.certificate = empty.with_file_name("none")).starts_with("cannot read "));
    assert!(load(&|files| files.revocation = Some(files.client_ca.clone())).contains("revocation list"));
    for own in [&client, &expired] {
        let told = load(&|files| {
            files.certificate = own.certificate.clone();
            files.key = own.key.clone();
        });
        assert!(told.ends_with("would be refused"), "{told}");
    }
    let lists = [
        ("out of date", setup.authority.revocation_list(&[], 2020)),
        ("another's", Authority::new("another").revocation_list(&[], 2999)),
        ("a namesake's", Authority::new(setup.authority.name()).revocation_list(&[], 2999)),
    ];
    for (why, list) in lists {
        let path = setup.dir().join("crl.pem");
        fs::write(&path, list).expect("written");
        let told = load(&|files| files.revocation = Some(path.clone()));
        assert!(told.ends_with("would be refused"), "{why}: {told}");
    }
    exposed_to(&setup.files().key, 0o644);
    assert!(load(&|_| ()).ends_with("server.key can be read by others, set its mode to 0600"));
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().expect("ASCII"))
}

fn exposed_to(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
}
