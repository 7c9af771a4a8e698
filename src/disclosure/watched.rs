//! Guarding many targets at once, place by place, without keeping them reduced.
//!
//! A target follows from published rows and one more exactly when it is proportional to that one modulo the others. Kept
//! reduced, targets fill in with every row that spans many places, and take more memory than all else. So instead two
//! random vectors are kept that all published rows are orthogonal to, and of each target its products with them: rows that are
//! proportional modulo the published ones have proportional products, always. Others have so with a probability of
//! about one in 2^60, and then one row less is published: chance is never on the side of telling too much.

use super::span::{Row, Span, multiply, negative, product, scaled};

/// The published span, with targets that must stay outside it.
pub(super) struct Watched<'a> {
    pub(super) span: Span,
    /// For each variable its place in both vectors; those of pivots follow from the others.
    vectors: Vec<[u64; 2]>,
    /// The place of each variable.
    homes: &'a [u16],
    /// The place above each; the first one is above all.
    above: &'a [u16],
    places: Vec<Place>,
    /// Targets that rows of any place may give away.
    anywhere: Targets,
    /// How many targets hold each variable.
    n_holders: Vec<u32>,
    /// Scratch: places in which a pivot's numbers have changed, and those above them; all false between calls.
    is_stale: Vec<bool>,
}

/// What belongs to a place, which shares no variable with those that are not above or below it.
#[derive(Default, Clone)]
struct Place {
    /// Numbers of the rows that were published there, in that order.
    published: Vec<u32>,
    targets: Targets,
}

/// Targets and their products with the vectors.
#[derive(Default, Clone)]
struct Targets {
    rows: Vec<Row>,
    products: Vec<[u64; 2]>,
}

impl Targets {
    fn renew(&mut self, vectors: &[[u64; 2]]) {
        for (row, products) in self.rows.iter().zip(&mut self.products) {
            *products = product(row, vectors);
        }
    }

    fn hold_proportional(&self, own: [u64; 2]) -> bool {
        self.products.iter().any(|of| multiply(own[0], of[1]) == multiply(own[1], of[0]))
    }
}

impl<'a> Watched<'a> {
    pub(super) fn new(homes: &'a [u16], above: &'a [u16]) -> Self {
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
            span: Span::new(homes.len()),
            vectors: (0..homes.len()).map(|_| [next(), next()]).collect(),
            homes,
            above,
            places: vec![Place::default(); above.len()],
            anywhere: Targets::default(),
            n_holders: vec![0; homes.len()],
            is_stale: vec![false; above.len()],
        }
    }

    /// Protects a row that is reduced and not in the span, from rows that are published at a place and above it; without
    /// a place, from all.
    pub(super) fn protect(&mut self, place: Option<usize>, row: Row) {
        row.iter().for_each(|&(variable, _)| self.n_holders[variable as usize] += 1);
        let targets = place.map_or(&mut self.anywhere, |place| &mut self.places[place].targets);
        targets.products.push(product(&row, &self.vectors));
        targets.rows.push(row);
    }

    /// Adds a reduced, non-empty row to the span, and says whether it did: not when that would put a target into the span.
    /// `below` are the place where it is published and all those below it, the lower ones first.
    pub(super) fn publish(&mut self, below: &[usize], row: &Row) -> bool {
        let own = product(row, &self.vectors);
        let at_places = below.iter().map(|&place| &self.places[place].targets);
        if at_places.chain([&self.anywhere]).any(|targets| targets.hold_proportional(own)) {
            return false;
        }
        let pivot = self.pivot(row);
        let variable = row[pivot].0;
        let number = self.span.push(scaled(row.clone(), pivot), pivot);
        let [.., place] = *below else { return true };
        self.places[place].published.push(number);
        self.renew(below, place, variable);
        true
    }

    /// The position in a row of the variable to solve it for: the one that the fewest targets hold, so that rows stay short,
    /// within one of the parts that the first place divides into, so that little of the others has to be put right.
    fn pivot(&self, row: &Row) -> usize {
        let part = |&(variable, _): &(u32, u64)| {
            let mut place = self.homes[variable as usize];
            while self.above[usize::from(place)] != 0 {
                place = self.above[usize::from(place)];
            }
            place
        };
        let first = row.first().map(part);
        let near = row.iter().take_while(|entry| Some(part(entry)) == first).enumerate();
        let pivot = near.min_by_key(|(_, entry)| self.n_holders[entry.0 as usize]);
        pivot.expect("the row is not empty").0
    }

    /// Puts right what depends on a variable that became the pivot of the last row of a place.
    fn renew(&mut self, below: &[usize], top: usize, pivot: u32) {
        self.mark(pivot, top);
        // A row holds no pivot of an earlier one, so each follows from those after it, which are those of higher places.
        for &place in below.iter().rev() {
            if !self.is_stale[place] {
                continue;
            }
            for at in (0..self.places[place].published.len()).rev() {
                let (pivot, rest) = self.span.published(self.places[place].published[at]);
                let follows = product(rest, &self.vectors).map(negative);
                if self.vectors[pivot as usize] != follows {
                    self.vectors[pivot as usize] = follows;
                    self.mark(pivot, top);
                }
            }
        }
        for &place in below {
            if std::mem::take(&mut self.is_stale[place]) {
                self.places[place].targets.renew(&self.vectors);
            }
        }
        self.anywhere.renew(&self.vectors);
    }

    /// Notes that the numbers of a variable have changed.
    fn mark(&mut self, variable: u32, top: usize) {
        let mut place = usize::from(self.homes[variable as usize]);
        while !std::mem::replace(&mut self.is_stale[place], true) && place != top {
            place = usize::from(self.above[place]);
        }
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
        // Place 0 is above both others.
        let mut watched = Watched::new(&[1, 1, 1, 2, 2, 2], &[0, 0, 0]);
        watched.protect(Some(1), row(&[0]));
        watched.protect(Some(2), row(&[3]));
        assert!(publish(&mut watched, &[1], &row(&[0, 1, 2])));
        assert!(!publish(&mut watched, &[1], &row(&[1, 2])), "the rest gives the target");
        assert!(publish(&mut watched, &[2], &row(&[3, 4, 5])));
        assert!(publish(&mut watched, &[1, 2, 0], &row(&[1, 4])));
        let gives = row(&[2, 3, 5]);
        assert!(!publish(&mut watched, &[1, 2, 0], &gives), "with 3 + 4 + 5 and 1 + 4 it is 1 + 2");
        assert!(!publish(&mut watched, &[1, 2, 0], &row(&[0, 1, 4])), "with 1 + 4 it is 0");
    }

    /// Against the other guard, which keeps every target reduced, on rows without a pattern in
    /// places of three levels.
    #[test]
    fn it_refuses_what_the_exact_guard_refuses() {
        let mut state = 7u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let mut n_refused = 0;
        // Two districts of two schools, with eight variables in each school.
        let homes: Vec<u16> = (0..32).map(|variable| [2, 3, 5, 6][variable / 8]).collect();
        let above = [0, 0, 1, 1, 0, 4, 4];
        let districts: [(&[usize], u32, u32, u32); 2] = [(&[2, 3, 1], 0, 16, 5), (&[5, 6, 4], 16, 32, 5)];
        let schools: [(&[usize], u32, u32, u32); 4] =
            [(&[2], 0, 8, 4), (&[3], 8, 16, 4), (&[5], 16, 24, 4), (&[6], 24, 32, 4)];
        let whole: [(&[usize], u32, u32, u32); 1] = [(&[2, 3, 1, 5, 6, 4, 0], 0, 32, 10)];
        for _ in 0..200 {
            let mut watched = Watched::new(&homes, &above);
            let mut exact = super::super::span::Guarded::new(homes.len());
            for target in [0, 3, 10, 17, 26] {
                watched.protect(Some(usize::from(homes[target as usize])), row(&[target]));
                exact.protect(row(&[target]));
            }
            // A line along the geography.
            watched.protect(None, row(&[5, 22]));
            exact.protect(row(&[5, 22]));
            for (places, first, end, n) in schools.into_iter().chain(districts).chain(whole) {
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
