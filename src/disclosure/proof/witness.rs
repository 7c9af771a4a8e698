//! Witnesses as they are kept: short, by positions in the lattice of their tabulation.

use serde::{Deserialize, Serialize};

/// Changes that give another table of whole numbers, which nobody can tell from the true one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::disclosure) struct Witness {
    pub(in crate::disclosure) changes: Vec<Change>,
    /// How often they can be made the other way round, 0 or more.
    pub(in crate::disclosure) backwards: u32,
    /// How often they can be made as they are, 1 or more.
    pub(in crate::disclosure) forwards: u32,
    /// Whether only those can not tell who do not know why each cell is hidden.
    pub(in crate::disclosure) needs_one_mark: bool,
}

/// The same changes of some tables of a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::disclosure) struct Change {
    /// Positions of the tables in the family, ascending.
    pub(in crate::disclosure) tables: Vec<u16>,
    /// Positions of cells in the lattice, ascending, each with by how much it changes.
    #[serde(with = "changed_cells")]
    pub(in crate::disclosure) cells: Vec<(u32, i64)>,
}

/// A number that must stay uncertain: one of what the rules list for a family, over a cell or over the hidden cells of a
/// line together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(in crate::disclosure) struct Number {
    /// Its position among what the rules list.
    pub(in crate::disclosure) of: u16,
    /// Positions of its cells in the lattice, ascending.
    #[serde(with = "cells")]
    pub(in crate::disclosure) cells: Vec<u32>,
}

/// What is kept of a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::disclosure) struct FamilyProof {
    /// The ids of its populations and measures.
    pub(in crate::disclosure) of: Vec<String>,
    pub(in crate::disclosure) witnesses: Vec<Witness>,
    /// Numbers that witnesses cover only against those who see one mark.
    pub(in crate::disclosure) one_mark: Vec<Number>,
    /// Numbers that no witness covers.
    pub(in crate::disclosure) linear_only: Vec<Number>,
}

/// The next of some ascending positions.
fn next(before: Option<u32>, step: u32) -> Option<u32> {
    match before {
        None => Some(step),
        Some(before) => before.checked_add(step).filter(|_| step > 0),
    }
}

/// Ascending cells as their differences, which are short.
mod cells {
    use super::next;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(cells: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
        let before = std::iter::once(&0).chain(cells);
        serializer.collect_seq(cells.iter().zip(before).map(|(cell, before)| cell - before))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
        let mut cells = Vec::<u32>::deserialize(deserializer)?;
        let mut before = None;
        for cell in &mut cells {
            *cell = next(before, *cell).ok_or_else(|| D::Error::custom("cells are out of order"))?;
            before = Some(*cell);
        }
        Ok(cells)
    }
}

/// Ascending cells with their changes, likewise.
mod changed_cells {
    use super::next;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(cells: &[(u32, i64)], serializer: S) -> Result<S::Ok, S::Error> {
        let before = std::iter::once(0).chain(cells.iter().map(|changed| changed.0));
        serializer.collect_seq(cells.iter().zip(before).map(|(&(cell, by), before)| (cell - before, by)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(u32, i64)>, D::Error> {
        let mut cells = Vec::<(u32, i64)>::deserialize(deserializer)?;
        let mut before = None;
        for (cell, _) in &mut cells {
            *cell = next(before, *cell).ok_or_else(|| D::Error::custom("cells are out of order"))?;
            before = Some(*cell);
        }
        Ok(cells)
    }
}
