//! `throughline audit disclosures --student`: the record of one student, asked of the service by its own source.

use super::line::{HEADINGS, Line, What, cells, party, print_csv};
use super::{Disclosures, covers};
use crate::api::{kind_of, v1 as pb};
use crate::audit::{Entry, Receipt, leaf_hash};
use crate::calendar::SchoolYear;
use crate::cli::screen::{self, counted, say};
use crate::cli::sending::Encoder;
use crate::cli::table::{Align, Table};
use crate::cli::{Done, Failure, Finish};
use crate::client::StudentDisclosures;
use crate::records::{Clear, Kind};
use pb::StudentState as State;
use pb::list_student_disclosures_request::Student;
use std::io::{IsTerminal, Read, stdin};
use std::path::Path;

/// Bytes that are read where a local id is to be: it has 200 at most.
const READ_MAX: u64 = 1_000;

/// What an answer was made of, beside what is told of each.
const MORE: [(&str, Align); 2] = [("Edition", Align::Right), ("Counted", Align::Left)];

/// A record of disclosures, as it is printed.
struct Printed<'a> {
    /// The source.
    of: &'a str,
    /// Origin of the log.
    origin: &'a str,
    /// The school year, in words.
    period: String,
    told: &'a pb::ListStudentDisclosuresResponse,
    lines: Vec<(Line, Receipt)>,
}

impl Disclosures {
    pub(super) async fn of_student(&self, file: &Path) -> Done {
        let local_id = read(file)?;
        let encoder = Encoder::of(self.key.as_ref().filter(|_| self.encode), &self.connect)?;
        let student = match encoder.student(local_id.expose()) {
            pb::record::Student::ClearStudent(id) => Student::ClearStudent(id),
            pb::record::Student::StudentToken(token) => Student::StudentToken(token),
        };
        let session = self.connect.session("contributor").await?;
        let StudentDisclosures { told, answers } = session.student_disclosures(student).await?;
        let within = |line: &Line| self.year.is_none_or(|year| covers(year, line.entry.time));
        let line = |(entry, receipt): (_, Receipt)| {
            let (index, hash) = (receipt.index(), leaf_hash(receipt.entry()));
            (Line { index, hash, what: What::Answer, entry: shown(entry) }, receipt)
        };
        let lines = answers.into_iter().map(line).filter(|(line, _)| within(line)).collect();
        let of = self.connect.organization("contributor")?;
        let printed =
            Printed { of: &of, origin: session.log_key().name(), period: self.period(), told: &told, lines };
        if self.json {
            screen::json(&printed.json(self.year.map(SchoolYear::ending)));
            return Ok(Finish::All);
        }
        if self.csv {
            let headings: Vec<_> = HEADINGS.iter().chain(&MORE).copied().collect();
            return print_csv(&headings, printed.rows());
        }
        printed.print();
        Ok(Finish::All)
    }
}

/// What is shown of an entry. Who of an organization called is a commitment in it, and others are not told what opens that.
fn shown(entry: Entry) -> Entry {
    match entry.is_committed() {
        true => Entry { principal: None, ..entry },
        false => entry,
    }
}

/// The local id in a file or, of `-`, in a line of standard input.
fn read(file: &Path) -> Result<Clear, Failure> {
    let mut text = String::new();
    let done = match file.to_str() {
        Some("-") => {
            if stdin().is_terminal() {
                screen::note("the student's local id, and Enter:");
            }
            stdin().read_line(&mut text).map(drop)
        }
        _ => {
            std::fs::File::open(file).and_then(|file| file.take(READ_MAX).read_to_string(&mut text).map(drop))
        }
    };
    // Neither the text is told by an error, which can name somebody also where it is not UTF-8, nor the name of a file: where
    // there is none of that name, it may be the local id itself.
    done.map_err(|error| {
        let what = "what --student names cannot be read";
        let instead = "it is a file with the local id of one student in it, or - for standard input";
        Failure::new(format!("{what} ({}): {instead}", error.kind()))
    })?;
    let local_id = Clear::new(text);
    if local_id.is_empty() || local_id.expose().lines().count() > 1 {
        return Err(Failure::new("what --student names is to hold the local id of one student, in one line"));
    }
    Ok(local_id)
}

impl Printed<'_> {
    fn is_known(&self, line: &Line) -> bool {
        let is_it = |edition: &&pb::CountingEdition| Some(edition.edition) == line.entry.edition;
        self.told.editions.iter().find(is_it).is_some_and(|edition| edition.known)
    }

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.lines.iter().map(|(line, _)| {
            let edition = line.entry.edition.unwrap_or(0).to_string();
            let counted = if self.is_known(line) { "yes" } else { "not known" };
            let mut row = cells(line, self.origin).to_vec();
            row.extend([edition, counted.into()]);
            row
        })
    }

    fn json(&self, year: Option<u16>) -> serde_json::Value {
        let line = |(line, receipt): &(Line, Receipt)| {
            // The bytes that are hashed, which were read before.
            let entry: serde_json::Value = serde_json::from_slice(receipt.entry()).unwrap_or_default();
            serde_json::json!({
                "index": line.index, "leaf_hash": line.hash.to_string(), "what": line.what.word(),
                "party": party(line, self.origin), "edition": line.entry.edition,
                "is_known_to_count": self.is_known(line), "entry": entry, "proof": receipt.to_saved(),
            })
        };
        let held = |of: &pb::StudentHolding| serde_json::json!({"kind": kind(of), "records": of.records, "agreements": of.agreements});
        let edition = |of: &pb::CountingEdition| serde_json::json!({"edition": of.edition, "frozen": of.frozen, "is_known_to_count": of.known});
        let until = &self.told.opted_out_until;
        serde_json::json!({
            "of": self.of, "year": year, "origin": self.origin, "state": name(self.told.state()),
            "opted_out_until": (!until.is_empty()).then_some(until),
            "held": self.told.held.iter().map(held).collect::<Vec<_>>(),
            "editions": self.told.editions.iter().map(edition).collect::<Vec<_>>(),
            "source_destroyed": self.told.destroyed,
            "disclosures": self.lines.iter().map(line).collect::<Vec<_>>(),
        })
    }

    fn print(&self) {
        let Self { of, period, told, lines, .. } = self;
        say(&format!("Disclosures of records of one student of {of}{period} (34 CFR 99.32)"));
        say("");
        say(&format!("  {}", sentence(told)));
        if !told.held.is_empty() {
            say(&format!("  With {}, as you have sent them:", self.origin));
        }
        for held in &told.held {
            let records = counted(held.records, "record", "records");
            let under = match held.agreements.is_empty() {
                true => "an agreement that is not known".to_owned(),
                false => held.agreements.join(", "),
            };
            say(&format!("    {}: {records}, under {under}", kind(held)));
        }
        say("");
        if told.editions.is_empty() {
            say("  No edition has counted them that is known, and nothing was given to partners out of one.");
        } else {
            let mut table = Table::new(&[("Edition", Align::Right), ("Frozen", Align::Left), MORE[1]]);
            told.editions.iter().for_each(|edition| {
                let counted = if edition.known { "yes" } else { "not known" };
                table.row([edition.edition.to_string(), edition.frozen.clone(), counted.into()]);
            });
            say(&table.print());
            say("");
            if !lines.is_empty() {
                let headings: Vec<_> = HEADINGS.iter().chain(&MORE).copied().collect();
                let mut table = Table::new(&headings);
                self.rows().for_each(|row| table.row(row));
                say(&table.print());
                say("");
            }
            let n = counted(lines.len() as u64, "table was", "tables were");
            say(&format!("  {n} released to partners out of these editions; each is proven to be on record"));
        }
        notes(told).iter().for_each(|note| say(&format!("     {note}")));
    }
}

/// What has to be known of it to read it right.
fn notes(told: &pb::ListStudentDisclosuresResponse) -> Vec<String> {
    const TABLES: [&str; 5] = [
        "Tables hold no record of anybody: the student's records were counted for them together with those of others, and",
        "what is in them is protected. Each table of these editions is listed, whether or not the student is in one of its",
        "groups, which nobody keeps.",
        "It is told as far as your own records say: a child whom another organization has opted out is not counted either,",
        "and the service tells nobody of that.",
    ];
    let mut notes = Vec::new();
    if !told.editions.is_empty() {
        notes.extend(TABLES.map(str::to_owned));
    }
    if told.editions.iter().any(|edition| !edition.known) {
        notes.push(
            "Not known: such an edition was published before it was kept whom it counts. It has records of"
                .into(),
        );
        notes.push("yours, and may have counted the student's.".into());
    }
    if !told.destroyed.is_empty() {
        notes.push(format!("Records of yours were destroyed ({}).", told.destroyed.join(", ")));
        notes.push("Were some of them the student's, nothing is known any more of what was given of these alone; your".into());
        notes.push(
            "record of disclosures as a whole has it (throughline audit disclosures LOG --of ORG).".into(),
        );
    }
    notes
}

fn kind(held: &pb::StudentHolding) -> &'static str {
    kind_of(held.kind).map_or("records of a kind that is not known here", Kind::code)
}

const fn name(state: State) -> &'static str {
    match state {
        State::Unspecified | State::Unknown => "unknown",
        State::Withdrawn => "withdrawn",
        State::Waiting => "waiting",
        State::OptedOut => "opted_out",
        State::WithoutConsent => "without_consent",
        State::Counted => "counted",
    }
}

/// What is held of the student now, in words.
fn sentence(told: &pb::ListStudentDisclosuresResponse) -> String {
    match told.state() {
        State::Unspecified | State::Unknown => "No records of this student are held.".into(),
        State::Withdrawn => "All records of this student were withdrawn, and no edition counts them from now on.".into(),
        State::Waiting => {
            "Records of this student are held and wait for a roster that has the student; no edition counts them before."
                .into()
        }
        State::OptedOut => {
            let until = match told.opted_out_until.as_str() {
                "" => String::new(),
                until => format!(" until {until}"),
            };
            format!("Records of this student are held. The student has opted out{until}, and is not counted.")
        }
        State::WithoutConsent => {
            "Records of this student are held. They count with consent alone, and none is in force.".into()
        }
        State::Counted => "Records of this student are held, and the next edition counts them.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Decision, Hash};
    use crate::calendar::Timestamp;
    use crate::records::{Code, OrgId};

    #[test]
    fn whoever_of_a_partner_asked_the_partner_is_named() {
        let code = |text: &str| Code::new(text).expect("a code");
        let (time, id) = (Timestamp::from_millis(0), code("r-1"));
        let asked = Entry {
            organization: OrgId::new("city-partnership").ok(),
            principal: Some(code("a.miller")),
            ..Entry::new(time, id, code("Query"), Decision::Allowed, code("agreement.covered"))
        };
        let (committed, _) = asked.committed([7; 16]).expect("a person");
        let entry = shown(committed);
        let line = Line { index: 3, hash: Hash::of(b""), what: What::Answer, entry };
        assert_eq!(party(&line, "city.example/throughline"), "city-partnership");
    }
}
