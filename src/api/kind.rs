//! Kinds of record in the numbers of the wire, where 0 is none.

use crate::records::Kind;

/// The number of a kind.
#[must_use]
pub const fn kind_to(kind: Kind) -> i32 {
    kind as i32 + 1
}

/// The kind of a number; nothing for a number that has none.
#[must_use]
pub fn kind_of(wire: i32) -> Option<Kind> {
    Kind::ALL.get(usize::try_from(wire).ok()?.checked_sub(1)?).copied()
}
