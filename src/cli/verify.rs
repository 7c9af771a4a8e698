//! `throughline steward verify`.

use super::connect::Connect;
use super::screen::{count, counted, say};
use super::steward::{ask, hex};
use super::{Done, Finish, screen};
use crate::api::v1 as pb;
use prost::Message;

/// Count an edition again and replay the proof that its seal hides enough
#[derive(clap::Args)]
#[command(after_help = "\
The service checks that the edition, its seal and its proof are those on record, that the seal shows true numbers and none
that the rules hide, and that each table of the proof could be taken for the true one. Exit code 2 if anything does not
hold.")]
pub(super) struct Verify {
    /// Its number; the newest by default
    edition: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

impl Verify {
    pub(super) async fn run(self) -> Done {
        let session = self.connect.session("steward").await?;
        let request = pb::VerifyEditionRequest { edition: self.edition.unwrap_or(0) };
        let sign = screen::waiting();
        sign.set_message("verify");
        let held = ask!(session, admin, verify_edition, request);
        sign.finish_and_clear();
        if self.json {
            screen::json(&serde_json::json!({
                "edition": held.edition, "numbers": held.numbers, "tables": held.tables,
                "one_mark": held.one_mark, "linear_only": held.linear_only,
                "seal_digest": hex(&held.seal_digest), "proof_digest": hex(&held.proof_digest),
                "seconds": held.seconds,
            }));
            return Ok(Finish::All);
        }
        say(&format!(
            "edition {}: the seal and its proof are those on record, and they hold; {:.1} s",
            held.edition, held.seconds
        ));
        say(&format!(
            "{} must stay uncertain; {} replayed",
            counted(held.numbers, "number", "numbers"),
            counted(held.tables, "other table", "other tables"),
        ));
        if held.one_mark > 0 {
            say(&format!(
                "  {} stay so as long as nobody knows which hidden cells are small",
                count(held.one_mark)
            ));
        }
        if held.linear_only > 0 {
            say(&format!(
                "  {} have no such table; they are safe from adding and subtracting",
                count(held.linear_only)
            ));
        }
        Ok(Finish::All)
    }
}
