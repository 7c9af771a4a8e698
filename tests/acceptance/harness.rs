//! A service of its own for each test, and the command line against it.

use serde::Deserialize;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");

/// The data beside the checkout; nothing when they are missing, which only a CI machine may not allow.
pub(crate) fn shared() -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if shared.exists() {
        return Some(shared);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "the shared data are missing");
    say("skipped: the shared data are not beside the checkout");
    None
}

/// Says something to whoever runs the tests.
#[expect(clippy::print_stderr, reason = "tests print what they measured")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// A running service, with certificates, in a temporary folder.
pub(crate) struct Service {
    folder: TempDir,
    server: Child,
    address: String,
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// What it printed, as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", self.stdout, self.stderr))
    }
}

/// A cell of an answer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Cell {
    pub(crate) period: u32,
    pub(crate) categories: Vec<String>,
    pub(crate) mark: String,
    pub(crate) denominator: Option<u64>,
    pub(crate) numerator: Option<u64>,
    pub(crate) value: Option<f64>,
    pub(crate) deviation: Option<f64>,
    pub(crate) code: Option<Code>,
}

/// What is printed for a share in place of its numbers.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Code {
    pub(crate) label: String,
}

impl Cell {
    /// Whether its people and its value are there.
    pub(crate) fn is_shown(&self) -> bool {
        self.mark == "shown"
    }
}

/// What an organization of [`Service::start`] asks under.
pub(crate) const AGREEMENT: &str = "acceptance";

impl Service {
    /// Makes certificates and a service, starts it, and registers `sources` under one agreement.
    pub(crate) fn start(sources: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut members: Vec<String> = sources.iter().map(|id| format!("{id}.contributor")).collect();
        members.extend(["city-partnership.partner".into(), "city-steward.steward".into()]);
        let mut certs = vec!["certs", "init", "--dir", "certs"];
        certs.extend(members.iter().flat_map(|member| ["--for", member]));
        run(folder.path(), "", &certs).done();
        let listen = ["--certs", "certs", "--listen", "127.0.0.1:0"];
        let init = [&["init", "service", "--steward", "city-steward"][..], &listen].concat();
        run(folder.path(), "", &init).done();
        let log = std::fs::File::create(folder.path().join("service.log")).expect("a log file");
        let mut server = command(folder.path(), "")
            .args(["serve", "--config", "service/throughline.toml"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = server.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the service says where it listens");
        let port = line.trim().rsplit(':').next().expect("an address has a port");
        let address = format!("localhost:{port}");
        let service = Self { folder, server, address };
        for source in sources {
            service.run(&["steward", "register", source, "--role", "contributor"]).done();
        }
        service.run(&["steward", "register", "city-partnership", "--role", "partner"]).done();
        service.load("agreement", &agreement(sources));
        service
    }

    /// Runs the program as a client of this service.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(self.folder.path(), &self.address, arguments)
    }

    /// Has the steward load a document.
    pub(crate) fn load(&self, kind: &str, document: &str) {
        let file = self.folder.path().join("document.toml");
        std::fs::write(&file, document).expect("a document");
        self.run(&["steward", kind, "document.toml"]).done();
    }

    /// Has the steward load a document that the service refuses, and returns why.
    pub(crate) fn refused(&self, kind: &str, document: &str) -> String {
        let file = self.folder.path().join("document.toml");
        std::fs::write(&file, document).expect("a document");
        let ended = self.run(&["steward", kind, "document.toml"]);
        assert_eq!(ended.code, 2, "{}", ended.stdout);
        ended.stderr
    }

    /// Pushes a folder as `source`.
    pub(crate) fn push(&self, folder: &Path, source: &str) -> Ended {
        let (folder, identity) = (folder.display().to_string(), format!("{source}.contributor"));
        self.run(&["push", &folder, "--as", &identity, "--json"])
    }

    /// Publishes an edition and returns its report.
    pub(crate) fn publish(&self) -> Value {
        self.run(&["steward", "publish", "--json"]).done().json()
    }

    /// Asks for an indicator of a product, for all years.
    pub(crate) fn ask(&self, product: &str, indicator: &str, by: &[&str], at: &[&str]) -> Vec<Cell> {
        let mut arguments = vec!["query", product, indicator, "--purpose", "evaluation", "--json"];
        arguments.extend(by.iter().flat_map(|dimension| ["--by", dimension]));
        arguments.extend(at.iter().flat_map(|filter| ["--where", filter]));
        let mut answer = self.run(&arguments).done().json();
        serde_json::from_value(answer["cells"].take()).expect("an answer has cells")
    }
}

impl Ended {
    /// Checks that everything was done.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn command(folder: &Path, address: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .current_dir(folder)
        .env("THROUGHLINE_CERTS", folder.join("certs"))
        .env("THROUGHLINE_SERVER", address)
        .env("THROUGHLINE_AGREEMENT", AGREEMENT)
        .env("RUST_LOG", "warn")
        .env_remove("THROUGHLINE_AS")
        .env_remove("THROUGHLINE_LINKAGE_KEY");
    command
}

fn run(folder: &Path, address: &str, arguments: &[&str]) -> Ended {
    let output = command(folder, address).args(arguments).output().expect("the program starts");
    Ended {
        code: output.status.code().expect("it was not killed"),
        stdout: String::from_utf8(output.stdout).expect("it prints UTF-8"),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Links files of a folder, and returns the report.
pub(crate) fn link(folder: &Path, arguments: &[&str]) -> Value {
    run(folder, "", &[&["link", "--json"], arguments].concat()).done().json()
}

/// An agreement that allows everything.
fn agreement(sources: &[&str]) -> String {
    format!(
        r#"
agreement = "{AGREEMENT}"
version = 1
title = "Acceptance"
basis = "studies"
purposes = ["evaluation"]
begins = "2020-01-01"
expires = "2099-06-30"
destruction = "2099-12-31"
profile = "nces-10"
cell_min = 10

[parties]
sources = {sources:?}
partners = ["city-partnership"]

[permits]
products = ["*"]
indicators = ["*"]
dimensions = ["*"]
years = {{ from = 1970, to = 2050 }}
"#
    )
}
