//! `throughline audit receipt`.

use crate::audit::Receipt;
use crate::cli::screen::{self, say};
use crate::cli::{Done, Failure, Finish};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(in crate::cli) struct Saved {
    /// The file, as `query --receipt` writes it
    #[arg(value_name = "FILE.tlog-proof")]
    file: PathBuf,
    /// The log's public key as you have kept it
    #[arg(long, default_value = "certs/log.vkey", value_name = "FILE")]
    log_key: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Saved {
    pub(super) fn run(self) -> Done {
        let log = super::open_log(&self.log_key)?;
        let receipt = Receipt::from_saved(&read(&self.file)?)
            .map_err(|error| Failure::new(format!("{} {error}", self.file.display())))?;
        let proven = receipt.verify(&log, None, None)?;
        let entry: serde_json::Value = serde_json::from_slice(receipt.entry())?;
        let head = proven.checkpoint.checkpoint().head();
        if self.json {
            screen::json(&serde_json::json!({
                "origin": log.name(), "index": proven.index, "size": head.size, "root": head.root.to_string(),
                "entry": entry, "verified": true,
            }));
            return Ok(Finish::All);
        }
        say(&format!(
            "{}: entry {} of {} is in the log, as its signed checkpoint has it",
            log.name(),
            proven.index,
            head.size
        ));
        for (name, value) in entry.as_object().into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            say(&format!("  {name:<18} {text}"));
        }
        Ok(Finish::All)
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))
}
