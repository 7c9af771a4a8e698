//! Trees: the categories of a dimension with their rests.

use super::super::Error;
use crate::outcomes::{Dimension, Tabulation};
use std::collections::{BTreeMap, HashSet};

/// A dimension's categories, and after them the rests.
pub(in crate::disclosure) struct Tree {
    pub(in crate::disclosure) parent: Vec<u16>,
    pub(in crate::disclosure) depth: Vec<u16>,
    /// Number of categories; nodes from here on are rests.
    pub(in crate::disclosure) n_listed: usize,
}

impl Tree {
    /// The nodes from one up, without the root.
    pub(in crate::disclosure) fn path(&self, node: u16) -> impl Iterator<Item = u16> + Clone + '_ {
        let up = |&node: &u16| Some(self.parent[usize::from(node)]).filter(|&parent| parent != 0);
        std::iter::successors((node != 0).then_some(node), up)
    }

    pub(super) fn new(dimension: &Dimension) -> Self {
        let parent: Vec<u16> = dimension.nodes.iter().map(|node| node.parent).collect();
        let mut depth = vec![0u16; parent.len()];
        for node in 1..parent.len() {
            depth[node] = depth[usize::from(parent[node])] + 1;
        }
        Self { n_listed: parent.len(), parent, depth }
    }
}

/// The trees with their rests, and for each atom its leaf in each.
pub(in crate::disclosure) fn trees(tabulation: &Tabulation) -> Result<(Vec<Tree>, Vec<Vec<u16>>), Error> {
    let n_dimensions = tabulation.dimensions.len();
    let mut leaves: Vec<Vec<u16>> =
        tabulation.atoms.nodes.chunks(n_dimensions).map(<[u16]>::to_vec).collect();
    let mut trees = Vec::with_capacity(n_dimensions);
    for (at, dimension) in tabulation.dimensions.iter().enumerate() {
        let mut tree = Tree::new(dimension);
        let inner: HashSet<u16> = tree.parent.iter().skip(1).copied().collect();
        let mut rests: BTreeMap<u16, u16> = leaves
            .iter()
            .map(|leaf| leaf[at])
            .filter(|node| inner.contains(node))
            .map(|node| (node, 0))
            .collect();
        for (&node, rest) in &mut rests {
            *rest = u16::try_from(tree.parent.len()).map_err(|_| Error::TooLarge)?;
            tree.parent.push(node);
            tree.depth.push(tree.depth[usize::from(node)] + 1);
        }
        for leaf in &mut leaves {
            leaf[at] = rests.get(&leaf[at]).copied().unwrap_or(leaf[at]);
        }
        trees.push(tree);
    }
    Ok((trees, leaves))
}
