//! `throughline audit certificates` and `throughline audit certificate`.

use crate::api::v1 as pb;
use crate::audit::Certificate;
use crate::cli::connect::Connect;
use crate::cli::screen::{self, say};
use crate::cli::steward::ask;
use crate::cli::table::{Align, Table};
use crate::cli::{Done, Failure, Finish};
use prost::Message;
use std::path::PathBuf;

/// What was destroyed, and its certificates: of your own data and agreements, as an auditor or steward all
#[derive(clap::Args)]
pub(in crate::cli) struct List {
    /// The folder to write the certificates to
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
        let name = |of: &pb::DestructionSummary| format!("destruction-{}.txt", of.number);
        let is_certified = |of: &&pb::DestructionSummary| !of.certificate.is_empty();
        if let Some(folder) = &self.out {
            std::fs::create_dir_all(folder)?;
            for of in list.iter().filter(is_certified) {
                // What the service says is checked before anybody keeps it.
                Certificate::open(&of.certificate, session.log_key()).map_err(|error| {
                    Failure::new(format!("the certificate of destruction {} {error}", of.number))
                })?;
                std::fs::write(folder.join(name(of)), &of.certificate)?;
            }
        }
        if self.json {
            let rows = list.iter().map(|of| {
                serde_json::json!({
                    "number": of.number, "scope": of.scope, "id": of.id, "erased": of.erased,
                    "because": of.because,
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
                (true, Some(_)) => name(of),
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

impl Check {
    pub(super) fn run(self) -> Done {
        let log = super::open_log(&self.log_key)?;
        let text = std::fs::read_to_string(&self.file)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", self.file.display())))?;
        let opened = Certificate::open(&text, &log)
            .map_err(|error| Failure::new(format!("{} {error}", self.file.display())))?;
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
