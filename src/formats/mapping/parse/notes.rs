//! A mapping's text by its lines, and the mistakes found so far.

use super::super::mistake::Mistake;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What stands at a key.
#[derive(Clone, Copy)]
pub(super) struct Node<'t> {
    pub(super) key: &'t str,
    pub(super) line: u64,
    pub(super) value: &'t DeValue<'t>,
}

pub(super) struct Notes<'t> {
    text: &'t str,
    origin: &'t str,
    mistakes: Vec<Mistake>,
}

impl<'t> Notes<'t> {
    pub(super) fn new(text: &'t str, origin: &'t str) -> Self {
        Self { text, origin, mistakes: Vec::new() }
    }

    /// Notes a mistake; line 0 is none to point at.
    pub(super) fn wrong(&mut self, line: u64, reason: impl Into<String>) {
        let line = Some(line).filter(|line| *line > 0);
        self.mistakes.push(Mistake { mapping: self.origin.to_owned(), line, reason: reason.into() });
    }

    pub(super) const fn is_clean(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// The mistakes in the order of their lines, each once.
    pub(super) fn finish(mut self) -> Vec<Mistake> {
        self.mistakes.sort_by(|a, b| (a.line, &a.reason).cmp(&(b.line, &b.reason)));
        self.mistakes.dedup();
        self.mistakes
    }

    /// Line of a position in the text.
    pub(super) fn line(&self, at: usize) -> u64 {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        1 + before.iter().filter(|byte| **byte == b'\n').count() as u64
    }

    /// What stands in a table, in the order of the lines.
    pub(super) fn nodes<'d>(&self, table: &'d DeTable<'d>) -> Vec<Node<'d>> {
        let node = |(key, value): (&'d Spanned<_>, &'d Spanned<DeValue<'d>>)| {
            let name: &std::borrow::Cow<'_, str> = key.get_ref();
            Node { key: name.as_ref(), line: self.line(key.span().start), value: value.get_ref() }
        };
        let mut nodes: Vec<_> = table.iter().map(node).collect();
        nodes.sort_by_key(|node| node.line);
        nodes
    }

    pub(super) fn text(&mut self, node: Node<'_>) -> Option<String> {
        match node.value {
            DeValue::String(text) => Some(text.clone().into_owned()),
            _ => {
                self.wrong(node.line, format!("{} is not a text in quotation marks", node.key));
                None
            }
        }
    }

    /// One text, or several.
    pub(super) fn texts(&mut self, node: Node<'_>) -> Vec<String> {
        let DeValue::Array(list) = node.value else { return self.text(node).into_iter().collect() };
        let mut texts = Vec::new();
        for value in list.iter() {
            texts.extend(self.text(Node { value: value.get_ref(), ..node }));
        }
        texts
    }

    pub(super) fn table<'d>(&mut self, node: Node<'d>) -> Option<&'d DeTable<'d>> {
        match node.value {
            DeValue::Table(table) => Some(table),
            _ => {
                self.wrong(node.line, format!("{} is not a table", node.key));
                None
            }
        }
    }

    /// A number from 1 to `max`.
    pub(super) fn number(&mut self, node: Node<'_>, max: u8) -> Option<u8> {
        let number = match node.value {
            DeValue::Integer(number) => number.as_str().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| (1..=max).contains(number));
        if number.is_none() {
            self.wrong(node.line, format!("{} is not a number from 1 to {max}", node.key));
        }
        number
    }

    pub(super) fn unknown(&mut self, node: Node<'_>, known: &str) {
        self.wrong(node.line, format!("{} is not known here (known are {known})", node.key));
    }
}
