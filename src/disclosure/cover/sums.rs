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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_say_the_same_as_rows() {
        let relations = Relations::new(3, &[vec![(0, 1), (1, -1), (2, -1)], vec![(0, 1), (2, -2)]]);
        assert_eq!(relations.relations_of(2), [(0, -1), (1, -2)]);
        let mut row = Vec::new();
        relations.row(1, |cell, coefficient| row.push((cell, coefficient)));
        assert_eq!(row, [(0, 1.0), (2, -2.0)]);
    }
}
