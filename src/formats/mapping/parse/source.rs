//! Where a value comes from, out of a mapping's text.

use super::super::date::DateForm;
use super::super::source::{Change, Codes, Source, Taken};
use super::notes::{Node, Notes};
use crate::formats::never_read::is_never_read;
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// The named tables of codes.
pub(super) type Named = BTreeMap<String, Arc<Codes>>;

/// A column's name, or a table such as `{ column = "Sex", codes = { "M" = "male" } }`.
pub(super) fn read(notes: &mut Notes<'_>, node: Node<'_>, named: &Named) -> Option<Source> {
    match node.value {
        DeValue::String(name) => {
            check_column(notes, node, name);
            let from = Taken::Column(name.clone().into_owned());
            Some(Source { from, change: Change::None, line: node.line })
        }
        DeValue::Table(table) => read_table(notes, node, table, named),
        _ => {
            notes.wrong(node.line, format!("{} is neither the name of a column nor a table", node.key));
            None
        }
    }
}

/// The tables below `codes`.
pub(super) fn named_codes(notes: &mut Notes<'_>, node: Node<'_>) -> Named {
    let Some(tables) = notes.table(node) else { return Named::new() };
    let nodes = notes.nodes(tables);
    nodes.into_iter().filter_map(|node| Some((node.key.to_owned(), codes(notes, node)?))).collect()
}

const KEYS: &str = "one of column, constant, join and first; with, codes, format, month, day, take";

fn read_table(notes: &mut Notes<'_>, node: Node<'_>, table: &DeTable<'_>, named: &Named) -> Option<Source> {
    let (mut taken, mut changes, mut with) = (Vec::new(), Vec::new(), None);
    let (mut form, mut month, mut day) = (None, None, None);
    for inner in notes.nodes(table) {
        // What is wrong further down is wrong with this column of the template.
        let at = Node { line: node.line.max(inner.line), ..inner };
        match inner.key {
            "column" => taken.extend(notes.text(at).map(|name| {
                check_column(notes, at, &name);
                Taken::Column(name)
            })),
            "constant" => taken.extend(notes.text(at).map(Taken::Constant)),
            "join" => taken.push(Taken::Join(parts(notes, at, named), String::new())),
            "first" => taken.push(Taken::First(parts(notes, at, named))),
            "with" => with = notes.text(at),
            "codes" => changes.extend(codes_of(notes, at, named).map(Change::Codes)),
            "format" => form = notes.text(at),
            "month" => month = notes.number(at, 12),
            "day" => day = notes.number(at, 31),
            "take" => match notes.text(at).as_deref() {
                Some("school_year") => changes.push(Change::SchoolYear),
                Some(_) => notes.wrong(at.line, "take is not school_year"),
                None => {}
            },
            _ => notes.unknown(at, KEYS),
        }
    }
    match form {
        Some(form) => match DateForm::new(&form, month, day) {
            Ok(form) => changes.push(Change::Date(form)),
            Err(reason) => notes.wrong(node.line, format!("{}: the format {reason}", node.key)),
        },
        None if month.is_some() || day.is_some() => {
            notes.wrong(node.line, format!("{}: month and day go with a format", node.key));
        }
        None => {}
    }
    if taken.len() != 1 {
        let reason = "is to have one of column, constant, join and first";
        notes.wrong(node.line, format!("{} {reason}", node.key));
    }
    if changes.len() > 1 {
        notes.wrong(node.line, format!("{} is to have one of codes, format and take", node.key));
    }
    let mut from = taken.pop()?;
    match (&mut from, with) {
        (Taken::Join(_, between), Some(text)) => *between = text,
        (_, Some(_)) => notes.wrong(node.line, format!("{}: with goes with join", node.key)),
        _ => {}
    }
    Some(Source { from, change: changes.pop().unwrap_or(Change::None), line: node.line })
}

fn parts(notes: &mut Notes<'_>, node: Node<'_>, named: &Named) -> Vec<Source> {
    let DeValue::Array(list) = node.value else {
        notes.wrong(node.line, format!("{} is not a list", node.key));
        return Vec::new();
    };
    if list.is_empty() {
        notes.wrong(node.line, format!("{} has nothing in it", node.key));
    }
    list.iter().filter_map(|part| read(notes, Node { value: part.get_ref(), ..node }, named)).collect()
}

fn codes_of(notes: &mut Notes<'_>, node: Node<'_>, named: &Named) -> Option<Arc<Codes>> {
    let DeValue::String(name) = node.value else { return codes(notes, node) };
    let found = named.get(name.as_ref()).cloned();
    if found.is_none() {
        notes.wrong(node.line, format!("there is no table codes.{name}"));
    }
    found
}

fn codes(notes: &mut Notes<'_>, node: Node<'_>) -> Option<Arc<Codes>> {
    let mut codes = Codes::new();
    let table = notes.table(node)?;
    for code in notes.nodes(table) {
        let Some(word) = notes.text(code) else { continue };
        if code.key.trim().is_empty() {
            notes.wrong(
                code.line,
                "a blank cell is not looked up among codes (but first = [.., { constant = .. }])",
            );
        }
        if codes.insert(code.key.trim().to_lowercase(), word).is_some() {
            notes.wrong(code.line, format!("{} is there twice: letter case does not matter", code.key));
        }
    }
    Some(Arc::new(codes))
}

/// Whatever a mapping says, some columns are not taken out of the text they stand in.
pub(super) fn check_column(notes: &mut Notes<'_>, node: Node<'_>, name: &str) {
    if is_never_read(name) {
        let reason = "columns of passwords, e-mail, telephone and social security numbers are never read";
        notes.wrong(node.line, format!("{}: {reason}", node.key));
    }
    if name.trim() != name || name.is_empty() {
        notes.wrong(
            node.line,
            format!("{}: a column's name is blank, or begins or ends with a space", node.key),
        );
    }
}
