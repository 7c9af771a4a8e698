//! Lines: the cells that differ in one category only and whose numbers can not be read. Their sum follows when all other
//! numbers can.

use super::super::cover::{Move, Sight, Target};
use super::layer::Layer;
use std::collections::HashMap;

impl Layer<'_> {
    /// Lines whose unread cells are unsafe together and which no move changes as a whole, as targets.
    pub(super) fn open_lines<'m>(&self, moves: impl Iterator<Item = &'m Move> + Clone) -> Vec<Target> {
        let mut open = Vec::new();
        for sensitive in &self.family.sensitive {
            let is_unread =
                |cell: u32| sensitive.tables.iter().any(|&(table, _)| self.is_unread(table, cell));
            let mut lines = self.lattice.lines(is_unread);
            lines.retain(|line| line.len() > 1 && self.is_sensitive(sensitive, line));
            let mut lines_of: HashMap<u32, Vec<u32>> = HashMap::new();
            for (number, line) in (0..).zip(&lines) {
                line.iter().for_each(|&cell| lines_of.entry(cell).or_default().push(number));
            }
            let mut is_changed = vec![false; lines.len()];
            for made in moves.clone().filter(|made| made.sight == Sight::Legend) {
                let mut by_line: HashMap<u32, i64> = HashMap::new();
                for changed in &made.cells {
                    let (table, cell) = self.off_board(changed.cell);
                    let times = sensitive.tables.iter().find(|of| of.0 == table).map_or(0, |of| of.1);
                    if times != 0 {
                        for &line in lines_of.get(&cell).into_iter().flatten() {
                            *by_line.entry(line).or_default() += times * changed.by;
                        }
                    }
                }
                let changed = by_line.into_iter().filter(|(_, by)| *by != 0);
                changed.for_each(|(line, _)| is_changed[line as usize] = true);
            }
            let lines = lines.into_iter().zip(is_changed).filter(|(_, is_changed)| !is_changed);
            open.extend(lines.map(|(line, _)| self.target(&sensitive.tables, &line)));
        }
        open
    }
}
