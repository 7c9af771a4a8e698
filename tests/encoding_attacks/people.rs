//! Invented people with their names, and what an intruder knows of names beforehand.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use throughline::identity::{Encoder, Keys, Root};
use throughline::records::{Change, Demographics, Fact, Identifiers, Sex, Submission};

type Row = HashMap<String, String>;

/// What an intruder wants to know of a person.
pub(crate) const FIELDS: [&str; 3] = ["given name", "surname", "ZIP"];
const COLUMNS: [&str; 3] = ["first_name", "last_name", "zip"];

/// Records of a file, in alphabetical order of names, as rosters often come.
pub(crate) struct People {
    rows: Vec<Row>,
    /// For each field the value of each record, as a number that stands for the same text everywhere.
    pub(crate) truth: [Vec<u32>; 3],
}

/// A number for each text; 0 for none.
#[derive(Default)]
pub(crate) struct Texts {
    numbers: HashMap<String, u32>,
}

/// How often each value of a field occurs among other people, the most frequent first.
pub(crate) struct Frequencies {
    pub(crate) by_count: Vec<(u32, usize)>,
    /// The same in alphabetical order.
    pub(crate) by_text: Vec<(u32, usize)>,
}

impl Texts {
    /// Lower case, letters and digits only.
    fn number(&mut self, text: &str) -> u32 {
        let plain: String =
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if plain.is_empty() {
            return 0;
        }
        let next = self.numbers.len() as u32 + 1;
        *self.numbers.entry(plain).or_insert(next)
    }

    /// Frequencies of one field's values.
    pub(crate) fn frequencies(&self, values: &[u32]) -> Frequencies {
        let mut counts: HashMap<u32, usize> = HashMap::new();
        values.iter().filter(|value| **value != 0).for_each(|value| *counts.entry(*value).or_default() += 1);
        let texts: HashMap<u32, &str> =
            self.numbers.iter().map(|(text, number)| (*number, text.as_str())).collect();
        let mut by_text: Vec<(u32, usize)> = counts.into_iter().collect();
        by_text.sort_unstable_by_key(|(value, _)| texts[value]);
        let mut by_count = by_text.clone();
        by_count.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Frequencies { by_count, by_text }
    }
}

impl People {
    /// The records of a file that are chosen.
    pub(crate) fn read(file: &Path, texts: &mut Texts, chosen: impl Fn(&str) -> bool) -> Self {
        let mut rows = rows(file);
        rows.retain(|row| chosen(&row["record_id"]));
        rows.sort_by_cached_key(|row| ["last_name", "first_name"].map(|name| row[name].to_lowercase()));
        let truth = COLUMNS.map(|column| rows.iter().map(|row| texts.number(&row[column])).collect());
        Self { rows, truth }
    }

    /// Both, these before the others.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self.truth.iter_mut().zip(other.truth).for_each(|(values, other)| values.extend(other));
        self
    }

    /// The same in the order of a list of places.
    pub(crate) fn in_order(self, places: &[usize]) -> Self {
        let mut rows: Vec<Option<Row>> = self.rows.into_iter().map(Some).collect();
        let rows = places.iter().map(|place| rows[*place].take().expect("each place once")).collect();
        Self { rows, truth: self.truth.map(|values| places.iter().map(|place| values[*place]).collect()) }
    }

    /// What a source sends of each.
    pub(crate) fn submissions(&self) -> impl Iterator<Item = Submission> + '_ {
        self.rows.iter().map(|row| Submission {
            key: row["record_id"].as_str().into(),
            student: Some(row["record_id"].as_str().into()),
            identifiers: Some(identifiers(row)),
            change: Change::Upsert(Fact::Person(Demographics { sex: sex(row), ..Demographics::default() })),
        })
    }

    /// Their encodings under the key that is all of one byte.
    pub(crate) fn encodings(&self, root: u8) -> Vec<Vec<u8>> {
        let keys = Keys::derive(&Root::from_bytes([root; 32]));
        let mut encoder = Encoder::new(&keys);
        let mut encode = |row: &Row| encoder.encode(&identifiers(row), sex(row)).as_bytes().to_vec();
        self.rows.iter().map(&mut encode).collect()
    }
}

fn sex(row: &Row) -> Option<Sex> {
    Sex::from_code(&row["gender"])
}

fn identifiers(row: &Row) -> Identifiers {
    Identifiers {
        first_name: row["first_name"].as_str().into(),
        middle_name: row["middle_name"].as_str().into(),
        last_name: row["last_name"].as_str().into(),
        suffix: row["suffix"].as_str().into(),
        birth_date: row["dob"].parse().ok(),
        street_address: row["street_address"].as_str().into(),
        zip: row["zip"].as_str().into(),
        ..Identifiers::default()
    }
}

/// The folder of people with known truth. Without it a test passes with a word, and in CI it fails.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/linkage");
    if !folder.is_dir() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the shared data are missing");
        crate::print(&format!("skipped: no {}", folder.display()));
        return None;
    }
    Some(folder)
}

/// The records of one in so many persons, by record id.
pub(crate) fn sample(truth: &Path, one_in: u64) -> HashSet<String> {
    let chosen = |row: &Row| {
        // FNV-1a: a choice that has nothing to do with names.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        (row["person_id"].bytes().fold(0xcbf2_9ce4_8422_2325, mix) >> 20).is_multiple_of(one_in)
    };
    rows(truth).into_iter().filter(chosen).map(|row| row["record_id"].clone()).collect()
}

fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).expect("the shared folder holds the file");
    reader.deserialize().map(|row| row.expect("a row of text columns")).collect()
}
