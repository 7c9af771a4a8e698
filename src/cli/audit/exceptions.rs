//! `throughline audit exceptions`.

use crate::api::v1 as pb;
use crate::audit::{Exception, Exceptions, Hash, Head, Review, VerifierKey, WorkingHours};
use crate::cli::connect::Connect;
use crate::cli::screen::{self, count, counted, say};
use crate::cli::steward::ask;
use crate::cli::table::{Align, Table};
use crate::cli::{Done, Failure, Finish};
use prost::Message;
use std::path::PathBuf;

/// What to look at first in an exported log
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes: 0 there is nothing, 1 there is something to look at, 2 stopped. Begins after the last review that was signed
off, unless --all is given.")]
pub(in crate::cli) struct Find {
    /// The exported folder
    folder: PathBuf,
    /// The log's public key as you have kept it
    #[arg(long, default_value = "certs/log.vkey", value_name = "FILE")]
    log_key: PathBuf,
    /// From the first entry on, reviewed or not
    #[arg(long)]
    all: bool,
    /// Hours at which people work, to find what they do at others
    #[arg(long, value_name = "FROM-TO", value_parser = hours)]
    hours: Option<(u32, u32)>,
    /// Hours that their clock is ahead of UTC
    #[arg(long, default_value_t = 0, value_name = "HOURS", allow_hyphen_values = true, requires = "hours")]
    ahead: i32,
    /// Sign the review off: the service puts on record who has reviewed the log, up to which entry, and how many exceptions
    #[arg(long)]
    sign_off: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

fn hours(text: &str) -> Result<(u32, u32), String> {
    let parsed = text.split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    parsed
        .filter(|(from, to)| from < to && *to <= 24)
        .ok_or_else(|| "is not two hours of a day, such as 6-20".into())
}

impl Find {
    pub(super) fn run(self) -> Done {
        let log: VerifierKey = super::open_log(&self.log_key)?;
        let hours = self.hours.map(|(from, to)| WorkingHours { from, to, ahead: self.ahead });
        let mut exceptions = Exceptions::new(hours);
        let signed =
            super::reading::read(&self.folder, &log, |item| exceptions.take(item.index, &item.entry))?;
        let head = signed.checkpoint().head();
        let review = if self.all { None } else { exceptions.review().cloned() };
        let reviewed = review.as_ref().map_or(0, |review| review.size);
        let found = exceptions.finish(reviewed);
        if self.json {
            screen::json(&serde_json::json!({
                "from": reviewed, "reviewed": review.as_ref().map(|review| serde_json::json!({
                    "organization": review.organization, "principal": review.principal, "time": review.time.to_string(),
                })), "size": head.size, "root": head.root.to_string(),
                "exceptions": found.iter().map(json).collect::<Vec<_>>(),
            }));
        } else {
            say(&since(review.as_ref(), head.size, found.len() as u64));
            print(&found);
        }
        if self.sign_off {
            let found = found.iter().map(json).collect::<Vec<_>>();
            let findings = Hash::of(serde_json::to_string(&found)?.as_bytes());
            crate::cli::wait(sign_off(&self.connect, head, found.len() as u64, findings))?;
        }
        Ok(if found.is_empty() { Finish::All } else { Finish::SomeRefused })
    }
}

async fn sign_off(connect: &Connect, head: Head, n_exceptions: u64, findings: Hash) -> Result<(), Failure> {
    let session = connect.session("auditor").await?;
    let request = pb::SignOffRequest {
        size: head.size,
        root: head.root.as_bytes().to_vec(),
        exceptions: n_exceptions,
        findings: findings.as_bytes().to_vec(),
    };
    let response = ask!(session, audit, sign_off, request);
    screen::note(&format!("signed off, up to a log of {}", counted(response.size, "entry", "entries")));
    Ok(())
}

/// What was looked at, and how much was found.
fn since(review: Option<&Review>, size: u64, n_found: u64) -> String {
    let found = counted(n_found, "exception", "exceptions");
    let Some(review) = review else { return format!("{}: {found}", counted(size, "entry", "entries")) };
    let by: Vec<_> = [
        review.organization.as_ref().map(ToString::to_string),
        review.principal.as_ref().map(ToString::to_string),
    ]
    .into_iter()
    .flatten()
    .collect();
    format!(
        "{} since the review of the first {}, signed off by {} on {}: {found}",
        counted(size - review.size, "entry", "entries"),
        count(review.size),
        by.join(", "),
        review.time
    )
}

fn json(found: &Exception) -> serde_json::Value {
    serde_json::json!({
        "kind": found.kind.name(), "organization": found.organization, "first": found.first, "last": found.last,
        "since": found.since.to_string(), "calls": found.n, "about": found.about,
    })
}

fn print(found: &[Exception]) {
    if found.is_empty() {
        return;
    }
    let headings = [
        ("What", Align::Left),
        ("Organization", Align::Left),
        ("Since", Align::Left),
        ("Calls", Align::Right),
        ("Entries", Align::Left),
        ("About", Align::Left),
    ];
    let mut table = Table::new(&headings);
    for of in found {
        let entries = match of.first == of.last {
            true => of.first.to_string(),
            false => format!("{} to {}", of.first, of.last),
        };
        let organization = of.organization.as_ref().map(ToString::to_string).unwrap_or_default();
        let since = of.since.to_string();
        table.row([of.kind.to_string(), organization, since, count(of.n), entries, of.about.clone()]);
    }
    say(&table.print());
}
