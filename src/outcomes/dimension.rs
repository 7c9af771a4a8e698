//! Dimensions: trees of categories under one root, `all`.

use serde::{Deserialize, Serialize};

/// A dimension, such as race, or the geography: a tree of categories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dimension {
    /// Its id, for example `race`; the geography is `geography`.
    pub id: String,
    /// Its name in words.
    pub label: String,
    /// Its categories; the first is the root, with the id `all`, and parents stand before children.
    pub nodes: Vec<Node>,
}

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its id, unique in its dimension.
    pub id: String,
    /// Its name in words.
    pub label: String,
    /// Its parent's position; the root's is its own.
    pub parent: u16,
}

impl Dimension {
    /// The id of every root.
    pub const ALL: &'static str = "all";

    /// A dimension with only its root.
    #[must_use]
    pub fn new(id: &str, label: &str) -> Self {
        let root = Node { id: Self::ALL.into(), label: "All".into(), parent: 0 };
        Self { id: id.into(), label: label.into(), nodes: vec![root] }
    }

    /// Adds a category under the one at `parent` and returns its position.
    pub fn add(&mut self, id: &str, label: &str, parent: u16) -> u16 {
        debug_assert!(usize::from(parent) < self.nodes.len(), "parents stand before children");
        self.nodes.push(Node { id: id.into(), label: label.into(), parent });
        u16::try_from(self.nodes.len() - 1).expect("a dimension has fewer than 65,536 categories")
    }

    /// The position of the category with that id.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<u16> {
        self.nodes.iter().position(|node| node.id == id).and_then(|at| u16::try_from(at).ok())
    }

    /// A category and everything above it, up to the root.
    pub fn ancestors(&self, node: u16) -> impl Iterator<Item = u16> + '_ {
        std::iter::successors(Some(node), |&at| (at != 0).then(|| self.nodes[usize::from(at)].parent))
    }
}
