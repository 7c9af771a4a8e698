//! From the first connection to the last: caps, revocation, new files, shutdown.

use crate::authority::{partner, uri};
use crate::handshake::refused;
use crate::harness::{Server, Setup, within};
use std::fs;
use std::time::Duration;
use throughline::client::channel::{self, Error};
use throughline::server::refusal::Reason;
use time::OffsetDateTime;
use tonic::Code;

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
async fn an_open_connection_ends_with_its_certificate() {
    let setup = Setup::new().with(|settings| settings.recheck_every = Duration::from_millis(10));
    let mut server = Server::start(setup).await;
    let client = server.authority.issue(|params| {
        params.subject_alt_names = vec![uri(&partner("north-isd"))];
        params.not_after = OffsetDateTime::now_utc() + Duration::from_secs(3);
    });
    let channel = channel::connect(server.options(&client)).await.expect("still good");
    assert_eq!(server.call(&channel).await.expect("served"), "north-isd partner");
    assert_eq!(server.next_refused().await, Reason::Expired);
    server.call(&channel).await.expect_err("cut");
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
