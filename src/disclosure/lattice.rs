//! The lattice of a tabulation: every group that some product can be asked for, once.
//!
//! People known no closer than an inner category form a group of their own, the rest of that category.
//! Nothing shows it, but a category less its parts gives it away, so it is a cell like the others that
//! is never listed. With the rests, every cell is the disjoint union of the cells below it.

use super::keys::KeyMap;
use super::{Error, RuleProfile, Zeros};
use crate::outcomes::{Dimension, Tabulation, Values};
use std::collections::{BTreeMap, HashSet};

/// No cell: the dimension is at its root.
pub(super) const NONE: u32 = u32::MAX;

/// Cells in the order of their planes and places, without the empty ones.
pub(super) struct Lattice {
    pub(super) trees: Vec<Tree>,
    /// One for each set of dimensions that a product crosses.
    pub(super) planes: Vec<Plane>,
    /// What a step in each dimension adds to a key.
    pub(super) strides: Vec<u128>,
    /// The cell at each place of each plane, or [`NONE`].
    index: Vec<u32>,
    /// One node per dimension for each cell; the length is `n_cells * trees.len()`.
    nodes: Vec<u16>,
    /// The plane of each cell.
    pub(super) plane_of: Vec<u32>,
    /// The cell one category up, for each cell and dimension, or [`NONE`].
    parents: Vec<u32>,
    /// The atoms with somebody in them.
    pub(super) atoms: Atoms,
    /// People of each population in each cell.
    pub(super) people: Vec<Vec<u64>>,
    /// Values of each measure in each cell.
    pub(super) sums: Vec<Sums>,
}

/// The atoms of a lattice.
pub(super) struct Atoms {
    /// The position of each in the tabulation.
    pub(super) positions: Vec<u32>,
    /// One leaf per dimension for each atom, rests included.
    leaves: Vec<u16>,
    /// The atom of each key.
    index: KeyMap,
    /// The cells of each atom, one list after the other.
    cells: Vec<u32>,
    starts: Vec<u32>,
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
    /// The widest of their profiles.
    pub(super) width: u64,
    /// Whether groups of nobody are hidden by one of their profiles.
    pub(super) hides_zeros: bool,
    /// Whether one of their profiles expects an insider.
    pub(super) has_insiders: bool,
    /// Where it begins in the index of places.
    pub(super) start: usize,
    /// What a step in each dimension adds to a place, 0 for those the plane does not cross. Nodes of crossed dimensions
    /// count from 1, so `start` is less by the sum of their steps.
    pub(super) steps: Vec<usize>,
}

/// A dimension's categories, and after them the rests.
pub(super) struct Tree {
    pub(super) parent: Vec<u16>,
    pub(super) children: Vec<Vec<u16>>,
    pub(super) depth: Vec<u16>,
    /// Number of categories; nodes from here on are rests.
    n_listed: usize,
}

impl Lattice {
    /// Builds the lattice of all publications of a tabulation that [`super::check`] has passed.
    pub(super) fn new(tabulation: &Tabulation, profiles: &[RuleProfile]) -> Result<Self, Error> {
        let n_dimensions = tabulation.dimensions.len();
        let (trees, leaves) = trees(tabulation)?;
        let mut planes = planes(tabulation, profiles)?;
        let n_places = lay_out(&mut planes, &trees)?;
        let mut strides = vec![1u128; n_dimensions];
        for at in (1..n_dimensions).rev() {
            let size = trees[at].parent.len() as u128;
            strides[at - 1] = strides[at].checked_mul(size).ok_or(Error::TooLarge)?;
        }
        strides[0].checked_mul(trees[0].parent.len() as u128).ok_or(Error::TooLarge)?;
        let mut occupied: Vec<u32> = (0..leaves.len() as u32)
            .filter(|&at| tabulation.atoms.people.iter().any(|people| people[at as usize] > 0))
            .collect();
        // The order of arrival makes no difference.
        occupied.sort_unstable_by(|&a, &b| leaves[a as usize].cmp(&leaves[b as usize]));
        // Cells are numbered as they come up, and then in the order of their places.
        let mut index = vec![NONE; n_places];
        let mut found: Vec<usize> = Vec::new();
        let mut atoms = Atoms {
            positions: occupied,
            leaves: Vec::new(),
            index: KeyMap::default(),
            cells: Vec::new(),
            starts: vec![0],
        };
        for (number, &at) in (0..).zip(&atoms.positions) {
            let leaves = &leaves[at as usize];
            for plane in &planes {
                for geography in trees[0].path(leaves[0]).chain([0]) {
                    let place = plane.start + usize::from(geography) * plane.steps[0];
                    cross(&trees, leaves, plane, &plane.dimensions, place, &mut |place| {
                        if index[place] == NONE {
                            index[place] = found.len() as u32;
                            found.push(place);
                        }
                        atoms.cells.push(index[place]);
                    });
                }
            }
            atoms.starts.push(u32::try_from(atoms.cells.len()).map_err(|_| Error::TooLarge)?);
            atoms.leaves.extend(leaves);
            let key = leaves.iter().zip(&strides).map(|(&node, stride)| u128::from(node) * stride);
            atoms.index.insert(key.sum(), number);
        }
        let n_cells = found.len();
        if n_cells + atoms.positions.len() >= NONE as usize {
            return Err(Error::TooLarge);
        }
        let mut rank = vec![0; n_cells];
        let mut places = found.clone();
        places.sort_unstable();
        for (to, &place) in (0..).zip(&places) {
            rank[index[place] as usize] = to;
            index[place] = to;
        }
        atoms.cells.iter_mut().for_each(|cell| *cell = rank[*cell as usize]);

        let mut nodes = Vec::with_capacity(n_cells * n_dimensions);
        let mut plane_of = Vec::with_capacity(n_cells);
        let mut number = 0;
        for &place in &places {
            while number + 1 < planes.len() && place >= planes[number + 1].first() {
                number += 1;
            }
            let plane = &planes[number];
            let mut left = place - plane.first();
            for at in 0..n_dimensions {
                let step = plane.steps[at];
                let node = left.checked_div(step).unwrap_or(0);
                left -= node * step;
                nodes.push(if step > 0 && at > 0 { node as u16 + 1 } else { node as u16 });
            }
            plane_of.push(number as u32);
        }
        let mut parents = vec![NONE; n_cells * n_dimensions];
        for cell in 0..n_cells {
            let of_cell = &nodes[cell * n_dimensions..(cell + 1) * n_dimensions];
            for (at, &node) in of_cell.iter().enumerate().filter(|(_, node)| **node != 0) {
                let mut up = of_cell.to_vec();
                up[at] = trees[at].parent[usize::from(node)];
                let plane = match up[at] {
                    // The margin lies in another plane.
                    0 if at > 0 => planes.iter().find(|plane| plane.is_of(&up)),
                    _ => Some(&planes[plane_of[cell] as usize]),
                };
                parents[cell * n_dimensions + at] = plane.map_or(NONE, |plane| index[plane.place(&up)]);
            }
        }
        let mut lattice = Self {
            trees,
            strides,
            index,
            nodes,
            plane_of,
            parents,
            atoms,
            people: Vec::new(),
            sums: Vec::new(),
            planes,
        };
        let totals = |of: &[u32]| lattice.totals(|at| u64::from(of[at]));
        lattice.people = tabulation.atoms.people.iter().map(|of| totals(of)).collect();
        lattice.sums = tabulation.atoms.values.iter().map(|values| Sums::new(values, &lattice)).collect();
        Ok(lattice)
    }

    /// The sum over the atoms of each cell of something that atoms have, by their positions in the tabulation.
    pub(super) fn totals<T: Copy + Default + std::ops::AddAssign>(&self, of: impl Fn(usize) -> T) -> Vec<T> {
        let mut totals = vec![T::default(); self.n_cells()];
        for (atom, &position) in (0..).zip(&self.atoms.positions) {
            let value = of(position as usize);
            for &cell in self.atoms.cells(atom) {
                totals[cell as usize] += value;
            }
        }
        totals
    }

    /// The cell at a place of a plane; see [`Plane::steps`].
    pub(super) fn at(&self, place: usize) -> Option<u32> {
        Some(self.index[place]).filter(|&cell| cell != NONE)
    }

    /// The cell one category up in a dimension.
    pub(super) fn parent(&self, cell: u32, dimension: usize) -> Option<u32> {
        Some(self.parents[cell as usize * self.trees.len() + dimension]).filter(|&parent| parent != NONE)
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

    /// The child of the geography's root that a node of the geography is, or is below.
    pub(super) fn contributor(&self, mut node: u16) -> Option<u16> {
        while self.trees[0].depth[usize::from(node)] > 1 {
            node = self.trees[0].parent[usize::from(node)];
        }
        (node != 0).then_some(node)
    }

    /// Whether the cell has only categories and no rest.
    pub(super) fn listed(&self, cell: u32) -> bool {
        self.nodes(cell).iter().zip(&self.trees).all(|(&node, tree)| usize::from(node) < tree.n_listed)
    }
}

impl Atoms {
    /// The cells of an atom.
    pub(super) fn cells(&self, atom: u32) -> &[u32] {
        &self.cells[self.starts[atom as usize] as usize..self.starts[atom as usize + 1] as usize]
    }

    /// The leaves of an atom, one for each dimension.
    pub(super) fn leaves(&self, atom: u32) -> &[u16] {
        let n = self.leaves.len() / self.positions.len();
        &self.leaves[atom as usize * n..(atom as usize + 1) * n]
    }

    /// The atom of a key.
    pub(super) fn find(&self, key: u128) -> Option<u32> {
        self.index.get(&key).copied()
    }

    /// Changes of the atoms that hold somebody, from changes by key.
    pub(super) fn known(&self, changes: &[(u128, i64)]) -> Vec<(u32, i64)> {
        changes.iter().filter_map(|&(key, by)| Some((self.find(key)?, by))).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.positions.len()
    }
}

impl Sums {
    fn new(values: &Values, lattice: &Lattice) -> Self {
        match values {
            Values::Count => Self::Count,
            Values::Share(counts) => Self::Share(lattice.totals(|at| u64::from(counts[at]))),
            Values::Mean { sum, sum_of_squares } => {
                Self::Mean(lattice.totals(|at| i128::from(sum[at])), lattice.totals(|at| sum_of_squares[at]))
            }
            Values::Ratio { numerator, denominator } => {
                Self::Ratio(lattice.totals(|at| numerator[at]), lattice.totals(|at| denominator[at]))
            }
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
        tree.children = vec![Vec::new(); tree.parent.len()];
        for (node, &parent) in (0..).zip(&tree.parent).skip(1) {
            tree.children[usize::from(parent)].push(node);
        }
        for leaf in &mut leaves {
            leaf[at] = rests.get(&leaf[at]).copied().unwrap_or(leaf[at]);
        }
        trees.push(tree);
    }
    Ok((trees, leaves))
}

impl Tree {
    /// The nodes from one up, without the root.
    pub(super) fn path(&self, node: u16) -> impl Iterator<Item = u16> + Clone + '_ {
        let up = |&node: &u16| Some(self.parent[usize::from(node)]).filter(|&parent| parent != 0);
        std::iter::successors((node != 0).then_some(node), up)
    }

    fn new(dimension: &Dimension) -> Self {
        let parent: Vec<u16> = dimension.nodes.iter().map(|node| node.parent).collect();
        let mut depth = vec![0u16; parent.len()];
        for node in 1..parent.len() {
            depth[node] = depth[usize::from(parent[node])] + 1;
        }
        Self { n_listed: parent.len(), parent, children: Vec::new(), depth }
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
        if !profile.is_exact() {
            return Err(Error::CodedProfile { product: publication.product.clone() });
        }
        let mut dimensions = publication.dimensions.clone();
        dimensions.sort_unstable();
        for subset in subsets(&dimensions, publication.depth) {
            let plane = planes.entry(subset.clone()).or_insert_with(|| Plane {
                dimensions: subset,
                publications: Vec::new(),
                cell_min: 0,
                certainty_min: 0,
                width: 0,
                hides_zeros: false,
                has_insiders: false,
                start: 0,
                steps: Vec::new(),
            });
            plane.publications.push(number);
            plane.cell_min = plane.cell_min.max(profile.cell_min);
            plane.certainty_min = plane.certainty_min.max(profile.certainty_min);
            plane.width = plane.width.max(profile.width);
            plane.hides_zeros |= profile.zeros == Zeros::Hidden;
            plane.has_insiders |= profile.insiders > 0;
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

/// Places in all planes at most: more would not fit into memory.
const PLACES_MAX: usize = 200_000_000;

/// Gives each plane its part of the index, and returns the size of all.
fn lay_out(planes: &mut [Plane], trees: &[Tree]) -> Result<usize, Error> {
    let mut end: usize = 0;
    for plane in planes {
        let mut step: usize = 1;
        plane.steps = vec![0; trees.len()];
        for &at in plane.dimensions.iter().rev() {
            plane.steps[at] = step;
            step = step.checked_mul(trees[at].parent.len() - 1).ok_or(Error::TooLarge)?;
        }
        plane.steps[0] = step;
        let first = end;
        end = step
            .checked_mul(trees[0].parent.len())
            .and_then(|size| end.checked_add(size))
            .ok_or(Error::TooLarge)?;
        if end > PLACES_MAX {
            return Err(Error::TooLarge);
        }
        // Wraps around where the first plane has dimensions; adding nodes brings it back.
        plane.start = first.wrapping_sub(plane.dimensions.iter().map(|&at| plane.steps[at]).sum());
    }
    Ok(end)
}

impl Plane {
    /// The first place of the plane.
    fn first(&self) -> usize {
        self.start.wrapping_add(self.dimensions.iter().map(|&at| self.steps[at]).sum())
    }

    /// The place of some nodes, one for each dimension.
    fn place(&self, nodes: &[u16]) -> usize {
        let parts = nodes.iter().zip(&self.steps).map(|(&node, step)| usize::from(node) * step);
        parts.fold(self.start, usize::wrapping_add)
    }

    /// Whether some nodes are of the plane: it crosses just the dimensions that are not at their root.
    fn is_of(&self, nodes: &[u16]) -> bool {
        let crossed = (1..nodes.len()).filter(|&at| nodes[at] != 0);
        crossed.eq(self.dimensions.iter().copied())
    }
}

/// Visits the place of every combination of nodes at and above an atom's in the given dimensions.
fn cross(
    trees: &[Tree],
    atom: &[u16],
    plane: &Plane,
    dimensions: &[usize],
    place: usize,
    visit: &mut dyn FnMut(usize),
) {
    let Some((&first, rest)) = dimensions.split_first() else { return visit(place) };
    for node in trees[first].path(atom[first]) {
        let place = place.wrapping_add(usize::from(node) * plane.steps[first]);
        cross(trees, atom, plane, rest, place, visit);
    }
}
