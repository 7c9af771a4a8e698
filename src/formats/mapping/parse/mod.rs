//! A mapping out of its text: every mistake at once, each with its line.

mod notes;
mod part;
mod source;

use super::mistake::Mistake;
use super::source::{Change, Source, Taken};
use super::{Mapping, Record};
use crate::formats::bundle::csv_name;
use crate::formats::template::{Rows, Template};
use notes::{Node, Notes};
use part::Part;
use source::Named;
use std::collections::BTreeSet;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// Reads a mapping; `origin` is what mistakes call it.
pub(super) fn parse(text: &str, origin: &str) -> Result<Mapping, Vec<Mistake>> {
    let mut notes = Notes::new(text, origin);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = error.span().map_or(0, |span| notes.line(span.start));
        notes.wrong(line, error.message());
    }
    if !errors.is_empty() {
        return Err(notes.finish());
    }
    let mapping = read(&mut notes, document.get_ref(), text, origin);
    let mistakes = notes.finish();
    if mistakes.is_empty() { Ok(mapping) } else { Err(mistakes) }
}

const KEYS: &str = "name, title, files, header_has, blank, codes, descriptors, record";

fn read(notes: &mut Notes<'_>, document: &DeTable<'_>, text: &str, origin: &str) -> Mapping {
    let (mut name, mut title, mut files, mut header_has, mut blank) = Default::default();
    let (mut common, mut descriptors) = (Part::default(), Named::new());
    let mut parts = Vec::new();
    let nodes = notes.nodes(document);
    let codes = nodes.iter().find(|node| node.key == "codes").copied();
    let named = codes.map(|node| source::named_codes(notes, node)).unwrap_or_default();
    for node in nodes {
        match node.key {
            "name" => name = notes.text(node),
            "title" => title = notes.text(node),
            "files" => {
                files = notes.texts(node);
                files.iter().for_each(|file| check_file(notes, node, file));
            }
            "header_has" => header_has = notes.texts(node),
            "blank" => blank = notes.texts(node),
            "codes" => {}
            "descriptors" => descriptors = source::named_codes(notes, node),
            "record" => parts = records(notes, node, &named),
            _ if common.take(notes, node, &named) => {}
            _ => notes.unknown(node, &format!("{KEYS}, {}", part::KEYS)),
        }
    }
    let name = name.unwrap_or_default();
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        notes.wrong(0, "name is missing, or not made of letters, digits and -_.");
    }
    // One of descriptors alone is for no file of its own.
    let is_of_descriptors = !descriptors.is_empty()
        && files.is_empty()
        && parts.is_empty()
        && !common.names_template
        && common.columns.is_empty();
    if files.is_empty() && !is_of_descriptors {
        notes.wrong(0, "files is missing: names of files, with * for anything");
    }
    if parts.is_empty() && !is_of_descriptors {
        // Without records of its own, it makes one of each row.
        parts.push(Part { line: common.line, ..Part::default() });
    }
    check_common(notes, &common, &parts);
    let records = parts.into_iter().enumerate();
    let records: Vec<_> = records.filter_map(|(at, part)| record(notes, at + 1, part, &common)).collect();
    for source in records.iter().flat_map(|record| &record.columns).map(|(_, source)| source) {
        check_codes(notes, source, &blank);
    }
    if let Some(tables) = codes.filter(|_| notes.is_clean()).and_then(|node| notes.table(node)) {
        for node in notes.nodes(tables) {
            // Whoever translates by a table holds it, too.
            if named.get(node.key).is_some_and(|codes| Arc::strong_count(codes) == 1) {
                notes.wrong(node.line, format!("no column is translated by codes.{}", node.key));
            }
        }
    }
    let (title, text, origin) = (title.unwrap_or_default(), text.to_owned(), origin.to_owned());
    Mapping { name, title, files, header_has, blank, records, descriptors, text, origin }
}

fn records(notes: &mut Notes<'_>, node: Node<'_>, named: &Named) -> Vec<Part> {
    let DeValue::Array(list) = node.value else {
        notes.wrong(node.line, "record is not a list of tables ([[record]])");
        return Vec::new();
    };
    let mut parts = Vec::new();
    for value in list.iter() {
        let line = notes.line(value.span().start);
        let Some(table) = notes.table(Node { value: value.get_ref(), line, ..node }) else { continue };
        let mut part = Part { line, ..Part::default() };
        for node in notes.nodes(table) {
            if !part.take(notes, node, named) {
                notes.unknown(node, part::KEYS);
            }
        }
        parts.push(part);
    }
    parts
}

/// A column for all records is one of a template of theirs.
fn check_common(notes: &mut Notes<'_>, common: &Part, parts: &[Part]) {
    let templates: Vec<_> = parts.iter().filter_map(|part| template(part, common)).collect();
    if templates.is_empty() {
        return;
    }
    for (name, source) in &common.columns {
        if !templates.iter().any(|template| has_column(template, name)) {
            let files: BTreeSet<_> = templates.iter().map(|template| template.file).collect();
            let files: Vec<_> = files.into_iter().collect();
            notes.wrong(source.line, format!("{name} is not a column of {}", files.join(" or ")));
        }
    }
}

fn template(part: &Part, common: &Part) -> Option<&'static Template> {
    if part.names_template { part.template } else { common.template }
}

fn has_column(template: &Template, name: &str) -> bool {
    template.columns.iter().any(|column| column.name == name)
}

fn record(notes: &mut Notes<'_>, number: usize, part: Part, common: &Part) -> Option<Record> {
    let Some(template) = template(&part, common) else {
        if !part.names_template && !common.names_template {
            notes.wrong(part.line, format!("record {number} has no template"));
        }
        return None;
    };
    for (name, source) in &part.columns {
        if !has_column(template, name) {
            let known: Vec<_> = template.columns.iter().map(|column| column.name).collect();
            let reason = format!("{name} is not a column of {} (it has {})", template.file, known.join(", "));
            notes.wrong(source.line, reason);
        }
    }
    let each = part.each.or_else(|| common.each.clone());
    let source = |name: &str| part.columns.get(name).or_else(|| common.columns.get(name));
    let rows = Rows::new(template, |name| source(name).is_some());
    for name in rows.required.iter().filter(|name| source(name).is_none()) {
        let reason = format!("record {number} ({}) does not say where {name} comes from", template.file);
        notes.wrong(part.line, reason);
    }
    let columns = template.columns.iter().enumerate();
    let columns: Vec<(usize, Source)> =
        columns.filter_map(|(at, column)| Some((at, source(column.name)?.clone()))).collect();
    for (at, source) in &columns {
        check_source(notes, template.columns[*at].name, source, each.is_some());
    }
    let conditions: Vec<_> = common.conditions.iter().chain(&part.conditions).cloned().collect();
    let has_star = conditions.iter().flat_map(|condition| condition.columns()).any(|name| name.contains('*'));
    let has_starred = |(_, source): &(usize, Source)| source.columns().iter().any(|name| name.contains('*'));
    if each.is_some() && !has_star && !columns.iter().any(has_starred) {
        notes.wrong(
            part.line,
            format!("record {number} has an each, and no column with a *: it is always the same"),
        );
    }
    if has_star && each.is_none() {
        notes.wrong(part.line, format!("a condition of record {number} has a *, and there is no each"));
    }
    let is_optional = part.is_optional || common.is_optional;
    Some(Record { line: part.line, template, each, is_optional, conditions, columns })
}

/// Columns whose values may name somebody: no code of theirs belongs into a queue.
const NAMING: [&str; 11] = [
    "student_id",
    "first_name",
    "middle_name",
    "last_name",
    "suffix",
    "birth_date",
    "street_address",
    "city",
    "zip",
    "shared_id",
    "record_key",
];

fn check_source(notes: &mut Notes<'_>, name: &str, source: &Source, has_each: bool) {
    if !has_each && source.columns().iter().any(|column| column.contains('*')) {
        notes.wrong(source.line, format!("{name} has a * in a column, and there is no each"));
    }
    if NAMING.contains(&name) && translates(source) {
        notes.wrong(source.line, format!("{name} may name somebody, and is not translated by codes"));
    }
}

/// Only tables are read through mappings, and these are found by their ending.
fn check_file(notes: &mut Notes<'_>, node: Node<'_>, file: &str) {
    let lower = csv_name(file).to_ascii_lowercase();
    let is_any = lower.rsplit_once('*').is_some_and(|(_, end)| ".csv".ends_with(end));
    if !is_any && !lower.ends_with(".csv") {
        notes.wrong(node.line, format!("{file} is not the name of a .csv or .parquet file"));
    }
}

/// A text that says that nothing is there is not looked up among codes.
fn check_codes(notes: &mut Notes<'_>, source: &Source, blank: &[String]) {
    if let Taken::Join(parts, _) | Taken::First(parts) = &source.from {
        parts.iter().for_each(|part| check_codes(notes, part, blank));
    }
    if let (Taken::Column(_) | Taken::First(_), Change::Codes(codes)) = (&source.from, &source.change) {
        for text in blank.iter().filter(|text| codes.contains_key(&text.trim().to_lowercase())) {
            notes.wrong(source.line, format!("{text} is among blank, so it is never translated"));
        }
    }
}

fn translates(source: &Source) -> bool {
    let inside = match &source.from {
        Taken::Join(parts, _) | Taken::First(parts) => parts.iter().any(translates),
        Taken::Constant(_) | Taken::Column(_) => false,
    };
    inside || matches!(source.change, Change::Codes(_))
}
