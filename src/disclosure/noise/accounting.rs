//! Accounting: what noise of a given size tells about one person, and how much of it a budget buys.
//!
//! Losses are added up as rho of zero-concentrated differential privacy (M. Bun and T. Steinke, "Concentrated
//! Differential Privacy", 2016), in thousand-millionths, and translated by C. Canonne, G. Kamath and T. Steinke, "The
//! Discrete Gaussian for Differential Privacy" (2020), section 2.3.

use crate::outcomes::Budget;

/// Thousand-millionths in a whole.
const NANO: f64 = 1e9;

/// The probability, at most, with which more than `epsilon` is told by what costs `rho`: the least over alpha > 1 of
/// exp((alpha - 1)(alpha rho - epsilon) + alpha ln(1 - 1 / alpha)) / (alpha - 1).
fn delta(rho: f64, epsilon: f64) -> f64 {
    if rho <= 0.0 {
        return 0.0;
    }
    // The derivative of the logarithm rises with alpha and is 0 at the least value.
    let slope = |alpha: f64| (2.0 * alpha - 1.0) * rho - epsilon + (-1.0 / alpha).ln_1p();
    let (mut low, mut high) = (1.0, (epsilon + 1.0) / (2.0 * rho) + 2.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if slope(middle) < 0.0 { low = middle } else { high = middle }
    }
    let alpha = f64::midpoint(low, high).max(1.01);
    let logarithm = (alpha - 1.0) * (alpha * rho - epsilon) + alpha * (-1.0 / alpha).ln_1p();
    (logarithm.exp() / (alpha - 1.0)).min(1.0)
}

/// The epsilon that is kept but with probability `at_most` by what costs `rho`, in whole thousand-millionths of rho.
pub(in crate::disclosure) fn epsilon(rho_nano: u64, at_most: f64) -> f64 {
    let rho = rho_nano as f64 / NANO;
    let (mut low, mut high) = (0.0, rho + 2.0 * (rho * (1.0 / at_most).ln()).sqrt() + 1.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if delta(rho, middle) > at_most { low = middle } else { high = middle }
    }
    high
}

/// The largest rho within a budget, in thousand-millionths.
pub(in crate::disclosure) fn rho_nano(budget: Budget) -> u64 {
    let (mut low, mut high) = (0.0, budget.epsilon() + 1.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if delta(middle, budget.epsilon()) <= Budget::DELTA { low = middle } else { high = middle }
    }
    (low * NANO) as u64
}

/// The variance of noise that makes a number cost so many thousand-millionths of rho, when one person changes it by
/// `reach` at most: reach^2 / (2 rho), rounded up.
pub(super) fn variance(reach: u64, rho_nano: u64) -> u128 {
    let reach = u128::from(reach);
    (reach * reach * 500_000_000).div_ceil(u128::from(rho_nano.max(1))).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64) -> bool {
        (one / other - 1.0).abs() < 1e-6
    }

    /// Printed by the source: tests of the OpenDP library (zCDP_to_approxDP and cdp_delta).
    #[test]
    fn losses_are_translated_as_in_a_well_kept_library() {
        assert!(near(epsilon(31_250_000, 1e-3), 0.688_002_455_487_808_5));
        assert!(near(delta(0.05, 0.25), 8.177_275_310_369_56e-2));
        assert!(near(delta(0.031_25, 0.0), 0.150_845_784_562_286_2));
        assert!(near(delta(0.5, 0.0), 0.558_835_639_347_435_1));
    }

    #[test]
    fn a_budget_buys_what_it_says() {
        for epsilon_milli in [10, 500, 1_000, 4_000, 20_000] {
            let budget = Budget { epsilon_milli, editions: 1 };
            let rho = rho_nano(budget);
            let spent = epsilon(rho, Budget::DELTA);
            assert!(
                spent <= budget.epsilon() && spent > budget.epsilon() * 0.999,
                "{epsilon_milli}: {spent}"
            );
        }
    }

    #[test]
    fn noise_that_costs_less_is_larger() {
        // rho = 1 / (2 sigma^2), of which both are known.
        assert_eq!(variance(1, 31_250_000), 16);
        assert_eq!(variance(3, 31_250_000), 144);
        assert_eq!((variance(1, 1_000_000_000_000), variance(1, 0)), (1, 500_000_000));
    }
}
