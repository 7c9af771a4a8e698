//! Figures for those who run the service, and whether it is ready.

use crate::city::{AT_MOST, City};
use crate::vocabulary::question;
use std::io::{Read, Write};
use std::net::TcpStream;

impl City {
    /// Runs it with figures, at an address that it chooses; that address.
    fn restart_with_figures(&mut self) -> String {
        self.kill();
        let config = self.file("throughline.toml");
        let text = std::fs::read_to_string(&config).expect("init wrote it");
        std::fs::write(&config, format!("metrics = \"127.0.0.1:0\"\n{text}")).expect("written");
        self.restart();
        let log = std::fs::read_to_string(self.folder().join("stderr.log")).expect("a log");
        let (_, rest) = log.rsplit_once("address=").expect("it says where");
        rest.split_whitespace().next().expect("an address").to_owned()
    }
}

/// Asks for a path; the status and what follows the headers.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(AT_MOST)).expect("a time");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer of HTTP");
    (head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status"), body.to_owned())
}

/// The value of a line.
fn value(figures: &str, name: &str) -> Option<f64> {
    figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test]
async fn figures_count_calls_and_name_nobody() {
    let mut city = City::published().await;
    let address = city.restart_with_figures();
    let partner = city.partner().await;
    for _ in 0..3 {
        partner.query(question()).await.expect("an agreement covers it");
    }
    let refused = throughline::api::v1::QueryRequest { purpose: "curiosity".into(), ..question() };
    partner.query(refused).await.expect_err("no purpose");
    let (code, figures) = get(&address, "/metrics");
    assert_eq!(code, 200, "{figures}");
    let of = |name: &str| value(&figures, &format!("throughline_{name}"));
    assert_eq!(of("calls_total{rpc=\"Query\",code=\"Ok\"}"), Some(3.0), "{figures}");
    assert_eq!(of("calls_total{rpc=\"Query\",code=\"PermissionDenied\"}"), Some(1.0), "{figures}");
    assert_eq!(of("call_duration_seconds_count{rpc=\"Query\"}"), Some(4.0), "{figures}");
    assert_eq!(of("log_entries"), Some(city.log().len() as f64), "{figures}");
    assert_eq!((of("calls_running"), of("ready")), (Some(0.0), Some(1.0)), "{figures}");
    assert!(of("database_bytes") > Some(10_000.0), "{figures}");
    assert!(figures.ends_with("# EOF\n"), "{figures}");
    for name in ["northfield", "city-partnership", "city-outcomes", "chronic", "curiosity"] {
        assert!(!figures.contains(name), "{name}: {figures}");
    }
    assert_eq!(get(&address, "/ready"), (200, "ready\n".into()));
    assert_eq!(get(&address, "/").0, 404);
}
