//! `throughline recover`.

use super::screen::{count, say};
use super::{Done, Failure, Finish};
use crate::server::{Config, keys, standing};
use crate::store::{ServiceKey, Store};
use std::path::PathBuf;

/// Put on record that a database was restored from a backup, so that its service starts again
#[derive(clap::Args)]
#[command(after_help = "\
Stop the service first. Without --yes it only says what is lost. What sources had sent since the backup is to be
sent again; editions and answers since then are not there any more, though partners have them.")]
pub(super) struct Recover {
    /// The service's configuration file
    #[arg(long, env = "THROUGHLINE_CONFIG", value_name = "FILE")]
    config: PathBuf,
    /// Put it on record
    #[arg(long)]
    yes: bool,
}

impl Recover {
    pub(super) fn run(self) -> Done {
        let config = Config::read(&self.config)?;
        let service = ServiceKey::derive(&keys::root("service", &config.keys.service)?);
        let (name, of) = (Store::origin(&config.database)?, &config.keys);
        let signer = keys::signer(&name, &of.log, of.log_next.as_ref())?;
        let keys = signer.verifiers();
        let store = Store::open(&config.database, service, signer)?;
        super::wait(async move {
            let Some(lost) = standing::lost(&config.database, &store, &keys).await? else {
                say("the database lacks nothing that its access log has proven: there is nothing to recover");
                return Ok(Finish::All);
            };
            let (held, known) = (count(lost.size), count(lost.head.size));
            say(&match lost.size < lost.head.size {
                true => format!(
                    "the access log has {held} entries, and is known to have had {known}: the others are lost"
                ),
                false => format!(
                    "the access log has {held} entries, and had others at some of the places up to {known}: those are lost"
                ),
            });
            if !self.yes {
                say("nothing was changed; put that on record with --yes");
                return Err(Failure::new("the service does not start before that is on record"));
            }
            let index = standing::recover(&config.database, &store, lost).await?;
            say(&format!("on record as entry {}: the service can be started", count(index)));
            Ok(Finish::All)
        })
    }
}
