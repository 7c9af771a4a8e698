//! The editions before: what they have shown is known for ever, so whatever is published next is counted and protected
//! together with it.

use super::Error;
use crate::disclosure::{Past, Seal};
use crate::outcomes::{self, Edition, Product, Tabulation};
use crate::store::{self, Snapshot};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The editions before one, as far as it is counted and protected together with them.
pub(crate) struct Before {
    seals: Vec<Arc<Seal>>,
    /// Every version of a product that they have shown.
    published: Vec<Product>,
}

/// The editions before, counted for some products.
pub(crate) struct Counted {
    /// The products, and those that only earlier editions have.
    pub(crate) products: Vec<Product>,
    editions: Vec<(Arc<Seal>, Vec<Tabulation>)>,
}

impl Before {
    /// Reads what was sealed before the edition of that number.
    pub(crate) fn read(snapshot: &Snapshot<'_>, number: u32) -> Result<Self, store::Error> {
        let seals: Vec<Arc<Seal>> =
            (1..number).map(|edition| snapshot.seal(edition)).collect::<Result<_, _>>()?;
        let versions: BTreeSet<(String, u32)> = seals.iter().flat_map(|seal| seal.versions()).collect();
        let published = versions.iter().map(|(id, version)| snapshot.product(id, *version));
        Ok(Self { published: published.collect::<Result<_, _>>()?, seals })
    }

    /// What was sealed before the next edition.
    pub(crate) fn next(snapshot: &Snapshot<'_>) -> Result<Self, store::Error> {
        Self::read(snapshot, snapshot.edition(None)?.map_or(1, |newest| newest.number + 1))
    }

    /// The number of the edition they are before.
    pub(crate) fn number(&self) -> u32 {
        self.seals.len() as u32 + 1
    }

    /// Every version of a product that they have shown.
    pub(crate) fn published(&self) -> &[Product] {
        &self.published
    }

    /// The editions whose records the next one is compared with.
    pub(crate) fn compared_with(&self) -> BTreeSet<u32> {
        self.seals.iter().flat_map(|seal| seal.compared_with()).collect()
    }

    /// Counts them for some products and for those they had themselves. `frozen` is asked for the editions that the next
    /// one is compared with, one after the other.
    pub(crate) fn count<'e>(
        &self,
        mut products: Vec<Product>,
        frozen: impl Fn(u32) -> Result<Cow<'e, Edition>, Error>,
    ) -> Result<Counted, Error> {
        for published in &self.published {
            let is_same = |product: &Product| {
                (product.id(), product.version()) == (published.id(), published.version())
            };
            if !products.iter().any(is_same) {
                products.push(published.clone().withdrawn());
            }
        }
        let compared = self.compared_with();
        let count = |seal: &Arc<Seal>| {
            let tabulations = match compared.contains(&seal.edition()) {
                true => outcomes::tabulate(&*frozen(seal.edition())?, &products)?,
                false => Vec::new(),
            };
            Ok((seal.clone(), tabulations))
        };
        let editions = self.seals.iter().map(count).collect::<Result<_, Error>>()?;
        Ok(Counted { products, editions })
    }
}

impl Counted {
    /// What sealing takes.
    pub(crate) fn past(&self) -> Vec<Past<'_>> {
        self.editions.iter().map(|(seal, tabulations)| Past { seal, tabulations }).collect()
    }
}
