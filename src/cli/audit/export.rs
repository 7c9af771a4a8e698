//! `throughline audit export`.

use super::openings::Openings;
use crate::api::{Logged, v1 as pb};
use crate::audit::{SignedCheckpoint, tile};
use crate::cli::connect::Connect;
use crate::cli::screen::{self, counted, say};
use crate::cli::{Done, Failure, Finish};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(in crate::cli) struct Export {
    /// The folder to write
    folder: PathBuf,
    /// Call as this role
    #[arg(long, default_value = "auditor", value_parser = ["auditor", "steward"])]
    role: String,
    #[command(flatten)]
    connect: Connect,
}

impl Export {
    pub(super) async fn run(self) -> Done {
        let session = self.connect.session(&self.role).await?;
        if self.folder.join("checkpoint").exists() {
            return Err(Failure::new(format!("{} holds a log already", self.folder.display())));
        }
        let stream =
            session.audit().export_log(pb::ExportLogRequest {}).await.map_err(crate::client::Error::from)?;
        let mut stream = stream.into_inner();
        let (mut tiler, mut checkpoint, mut n_entries) = (tile::Tiler::new(), String::new(), 0);
        let mut openings = Openings::default();
        let bar = screen::bar(None, "entries");
        while let Some(part) = stream.message().await.map_err(crate::client::Error::from)? {
            if !part.checkpoint.is_empty() {
                session.entry(part.receipt.as_ref())?;
                checkpoint = part.checkpoint;
            }
            for entry in part.entries {
                if entry.index != n_entries {
                    return Err(Failure::new("the service left out an entry"));
                }
                write(&self.folder, tiler.push(&entry.entry)?)?;
                if entry.opening.is_some() {
                    openings.add(Logged::try_from(entry)?);
                }
                n_entries += 1;
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        let (rest, head) = tiler.finish();
        write(&self.folder, rest)?;
        let signed = SignedCheckpoint::open(checkpoint.as_bytes(), session.log_key())?;
        if signed.checkpoint().head() != head {
            return Err(Failure::new(
                "the entries do not lead to the signed checkpoint: the export is not valid",
            ));
        }
        openings.write(&self.folder)?;
        std::fs::write(self.folder.join("checkpoint"), checkpoint)?;
        say(&format!("{}: {}, verified", self.folder.display(), counted(n_entries, "entry", "entries")));
        say("Anyone can check it with the log's public key:");
        say(&format!("  throughline audit verify {} --log-key log.vkey", self.folder.display()));
        Ok(Finish::All)
    }
}

fn write(folder: &Path, files: Vec<(tile::Tile, Vec<u8>)>) -> Result<(), Failure> {
    for (tile, bytes) in files {
        let path = folder.join(tile.to_string());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, bytes)?;
    }
    Ok(())
}
