//! `throughline audit certificates` and `throughline audit certificate`.

use crate::api::v1 as pb;
use crate::audit::{Certificate, Hash, VerifierKey};
use crate::cli::connect::Connect;
use crate::cli::screen::{self, say};
use crate::cli::steward::ask;
use crate::cli::table::{Align, Table};
use crate::cli::{Done, Failure, Finish};
use prost::Message;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What was destroyed, and its certificates: of your own data and agreements, as an auditor or steward all
#[derive(clap::Args)]
pub(in crate::cli) struct List {
    /// The folder to write the certificates to, and how much was destroyed, where you may hear of it
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Call as this role
    #[arg(long, default_value = "auditor", value_parser = ["auditor", "steward", "contributor", "partner"])]
    role: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

/// Check a certificate of destruction, without the service, and print it
#[derive(clap::Args)]
pub(in crate::cli) struct Check {
    /// The certificate
    file: PathBuf,
    /// How much was destroyed: a text that the certificate should have the digest of; may be given several times
    #[arg(long, value_name = "FILE")]
    counts: Vec<PathBuf>,
    /// The log's public key as you have kept it
    #[arg(long, default_value = "certs/log.vkey", value_name = "FILE")]
    log_key: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self) -> Done {
        let session = self.connect.session(&self.role).await?;
        let list = ask!(session, audit, list_destructions, pb::ListDestructionsRequest {}).destructions;
        let is_certified = |of: &&pb::DestructionSummary| !of.certificate.is_empty();
        if let Some(folder) = &self.out {
            std::fs::create_dir_all(folder)?;
            for of in list.iter().filter(is_certified) {
                let opened = check(&of.certificate, session.log_key())?;
                keep(&folder.join(name(&opened, &of.certificate)), &of.certificate)?;
                for counts in &of.counts {
                    if !opened.vouches_for(counts) {
                        let number = of.number;
                        return Err(Failure::new(format!(
                            "the certificate of destruction {number} does not have the digest of its counts"
                        )));
                    }
                    keep(&folder.join(name_of_counts(&opened, &of.certificate, counts)), counts)?;
                }
            }
        }
        if self.json {
            let rows = list.iter().map(|of| {
                serde_json::json!({
                    "number": of.number, "scope": of.scope, "id": of.id, "erased": of.erased,
                    "because": of.because, "counts": of.counts,
                    "certificate": Some(&of.certificate).filter(|text| !text.is_empty()),
                })
            });
            screen::json(&rows.collect());
            return Ok(Finish::All);
        }
        let headings = [
            ("Number", Align::Right),
            ("Of", Align::Left),
            ("Erased", Align::Left),
            ("Certificate", Align::Left),
            ("Why", Align::Left),
        ];
        let mut table = Table::new(&headings);
        for of in &list {
            let certificate = match (is_certified(&of), &self.out) {
                (false, _) => "not yet: bytes may remain".to_owned(),
                (true, Some(_)) => name(&check(&of.certificate, session.log_key())?, &of.certificate),
                (true, None) => "yes".to_owned(),
            };
            let scope = format!("{} {}", of.scope, of.id);
            table.row([of.number.to_string(), scope, of.erased.clone(), certificate, of.because.clone()]);
        }
        match list.is_empty() {
            true => say("nothing was destroyed"),
            false => say(&table.print()),
        }
        Ok(Finish::All)
    }
}

/// Checks what the service says is a certificate before anybody keeps it.
pub(in crate::cli) fn check(certificate: &str, log: &VerifierKey) -> Result<Certificate, Failure> {
    Certificate::open(certificate, log)
        .map_err(|error| Failure::new(format!("the certificate the service has sent {error}")))
}

/// A name that no certificate of another destruction has, also not one of the same number: after a restored backup numbers
/// are given again.
fn name(opened: &Certificate, certificate: &str) -> String {
    let (kind, id) = (opened.scope.kind(), opened.scope.id());
    let number = opened.text.lines().find_map(|line| line.strip_prefix("number: ")).unwrap_or_default();
    let number: u32 = number.parse().unwrap_or_default();
    format!("destruction-{number}-{kind}-{id}-{}.txt", short(certificate))
}

fn name_of_counts(opened: &Certificate, certificate: &str, counts: &str) -> String {
    let name = name(opened, certificate);
    format!("{}-counts-{}.txt", name.trim_end_matches(".txt"), short(counts))
}

fn short(text: &str) -> String {
    Hash::of(text.as_bytes()).to_string().chars().take(8).collect()
}

/// Writes a file that is not there yet. What is there stays: it may be the only certificate of something else.
pub(in crate::cli) fn keep(path: &Path, text: &str) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
    match std::fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| {
            // Half of it would take its name for good. Should it stay, whoever comes next is told of it.
            let _ = std::fs::remove_file(path);
            cannot(error)
        }),
        Err(_) if std::fs::read(path).is_ok_and(|known| known == text.as_bytes()) => Ok(()),
        Err(error) => Err(cannot(error)),
    }
}

impl Check {
    pub(super) fn run(self) -> Done {
        let log = super::open_log(&self.log_key)?;
        let text = std::fs::read_to_string(&self.file)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", self.file.display())))?;
        let opened = Certificate::open(&text, &log)
            .map_err(|error| Failure::new(format!("{} {error}", self.file.display())))?;
        for path in &self.counts {
            let counts = std::fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
            if !opened.vouches_for(&counts) {
                return Err(Failure::new(format!("{} is not what the certificate is about", path.display())));
            }
        }
        let (index, head) = (opened.proven.index, opened.proven.checkpoint.checkpoint().head());
        if self.json {
            screen::json(&serde_json::json!({
                "scope": opened.scope.kind(), "id": opened.scope.id(), "erased": opened.erased.to_string(),
                "text": opened.text, "origin": log.name(), "index": index, "size": head.size, "verified": true,
            }));
            return Ok(Finish::All);
        }
        say(&opened.text);
        say(&format!(
            "{}: signed by the log, and entry {index} of {} has its digest, as the signed checkpoint has it",
            log.name(),
            head.size
        ));
        Ok(Finish::All)
    }
}
