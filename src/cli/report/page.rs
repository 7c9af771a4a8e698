//! What a report holds, whatever it is printed as.

use crate::figures::{Aggregate, Figure};
use std::collections::BTreeSet;

/// A report.
pub(super) struct Page {
    pub(super) id: String,
    pub(super) title: String,
    /// Name and source of the pack.
    pub(super) pack: Option<(String, String)>,
    pub(super) entries: Vec<Entry>,
    pub(super) supplied: Vec<Supplied>,
    /// Entries of the access log that hold the answers. They are of the call and not of the edition: the page leaves them out.
    pub(super) entries_of_log: Vec<u64>,
}

/// A figure, or why there is none.
pub(super) struct Entry {
    /// Id of the pack's line; empty for figures of a report.
    pub(super) line: String,
    pub(super) title: String,
    pub(super) figure: Option<Figure>,
    /// The service has not answered, and why.
    pub(super) unanswered: Option<String>,
    /// No product offers the line, and why.
    pub(super) unoffered: Option<String>,
}

/// A line of a pack that comes from a file of aggregates.
pub(super) struct Supplied {
    pub(super) line: String,
    pub(super) label: String,
    pub(super) note: String,
    /// Whether the service counts it, or part of it, too.
    pub(super) is_counted_too: bool,
    pub(super) figures: Vec<Aggregate>,
}

impl Page {
    pub(super) fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.entries.iter().filter_map(|entry| entry.figure.as_ref())
    }

    /// Editions, agreements and rules of all its figures, in words.
    pub(super) fn under(&self) -> String {
        let of = |name: &str, values: BTreeSet<String>| {
            let values: Vec<String> = values.into_iter().collect();
            format!("{name} {}", values.join(", "))
        };
        let parts = [
            of("edition", self.figures().map(|figure| figure.basis.edition.to_string()).collect()),
            of("agreement", self.figures().map(|figure| figure.basis.agreement.clone()).collect()),
            of("rule", self.figures().map(|figure| figure.basis.rule.clone()).collect()),
        ];
        parts.join(", ")
    }

    /// Cells that are hidden, of those that its figures looked at.
    pub(super) fn loss(&self) -> crate::figures::Loss {
        self.figures().fold(crate::figures::Loss::default(), |sum, figure| crate::figures::Loss {
            hidden: sum.hidden + figure.loss.hidden,
            cells: sum.cells + figure.loss.cells,
        })
    }
}
