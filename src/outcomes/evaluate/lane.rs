//! The widths in which numbers are computed.

use super::Room;
use crate::outcomes::column::MISSING;

/// A width that numbers are computed in. Its least value stands for a missing one.
pub(super) trait Lane: Copy + Ord {
    const MISSING: Self;
    /// A value that fits, or [`MISSING`].
    fn of(value: i64) -> Self;
    #[inline(always)]
    fn is_missing(self) -> bool {
        self == Self::MISSING
    }
    /// What does not fit is missing.
    fn add(self, other: Self) -> Self;
    fn subtract(self, other: Self) -> Self;
    fn multiply(self, other: Self) -> Self;
    fn negate(self) -> Self;
    /// Buffers of this width that nobody uses.
    fn buffers(room: &mut Room) -> &mut Vec<Vec<Self>>;
}

/// Twice as many fit a vector. Only what is known to fit is computed in it ([`super::rule::Number::is_narrow`]), so nothing
/// is checked on the way, and loops have no exit.
impl Lane for i32 {
    const MISSING: Self = Self::MIN;

    #[inline(always)]
    fn of(value: i64) -> Self {
        if value == MISSING { Self::MISSING } else { value as Self }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }

    #[inline(always)]
    fn negate(self) -> Self {
        self.wrapping_neg()
    }

    fn buffers(room: &mut Room) -> &mut Vec<Vec<Self>> {
        &mut room.narrow
    }
}

impl Lane for i64 {
    const MISSING: Self = MISSING;

    #[inline(always)]
    fn of(value: i64) -> Self {
        value
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.checked_add(other).unwrap_or(MISSING)
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        self.checked_sub(other).unwrap_or(MISSING)
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        self.checked_mul(other).unwrap_or(MISSING)
    }

    #[inline(always)]
    fn negate(self) -> Self {
        self.checked_neg().unwrap_or(MISSING)
    }

    fn buffers(room: &mut Room) -> &mut Vec<Vec<Self>> {
        &mut room.wide
    }
}
