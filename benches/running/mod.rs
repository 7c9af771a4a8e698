//! A service that runs in a process of its own, with the practice city's papers, and what it is asked.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use throughline::api::v1 as pb;
use throughline::client::Session;
use throughline::client::channel::{Options, connect};

/// Children of the practice city.
const STUDENTS: &str = "8000";

/// By race and sex; two of its school years are asked, about a hundred cells.
const PRODUCT: &str = r#"
product = "city"
version = 1
title = "Students of the city"
profile = "nces-10"
mode = "suppress"
depth = 2
years = { from = 2021, to = 2025 }

[[indicators]]
name = "chronic_absence"
use = "chronic_absence"

[[dimensions]]
id = "race"
source = "race7"

[[dimensions]]
id = "sex"
source = "sex"
"#;

pub(crate) fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody reads the figures");
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    let done = command.current_dir(folder).args(arguments).output().expect("the program runs");
    // 1 says that some of it was refused, as some rows of the practice city are.
    let is_done = matches!(done.status.code(), Some(0 | 1));
    assert!(is_done, "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

pub(crate) fn set_up(folder: &Path, limits: &str) {
    run(folder, &["practice", "--students", STUDENTS, "--out", "city"]);
    std::fs::write(folder.join("product.toml"), PRODUCT).expect("written");
    let members = ["city-steward.steward", "northfield.contributor", "city-partnership.partner"];
    let members = members.iter().flat_map(|member| ["--for", member]);
    run(folder, &["certs", "init"].into_iter().chain(members).collect::<Vec<_>>());
    run(folder, &["init", "service", "--steward", "city-steward", "--listen", "127.0.0.1:0"]);
    let config = folder.join("service/throughline.toml");
    let text = std::fs::read_to_string(&config).expect("init wrote it");
    std::fs::write(config, text + limits).expect("written");
}

pub(crate) fn register(folder: &Path, service: &Service) {
    let steward = |arguments: &[&str]| {
        let all = [&["steward"], arguments, &["--server", &service.address]].concat();
        run(folder, &all);
    };
    steward(&["register", "northfield", "--role", "contributor"]);
    steward(&["register", "city-partnership", "--role", "partner"]);
    steward(&["agreement", "city/agreements/city-outcomes.toml"]);
    steward(&["product", "product.toml"]);
}

/// The program, serving.
pub(crate) struct Service {
    pub(crate) process: Child,
    pub(crate) address: String,
}

impl Service {
    pub(crate) fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
        command.current_dir(folder).args(["serve", "--config", "service/throughline.toml"]);
        command.env("RUST_LOG", "warn").stdout(Stdio::piped());
        let mut process = command.spawn().expect("the program runs");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("readable");
        let port = line.trim().rsplit_once(':').expect("listening on an address and a port").1;
        Self { process, address: format!("localhost:{port}") }
    }

    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        self.process.wait().expect("a child of ours");
    }

    pub(crate) async fn session(&self, folder: &Path, member: &str) -> Session {
        let certs = folder.join("certs");
        let options = Options {
            address: self.address.clone(),
            server_name: "localhost".into(),
            ca: certs.join("ca.pem"),
            certificate: certs.join(format!("{member}.pem")),
            key: certs.join(format!("{member}.key")),
            timeout: Duration::from_secs(10),
        };
        let log = std::fs::read_to_string(certs.join("log.vkey")).expect("init wrote it");
        let channel = connect(options).await.expect("it listens");
        Session::new(channel, log.trim().parse().expect("a key"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// About a hundred cells.
pub(crate) fn question() -> pb::QueryRequest {
    pb::QueryRequest {
        agreement: "city-outcomes".into(),
        purpose: "public_reporting".into(),
        product: "city".into(),
        indicator: "chronic_absence".into(),
        dimensions: vec!["race".into(), "sex".into()],
        periods: vec![2024, 2025],
        ..pb::QueryRequest::default()
    }
}

/// A percentile in milliseconds, by the nearest rank.
pub(crate) fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times[rank - 1].as_secs_f64() * 1_000.0
}
