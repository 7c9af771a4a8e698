//! What a report holds, whatever it is printed as.

use crate::cli::sources;
use crate::disclosure::Sourced;
use crate::figures::{Aggregate, Figure, Quantity};
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

/// Why nothing that was asked is answered; nothing where anything is, or nothing was asked.
pub(super) fn refusal(entries: &[Entry]) -> Option<&str> {
    let mut asked = entries.iter().filter(|entry| entry.unoffered.is_none());
    let first = asked.next()?.unanswered.as_deref()?;
    asked.all(|entry| entry.unanswered.is_some()).then_some(first)
}

impl Entry {
    /// Whether it has a figure that shows anything; what a report declares itself is not shown by any table.
    fn is_shown(&self) -> bool {
        let is_counted = |row: &crate::figures::Row| row.quantity != Quantity::Target && row.value.is_ok();
        self.figure.as_ref().is_some_and(|figure| figure.rows.iter().any(is_counted))
    }
}

impl Supplied {
    /// What stands after the words that nothing was supplied.
    pub(super) const fn besides(&self) -> &'static str {
        if self.is_counted_too { "; what a product offers of it stands above" } else { "" }
    }
}

impl Page {
    /// Whether every figure that is asked for is there and shows something.
    pub(super) fn is_whole(&self) -> bool {
        let is_there = |line: &Supplied| line.is_counted_too || !line.figures.is_empty();
        self.entries.iter().all(Entry::is_shown) && self.supplied.iter().all(is_there)
    }

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

    /// Whose records its figures are made of, each source once.
    pub(super) fn sources(&self) -> Vec<Sourced> {
        sources::together(self.figures().flat_map(|figure| &figure.basis.sources))
    }

    /// How the sources are to be named, as the agreements of its figures say.
    pub(super) fn credits(&self) -> BTreeSet<&str> {
        let credits = self.figures().map(|figure| figure.basis.credit.as_str());
        credits.filter(|credit| !credit.is_empty()).collect()
    }

    /// Cells that are hidden, of those that its figures looked at.
    pub(super) fn loss(&self) -> crate::figures::Loss {
        self.figures().fold(crate::figures::Loss::default(), |sum, figure| crate::figures::Loss {
            hidden: sum.hidden + figure.loss.hidden,
            cells: sum.cells + figure.loss.cells,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Basis, Loss, Missing, Row, Scale};

    fn entry(figure: Option<Figure>, unanswered: Option<&str>, unoffered: Option<&str>) -> Entry {
        let [unanswered, unoffered] = [unanswered, unoffered].map(|reason| reason.map(str::to_owned));
        Entry { line: String::new(), title: "A figure".into(), figure, unanswered, unoffered }
    }

    fn figure(rows: &[(Quantity, Result<f64, Missing>)]) -> Entry {
        let row = |(quantity, value): &(Quantity, Result<f64, Missing>)| Row {
            year: 2025,
            since: None,
            group: "All".into(),
            against: String::new(),
            quantity: *quantity,
            counts: Vec::new(),
            value: value.clone(),
            interval: None,
            scale: Scale::Percent,
            says: String::new(),
        };
        let figure = Figure {
            title: "A figure".into(),
            form: "series",
            basis: Basis::default(),
            rows: rows.iter().map(row).collect(),
            findings: Vec::new(),
            notes: Vec::new(),
            lines: Vec::new(),
            breaks: Vec::new(),
            annotations: Vec::new(),
            loss: Loss::default(),
        };
        entry(Some(figure), None, None)
    }

    fn page(entries: Vec<Entry>, supplied: Vec<Supplied>) -> Page {
        let (id, title) = (String::new(), String::new());
        Page { id, title, pack: None, entries, supplied, entries_of_log: Vec::new() }
    }

    #[test]
    fn a_report_is_whole_when_every_figure_shows_something() {
        let is_whole = |entry: Entry| page(vec![entry], Vec::new()).is_whole();
        let hidden = (Quantity::Level, Err(Missing::Hidden));
        assert!(is_whole(figure(&[hidden.clone(), (Quantity::Level, Ok(0.0))])));
        assert!(!is_whole(figure(std::slice::from_ref(&hidden))));
        assert!(
            !is_whole(figure(&[hidden, (Quantity::Target, Ok(90.0))])),
            "no table shows a declared value"
        );
        assert!(!is_whole(entry(None, Some("refused"), None)));
        assert!(!is_whole(entry(None, None, Some("no product offers it"))));
        let line = |is_counted_too| Supplied {
            line: "employment".into(),
            label: "Employment".into(),
            note: String::new(),
            is_counted_too,
            figures: Vec::new(),
        };
        assert!(!page(Vec::new(), vec![line(false)]).is_whole(), "nobody has supplied it");
        assert!(page(Vec::new(), vec![line(true)]).is_whole());
    }

    #[test]
    fn sources_and_credit_stand_there_once() {
        let sourced = || {
            let mut entry = figure(&[(Quantity::Level, Ok(50.0))]);
            let basis = &mut entry.figure.as_mut().expect("a figure").basis;
            basis.credit = "Made with <the districts>.".into();
            let (organization, delivered) = ("north".into(), "2025-07-01".into());
            basis.sources = vec![Sourced { organization, delivered, days_late: 0, coverage: Vec::new() }];
            entry
        };
        let page = page(vec![sourced(), sourced()], Vec::new());
        let html = super::super::html::page(&page);
        for text in ["Source north: delivered 2025-07-01.", "Made with &lt;the districts&gt;."] {
            assert_eq!(html.matches(text).count(), 1, "{text}");
        }
        let json = super::super::machine::json(&page);
        assert_eq!(
            (json["sources"][0]["organization"].as_str(), json["credit"].as_array().map(Vec::len)),
            (Some("north"), Some(1))
        );
    }

    #[test]
    fn a_report_without_any_answer_is_refused() {
        let refused = || entry(None, Some("the agreement has expired"), None);
        let unoffered = || entry(None, None, Some("no product offers it"));
        assert_eq!(refusal(&[unoffered(), refused(), refused()]), Some("the agreement has expired"));
        assert_eq!(refusal(&[refused(), figure(&[])]), None);
        assert_eq!(refusal(&[unoffered()]), None);
    }
}
