//! The discrete Gaussian: whole numbers as noise, drawn without any rounding of real numbers.
//!
//! Sampling after C. Canonne, G. Kamath and T. Steinke, "The Discrete Gaussian for Differential Privacy" (2020),
//! algorithms 1 to 3: all of it is comparing random whole numbers with fractions, so what is drawn has exactly the
//! distribution that the privacy argument is about, and is the same on every machine.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A source of noise.
pub(super) struct Noise(ChaCha20Rng);

/// Variances up to this, so that all products fit into 128 bits.
pub(super) const VARIANCE_MAX: u128 = 1 << 56;

impl Noise {
    /// The noise that a secret seed stands for.
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// A draw from the discrete Gaussian around 0 with the parameter sigma squared, 1 to [`VARIANCE_MAX`].
    pub(super) fn gaussian(&mut self, variance: u128) -> i64 {
        debug_assert!((1..=VARIANCE_MAX).contains(&variance));
        let scale = variance.isqrt() + 1;
        loop {
            let drawn = self.laplace(scale);
            // (|y| - sigma^2 / t)^2 / (2 sigma^2), both sides times t^2.
            let distance = (u128::from(drawn.unsigned_abs()) * scale).abs_diff(variance);
            let Some(above) = distance.checked_mul(distance) else { continue };
            if self.exponential(above, 2 * variance * scale * scale) {
                return drawn;
            }
        }
    }

    /// A draw from the discrete Laplace distribution: its probabilities fall by e^(1 / scale) with each step from 0.
    fn laplace(&mut self, scale: u128) -> i64 {
        loop {
            let rest = self.below(scale);
            if !self.exponential(rest, scale) {
                continue;
            }
            let mut whole: u128 = 0;
            while self.exponential(1, 1) {
                whole += 1;
            }
            let size = i64::try_from(rest + scale * whole);
            let is_negative = self.below(2) == 1;
            match size {
                Ok(0) if is_negative => {}
                Ok(size) => return if is_negative { -size } else { size },
                // Less likely than anything that can happen; drawn again.
                Err(_) => {}
            }
        }
    }

    /// True with probability e^-(above / below).
    fn exponential(&mut self, mut above: u128, below: u128) -> bool {
        while above > below {
            if !self.at_most_one(1, 1) {
                return false;
            }
            above -= below;
        }
        self.at_most_one(above, below)
    }

    /// The same for fractions of at most 1.
    fn at_most_one(&mut self, above: u128, below: u128) -> bool {
        let mut n: u128 = 1;
        // True with probability above / (below n), so it goes on ever less likely.
        while self.below(below * n) < above {
            n += 1;
        }
        n % 2 == 1
    }

    /// A whole number from 0 up to `end`, each equally likely.
    fn below(&mut self, end: u128) -> u128 {
        let bits = end.next_power_of_two() - 1;
        loop {
            let drawn = match u64::try_from(bits) {
                Ok(bits) => u128::from(self.0.next_u64() & bits),
                Err(_) => (u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64())) & bits,
            };
            if drawn < end {
                return drawn;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws and compares with the probabilities that the definition gives: e^(-x^2 / (2 sigma^2)), over their sum.
    fn check(variance: u128, n: u32) {
        let mut noise = Noise::new([7; 32]);
        let sigma2 = variance as f64;
        let reach = (8.0 * sigma2.sqrt()).ceil() as i64 + 2;
        let weight = |x: i64| (-(x as f64).powi(2) / (2.0 * sigma2)).exp();
        let whole: f64 = (-reach..=reach).map(weight).sum();
        let mut counts = vec![0u32; 2 * reach as usize + 1];
        for _ in 0..n {
            counts[usize::try_from(noise.gaussian(variance) + reach).expect("within eight sigma")] += 1;
        }
        // Pearson's statistic over the values that are expected often enough.
        let (mut statistic, mut freedom) = (0.0, 0);
        for (at, &count) in counts.iter().enumerate() {
            let expected = f64::from(n) * weight(at as i64 - reach) / whole;
            if expected >= 10.0 {
                statistic += (f64::from(count) - expected).powi(2) / expected;
                freedom += 1;
            }
        }
        // Five standard deviations of a chi-squared variable.
        let freedom = f64::from(freedom - 1);
        assert!(statistic < freedom + 5.0 * (2.0 * freedom).sqrt(), "{variance}: {statistic} of {freedom}");
        let second: f64 = counts
            .iter()
            .enumerate()
            .map(|(at, &count)| f64::from(count) * (at as f64 - reach as f64).powi(2))
            .sum();
        let truth: f64 = (-reach..=reach).map(|x| (x as f64).powi(2) * weight(x) / whole).sum();
        assert!((second / f64::from(n) / truth - 1.0).abs() < 0.05, "{variance}: {second} {truth}");
    }

    #[test]
    fn noise_has_the_distribution_it_is_said_to_have() {
        check(1, 40_000);
        check(10, 40_000);
        check(460, 40_000);
    }

    #[test]
    fn large_variances_fit() {
        let mut noise = Noise::new([1; 32]);
        let n = 2_000;
        let sigma = (VARIANCE_MAX as f64).sqrt();
        let inside = (0..n).filter(|_| (noise.gaussian(VARIANCE_MAX) as f64).abs() < sigma).count();
        // 68.3 % lie within one sigma.
        assert!((1_280..=1_450).contains(&inside), "{inside} of {n}");
    }

    #[test]
    fn a_seed_stands_for_one_noise() {
        let draw = |seed| {
            let mut noise = Noise::new([seed; 32]);
            (0..20).map(|_| noise.gaussian(100)).collect::<Vec<_>>()
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }
}
