//! Translations that people have filled into a queue: a file of [`super::write_queue`] with its last column filled.

use super::source::{Change, Codes, Source, Taken};
use super::{Mapping, Mistake, pattern};
use crate::formats::decode::{Encoding, Text};
use crate::formats::defect::printable;
use crate::formats::lexer::{Cell, Lexer, Span};
use std::sync::Arc;
use zeroize::Zeroizing;

/// What stands for a translation that leaves a value blank on purpose: a blank one is not filled in yet.
const BLANK: &str = "(blank)";

/// Columns of the queue that are read; its others are for people.
const COLUMNS: [&str; 6] = ["mapping", "column", "code", "template", "becomes", "translation"];

/// Adds the translations to the mappings that lack them. Rows without a translation are passed over.
///
/// Gives back what is wrong, with the lines of the file, which is called `origin`.
pub(super) fn add(mappings: &mut [&mut Mapping], queue: Zeroizing<Vec<u8>>, origin: &str) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut wrong = |line: Option<u64>, reason: &str| {
        mistakes.push(Mistake { mapping: origin.to_owned(), line, reason: reason.to_owned() });
    };
    let text = Text::decode(queue);
    if text.encoding != Encoding::Utf8 {
        wrong(None, "is not UTF-8");
        return mistakes;
    }
    let (mut lexer, mut cells) = (Lexer::new(text.as_str(), b','), Vec::new());
    let Some(header) = lexer.next(&mut cells) else { return mistakes };
    let at = COLUMNS.map(|name| cells.iter().position(|cell| cell.text() == name));
    while let Some(span) = lexer.next(&mut cells) {
        if let Err(reason) = take(mappings, at, (header, span), &cells) {
            wrong(Some(span.line), reason);
        }
    }
    mistakes
}

/// Adds the translation of a row, or says what is wrong with it. It quotes nothing: a code can be a name.
fn take(
    mappings: &mut [&mut Mapping],
    at: [Option<usize>; 6],
    (header, row): (Span, Span),
    cells: &[Cell<'_>],
) -> Result<(), &'static str> {
    let is_row = row.n_cells == header.n_cells && !row.has_open_quote && !row.is_torn;
    let cell = |at: Option<usize>| at.filter(|_| is_row).and_then(|at| cells.get(at)).map(|cell| cell.text());
    let [Some(mapping), Some(column), Some(code), Some(template), Some(becomes), Some(translation)] =
        at.map(cell)
    else {
        return Err(
            "is not a row of a queue: mapping, file, column, code, codes, rows, template, becomes, translation",
        );
    };
    let (code, column, translation) = (plain(&code).to_lowercase(), plain(&column), plain(&translation));
    if translation.is_empty() {
        return Ok(());
    }
    if code.is_empty() {
        return Err("has a translation, and a code that was not shown");
    }
    let Some(mapping) = mappings.iter_mut().find(|of| of.name == mapping) else {
        return Err("names a mapping that there is not");
    };
    if mapping.is_of_descriptors() {
        return Err("is of a descriptor of Ed-Fi: those are translated in a mapping's own table");
    }
    let records = mapping.records.iter_mut().filter(|record| record.template.file == template);
    let sources = records.flat_map(|record| {
        let columns = record.template.columns;
        record.columns.iter_mut().filter(|(at, _)| columns[*at].name == becomes).map(|(_, source)| source)
    });
    let tables: Vec<_> = sources.flat_map(|source| tables(source, column)).collect();
    if tables.is_empty() {
        return Err("names a column that the mapping does not translate codes of");
    }
    let word = if translation == BLANK { "" } else { translation };
    // Of two that contradict each other nobody knows which is meant, whether the mapping says the one or an earlier row.
    if tables.iter().any(|codes| codes.get(&code).is_some_and(|known| known != word)) {
        return Err("has another translation than the mapping, or an earlier row, has for this code");
    }
    for codes in tables {
        Arc::make_mut(codes).insert(code.clone(), word.to_owned());
    }
    Ok(())
}

/// The tables of a source that are for a column.
fn tables<'s>(source: &'s mut Source, column: &str) -> Vec<&'s mut Arc<Codes>> {
    // A `*` in the mapping stands for what is another text in each column.
    let is_of_column = pattern::fits(&printable(&source.columns().join(", ")), column);
    let Source { from, change, .. } = source;
    let mut found = match from {
        Taken::Constant(_) | Taken::Column(_) => Vec::new(),
        Taken::Join(parts, _) | Taken::First(parts) => {
            parts.iter_mut().flat_map(|part| tables(part, column)).collect()
        }
    };
    if let Change::Codes(codes) = change
        && is_of_column
    {
        found.push(codes);
    }
    found
}

/// A cell without the apostrophe that keeps a spreadsheet from taking it for a formula.
fn plain(cell: &str) -> &str {
    let is_formula = |text: &str| text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}
