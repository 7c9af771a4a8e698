//! `throughline backup`.

use super::screen::{counted, say};
use super::{Done, Failure, Finish};
use crate::audit::VerifierKey;
use crate::calendar::Timestamp;
use crate::server::Config;
use crate::store::Store;
use std::path::PathBuf;

/// Copy the database of a running or stopped service, and check the copy
#[derive(clap::Args)]
#[command(after_help = "\
To restore, stop the service, put the copy in the place of the database (and remove the files ending in -wal
and -shm beside it), and start it again: with --destroyed FILE for each certificate of what was destroyed since the
copy was made, which is destroyed again, or with --nothing-destroyed. Keys are not in the copy: keep them apart from it.")]
pub(super) struct Backup {
    /// The file to write
    to: PathBuf,
    /// The service's configuration file
    #[arg(long, env = "THROUGHLINE_CONFIG", value_name = "FILE")]
    config: PathBuf,
    /// The log's public key
    #[arg(long, default_value = "certs/log.vkey", value_name = "FILE")]
    log_key: PathBuf,
}

impl Backup {
    pub(super) fn run(self) -> Done {
        let config = Config::read(&self.config)?;
        let text = std::fs::read_to_string(&self.log_key)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", self.log_key.display())))?;
        let key: VerifierKey = text.trim().parse()?;
        let is_noted = Store::backup(&config.database, &self.to, Timestamp::now())?;
        let head = Store::verify(&self.to, &key)?;
        let entries = counted(head.size, "entry", "entries");
        say(&format!(
            "{}: whole, and its access log verifies: {entries}, root {}",
            self.to.display(),
            head.root
        ));
        if !is_noted {
            say(
                "the database is of an older program and does not note its backups: no certificate will name this one",
            );
        }
        Ok(Finish::All)
    }
}
