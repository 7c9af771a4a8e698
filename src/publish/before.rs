//! The editions before: what they have shown is known for ever, so whatever is published next is counted and protected
//! together with it.

use super::Error;
use crate::calendar::SchoolYear;
use crate::disclosure::{Past, Seal};
use crate::outcomes::{self, Edition, Product, Tabulation, Unit};
use crate::store::{self, Snapshot};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The editions before one, as far as it is counted and protected together with them.
pub(crate) struct Before {
    seals: Vec<Arc<Seal>>,
    /// Those of them whose records are destroyed.
    destroyed: BTreeSet<u32>,
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
        let destroyed = snapshot.destroyed_editions()?.into_keys().collect();
        Ok(Self { published: published.collect::<Result<_, _>>()?, destroyed, seals })
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
        let compared = self.seals.iter().flat_map(|seal| seal.compared_with());
        compared.filter(|edition| !self.destroyed.contains(edition)).collect()
    }

    /// The units and school years that were shown with records which are destroyed. They are never counted again: beside
    /// the figures that are out, new ones of the same students would tell how few have changed, and what was hidden of
    /// whom, and without the counts of then nobody can see to it that they do not.
    pub(crate) fn closed(&self) -> BTreeSet<(Unit, SchoolYear)> {
        let shown = self.seals.iter().flat_map(|seal| seal.shown_periods());
        let closed = shown.filter(|(_, _, counted_in)| self.destroyed.contains(counted_in));
        closed.map(|(unit, period, _)| (unit, period)).collect()
    }

    /// The tabulations that may be protected and shown, and the school years of the others.
    pub(crate) fn open(&self, mut tabulations: Vec<Tabulation>) -> (Vec<Tabulation>, BTreeSet<SchoolYear>) {
        let closed = self.closed();
        let is_closed = |of: &Tabulation| closed.contains(&(of.unit, of.period));
        let years = tabulations.iter().filter(|of| is_closed(of)).map(|of| of.period).collect();
        tabulations.retain(|of| !is_closed(of));
        (tabulations, years)
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
