//! Codes that a mapping has no translation for, counted until somebody decides what they mean.
//!
//! A code can be a child's name, where a mapping names the wrong column. So it is shown only when at least
//! three students have it, it has at most 40 characters, and its column has at most 30 such codes: names
//! are many and of few students each. Of all others there are numbers only. Nothing here is ever sent.

use super::super::id::Id;
use crate::records::Clear;
use std::collections::{BTreeMap, HashMap};
use std::io;

/// Students, or rows where records have no student, that a code needs to be shown.
const STUDENTS_MIN: usize = 3;
/// Characters of the longest code that is shown.
const CHARACTERS_MAX: usize = 40;
/// Different codes of a column of which any are shown.
const CODES_MAX: usize = 30;
/// Different codes of a column that are told apart at all.
const KEPT_MAX: usize = 1_000;

/// A code of a column, or those of a column that are not shown, taken together.
#[derive(Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// Where it stood.
    pub place: Place,
    /// The code; absent for those that are not shown.
    pub code: Option<Clear>,
    /// How many different codes these are: one, if it is shown. More than 1,000 are not counted.
    pub n_codes: u64,
    /// Rows that have it.
    pub rows: u64,
}

/// Where a code stood, and what it would have become.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Name of the mapping.
    pub mapping: String,
    /// The file's column, or several with commas between.
    pub column: String,
    /// The template the row becomes one of.
    pub template: &'static str,
    /// The column of the template.
    pub becomes: &'static str,
}

/// Codes while they are counted.
#[derive(Default)]
pub(in crate::formats) struct Queue {
    places: BTreeMap<Place, Codes>,
}

#[derive(Default)]
struct Codes {
    by_code: HashMap<Id, Tally>,
    /// Those beyond [`KEPT_MAX`].
    rest: Tally,
}

#[derive(Default)]
struct Tally {
    rows: u64,
    last_row: u64,
    /// Digests of the first students.
    students: Vec<[u8; 16]>,
}

impl Queue {
    /// Counts a code on a row about a student.
    pub(in crate::formats) fn note(&mut self, place: Place, code: &str, row: u64, student: [u8; 16]) {
        let Codes { by_code, rest } = self.places.entry(place).or_default();
        let is_kept = by_code.len() < KEPT_MAX || by_code.contains_key(code);
        let tally = if is_kept { by_code.entry(Id::new(code)).or_default() } else { rest };
        // Several records of one row may come upon it.
        tally.rows += u64::from(tally.last_row != row);
        tally.last_row = row;
        if tally.students.len() < STUDENTS_MIN && !tally.students.contains(&student) {
            tally.students.push(student);
        }
    }

    /// What may be shown: the most frequent first, those that are not shown last.
    pub(in crate::formats) fn finish(self) -> Vec<Unmapped> {
        let mut all = Vec::new();
        for (place, Codes { by_code, rest }) in self.places {
            let are_few = by_code.len() <= CODES_MAX;
            let (mut hidden, mut hidden_rows) = (0, rest.rows);
            let from = all.len();
            for (code, tally) in by_code {
                if are_few && tally.students.len() >= STUDENTS_MIN && is_plain(code.as_str()) {
                    let (place, code) = (place.clone(), Some(Clear::from(code.as_str())));
                    all.push(Unmapped { place, code, n_codes: 1, rows: tally.rows });
                } else {
                    hidden += 1;
                    hidden_rows += tally.rows;
                }
            }
            all[from..].sort_by(|a, b| {
                let text = |entry: &Unmapped| entry.code.as_ref().map(|code| code.expose().to_owned());
                b.rows.cmp(&a.rows).then_with(|| text(a).cmp(&text(b)))
            });
            if hidden > 0 {
                all.push(Unmapped { place, code: None, n_codes: hidden, rows: hidden_rows });
            }
        }
        all
    }
}

fn is_plain(code: &str) -> bool {
    code.chars().count() <= CHARACTERS_MAX && !code.chars().any(char::is_control)
}

/// Writes a queue as CSV, with a blank column to fill in: `mapping,file,column,code,codes,rows,template,becomes,translation`.
///
/// A cell that a spreadsheet would take for a formula begins with an apostrophe.
///
/// # Errors
///
/// Those of `out`.
pub fn write_queue(queue: &[Unmapped], out: impl io::Write) -> io::Result<()> {
    use super::super::defect::harmless;
    let mut table = csv::Writer::from_writer(out);
    table.write_record([
        "mapping",
        "file",
        "column",
        "code",
        "codes",
        "rows",
        "template",
        "becomes",
        "translation",
    ])?;
    for Unmapped { place, code, n_codes, rows } in queue {
        let code = harmless(code.as_ref().map(Clear::expose).unwrap_or_default());
        let (file, column) = (harmless(&place.file), harmless(&place.column));
        let (n_codes, rows) = (n_codes.to_string(), rows.to_string());
        let cells =
            [&place.mapping, &*file, &column, &code, &n_codes, &rows, place.template, place.becomes, ""];
        table.write_record(cells)?;
    }
    table.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        let (file, mapping, column) = ("a.csv".into(), "m".into(), "=Level".into());
        Place { file, mapping, column, template: "assessments.csv", becomes: "level" }
    }

    /// Code, number of codes and rows of a queue in which each code is on rows of as many students.
    fn check(codes: &[(&str, u8)], expected: &[(&str, u64, u64)]) {
        let (mut queue, mut row) = (Queue::default(), 1);
        for (code, n_students) in codes {
            for student in 0..*n_students {
                row += 1;
                queue.note(place(), code, row, [student; 16]);
                queue.note(place(), code, row, [student; 16]);
            }
        }
        let entries = queue.finish();
        let text =
            |code: &Option<Clear>| code.as_ref().map(|code| code.expose().to_owned()).unwrap_or_default();
        let found: Vec<_> =
            entries.iter().map(|entry| (text(&entry.code), entry.n_codes, entry.rows)).collect();
        let expected: Vec<_> =
            expected.iter().map(|(code, n, rows)| ((*code).to_owned(), *n, *rows)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_few_have_or_is_long_is_only_counted() {
        let long = "x".repeat(41);
        check(
            &[("Mary Jones", 2), ("Absent", 4), ("Exempt", 3), (&long, 9), ("a\u{7}b", 5)],
            &[("Absent", 1, 4), ("Exempt", 1, 3), ("", 3, 16)],
        );
    }

    #[test]
    fn a_column_of_many_codes_shows_none() {
        let names: Vec<_> = (0..31).map(|n| format!("name{n}")).collect();
        let codes: Vec<_> = names.iter().map(|name| (name.as_str(), 3)).collect();
        check(&codes, &[("", 31, 93)]);
        check(&codes[..1], &[("name0", 1, 3)]);
    }

    #[test]
    fn one_student_on_many_rows_is_one_student() {
        let mut queue = Queue::default();
        (2..50).for_each(|row| queue.note(place(), "Jones", row, [7; 16]));
        let entries = queue.finish();
        assert!(entries[0].code.is_none());
        assert_eq!(entries[0].rows, 48);
    }

    #[test]
    fn no_number_of_codes_fills_memory() {
        let mut queue = Queue::default();
        (0..3_000).for_each(|n: u64| queue.note(place(), &format!("code{n}"), n + 2, [1; 16]));
        let entries = queue.finish();
        assert_eq!((entries.len(), entries[0].n_codes, entries[0].rows), (1, 1_000, 3_000));
    }

    #[test]
    fn the_table_to_fill_in() {
        let entry = |code: Option<&str>| Unmapped {
            place: place(),
            code: code.map(Clear::from),
            n_codes: 2,
            rows: 5,
        };
        let mut written = Vec::new();
        write_queue(&[entry(Some("-1")), entry(None)], &mut written).expect("a Vec takes every byte");
        let expected = "mapping,file,column,code,codes,rows,template,becomes,translation\n\
            m,a.csv,'=Level,'-1,2,5,assessments.csv,level,\n\
            m,a.csv,'=Level,,2,5,assessments.csv,level,\n";
        assert_eq!(String::from_utf8(written).as_deref(), Ok(expected));
    }
}
