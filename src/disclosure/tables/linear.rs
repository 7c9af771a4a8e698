//! The linear rule alone: no sensitive cell follows from shown ones by adding and subtracting.

use super::Problem;
use crate::disclosure::span::{Guarded, Row};

impl Problem<'_> {
    /// Which cells the linear rule hides: the sensitive ones, and as few others as it takes for none of them to be a
    /// combination of cells that are shown. By exact elimination; the cells are shown greedily, the coarser first.
    #[must_use]
    pub fn linear(&self) -> Vec<bool> {
        let mut guarded = Guarded::new(self.n_cells());
        let unit = |cell: u32| -> Row { vec![(cell, 1)] };
        // What everybody knows: the sums.
        for relation in &self.layout.relations {
            let mut row: Row = relation
                .iter()
                .map(|&(cell, sign)| (cell, crate::disclosure::span::residue(sign.into())))
                .collect();
            row.sort_unstable();
            let row = guarded.span.reduce([&row].into_iter());
            if !row.is_empty() {
                guarded.publish(&row);
            }
        }
        let mut order: Vec<u32> = (0..self.n_cells() as u32).collect();
        for &cell in order.iter().filter(|&&cell| self.is_primary(cell)) {
            let row = guarded.span.reduce([&unit(cell)].into_iter());
            if !row.is_empty() {
                guarded.protect(row);
            }
        }
        let total = |cell: u32| self.layout.n_margins(cell);
        order.sort_by_key(|&cell| {
            let value = self.values.values[cell as usize];
            (value != 0, std::cmp::Reverse(total(cell)), std::cmp::Reverse(value), cell)
        });
        let mut is_hidden: Vec<bool> = (0..self.n_cells() as u32).map(|cell| self.is_primary(cell)).collect();
        for cell in order {
            if !is_hidden[cell as usize] {
                let row = guarded.span.reduce([&unit(cell)].into_iter());
                is_hidden[cell as usize] = !row.is_empty() && !guarded.publish(&row);
            }
        }
        is_hidden
    }
}
