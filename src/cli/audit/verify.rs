//! `throughline audit verify`.

use super::open_log;
use super::reading::{self, Item};
use crate::audit::{DEADLINE, Decision, NotOfTree, OrganizationTrees};
use crate::cli::screen::{self, counted, say};
use crate::cli::{Done, Failure, Finish};
use crate::records::Code;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Check an exported log, entry by entry, without the service
#[derive(clap::Args)]
pub(in crate::cli) struct Verify {
    /// The exported folder
    folder: PathBuf,
    /// The log's public key as you have kept it
    #[arg(long, default_value = "certs/log.vkey", value_name = "FILE")]
    log_key: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What the entries of a log come to.
#[derive(Default)]
struct Counts {
    n_refused: u64,
    n_released: u64,
    /// Calls that have begun and of which nothing was decided.
    begun: BTreeMap<Code, u64>,
    organizations: OrganizationTrees,
    /// The first entry that is not in the tree of its organization.
    flaw: Option<(u64, NotOfTree)>,
}

impl Counts {
    fn take(&mut self, Item { index, leaf, entry }: Item) {
        if self.flaw.is_none() {
            self.flaw = self.organizations.check(&entry, leaf).err().map(|flaw| (index, flaw));
        }
        self.n_refused += u64::from(entry.decision == Decision::Refused);
        self.n_released += u64::from(entry.cells_shown.is_some());
        match entry.decision {
            Decision::Intended => _ = self.begun.insert(entry.request_id, index),
            // The caller was told that it takes too long; what became of the call is told by another entry.
            Decision::Refused if entry.rule.as_str() == DEADLINE => {}
            Decision::Allowed | Decision::Refused => _ = self.begun.remove(&entry.request_id),
        }
    }
}

impl Verify {
    pub(super) fn run(self) -> Done {
        let log = open_log(&self.log_key)?;
        let mut counts = Counts::default();
        let signed = reading::read(&self.folder, &log, |item| counts.take(item))?;
        let Counts { n_refused, n_released, begun, flaw, .. } = counts;
        if let Some((index, flaw)) = flaw {
            return Err(Failure::new(format!("entry {index} {flaw}")));
        }
        let open: BTreeSet<u64> = begun.into_values().collect();
        let head = signed.checkpoint().head();
        if self.json {
            screen::json(&serde_json::json!({
                "origin": signed.checkpoint().origin(), "size": head.size, "root": head.root.to_string(),
                "released": n_released, "refused": n_refused, "without_outcome": open, "verified": true,
            }));
        } else {
            say(&format!(
                "{}: every entry, every tile, the root and the tree of every organization were recomputed",
                signed.checkpoint().origin()
            ));
            say(&format!(
                "{} up to the signed checkpoint, {}, {} refused",
                counted(head.size, "entry", "entries"),
                counted(n_released, "released table", "released tables"),
                counted(n_refused, "call", "calls")
            ));
            if !open.is_empty() {
                let indices: Vec<_> = open.iter().map(u64::to_string).collect();
                say(&format!(
                    "{} without an outcome, under way at the time or cut off with the service: {}",
                    counted(open.len() as u64, "call", "calls"),
                    indices.join(", ")
                ));
            }
        }
        Ok(Finish::All)
    }
}
