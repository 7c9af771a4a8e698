//! RFC 4180 without copying: records as slices of the text, with the lines they stand on.
//!
//! A tokenizer of our own, because two promises need one: a cell nobody asks for (a password) is never
//! copied out of the text, and the line of a record is right whatever ends lines, also when cells hold
//! line breaks. On comma-separated text it cuts as the `csv` crate does; a test holds it to that.

use std::borrow::Cow;

/// A cell, still as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell<'t> {
    raw: &'t str,
    is_quoted: bool,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Its first line; the first of the text is 1.
    pub(super) line: u64,
    /// The lines it covers.
    pub(super) n_lines: u64,
    /// Its cells, also those beyond [`CELLS_MAX`].
    pub(super) n_cells: usize,
    /// The text ended inside quotation marks.
    pub(super) has_open_quote: bool,
    /// A cell over several lines has text behind its closing quotation mark, which then opens one of another row.
    pub(super) is_torn: bool,
}

/// Cells of a record that are kept.
const CELLS_MAX: usize = 1_000;

#[derive(Clone, Copy)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    separator: u8,
    at: usize,
    line: u64,
}

impl<'t> Lexer<'t> {
    /// `separator` is an ASCII character.
    pub(super) fn new(text: &'t str, separator: u8) -> Self {
        Self { text, separator, at: 0, line: 1 }
    }

    /// Where it stands, for [`Lexer::at`] to go on.
    pub(super) fn position(&self) -> (usize, u64) {
        (self.at, self.line)
    }

    /// A lexer that goes on from a position.
    pub(super) fn at(text: &'t str, separator: u8, (at, line): (usize, u64)) -> Self {
        Self { text, separator, at, line }
    }

    /// Puts the next record into `cells`; blank lines are none.
    pub(super) fn next(&mut self, cells: &mut Vec<Cell<'t>>) -> Option<Span> {
        cells.clear();
        while let b'\r' | b'\n' = self.peek()? {
            self.newline();
        }
        let line = self.line;
        let (mut n_cells, mut last_line, mut is_torn) = (0, line, false);
        loop {
            let first_line = last_line;
            let (cell, end, is_followed) = self.cell(&mut last_line);
            n_cells += 1;
            is_torn |= is_followed && last_line > first_line;
            if cells.len() < CELLS_MAX {
                cells.push(cell);
            }
            if end != End::Cell {
                let n_lines = last_line - line + 1;
                let has_open_quote = end == End::OpenQuote;
                return Some(Span { line, n_lines, n_cells, has_open_quote, is_torn });
            }
        }
    }

    /// The next cell, what ends it, and whether text follows its closing quotation mark.
    fn cell(&mut self, last_line: &mut u64) -> (Cell<'t>, End, bool) {
        let start = self.at;
        let is_quoted = self.peek() == Some(b'"');
        let (mut is_inside, mut is_followed) = (is_quoted, false);
        self.at += usize::from(is_quoted);
        let (end, stop) = loop {
            let at = self.at;
            match self.peek() {
                None => break (at, if is_inside { End::OpenQuote } else { End::Record }),
                Some(b'"') if is_inside => {
                    let is_doubled = self.text.as_bytes().get(at + 1) == Some(&b'"');
                    is_inside = is_doubled;
                    self.at += 1 + usize::from(is_doubled);
                }
                Some(b'\r' | b'\n') => {
                    self.newline();
                    if !is_inside {
                        break (at, End::Record);
                    }
                    *last_line = self.line;
                }
                Some(byte) => {
                    self.at += 1;
                    if byte == self.separator && !is_inside {
                        break (at, End::Cell);
                    }
                    is_followed |= is_quoted && !is_inside && byte != b' ';
                }
            }
        };
        // Every cut stands beside an ASCII character, so it is between characters.
        (Cell { raw: &self.text[start..end], is_quoted }, stop, is_followed)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over LF, CR or CRLF.
    fn newline(&mut self) {
        let is_pair = self.text.as_bytes()[self.at..].starts_with(b"\r\n");
        self.at += 1 + usize::from(is_pair);
        self.line += 1;
    }
}

#[derive(PartialEq, Eq)]
enum End {
    Cell,
    Record,
    OpenQuote,
}

impl<'t> Cell<'t> {
    /// A cell of a row that is put together and not cut out of a text.
    pub(super) fn plain(text: &'t str) -> Self {
        Self { raw: text, is_quoted: false }
    }

    /// It as it stands in the text, with its quotation marks.
    pub(super) fn raw(self) -> &'t str {
        self.raw
    }

    /// Its text without quotation marks, trimmed.
    pub(super) fn text(self) -> Cow<'t, str> {
        match self.unquoted() {
            Cow::Borrowed(text) => text.trim().into(),
            Cow::Owned(text) => text.trim().to_owned().into(),
        }
    }

    /// Whether there is nothing in it. It does not look at what there is.
    pub(super) fn is_empty(self) -> bool {
        let inner = if self.is_quoted { self.raw.trim_matches('"') } else { self.raw };
        inner.trim().is_empty()
    }

    /// Bytes it takes up in the text.
    pub(super) fn len(self) -> usize {
        self.raw.len()
    }

    fn unquoted(self) -> Cow<'t, str> {
        if !self.is_quoted {
            return self.raw.into();
        }
        let inner = &self.raw[1..];
        match inner.strip_suffix('"') {
            Some(inner) if !inner.contains('"') => return inner.into(),
            None if !inner.contains('"') => return inner.into(),
            _ => {}
        }
        let (mut text, mut is_inside) = (String::with_capacity(inner.len()), true);
        let mut chars = inner.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if is_inside && chars.next_if_eq(&'"').is_none() => is_inside = false,
                c => text.push(c),
            }
        }
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(text: &str) -> Vec<(u64, u64, Vec<String>)> {
        let (mut lexer, mut cells, mut records) = (Lexer::new(text, b','), Vec::new(), Vec::new());
        while let Some(span) = lexer.next(&mut cells) {
            assert_eq!(span.n_cells, cells.len());
            let texts = cells.iter().map(|cell| cell.unquoted().into_owned()).collect();
            records.push((span.line, span.n_lines, texts));
        }
        records
    }

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "1,\"x", "y\"", "", "2,\"he said \"\"no\"\"\"", "3,"].join(end);
            let expected = [
                (1, 1, vec!["a".into(), "b".into()]),
                (2, 2, vec!["1".into(), format!("x{end}y")]),
                (5, 1, vec!["2".into(), "he said \"no\"".into()]),
                (6, 1, vec!["3".into(), String::new()]),
            ];
            assert_eq!(records(&text), expected, "{end:?}");
        }
    }

    #[test]
    fn an_open_quote_is_told() {
        let (mut lexer, mut cells) = (Lexer::new("a,\"b\nc,d\n", b','), Vec::new());
        let span = lexer.next(&mut cells).expect("a record");
        let expected = Span { line: 1, n_lines: 3, n_cells: 2, has_open_quote: true, is_torn: false };
        assert_eq!(span, expected);
    }

    #[test]
    fn no_number_of_cells_fills_memory() {
        let (text, mut cells) = (",".repeat(5_000), Vec::new());
        let span = Lexer::new(&text, b',').next(&mut cells).expect("a record");
        assert_eq!((span.n_cells, cells.len()), (5_001, CELLS_MAX));
    }

    proptest! {
        #[test]
        fn it_cuts_as_the_csv_crate_does(text in "[a\",é\r\n ]{0,40}") {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> =
                reader.records().map(|r| r.expect("UTF-8").iter().map(String::from).collect()).collect();
            let ours: Vec<Vec<String>> = records(&text).into_iter().map(|(.., cells)| cells).collect();
            prop_assert_eq!(ours, expected);
        }
    }
}
