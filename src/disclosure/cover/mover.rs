//! The cheapest move: a change of cells that keeps every sum and reaches a target.
//!
//! A linear program: minimise the cost of the changes, each within its room, so that all rows stay zero
//! and the target changes by a given amount. It is solved by the dual simplex method from the move that
//! changes nothing, which costs nothing and is therefore optimal until the target is asked for. Each step
//! mends one row, so the work stays near the target however large the table is, as shortest paths do in a
//! network. Only additions, multiplications and divisions of doubles are used, in a fixed order: the
//! result is the same on every machine. Whoever uses a move checks it in whole numbers.
//!
//! Source: Lemke, "The dual method of solving the linear programming problem", Naval Research Logistics
//! Quarterly 1 (1954); costs that bend at zero, as in Fourer, "A simplex algorithm for piecewise-linear
//! programming I", Mathematical Programming 33 (1985).

mod pricing;

use super::basis::Basis;
use super::room::Room;
use super::sums::Sums;

/// Changes of cells, by cell.
pub(in crate::disclosure) type Changes = Vec<(u32, f64)>;

/// Where a cell stands in the simplex method.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Standing {
    /// Unchanged.
    #[default]
    Zero,
    /// As far up as it can go.
    Top,
    /// As far down as it can go.
    Bottom,
    /// In the basis, on its way up.
    Rising,
    /// In the basis, on its way down.
    Falling,
}

#[derive(Debug, Clone, Copy, Default)]
struct Variable {
    room: Room,
    change: f64,
    /// The product of the multipliers with the cell's column.
    priced: f64,
    standing: Standing,
    /// Position in the basis, when it is basic.
    position: u32,
    has_room: bool,
    /// Whether it has no room at all, and may be left out.
    is_fixed: bool,
    is_touched: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    /// What the row sums to; 0 in the end.
    excess: f64,
    /// Position in the basis; meaningful when `is_tight`.
    position: u32,
    /// Whether a basic cell holds it at 0.
    is_tight: bool,
    is_touched: bool,
}

/// What has to be mended next.
enum Leaving {
    /// A row that is not zero.
    Row(u32),
    /// The basic cell at this position, which is out of its room, and where it goes.
    Cell(usize, f64),
}

/// Finds cheapest moves, one after the other.
#[derive(Debug, Default)]
pub(in crate::disclosure) struct Mover {
    cells: Vec<Variable>,
    touched_cells: Vec<u32>,
    rows: Vec<Row>,
    touched_rows: Vec<u32>,
    basis: Basis,
    basic: Vec<u32>,
    /// The rows of each basic cell with its coefficients; those beyond the basis are left to be used again.
    columns: Vec<Vec<(u32, f64)>>,
    /// The rows of the cell that enters.
    column: Vec<(u32, f64)>,
    tight: Vec<u32>,
    /// The line of the tableau that is being mended.
    line: Vec<f64>,
    in_line: Vec<bool>,
    line_cells: Vec<u32>,
    /// Scratch for products with the inverse.
    on_basis: Vec<(usize, f64)>,
    left: Vec<f64>,
    right: Vec<f64>,
    multipliers: Vec<(u32, f64)>,
    /// Basic cells at most.
    pub(super) basis_max: usize,
    /// Work done so far, in numbers touched: the same on every machine.
    pub(super) work: u64,
}

/// Smaller than any change that matters; changes are of the size of 1.
const TOLERANCE: f64 = 1e-7;

/// Basic cells at most, unless told otherwise: a longer way is not worth its time.
pub(super) const BASIS_MAX: usize = 400;

const STEPS_MAX: usize = 3_000;

/// The work of a step besides the numbers in its line and its basis.
const STEP: usize = 500;

impl Mover {
    /// A mover with so many basic cells at most.
    pub(in crate::disclosure) fn new(basis_max: usize) -> Self {
        Self { basis_max, ..Self::default() }
    }

    /// The cheapest changes that keep every row at zero and change the sum over `target` by `amount`, with
    /// their cost; nothing when there are none, when they cost more than `limit`, or when they are hard to find.
    ///
    /// `target` is a list of (cell, coefficient). `room` is asked for each cell that comes up, once.
    pub(in crate::disclosure) fn cheapest(
        &mut self,
        sums: &impl Sums,
        room: impl FnMut(u32) -> Room,
        target: &[(u32, f64)],
        amount: f64,
        limit: f64,
    ) -> Option<(f64, Changes)> {
        self.reset(sums);
        let target_row = sums.n_rows() as u32;
        self.touch_row(target_row);
        self.rows[target_row as usize].excess = -amount;
        self.solve(sums, room, target, limit)
    }

    /// The cheapest changes that with some given ones keep every row at zero; see [`Mover::cheapest`]. The given ones
    /// are not among those returned.
    pub(super) fn completed(
        &mut self,
        sums: &impl Sums,
        room: impl FnMut(u32) -> Room,
        given: &[(u32, i64)],
        limit: f64,
    ) -> Option<(f64, Changes)> {
        self.reset(sums);
        for &(cell, by) in given {
            let mut column = std::mem::take(&mut self.column);
            self::column(sums, &[], cell, &mut column);
            if !column.is_empty() {
                self.change(&column, cell, by as f64);
                let variable = &mut self.cells[cell as usize];
                (variable.has_room, variable.is_fixed, variable.is_touched) = (true, true, true);
                self.touched_cells.push(cell);
            }
            self.column = column;
        }
        let (cost, mut changes) = self.solve(sums, room, &[], limit)?;
        changes.retain(|(cell, _)| !self.cells[*cell as usize].is_fixed);
        Some((cost, changes))
    }

    fn solve(
        &mut self,
        sums: &impl Sums,
        mut room: impl FnMut(u32) -> Room,
        target: &[(u32, f64)],
        limit: f64,
    ) -> Option<(f64, Changes)> {
        let mut cost = 0.0;
        for _ in 0..STEPS_MAX.min(8 * self.basis_max) {
            let Some((leaving, violation)) = self.leaving() else { return Some((cost, self.changes())) };
            self.price(sums, target, &leaving);
            self.work += (self.line_cells.len() + self.basis.len() * self.basis.len() + STEP) as u64;
            let Some((entering, step)) = self.entering(&mut room, violation.signum()) else { break };
            cost += step * violation.abs();
            if cost > limit {
                break;
            }
            self.pivot(sums, target, &leaving, (entering, step, violation.signum()));
            if self.basis.len() > self.basis_max {
                break;
            }
        }
        self.forget_line();
        None
    }

    fn reset(&mut self, sums: &impl Sums) {
        for cell in self.touched_cells.drain(..) {
            self.cells[cell as usize] = Variable::default();
        }
        for row in self.touched_rows.drain(..) {
            self.rows[row as usize] = Row::default();
        }
        self.basis.clear();
        self.basic.clear();
        self.tight.clear();
        let (n_cells, n_rows) = (sums.n_cells(), sums.n_rows() + 1);
        if self.cells.len() < n_cells {
            self.cells.resize(n_cells, Variable::default());
            self.line.resize(n_cells, 0.0);
            self.in_line.resize(n_cells, false);
        }
        if self.rows.len() < n_rows {
            self.rows.resize(n_rows, Row::default());
        }
    }

    fn changes(&self) -> Changes {
        let change = |&cell: &u32| (cell, self.cells[cell as usize].change);
        let mut changes: Changes = self.touched_cells.iter().map(change).collect();
        changes.retain(|(_, change)| change.abs() > TOLERANCE);
        changes.sort_unstable_by_key(|(cell, _)| *cell);
        changes
    }

    /// Lets a cell change until what leaves is where it should be, and moves the multipliers by a step.
    fn pivot(
        &mut self,
        sums: &impl Sums,
        target: &[(u32, f64)],
        leaving: &Leaving,
        (entering, step, sign): (u32, f64, f64),
    ) {
        let step = step * sign;
        for &number in &self.line_cells {
            let cell = &mut self.cells[number as usize];
            if !matches!(cell.standing, Standing::Rising | Standing::Falling) {
                cell.priced -= step * self.line[number as usize];
                if !cell.is_touched {
                    cell.is_touched = true;
                    self.touched_cells.push(number);
                }
            }
        }
        let mut column = std::mem::take(&mut self.column);
        self::column(sums, target, entering, &mut column);
        let mut on_tight = std::mem::take(&mut self.on_basis);
        on_tight.clear();
        for &(row, coefficient) in &column {
            if self.rows[row as usize].is_tight {
                on_tight.push((self.rows[row as usize].position as usize, coefficient));
            }
        }
        let mut right = std::mem::take(&mut self.right);
        self.basis.times(&on_tight, &mut right);
        self.on_basis = on_tight;
        let pivot = self.line[entering as usize];
        let change = match *leaving {
            Leaving::Row(row) => -self.rows[row as usize].excess / pivot,
            Leaving::Cell(position, bound) => {
                let leaving = &self.cells[self.basic[position] as usize];
                (leaving.change - bound) / right[position]
            }
        };
        self.change(&column, entering, change);
        for (position, &weight) in right.iter().enumerate() {
            if weight.abs() > 1e-12 {
                let of_basic = std::mem::take(&mut self.columns[position]);
                self.change(&of_basic, self.basic[position], -weight * change);
                self.columns[position] = of_basic;
            }
        }
        let position = match *leaving {
            Leaving::Row(row) => {
                self.basis.border(&self.left, &right, pivot);
                let tight = &mut self.rows[row as usize];
                (tight.is_tight, tight.position, tight.excess) = (true, self.tight.len() as u32, 0.0);
                self.tight.push(row);
                self.basic.push(entering);
                if self.columns.len() < self.basic.len() {
                    self.columns.push(Vec::new());
                }
                self.basic.len() - 1
            }
            Leaving::Cell(position, bound) => {
                self.basis.replace(position, &right);
                let cell = &mut self.cells[self.basic[position] as usize];
                let (bend, far) = match cell.standing {
                    Standing::Rising => (cell.room.cost_up, Standing::Top),
                    _ => (-cell.room.cost_down, Standing::Bottom),
                };
                cell.priced = bend + step;
                cell.standing = if bound == 0.0 { Standing::Zero } else { far };
                cell.change = bound;
                self.basic[position] = entering;
                position
            }
        };
        let cell = &mut self.cells[entering as usize];
        let rises = match cell.standing {
            Standing::Zero => pivot * sign < 0.0,
            Standing::Top => true,
            _ => false,
        };
        (cell.standing, cell.priced) = match rises {
            true => (Standing::Rising, cell.room.cost_up),
            false => (Standing::Falling, -cell.room.cost_down),
        };
        cell.position = position as u32;
        self.column = std::mem::replace(&mut self.columns[position], column);
        self.right = right;
        self.forget_line();
    }

    /// Changes a cell, and what its rows sum to.
    fn change(&mut self, column: &[(u32, f64)], cell: u32, by: f64) {
        self.cells[cell as usize].change += by;
        for &(row, coefficient) in column {
            self.touch_row(row);
            self.rows[row as usize].excess += coefficient * by;
        }
    }

    fn touch_row(&mut self, row: u32) {
        let is_touched = &mut self.rows[row as usize].is_touched;
        if !std::mem::replace(is_touched, true) {
            self.touched_rows.push(row);
        }
    }

    fn forget_line(&mut self) {
        for cell in self.line_cells.drain(..) {
            self.in_line[cell as usize] = false;
        }
    }
}

/// The rows of a cell with its coefficients, the target's among them.
fn column(sums: &impl Sums, target: &[(u32, f64)], cell: u32, column: &mut Vec<(u32, f64)>) {
    column.clear();
    sums.column(cell, |row, coefficient| column.push((row, coefficient)));
    let of_target = target.iter().find(|(other, _)| *other == cell);
    column.extend(of_target.map(|&(_, coefficient)| (sums.n_rows() as u32, coefficient)));
}

#[cfg(test)]
mod tests;
