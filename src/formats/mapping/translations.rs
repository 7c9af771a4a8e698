//! Translations that people have filled into a queue: a file of [`super::write_queue`] with its last column filled.

use super::source::{Change, Source, Taken};
use super::{Mapping, Mistake, pattern};
use crate::formats::defect::printable;
use serde::Deserialize;
use std::io::Read;
use std::sync::Arc;

/// What stands for a translation that leaves a value blank on purpose: a blank one is not filled in yet.
const BLANK: &str = "(blank)";

/// A row of the queue; its other columns are for people.
#[derive(Deserialize)]
struct Row {
    mapping: String,
    column: String,
    code: String,
    template: String,
    becomes: String,
    translation: String,
}

/// Adds the translations to the mappings that lack them. Rows without a translation are passed over.
///
/// Gives back what is wrong, with the lines of the file, which is called `origin`.
pub(super) fn add(mappings: &mut [&mut Mapping], queue: impl Read, origin: &str) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(queue);
    for (line, row) in (2_u64..).zip(rows.deserialize::<Row>()) {
        let mut wrong = |reason: String| {
            mistakes.push(Mistake { mapping: origin.to_owned(), line: Some(line), reason });
        };
        // What the reader says quotes the row, and a code can be a name.
        let Ok(row) = row else {
            wrong("is not a row of a queue: mapping, file, column, code, codes, rows, template, becomes, translation".into());
            continue;
        };
        let (code, translation) = (plain(&row.code), plain(&row.translation));
        if translation.is_empty() {
            continue;
        }
        if code.is_empty() {
            wrong("has a translation, and a code that was not shown".into());
            continue;
        }
        let Some(mapping) = mappings.iter_mut().find(|mapping| mapping.name == row.mapping) else {
            wrong("names a mapping that there is not".into());
            continue;
        };
        if mapping.is_of_descriptors() {
            wrong("is of a descriptor of Ed-Fi: those are translated in a mapping's own table".into());
            continue;
        }
        let word = if translation == BLANK { "" } else { translation };
        let mut n_added = 0;
        for record in mapping.records.iter_mut().filter(|record| record.template.file == row.template) {
            let template = record.template;
            let of_column =
                record.columns.iter_mut().filter(|(at, _)| template.columns[*at].name == row.becomes);
            for (_, source) in of_column {
                n_added += teach(source, &row.column, code, word);
            }
        }
        if n_added == 0 {
            wrong("names a column that the mapping does not translate codes of".into());
        }
    }
    mistakes
}

/// Adds a translation to the tables that are for a column, and says to how many.
fn teach(source: &mut Source, column: &str, code: &str, word: &str) -> usize {
    let mut n = match &mut source.from {
        Taken::Constant(_) | Taken::Column(_) => 0,
        Taken::Join(parts, _) | Taken::First(parts) => {
            parts.iter_mut().map(|part| teach(part, column, code, word)).sum()
        }
    };
    // A `*` in the mapping stands for what is another text in each column.
    let is_of_column = pattern::fits(&printable(&source.columns().join(", ")), column);
    if let Change::Codes(codes) = &mut source.change
        && is_of_column
    {
        Arc::make_mut(codes).insert(code.to_lowercase(), word.to_owned());
        n += 1;
    }
    n
}

/// A cell without the apostrophe that keeps a spreadsheet from taking it for a formula.
fn plain(cell: &str) -> &str {
    let is_formula = |text: &str| text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}
