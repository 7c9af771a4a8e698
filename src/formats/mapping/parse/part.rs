//! What a mapping says of one record, or of all of them together.

use super::super::source::Source;
use super::super::when::Condition;
use super::notes::{Node, Notes};
use super::source::{self, Named, check_column};
use crate::formats::template::{Template, templates};
use std::collections::BTreeMap;
use toml::de::DeValue;

/// The keys of a part.
pub(super) const KEYS: &str = "template, each, optional, when, unless, filled, columns";

#[derive(Default)]
pub(super) struct Part {
    pub(super) line: u64,
    pub(super) template: Option<&'static Template>,
    /// A template was named, known or not.
    pub(super) names_template: bool,
    pub(super) each: Option<String>,
    pub(super) is_optional: bool,
    pub(super) conditions: Vec<Condition>,
    pub(super) columns: BTreeMap<String, Source>,
}

impl Part {
    /// Takes in what stands at a key; whether it is one of a part.
    pub(super) fn take(&mut self, notes: &mut Notes<'_>, node: Node<'_>, named: &Named) -> bool {
        match node.key {
            "template" => {
                self.names_template = true;
                self.template = notes.text(node).and_then(|file| template(notes, node, &file));
            }
            "each" => {
                self.each = notes.text(node);
                if self.each.as_ref().is_some_and(|each| each.matches('*').count() != 1) {
                    notes.wrong(node.line, "each is to have one * in it");
                }
            }
            "optional" => match node.value {
                DeValue::Boolean(is) => self.is_optional = *is,
                _ => notes.wrong(node.line, "optional is neither true nor false"),
            },
            "when" => self.conditions.extend(conditions(notes, node, Condition::Is)),
            "unless" => self.conditions.extend(conditions(notes, node, Condition::IsNot)),
            "filled" => {
                let columns = some(notes, node);
                columns.iter().for_each(|column| check_column(notes, node, column));
                self.conditions.push(Condition::Filled(columns));
            }
            "columns" => {
                let Some(table) = notes.table(node) else { return true };
                for column in notes.nodes(table) {
                    if let Some(source) = source::read(notes, column, named) {
                        self.columns.insert(column.key.to_owned(), source);
                    }
                }
            }
            _ => return false,
        }
        true
    }
}

/// One text or several. Of none, a condition would never hold, or always.
fn some(notes: &mut Notes<'_>, node: Node<'_>) -> Vec<String> {
    if matches!(node.value, DeValue::Array(list) if list.is_empty()) {
        notes.wrong(node.line, format!("{} has nothing in it", node.key));
    }
    notes.texts(node)
}

fn template(notes: &mut Notes<'_>, node: Node<'_>, file: &str) -> Option<&'static Template> {
    let found = templates().iter().find(|template| template.file == file);
    if found.is_none() {
        let known: Vec<_> = templates().iter().map(|template| template.file).collect();
        notes.wrong(node.line, format!("there is no template {file} (there are {})", known.join(", ")));
    }
    found
}

fn conditions(
    notes: &mut Notes<'_>,
    node: Node<'_>,
    make: impl Fn(String, Vec<String>) -> Condition,
) -> Vec<Condition> {
    let Some(table) = notes.table(node) else { return Vec::new() };
    let mut conditions = Vec::new();
    for column in notes.nodes(table) {
        check_column(notes, column, column.key);
        conditions.push(make(column.key.to_owned(), some(notes, column)));
    }
    conditions
}
