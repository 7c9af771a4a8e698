//! `throughline push`.

use super::check::{print_defects, school_year, write_errors};
use super::connect::Connect;
use super::mappings::{Mapped, print_queue, queue_json};
use super::screen::{self, count, counted, note, say};
use super::table::{Align, Table};
use super::{Done, Failure, Finish};
use crate::api::{clear, encoded};
use crate::client::{Delivery, Pushed, RowRef, push};
use crate::formats::{self, Defect, Mappings, Reading, Severity};
use crate::identity::{KeyId, KeyRing, Keys, pseudonymize};
use crate::records::OrgId;
use crate::server::{KeySource, keys};
use crate::store::Outcome;
use prost::Message;
use ring::hmac;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// Send the records of export files to the service
#[derive(clap::Args)]
#[command(after_help = "\
Cut off in the middle, the same command goes on where the service acknowledged last. Sending the same files
again changes nothing. Exit code 1 means that some rows were refused; the others are in.")]
pub(super) struct Push {
    /// A folder, a .zip or a file: OneRoster 1.1 or 1.2, Ed-Fi, the templates, or files that a mapping is for
    path: PathBuf,
    /// The agreement under which the records are sent
    #[arg(long, env = "THROUGHLINE_AGREEMENT", value_name = "ID")]
    agreement: String,
    /// Encode identifiers on this machine; the service then never sees a name
    #[arg(long, requires = "key")]
    encode: bool,
    /// The sources' key file, of mode 0600 (see `throughline keys`)
    #[arg(long, env = "THROUGHLINE_LINKAGE_KEY", value_name = "FILE")]
    key: Option<PathBuf>,
    /// School year to assume where a roster does not say it, by the year it ends in
    #[arg(long, value_name = "YEAR")]
    year: Option<u32>,
    #[command(flatten)]
    mapped: Mapped,
    /// Id of the delivery; by default made from the records, so that the same files are one delivery
    #[arg(long, value_name = "ID")]
    delivery: Option<String>,
    /// Records in a batch
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    batch: u32,
    /// Write every refused row to this CSV file
    #[arg(long, value_name = "FILE.csv")]
    errors: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

/// How records become ready for the wire.
enum Encoder {
    Clear,
    Encoded(Box<KeyRing>, OrgId),
}

impl Push {
    pub(super) fn run(self) -> Done {
        let encoder = Arc::new(self.encoder()?);
        let (year, mappings) = (school_year(self.year)?, self.mapped.mappings()?);
        let started = Instant::now();
        let id = match &self.delivery {
            Some(id) => id.clone(),
            None => self.delivery_id(&encoder, year, &mappings)?,
        };
        let (path, connect, batch_records) = (self.path.clone(), self.connect.clone(), self.batch as usize);
        let (agreement, linkage_keys) = (self.agreement.clone(), encoder.linkage_keys());
        let bar = screen::bar(None, "records");
        bar.set_message("pushed");
        let progress = bar.clone();
        let (reading, pushed) = super::wait(async move {
            let session = connect.session("contributor").await?;
            let (sender, records) = mpsc::channel(4 * batch_records);
            // Reading waits for the network through the channel, so it has a thread of its own.
            let reading = tokio::task::spawn_blocking(move || {
                formats::read_mapped(&path, year, &mappings, &mut |row| {
                    let place =
                        RowRef { file: row.file.into(), row: row.row, kind: row.submission.change.kind() };
                    // The push has ended when nobody takes records any more; it says why itself.
                    let _ = sender.blocking_send((place, encoder.wire(row.submission)));
                })
            });
            let delivery = Delivery { id, agreement, records, batch_records, linkage_keys };
            let pushed = push(&session, delivery, |done| progress.set_position(done.acknowledged)).await?;
            let reading = reading.await.map_err(|_| Failure::new("reading the files failed"))??;
            Ok((reading, pushed))
        })?;
        bar.finish_and_clear();
        self.report(reading, &pushed, started.elapsed().as_secs_f64())
    }

    fn encoder(&self) -> Result<Encoder, Failure> {
        let Some(path) = self.key.as_ref().filter(|_| self.encode) else { return Ok(Encoder::Clear) };
        let roots = keys::roots(&KeySource::File(path.clone()))?;
        let source = self.connect.organization("contributor")?;
        let source =
            OrgId::new(&source).map_err(|_| Failure::new("the certificate's organization is not an id"))?;
        Ok(Encoder::Encoded(Box::new(KeyRing::derive(&roots)), source))
    }

    /// An id that only this client can compute, the same for the same records.
    fn delivery_id(
        &self,
        encoder: &Encoder,
        year: Option<crate::calendar::SchoolYear>,
        mappings: &Mappings,
    ) -> Result<String, Failure> {
        let secret = self.connect.secret("contributor")?;
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &secret));
        let bar = screen::bar(None, "records");
        bar.set_message("read");
        context.update(&self.batch.to_be_bytes());
        formats::read_mapped(&self.path, year, mappings, &mut |row| {
            context.update(&encoder.wire(row.submission).encode_length_delimited_to_vec());
            bar.inc(1);
        })?;
        bar.finish_and_clear();
        Ok(context.sign().as_ref()[..12].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn report(self, reading: Reading, pushed: &Pushed, seconds: f64) -> Done {
        let mut defects = reading.defects;
        for (row, violation) in &pushed.refused {
            defects.push(Defect {
                file: row.file.to_string(),
                row: Some(row.row),
                column: Some(violation.field.clone()),
                code: "refused_by_service",
                reason: format!("{}: {}", violation.code, violation.reason).into(),
                severity: Severity::Refused,
            });
        }
        if let Some(file) = &self.errors {
            write_errors(&defects, file)?;
        }
        self.mapped.write(&reading.queue)?;
        let refused_here: u64 = reading.summary.files.iter().map(|file| file.refused_rows).sum();
        if let Some(key) = pushed.lacks_key {
            note(&format!(
                "linkage key {key} will follow, and your key file does not hold it: ask the steward, and push again"
            ));
        }
        if self.json {
            let mut result = json(pushed, refused_here, seconds);
            result["queue"] = queue_json(&reading.queue);
            screen::json(&result);
        } else {
            print(pushed, refused_here, seconds, &self.path);
            print_queue(&reading.queue);
            defects.retain(|defect| defect.severity == Severity::Refused);
            print_defects(&defects, 10);
        }
        let refused = refused_here + pushed.count(Outcome::Refused);
        Ok(if refused == 0 { Finish::All } else { Finish::SomeRefused })
    }
}

impl Encoder {
    fn linkage_keys(&self) -> Option<Vec<KeyId>> {
        match self {
            Self::Clear => None,
            Self::Encoded(ring, _) => Some(ring.linkage().iter().map(Keys::id).collect()),
        }
    }

    fn wire(&self, submission: crate::records::Submission) -> crate::api::v1::Record {
        match self {
            Self::Clear => clear(&submission),
            Self::Encoded(ring, source) => encoded(&pseudonymize(ring, source, submission)),
        }
    }
}

const OUTCOMES: [(Outcome, &str); 5] = [
    (Outcome::New, "New"),
    (Outcome::Changed, "Changed"),
    (Outcome::Unchanged, "Unchanged"),
    (Outcome::Deleted, "Withdrawn"),
    (Outcome::Refused, "Refused"),
];

fn print(pushed: &Pushed, refused_here: u64, seconds: f64, path: &Path) {
    let mut headings = vec![("Kind", Align::Left)];
    headings.extend(OUTCOMES.map(|(_, heading)| (heading, Align::Right)));
    let mut table = Table::new(&headings);
    let kinds: BTreeSet<_> = pushed.outcomes.keys().map(|(kind, _)| *kind).collect();
    for kind in kinds {
        let cell = |outcome| pushed.outcomes.get(&(kind, outcome)).copied().unwrap_or(0);
        let cells = OUTCOMES.map(|(outcome, _)| count(cell(outcome)));
        table.row([kind.code().replace('_', " ")].into_iter().chain(cells));
    }
    let sent: u64 = pushed.outcomes.values().sum();
    if pushed.resumed > 0 {
        note(&format!(
            "{} had been acknowledged before and were not sent again",
            counted(pushed.resumed, "record", "records")
        ));
    }
    if sent == 0 {
        say(&format!("{}: nothing new to send", path.display()));
    } else {
        say(&table.print());
        let rate = sent as f64 / seconds.max(1e-9);
        say("");
        say(&format!(
            "{} acknowledged in {seconds:.1} s ({} a second), on record up to log entry {}",
            counted(sent, "record", "records"),
            count(rate as u64),
            pushed.last_entry.unwrap_or_default(),
        ));
    }
    if refused_here > 0 {
        say(&format!(
            "{} could not be read as records and were not sent",
            counted(refused_here, "row", "rows")
        ));
    }
}

fn json(pushed: &Pushed, refused_here: u64, seconds: f64) -> serde_json::Value {
    let sent: u64 = pushed.outcomes.values().sum();
    let outcomes: serde_json::Map<String, serde_json::Value> =
        OUTCOMES.iter().map(|(outcome, name)| (name.to_lowercase(), pushed.count(*outcome).into())).collect();
    serde_json::json!({
        "records": sent, "resumed": pushed.resumed, "batches": pushed.batches, "outcomes": outcomes,
        "rows_not_sent": refused_here, "last_log_entry": pushed.last_entry,
        "seconds": seconds, "records_per_s": sent as f64 / seconds.max(1e-9),
    })
}
