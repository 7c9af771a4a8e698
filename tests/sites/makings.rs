//! What these tests are made of: a die that always falls alike, files of templates, and counts by plain loops.

use crate::harness::{Cell, Service};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use tempfile::TempDir;

/// The smallest group that may be seen.
pub(crate) const MINIMUM: u64 = 10;

/// A die that falls the same way in every run.
pub(crate) struct Die(u64);

impl Die {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % n
    }

    /// Whether something happens that happens to so many of a hundred.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several, each with its weight.
    pub(crate) fn pick(&mut self, weighted: &[(&'static str, u64)]) -> &'static str {
        let mut at = self.below(weighted.iter().map(|(_, weight)| weight).sum());
        for (one, weight) in weighted {
            if at < *weight {
                return one;
            }
            at -= weight;
        }
        unreachable!("the weights add up")
    }
}

/// The columns `first_name` and `last_name` of a child, up to 1,800: no two are the same, and few differ by a letter only.
pub(crate) fn name(n: u64) -> String {
    const FIRST: [&str; 12] =
        ["Bar", "Cel", "Dom", "Fen", "Gus", "Hol", "Jum", "Kip", "Lor", "Mav", "Nel", "Wyn"];
    const MIDDLE: [&str; 5] = ["anda", "ester", "ilio", "ovan", "uthi"];
    const LAST: [&str; 6] = ["Prest", "Quill", "Rund", "Strom", "Tarl", "Vand"];
    const END: [&str; 5] = ["acker", "eby", "ison", "olmes", "ungford"];
    let part = |of: &[&'static str], n: u64| of[(n % of.len() as u64) as usize];
    let first = [part(&FIRST, n), part(&MIDDLE, n / 12)].concat();
    let last = [part(&LAST, n / 60), part(&END, n / 360)].concat();
    format!("{first},{last}")
}

/// The columns `races` and `hispanic` of a category of race.
pub(crate) fn race(category: &str) -> String {
    if category == "hispanic" { ",true".into() } else { format!("{category},false") }
}

/// Template files of a source, filled row by row.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<&'static str, String>);

impl Files {
    /// Adds a row to a file, by its name without `.csv`; the first row brings the columns.
    pub(crate) fn add(&mut self, file: &'static str, columns: &str, row: &str) {
        let text = self.0.entry(file).or_insert_with(|| format!("{columns}\n"));
        assert_eq!(text.lines().next(), Some(columns), "{file}");
        writeln!(text, "{row}").expect("a text takes all");
    }

    /// Writes the files into a folder that is there as long as what is returned.
    pub(crate) fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (file, text) in &self.0 {
            std::fs::write(folder.path().join(format!("{file}.csv")), text).expect("a file");
        }
        folder
    }

    /// Sends all of it as `source`, and checks that nothing was refused.
    pub(crate) fn push(&self, service: &Service, source: &str) -> Value {
        let folder = self.folder();
        let pushed = service.push(folder.path(), source).done().json();
        assert_eq!(pushed["rows_not_sent"], 0, "{pushed}");
        pushed
    }
}

/// A product document of these tests.
pub(crate) fn product(id: &str, body: &str) -> String {
    format!(
        "product = \"{id}\"\nversion = 1\ntitle = \"{id}\"\nprofile = \"nces-10\"\nmode = \"suppress\"\n{body}"
    )
}

/// Writes a file, and returns where it is.
pub(crate) fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

/// Where somebody is counted: the school year, and a category of each dimension (`all` for each).
pub(crate) type Place = (u32, Vec<String>);

/// Those with the outcome, and all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Share {
    pub(crate) with: u64,
    pub(crate) of: u64,
}

impl Share {
    pub(crate) fn count(&mut self, with: bool) {
        self.with += u64::from(with);
        self.of += 1;
    }

    pub(crate) fn value(self) -> f64 {
        self.with as f64 / self.of as f64
    }

    /// Whether the rule hides it by itself: few people, or few with the outcome or without it.
    pub(crate) fn is_small(self) -> bool {
        let few = |people: u64| (1..MINIMUM).contains(&people);
        few(self.of) || few(self.with) || few(self.of - self.with)
    }
}

/// What a place and all those around it are called: each category, and `all` in its stead.
fn places(year: u32, categories: &[&str]) -> Vec<Place> {
    let place = |mask: usize| {
        let category = |(at, category): (usize, &&str)| {
            let is_whole = (mask >> at) & 1 == 1;
            if is_whole { "all".to_owned() } else { (*category).to_owned() }
        };
        (year, categories.iter().enumerate().map(category).collect())
    };
    (0..1 << categories.len()).map(place).collect()
}

/// Shares by place, counted one by one.
#[derive(Default)]
pub(crate) struct Shares(pub(crate) BTreeMap<Place, Share>);

/// How many cells of an answer are shown, and how many hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    pub(crate) shown: usize,
    pub(crate) hidden: usize,
    /// Hidden because they are small themselves.
    pub(crate) small: usize,
}

impl Shares {
    pub(crate) fn add(&mut self, year: u32, categories: &[&str], with: bool) {
        places(year, categories).into_iter().for_each(|place| self.0.entry(place).or_default().count(with));
    }

    pub(crate) fn of(&self, year: u32, categories: &[&str]) -> Share {
        let categories = categories.iter().map(ToString::to_string).collect();
        self.0.get(&(year, categories)).copied().unwrap_or_default()
    }

    /// Compares an answer: what is shown is as counted, what is small is hidden, and nobody is missing.
    pub(crate) fn compare(&self, cells: &[Cell]) -> Seen {
        let mut seen = Seen::default();
        let answered: BTreeMap<Place, &Cell> =
            cells.iter().map(|cell| ((cell.period, cell.categories.clone()), cell)).collect();
        for place in self.0.keys() {
            assert!(answered.contains_key(place), "{place:?} is not in the answer");
        }
        for (place, cell) in answered {
            let counted = self.0.get(&place).copied().unwrap_or_default();
            let numbers = (cell.numerator, cell.denominator);
            match cell.mark.as_str() {
                "shown" => {
                    assert_eq!(numbers, (Some(counted.with), Some(counted.of)), "{place:?}");
                    let value = cell.value.expect("it is shown");
                    assert!((value - counted.value()).abs() < 1e-6, "{place:?}: {value}");
                    assert!(!counted.is_small(), "{place:?} is shown: {counted:?}");
                    seen.shown += 1;
                }
                "zero" => assert!(counted.with == 0 && counted.of >= MINIMUM, "{place:?}: {counted:?}"),
                "empty" => assert_eq!(counted, Share::default(), "{place:?}"),
                "hidden" => {
                    // How many they are may be told where enough are, and never how many have the outcome.
                    assert_eq!((cell.numerator, cell.value), (None, None), "{place:?}");
                    let people = cell.denominator.unwrap_or(counted.of);
                    assert_eq!(people, counted.of, "{place:?}");
                    assert!(cell.denominator.is_none() || people >= MINIMUM, "{place:?}");
                    seen.hidden += 1;
                    seen.small += usize::from(counted.is_small());
                }
                other => panic!("{place:?}: {other}"),
            }
        }
        seen
    }
}

/// The rows of a report's figure, by its title.
pub(crate) fn rows<'v>(report: &'v Value, title: &str) -> &'v [Value] {
    let entries = report["figures"].as_array().expect("figures");
    let entry = entries.iter().find(|entry| entry["title"] == title);
    let entry = entry.unwrap_or_else(|| panic!("no figure is called {title}"));
    entry["figure"]["rows"].as_array().unwrap_or_else(|| panic!("{entry}"))
}
