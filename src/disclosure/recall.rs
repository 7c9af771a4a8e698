//! Recalling: what an earlier edition showed of a cell that is hidden now.
//!
//! A figure that has changed by few people is hidden, and with it others. What earlier editions showed stays known to
//! everybody who could ask then, so an answer repeats it: nothing that comes from earlier answers alone can say more than
//! they did.

use super::Seal;
use super::table::{Cell, Earlier, Mark, ProtectedTable};
use std::cell::LazyCell;
use std::collections::HashMap;

impl Seal {
    /// Whether something of a product was protected in this edition, and does not stay as an earlier one has it: else the
    /// edition has nothing of its own to recall.
    pub(crate) fn has_new(&self, product: &str) -> bool {
        self.body.lattices.iter().any(|lattice| {
            lattice.sealed_in == self.body.edition
                && lattice.publications.iter().any(|publication| publication.product == product)
        })
    }
}

impl ProtectedTable {
    /// Whether something is hidden that no earlier answer has filled in yet.
    pub(crate) fn is_wanting(&self) -> bool {
        // What noise has hidden is not hidden because it has changed by little.
        self.people_noise() == 0.0 && self.cells().iter().any(is_wanting)
    }

    /// Fills in what an older answer to the same question showed. An answer for another version of the product or under
    /// another rule is one to another question.
    #[must_use]
    pub(crate) fn recalling(mut self, older: &Self) -> Self {
        if (self.product_version(), self.profile()) != (older.product_version(), older.profile()) {
            return self;
        }
        let counted: HashMap<u32, u32> =
            older.counted().iter().map(|counted| (counted.period, counted.edition)).collect();
        let place = |cell: &Cell| (cell.period, cell.categories.clone());
        let by_place = LazyCell::new(|| older.cells().iter().map(|cell| (place(cell), cell)).collect());
        let by_place: &LazyCell<HashMap<_, _>, _> = &by_place;
        for (at, cell) in self.cells_mut().iter_mut().enumerate().filter(|(_, cell)| is_wanting(cell)) {
            // As long as nothing else came up, it stands in the same row.
            let in_row = older
                .cells()
                .get(at)
                .filter(|known| (known.period, &known.categories) == (cell.period, &cell.categories));
            let Some(known) = in_row.or_else(|| by_place.get(&place(cell)).copied()) else { continue };
            let is_shown = matches!(known.mark(), Mark::Shown | Mark::Zero);
            if is_shown || (cell.denominator.is_none() && known.denominator.is_some()) {
                cell.earlier = Some(Box::new(Earlier {
                    edition: counted.get(&cell.period).copied().unwrap_or_else(|| older.edition()),
                    denominator: known.denominator,
                    numerator: known.numerator,
                    value: known.value,
                    deviation: known.deviation,
                    code: known.code.as_deref().cloned(),
                }));
            }
        }
        self
    }
}

/// A group that was rounded to nobody is no figure that waits.
fn is_wanting(cell: &Cell) -> bool {
    cell.mark() == Mark::Hidden && cell.earlier.is_none() && cell.denominator != Some(0)
}
