//! Resources as the API gives them: one object a line (`.jsonl`), or a list of objects (`.json`).

use super::Found;
use super::node::{Node, known};
use super::source::{RECORD_MAX, Source};
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::io::{self, BufRead, Read};
use zeroize::{Zeroize, Zeroizing};

/// Hands each object of a file to `each`: with its line, where a line has one object, or else its number.
///
/// # Errors
///
/// Those of the source. An object that cannot be read is not one of them.
pub(super) fn read(
    source: &mut dyn Read,
    is_by_line: bool,
    each: &mut dyn FnMut(u64, Found),
) -> io::Result<()> {
    let mut source = Source::new(source, usize::MAX);
    if source.fill_buf()?.starts_with(b"\xEF\xBB\xBF") {
        source.consume(3);
    }
    let mut object = Zeroizing::new(Vec::with_capacity(RECORD_MAX));
    let mut cutter = Cutter { is_by_line, ..Cutter::default() };
    loop {
        let bytes = source.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        let (n, is_whole) = cutter.cut(bytes, &mut object);
        source.consume(n);
        if is_whole {
            cutter.hand_over(&mut object, each);
        }
    }
    cutter.hand_over(&mut object, each);
    if cutter.depth == 0 && cutter.n_open_lists > 0 {
        each(cutter.number + 1, Found::CutOff);
    }
    Ok(())
}

/// Finds where objects begin and end without reading them.
#[derive(Default)]
struct Cutter {
    is_by_line: bool,
    depth: u32,
    /// Lists around the objects that have not ended.
    n_open_lists: u32,
    is_in_text: bool,
    is_escaped: bool,
    is_too_large: bool,
    number: u64,
}

impl Cutter {
    /// Takes bytes into `object`; how many, and whether it is whole.
    fn cut(&mut self, bytes: &[u8], object: &mut Vec<u8>) -> (usize, bool) {
        for (at, byte) in bytes.iter().copied().enumerate() {
            if self.is_by_line {
                if byte == b'\n' {
                    return (at + 1, true);
                }
                self.keep(byte, object);
                continue;
            }
            let is_outside = self.depth == 0;
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.is_in_text => self.is_escaped = true,
                b'"' => self.is_in_text = !self.is_in_text,
                _ if self.is_in_text => {}
                b'{' => self.depth += 1,
                b'}' => self.depth = self.depth.saturating_sub(1),
                b'[' if is_outside => self.n_open_lists += 1,
                b']' if is_outside => self.n_open_lists = self.n_open_lists.saturating_sub(1),
                _ => {}
            }
            // Between objects stand the brackets of the list, commas and white space.
            let is_between = is_outside && matches!(byte, b'[' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n');
            if !is_between {
                self.keep(byte, object);
            }
            if !is_outside && self.depth == 0 {
                return (at + 1, true);
            }
        }
        (bytes.len(), false)
    }

    fn keep(&mut self, byte: u8, object: &mut Vec<u8>) {
        if object.len() < RECORD_MAX {
            object.push(byte);
        } else {
            self.is_too_large = true;
        }
    }

    fn hand_over(&mut self, object: &mut Vec<u8>, each: &mut dyn FnMut(u64, Found)) {
        let is_blank = object.iter().all(u8::is_ascii_whitespace);
        self.number += u64::from(self.is_by_line || !is_blank);
        if !is_blank {
            let found = if self.is_too_large { Found::TooLarge } else { parse(object) };
            each(self.number, found);
        }
        // The bytes that were used: it has room for the largest of all objects, and most take a thousandth of it.
        object.as_mut_slice().zeroize();
        object.clear();
        self.is_too_large = false;
    }
}

fn parse(object: &[u8]) -> Found {
    let mut node = Node::default();
    let mut reader = serde_json::Deserializer::from_slice(object);
    let is_read = Seed(&mut node, "").deserialize(&mut reader).and_then(|()| reader.end()).is_ok();
    // The seed gives an object as the only child of what it was called with.
    match node.children.pop() {
        Some(object) if is_read && object.text.is_empty() && node.children.is_empty() => Found::Node(object),
        _ => Found::Malformed,
    }
}

/// Reads a value into a node as children of a name: one for a value, several for a list.
struct Seed<'n>(&'n mut Node, &'static str);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Seed<'_> {
    fn push(self, text: &str) {
        let text = Zeroizing::new(text.to_owned());
        self.0.push(Node { text, ..Node::new(self.1) });
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut node, mut names) = (Node::new(self.1), Vec::new());
        while let Some(name) = map.next_key::<String>()? {
            match known(&name) {
                // RFC 8259 section 4: which of two stands is up to the reader, and so nobody knows it.
                Some(_) if names.contains(&name) => {
                    return Err(de::Error::custom("a property is there twice"));
                }
                Some(known) => {
                    names.push(name);
                    map.next_value_seed(Seed(&mut node, known))?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        self.0.push(node);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Seed(self.0, self.1))?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.push(text);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.push(&number.to_string());
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.push(&number.to_string());
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<(), E> {
        // Beyond it, numbers of students that differ would become the same one.
        const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
        if number.abs() >= EXACT_MAX {
            return Err(E::custom("a number is too large to be exact"));
        }
        self.push(&number.to_string());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, is_by_line: bool, expected: &[(u64, Option<&str>)]) {
        let mut found = Vec::new();
        let mut each = |number, object| {
            let id = match object {
                Found::Node(node) => Some(node.text("schoolReference.schoolId").to_owned()),
                Found::Malformed | Found::TooLarge | Found::CutOff => None,
            };
            found.push((number, id));
        };
        read(&mut text.as_bytes(), is_by_line, &mut each).expect("bytes of memory");
        let found: Vec<_> = found.iter().map(|(number, id)| (*number, id.as_deref())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn lines_and_lists() {
        let one = r#"{"schoolReference": {"schoolId": 7, "link": {"rel": "}"}}}"#;
        let two = r#"{"schoolReference":{"schoolId":"8 ☃ \"}{"},"telephones":[{"number":1}]}"#;
        check(&format!("{one}\n\n{two}\r\n"), true, &[(1, Some("7")), (3, Some("8 ☃ \"}{"))]);
        check(&format!("\u{FEFF}[ {one},\n {two} ]\n"), false, &[(1, Some("7")), (2, Some("8 ☃ \"}{"))]);
        check(&format!("{{\n{}\n{two}", &one[1..]), false, &[(1, Some("7")), (2, Some("8 ☃ \"}{"))]);
        check("[]", false, &[]);
        check("", true, &[]);
        // A download that ended between two objects.
        check(&format!("[{one},\n"), false, &[(1, Some("7")), (2, None)]);
        check(&format!("[{one}"), false, &[(1, Some("7")), (2, None)]);
    }

    #[test]
    fn what_is_no_object_stops_nothing_else() {
        let good = r#"{"schoolReference":{"schoolId":7}}"#;
        for wrong in ["{", "{\"a\":1", "17", "[{}, {}]", "\"x\"", "{} {}", "null"] {
            check(&format!("{wrong}\n{good}"), true, &[(1, None), (2, Some("7"))]);
        }
        for number in ["18446744073709551616", "1e20", "-9007199254740992.0"] {
            let wrong = good.replace('7', number);
            check(&format!("{wrong}\n{good}"), true, &[(1, None), (2, Some("7"))]);
        }
        let twice = r#"{"schoolReference":{"schoolId":8,"schoolId":7}}"#;
        check(&format!("{twice}\n{good}"), true, &[(1, None), (2, Some("7"))]);
        check(&"[".repeat(5_000), true, &[(1, None)]);
        check(&format!("{}\n{good}", "{\"a\":".repeat(5_000)), true, &[(1, None), (2, Some("7"))]);
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(RECORD_MAX));
        check(&format!("{large}\n{good}"), true, &[(1, None), (2, Some("7"))]);
        check(&format!("[{large},{good}]"), false, &[(1, None), (2, Some("7"))]);
    }
}
