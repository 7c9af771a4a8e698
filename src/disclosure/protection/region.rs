//! Regions: the parts of a lattice where moves are looked for, with the sums that hold there.

use super::super::cover::Sums;
use super::super::lattice::Lattice;

/// Cells of a lattice under numbers of their own, with the sums of some planes: along each dimension, a cell is the sum
/// of the cells one category down.
pub(super) struct Region<'l> {
    lattice: &'l Lattice,
    /// The cells, ascending, by their numbers here; all of them, when there are none.
    cells: &'l [u32],
    /// The number here of each cell of the lattice that is in the region.
    numbers: &'l [u32],
    /// The planes whose cells are to be found. Those of the others stay as they are.
    planes: Vec<bool>,
}

impl<'l> Region<'l> {
    /// Some cells that with a cell hold all cells below it, with the positions of cells among them, or without any all
    /// cells of the lattice; and the planes that are to be found.
    pub(super) fn new(lattice: &'l Lattice, cells: &'l [u32], numbers: &'l [u32], planes: Vec<bool>) -> Self {
        Self { lattice, cells, numbers, planes }
    }

    /// The cell of the lattice with a number of the region.
    pub(super) fn cell(&self, number: u32) -> u32 {
        self.cells.get(number as usize).copied().unwrap_or(number)
    }

    /// The number of a cell, when it is in the region.
    pub(super) fn number(&self, cell: u32) -> Option<u32> {
        if self.cells.is_empty() {
            return Some(cell);
        }
        let number = self.numbers[cell as usize];
        (self.cells.get(number as usize) == Some(&cell)).then_some(number)
    }

    /// Whether a cell lies in one of the planes.
    pub(super) fn is_active(&self, cell: u32) -> bool {
        self.planes[self.lattice.plane_of[cell as usize] as usize]
    }

    /// The cells right below one along a dimension, as far as they are to be found.
    fn below(&self, cell: u32, dimension: usize) -> &'l [u32] {
        let children = self.lattice.children(cell, dimension);
        // They all lie in one plane.
        if children.first().is_some_and(|&child| self.is_active(child)) { children } else { &[] }
    }
}

// The row of a cell along a dimension has the number `dimension * n_cells + cell`.
impl Sums for Region<'_> {
    fn n_cells(&self) -> usize {
        if self.cells.is_empty() { self.lattice.n_cells() } else { self.cells.len() }
    }

    fn n_rows(&self) -> usize {
        self.lattice.trees.len() * self.n_cells()
    }

    #[inline]
    fn row(&self, row: u32, mut each: impl FnMut(u32, f64)) {
        let n_cells = self.n_cells() as u32;
        let (dimension, number) = ((row / n_cells) as usize, row % n_cells);
        let below = self.below(self.cell(number), dimension);
        if !below.is_empty() {
            each(number, 1.0);
        }
        for number in below.iter().filter_map(|&child| self.number(child)) {
            each(number, -1.0);
        }
    }

    #[inline]
    fn column(&self, number: u32, mut each: impl FnMut(u32, f64)) {
        let (cell, n_cells) = (self.cell(number), self.n_cells() as u32);
        let is_active = self.is_active(cell);
        for dimension in 0..self.lattice.trees.len() {
            let block = dimension as u32 * n_cells;
            if !self.below(cell, dimension).is_empty() {
                each(block + number, 1.0);
            }
            let parent = self.lattice.parent(cell, dimension).filter(|_| is_active);
            if let Some(parent) = parent.and_then(|parent| self.number(parent)) {
                each(block + parent, -1.0);
            }
        }
    }
}
