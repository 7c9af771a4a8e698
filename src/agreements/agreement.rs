//! The agreement document: parties, legal basis, purposes, what it permits, and until when.

use super::terms::{self, Terms};
use crate::calendar::{Date, SchoolYear};
use crate::records::{Kind, OrgId};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The legal basis under which records are disclosed to the service (FERPA, 34 CFR 99.31).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Studies for educational agencies, 99.31(a)(6).
    Studies,
    /// Audit or evaluation of a program, 99.31(a)(3) and 99.35.
    AuditOrEvaluation,
    /// A school official with a legitimate interest, 99.31(a)(1).
    SchoolOfficial,
    /// Written consent, 99.30.
    Consent,
}

impl Basis {
    /// Its name as written in agreements and log entries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Studies => "studies",
            Self::AuditOrEvaluation => "audit_or_evaluation",
            Self::SchoolOfficial => "school_official",
            Self::Consent => "consent",
        }
    }
}

/// School years from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearRange {
    /// First.
    pub from: SchoolYear,
    /// Last.
    pub to: SchoolYear,
}

impl YearRange {
    /// Whether a year is in it.
    #[must_use]
    pub fn contains(&self, year: SchoolYear) -> bool {
        (self.from..=self.to).contains(&year)
    }
}

/// Where an agreement stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has not begun.
    NotYet,
    /// It holds.
    InForce,
    /// Its last day is past.
    Expired,
    /// The day by which its data must be destroyed has come.
    Destroyed,
}

/// An agreement, parsed whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Its id.
    pub id: String,
    /// Its version, from 1.
    pub version: u32,
    /// Its name in words.
    pub title: String,
    /// Legal basis of the disclosure to the service.
    pub basis: Basis,
    /// Purposes a question may name.
    pub purposes: BTreeSet<String>,
    /// First day.
    pub begins: Date,
    /// Last day.
    pub expires: Date,
    /// Day by which the data must be destroyed.
    pub destruction: Date,
    /// Rule profile that answers must be protected with, or a stricter one.
    pub profile: String,
    /// Smallest group that may be shown.
    pub cell_min: u32,
    /// Organizations that send records under it.
    pub sources: BTreeSet<OrgId>,
    /// Organizations that may ask under it.
    pub partners: BTreeSet<OrgId>,
    /// Kinds of record that may be sent; all when absent.
    pub kinds: Option<BTreeSet<Kind>>,
    /// Products that may be asked; none when empty.
    pub products: Grant,
    /// Indicators that may be asked.
    pub indicators: Grant,
    /// Dimensions that may be asked.
    pub dimensions: Grant,
    /// School years that may be asked.
    pub years: YearRange,
    /// What limits it further.
    pub terms: Terms,
    /// What was received under it is destroyed, whatever the dates of this version say: the store knows.
    pub is_destroyed: bool,
}

/// A list of names, or everything (`["*"]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// Everything there is.
    All,
    /// These.
    Only(BTreeSet<String>),
}

impl Grant {
    /// These names; everything for `["*"]`.
    pub(super) fn new(names: Vec<String>) -> Self {
        if names == ["*"] { Self::All } else { Self::Only(names.into_iter().collect()) }
    }

    /// Whether a name is granted.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

/// A text is not an agreement: everything that is wrong with it, each with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid agreement: {}", .0.join("; "))]
pub struct Invalid(pub Vec<String>);

impl Agreement {
    /// Parses a document.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with every problem found: unknown keys, dates that do not exist or stand in the wrong
    /// order, missing parties.
    pub fn parse(document: &str) -> Result<Self, Invalid> {
        let text: Document =
            toml::from_str(document).map_err(|error| Invalid(vec![error.message().to_owned()]))?;
        text.check()
    }

    /// Where it stands on a day.
    #[must_use]
    pub fn state(&self, today: Date) -> State {
        if self.is_destroyed {
            State::Destroyed
        } else if today < self.begins {
            State::NotYet
        } else if today <= self.expires {
            State::InForce
        } else if today < self.destruction {
            State::Expired
        } else {
            State::Destroyed
        }
    }

    /// The smallest group that may be shown of records of these sources.
    #[must_use]
    pub fn minimum(&self, sources: &BTreeSet<OrgId>) -> u32 {
        self.cell_min.max(self.terms.minimum(sources))
    }

    /// Whether a partner may ask a product at all.
    #[must_use]
    pub fn offers(&self, partner: &OrgId, product: &str) -> bool {
        let own = self.terms.products.get(partner);
        self.products.covers(product) && own.is_none_or(|own| own.covers(product))
    }

    /// Id and version as answers quote them: `city-outcomes@1`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}

/// The document as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    agreement: String,
    version: u32,
    title: String,
    basis: Basis,
    purposes: Vec<String>,
    begins: String,
    expires: String,
    destruction: String,
    profile: String,
    cell_min: u32,
    parties: Parties,
    permits: Permits,
    #[serde(default)]
    intake: Intake,
    #[serde(default)]
    terms: terms::Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parties {
    sources: Vec<String>,
    partners: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Permits {
    products: Vec<String>,
    indicators: Vec<String>,
    dimensions: Vec<String>,
    years: Years,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Years {
    from: u32,
    to: u32,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Intake {
    kinds: Option<Vec<String>>,
}

impl Document {
    fn check(self) -> Result<Agreement, Invalid> {
        let mut problems = Vec::new();
        let mut date = |path: &str, text: &str| {
            text.parse::<Date>().map_err(|error| problems.push(format!("{path}: {error}"))).ok()
        };
        let (begins, expires, destruction) = (
            date("begins", &self.begins),
            date("expires", &self.expires),
            date("destruction", &self.destruction),
        );
        if let (Some(begins), Some(expires), Some(destruction)) = (begins, expires, destruction) {
            if expires < begins {
                problems.push("expires: is before begins".into());
            }
            if destruction < expires {
                problems.push("destruction: is before expires".into());
            }
        }
        if !is_id(&self.agreement) {
            problems.push("agreement: must be 1 to 64 of a-z, 0-9 and -".into());
        }
        if self.version == 0 {
            problems.push("version: begins at 1".into());
        }
        if self.title.trim().is_empty() {
            problems.push("title: is missing".into());
        }
        if self.purposes.is_empty() || !self.purposes.iter().all(|purpose| is_word(purpose)) {
            problems.push("purposes: at least one, each of a-z, 0-9 and _".into());
        }
        if self.cell_min < 3 {
            problems.push("cell_min: no fewer than 3".into());
        }
        let sources = organizations("parties.sources", &self.parties.sources, &mut problems);
        let partners = organizations("parties.partners", &self.parties.partners, &mut problems);
        if sources.is_empty() {
            problems.push("parties.sources: at least one".into());
        }
        let years = match (SchoolYear::new(self.permits.years.from), SchoolYear::new(self.permits.years.to)) {
            (Some(from), Some(to)) if from <= to => Some(YearRange { from, to }),
            _ => {
                problems.push("permits.years: two school years, the first not after the second".into());
                None
            }
        };
        let kinds = self.intake.kinds.map(|kinds| {
            let known = |kind: &String| Kind::from_code(kind);
            if kinds.iter().any(|kind| known(kind).is_none()) {
                problems.push("intake.kinds: has an unknown kind".into());
            }
            kinds.iter().filter_map(known).collect()
        });
        let terms = self.terms.check(&sources, &partners, &mut problems);
        match (begins, expires, destruction, years) {
            (Some(begins), Some(expires), Some(destruction), Some(years)) if problems.is_empty() => {
                Ok(Agreement {
                    id: self.agreement,
                    version: self.version,
                    title: self.title.trim().to_owned(),
                    basis: self.basis,
                    purposes: self.purposes.into_iter().collect(),
                    begins,
                    expires,
                    destruction,
                    profile: self.profile,
                    cell_min: self.cell_min,
                    sources,
                    partners,
                    kinds,
                    products: Grant::new(self.permits.products),
                    indicators: Grant::new(self.permits.indicators),
                    dimensions: Grant::new(self.permits.dimensions),
                    years,
                    terms,
                    is_destroyed: false,
                })
            }
            _ => Err(Invalid(problems)),
        }
    }
}

fn organizations(path: &str, ids: &[String], problems: &mut Vec<String>) -> BTreeSet<OrgId> {
    let parsed: Vec<_> = ids.iter().map(|id| OrgId::new(id)).collect();
    for (at, _) in parsed.iter().enumerate().filter(|(_, id)| id.is_err()) {
        problems.push(format!("{path}[{at}]: must be 1 to 64 of a-z, 0-9 and -"));
    }
    parsed.into_iter().flatten().collect()
}

fn is_id(text: &str) -> bool {
    OrgId::new(text).is_ok()
}

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const DOCUMENT: &str = r#"
agreement = "city-outcomes"
version = 2
title = "City outcomes"
basis = "audit_or_evaluation"
purposes = ["continuous_improvement", "public_reporting"]
begins = "2024-07-01"
expires = "2026-06-30"
destruction = "2027-06-30"
profile = "nces-10"
cell_min = 10

[parties]
sources = ["northfield", "eastbrook"]
partners = ["city-partnership"]

[permits]
products = ["city"]
indicators = ["chronic_absence"]
dimensions = ["geography", "race"]
years = { from = 2021, to = 2025 }
"#;

    #[test]
    fn a_document_is_read_whole() {
        let agreement = Agreement::parse(DOCUMENT).expect("the example is valid");
        assert_eq!(agreement.reference(), "city-outcomes@2");
        assert_eq!(agreement.state("2024-06-30".parse().unwrap()), State::NotYet);
        assert_eq!(agreement.state("2024-07-01".parse().unwrap()), State::InForce);
        assert_eq!(agreement.state("2026-06-30".parse().unwrap()), State::InForce);
        assert_eq!(agreement.state("2026-07-01".parse().unwrap()), State::Expired);
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let document = DOCUMENT
            .replace("2024-07-01", "2024-02-30")
            .replace("version = 2", "version = 0")
            .replace("\"eastbrook\"", "\"East Brook\"")
            .replace("cell_min = 10", "cell_min = 1");
        let Invalid(problems) = Agreement::parse(&document).expect_err("four things are wrong");
        for place in ["begins", "version", "parties.sources[1]", "cell_min"] {
            assert!(problems.iter().any(|problem| problem.starts_with(place)), "{place}: {problems:?}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let document = DOCUMENT.replace("version = 2", "version = 2\nmaximum_cells = 3");
        assert!(Agreement::parse(&document).is_err());
    }
}
