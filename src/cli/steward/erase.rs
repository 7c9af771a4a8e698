//! `throughline steward erase-person`.

use super::{Connect, ask};
use crate::api::v1 as pb;
use crate::cli::screen::{self, counted, say};
use crate::cli::{Done, Failure, Finish};
use crate::client::nonce;
use prost::Message;

#[derive(clap::Args)]
#[command(after_help = "\
The access log says who called by a commitment, and what opens it stands beside the log: that is erased, for every call of
this person so far. Entries, receipts and proofs stay what they are. Exports and backups that were made before still have the
name: destroy openings.jsonl in exports, and the backups that are named. Exit code 1: it is erased, and the file still has
to be cleared; call again.")]
pub(in crate::cli) struct ErasePerson {
    /// The organization of the person
    organization: String,
    /// The name of the account, as in the certificate
    person: String,
    /// Erase it: it can not be brought back
    #[arg(long)]
    for_good: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

impl ErasePerson {
    pub(super) async fn run(self) -> Done {
        if !self.for_good {
            return Err(Failure::new(
                "nothing was changed; what is erased can not be brought back: add --for-good",
            ));
        }
        let session = self.connect.session("steward").await?;
        let nonce = nonce()?;
        let request = pb::ErasePersonRequest { organization: self.organization, person: self.person, nonce };
        let told = ask!(session, admin, erase_person, request);
        if self.json {
            let backups =
                told.backups.iter().map(|of| serde_json::json!({"name": of.name, "begun": of.begun}));
            screen::json(&serde_json::json!({
                "entries": told.entries, "named": told.named, "cleared": told.cleared,
                "backups": backups.collect::<Vec<_>>(),
            }));
        } else {
            print(&told);
        }
        Ok(if told.cleared { Finish::All } else { Finish::SomeRefused })
    }
}

fn print(told: &pb::ErasePersonResponse) {
    let entries = counted(told.entries, "entry of the log does", "entries of the log do");
    say(&format!("{entries} not say any more who called"));
    if told.named > 0 {
        let named = counted(told.named, "entry has", "entries have");
        say(&format!("{named} the name for good, from before the log had commitments"));
    }
    for backup in &told.backups {
        say(&format!("the backup {} of {} may still have it: destroy it", backup.name, backup.begun));
    }
    say(match told.cleared {
        true => "the file was written anew, and nothing of it is left there",
        false => {
            "the rows are gone, and the file could not be written anew: a reader of an older state holds it up, or the \
                  disk is full. Call again"
        }
    });
}
