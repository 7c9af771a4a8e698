//! `throughline status`: what the service holds of the caller.

use super::connect::Connect;
use super::screen::{self, count, counted, say};
use super::table::{Align, Table};
use super::{Done, Finish};
use crate::api::v1 as pb;
use crate::records::Kind;
use prost::Message;
use tonic::Request;

/// Say what the service holds of your own records, and what waits for a roster
#[derive(clap::Args)]
pub(super) struct Status {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

impl Status {
    pub(super) fn run(self) -> Done {
        let held = super::wait(async {
            let session = self.connect.session("contributor").await?;
            let request = pb::GetHoldingsRequest {};
            let asked = request.encode_to_vec();
            let response = session.ingest().get_holdings(Request::new(request)).await;
            Ok(session.proven(&asked, response.map_err(crate::client::Error::from)?)?)
        })?;
        if self.json {
            screen::json(&json(&held));
        } else {
            print(&held);
        }
        Ok(Finish::All)
    }
}

fn name(of: &pb::Holding) -> &'static str {
    let at = usize::try_from(of.kind).ok().and_then(|at| at.checked_sub(1));
    at.and_then(|at| Kind::ALL.get(at)).map_or("unknown", |kind| kind.code())
}

fn print(held: &pb::GetHoldingsResponse) {
    if held.last_received.is_empty() {
        return say("nothing was received yet");
    }
    let headings = [("Kind", Align::Left), ("Records", Align::Right), ("Waiting for a roster", Align::Right)];
    let mut table = Table::new(&headings);
    for of in &held.holdings {
        table.row([name(of).replace('_', " "), count(of.records), count(of.waiting)]);
    }
    say(&table.print());
    say("");
    say(&format!("last received {}", held.last_received));
    let waiting: u64 = held.holdings.iter().map(|of| of.waiting).sum();
    if waiting > 0 {
        say(&format!(
            "{} of students whom no roster of yours has brought: kept, and counted once one does",
            counted(waiting, "record is", "records are"),
        ));
    }
}

fn json(held: &pb::GetHoldingsResponse) -> serde_json::Value {
    let kinds = held
        .holdings
        .iter()
        .map(|of| serde_json::json!({ "kind": name(of), "records": of.records, "waiting": of.waiting }));
    let last_received = Some(&held.last_received).filter(|time| !time.is_empty());
    serde_json::json!({ "kinds": kinds.collect::<Vec<_>>(), "last_received": last_received })
}
