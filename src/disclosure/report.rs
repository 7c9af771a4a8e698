//! What a seal costs: how much of each product is hidden, for the data steward.

use super::lattice::Lattice;
use super::proof::Proof;
use super::protection::{Protection, is_published};
use crate::outcomes::{Tabulation, Unit};
use std::collections::BTreeMap;

/// What a seal hides, product by product.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SealReport {
    /// By product id.
    pub products: Vec<ProductReport>,
    /// What shows that it is enough, layer by layer.
    pub layers: Vec<LayerReport>,
    /// The same in full, for the service to keep.
    pub proof: Proof,
}

/// How sure it is that what a layer hides is hidden. A layer is the numbers of people and outcomes that bound each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerReport {
    /// Whom the tabulation counts.
    pub unit: Unit,
    /// The school year, by the year it ends in.
    pub period: u16,
    /// The ids of its populations and measures.
    pub of: Vec<String>,
    /// Numbers that must stay uncertain.
    pub n_sensitive: u64,
    /// Of these, the ones that stay so only because all hidden cells have one mark, and not against somebody who
    /// knows which of them are small.
    pub n_one_mark: u64,
    /// Of these, the ones for which no other table was found that fits all that is shown, or none that leaves alone what
    /// an insider knows: they are safe from adding and subtracting, and nothing more is known of them.
    pub n_linear_only: u64,
    /// Tables that show it.
    pub n_witnesses: u64,
}

/// What a seal hides of a product, over all its indicators and periods.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductReport {
    /// Product id.
    pub product: String,
    /// Cells with somebody in them; a cell counts once for each indicator.
    pub n_cells: u64,
    /// Cells hidden by the rule itself.
    pub n_primary: u64,
    /// Cells hidden so that those can not be worked out.
    pub n_secondary: u64,
    /// People, once for each cell they are in.
    pub n_people: u64,
    /// Of these, the ones in hidden cells.
    pub n_people_hidden: u64,
    /// For each dimension, by id, the cells that tell its categories apart.
    pub dimensions: Vec<DimensionReport>,
}

/// What a seal hides of the cells that tell a dimension's categories apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DimensionReport {
    /// Dimension id.
    pub dimension: String,
    /// Cells with somebody in them.
    pub n_cells: u64,
    /// Of these, the hidden ones.
    pub n_hidden: u64,
}

impl ProductReport {
    /// Share of the cells that are hidden, 0 to 1; 0 when there are none.
    #[must_use]
    pub fn hidden_share(&self) -> f64 {
        share(self.n_primary + self.n_secondary, self.n_cells)
    }

    /// Share of the people, counted in each cell they are in, that are in hidden cells, 0 to 1.
    #[must_use]
    pub fn hidden_people_share(&self) -> f64 {
        share(self.n_people_hidden, self.n_people)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl SealReport {
    /// The report on a product.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<&ProductReport> {
        self.products.iter().find(|report| report.product == id)
    }

    pub(super) fn add(&mut self, tabulation: &Tabulation, lattice: &Lattice, protection: &Protection) {
        self.layers.extend(protection.layers.iter().map(|(n_sensitive, proof)| LayerReport {
            unit: tabulation.unit,
            period: tabulation.period.ending(),
            of: proof.of.clone(),
            n_sensitive: *n_sensitive as u64,
            n_one_mark: proof.one_mark.len() as u64,
            n_linear_only: proof.linear_only.len() as u64,
            n_witnesses: proof.witnesses.len() as u64,
        }));
        for (number, publication) in tabulation.publications.iter().enumerate() {
            let at = self.products.partition_point(|report| report.product < publication.product);
            if self.products.get(at).is_none_or(|report| report.product != publication.product) {
                let product = publication.product.clone();
                self.products.insert(at, ProductReport { product, ..ProductReport::default() });
            }
            let report = &mut self.products[at];
            let mut dimensions: BTreeMap<String, (u64, u64)> = (report.dimensions.drain(..))
                .map(|dimension| (dimension.dimension, (dimension.n_cells, dimension.n_hidden)))
                .collect();
            for &(_, measure) in &publication.indicators {
                let people = &lattice.people[tabulation.measures[measure].population];
                for cell in 0..lattice.n_cells() as u32 {
                    let count = people[cell as usize];
                    let in_product = lattice.plane(cell).publications.contains(&number);
                    if count == 0 || !in_product || !is_published(tabulation, lattice, measure, cell) {
                        continue;
                    }
                    let is_hidden = !protection.values[measure][cell as usize];
                    let is_primary = protection.primary[measure][cell as usize];
                    report.n_cells += 1;
                    report.n_people += count;
                    if is_hidden {
                        report.n_people_hidden += count;
                        *(if is_primary { &mut report.n_primary } else { &mut report.n_secondary }) += 1;
                    }
                    for (&node, dimension) in lattice.nodes(cell).iter().zip(&tabulation.dimensions) {
                        if node != 0 {
                            let entry = dimensions.entry(dimension.id.clone()).or_default();
                            entry.0 += 1;
                            entry.1 += u64::from(is_hidden);
                        }
                    }
                }
            }
            let row = |(dimension, (n_cells, n_hidden))| DimensionReport { dimension, n_cells, n_hidden };
            report.dimensions = dimensions.into_iter().map(row).collect();
        }
    }
}
