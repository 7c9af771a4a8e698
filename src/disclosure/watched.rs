//! Guarding many targets at once, place by place, without keeping them reduced.
//!
//! A target follows from published rows and one more exactly when it is proportional to that one modulo the others. Kept
//! reduced, targets fill in with every row that spans many places, and take more memory than all else. So instead two
//! random vectors are kept that all published rows are orthogonal to, and of each target its products with them: rows that are
//! proportional modulo the published ones have proportional products, always. Others have so with a probability of
//! about one in 2^60, and then one row less is published: chance is never on the side of telling too much.

use super::span::{Row, Span, multiply, negative, product, scaled};

/// The published span, with targets that must stay outside it.
pub(super) struct Watched {
    pub(super) span: Span,
    /// For each variable its place in both vectors; those of pivots follow from the others.
    vectors: Vec<[u64; 2]>,
    places: Vec<Place>,
    /// Targets that rows of any place may give away.
    anywhere: Vec<Target>,
    /// How many targets hold each variable.
    n_holders: Vec<u32>,
}

/// What belongs to a place, which shares no variable with those that are not above or below it.
#[derive(Default, Clone)]
struct Place {
    /// Numbers of the rows that were published there, in that order.
    published: Vec<u32>,
    targets: Vec<Target>,
}

/// A target and its products with the vectors.
#[derive(Clone)]
struct Target {
    row: Row,
    products: [u64; 2],
}

impl Watched {
    pub(super) fn new(n_variables: usize, n_places: usize) -> Self {
        // Nobody chooses rows to meet these numbers, so they need not be secret, and the same ones give the same result.
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Multiplied, all bits of it are mixed; below the prime, and not 0.
            1 + (state.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 4) % ((1 << 60) - 1)
        };
        Self {
            span: Span::new(n_variables),
            vectors: (0..n_variables).map(|_| [next(), next()]).collect(),
            places: vec![Place::default(); n_places],
            anywhere: Vec::new(),
            n_holders: vec![0; n_variables],
        }
    }

    /// Protects a row that is reduced and not in the span, from rows that are published at a place and above it; without
    /// a place, from all.
    pub(super) fn protect(&mut self, place: Option<usize>, row: Row) {
        row.iter().for_each(|&(variable, _)| self.n_holders[variable as usize] += 1);
        let products = product(&row, &self.vectors);
        let targets = place.map_or(&mut self.anywhere, |place| &mut self.places[place].targets);
        targets.push(Target { row, products });
    }

    /// Adds a reduced, non-empty row to the span, and says whether it did: not when that would put a target into the span.
    /// `below` are the place where it is published and all those below it, the lower ones first.
    pub(super) fn publish(&mut self, below: &[usize], row: &Row) -> bool {
        let own = product(row, &self.vectors);
        let is_proportional =
            |target: &Target| multiply(own[0], target.products[1]) == multiply(own[1], target.products[0]);
        let at_places = below.iter().flat_map(|&place| &self.places[place].targets);
        if at_places.chain(&self.anywhere).any(is_proportional) {
            return false;
        }
        let pivot = (0..row.len()).min_by_key(|&at| self.n_holders[row[at].0 as usize]);
        let pivot = pivot.expect("the row is not empty");
        let number = self.span.push(scaled(row.clone(), pivot), pivot);
        if let Some(&place) = below.last() {
            self.places[place].published.push(number);
        }
        // A row holds no pivot of an earlier one, so each follows from those after it, which are those of higher places.
        for &place in below.iter().rev() {
            for &number in self.places[place].published.iter().rev() {
                let (pivot, rest) = self.span.published(number);
                let of_rest = product(rest, &self.vectors);
                self.vectors[pivot as usize] = of_rest.map(negative);
            }
        }
        let renew = |target: &mut Target| target.products = product(&target.row, &self.vectors);
        for &place in below {
            self.places[place].targets.iter_mut().for_each(renew);
        }
        self.anywhere.iter_mut().for_each(renew);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(variables: &[u32]) -> Row {
        variables.iter().map(|&variable| (variable, 1)).collect()
    }

    fn publish(watched: &mut Watched, below: &[usize], raw: &Row) -> bool {
        let reduced = watched.span.reduce([raw].into_iter());
        reduced.is_empty() || watched.publish(below, &reduced)
    }

    #[test]
    fn a_row_that_gives_a_target_away_is_refused() {
        // Variables 0 to 2 are of place 0, 3 to 5 of place 1; place 2 is above both.
        let mut watched = Watched::new(6, 3);
        watched.protect(Some(0), row(&[0]));
        watched.protect(Some(1), row(&[3]));
        assert!(publish(&mut watched, &[0], &row(&[0, 1, 2])));
        assert!(!publish(&mut watched, &[0], &row(&[1, 2])), "the rest gives the target");
        assert!(publish(&mut watched, &[1], &row(&[3, 4, 5])));
        assert!(publish(&mut watched, &[0, 1, 2], &row(&[1, 4])));
        let gives = row(&[2, 3, 5]);
        assert!(!publish(&mut watched, &[0, 1, 2], &gives), "with 3 + 4 + 5 and 1 + 4 it is 1 + 2");
        assert!(!publish(&mut watched, &[0, 1, 2], &row(&[0, 1, 4])), "with 1 + 4 it is 0");
    }

    /// Against the other guard, which keeps every target reduced, on rows without a pattern in three places.
    #[test]
    fn it_refuses_what_the_exact_guard_refuses() {
        let mut state = 7u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let mut n_refused = 0;
        for _ in 0..200 {
            let (mut watched, mut exact) = (Watched::new(20, 3), super::super::span::Guarded::new(20));
            for target in [0, 3, 10, 14] {
                watched.protect(Some(usize::from(target >= 10)), row(&[target]));
                exact.protect(row(&[target]));
            }
            // A line along the geography.
            watched.protect(None, row(&[5, 12]));
            exact.protect(row(&[5, 12]));
            for (places, first, end, n) in [(&[0][..], 0, 10, 8), (&[1], 10, 20, 8), (&[0, 1, 2], 0, 20, 8)] {
                for _ in 0..n {
                    let raw: Row = (first..end).filter(|_| below(3) == 0).map(|at| (at, 1)).collect();
                    let reduced = exact.span.reduce([&raw].into_iter());
                    let mine = watched.span.reduce([&raw].into_iter());
                    assert_eq!(reduced.is_empty(), mine.is_empty());
                    if reduced.is_empty() {
                        continue;
                    }
                    let (shown, other) = (exact.publish(&reduced), watched.publish(places, &mine));
                    assert_eq!(shown, other);
                    n_refused += usize::from(!shown);
                }
            }
        }
        assert!(n_refused > 100, "{n_refused}");
    }
}
