//! Pricing: what has to be mended next, and which cell mends it at the least cost.

use super::super::room::Room;
use super::super::sums::Sums;
use super::{Leaving, Mover, Standing, TOLERANCE};

impl Mover {
    /// What is farthest from where it should be, and by how much it is too high.
    pub(super) fn leaving(&self) -> Option<(Leaving, f64)> {
        let (mut found, mut most) = (None, TOLERANCE);
        for &number in &self.touched_rows {
            let row = &self.rows[number as usize];
            if !row.is_tight && row.excess.abs() > most {
                most = row.excess.abs();
                found = Some((Leaving::Row(number), row.excess));
            }
        }
        for (position, &cell) in self.basic.iter().enumerate() {
            let cell = &self.cells[cell as usize];
            let (low, high) = match cell.standing {
                Standing::Rising => (0.0, cell.room.up),
                _ => (-cell.room.down, 0.0),
            };
            let (bound, violation) = match cell.change {
                change if change < low => (low, change - low),
                change if change > high => (high, change - high),
                _ => continue,
            };
            if violation.abs() > most {
                most = violation.abs();
                found = Some((Leaving::Cell(position, bound), violation));
            }
        }
        found
    }

    /// Computes the tableau's line of what leaves: by how much it rises when a cell does.
    pub(super) fn price(&mut self, sums: &impl Sums, target: &[(u32, f64)], leaving: &Leaving) {
        self.forget_line();
        let target_row = sums.n_rows() as u32;
        let mut multipliers = std::mem::take(&mut self.multipliers);
        multipliers.clear();
        match *leaving {
            Leaving::Row(row) => {
                let mut on_basis = std::mem::take(&mut self.on_basis);
                on_basis.clear();
                let mut note = |cell: u32, coefficient: f64| {
                    let cell = &self.cells[cell as usize];
                    if matches!(cell.standing, Standing::Rising | Standing::Falling) {
                        on_basis.push((cell.position as usize, coefficient));
                    }
                };
                if row == target_row {
                    target.iter().for_each(|&(cell, coefficient)| note(cell, coefficient));
                } else {
                    sums.row(row, note);
                }
                self.basis.left_times(&on_basis, &mut self.left);
                self.on_basis = on_basis;
                multipliers.push((row, 1.0));
                let others = self.tight.iter().zip(&self.left).map(|(&row, &weight)| (row, -weight));
                multipliers.extend(others);
            }
            Leaving::Cell(position, _) => {
                let line = self.basis.line(position).iter();
                multipliers.extend(self.tight.iter().zip(line).map(|(&row, &weight)| (row, -weight)));
            }
        }
        for &(row, weight) in multipliers.iter().filter(|(_, weight)| weight.abs() > 1e-11) {
            let mut add = |cell: u32, coefficient: f64| {
                let at = cell as usize;
                if self.cells[at].is_fixed {
                    return;
                }
                if !self.in_line[at] {
                    (self.in_line[at], self.line[at]) = (true, 0.0);
                    self.line_cells.push(cell);
                }
                self.line[at] += weight * coefficient;
            };
            if row == target_row {
                target.iter().for_each(|&(cell, coefficient)| add(cell, coefficient));
            } else {
                sums.row(row, add);
            }
        }
        self.multipliers = multipliers;
    }

    /// The cell whose change begins to pay first as the multipliers move, and how far they move until then.
    /// `sign` is 1 when what leaves has to fall, and -1 when it has to rise.
    pub(super) fn entering(&mut self, room: &mut impl FnMut(u32) -> Room, sign: f64) -> Option<(u32, f64)> {
        let (mut found, mut first, mut largest) = (None, f64::INFINITY, 0.0);
        for &number in &self.line_cells {
            let slope = self.line[number as usize] * sign;
            let cell = &mut self.cells[number as usize];
            if slope.abs() < 1e-9 || matches!(cell.standing, Standing::Rising | Standing::Falling) {
                continue;
            }
            if !cell.has_room {
                (cell.room, cell.has_room) = (room(number), true);
                cell.is_fixed = cell.room.down <= 0.0 && cell.room.up <= 0.0;
                if !cell.is_touched {
                    cell.is_touched = true;
                    self.touched_cells.push(number);
                }
            }
            // Prices fall where the slope is up: then what falls begins to pay, at the lower bend, and else what rises.
            let bend = match (cell.standing, slope > 0.0) {
                (Standing::Zero, true) if cell.room.down > 0.0 => -cell.room.cost_down,
                (Standing::Zero, false) if cell.room.up > 0.0 => cell.room.cost_up,
                (Standing::Top, true) => cell.room.cost_up,
                (Standing::Bottom, false) => -cell.room.cost_down,
                _ => continue,
            };
            let step = ((cell.priced - bend) / slope).max(0.0);
            let is_tie = step <= first + 1e-12;
            let is_better = slope.abs() > largest + 1e-9
                || (slope.abs() >= largest - 1e-9 && found.is_none_or(|other| number < other));
            if step < first - 1e-12 || (is_tie && is_better) {
                first = step.min(first);
                (found, largest) = (Some(number), slope.abs());
            }
        }
        found.map(|cell| (cell, first))
    }
}
