//! The widths that a column's values are stored in.

use super::MISSING;

/// An integer width with a value kept for missing.
pub(in crate::outcomes) trait Width: Copy + Ord + TryFrom<i64> {
    /// What stands for it in bytes.
    const NUMBER: u8;
    /// What stands where there is no value.
    const MISSING: Self;
    /// The least and the most that it holds, among them what stands for missing.
    const LEAST: i64;
    const MOST: i64;
    /// The value, or [`MISSING`].
    fn wide(self) -> i64;
    /// Writes it, little-endian.
    fn push_to(self, bytes: &mut Vec<u8>);
    #[inline(always)]
    fn is_missing(self) -> bool {
        self == Self::MISSING
    }
}

macro_rules! width {
    ($($width:ty, $number:expr, $missing:expr;)+) => {
        $(impl Width for $width {
            const NUMBER: u8 = $number;
            const MISSING: Self = $missing;
            const LEAST: i64 = <$width>::MIN as i64;
            const MOST: i64 = <$width>::MAX as i64;
            #[inline(always)]
            fn wide(self) -> i64 {
                if self == Self::MISSING { MISSING } else { i64::from(self) }
            }
            fn push_to(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        })+
    };
}

width! { u8, 0, u8::MAX; u16, 1, u16::MAX; u32, 2, u32::MAX; i32, 3, i32::MIN; i64, 4, i64::MIN; }
