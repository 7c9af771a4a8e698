//! Ties between cells that could be hidden, broken by a secret, so that the choice says nothing.

use super::super::lattice::Lattice;
use crate::outcomes::Tabulation;
use ring::hmac;

/// A number from 0 to 1 for each cell, from the names of what it is.
pub(super) fn ties(tabulation: &Tabulation, lattice: &Lattice, secret: &hmac::Key) -> Vec<f32> {
    let tag = |text: &str| {
        let tag = hmac::sign(secret, text.as_bytes());
        u64::from_le_bytes(tag.as_ref()[..8].try_into().expect("a tag is longer than 8 bytes"))
    };
    let whole = tag(&format!("{:?}/{}", tabulation.unit, tabulation.period.ending()));
    let of_nodes: Vec<Vec<u64>> = (tabulation.dimensions.iter())
        .zip(&lattice.trees)
        .map(|(dimension, tree)| {
            let name = |node: usize| match dimension.nodes.get(node) {
                Some(category) => format!("{}\0{}", dimension.id, category.id),
                // A rest has no name of its own.
                None => format!("{}\0\0{}", dimension.id, dimension.nodes[usize::from(tree.parent[node])].id),
            };
            (0..tree.parent.len()).map(|node| if node == 0 { 0 } else { tag(&name(node)) }).collect()
        })
        .collect();
    let tie = |cell: u32| {
        let nodes = lattice.nodes(cell).iter().zip(&of_nodes);
        let mixed = nodes.fold(whole, |mixed, (&node, tags)| {
            let next = (mixed ^ tags[usize::from(node)]).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            next ^ (next >> 31)
        });
        (mixed >> 40) as f32 / (1 << 24) as f32
    };
    (0..lattice.n_cells() as u32).map(tie).collect()
}
