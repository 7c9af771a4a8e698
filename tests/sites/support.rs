//! What the sites share: invented people, files of the templates, and groups counted from the rows.

use crate::harness::{Cell, Service};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use tempfile::TempDir;

/// Fewer people than this are hidden under the profile of these tests, and so are fewer with an outcome or without it.
const CELL_MIN: u64 = 10;
/// Everybody or nobody is shown from so many people on.
const CERTAINTY_MIN: u64 = 300;

/// Files by name, each the lines of a CSV file, the columns first.
pub(crate) struct Sheets(BTreeMap<&'static str, Vec<String>>);

impl Sheets {
    /// Empty files, each a name with `.csv` and the columns.
    pub(crate) fn new(files: &[(&'static str, &str)]) -> Self {
        Self(files.iter().map(|(file, columns)| (*file, vec![(*columns).to_owned()])).collect())
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, file: &str, row: String) {
        self.0.get_mut(file).expect("a file of these").push(row);
    }

    /// Pushes the files as `source`, every row of which has to be taken.
    pub(crate) fn push(self, service: &Service, source: &str) {
        let folder = TempDir::new().expect("a temporary folder");
        for (file, lines) in self.0 {
            fs::write(folder.path().join(file), lines.join("\n") + "\n").expect("a file");
        }
        let pushed = service.push(folder.path(), source).done().json();
        assert_eq!(pushed["rows_not_sent"], 0, "{pushed}");
        assert_eq!(pushed["records"], pushed["outcomes"]["new"], "{pushed}");
    }
}

/// A number that looks like chance, the same for a person and a question in every run.
pub(crate) fn draw(person: u64, question: u64) -> u64 {
    let mut mixed = person.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ question.wrapping_mul(0xD1B5_4A32_D192_ED03);
    for (shift, factor) in [(30, 0xBF58_476D_1CE4_E5B9), (27, 0x94D0_49BB_1331_11EB)] {
        mixed = (mixed ^ (mixed >> shift)).wrapping_mul(factor);
    }
    mixed ^ (mixed >> 31)
}

/// Whether it happens to the person, with a chance in percent.
pub(crate) fn happens(person: u64, question: u64, percent: u64) -> bool {
    draw(person, question) % 100 < percent
}

/// The first whose cumulated percent is above the person's draw.
pub(crate) fn one_of<T: Copy>(person: u64, question: u64, of: &[(u64, T)]) -> T {
    let drawn = draw(person, question) % 100;
    of.iter().find(|(below, _)| drawn < *below).expect("the last is 100").1
}

/// `first name,last name,birth date` of a person born in a year, as three cells of a row. Of 336 whose numbers stand evenly,
/// none share a birthday: of many who do, two may have names that some keys of a service do not tell apart.
pub(crate) fn who(person: u64, born: u32) -> String {
    const CONSONANTS: [char; 18] =
        ['b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'w', 'z'];
    const VOWELS: [char; 5] = ['a', 'e', 'i', 'o', 'u'];
    let name = |question: u64| -> String {
        let syllable = |at: u32| {
            let drawn = (draw(person, question) >> (16 * at)) as usize % (1 << 16);
            [CONSONANTS[drawn % CONSONANTS.len()], VOWELS[drawn / CONSONANTS.len() % VOWELS.len()]]
        };
        (0..4).flat_map(syllable).collect()
    };
    let (month, day) = (person % 336 / 28 + 1, person % 28 + 1);
    format!("{},{},{born}-{month:02}-{day:02}", name(901), name(902))
}

/// The columns `races,hispanic` of a category of race and ethnicity.
pub(crate) fn race_cells(race: &str) -> String {
    if race == "hispanic" { ",true".into() } else { format!("{race},false") }
}

/// What a group comes to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Group {
    pub(crate) people: u64,
    /// Sum of their values; of shares, the people with the outcome.
    pub(crate) sum: f64,
    /// What the sum is divided by.
    pub(crate) over: f64,
}

impl Group {
    pub(crate) fn value(self) -> f64 {
        self.sum / self.over
    }

    pub(crate) fn percent(self) -> f64 {
        self.value() * 100.0
    }

    fn must_hide(self, of: Measure) -> bool {
        let (with, people) = (self.sum as u64, self.people);
        let few_with = match of {
            Measure::Share if [0, people].contains(&with) => people < CERTAINTY_MIN,
            Measure::Share => with < CELL_MIN || people - with < CELL_MIN,
            _ => false,
        };
        people < CELL_MIN || few_with
    }
}

/// What the figures of an indicator are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Count,
    Share,
    Mean,
    /// A sum over a sum, of which no numbers but the people are told.
    Ratio,
}

/// Groups by year and categories, with every margin.
#[derive(Default)]
pub(crate) struct Groups(BTreeMap<(u32, Vec<String>), Group>);

/// The places of an answer by what became of them.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) shown: BTreeSet<(u32, Vec<String>)>,
    pub(crate) hidden: BTreeSet<(u32, Vec<String>)>,
    /// Those hidden because the group itself is too small.
    pub(crate) small: BTreeSet<(u32, Vec<String>)>,
}

fn place(year: u32, at: &[&str]) -> (u32, Vec<String>) {
    (year, at.iter().map(|category| (*category).to_owned()).collect())
}

impl Checked {
    pub(crate) fn is_shown(&self, year: u32, at: &[&str]) -> bool {
        self.shown.contains(&place(year, at))
    }

    pub(crate) fn is_small(&self, year: u32, at: &[&str]) -> bool {
        self.small.contains(&place(year, at))
    }
}

impl Groups {
    /// Counts a person with a value.
    pub(crate) fn add(&mut self, year: u32, at: &[&str], value: f64) {
        self.add_over(year, at, value, 1.0);
    }

    /// Counts a person with a part of a sum over a sum.
    pub(crate) fn add_over(&mut self, year: u32, at: &[&str], value: f64, over: f64) {
        for margin in 0..1_u32 << at.len() {
            let category =
                |(bit, own): (usize, &&str)| if margin >> bit & 1 == 1 { "all" } else { *own }.to_owned();
            let group = self.0.entry((year, at.iter().enumerate().map(category).collect())).or_default();
            *group = Group { people: group.people + 1, sum: group.sum + value, over: group.over + over };
        }
    }

    /// Counts a person who is in the margins already in a group of several categories as well.
    pub(crate) fn add_to(&mut self, year: u32, at: &[&str], value: f64) {
        let group = self.0.entry(place(year, at)).or_default();
        *group = Group { people: group.people + 1, sum: group.sum + value, over: group.over + 1.0 };
    }

    pub(crate) fn of(&self, year: u32, at: &[&str]) -> Group {
        self.0.get(&place(year, at)).copied().unwrap_or_default()
    }

    /// Checks each cell of an answer: what is shown is as counted here, what is too small is hidden, and no group is
    /// missing.
    pub(crate) fn check(&self, cells: &[Cell], of: Measure) -> Checked {
        let mut checked = Checked::default();
        let mut found = BTreeSet::new();
        for cell in cells {
            let at = (cell.period, cell.categories.clone());
            let group = self.0.get(&at).copied().unwrap_or_default();
            found.insert(at.clone());
            if group.people == 0 {
                assert_eq!((cell.mark.as_str(), cell.value), ("empty", None), "{cell:?}");
            } else if cell.mark == "hidden" {
                assert_eq!((cell.numerator, cell.value), (None, None), "{cell:?}");
                // Where only the outcome is hidden, the size of the group may be told.
                let told = cell.denominator.unwrap_or(group.people);
                assert!(
                    told == group.people && (cell.denominator.is_none() || told >= CELL_MIN),
                    "{cell:?}: {group:?}"
                );
                checked.hidden.insert(at.clone());
                if group.must_hide(of) {
                    checked.small.insert(at);
                }
            } else {
                assert!(!group.must_hide(of), "{cell:?} is shown of {group:?}");
                same(cell, group, of);
                checked.shown.insert(at);
            }
        }
        for at in self.0.keys() {
            assert!(found.contains(at), "{at:?} is not in the answer");
        }
        checked
    }
}

fn same(cell: &Cell, group: Group, of: Measure) {
    assert_eq!(cell.denominator, Some(group.people), "{cell:?}: {group:?}");
    if of == Measure::Share {
        assert_eq!(cell.numerator, Some(group.sum as u64), "{cell:?}: {group:?}");
    }
    if of != Measure::Count {
        near(cell.value.expect("a value is shown"), group.value(), cell);
    }
}

/// Checks a value to a millionth.
pub(crate) fn near(found: f64, counted: f64, what: &impl std::fmt::Debug) {
    assert!((found - counted).abs() < 1e-6, "{what:?}: {found} is not {counted}");
}

/// Asks for a report of the partner's own, all figures of which have to come.
pub(crate) fn report(service: &Service, document: &str) -> Value {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("report.toml");
    fs::write(&file, document).expect("a report");
    let file = file.display().to_string();
    service.run(&["report", &file, "--purpose", "evaluation", "--json"]).done().json()
}

/// The figure of a title.
pub(crate) fn figure(report: &Value, title: &str) -> Value {
    let entries = report["figures"].as_array().expect("figures");
    let entry = entries.iter().find(|entry| entry["title"] == title).expect("a figure of that title");
    assert!(entry["figure"].is_object(), "{entry}");
    entry["figure"].clone()
}

/// The row of a quantity, a year and a group.
pub(crate) fn row(figure: &Value, quantity: &str, year: u32, group: &str) -> Value {
    let rows = figure["rows"].as_array().expect("rows");
    let found =
        rows.iter().find(|row| row["quantity"] == quantity && row["year"] == year && row["group"] == group);
    found.unwrap_or_else(|| panic!("no {quantity} of {group} in {year}: {figure:#}")).clone()
}

/// The status of a test of a figure.
pub(crate) fn status(figure: &Value, test: &str) -> String {
    let findings = figure["findings"].as_array().expect("findings");
    let finding = findings.iter().find(|finding| finding["test"] == test);
    finding.unwrap_or_else(|| panic!("no {test}: {figure:#}"))["status"]
        .as_str()
        .expect("a status")
        .to_owned()
}
