//! Balancing: rounding the parts so that their sums stay near.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Rounds of improvement, at most; each lowers the distance, and few are needed.
const ROUNDS_MAX: usize = 12;

/// The groups that are rounded, and the sums that should stay near.
pub(super) struct Parts<'a> {
    /// The sums that each part is in, one list after the other, and where each list starts.
    pub(super) sums: &'a [u32],
    pub(super) starts: &'a [usize],
    pub(super) n_sums: usize,
}

/// A table to be rounded.
pub(super) struct Table<'a> {
    /// The true number of each part.
    pub(super) counts: &'a [u32],
    /// For each part, the most that it may be rounded to, in multiples of the base.
    pub(super) most: Option<&'a [u32]>,
    /// For each part, what it was rounded to before, in multiples of the base.
    pub(super) before: &'a [Option<u32>],
    pub(super) base: u64,
}

/// Rounds each part to a multiple of the base that is less than the base away, and returns the multiples.
///
/// What was rounded before stays, as long as it is no further away. Of the others each is rounded so that the squares of
/// the distances of all sums are as small as this order of looking at them makes them: first one after the other, then
/// again while that improves something. The order is secret, so that the result does not tell the counts to somebody who
/// knows the rule.
pub(super) fn balance(parts: &Parts<'_>, table: &Table<'_>, seed: [u8; 32]) -> Vec<u32> {
    let n = table.counts.len();
    let base = table.base as i64;
    let count = |at: usize| i64::from(table.counts[at]);
    let (floor, most) =
        (|at: usize| (count(at) / base) as u32, |at: usize| table.most.map_or(u32::MAX, |most| most[at]));
    let mut rounded: Vec<u32> = (0..n).map(floor).collect();
    let mut is_free: Vec<bool> = (0..n).map(|at| count(at) % base != 0 && floor(at) < most(at)).collect();
    for at in 0..n {
        let is_near =
            |&before: &u32| (i64::from(before) * base - count(at)).abs() < base && before <= most(at);
        if let Some(before) = table.before[at].filter(is_near) {
            (rounded[at], is_free[at]) = (before, false);
        }
    }
    let mut order: Vec<u32> = (0..n as u32).filter(|&at| is_free[at as usize]).collect();
    shuffle(&mut order, seed);
    let mut off = vec![0i64; parts.n_sums];
    let of_part = |at: usize| &parts.sums[parts.starts[at]..parts.starts[at + 1]];
    let add =
        |off: &mut [i64], at: usize, by: i64| of_part(at).iter().for_each(|&sum| off[sum as usize] += by);
    // Parts that are still to be rounded do not weigh yet.
    (0..n)
        .filter(|&at| !is_free[at])
        .for_each(|at| add(&mut off, at, i64::from(rounded[at]) * base - count(at)));
    for &at in &order {
        let at = at as usize;
        let down = i64::from(rounded[at]) * base - count(at);
        let (together, n_sums) = weight(&off, of_part(at));
        // (off + d)^2 over all sums, with d below or above.
        let distance = |by: i64| by * (2 * together + by * n_sums);
        let is_up = distance(down + base) < distance(down);
        rounded[at] += u32::from(is_up);
        add(&mut off, at, if is_up { down + base } else { down });
    }
    for _ in 0..ROUNDS_MAX {
        let mut is_better = false;
        for &at in &order {
            let at = at as usize;
            let step = if rounded[at] == floor(at) { base } else { -base };
            let (together, n_sums) = weight(&off, of_part(at));
            if step * (2 * together + step * n_sums) < 0 {
                rounded[at] = rounded[at].wrapping_add_signed(step.signum() as i32);
                add(&mut off, at, step);
                is_better = true;
            }
        }
        if !is_better {
            break;
        }
    }
    rounded
}

/// How far some sums are off together, and how many they are.
fn weight(off: &[i64], sums: &[u32]) -> (i64, i64) {
    (sums.iter().map(|&sum| off[sum as usize]).sum(), sums.len() as i64)
}

/// An order that only the secret tells.
fn shuffle(order: &mut [u32], seed: [u8; 32]) {
    let mut rng = ChaCha20Rng::from_seed(seed);
    for at in (1..order.len()).rev() {
        // The bias of the multiplication is below 2^-32.
        let other = (u128::from(rng.next_u64()) * (at as u128 + 1)) >> 64;
        order.swap(at, other as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows and columns of a table of 3 by 4, their sums and the whole.
    fn parts() -> (Vec<u32>, Vec<usize>) {
        let sums = (0..12u32).flat_map(|at| [at, 12 + at / 4, 15 + at % 4, 19]);
        (sums.collect(), (0..=12).map(|at| 4 * at).collect())
    }

    const COUNTS: [u32; 12] = [6, 0, 1, 3, 1, 2, 3, 1, 0, 1, 1, 10];

    fn rounded(before: &[Option<u32>], most: Option<&[u32]>, seed: u8) -> Vec<u32> {
        let (sums, starts) = parts();
        let table = Table { counts: &COUNTS, most, before, base: 5 };
        balance(&Parts { sums: &sums, starts: &starts, n_sums: 20 }, &table, [seed; 32])
    }

    #[test]
    fn every_part_is_less_than_the_base_away_and_sums_stay_near() {
        for seed in 0..20 {
            let rounded = rounded(&[None; 12], None, seed);
            for (rounded, count) in rounded.iter().zip(COUNTS) {
                assert!((i64::from(*rounded) * 5 - i64::from(count)).abs() < 5);
            }
            let whole = 5 * rounded.iter().sum::<u32>();
            assert!(whole.abs_diff(29) < 10, "{whole} for 29");
            assert_eq!((rounded[1], rounded[8], rounded[11]), (0, 0, 2), "multiples stay");
        }
        let distinct: std::collections::BTreeSet<_> =
            (0..20).map(|seed| rounded(&[None; 12], None, seed)).collect();
        assert!(distinct.len() > 1, "the secret matters");
    }

    #[test]
    fn what_was_rounded_before_stays_while_it_is_near() {
        // 2 was 5 and stays; 10 was 20 and can not.
        let mut before = [None; 12];
        (before[5], before[11]) = (Some(1), Some(4));
        let rounded = rounded(&before, None, 1);
        assert_eq!((rounded[5], rounded[11]), (1, 2));
    }

    #[test]
    fn no_part_is_more_than_it_may_be() {
        let most: Vec<u32> = COUNTS.iter().map(|count| count / 5).collect();
        assert_eq!(rounded(&[Some(9); 12], Some(&most), 1), most);
    }
}
