//! `throughline steward key`: from one linkage key to the next.

use super::{Connect, ask};
use crate::api::v1 as pb;
use crate::cli::screen::{self, count, say};
use crate::cli::table::{Align, Table, bar};
use crate::cli::{Done, Finish};
use prost::Message;

#[derive(clap::Args)]
#[command(
    subcommand_negates_reqs = true,
    after_help = "\
Without a verb it shows the keys in use and how many students wait to be pushed again.
Keys go by ids, from which nobody can tell them. Numbers of students below 10 are not told."
)]
pub(in crate::cli) struct Key {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Announce the key that follows: from now on students are encoded with both
    Begin(Begin),
    /// Let the new key link, and erase what was encoded with the old one
    Finish(Complete),
    /// Take the new key back, and erase what was encoded with it
    Cancel(Cancel),
}

#[derive(clap::Args)]
struct Begin {
    /// Its id, as `throughline keys rotate` said
    id: String,
    #[command(flatten)]
    connect: Connect,
}

#[derive(clap::Args)]
struct Complete {
    /// Although some students are not encoded with it yet. They keep their links, and link to nobody new until their
    /// source pushes them again
    #[arg(long)]
    leave_waiting: bool,
    #[command(flatten)]
    connect: Connect,
}

#[derive(clap::Args)]
struct Cancel {
    #[command(flatten)]
    connect: Connect,
}

impl Key {
    pub(super) async fn run(self) -> Done {
        let (connect, request) = match self.verb {
            Some(Verb::Begin(Begin { id, connect })) => (connect, step(pb::KeyStep::Begin, id, false)),
            Some(Verb::Finish(Complete { leave_waiting, connect })) => {
                (connect, step(pb::KeyStep::Finish, String::new(), leave_waiting))
            }
            Some(Verb::Cancel(Cancel { connect })) => {
                (connect, step(pb::KeyStep::Cancel, String::new(), false))
            }
            None => return report(self.connect, self.json).await,
        };
        let session = connect.session("steward").await?;
        let step = request.step();
        let keys = ask!(session, admin, change_linkage_key, request);
        say(&match step {
            pb::KeyStep::Begin => format!(
                "key {} follows {}: every source has to push its students again, all of them",
                keys.next, keys.current
            ),
            _ => format!("key {} is in use, and no other", keys.current),
        });
        Ok(Finish::All)
    }
}

fn step(step: pb::KeyStep, key: String, leave_waiting: bool) -> pb::ChangeLinkageKeyRequest {
    pb::ChangeLinkageKeyRequest { step: step.into(), key, leave_waiting }
}

async fn report(connect: Connect, json: bool) -> Done {
    let session = connect.session("steward").await?;
    let keys = ask!(session, admin, get_linkage_keys, pb::GetLinkageKeysRequest {});
    if json {
        let sources = keys.sources.iter().map(|of| {
            serde_json::json!({
                "source": of.source, "students": of.students, "waiting": of.waiting, "any_waiting": of.any_waiting,
            })
        });
        screen::json(&serde_json::json!({
            "current": keys.current, "next": keys.next, "sources": sources.collect::<Vec<_>>(),
        }));
        return Ok(Finish::All);
    }
    match (keys.current.as_str(), keys.next.as_str()) {
        ("", _) => say("no linkage key is in use yet: the first student that is pushed brings it"),
        (current, "") => say(&format!("key {current} is in use")),
        (current, next) => say(&format!("key {current} is in use, and key {next} follows it")),
    }
    if !keys.sources.is_empty() {
        say(&format!("\n{}", table(&keys).print()));
        let waits = keys.sources.iter().any(|of| of.any_waiting);
        match (waits, keys.next.is_empty()) {
            (true, _) => say("\nWho waits has to be pushed again by its source; the same files will do."),
            (false, false) => say("\nNobody waits: throughline steward key finish"),
            (false, true) => {}
        }
    }
    Ok(Finish::All)
}

fn table(keys: &pb::GetLinkageKeysResponse) -> Table {
    let mut table = Table::new(&[
        ("Source", Align::Left),
        ("Students", Align::Right),
        ("Waiting", Align::Right),
        ("Encoded as they should be", Align::Left),
    ]);
    for of in &keys.sources {
        let done = match (of.any_waiting, of.students, of.waiting) {
            (false, _, _) => Some(1.0),
            (true, Some(students), Some(waiting)) => Some(1.0 - waiting as f64 / students as f64),
            _ => None,
        };
        let waiting = match (of.any_waiting, of.waiting) {
            (false, _) => "0".to_owned(),
            (true, Some(waiting)) => count(waiting),
            (true, None) => "some".to_owned(),
        };
        table.row([
            of.source.clone(),
            of.students.map_or_else(|| "fewer than 10".to_owned(), count),
            waiting,
            done.map_or_else(String::new, bar),
        ]);
    }
    table
}
