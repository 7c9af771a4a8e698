//! Sums that hold between the cells of a table: every row is a combination of cells that is zero.

/// The sums between cells, row by row and cell by cell. Coefficients are small whole numbers.
pub(in crate::disclosure) trait Sums {
    /// Number of cells; cells are numbered from 0.
    fn n_cells(&self) -> usize;

    /// A bound on the numbers of rows.
    fn n_rows(&self) -> usize;

    /// Hands each cell of a row, with its coefficient, to `each`.
    fn row(&self, row: u32, each: impl FnMut(u32, f64));

    /// Hands each row that holds a cell, with the cell's coefficient, to `each`.
    fn column(&self, cell: u32, each: impl FnMut(u32, f64));
}

/// Sums given one by one.
#[derive(Debug, Clone, Default)]
pub(in crate::disclosure) struct Relations {
    rows: Compressed,
    columns: Compressed,
}

/// Lists of (number, coefficient), one after the other.
#[derive(Debug, Clone, Default)]
struct Compressed {
    starts: Vec<u32>,
    entries: Vec<(u32, i32)>,
}

impl Compressed {
    fn list(&self, at: u32) -> &[(u32, i32)] {
        &self.entries[self.starts[at as usize] as usize..self.starts[at as usize + 1] as usize]
    }
}

impl Relations {
    /// Relations over `n_cells` cells, each a list of (cell, coefficient) that sums to zero.
    pub(in crate::disclosure) fn new(n_cells: usize, relations: &[Vec<(u32, i32)>]) -> Self {
        let mut rows = Compressed { starts: vec![0], entries: Vec::new() };
        let mut columns = Compressed { starts: vec![0; n_cells + 1], entries: Vec::new() };
        for relation in relations {
            rows.entries.extend_from_slice(relation);
            rows.starts.push(rows.entries.len() as u32);
            for &(cell, _) in relation {
                columns.starts[cell as usize + 1] += 1;
            }
        }
        for at in 0..n_cells {
            columns.starts[at + 1] += columns.starts[at];
        }
        columns.entries.resize(rows.entries.len(), (0, 0));
        let mut next = columns.starts.clone();
        for (row, relation) in (0..).zip(relations) {
            for &(cell, coefficient) in relation {
                columns.entries[next[cell as usize] as usize] = (row, coefficient);
                next[cell as usize] += 1;
            }
        }
        Self { rows, columns }
    }

    /// The cells of a row with their coefficients.
    pub(in crate::disclosure) fn relation(&self, row: u32) -> &[(u32, i32)] {
        self.rows.list(row)
    }

    /// The rows of a cell with its coefficients.
    pub(in crate::disclosure) fn relations_of(&self, cell: u32) -> &[(u32, i32)] {
        self.columns.list(cell)
    }
}

impl Sums for Relations {
    fn n_cells(&self) -> usize {
        self.columns.starts.len() - 1
    }

    fn n_rows(&self) -> usize {
        self.rows.starts.len() - 1
    }

    #[inline]
    fn row(&self, row: u32, mut each: impl FnMut(u32, f64)) {
        for &(cell, coefficient) in self.rows.list(row) {
            each(cell, f64::from(coefficient));
        }
    }

    #[inline]
    fn column(&self, cell: u32, mut each: impl FnMut(u32, f64)) {
        for &(row, coefficient) in self.columns.list(cell) {
            each(row, f64::from(coefficient));
        }
    }
}

/// The product of some trees: a cell is a node of each, and along each tree a node is the sum of the nodes
/// right below it. Nothing is stored but the trees.
#[derive(Debug, Clone)]
pub(in crate::disclosure) struct Grid {
    trees: Vec<GridTree>,
    strides: Vec<u32>,
    n_cells: u32,
}

/// One tree of a grid; node 0 is its root.
#[derive(Debug, Clone)]
pub(in crate::disclosure) struct GridTree {
    /// The parent of each node; the root's is its own.
    parents: Vec<u32>,
    /// The nodes right below each node.
    children: Vec<Vec<u32>>,
}

impl GridTree {
    /// A tree from the parent of each node; parents stand before children.
    pub(in crate::disclosure) fn new(parents: Vec<u32>) -> Self {
        let mut children = vec![Vec::new(); parents.len()];
        for (node, &parent) in (0..).zip(&parents).skip(1) {
            children[parent as usize].push(node);
        }
        Self { parents, children }
    }

    /// Whether a node has none below it.
    pub(in crate::disclosure) fn is_leaf(&self, node: u32) -> bool {
        self.children[node as usize].is_empty()
    }
}

impl Grid {
    /// The grid over some trees; the first varies slowest.
    pub(in crate::disclosure) fn new(trees: Vec<GridTree>) -> Self {
        let mut strides = vec![1; trees.len()];
        for at in (1..trees.len()).rev() {
            strides[at - 1] = strides[at] * trees[at].parents.len() as u32;
        }
        let n_cells = trees.iter().map(|tree| tree.parents.len() as u32).product();
        Self { trees, strides, n_cells }
    }

    /// The trees.
    pub(in crate::disclosure) fn trees(&self) -> &[GridTree] {
        &self.trees
    }

    /// The node of a cell in a tree.
    pub(in crate::disclosure) fn node(&self, cell: u32, tree: usize) -> u32 {
        cell / self.strides[tree] % self.trees[tree].parents.len() as u32
    }

    /// The cell at some nodes, one for each tree.
    pub(in crate::disclosure) fn cell(&self, nodes: &[u32]) -> u32 {
        nodes.iter().zip(&self.strides).map(|(node, stride)| node * stride).sum()
    }
}

// The row along a tree whose sum is a given cell has the number `tree * n_cells + cell`.
impl Sums for Grid {
    fn n_cells(&self) -> usize {
        self.n_cells as usize
    }

    fn n_rows(&self) -> usize {
        self.trees.len() * self.n_cells as usize
    }

    #[inline]
    fn row(&self, row: u32, mut each: impl FnMut(u32, f64)) {
        let (tree, cell) = ((row / self.n_cells) as usize, row % self.n_cells);
        let node = self.node(cell, tree);
        each(cell, 1.0);
        for child in &self.trees[tree].children[node as usize] {
            each(cell + (child - node) * self.strides[tree], -1.0);
        }
    }

    #[inline]
    fn column(&self, cell: u32, mut each: impl FnMut(u32, f64)) {
        for (at, tree) in self.trees.iter().enumerate() {
            let (node, block) = (self.node(cell, at), at as u32 * self.n_cells);
            if !tree.is_leaf(node) {
                each(block + cell, 1.0);
            }
            if node != 0 {
                each(block + cell - (node - tree.parents[node as usize]) * self.strides[at], -1.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(sums: &impl Sums, n_rows: u32) -> Vec<Vec<(u32, f64)>> {
        let read = |row| {
            let mut cells = Vec::new();
            sums.row(row, |cell, coefficient| cells.push((cell, coefficient)));
            cells
        };
        (0..n_rows).map(read).collect()
    }

    #[test]
    fn columns_say_the_same_as_rows() {
        let tree = |parents: &[u32]| GridTree::new(parents.to_vec());
        let grid = Grid::new(vec![tree(&[0, 0, 0, 1, 1]), tree(&[0, 0, 0])]);
        assert_eq!(grid.n_cells(), 15);
        let by_row = rows(&grid, grid.n_rows() as u32);
        for cell in 0..15 {
            grid.column(cell, |row, coefficient| {
                assert!(by_row[row as usize].contains(&(cell, coefficient)), "cell {cell}, row {row}");
            });
        }
        assert_eq!(by_row[grid.cell(&[1, 2]) as usize], [(5, 1.0), (11, -1.0), (14, -1.0)]);
        let relations = Relations::new(3, &[vec![(0, 1), (1, -1), (2, -1)], vec![(0, 1), (2, -2)]]);
        assert_eq!(relations.relations_of(2), [(0, -1), (1, -2)]);
        assert_eq!(rows(&relations, 2)[1], [(0, 1.0), (2, -2.0)]);
    }
}
