//! Slices of a lattice: the parts of it where moves are looked for.
//!
//! A slice lets the geography and a few more dimensions vary near one atom, mostly two or three, and holds the others
//! at that atom's categories. A change of people in the slice changes every cell that holds them: for each set
//! of the other dimensions, the cell at the atom's categories. So a cell of the slice stands for many of the lattice,
//! and has as little room as the least of them.

use super::cover::{Grid, GridTree, Look, Room, Space, Spread, Target};
use super::lattice::{Lattice, NONE, Tree};
use super::layer::Layer;

/// Where the search for moves goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Within one child of the geography's root, whose own cells do not change.
    Local,
    /// Across the whole geography.
    Global,
}

/// The slices of a layer.
pub(super) struct Slices<'l> {
    pub(super) layer: &'l Layer<'l>,
    pub(super) reach: Reach,
    /// How many slices are looked into for a move that is nowhere to be found, before the last resort.
    pub(super) n_places: usize,
}

/// One slice.
pub(super) struct Slice {
    grid: Grid,
    /// The dimensions that vary, the geography first.
    dimensions: Vec<usize>,
    /// For each of them, the nodes of the lattice's tree that the grid's nodes are.
    nodes: Vec<Vec<u16>>,
    /// For each node of each, its part of a key.
    keys: Vec<Vec<u128>>,
    /// For each set of the dimensions that vary without the geography, by its bits: the families of cells that the
    /// others make.
    families: Vec<Vec<Family>>,
    /// The part of the key that makes an atom of leaves.
    rest: u128,
    is_local: bool,
    /// How dependents stay or go with people; see [`Layer::n_ways`].
    way: usize,
}

/// Cells of a plane that differ in the dimensions that vary, and are at the atom's categories in the others.
struct Family {
    plane: u32,
    /// The place without the varying dimensions' part.
    start: usize,
    /// What a step in each varying dimension adds.
    steps: [usize; 4],
}

impl Family {
    /// The place of the cell at some nodes of the varying dimensions.
    fn place(&self, nodes: [u16; 4]) -> usize {
        let parts = nodes.into_iter().zip(self.steps).map(|(node, step)| usize::from(node) * step);
        parts.fold(self.start, usize::wrapping_add)
    }
}

/// Siblings on the way from the root to the atom's leaf, at most.
const SIBLINGS_MAX: usize = 12;

/// Leaves below each sibling that is not on the way, at most.
const LEAVES_MAX: usize = 2;

impl Slices<'_> {
    /// The sets of dimensions that vary besides the geography: for a target in a plane, the likelier first.
    fn sets(&self, plane: &[usize]) -> Vec<Vec<usize>> {
        let all = &self.layer.dimensions;
        if all.len() < 2 {
            return vec![all.clone()];
        }
        let mut sets: Vec<Vec<usize>> = Vec::new();
        for (at, &one) in all.iter().enumerate() {
            for (next, &two) in all.iter().enumerate().skip(at + 1) {
                sets.push(vec![one, two]);
                sets.extend(all[next + 1..].iter().map(|&three| vec![one, two, three]));
            }
        }
        let inside = |set: &Vec<usize>| set.iter().filter(|at| plane.contains(at)).count();
        sets.retain(|set| plane.is_empty() || inside(set) > 0);
        sets.sort_by_key(|set| (set.len(), set.len() - inside(set), set.clone()));
        sets
    }

    fn slice(&self, atom: u32, set: &[usize], way: usize) -> Slice {
        let lattice = self.layer.lattice;
        let leaves = lattice.atoms.leaves(atom);
        let mut dimensions = vec![0];
        dimensions.extend_from_slice(set);
        let (mut trees, mut nodes, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for &at in &dimensions {
            let tree = &lattice.trees[at];
            let is_short = at == 0 && self.reach == Reach::Local;
            let (grid_tree, of_grid) = window(tree, leaves[at], is_short);
            keys.push(of_grid.iter().map(|&node| u128::from(node) * lattice.strides[at]).collect());
            trees.push(grid_tree);
            nodes.push(of_grid);
        }
        let mut families: Vec<Vec<Family>> = (0..1 << set.len()).map(|_| Vec::new()).collect();
        for (number, plane) in (0..).zip(&lattice.planes) {
            let bits: usize = set
                .iter()
                .enumerate()
                .map(|(bit, at)| usize::from(plane.dimensions.contains(at)) << bit)
                .sum();
            let mut starts = vec![plane.start];
            for &at in plane.dimensions.iter().filter(|at| !set.contains(at)) {
                let up = lattice.trees[at].path(leaves[at]).map(|node| usize::from(node) * plane.steps[at]);
                starts = up.flat_map(|more| starts.iter().map(move |part| part.wrapping_add(more))).collect();
            }
            let mut steps = [0; 4];
            for (step, &at) in steps.iter_mut().zip(&dimensions) {
                *step = plane.steps[at];
            }
            families[bits].extend(starts.into_iter().map(|start| Family { plane: number, start, steps }));
        }
        let is_fixed = |at: &usize| !dimensions.contains(at);
        let rest = (0..leaves.len()).filter(is_fixed);
        let rest = rest.map(|at| u128::from(leaves[at]) * lattice.strides[at]).sum();
        let is_local = self.reach == Reach::Local;
        Slice { grid: Grid::new(trees), dimensions, nodes, keys, families, rest, is_local, way }
    }
}

/// The part of a tree near a leaf: the way up from it, siblings on the way, and some leaves below those. With
/// `is_short` it begins at the root's child on the way.
fn window(tree: &Tree, leaf: u16, is_short: bool) -> (GridTree, Vec<u16>) {
    let mut way: Vec<u16> = tree.path(leaf).collect();
    way.push(0);
    way.reverse();
    if is_short && way.len() > 2 {
        way.remove(0);
    }
    let mut nodes = vec![way[0]];
    let mut parents = vec![0];
    let mut parent = 0;
    for (depth, &node) in way.iter().enumerate().take(way.len() - 1) {
        let children = &tree.children[usize::from(node)];
        let next = way[depth + 1];
        let at = children.iter().position(|&child| child == next).unwrap_or(0);
        // Siblings come in fixed groups, so that those in a group lend each other what they hide.
        let first = at / SIBLINGS_MAX * SIBLINGS_MAX;
        let mut on_way = 0;
        for &child in children.iter().skip(first).take(SIBLINGS_MAX) {
            nodes.push(child);
            parents.push(parent);
            let own = nodes.len() as u32 - 1;
            if child == next {
                on_way = own;
            } else {
                descend(tree, child, own, &mut nodes, &mut parents);
            }
        }
        parent = on_way;
    }
    (GridTree::new(parents), nodes)
}

/// Adds some leaves below a node, and what lies between.
fn descend(tree: &Tree, node: u16, own: u32, nodes: &mut Vec<u16>, parents: &mut Vec<u32>) {
    for &child in tree.children[usize::from(node)].iter().take(LEAVES_MAX) {
        nodes.push(child);
        parents.push(own);
        let below = nodes.len() as u32 - 1;
        descend(tree, child, below, nodes, parents);
    }
}

impl Slice {
    /// The grid's nodes of a cell of the lattice; nothing when it is not in the slice.
    fn locate(&self, lattice: &Lattice, atom_leaves: &[u16], cell: u32) -> Option<u32> {
        let of_cell = lattice.nodes(cell);
        let mut at = Vec::with_capacity(self.dimensions.len());
        for (&dimension, nodes) in self.dimensions.iter().zip(&self.nodes) {
            at.push(nodes.iter().position(|&node| node == of_cell[dimension])? as u32);
        }
        let is_held = |dimension: usize| {
            let node = of_cell[dimension];
            node == 0 || lattice.trees[dimension].path(atom_leaves[dimension]).any(|up| up == node)
        };
        let others = (0..of_cell.len()).filter(|dimension| !self.dimensions.contains(dimension));
        others.clone().all(is_held).then(|| self.grid.cell(&at))
    }

    /// The lattice's nodes of a cell in the varying dimensions, the set of them that is not at its root, and the key of
    /// the atom when all are at leaves.
    fn base(&self, cell: u32) -> ([u16; 4], usize, Option<u128>) {
        let (mut nodes, mut bits, mut key, mut is_leaf) = ([0; 4], 0, self.rest, true);
        for (at, tree) in self.grid.trees().iter().enumerate() {
            let node = self.grid.node(cell, at);
            nodes[at] = self.nodes[at][node as usize];
            key += self.keys[at][node as usize];
            is_leaf &= tree.is_leaf(node);
            if at > 0 && nodes[at] != 0 {
                bits |= 1 << (at - 1);
            }
        }
        (nodes, bits, is_leaf.then_some(key))
    }

    /// The node of a cell in the geography.
    fn place(&self, cell: u32) -> u16 {
        self.nodes[0][self.grid.node(cell, 0) as usize]
    }
}

impl Space for Slices<'_> {
    /// A slice with the atom it is near to.
    type Place = (Slice, u32);
    type Sums = Grid;
    /// Atoms that change, by their keys.
    type Trace = Vec<(u128, i64)>;

    fn places(&self, target: &Target) -> impl Iterator<Item = Self::Place> {
        let cell = target.cells[0];
        let sets = self.sets(&self.layer.lattice.plane(cell).dimensions);
        let atoms = self.layer.sample[cell as usize];
        let n_atoms = if atoms[0] == atoms[1] { 1 } else { 2 };
        let (n_sets, n_ways) = (sets.len(), self.layer.n_ways());
        let near = move || atoms.into_iter().take(n_atoms).filter(|atom| *atom != NONE);
        let wide = (0..n_ways * n_sets)
            .flat_map(move |at| near().map(move |atom| (at / n_sets, at % n_sets, atom)))
            .take(self.n_places)
            .map(move |(way, set, atom)| (self.slice(atom, &sets[set], way), atom));
        // Where nothing else is possible: one person more or less, and everything hidden that shows it.
        let narrow =
            (0..n_ways).flat_map(move |way| near().map(move |atom| (self.slice(atom, &[], way), atom)));
        wide.chain(narrow)
    }

    fn sums<'p>(&'p self, place: &'p Self::Place) -> &'p Grid {
        &place.0.grid
    }

    fn terms(&self, (slice, atom): &Self::Place, target: &Target) -> Vec<(u32, f64)> {
        let lattice = self.layer.lattice;
        let leaves = lattice.atoms.leaves(*atom);
        let locate = |&cell: &u32| Some((slice.locate(lattice, leaves, cell)?, 1.0));
        target.cells.iter().map(locate).collect::<Option<_>>().unwrap_or_default()
    }

    fn room(&self, (slice, _): &Self::Place, look: Look<'_>, cell: u32) -> Room {
        if slice.is_local && slice.grid.node(cell, 0) == 0 {
            return Room::default();
        }
        let layer = self.layer;
        if !look.without.is_empty() && layer.is_held_by(slice.place(cell), look.without) {
            return Room::default();
        }
        let (nodes, bits, key) = slice.base(cell);
        let mut room = Room { down: f64::INFINITY, up: f64::INFINITY, cost_down: 1e-6, cost_up: 1e-6 };
        let mut add = |more: Room| {
            room.down = room.down.min(more.down);
            room.up = room.up.min(more.up);
            room.cost_down += more.cost_down;
            room.cost_up += more.cost_up;
            room.down > 0.0 || room.up > 0.0
        };
        if let Some(key) = key {
            let of_atom = match layer.lattice.atoms.find(key) {
                Some(atom) => {
                    let of_atom = look.board.room(layer.atom(atom), look.sight);
                    Room { down: of_atom.down.min(layer.to_give(slice.way, atom)), ..of_atom }
                }
                None => layer.empty_atom(),
            };
            if !add(of_atom) {
                return Room::default();
            }
        }
        for family in &slice.families[bits] {
            let of_cell = match layer.lattice.at(family.place(nodes)) {
                Some(cell) => look.board.room(cell, look.sight),
                None => layer.empty_cell(family.plane),
            };
            if !add(of_cell) {
                return Room::default();
            }
        }
        room
    }

    fn spread(&self, (slice, _): &Self::Place, changes: &[(u32, i64)]) -> Spread {
        let layer = self.layer;
        let (mut cells, mut trace) = (Vec::new(), Vec::new());
        let (mut backwards, mut forwards) = (i64::MAX, i64::MAX);
        let mut of_empty = |room: Room, by: i64| {
            let (along, against) = if by > 0 { (room.up, room.down) } else { (room.down, room.up) };
            // Rooms are whole numbers, and a division by 1 or a few leaves them so.
            forwards = forwards.min((along / by.unsigned_abs() as f64) as i64);
            backwards = backwards.min((against / by.unsigned_abs() as f64) as i64);
        };
        for &(cell, by) in changes {
            let (nodes, bits, key) = slice.base(cell);
            if let Some(key) = key {
                trace.push((key, by));
                match layer.lattice.atoms.find(key) {
                    Some(atom) => cells.push((layer.atom(atom), by)),
                    None => of_empty(layer.empty_atom(), by),
                }
            }
            for family in &slice.families[bits] {
                match layer.lattice.at(family.place(nodes)) {
                    Some(cell) => cells.push((cell, by)),
                    None => of_empty(layer.empty_cell(family.plane), by),
                }
            }
        }
        let (least, most) = layer.joint(&trace, &cells);
        cells.sort_unstable();
        Spread { cells, backwards: backwards.min(least), forwards: forwards.min(most) }
    }

    fn holder(&self, cell: u32) -> Option<u32> {
        self.layer.holder(cell)
    }
}
