//! Smaller versions of a product: with less to ask for, less has to be hidden.

use super::{Level, Product};
use std::fmt;

/// The version of what is in no document.
pub(super) const DRAFT: u32 = u32::MAX;

/// A way to make a product smaller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// So many dimensions at once, at most.
    Depth(usize),
    /// Districts and no schools. Products that are counted together stop at the same level, so this is a change of all
    /// of them.
    Districts,
    /// Without this dimension, by id.
    Without(String),
}

/// As in a product's document where there is such a line.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth(depth) => write!(f, "depth = {depth}"),
            Self::Districts => f.write_str("geography = \"district\""),
            Self::Without(dimension) => write!(f, "without {dimension}"),
        }
    }
}

impl Change {
    /// Whether a smaller version still has the groups that tell the categories of these dimensions apart, so many steps
    /// down the geography (0 everything, 1 districts, 2 schools).
    #[must_use]
    pub fn keeps(&self, dimensions: &[String], level: u16) -> bool {
        match self {
            Self::Depth(depth) => dimensions.len() <= *depth,
            Self::Districts => level < 2,
            Self::Without(dimension) => !dimensions.contains(dimension),
        }
    }
}

impl Product {
    /// The ways to make it smaller by one step, and by two where that is a smaller depth.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        let deepest = self.depth.min(self.axes.len());
        let mut changes: Vec<Change> = (1..deepest).rev().take(2).map(Change::Depth).collect();
        if self.level == Level::School {
            changes.push(Change::Districts);
        }
        // With depth 0 no dimension can be asked for.
        let axes = self.axes.iter().filter(|_| deepest > 0);
        changes.extend(axes.map(|axis| Change::Without(axis.id.clone())));
        changes
    }

    /// The product in a version that no document has, so that it is none of those that editions were published with.
    #[must_use]
    pub fn drafted(self) -> Self {
        Self { version: DRAFT, ..self }
    }

    /// Some products, of which the one with that id is made smaller, each in a version of its own where it changes.
    #[must_use]
    pub fn smaller(products: &[Self], id: &str, change: &Change) -> Vec<Self> {
        let mut products = products.to_vec();
        for product in &mut products {
            let before = product.clone();
            let is_meant = product.id == id;
            match change {
                Change::Depth(depth) if is_meant => product.depth = *depth,
                Change::Without(dimension) if is_meant => product.axes.retain(|axis| axis.id != *dimension),
                Change::Districts => product.level = Level::District,
                Change::Depth(_) | Change::Without(_) => {}
            }
            if *product != before {
                product.version = DRAFT;
            }
        }
        products
    }
}
