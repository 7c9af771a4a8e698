//! The groups that publications tell apart.

use super::view::Group;
use crate::outcomes::{Publication, Tabulation};
use std::collections::{BTreeMap, BTreeSet};

/// Every group at or above an atom that some publication's dimensions can tell apart, with its atoms.
pub(super) fn groups(tabulation: &Tabulation) -> BTreeMap<Group, Vec<usize>> {
    let crossings: BTreeSet<Vec<usize>> = tabulation.publications.iter().flat_map(crossings).collect();
    let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
    for (at, atom) in tabulation.atoms.nodes.chunks(tabulation.dimensions.len()).enumerate() {
        if tabulation.atoms.people.iter().all(|people| people[at] == 0) {
            continue;
        }
        for crossed in &crossings {
            let mut open: Vec<Group> = vec![Vec::new()];
            for (dimension, &node) in atom.iter().enumerate() {
                let mut choices: Vec<(u16, bool)> = if dimension == 0 || crossed.contains(&dimension) {
                    let up = tabulation.dimensions[dimension].ancestors(node).map(|node| (node, false));
                    let is_inner =
                        tabulation.dimensions[dimension].nodes.iter().skip(1).any(|n| n.parent == node);
                    up.chain(is_inner.then_some((node, true))).collect()
                } else {
                    vec![(0, false)]
                };
                // The margin of a crossed dimension belongs to a smaller crossing.
                choices.retain(|&choice| {
                    dimension == 0 || !crossed.contains(&dimension) || choice != (0, false)
                });
                let with = |group: &Group, choice| group.iter().copied().chain([choice]).collect::<Group>();
                open = open
                    .iter()
                    .flat_map(|g| choices.iter().map(|&c| with(g, c)).collect::<Vec<_>>())
                    .collect();
            }
            for group in open {
                groups.entry(group).or_default().push(at);
            }
        }
    }
    groups
}

/// All sets of dimensions that a publication crosses, counted off in binary.
pub(super) fn crossings(publication: &Publication) -> Vec<Vec<usize>> {
    let mut dimensions = publication.dimensions.clone();
    dimensions.sort_unstable();
    let chosen = |bits: u64| -> Vec<usize> {
        let is_in = |at: &usize| bits >> *at & 1 == 1;
        (0..dimensions.len()).filter(is_in).map(|at| dimensions[at]).collect()
    };
    (0..1u64 << dimensions.len()).map(chosen).filter(|crossed| crossed.len() <= publication.depth).collect()
}
