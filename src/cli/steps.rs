//! The program's own commands, each as a process of its own, around one service in a folder.

use super::Failure;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// The folder that commands run in, and the service they reach. Dropping it stops the service.
pub(super) struct Steps {
    folder: PathBuf,
    program: PathBuf,
    service: Option<Child>,
    address: String,
}

/// How a service is started.
pub(super) const SERVE: [&str; 3] = ["serve", "--config", "service/throughline.toml"];

/// Limits that nothing runs into where the service is measured: they are there to be measured elsewhere.
const LIMITS: &str = "
[limits]
calls_per_second = 1000000
running_calls_max = 5000
running_calls_per_organization_max = 5000
";

impl Steps {
    pub(super) fn new(folder: PathBuf) -> Result<Self, Failure> {
        Ok(Self { folder, program: std::env::current_exe()?, service: None, address: String::new() })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Lifts the limits on calls of a service that has just been made.
    pub(super) fn lift_limits(&self) -> Result<(), Failure> {
        let config = self.path("service/throughline.toml");
        let text = std::fs::read_to_string(&config)?;
        Ok(std::fs::write(config, text + LIMITS)?)
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn service_id(&self) -> Option<u32> {
        self.service.as_ref().map(Child::id)
    }

    /// A command of the program, about to run in the folder.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).current_dir(&self.folder).stdin(Stdio::null());
        for name in ["THROUGHLINE_CERTS", "THROUGHLINE_AS", "THROUGHLINE_AGREEMENT", "THROUGHLINE_PURPOSE"] {
            command.env_remove(name);
        }
        command.env("THROUGHLINE_SERVER", &self.address);
        command
    }

    /// Runs a command to its end, which may be any.
    pub(super) fn run(&self, words: &[&str]) -> Result<Output, Failure> {
        Ok(self.command(words).output()?)
    }

    /// Runs a command that must succeed.
    pub(super) fn succeed(&self, words: &[&str]) -> Result<Output, Failure> {
        succeeded(words, self.run(words)?)
    }

    /// Runs a command that shows nothing.
    pub(super) fn quietly(&self, words: &[&str]) -> Result<(), Failure> {
        self.succeed(words).map(|_| ())
    }

    /// Starts the service and waits until it listens; the line in which it says so.
    pub(super) fn serve(&mut self, environment: &[(&str, &str)]) -> Result<String, Failure> {
        let log = std::fs::File::create(self.path("service.log"))?;
        let mut command = self.command(&SERVE);
        command.envs(environment.iter().copied());
        let mut service = command.stdout(Stdio::piped()).stderr(log).spawn()?;
        let stdout = service.stdout.take();
        // From here on it is stopped, whatever happens.
        self.service = Some(service);
        let mut line = String::new();
        if let Some(stdout) = stdout {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let line = line.trim().to_owned();
        let Some((_, address)) = line.rsplit_once(' ') else {
            let log = std::fs::read_to_string(self.path("service.log")).unwrap_or_default();
            return Err(Failure::new(format!("the service did not start: {}", log.trim())));
        };
        self.address = address.to_owned();
        Ok(line)
    }

    /// Kills the service and waits until it has gone.
    pub(super) fn stop(&mut self) {
        if let Some(mut service) = self.service.take() {
            // It may have gone by itself.
            let _ = service.kill();
            let _ = service.wait();
        }
    }

    /// Leaves the service up.
    pub(super) fn leave(mut self) {
        self.service = None;
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The output of a command that did what it should, though it may have refused some of it.
pub(super) fn succeeded(words: &[&str], output: Output) -> Result<Output, Failure> {
    match output.status.code() {
        Some(0 | 1) => Ok(output),
        _ => Err(Failure::new(format!(
            "throughline {} failed: {}",
            words.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        ))),
    }
}
