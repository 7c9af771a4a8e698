//! Tables for people: columns aligned by what the eye sees, bars beside shares.

use unicode_width::UnicodeWidthStr;

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// A table of texts under headings.
pub(super) struct Table {
    headings: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table under these headings.
    pub(super) fn new(headings: &[(&str, Align)]) -> Self {
        let headings = headings.iter().map(|(heading, align)| ((*heading).to_owned(), *align)).collect();
        Self { headings, rows: Vec::new() }
    }

    /// Adds a row; it has a text for each heading.
    pub(super) fn row(&mut self, texts: impl IntoIterator<Item = String>) {
        self.rows.push(texts.into_iter().collect());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table, two spaces in, without spaces at the ends of lines.
    pub(super) fn print(&self) -> String {
        let width = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|text| text.width());
            cells.chain([self.headings[at].0.width()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.headings.len()).map(width).collect();
        let line = |texts: &mut dyn Iterator<Item = &str>| {
            let mut line = String::from(" ");
            for ((text, (_, align)), width) in texts.zip(&self.headings).zip(&widths) {
                let space = " ".repeat(width.saturating_sub(text.width()));
                line.push(' ');
                match align {
                    Align::Left => line.extend([text, &space, " "]),
                    Align::Right => line.extend([space.as_str(), text, " "]),
                }
            }
            line.trim_end().to_owned()
        };
        let mut lines = vec![line(&mut self.headings.iter().map(|(heading, _)| heading.as_str()))];
        lines.extend(self.rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
        lines.join("\n")
    }
}

/// A bar for a share from 0 to 1, twenty characters at most, in eighths of a character.
pub(super) fn bar(share: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * 160.0).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// A text that a spreadsheet does not take for a formula (OWASP, CSV injection).
pub(super) fn safe(text: &str) -> String {
    // Spreadsheets take the wide forms of Japanese keyboards for the same.
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_what_the_eye_sees() {
        let mut table = Table::new(&[("School", Align::Left), ("Students", Align::Right)]);
        table.row(["Núñez".to_owned(), "12".to_owned()]);
        table.row(["東".to_owned(), "1,204".to_owned()]);
        assert_eq!(table.print(), "  School  Students\n  Núñez         12\n  東         1,204");
    }

    #[test]
    fn bars_grow_with_the_share() {
        assert_eq!(bar(0.0), "");
        assert_eq!(bar(1.0), "█".repeat(20));
        assert_eq!(bar(0.5), "█".repeat(10));
        assert_eq!(bar(7.0), "█".repeat(20));
    }

    #[test]
    fn spreadsheets_get_no_formulas() {
        assert_eq!(safe("=1+1"), "'=1+1");
        assert_eq!(safe("\n=1"), "'\n=1");
        assert_eq!(safe("＝1+1"), "'＝1+1");
        assert_eq!(safe("race"), "race");
    }
}
