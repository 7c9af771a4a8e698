//! Room: how far a cell may change, and at what cost.

/// How far a cell may change, and what a change by one costs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::disclosure) struct Room {
    /// How far down, from 0.
    pub(in crate::disclosure) down: f64,
    /// How far up, from 0.
    pub(in crate::disclosure) up: f64,
    /// Cost of one step down, above 0.
    pub(in crate::disclosure) cost_down: f64,
    /// Cost of one step up, above 0.
    pub(in crate::disclosure) cost_up: f64,
}

impl Room {
    /// The room with costs for a change by an amount, or as far as the cell can change: a cell is hidden once, however
    /// far it changes.
    pub(super) fn per(mut self, amount: i64) -> Self {
        let amount = amount.unsigned_abs() as f64;
        self.cost_down /= self.down.clamp(1.0, amount);
        self.cost_up /= self.up.clamp(1.0, amount);
        self
    }

    /// The room with costs that differ from the true ones, by up to as much again, in another way for each attempt
    /// but the first.
    pub(super) fn shaken(mut self, cell: u32, attempt: u32) -> Self {
        if attempt > 0 {
            let mixed = (cell ^ attempt.wrapping_mul(0x85EB_CA6B)).wrapping_mul(0x9E37_79B1);
            let factor = 1.0 + f64::from(mixed >> 8) / f64::from(1 << 24);
            self.cost_down *= factor;
            self.cost_up *= factor;
        }
        self
    }
}
