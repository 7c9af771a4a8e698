//! The command line: one verb a file.
//!
//! Exit codes: 0 done, 1 done but some records were refused or some figures are not there, 2 stopped.
//! What is for people goes to standard error when it is progress and to standard output when it is the
//! result; `--json` and `--csv` are for machines.

mod audit;
mod backup;
mod bench;
mod certificates;
pub mod certs;
mod check;
mod config;
mod connect;
mod demo;
mod digest;
mod folder;
mod init;
mod keys;
mod limits;
mod link;
mod lists;
mod mappings;
mod panics;
mod practice;
mod push;
mod query;
mod recover;
mod report;
mod screen;
mod seal;
mod sending;
mod serve;
mod sources;
mod status;
mod steps;
mod steward;
mod table;
mod verify;
mod weights;
mod wrong;

use clap::{Parser, Subcommand};
use std::path::Path;
use std::process::ExitCode;

/// A table server for cradle-to-career data: records in, protected aggregates out, every answer proven.
#[derive(Parser)]
#[command(name = "throughline", version, about, long_about = LONG, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const LONG: &str = "\
A table server for cradle-to-career data.

Districts and agencies push records about students and services; the service turns names into keyed
encodings, links the records of one child, and answers partners only with aggregates in which small
groups are hidden. Every call is in a log that anyone can check.

Try it all on an invented city:      throughline demo
Exit codes: 0 done, 1 done but some records were refused or some figures are not there, 2 stopped.";

#[derive(Subcommand)]
enum Verb {
    /// Do everything once on an invented city, with real processes and certificates
    Demo(demo::Demo),
    /// Measure what this machine carries: intake, publishing, answers and starts, at growing sizes
    Bench(bench::Bench),
    /// Invent a city: the files its sources would export, and the truth
    Practice(practice::Practice),
    /// Make certificates for a service and the organizations that call it
    #[command(subcommand)]
    Certs(certificates::Certs),
    /// Make the folder of a new service: database, keys, configuration
    Init(init::Init),
    /// Show and change the linkage keys in a key file
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Run the service
    Serve(serve::Serve),
    /// Say what protects a service as it is configured, and what is wrong with that, without starting it
    Config(config::Config),
    /// Copy the database of a running or stopped service, and check the copy
    Backup(backup::Backup),
    Recover(recover::Recover),
    /// Read export files and say what is wrong with them, sending nothing
    Check(check::Check),
    /// Send the records of export files to the service
    Push(push::Push),
    /// Say what the service holds of your own records, and what waits for a roster
    Status(status::Status),
    /// Run a collaboration: organizations, agreements, products, editions
    #[command(subcommand)]
    Steward(steward::Steward),
    /// List the indicators the service can count, with their definitions
    Indicators(lists::Indicators),
    /// List the data products that can be asked
    Products(lists::Products),
    /// Ask for a table
    Query(query::Query),
    /// Make figures of protected tables: gaps, targets, comparisons, series, and the lists of national networks
    Report(Box<report::Report>),
    /// Hide cells of tables so that no sensitive one can be worked out, and prove it
    Seal(Box<seal::Seal>),
    /// Link the records of files: encode them, learn from the encodings, bring together who is one person
    Link(link::Link),
    /// Read and check the access log
    #[command(subcommand)]
    Audit(audit::Audit),
}

/// What a verb ends with.
type Done = Result<Finish, Failure>;

/// A verb ended as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finish {
    /// Everything was done.
    All,
    /// It was done, but some records were refused, or some figures of a report are not there.
    SomeRefused,
}

/// A verb stopped. It shows the whole chain of causes.
struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        let mut text = error.to_string();
        for cause in causes {
            let cause = cause.to_string();
            // A transparent error repeats its cause.
            if !text.ends_with(&cause) {
                text = format!("{text}: {cause}");
            }
        }
        Self(text)
    }
}

impl Failure {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    panics::hold_their_tongue();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed terminal is no reason to fail.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let done = match cli.verb {
        Verb::Demo(verb) => verb.run(),
        Verb::Bench(verb) => verb.run(),
        Verb::Practice(verb) => verb.run(),
        Verb::Certs(verb) => verb.run(),
        Verb::Init(verb) => verb.run(),
        Verb::Keys(verb) => verb.run(),
        Verb::Serve(verb) => verb.run(),
        Verb::Config(verb) => verb.run(),
        Verb::Backup(verb) => verb.run(),
        Verb::Recover(verb) => verb.run(),
        Verb::Check(verb) => verb.run(),
        Verb::Push(verb) => verb.run(),
        Verb::Status(verb) => verb.run(),
        Verb::Steward(verb) => verb.run(),
        Verb::Indicators(verb) => verb.run(),
        Verb::Products(verb) => verb.run(),
        Verb::Query(verb) => verb.run(),
        Verb::Report(verb) => verb.run(),
        Verb::Seal(verb) => verb.run(),
        Verb::Link(verb) => verb.run(),
        Verb::Audit(verb) => verb.run(),
    };
    match done {
        Ok(Finish::All) => ExitCode::SUCCESS,
        Ok(Finish::SomeRefused) => ExitCode::from(1),
        Err(Failure(text)) => {
            screen::note(&format!("throughline: {text}"));
            ExitCode::from(2)
        }
    }
}

/// The folder a file is in.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Runs a future to its end on a runtime of its own.
fn wait<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(future);
    // A service that ends while it seals does not wait for a seal that nobody gets.
    runtime.shutdown_background();
    result
}
