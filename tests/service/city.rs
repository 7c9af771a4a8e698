//! A city's service: a folder, certificates, and the real program running in it.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;
use throughline::audit::VerifierKey;
use throughline::calendar::Timestamp;
use throughline::cli::certs;
use throughline::client::Session;
use throughline::client::channel::{self, Options, connect};
use throughline::records::OrgId;
use throughline::server::peer::{Role, TrustDomain};

/// Who has a certificate; only some of them are registered.
pub(crate) const MEMBERS: [(&str, Role); 9] = [
    ("city-steward", Role::Steward),
    ("northfield", Role::Contributor),
    ("eastbrook", Role::Contributor),
    ("city-partnership", Role::Partner),
    ("city-auditor", Role::Auditor),
    // Registered as a contributor only.
    ("northfield", Role::Partner),
    // Registered nowhere.
    ("stranger", Role::Contributor),
    ("stranger", Role::Steward),
    // Registered, but in no agreement.
    ("bystander", Role::Partner),
];

/// How a service is set up.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Setup {
    /// Refuse identifiers in the clear.
    pub(crate) encoded_only: bool,
    /// Log everything there is to log.
    pub(crate) trace: bool,
}

/// A service in a folder of its own. Dropping it ends the process and removes the folder.
pub(crate) struct City {
    folder: TempDir,
    setup: Setup,
    running: Option<Running>,
}

struct Running {
    process: Child,
    address: String,
}

/// How long anything may take that comes by itself. It is there for tests to fail and not to hang, so it is generous.
pub(crate) const AT_MOST: Duration = Duration::from_secs(60);

impl Drop for City {
    fn drop(&mut self) {
        self.kill();
    }
}

impl City {
    /// Makes certificates and an initialized service, and starts it.
    pub(crate) fn start(setup: Setup) -> Self {
        let folder = TempDir::new().expect("a folder");
        let domain = TrustDomain::new("city.example").expect("a trust domain");
        let members: Vec<_> =
            MEMBERS.iter().map(|(id, role)| (OrgId::new(id).expect("an id"), *role)).collect();
        let options = certs::Options {
            dir: &folder.path().join("certs"),
            trust_domain: &domain,
            organizations: &members,
            server_names: &["localhost".to_owned()],
            days: 1,
        };
        certs::init(&options, Timestamp::now()).expect("certificates");
        let mut city = Self { folder, setup, running: None };
        let mut init = city.program();
        init.args(["init", "service", "--steward", "city-steward", "--listen", "127.0.0.1:0"]);
        if setup.encoded_only {
            init.arg("--encoded-only");
        }
        let done = init.output().expect("the program runs");
        assert!(done.status.success(), "init: {}", String::from_utf8_lossy(&done.stderr));
        city.restart();
        city
    }

    /// The folder of everything.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the service.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder().join("service").join(name)
    }

    /// The program, about to run in the folder.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
        command.current_dir(self.folder()).stdin(Stdio::null()).env_remove("RUST_LOG");
        command
    }

    /// What the partner's `query` prints of chronic absence by race in a product, in the last school year.
    pub(crate) fn query(&self, product: &str, format: &[&str]) -> String {
        let mut query = self.program();
        query.args(["query", product, "chronic_absence", "--by", "race", "--year", "2025"]);
        query.args(["--agreement", "city-outcomes", "--purpose", "improvement"]);
        query.args(["--as", "city-partnership.partner", "--server"]);
        query.arg(self.address().replace("127.0.0.1", "localhost")).args(format);
        let done = query.output().expect("the program runs");
        assert!(done.status.success(), "query: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("UTF-8")
    }

    /// The command that serves.
    pub(crate) fn serve(&self) -> Command {
        let mut serve = self.program();
        serve.args(["serve", "--config", "service/throughline.toml"]);
        serve.env("RUST_LOG", if self.setup.trace { "trace" } else { "info" });
        serve
    }

    /// Ends the process at once, as a power cut would end it (SIGKILL).
    pub(crate) fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            // It may have ended by itself.
            let _ = running.process.kill();
            running.process.wait().expect("a child of ours");
        }
    }

    /// Ends the process if it runs, starts it again and waits until it listens.
    pub(crate) fn restart(&mut self) {
        self.start_as(self.serve());
    }

    /// As [`City::restart`], on a restored backup: nothing was destroyed since it was made.
    pub(crate) fn restart_restored(&mut self) {
        let mut serve = self.serve();
        serve.arg("--nothing-destroyed");
        self.start_as(serve);
    }

    /// As [`City::restart`], with a command of one's own.
    pub(crate) fn start_as(&mut self, serve: Command) {
        if !self.listens_as(serve) {
            let log = std::fs::read_to_string(self.folder().join("stderr.log")).unwrap_or_default();
            panic!("it does not listen: {log}")
        }
    }

    /// Starts with a library loaded that lets one call on the database fail; whether it listens.
    pub(crate) fn start_with_faults(&mut self, library: &Path, call: &str, at: usize, way: &str) -> bool {
        let mut serve = self.serve();
        serve.env("LD_PRELOAD", library).env("FAULT_CALL", call);
        serve.env("FAULT_AT", at.to_string()).env("FAULT_AS", way);
        self.listens_as(serve)
    }

    /// As [`City::restart`], with a command of one's own; whether it listens.
    pub(crate) fn listens_as(&mut self, mut serve: Command) -> bool {
        self.kill();
        let log = OpenOptions::new().create(true).append(true).open(self.folder().join("stderr.log"));
        serve.stdout(Stdio::piped()).stderr(log.expect("a log"));
        let mut process = serve.spawn().expect("the program runs");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("readable");
        let address = line.trim().strip_prefix("listening on ").map(str::to_owned);
        if address.is_none() {
            // It has ended, or is about to.
            let _ = process.kill();
            process.wait().expect("a child of ours");
        }
        self.running = address.map(|address| Running { process, address });
        self.running.is_some()
    }

    /// Asks the process to end (SIGTERM).
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends the process a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.running.as_ref().expect("it runs").process.id().to_string();
        let done = Command::new("kill").args([signal, &id]).status();
        assert!(done.expect("kill runs").success());
    }

    /// Waits for the process to end by itself; its exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let running = self.running.take().expect("it was started");
        ended(running.process).status.code()
    }

    /// Starts a service that can not start, and waits for its end.
    pub(crate) fn serve_to_its_end(&self) -> Output {
        let mut serve = self.serve();
        serve.stdout(Stdio::piped()).stderr(Stdio::piped());
        ended(serve.spawn().expect("the program runs"))
    }

    pub(crate) const fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.running.as_ref().expect("it runs").process.id()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.running.as_ref().expect("it runs").address
    }

    /// The log's public key, as clients pin it.
    pub(crate) fn log_key(&self) -> VerifierKey {
        let text = std::fs::read_to_string(self.file("log.vkey")).expect("init wrote it");
        text.trim().parse().expect("a key")
    }

    /// What a client needs to connect.
    pub(crate) fn options(&self, organization: &str, role: Role) -> Options {
        let certs = self.folder().join("certs");
        Options {
            address: self.address().to_owned(),
            server_name: "localhost".into(),
            ca: certs.join("ca.pem"),
            certificate: certs.join(format!("{organization}.{role}.pem")),
            key: certs.join(format!("{organization}.{role}.key")),
            timeout: Duration::from_secs(20),
        }
    }

    /// A new connection of an organization.
    pub(crate) async fn connect(&self, organization: &str, role: Role) -> Result<Session, channel::Error> {
        let channel = connect(self.options(organization, role)).await?;
        Ok(Session::new(channel, self.log_key()))
    }

    /// A new connection that must succeed.
    pub(crate) async fn session(&self, organization: &str, role: Role) -> Session {
        self.connect(organization, role).await.expect("the certificate is good")
    }

    /// A copy of a stopped service: same keys, same database, another folder.
    pub(crate) fn copy(&self) -> Self {
        assert!(self.running.is_none(), "the database must be at rest");
        let folder = TempDir::new().expect("a folder");
        copy_folder(self.folder(), folder.path());
        let config = folder.path().join("service/throughline.toml");
        let text = std::fs::read_to_string(&config).expect("init wrote it");
        let (old, new) = (self.folder().display().to_string(), folder.path().display().to_string());
        std::fs::write(config, text.replace(&old, &new)).expect("written");
        Self { folder, setup: self.setup, running: None }
    }
}

/// Waits for a process to end by itself. One that does not is killed, and the test fails.
fn ended(process: Child) -> Output {
    let id = process.id().to_string();
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || sender.send(process.wait_with_output()));
    let Ok(output) = ended.recv_timeout(AT_MOST) else {
        let killed = Command::new("kill").args(["-KILL", &id]).status();
        panic!("the service has not ended by itself within {AT_MOST:?} (killed: {killed:?})")
    };
    output.expect("a child of ours")
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("readable").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            // With its mode: keys stay readable by their owner alone.
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}
