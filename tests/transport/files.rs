//! Files that are made, files that can not work, and what is said about them.

use crate::authority::{Authority, DOMAIN, partner};
use crate::harness::{Server, Setup};
use rcgen::ExtendedKeyUsagePurpose as Purpose;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use throughline::calendar::Timestamp;
use throughline::cli::certs;
use throughline::client::channel;
use throughline::records::OrgId;
use throughline::server::peer::{Role, TrustDomain};
use throughline::server::tls;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

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
    let server_names = certs::SERVER_NAMES.map(String::from);
    let new = dir.path().join("new");
    let options = certs::Options {
        dir: &new,
        trust_domain: &trust_domain,
        organizations: &[],
        server_names: &server_names,
        days: 1,
    };
    for days in [0, 3651] {
        let error = certs::init(&certs::Options { days, ..options }, now).expect_err("no such length");
        assert!(matches!(error, certs::Error::Days), "{days}: {error}");
    }
    for names in [vec![], vec!["not a name".to_owned()], vec!["localhost".to_owned(), "caf\u{e9}".to_owned()]]
    {
        let error =
            certs::init(&certs::Options { server_names: &names, ..options }, now).expect_err("bad names");
        assert!(matches!(error, certs::Error::ServerName), "{names:?}: {error}");
    }
    assert!(!new.exists(), "nothing was made");
    let member = certs::Subject::Member(&north, Role::Partner);
    assert!(matches!(certs::issue(dir.path(), member, 1, now), Err(certs::Error::Pem(_))));

    // An authority made elsewhere, and one whose certificate is not that of its key.
    let stranger = Authority::new("another");
    fs::copy(stranger.certificate(), dir.path().join("ca.pem")).expect("copied");
    let key = stranger.client(&partner("a")).key;
    fs::copy(key, dir.path().join("ca.key")).expect("copied");
    assert!(matches!(certs::issue(dir.path(), member, 1, now), Err(certs::Error::Authority { .. })));
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

fn exposed_to(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
}
