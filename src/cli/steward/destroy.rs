//! `throughline steward destroy`.

use super::{Connect, ask};
use crate::api::v1 as pb;
use crate::cli::audit::certificate;
use crate::cli::screen::{self, count, counted, say};
use crate::cli::table::{Align, Table};
use crate::cli::{Done, Failure, Finish};
use prost::Message;
use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "\
Without --for-good it says what would be destroyed and changes nothing; the id it prints has to be given to destroy just
that. What an agreement says is destroyed on its date without being asked. Answers that were released stay, and so does
the access log. Exit code 1: the rows are gone, and the file still has to be cleared; that goes on by itself.")]
pub(in crate::cli) struct Destroy {
    /// A source that withdraws: all that it has sent
    #[arg(long, value_name = "ID", required_unless_present = "agreement", conflicts_with = "agreement")]
    source: Option<String>,
    /// An agreement whose date has come: what was received under it, and under no other that lasts
    #[arg(long, value_name = "ID")]
    agreement: Option<String>,
    /// Destroy what the preview of this id has shown
    #[arg(long, value_name = "PREVIEW")]
    for_good: Option<String>,
    /// The file to write the certificate to; certificates can be fetched later, too
    #[arg(long, value_name = "FILE", requires = "for_good")]
    certificate: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

impl Destroy {
    pub(super) async fn run(self) -> Done {
        // Before anything is destroyed: what is there may be the only certificate of something else.
        if let Some(file) = self.certificate.as_ref().filter(|file| file.exists()) {
            return Err(Failure::new(format!("{} exists", file.display())));
        }
        let session = self.connect.session("steward").await?;
        let request = pb::DestroyRequest {
            source: self.source.clone().unwrap_or_default(),
            agreement: self.agreement.clone().unwrap_or_default(),
            shown: self.for_good.clone().unwrap_or_default(),
        };
        let told = ask!(session, admin, destroy, request);
        if let (Some(file), false) = (&self.certificate, told.certificate.is_empty()) {
            certificate::check(&told.certificate, session.log_key())?;
            certificate::keep(file, &told.certificate)?;
        }
        let is_erased = told.state() == pb::DestructionState::Erased;
        if self.json {
            screen::json(&json(&told));
        } else {
            self.print(&told);
        }
        Ok(if is_erased { Finish::SomeRefused } else { Finish::All })
    }

    fn print(&self, told: &pb::DestroyResponse) {
        let headings = [("Source", Align::Left), ("Kind", Align::Left), ("Records", Align::Right)];
        let mut table = Table::new(&headings);
        for of in &told.records {
            table.row([of.source.clone(), of.kind.replace('_', " "), count(of.records)]);
        }
        match told.records.is_empty() {
            true => say("no records"),
            false => say(&table.print()),
        }
        say(&format!(
            "{}, {}, {}",
            counted(told.students, "student", "students"),
            counted(told.decisions, "decision about links", "decisions about links"),
            counted(told.batches, "acknowledged batch", "acknowledged batches"),
        ));
        if told.kept > 0 {
            say(&format!(
                "stay, received under another agreement: {}",
                counted(told.kept, "record", "records")
            ));
        }
        for edition in &told.editions {
            say(&format!(
                "edition {}, frozen {}: its seal stays, and its school years are not counted again (records of {})",
                edition.edition,
                edition.frozen,
                edition.sources.join(", ")
            ));
        }
        for backup in &told.backups {
            say(&format!("the backup {} of {} still has it: destroy it", backup.name, backup.begun));
        }
        let of = match (&self.source, &self.agreement) {
            (Some(id), _) => format!("--source {id}"),
            (None, id) => format!("--agreement {}", id.as_deref().unwrap_or_default()),
        };
        say(&match told.state() {
            pb::DestructionState::Shown | pb::DestructionState::Unspecified => format!(
                "nothing was changed; to destroy this: throughline steward destroy {of} --for-good {}",
                told.shown
            ),
            pb::DestructionState::Erased => "the rows are gone. Their bytes are once the file can be written anew: a \
                reader of an older state holds it up, or the disk is full. It is tried every minute and at each start, \
                and the certificate follows (throughline audit certificates)"
                .to_owned(),
            pb::DestructionState::Certified => match &self.certificate {
                Some(file) => format!("destroyed; the certificate is in {}", file.display()),
                None => format!("destroyed\n\n{}", told.certificate),
            },
        });
    }
}

fn json(told: &pb::DestroyResponse) -> serde_json::Value {
    let records = told
        .records
        .iter()
        .map(|of| serde_json::json!({"source": of.source, "kind": of.kind, "records": of.records}));
    let editions = told
        .editions
        .iter()
        .map(|of| serde_json::json!({"edition": of.edition, "frozen": of.frozen, "sources": of.sources}));
    let backups = told.backups.iter().map(|of| serde_json::json!({"name": of.name, "begun": of.begun}));
    let state = match told.state() {
        pb::DestructionState::Shown | pb::DestructionState::Unspecified => "shown",
        pb::DestructionState::Erased => "erased",
        pb::DestructionState::Certified => "certified",
    };
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    serde_json::json!({
        "state": state, "shown": text(&told.shown), "records": records.collect::<Vec<_>>(),
        "students": told.students, "decisions": told.decisions, "batches": told.batches, "kept": told.kept,
        "editions": editions.collect::<Vec<_>>(), "backups": backups.collect::<Vec<_>>(),
        "certificate": text(&told.certificate),
    })
}
