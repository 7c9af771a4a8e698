//! Chance, the same on every machine: a stream cipher under integer arithmetic only.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A source of chance. Shares are given per 10,000.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number from 0 to below `n`. The bias of the multiplication is below `n / 2^64`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        let product = u128::from(self.0.next_u64()) * n as u128;
        (product >> 64) as usize
    }

    /// A number from `low` to `high`, both inclusive.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1) as usize) as i32
    }

    /// True in `share` of 10,000 cases; never for a share of zero or less.
    pub(super) fn chance(&mut self, share: i32) -> bool {
        (self.below(10_000) as i32) < share
    }

    /// One of the items.
    pub(super) fn one<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// A position, each as likely as its weight.
    pub(super) fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u32 = weights.iter().sum();
        let mut left = self.below(total as usize) as u32;
        for (at, weight) in weights.iter().enumerate() {
            if left < *weight {
                return at;
            }
            left -= weight;
        }
        weights.len() - 1
    }

    /// A bell-shaped number with mean 0 and standard deviation `sd`: the sum of twelve uniform ones.
    pub(super) fn bell(&mut self, sd: i32) -> i32 {
        let mut sum = 0_i64;
        for _ in 0..3 {
            let bits = self.0.next_u64();
            sum += (0..4).map(|lane| (bits >> (16 * lane) & 0xFFFF) as i64).sum::<i64>();
        }
        // Twelve uniform 16-bit numbers have the mean 6 * 65,535 and the standard deviation 65,536.
        (((sum - 6 * 65_535) * i64::from(sd) + 32_768) >> 16) as i32
    }

    /// `amount / per` as a whole number, rounded up or down by chance so that the mean is exact.
    pub(super) fn round(&mut self, amount: i64, per: usize) -> i64 {
        (amount + self.below(per) as i64).div_euclid(per as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_has_the_shape_it_says() {
        let mut draw = Draw::new(7);
        let bells: Vec<i64> = (0..20_000).map(|_| i64::from(draw.bell(1000))).collect();
        let n = bells.len() as i64;
        let mean = bells.iter().sum::<i64>() / n;
        let variance = bells.iter().map(|x| x * x).sum::<i64>() / n;
        assert!(mean.abs() < 30, "{mean}");
        assert!((960_000..1_040_000).contains(&variance), "{variance}");
        let hits = (0..20_000).filter(|_| draw.chance(2_500)).count();
        assert!((4_700..5_300).contains(&hits), "{hits}");
        let third = (0..9_000).filter(|_| draw.weighted(&[1, 0, 2]) == 0).count();
        assert!((2_800..3_200).contains(&third), "{third}");
    }

    #[test]
    fn the_stream_is_the_same_everywhere() {
        let mut draw = Draw::new(1);
        let first: Vec<usize> = (0..6).map(|_| draw.below(1_000)).collect();
        // From another implementation of ChaCha8 with the key 1, 0, 0, …
        assert_eq!(first, [381, 294, 798, 916, 855, 139]);
    }
}
