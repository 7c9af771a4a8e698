//! Resources as bulk files hold them: the elements of an `Interchange`, Data Standard 5 or 6.
//!
//! No entity but the five of XML is ever expanded, and a file with a document type is not read at all.

use super::Found;
use super::node::{Node, known, plain_name};
use super::source::{RECORD_MAX, Source};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::io::{self, BufRead, Read};
use zeroize::{Zeroize, Zeroizing};

/// Elements within elements; the schema has about ten.
const DEPTH_MAX: usize = 24;

/// How far the reading of a file came.
pub(super) enum End {
    /// To its end.
    Whole,
    /// It is no interchange of Ed-Fi.
    NotEdFi,
    /// Only behind this many of its elements, for a reason.
    Broken(u64, &'static str),
}

/// Hands each element below the root to `each` with its number and the name of its resource, if
/// `is_wanted` by that name.
///
/// # Errors
///
/// Those of the source.
pub(super) fn read(
    source: &mut dyn Read,
    is_wanted: &mut dyn FnMut(&str) -> bool,
    each: &mut dyn FnMut(u64, &str, Found),
) -> io::Result<End> {
    let mut source = Source::new(source, RECORD_MAX);
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] = source.fill_buf()? {
        // What it is can not be seen, and it must not be passed over.
        return Ok(End::Broken(0, "is in UTF-16 and has to be in UTF-8"));
    }
    let mut reader = Reader::from_reader(source);
    let mut buffer = Zeroizing::new(Vec::with_capacity(1 << 12));
    let mut open = Open::default();
    loop {
        // Once a comment was large, it has room for that: only what was used is wiped.
        buffer.as_mut_slice().zeroize();
        buffer.clear();
        let broken = |reason| Ok(End::Broken(open.number, reason));
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(error)) if error.kind() == io::ErrorKind::QuotaExceeded => {
                return broken("has an element of more than 1 MiB");
            }
            Err(quick_xml::Error::Io(error)) => return Err(io::Error::new(error.kind(), "cannot be read")),
            Err(_) if open.depth == 0 && open.number == 0 => return Ok(End::NotEdFi),
            Err(_) => return broken("is not well-formed XML in UTF-8"),
        };
        match event {
            Event::Start(start) if open.depth == 0 => {
                if !start.local_name().as_ref().starts_with("Interchange") {
                    return Ok(End::NotEdFi);
                }
                if open.has_document_type {
                    return broken("has a document type, so nothing of it is read");
                }
                open.depth = 1;
            }
            Event::Start(_) if open.depth == DEPTH_MAX => {
                return broken("has elements too deep within others");
            }
            Event::Start(start) => open.start(&start, is_wanted),
            Event::Empty(_) if open.depth == 0 => return Ok(End::NotEdFi),
            Event::Empty(start) => {
                open.start(&start, is_wanted);
                open.end(each);
            }
            Event::End(_) => open.end(each),
            Event::Text(text) => open.text(&text),
            Event::CData(text) => open.text(&text),
            Event::GeneralRef(reference) => match character(&reference) {
                Some(c) => open.text(c.encode_utf8(&mut [0; 4])),
                None => return broken("has an entity that XML does not define"),
            },
            Event::DocType(_) => open.has_document_type = true,
            Event::Eof if open.depth > 0 => return broken("ends in the middle of an element"),
            Event::Eof => return Ok(if open.has_root { End::Whole } else { End::NotEdFi }),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
        open.has_root |= open.depth > 0;
        if open.depth <= 1 {
            reader.get_mut().begin_anew();
        }
    }
}

/// The elements that are open.
#[derive(Default)]
struct Open {
    has_root: bool,
    has_document_type: bool,
    depth: usize,
    /// Elements below the root so far.
    number: u64,
    /// The resource that is being read, when it is wanted.
    resource: String,
    nodes: Vec<Node>,
    /// Depth from which on nothing is kept.
    skipped_from: Option<usize>,
}

/// The name of elements whose properties are those of the element around, as in the API.
const TRANSPARENT: &str = "";

impl Open {
    fn start(&mut self, start: &BytesStart<'_>, is_wanted: &mut dyn FnMut(&str) -> bool) {
        self.depth += 1;
        if self.skipped_from.is_some() {
            return;
        }
        let local_name = start.local_name();
        let name = local_name.as_ref();
        if self.depth == 2 {
            self.number += 1;
            self.resource = plain_name(name);
            if is_wanted(&self.resource) {
                self.nodes.push(Node::default());
                self.attribute(start, "id", "@id");
            } else {
                self.skipped_from = Some(2);
            }
            return;
        }
        let is_transparent =
            name.ends_with("Identity") || ["Name", "BirthData", "AttendanceEvent"].contains(&name);
        match known(name) {
            _ if is_transparent => self.nodes.push(Node::new(TRANSPARENT)),
            Some(known) => {
                self.nodes.push(Node::new(known));
                self.attribute(start, "ref", "@ref");
            }
            None => self.skipped_from = Some(self.depth),
        }
    }

    fn attribute(&mut self, start: &BytesStart<'_>, name: &str, known: &'static str) {
        let value = start.try_get_attribute(name).ok().flatten();
        if let (Some(value), Some(node)) = (value, self.nodes.last_mut()) {
            node.push(Node { text: Zeroizing::new(value.value.into_owned()), ..Node::new(known) });
        }
    }

    fn text(&mut self, text: &str) {
        if let (None, Some(node)) = (self.skipped_from, self.nodes.last_mut()) {
            node.text.push_str(text);
        }
    }

    fn end(&mut self, each: &mut dyn FnMut(u64, &str, Found)) {
        let depth = self.depth;
        self.depth -= 1;
        if let Some(from) = self.skipped_from {
            self.skipped_from = Some(from).filter(|from| *from < depth);
            return;
        }
        let Some(mut node) = self.nodes.pop() else { return };
        if !node.children.is_empty() {
            node.text.zeroize();
        }
        match self.nodes.last_mut() {
            None => {
                node.forget_secrets();
                each(self.number, &self.resource, Found::Node(node));
            }
            Some(around) if node.name == TRANSPARENT => {
                node.children.drain(..).for_each(|child| around.push(child));
            }
            Some(around) => around.push(node),
        }
    }
}

fn character(reference: &BytesRef<'_>) -> Option<char> {
    match &**reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn school(text: &str) -> (Vec<(u64, String)>, End) {
        let mut found = Vec::new();
        let mut each = |number, resource: &str, element| {
            let Found::Node(node) = element else { return };
            assert_eq!(resource, "school");
            found.push((number, node.text("nameOfInstitution").to_owned()));
        };
        let end =
            read(&mut text.as_bytes(), &mut |name| name == "school", &mut each).expect("bytes of memory");
        (found, end)
    }

    fn names(text: &str) -> Vec<(u64, String)> {
        let (found, end) = school(text);
        assert!(matches!(end, End::Whole), "{text}");
        found
    }

    #[test]
    fn elements_of_the_root_that_are_wanted() {
        let text = "<?xml version=\"1.0\"?><e:InterchangeX xmlns:e=\"u\"><!-- a --><Course><NameOfInstitution>no\
            </NameOfInstitution></Course><e:School id=\"S\"><Address><NameOfInstitution>no</NameOfInstitution>\
            </Address><e:NameOfInstitution> A &amp; B&#233;<![CDATA[<]]></e:NameOfInstitution></e:School>\
            <School/></e:InterchangeX>";
        assert_eq!(names(text), [(2, "A & Bé<".to_owned()), (3, String::new())]);
    }

    #[test]
    fn a_file_that_can_not_be_seen_is_not_passed_over() {
        let utf16: Vec<u8> = "\u{FEFF}<InterchangeX/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let end = read(&mut utf16.as_slice(), &mut |_| true, &mut |_, _, _| ()).expect("bytes of memory");
        assert!(matches!(end, End::Broken(0, _)));
    }

    #[test]
    fn nothing_of_a_hostile_file_is_expanded() {
        let around = |inside: &str| format!("<InterchangeX><School/>{inside}</InterchangeX>");
        let bomb = "<!DOCTYPE a [<!ENTITY b \"x\">]><InterchangeX><School/></InterchangeX>";
        let deep = around(&"<School>".repeat(30));
        let known_deep = around(&"<Race>".repeat(30));
        let large = around(&format!("<School><NameOfInstitution>{}", "x".repeat(2 * RECORD_MAX)));
        let large_comment = around(&format!("<School><!-- {} --></School>", "x".repeat(2 * RECORD_MAX)));
        for (text, n) in [
            (bomb.to_owned(), 0),
            (around("<School>&b;</School>"), 1),
            (deep, 1),
            (known_deep, 1),
            (large, 1),
            (large_comment, 1),
            (around("<School></Course>"), 1),
            ("<InterchangeX><School/><Sch".to_owned(), 1),
            ("<InterchangeX><School/>".to_owned(), 1),
        ] {
            let (found, end) = school(&text);
            assert!(matches!(end, End::Broken(..)), "{}", &text[..text.len().min(99)]);
            assert_eq!(found.len(), n, "{}", &text[..text.len().min(99)]);
        }
        for text in ["", "<html/>", "<html><School/></html>", "<!DOCTYPE html><html/>", "{}", "PK\u{3}\u{4}"]
        {
            assert!(matches!(school(text).1, End::NotEdFi), "{text}");
        }
    }
}
