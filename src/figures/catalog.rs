//! What can be asked, and what things are called: products, their indicators and dimensions.

use std::collections::BTreeMap;

/// The products a partner may ask, and the definitions of what they count.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    /// By id.
    pub offers: Vec<Offer>,
    /// By id of the library's indicator.
    pub definitions: BTreeMap<String, Definition>,
}

/// A product.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Offer {
    /// Its id.
    pub id: String,
    /// Its name in words.
    pub title: String,
    /// The rule of who it is about; empty for everybody.
    pub population: String,
    /// Its indicators.
    pub uses: Vec<Use>,
    /// The school years of its newest edition.
    pub periods: Vec<u32>,
    /// Its dimensions, geography first; without categories where no edition has it yet.
    pub dimensions: Vec<Dimension>,
    /// Dimensions crossed at once, at most, without the geography.
    pub depth: usize,
    /// Share of its cells that are hidden, 0 to 1.
    pub hidden_share: f64,
}

/// An indicator of a product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Use {
    /// The product's name for it.
    pub name: String,
    /// Id of the library's indicator.
    pub indicator: String,
    /// What its parameters are set to.
    pub settings: BTreeMap<String, String>,
}

/// A dimension of a product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dimension {
    /// Its id.
    pub id: String,
    /// Its name in words.
    pub label: String,
    /// What it classifies by: `race7`, `program_status`; empty where packs cannot know.
    pub source: String,
    /// The program of a `program_status`.
    pub program: String,
    /// Its categories; the first is `all`.
    pub categories: Vec<Category>,
}

/// A category of a dimension.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Category {
    /// Its id.
    pub id: String,
    /// Its name in words.
    pub label: String,
    /// Id of the one it is part of; the root's is its own.
    pub parent: String,
}

/// What an indicator means, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub label: String,
    /// `share`, `mean`, `ratio` or `count`.
    pub measure: String,
    /// What it says.
    pub definition: String,
    /// Who is in the numerator.
    pub numerator: String,
    /// Who is in the denominator.
    pub denominator: String,
    /// Where the definition is from.
    pub source: String,
    /// What it does not say.
    pub caveat: String,
}

/// Parameters of shares at or above a threshold.
const THRESHOLDS: [&str; 2] = ["percentile", "points"];

impl Use {
    /// The threshold of a share of those at or above one.
    pub(super) fn threshold(&self) -> Option<u32> {
        THRESHOLDS.iter().find_map(|name| self.settings.get(*name))?.parse().ok()
    }

    /// Whether it is a share at or above a percentile.
    pub(super) fn is_of_percentiles(&self) -> bool {
        self.settings.contains_key(THRESHOLDS[0])
    }

    /// What it is set to besides.
    pub(super) fn apart_from_threshold(&self) -> Vec<(&String, &String)> {
        self.settings.iter().filter(|(name, _)| !THRESHOLDS.contains(&name.as_str())).collect()
    }
}

/// The category that holds everybody.
pub(super) const ALL: &str = "all";
/// The category of those of whom it is not known: never a reference, nor a district.
pub(super) const UNKNOWN: &str = "unknown";

impl Catalog {
    /// The product with that id.
    #[must_use]
    pub fn offer(&self, id: &str) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.id == id)
    }
}

impl Offer {
    /// The indicator that the product gives a name.
    #[must_use]
    pub fn used(&self, name: &str) -> Option<&Use> {
        self.uses.iter().find(|used| used.name == name)
    }

    /// The dimension with that id.
    #[must_use]
    pub fn dimension(&self, id: &str) -> Option<&Dimension> {
        self.dimensions.iter().find(|dimension| dimension.id == id)
    }

    /// What a category is called, or its id where nothing is known of it.
    #[must_use]
    pub fn label<'a>(&'a self, dimension: &str, category: &'a str) -> &'a str {
        let known = self.dimension(dimension).and_then(|dimension| dimension.category(category));
        known.map_or(category, |category| category.label.as_str())
    }
}

impl Dimension {
    /// The category with that id.
    #[must_use]
    pub fn category(&self, id: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.id == id)
    }

    /// Whether two categories have students in common: they are one, or one of them is part of the other.
    pub(super) fn overlap(&self, one: &str, other: &str) -> bool {
        self.is_part(one, other) || self.is_part(other, one)
    }

    fn is_part(&self, part: &str, whole: &str) -> bool {
        let up =
            |at: &&str| self.category(at).map(|known| known.parent.as_str()).filter(|parent| parent != at);
        whole == ALL || std::iter::successors(Some(part), up).any(|at| at == whole)
    }

    /// The category that holds exactly these and nothing else: one of them alone, or a group with these parts.
    pub(super) fn holding(&self, members: &[String]) -> Option<&str> {
        if let [only] = members {
            return self.category(only).map(|category| category.id.as_str());
        }
        let holds = |category: &&Category| {
            let parts: Vec<&str> = (self.categories.iter())
                .filter(|part| part.parent == category.id && part.id != category.id)
                .map(|part| part.id.as_str())
                .collect();
            parts.len() == members.len() && members.iter().all(|member| parts.contains(&member.as_str()))
        };
        self.categories.iter().find(holds).map(|category| category.id.as_str())
    }
}
