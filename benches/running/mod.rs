//! A service that runs in a process of its own, on the same machine as its clients.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use throughline::api::v1 as pb;
use throughline::client::Session;
use throughline::client::channel::{Options, connect};

pub(crate) fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody reads the figures");
}

/// Runs the program; what it printed.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    let done = command.current_dir(folder).args(arguments).output().expect("the program runs");
    // 1 says that some of it was refused, as some rows of the practice city are.
    let is_done = matches!(done.status.code(), Some(0 | 1));
    assert!(is_done, "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8")
}

/// Makes certificates and a service, with these limits at the end of its configuration.
pub(crate) fn set_up(folder: &Path, limits: &str) {
    let members = ["city-steward.steward", "northfield.contributor", "city-partnership.partner"];
    let members = members.iter().flat_map(|member| ["--for", member]);
    run(folder, &["certs", "init"].into_iter().chain(members).collect::<Vec<_>>());
    run(folder, &["init", "service", "--steward", "city-steward", "--listen", "127.0.0.1:0"]);
    let config = folder.join("service/throughline.toml");
    let text = std::fs::read_to_string(&config).expect("init wrote it");
    std::fs::write(config, format!("{text}\n[limits]\n{limits}\n")).expect("written");
}

/// Registers a source and a partner, with their agreement and the product in `product.toml`.
pub(crate) fn register(folder: &Path, service: &Service, agreement: &str) {
    for arguments in [
        &["register", "northfield", "--role", "contributor"][..],
        &["register", "city-partnership", "--role", "partner"],
        &["agreement", agreement],
        &["product", "product.toml"],
    ] {
        run(folder, &[&["steward"], arguments, &["--server", &service.address]].concat());
    }
}

/// What the partner asks about chronic absence.
pub(crate) fn question(dimensions: &[&str], periods: &[u32]) -> pb::QueryRequest {
    pb::QueryRequest {
        agreement: "city-outcomes".into(),
        purpose: "public_reporting".into(),
        product: "city".into(),
        indicator: "chronic_absence".into(),
        dimensions: dimensions.iter().map(ToString::to_string).collect(),
        periods: periods.to_vec(),
        ..pb::QueryRequest::default()
    }
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

/// A percentile in milliseconds, by the nearest rank.
pub(crate) fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times[rank - 1].as_secs_f64() * 1_000.0
}
