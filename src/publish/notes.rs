//! What is told beside an edition.

use crate::disclosure::Seal;
use crate::outcomes::{Coverage, Edition, Product};
use crate::records::OrgId;
use crate::store::{self, LeftOutOf, Snapshot, SourceReport, SourceReports};
use std::collections::{BTreeMap, BTreeSet};

/// What each source had sent by now.
pub(super) fn reports(
    snapshot: &Snapshot<'_>,
    mut coverage: BTreeMap<OrgId, BTreeMap<u16, Coverage>>,
    sources: &BTreeSet<OrgId>,
) -> Result<SourceReports, store::Error> {
    let delivered = snapshot.delivered()?;
    let report = |source: &OrgId| {
        let coverage = coverage.remove(source).unwrap_or_default();
        (source.clone(), SourceReport { delivered: delivered.get(source).copied(), coverage })
    };
    Ok(sources.iter().map(report).collect())
}

/// Smaller steps of what is left out are never told.
const LEFT_OUT_MIN: u64 = 10;

/// What the products that can be asked leave out, in steps of no fewer people than their rule shows.
pub(super) fn left_out(edition: &Edition, products: &[Product], seal: &Seal) -> LeftOutOf {
    let mut all = LeftOutOf::new();
    for product in products {
        let Some(offered) = seal.product(product.id()) else { continue };
        let people_min = u64::from(offered.cell_min()).max(LEFT_OUT_MIN);
        let of_product = edition.left_out(product, people_min, |name, year| offered.people(name, year));
        all.insert(store::product_key(product.id(), product.version()), of_product);
    }
    all
}
