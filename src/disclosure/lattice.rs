//! The lattice of a tabulation: every group that some product can be asked for, once.
//!
//! People known no closer than an inner category form a group of their own, the rest of that category.
//! Nothing shows it, but a category less its parts gives it away, so it is a cell like the others that
//! is never listed. With the rests, every cell is the disjoint union of the cells below it.

use super::{Error, RuleProfile};
use crate::outcomes::{Dimension, Tabulation, Values};
use std::collections::{BTreeMap, HashMap, HashSet};

/// No cell: the dimension is at its root.
pub(super) const NONE: u32 = u32::MAX;

/// Cells in the order of their keys (nodes of the first dimension first), without the empty ones.
pub(super) struct Lattice {
    pub(super) trees: Vec<Tree>,
    /// One for each set of dimensions that a product crosses.
    pub(super) planes: Vec<Plane>,
    /// One node per dimension for each cell; the length is `n_cells * trees.len()`.
    nodes: Vec<u16>,
    /// The plane of each cell.
    pub(super) plane_of: Vec<u32>,
    /// The cell one category up, for each cell and dimension, or [`NONE`].
    parents: Vec<u32>,
    /// Cells of the geography nodes right below, for each cell.
    pub(super) below: Vec<Vec<u32>>,
    /// The atoms of each cell that stands at a leaf of the geography; empty for the others.
    pub(super) atoms: Vec<Vec<u32>>,
    /// People of each population in each cell.
    pub(super) people: Vec<Vec<u64>>,
    /// Values of each measure in each cell.
    pub(super) sums: Vec<Sums>,
}

/// Values of a measure in each cell: [`Values`] added up.
pub(super) enum Sums {
    Count,
    Share(Vec<u64>),
    Mean(Vec<i128>, Vec<i128>),
    Ratio(Vec<u64>, Vec<u64>),
}

/// A set of dimensions crossed by some product.
pub(super) struct Plane {
    /// Positions of the dimensions, ascending, without the geography.
    pub(super) dimensions: Vec<usize>,
    /// Positions of the publications that show it.
    pub(super) publications: Vec<usize>,
    /// The strictest of their profiles.
    pub(super) cell_min: u64,
    /// The strictest of their profiles.
    pub(super) certainty_min: u64,
}

/// A dimension's categories, and after them the rests.
pub(super) struct Tree {
    pub(super) parent: Vec<u16>,
    pub(super) depth: Vec<u16>,
    /// Number of categories; nodes from here on are rests.
    n_listed: usize,
}

impl Lattice {
    /// Builds the lattice of all publications of a tabulation that [`super::check`] has passed.
    pub(super) fn new(tabulation: &Tabulation, profiles: &[RuleProfile]) -> Result<Self, Error> {
        let n_dimensions = tabulation.dimensions.len();
        let (trees, leaves) = trees(tabulation)?;
        let planes = planes(tabulation, profiles)?;
        let mut strides = vec![1u128; n_dimensions];
        for at in (1..n_dimensions).rev() {
            let size = trees[at].parent.len() as u128;
            strides[at - 1] = strides[at].checked_mul(size).ok_or(Error::TooLarge)?;
        }
        strides[0].checked_mul(trees[0].parent.len() as u128).ok_or(Error::TooLarge)?;
        let paths = paths(&trees, &strides);

        let occupied: Vec<usize> = (0..leaves.len())
            .filter(|&at| tabulation.atoms.people.iter().any(|people| people[at] > 0))
            .collect();
        let each = |at: usize, f: &mut dyn FnMut(u32, u128, bool)| {
            for (number, plane) in planes.iter().enumerate() {
                for (up, &key) in paths[0][usize::from(leaves[at][0])].iter().enumerate() {
                    let mut visit = |key| f(number as u32, key, up == 0);
                    cross(&paths, &leaves[at], &plane.dimensions, key, &mut visit);
                }
            }
        };
        let mut keys: HashMap<u128, u32> = HashMap::new();
        for &at in &occupied {
            each(at, &mut |plane, key, _| {
                keys.insert(key, plane);
            });
        }
        let mut sorted: Vec<(u128, u32)> = keys.into_iter().collect();
        sorted.sort_unstable();
        let index: HashMap<u128, u32> = sorted.iter().zip(0u32..).map(|(&(key, _), at)| (key, at)).collect();
        if sorted.len() >= NONE as usize {
            return Err(Error::TooLarge);
        }

        let n_cells = sorted.len();
        let mut nodes = Vec::with_capacity(n_cells * n_dimensions);
        let mut parents = Vec::with_capacity(n_cells * n_dimensions);
        let mut below = vec![Vec::new(); n_cells];
        for (cell, &(key, _)) in sorted.iter().enumerate() {
            for (tree, &stride) in trees.iter().zip(&strides) {
                let node = (key / stride % tree.parent.len() as u128) as u16;
                let parent = match node {
                    0 => NONE,
                    _ => index[&(key - u128::from(node - tree.parent[usize::from(node)]) * stride)],
                };
                if nodes.len() % n_dimensions == 0 && parent != NONE {
                    below[parent as usize].push(cell as u32);
                }
                nodes.push(node);
                parents.push(parent);
            }
        }
        let mut lattice = Self {
            trees,
            nodes,
            plane_of: sorted.iter().map(|&(_, plane)| plane).collect(),
            parents,
            below,
            atoms: vec![Vec::new(); n_cells],
            people: vec![vec![0; n_cells]; tabulation.populations.len()],
            sums: tabulation.atoms.values.iter().map(|values| Sums::zero(values, n_cells)).collect(),
            planes: Vec::new(),
        };
        for &at in &occupied {
            each(at, &mut |_, key, at_leaf| {
                let cell = index[&key] as usize;
                if at_leaf {
                    lattice.atoms[cell].push(at as u32);
                }
                for (sums, people) in lattice.people.iter_mut().zip(&tabulation.atoms.people) {
                    sums[cell] += u64::from(people[at]);
                }
                for (sums, values) in lattice.sums.iter_mut().zip(&tabulation.atoms.values) {
                    sums.add(cell, values, at);
                }
            });
        }
        lattice.planes = planes;
        Ok(lattice)
    }

    pub(super) fn n_cells(&self) -> usize {
        self.plane_of.len()
    }

    pub(super) fn nodes(&self, cell: u32) -> &[u16] {
        let n = self.trees.len();
        &self.nodes[cell as usize * n..(cell as usize + 1) * n]
    }

    pub(super) fn geography(&self, cell: u32) -> u16 {
        self.nodes[cell as usize * self.trees.len()]
    }

    pub(super) fn plane(&self, cell: u32) -> &Plane {
        &self.planes[self.plane_of[cell as usize] as usize]
    }

    /// Whether the cell has only categories and no rest.
    pub(super) fn listed(&self, cell: u32) -> bool {
        self.nodes(cell).iter().zip(&self.trees).all(|(&node, tree)| usize::from(node) < tree.n_listed)
    }

    /// Lines: the chosen cells that differ in one dimension only and have one parent there, for each
    /// parent and dimension with at least one, in a fixed order.
    pub(super) fn lines(&self, chosen: impl Fn(u32) -> bool) -> Vec<Vec<u32>> {
        let n = self.trees.len();
        let mut pairs: Vec<(u64, u32)> = Vec::new();
        for cell in (0..self.n_cells() as u32).filter(|&cell| chosen(cell)) {
            for (at, &parent) in self.parents[cell as usize * n..][..n].iter().enumerate() {
                if parent != NONE {
                    pairs.push((u64::from(parent) * n as u64 + at as u64, cell));
                }
            }
        }
        pairs.sort_unstable();
        let cells = |line: &[(u64, u32)]| line.iter().map(|&(_, cell)| cell).collect();
        pairs.chunk_by(|a, b| a.0 == b.0).map(cells).collect()
    }
}

impl Sums {
    fn zero(values: &Values, n_cells: usize) -> Self {
        match values {
            Values::Count => Self::Count,
            Values::Share(_) => Self::Share(vec![0; n_cells]),
            Values::Mean { .. } => Self::Mean(vec![0; n_cells], vec![0; n_cells]),
            Values::Ratio { .. } => Self::Ratio(vec![0; n_cells], vec![0; n_cells]),
        }
    }

    fn add(&mut self, cell: usize, values: &Values, atom: usize) {
        match (self, values) {
            (Self::Share(to), Values::Share(from)) => to[cell] += u64::from(from[atom]),
            (Self::Mean(to, to_squares), Values::Mean { sum, sum_of_squares }) => {
                to[cell] += i128::from(sum[atom]);
                to_squares[cell] += sum_of_squares[atom];
            }
            (Self::Ratio(to, to_lower), Values::Ratio { numerator, denominator }) => {
                to[cell] += numerator[atom];
                to_lower[cell] += denominator[atom];
            }
            _ => {}
        }
    }
}

/// The trees with their rests, and for each atom its leaf in each.
fn trees(tabulation: &Tabulation) -> Result<(Vec<Tree>, Vec<Vec<u16>>), Error> {
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

impl Tree {
    fn new(dimension: &Dimension) -> Self {
        let parent: Vec<u16> = dimension.nodes.iter().map(|node| node.parent).collect();
        let mut depth = vec![0u16; parent.len()];
        for node in 1..parent.len() {
            depth[node] = depth[usize::from(parent[node])] + 1;
        }
        Self { n_listed: parent.len(), parent, depth }
    }
}

/// Every set of dimensions that a publication crosses, the smaller first in the order of their bits.
fn planes(tabulation: &Tabulation, profiles: &[RuleProfile]) -> Result<Vec<Plane>, Error> {
    let mut planes: BTreeMap<Vec<usize>, Plane> = BTreeMap::new();
    for (number, publication) in tabulation.publications.iter().enumerate() {
        let profile = profiles
            .iter()
            .find(|profile| profile.id == publication.profile)
            .ok_or_else(|| Error::UnknownProfile { product: publication.product.clone() })?;
        let mut dimensions = publication.dimensions.clone();
        dimensions.sort_unstable();
        for subset in subsets(&dimensions, publication.depth) {
            let plane = planes.entry(subset.clone()).or_insert_with(|| Plane {
                dimensions: subset,
                publications: Vec::new(),
                cell_min: 0,
                certainty_min: 0,
            });
            plane.publications.push(number);
            plane.cell_min = plane.cell_min.max(profile.cell_min);
            plane.certainty_min = plane.certainty_min.max(profile.certainty_min);
        }
    }
    Ok(planes.into_values().collect())
}

/// All subsets of at most `depth` elements, each in the order given.
pub(super) fn subsets(of: &[usize], depth: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for &element in of {
        for at in 0..all.len() {
            if all[at].len() < depth {
                all.push(all[at].iter().copied().chain([element]).collect());
            }
        }
    }
    all
}

/// For each dimension and node, the node and those above it as parts of a key; the geography's with its root.
fn paths(trees: &[Tree], strides: &[u128]) -> Vec<Vec<Vec<u128>>> {
    let path = |at: usize, node: usize| {
        let up = |&node: &usize| (node != 0).then(|| usize::from(trees[at].parent[node]));
        let nodes = std::iter::successors(Some(node), up).filter(|&node| node != 0 || at == 0);
        nodes.map(|node| node as u128 * strides[at]).collect()
    };
    (0..trees.len()).map(|at| (0..trees[at].parent.len()).map(|node| path(at, node)).collect()).collect()
}

/// Visits the key of every combination of nodes at and above an atom's in the given dimensions.
fn cross(
    paths: &[Vec<Vec<u128>>],
    atom: &[u16],
    dimensions: &[usize],
    key: u128,
    visit: &mut dyn FnMut(u128),
) {
    let Some((&first, rest)) = dimensions.split_first() else { return visit(key) };
    for part in &paths[first][usize::from(atom[first])] {
        cross(paths, atom, rest, key + part, visit);
    }
}
