//! `throughline steward linkage`: how linkage does, and decisions about pairs.

mod output;

use super::{Connect, ask};
use crate::api::v1 as pb;
use crate::cli::screen::{self, say};
use crate::cli::{Done, Finish};
use prost::Message;

#[derive(clap::Args)]
#[command(
    subcommand_negates_reqs = true,
    after_help = "\
All students are linked anew in memory, on the records as they stand, and no link changes.
It shows no name and no value: a pair goes by an id and by how its fields compare.
Numbers of students below 10 are not told.

By default the pairs are doubtful ones: below 10 bits either way, the nearest to 0 first. Clear links:
  throughline steward linkage --from-bits 10 --source northfield --source eastbrook --pairs 1000
Two students who have nothing in common that they are compared by, or weigh less than -10 bits by
themselves, are no pair of any report: they have no id and can not be decided about."
)]
pub(in crate::cli) struct Linkage {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Show pairs with weights from here on, a multiple of 5
    #[arg(long, value_name = "BITS", allow_negative_numbers = true)]
    from_bits: Option<i32>,
    /// Show pairs with weights below this, a multiple of 5
    #[arg(long, value_name = "BITS", allow_negative_numbers = true)]
    to_bits: Option<i32>,
    /// Show pairs with a student of this source; given several times, pairs of two of these
    #[arg(long = "source", value_name = "ID")]
    sources: Vec<String>,
    /// How many pairs to show at most, up to 1,000; 100 by default
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pairs: Option<u32>,
    /// How many pairs to pass over first
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    skip: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Decide that a pair is one person or two, whatever its weight says, or take that back
    Decide(Decide),
}

/// Decide that a pair is one person or two, whatever its weight says, or take that back
#[derive(clap::Args)]
#[command(after_help = "\
The decision is kept and logged. Links follow it from the next edition on, as long as it stands.
Deciding the other way later replaces it; undecided takes it back, and weights decide again.")]
struct Decide {
    /// The id of the pair, from the last report
    id: String,
    /// What it is
    #[arg(value_parser = ["same", "different", "undecided"])]
    verdict: String,
    #[command(flatten)]
    connect: Connect,
}

impl Linkage {
    pub(super) async fn run(self) -> Done {
        if let Some(Verb::Decide(decide)) = self.verb {
            return decide.run().await;
        }
        let session = self.connect.session("steward").await?;
        let sign = screen::waiting();
        sign.set_message("link");
        let request = pb::GetLinkageRequest {
            from_bits: self.from_bits,
            to_bits: self.to_bits,
            sources: self.sources,
            pairs: self.pairs.unwrap_or(0),
            skip: self.skip,
        };
        let report = ask!(session, admin, get_linkage, request);
        sign.finish_and_clear();
        if self.json {
            screen::json(&output::json(&report));
        } else {
            output::print(&report);
        }
        Ok(Finish::All)
    }
}

impl Decide {
    async fn run(self) -> Done {
        let session = self.connect.session("steward").await?;
        let (verdict, what) = match self.verdict.as_str() {
            "same" => (pb::LinkVerdict::Same, "is one person; links follow"),
            "different" => (pb::LinkVerdict::Different, "is two people; links follow"),
            _ => (pb::LinkVerdict::Undecided, "is undecided; weights decide again"),
        };
        let request = pb::DecideLinkRequest { id: self.id.clone(), verdict: verdict.into() };
        let kept = ask!(session, admin, decide_link, request);
        say(&format!("pair {} {what} from edition {} on", self.id, kept.edition));
        Ok(Finish::All)
    }
}
