//! Packs: the indicator lists of national networks, as data, bound to what products offer.
//!
//! A line names indicators of the library with their settings and filters, the best first; a filter names what a dimension
//! classifies by and not what a product calls it. The first that a product offers is taken. Lines of surveys and registers
//! are not counted here and come from a file of aggregates.

mod bind;

use super::report::Direction;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

pub use bind::{Bound, Wanted, bind};

/// A list of indicators that a network reports.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Its name.
    #[serde(rename = "pack")]
    pub name: String,
    /// Its title.
    pub title: String,
    /// Where the list is from.
    pub source: String,
    /// The populations that every line is about, one after the other; everybody where there are none.
    #[serde(default)]
    pub populations: Vec<Population>,
    /// Its lines, in the order of the network.
    pub lines: Vec<PackLine>,
}

/// Whom lines are about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// In words.
    pub label: String,
    /// What they have in common.
    #[serde(rename = "where")]
    pub filters: Vec<Filter>,
}

/// A category of a dimension that classifies by something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// What the dimension classifies by: `grade`, `zone`, `program_status`.
    pub source: String,
    /// The program of a `program_status`.
    pub program: Option<String>,
    /// The categories; several are taken together.
    pub categories: Vec<String>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackLine {
    /// Its id in the pack, as a file of aggregates names it.
    pub id: String,
    /// Its name in words.
    pub label: String,
    /// What counts it, the best first.
    #[serde(default)]
    pub counted_by: Vec<Choice>,
    /// Whether it is taken from a file of aggregates.
    #[serde(default)]
    pub aggregate: bool,
    /// Which way is better; when absent, that of the indicator.
    pub direction: Option<Direction>,
    /// The source of the dimension to break down by.
    pub by: Option<String>,
    /// Whether the groups of that dimension are set against all others, instead of being followed.
    #[serde(default)]
    pub disparity: bool,
    /// What a reader has to know.
    #[serde(default)]
    pub note: String,
}

impl PackLine {
    fn check(&self) -> Result<(), &'static str> {
        if self.counted_by.is_empty() && !self.aggregate {
            return Err("is neither counted by an indicator nor supplied as an aggregate");
        }
        if self.disparity && self.by.is_none() {
            return Err("has a disparity without groups: by");
        }
        // No category at all would be taken for one without parts.
        if self
            .counted_by
            .iter()
            .flat_map(|choice| &choice.filters)
            .any(|filter| filter.categories.is_empty())
        {
            return Err("has a filter without categories");
        }
        Ok(())
    }
}

/// Why a document is no pack.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not TOML, or a key of it is unknown, missing or of another kind.
    #[error("the pack cannot be read: {0}")]
    Document(#[source] toml::de::Error),
    /// A line says something that cannot be.
    #[error("the pack's line {line} {reason}")]
    Wrong {
        /// Its id.
        line: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A population is told by no category.
    #[error("a population of the pack has a filter without categories")]
    Population,
}

/// An indicator of the library with what it must be set to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Id of the library's indicator.
    pub indicator: String,
    /// The values a parameter may have; a parameter that is not named may have any.
    #[serde(default)]
    pub settings: BTreeMap<String, Vec<String>>,
    /// Whom it is counted of.
    #[serde(default, rename = "where")]
    pub filters: Vec<Filter>,
}

const SHIPPED: [(&str, &str); 4] = [
    ("all-hands-raised", include_str!("packs/all-hands-raised.toml")),
    ("promise-neighborhoods", include_str!("packs/promise-neighborhoods.toml")),
    ("say-yes-buffalo", include_str!("packs/say-yes-buffalo.toml")),
    ("strivetogether", include_str!("packs/strivetogether.toml")),
];

static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| {
    let read =
        |(_, text): &(&str, &str)| toml::from_str(text).expect("the embedded packs are read in a test");
    SHIPPED.iter().map(read).collect()
});

/// The packs that come with the program, by name.
#[must_use]
pub fn packs() -> &'static [Pack] {
    &PACKS
}

/// The pack with that name.
#[must_use]
pub fn pack(name: &str) -> Option<&'static Pack> {
    PACKS.iter().find(|pack| pack.name == name)
}

/// The document of the pack with that name.
#[must_use]
pub fn document(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

impl Pack {
    /// Reads a pack document.
    ///
    /// # Errors
    ///
    /// What keeps it from being one.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let pack: Self = toml::from_str(text).map_err(Error::Document)?;
        let mut ids = BTreeSet::new();
        for line in &pack.lines {
            let wrong = |reason| Error::Wrong { line: line.id.clone(), reason };
            if !ids.insert(line.id.as_str()) {
                return Err(wrong("is there twice"));
            }
            line.check().map_err(wrong)?;
        }
        let mut filters = pack.populations.iter().flat_map(|population| &population.filters);
        if filters.any(|filter| filter.categories.is_empty()) {
            return Err(Error::Population);
        }
        Ok(pack)
    }

    /// What its lines leave open, to be set by whoever reports: the names in braces.
    #[must_use]
    pub fn open(&self) -> BTreeSet<String> {
        let choices = self.lines.iter().flat_map(|line| &line.counted_by);
        let filters = choices.clone().flat_map(|choice| &choice.filters);
        let filters = filters.chain(self.populations.iter().flat_map(|population| &population.filters));
        let texts = filters.flat_map(|filter| filter.program.iter().chain(&filter.categories));
        let settings = choices.flat_map(|choice| choice.settings.values().flatten());
        texts.chain(settings).filter_map(|text| bind::open_name(text)).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packs_are_sound() {
        for ((name, _), pack) in SHIPPED.iter().zip(packs()) {
            assert_eq!(*name, pack.name);
            let ids: BTreeSet<&str> = pack.lines.iter().map(|line| line.id.as_str()).collect();
            assert_eq!(ids.len(), pack.lines.len(), "{name}: ids are unique");
            assert_eq!(Pack::parse(document(name).expect("its document")).expect("a pack"), *pack);
        }
    }

    #[test]
    fn what_is_no_pack_says_why() {
        let of = |line: &str| {
            let pack =
                format!("pack = \"p\"\ntitle = \"P\"\nsource = \"s\"\n[[lines]]\nlabel = \"L\"\n{line}");
            Pack::parse(&pack).err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert_eq!(of("id = \"a\"\naggregate = true"), "");
        assert!(of("id = \"a\"").contains("line a is neither counted"));
        let counted = "id = \"a\"\ncounted_by = [{ indicator = \"enrollment\" }]\n";
        assert!(of(&format!("{counted}disparity = true")).contains("without groups"));
        let filter = "where = [{ source = \"grade\", categories = [] }]";
        let filtered = counted.replace(" }]", &format!(", {filter} }}]"));
        assert!(of(&filtered).contains("filter without categories"), "{}", of(&filtered));
        let twice = "id = \"a\"\naggregate = true\n[[lines]]\nlabel = \"L\"\nid = \"a\"\naggregate = true";
        assert!(of(twice).contains("is there twice"));
    }

    #[test]
    fn the_packs_have_the_lines_of_their_networks() {
        let n = |name| pack(name).expect("a pack").lines.len();
        assert_eq!(n("strivetogether"), 7);
        let gpra = &pack("promise-neighborhoods").expect("a pack").lines;
        let measures: BTreeSet<&str> =
            gpra.iter().filter_map(|line| line.id.strip_prefix("gpra_")?.split('_').next()).collect();
        assert_eq!(measures.len(), 15);
        let twelve = &pack("all-hands-raised").expect("a pack").lines;
        let numbers: BTreeSet<&str> = twelve.iter().filter_map(|line| line.id.split('_').next()).collect();
        assert_eq!(numbers.len(), 12);
    }

    #[test]
    fn what_is_left_open_is_told() {
        let open = pack("promise-neighborhoods").expect("a pack").open();
        assert_eq!(open.into_iter().collect::<Vec<_>>(), ["program", "zone"]);
    }
}
