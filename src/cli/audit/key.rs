//! `throughline audit key`.

use crate::api::v1 as pb;
use crate::audit::open_key_change;
use crate::cli::connect::Connect;
use crate::cli::screen::{self, say};
use crate::cli::steward::ask;
use crate::cli::{Done, Failure, Finish};
use prost::Message;

#[derive(clap::Args)]
#[command(after_help = "\
While two keys sign the log, the service has a note by both of which follows which. --take-up checks it with the key that is
kept in the folder of certificates, and keeps the one that follows as log.vkey from then on; the one before is beside it, as log.ID.vkey, for
receipts and exports that it alone has signed.")]
pub(in crate::cli) struct Key {
    /// Keep the key that follows, in the place of the one that is kept
    #[arg(long)]
    take_up: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Call as this role
    #[arg(long, default_value = "auditor", value_parser = ["auditor", "steward", "contributor", "partner"])]
    role: String,
    #[command(flatten)]
    connect: Connect,
}

impl Key {
    pub(super) async fn run(self) -> Done {
        let session = self.connect.session(&self.role).await?;
        let kept = session.log_key().clone();
        let told = ask!(session, audit, get_checkpoint, pb::GetCheckpointRequest {});
        // What this client has seen is saved with the last of it, which both keys have signed.
        drop(session);
        let next = match told.key_change.as_str() {
            "" => None,
            note => Some(open_key_change(note.as_bytes(), &kept)?),
        };
        if self.take_up {
            let next =
                next.as_ref().ok_or_else(|| Failure::new("no key is to follow the one that is kept"))?;
            self.connect.take_up(&kept, next)?;
        }
        if self.json {
            let next = next.map(|next| next.to_string());
            screen::json(
                &serde_json::json!({"key": kept.to_string(), "next": next, "taken_up": self.take_up}),
            );
            return Ok(Finish::All);
        }
        say(&format!("the log signs with {kept}"));
        if let Some(next) = next {
            say(&format!("to be followed by {next}, as both have signed"));
            say(match self.take_up {
                true => "which is kept from now on",
                false => "take it up with --take-up",
            });
        }
        Ok(Finish::All)
    }
}
