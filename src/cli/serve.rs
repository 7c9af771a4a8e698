//! `throughline serve`.

use super::{Done, Failure, Finish, screen};
use crate::server::{Config, Said, Since, bind};
use std::io::IsTerminal;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// Run the service
#[derive(clap::Args)]
pub(super) struct Serve {
    /// The configuration file
    #[arg(long, env = "THROUGHLINE_CONFIG", value_name = "FILE")]
    config: PathBuf,

    /// Write the log as JSON lines
    #[arg(long)]
    log_json: bool,

    /// On a restored backup: the certificate of what was destroyed since it was made, to be destroyed again; may be given
    /// several times
    #[arg(long, value_name = "FILE", conflicts_with = "nothing_destroyed")]
    destroyed: Vec<PathBuf>,

    /// On a restored backup: nothing was destroyed since it was made. That is put on record
    #[arg(long)]
    nothing_destroyed: bool,

    /// After a standstill: the clock is right, and what agreements say is destroyed on its date. Without, nothing is by date in
    /// a service that is started more than 30 days after the last entry of its log
    #[arg(long)]
    clock_is_right: bool,
}

impl Serve {
    pub(super) fn run(self) -> Done {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_target(false)
            .with_ansi(std::io::stderr().is_terminal());
        // Another subscriber can only be there in a test.
        let _ = if self.log_json { subscriber.json().try_init() } else { subscriber.try_init() };
        let config = Config::read(&self.config)?;
        let since = match (self.nothing_destroyed, self.destroyed.is_empty()) {
            (true, _) => Since::Nothing,
            (false, true) => Since::Unsaid,
            (false, false) => Since::Destroyed(self.destroyed),
        };
        let said = Said { since, clock_is_right: self.clock_is_right, works_unasked: true };
        super::wait(async move {
            let bound = bind(config, said).await?;
            if let Some(address) = bound.metrics_address()? {
                tracing::info!(%address, "figures for Prometheus");
            }
            let (ask, asked) = watch::channel(false);
            let (mut interrupt, mut terminate) =
                (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
            // The last of all: whoever waits for this line finds the rest, and can stop it.
            screen::say(&format!("listening on {}", bound.address()?));
            tokio::spawn(async move {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                tracing::info!("stopping: calls under way are finished");
                ask.send_replace(true);
            });
            bound.serve(asked).await.map_err(Failure::from)
        })?;
        Ok(Finish::All)
    }
}
