//! Shares in steps of 5 %, so coarse that no few people can be told from them.

/// Percent of a step.
pub(super) const PERCENT: u8 = 5;
/// Steps of the whole.
pub(super) const WHOLE: u64 = 100 / PERCENT as u64;

/// How many steps a part of a whole reaches, and never all of them: that nobody is missing would make two numbers equal, and
/// what protects them does not know of it.
pub(super) fn steps(part: u64, whole: u64) -> u64 {
    (part * WHOLE / whole).min(WHOLE - 1)
}

/// Steps in percent.
pub(super) fn percent(steps: u64) -> u8 {
    u8::try_from(steps).unwrap_or(u8::MAX).saturating_mul(PERCENT)
}
