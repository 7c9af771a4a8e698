//! The rows of all files, in the clear, in one piece that is wiped when dropped.

use super::columns::{COLUMNS, Column, Names};
use crate::cli::Failure;
use crate::identity::{Encoder, Keys};
use crate::linkage::Roster;
use crate::parallel::{in_parallel, n_threads};
use crate::records::{Identifiers, Sex};
use std::collections::HashMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Records as read.
pub(super) struct Rows {
    text: Zeroizing<String>,
    /// Where each value ends, a row of [`COLUMNS`] after the other.
    ends: Vec<u32>,
    /// The file each row is of.
    files: Vec<u16>,
    n_files: usize,
}

impl Rows {
    pub(super) fn read(paths: &[PathBuf], names: &Names) -> Result<Self, Failure> {
        let size = paths.iter().map(|path| std::fs::metadata(path).map_or(0, |meta| meta.len())).sum::<u64>();
        // Room for all, so that no copy is left behind.
        let text = Zeroizing::new(String::with_capacity(size as usize + 1));
        let mut rows = Self { text, ends: Vec::new(), files: Vec::new(), n_files: paths.len() };
        for (file, path) in (0..).zip(paths) {
            rows.add(file, path, names)?;
        }
        if rows.text.len() > u32::MAX as usize {
            return Err(Failure::new("the files are too large to link at once (four gigabytes)"));
        }
        Ok(rows)
    }

    fn add(&mut self, file: u16, path: &Path, names: &Names) -> Result<(), Failure> {
        // An error of the csv crate names the line and no value.
        let wrong = |error: csv::Error| Failure::new(format!("{}: {error}", path.display()));
        let mut reader = csv::Reader::from_path(path).map_err(wrong)?;
        let places = names.places(reader.headers().map_err(wrong)?, path)?;
        if places[Column::RecordId as usize].is_empty() {
            return Err(Failure::new(format!("{}: has no column record_id", path.display())));
        }
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row).map_err(wrong)? {
            for places in &places {
                let values = places.iter().filter_map(|place| row.get(*place)).map(str::trim);
                let mut values = values.filter(|value| !value.is_empty());
                self.text.push_str(values.next().unwrap_or_default());
                values.for_each(|value| {
                    self.text.push(' ');
                    self.text.push_str(value);
                });
                self.ends.push(self.text.len() as u32);
            }
            self.files.push(file);
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn value(&self, row: u32, column: Column) -> &str {
        let at = row as usize * COLUMNS.len() + column as usize;
        let from = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.text[from..self.ends[at] as usize]
    }

    /// The source a row is of: its file, where there are several, and its source and year.
    fn source(&self, row: u32) -> (u16, &str, &str) {
        let file = if self.n_files > 1 { self.files[row as usize] } else { 0 };
        (file, self.value(row, Column::Source), self.value(row, Column::Year))
    }

    /// Encodes rows in that order, on all cores. From here on nothing is compared in the clear.
    pub(super) fn encode(&self, order: &Order, keys: &Keys) -> Roster {
        // By names: what an encoder remembers is then at hand, and seldom made by two of them.
        let name = |row: u32, column| start(self.value(row, column)) | SMALL;
        let turn = |(place, row): (u32, &u32)| {
            (name(*row, Column::LastName), (name(*row, Column::FirstName) >> 32) as u32, place)
        };
        let mut turns: Vec<(u64, u32, u32)> = (0..).zip(&order.rows).map(turn).collect();
        turns.sort_unstable();
        let encode = |turns: &[(u64, u32, u32)]| {
            let mut roster = Roster::with_capacity(turns.len());
            let mut encoder = Encoder::new(keys);
            for (.., place) in turns {
                let row = order.rows[*place as usize];
                let sex = sex(self.value(row, Column::Sex));
                let encoding = encoder.encode(&self.identifiers(row), sex);
                roster.push_at(*place, order.source_of[row as usize], &encoding);
            }
            roster
        };
        let parts: Vec<&[_]> = turns.chunks(turns.len().div_ceil(n_threads()).max(1)).collect();
        let mut roster = Roster::with_capacity(order.rows.len());
        in_parallel(&parts, |turns| encode(turns)).into_iter().for_each(|part| roster.append(part));
        roster
    }

    fn identifiers(&self, row: u32) -> Identifiers {
        let clear = |column| self.value(row, column).into();
        Identifiers {
            first_name: clear(Column::FirstName),
            middle_name: clear(Column::MiddleName),
            last_name: clear(Column::LastName),
            suffix: clear(Column::Suffix),
            birth_date: self.value(row, Column::Birth).parse().ok(),
            street_address: clear(Column::StreetAddress),
            city: clear(Column::City),
            zip: clear(Column::Zip),
            shared_id: clear(Column::SharedId),
        }
    }
}

/// The rows by source and id, which does not depend on the order in the files.
pub(super) struct Order {
    pub(super) rows: Vec<u32>,
    /// The names of the sources.
    pub(super) sources: Vec<String>,
    /// The source of each row, in the order of the files.
    source_of: Vec<u32>,
}

impl Order {
    pub(super) fn new(rows: &Rows) -> Self {
        let all = 0..rows.len() as u32;
        let (sources, source_of) = numbered(all.clone().map(|row| rows.source(row)));
        let id = |row: u32| rows.value(row, Column::RecordId);
        let key = |row: u32| (source_of[row as usize], start(id(row)), row);
        let mut order: Vec<(u32, u64, u32)> = all.map(key).collect();
        order.sort_unstable_by(|a, b| {
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| (id(a.2), a.2).cmp(&(id(b.2), b.2)))
        });
        let order = order.into_iter().map(|(.., row)| row).collect();
        let name = |(file, source, year): &(u16, &str, &str)| {
            let file = if rows.n_files > 1 { format!("file {}", file + 1) } else { String::new() };
            let parts: Vec<&str> =
                [&file, *source, *year].into_iter().filter(|part| !part.is_empty()).collect();
            parts.join(" ")
        };
        Self { rows: order, sources: sources.iter().map(name).collect(), source_of }
    }
}

/// The distinct values in order, and the number of each value among them.
pub(super) fn numbered<T: Copy + Ord + Hash>(values: impl Iterator<Item = T>) -> (Vec<T>, Vec<u32>) {
    let mut seen: HashMap<T, u32> = HashMap::new();
    let number = |value| {
        let next = seen.len() as u32;
        *seen.entry(value).or_insert(next)
    };
    let mut numbers: Vec<u32> = values.map(number).collect();
    let mut distinct: Vec<(T, u32)> = seen.into_iter().collect();
    distinct.sort_unstable();
    let mut places = vec![0; distinct.len()];
    distinct.iter().zip(0..).for_each(|((_, number), place)| places[*number as usize] = place);
    numbers.iter_mut().for_each(|number| *number = places[*number as usize]);
    (distinct.into_iter().map(|(value, _)| value).collect(), numbers)
}

/// The first bytes of a text, which decide most comparisons without looking at it.
fn start(text: &str) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(text.bytes()).for_each(|(byte, of)| *byte = of);
    u64::from_be_bytes(bytes)
}

/// The bits that small letters have and capitals have not.
const SMALL: u64 = 0x2020_2020_2020_2020;

/// `F`, `female` and the like.
fn sex(text: &str) -> Option<Sex> {
    match text.to_lowercase().as_str() {
        "f" | "female" => Some(Sex::Female),
        "m" | "male" => Some(Sex::Male),
        "x" => Some(Sex::Other),
        _ => None,
    }
}
