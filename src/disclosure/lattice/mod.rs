//! The lattice of a tabulation: every group that some product can be asked for, once.
//!
//! People known no closer than an inner category form a group of their own, the rest of that category.
//! Nothing shows it, but a category less its parts gives it away, so it is a cell like the others that
//! is never listed. With the rests, every cell is the disjoint union of the cells below it.

mod grid;
mod plane;
mod tree;

pub(super) use grid::Grid;
pub(super) use plane::Plane;
pub(super) use tree::Tree;

use super::{Error, RuleProfile};
use crate::outcomes::{Tabulation, Values};
use plane::{cross, lay_out, planes, profiles_of};
use tree::trees;

/// No cell: the dimension is at its root.
const NONE: u32 = u32::MAX;

/// Cells in the order of their planes and places, without the empty ones.
pub(super) struct Lattice {
    pub(super) trees: Vec<Tree>,
    /// One for each set of dimensions that a product crosses.
    pub(super) planes: Vec<Plane>,
    /// The rule profile of each publication.
    pub(super) profiles: Vec<RuleProfile>,
    /// One node per dimension for each cell; the length is `n_cells * trees.len()`.
    nodes: Vec<u16>,
    /// The plane of each cell.
    pub(super) plane_of: Vec<u32>,
    /// The cell one category up, for each cell and dimension, or [`NONE`].
    parents: Vec<u32>,
    /// The cells one category down, for each cell and dimension, one list after the other.
    children: Vec<u32>,
    children_starts: Vec<u32>,
    /// The atoms with somebody in them.
    pub(super) atoms: Atoms,
    /// The atoms of each cell that stands at their own node of the geography, one list after the other.
    atoms_at: Vec<u32>,
    atoms_at_starts: Vec<u32>,
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

impl Lattice {
    /// Builds the lattice of all publications of a tabulation that [`super::check`] has passed. Atoms that nobody is in
    /// are left out, but for those that `was_occupied`.
    pub(super) fn new(
        tabulation: &Tabulation,
        profiles: &[RuleProfile],
        was_occupied: impl Fn(usize) -> bool,
    ) -> Result<Self, Error> {
        let (trees, leaves) = trees(tabulation)?;
        let profiles = profiles_of(&tabulation.publications, profiles)?;
        let mut planes = planes(tabulation, &profiles);
        let n_places = lay_out(&mut planes, &trees)?;
        let mut occupied: Vec<u32> = (0..leaves.len() as u32)
            .filter(|&at| tabulation.atoms.is_occupied(at as usize) || was_occupied(at as usize))
            .collect();
        // The order of arrival makes no difference.
        occupied.sort_unstable_by(|&a, &b| leaves[a as usize].cmp(&leaves[b as usize]));
        // Cells are numbered as they come up, and then in the order of their places.
        let mut index = vec![NONE; n_places];
        let mut places: Vec<usize> = Vec::new();
        let mut atoms = Atoms { positions: occupied, leaves: Vec::new(), cells: Vec::new(), starts: vec![0] };
        for &at in &atoms.positions {
            let leaves = &leaves[at as usize];
            for plane in &planes {
                for geography in trees[0].path(leaves[0]).chain([0]) {
                    let place = plane.start.wrapping_add(usize::from(geography) * plane.steps[0]);
                    cross(&trees, leaves, plane, &plane.dimensions, place, &mut |place| {
                        if index[place] == NONE {
                            index[place] = places.len() as u32;
                            places.push(place);
                        }
                        atoms.cells.push(index[place]);
                    });
                }
            }
            atoms.starts.push(u32::try_from(atoms.cells.len()).map_err(|_| Error::TooLarge)?);
            atoms.leaves.extend(leaves);
        }
        if places.len() + atoms.positions.len() >= NONE as usize {
            return Err(Error::TooLarge);
        }
        let mut rank = vec![0; places.len()];
        places.sort_unstable();
        for (to, &place) in (0..).zip(&places) {
            rank[index[place] as usize] = to;
            index[place] = to;
        }
        atoms.cells.iter_mut().for_each(|cell| *cell = rank[*cell as usize]);
        let (nodes, plane_of) = nodes(&places, &planes, trees.len());
        let parents = parents(&nodes, &plane_of, &planes, &trees, |place| index[place]);
        let (children, children_starts) = children(&parents, trees.len());
        let (atoms_at, atoms_at_starts) = atoms_at(&atoms, &nodes, trees.len());
        let mut lattice = Self {
            trees,
            nodes,
            plane_of,
            parents,
            children,
            children_starts,
            atoms,
            atoms_at,
            atoms_at_starts,
            people: Vec::new(),
            sums: Vec::new(),
            planes,
            profiles,
        };
        let totals = |of: &[u32]| lattice.totals(|at| u64::from(of[at]));
        lattice.people = tabulation.atoms.people.iter().map(|of| totals(of)).collect();
        lattice.sums = tabulation.atoms.values.iter().map(|values| Sums::new(values, &lattice)).collect();
        Ok(lattice)
    }

    /// The sum over the atoms of each cell of something that atoms have, by their positions in the tabulation.
    pub(super) fn totals<T: Copy + Default + std::ops::AddAssign>(&self, of: impl Fn(usize) -> T) -> Vec<T> {
        self.atom_totals(|atom| of(self.atoms.positions[atom] as usize))
    }

    /// The same by their own numbers.
    pub(super) fn atom_totals<T: Copy + Default + std::ops::AddAssign>(
        &self,
        of: impl Fn(usize) -> T,
    ) -> Vec<T> {
        let mut totals = vec![T::default(); self.n_cells()];
        for atom in 0..self.atoms.positions.len() {
            let value = of(atom);
            for &cell in self.atoms.cells(atom as u32) {
                totals[cell as usize] += value;
            }
        }
        totals
    }

    /// The cell one category up in a dimension.
    pub(super) fn parent(&self, cell: u32, dimension: usize) -> Option<u32> {
        Some(self.parents[cell as usize * self.trees.len() + dimension]).filter(|&parent| parent != NONE)
    }

    /// The cells one category down in a dimension: disjoint, and together the cell. None at a leaf.
    pub(super) fn children(&self, cell: u32, dimension: usize) -> &[u32] {
        let at = cell as usize * self.trees.len() + dimension;
        &self.children[self.children_starts[at] as usize..self.children_starts[at + 1] as usize]
    }

    /// The atoms of a cell that are known no closer in the geography. Those of the cells below it are the others.
    pub(super) fn atoms_at(&self, cell: u32) -> &[u32] {
        let starts = &self.atoms_at_starts[cell as usize..];
        &self.atoms_at[starts[0] as usize..starts[1] as usize]
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

    /// Lines: the chosen cells that differ in one dimension only and have one parent there, for each
    /// parent and dimension with at least one, in a fixed order.
    pub(super) fn lines(&self, chosen: impl Fn(u32) -> bool) -> Vec<Vec<u32>> {
        let n = self.trees.len();
        let mut pairs: Vec<(u64, u32)> = Vec::new();
        for cell in (0..self.n_cells() as u32).filter(|&cell| chosen(cell)) {
            let up = (0..n).filter_map(|at| Some((at, self.parent(cell, at)?)));
            pairs.extend(up.map(|(at, parent)| (u64::from(parent) * n as u64 + at as u64, cell)));
        }
        pairs.sort_unstable();
        let cells = |line: &[(u64, u32)]| line.iter().map(|&(_, cell)| cell).collect();
        pairs.chunk_by(|a, b| a.0 == b.0).map(cells).collect()
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
}

impl Sums {
    fn new(values: &Values, lattice: &Lattice) -> Self {
        match values {
            Values::Count => Self::Count,
            Values::Share(counts) => Self::Share(lattice.totals(|at| u64::from(counts[at]))),
            Values::Mean { sum, sum_of_squares, .. } => {
                Self::Mean(lattice.totals(|at| i128::from(sum[at])), lattice.totals(|at| sum_of_squares[at]))
            }
            Values::Ratio { numerator, denominator } => {
                Self::Ratio(lattice.totals(|at| numerator[at]), lattice.totals(|at| denominator[at]))
            }
        }
    }
}

/// One node per dimension for each place, and its plane.
fn nodes(places: &[usize], planes: &[Plane], n_dimensions: usize) -> (Vec<u16>, Vec<u32>) {
    let mut nodes = Vec::with_capacity(places.len() * n_dimensions);
    let mut plane_of = Vec::with_capacity(places.len());
    let mut number = 0;
    for &place in places {
        while number + 1 < planes.len() && place >= planes[number + 1].first() {
            number += 1;
        }
        let plane = &planes[number];
        let mut left = place - plane.first();
        for (at, &step) in plane.steps.iter().enumerate() {
            let node = left.checked_div(step).unwrap_or(0);
            left -= node * step;
            nodes.push(if step > 0 && at > 0 { node as u16 + 1 } else { node as u16 });
        }
        plane_of.push(number as u32);
    }
    (nodes, plane_of)
}

/// The cell one category up, for each cell and dimension.
fn parents(
    nodes: &[u16],
    plane_of: &[u32],
    planes: &[Plane],
    trees: &[Tree],
    at_place: impl Fn(usize) -> u32,
) -> Vec<u32> {
    let n_dimensions = trees.len();
    let mut parents = vec![NONE; nodes.len()];
    for (cell, of_cell) in nodes.chunks(n_dimensions).enumerate() {
        let mut up = of_cell.to_vec();
        for (at, &node) in of_cell.iter().enumerate().filter(|(_, node)| **node != 0) {
            up[at] = trees[at].parent[usize::from(node)];
            let plane = match up[at] {
                // The margin lies in another plane.
                0 if at > 0 => planes.iter().find(|plane| plane.is_of(&up)),
                _ => Some(&planes[plane_of[cell] as usize]),
            };
            parents[cell * n_dimensions + at] = plane.map_or(NONE, |plane| at_place(plane.place(&up)));
            up[at] = node;
        }
    }
    parents
}

/// The cells that each cell is the parent of, by dimension, and where each list starts.
fn children(parents: &[u32], n_dimensions: usize) -> (Vec<u32>, Vec<u32>) {
    let list = |at: usize, parent: u32| parent as usize * n_dimensions + at % n_dimensions;
    let known = || parents.iter().enumerate().filter(|(_, parent)| **parent != NONE);
    let mut starts = vec![0; parents.len() + 1];
    known().for_each(|(at, &parent)| starts[list(at, parent) + 1] += 1);
    for at in 0..parents.len() {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut children = vec![0; starts[parents.len()] as usize];
    for (at, &parent) in known() {
        let next = &mut next[list(at, parent)];
        children[*next as usize] = (at / n_dimensions) as u32;
        *next += 1;
    }
    (children, starts)
}

/// The atoms of each cell that stands at their own node of the geography, and where each list starts.
fn atoms_at(atoms: &Atoms, nodes: &[u16], n_dimensions: usize) -> (Vec<u32>, Vec<u32>) {
    let is_own = |atom: u32, cell: u32| nodes[cell as usize * n_dimensions] == atoms.leaves(atom)[0];
    let pairs = || {
        let each = |atom: u32| atoms.cells(atom).iter().map(move |&cell| (atom, cell));
        (0..atoms.positions.len() as u32).flat_map(each).filter(|&(atom, cell)| is_own(atom, cell))
    };
    let n_cells = nodes.len() / n_dimensions;
    let mut starts = vec![0; n_cells + 1];
    pairs().for_each(|(_, cell)| starts[cell as usize + 1] += 1);
    for at in 0..n_cells {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut list = vec![0; starts[n_cells] as usize];
    for (atom, cell) in pairs() {
        list[next[cell as usize] as usize] = atom;
        next[cell as usize] += 1;
    }
    (list, starts)
}
