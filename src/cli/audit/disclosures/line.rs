//! A line of a record of disclosures: to whom, what, under which agreement, why.

use crate::audit::{Entry, Hash};
use crate::cli::audit::text;
use crate::cli::screen::{count, counted, say};
use crate::cli::table::{Align, safe};
use crate::cli::{Done, Failure, Finish};

/// What was disclosed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Records, to the service.
    Records,
    /// Records, looked at in a dry run and not kept.
    DryRun,
    /// A protected table, to a partner.
    Answer,
}

impl What {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::DryRun => "records (dry run)",
            Self::Answer => "protected table",
        }
    }
}

/// One line of the record.
pub(super) struct Line {
    pub(super) index: u64,
    pub(super) hash: Hash,
    pub(super) what: What,
    pub(super) entry: Entry,
}

pub(super) const HEADINGS: [(&str, Align); 9] = [
    ("Entry", Align::Right),
    ("Time", Align::Left),
    ("To", Align::Left),
    ("What", Align::Left),
    ("Agreement", Align::Left),
    ("Interest", Align::Left),
    ("Basis", Align::Left),
    ("About", Align::Left),
    ("Amount", Align::Right),
];

/// Who was given it: the service, or a partner and who of it.
pub(super) fn party(line: &Line, service: &str) -> String {
    match (line.what, &line.entry.organization, &line.entry.principal) {
        (What::Answer, Some(organization), Some(principal)) => match line.entry.is_committed() {
            true => format!("{organization} (a person who is erased)"),
            false => format!("{organization} ({principal})"),
        },
        (What::Answer, Some(organization), None) => organization.to_string(),
        _ => service.to_owned(),
    }
}

pub(super) fn cells(line: &Line, service: &str) -> [String; 9] {
    let entry = &line.entry;
    let agreement = match (&entry.agreement, entry.agreement_version) {
        (Some(id), Some(version)) => format!("{id}@{version}"),
        _ => String::new(),
    };
    let (interest, about, amount) = match line.what {
        What::Answer => {
            let query = text(entry.query.as_ref());
            let about =
                format!("{} {} {query}", text(entry.product.as_ref()), text(entry.indicator.as_ref()));
            let shown = entry.cells_shown.unwrap_or(0);
            (text(entry.purpose.as_ref()), about.trim_end().to_owned(), counted(shown, "cell", "cells"))
        }
        _ => {
            let n = entry.n_records.unwrap_or(0);
            (
                "linkage and aggregate statistics".into(),
                text(entry.batch.as_ref()),
                format!("{} records", count(n)),
            )
        }
    };
    [
        line.index.to_string(),
        entry.time.to_string(),
        party(line, service),
        line.what.word().to_owned(),
        agreement,
        interest,
        text(entry.legal_basis.as_ref()),
        about,
        amount,
    ]
}

/// Prints rows under headings as CSV.
pub(super) fn print_csv(headings: &[(&str, Align)], rows: impl Iterator<Item = Vec<String>>) -> Done {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(headings.iter().map(|(heading, _)| heading))?;
    for row in rows {
        out.write_record(row.iter().map(|cell| safe(cell)))?;
    }
    let bytes = out.into_inner().map_err(|error| Failure::new(error.to_string()))?;
    say(String::from_utf8_lossy(&bytes).trim_end());
    Ok(Finish::All)
}
