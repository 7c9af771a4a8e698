//! Product documents: what keeps one from being loaded, all of it at once.

use crate::disclosure::RuleProfile;
use crate::outcomes::{self, Mode, Problem, Product};
use crate::{publish, store};

/// Longest agreement or product, in bytes.
pub(super) const MAX_DOCUMENT: usize = 256 * 1024;

/// What keeps a document from being loaded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Rule for the access log.
    pub(super) rule: &'static str,
    /// At least one. Reasons never quote the document; a path is of our own making.
    pub(super) problems: Vec<Problem>,
}

impl Wrong {
    pub(super) fn new(rule: &'static str, path: &str, reason: impl Into<String>) -> Self {
        Self { rule, problems: vec![Problem { path: path.into(), reason: reason.into() }] }
    }

    /// The same, of one of several documents.
    pub(super) fn of_document(mut self, at: usize) -> Self {
        self.problems
            .iter_mut()
            .for_each(|problem| problem.path = format!("documents[{at}].{}", problem.path));
        self
    }

    /// All problems in a line.
    pub(super) fn message(&self) -> String {
        let lines: Vec<_> = self.problems.iter().map(|p| format!("{}: {}", p.path, p.reason)).collect();
        lines.join("; ")
    }
}

/// Reads a document of a rule profile that is known and goes with its mode.
pub(super) fn read(document: &str) -> Result<Product, Wrong> {
    if document.len() > MAX_DOCUMENT {
        return Err(Wrong::new("product.too_long", "document", "is too long"));
    }
    let product = Product::parse(document).map_err(|error| match error {
        outcomes::Error::Product(problems) => Wrong { rule: "product.malformed", problems },
        other => Wrong::new("product.malformed", "document", other.to_string()),
    })?;
    match RuleProfile::named(product.profile()) {
        None => Err(Wrong::new("product.profile", "profile", "is not a known rule profile")),
        Some(profile) if profile.codes_rates() && product.mode() != Mode::Suppress => {
            Err(Wrong::new("product.profile", "profile", "codes rates, which is for exact figures alone"))
        }
        Some(_) => Ok(product),
    }
}

/// The products that are loaded, and those that an edition has been published with: what those have shown is known for
/// ever.
///
/// # Errors
///
/// [`store::Error`].
pub(super) fn known(snapshot: &store::Snapshot<'_>) -> Result<(Vec<Product>, Vec<Product>), store::Error> {
    Ok((snapshot.products()?, publish::published_products(snapshot)?))
}

/// Finds now, and not when publishing, that a product can not be counted together with the others: there it would hold
/// up every one of them.
pub(super) fn fits(product: &Product, others: &[Product]) -> Result<(), Wrong> {
    let mixed = |mixed: outcomes::Error| {
        let path = match mixed {
            outcomes::Error::MixedGeography => "geography",
            outcomes::Error::SamePeople(..) => "indicators",
            outcomes::Error::MixedModes | outcomes::Error::MixedRounding => "mode",
            _ => "dimensions",
        };
        Wrong::new("product.mixed", path, mixed.to_string())
    };
    outcomes::check_together(product, others).map_err(mixed)
}
