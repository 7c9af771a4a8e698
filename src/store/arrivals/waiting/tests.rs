//! Beside a plain map.

use super::super::Rows;
use super::*;
use proptest::prelude::*;

/// A place and a row that numbers choose: keys lie close together or far apart, rows are short or as long as any.
fn record(at: u16, said: u16) -> (Place, Row) {
    let spread = if at.is_multiple_of(4) { 1 } else { 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835 };
    let key = u128::from(at).wrapping_mul(spread).to_be_bytes();
    let length = usize::from(said) % if at.is_multiple_of(50) { 1_024 } else { 60 };
    let fact = (!said.is_multiple_of(7)).then(|| vec![said as u8; length].into());
    let student = (!said.is_multiple_of(5)).then(|| u128::from(said).wrapping_mul(0x1_0001).to_le_bytes());
    let holding = (!said.is_multiple_of(3)).then(|| i64::from(said) << (said % 48));
    (Place { source: u32::from(at % 3), kind: (at % 2) as u8, key }, Row { student, fact, holding })
}

fn rows(waiting: &Waiting) -> Vec<(Place, Row)> {
    waiting.iter().map(|(place, row)| (place, row.row())).collect()
}

/// That what is counted is there, each leaf has its own stretch of keys, and none is much longer than others.
fn check(waiting: &Waiting) {
    let (mut n_rows, mut n_bytes, mut last) = (0, 0, None);
    for (from, leaf) in &waiting.leaves {
        // With two of the longest rows a half can be longer than others are.
        assert!(leaf.bytes.len() <= LEAF_MAX + 1_200, "{} of {}", leaf.bytes.len(), leaf.n_rows);
        assert!(last.is_none_or(|last| bound(&last) < *from));
        assert_eq!(leaf.rows().count(), leaf.n_rows);
        assert!(leaf.n_rows > 0 && rows_of(*from, leaf).all(|(place, _)| bound(&place) >= *from));
        (n_rows, n_bytes) = (n_rows + leaf.n_rows, n_bytes + LEAF + leaf.bytes.capacity());
        last = rows_of(*from, leaf).last().map(|(place, _)| place);
    }
    assert_eq!((waiting.len(), waiting.n_bytes(), waiting.last()), (n_rows, n_bytes, last));
    assert_eq!(waiting.is_empty(), n_rows == 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_waits_is_the_newest_of_each_place_in_order(
        rounds in prop::collection::vec(
            (prop::collection::vec((0..600_u16, any::<u16>()), 0..300), 0..100_usize), 1..6))
    {
        let (mut waiting, mut expected) = (Waiting::default(), Rows::new());
        for (records, n_taken) in rounds {
            for (at, said) in records {
                let (place, row) = record(at, said);
                let is_new = !expected.contains_key(&place) && said.is_multiple_of(2);
                waiting.put(place, &Entry::of(&place, &row), is_new);
                expected.insert(place, row);
            }
            check(&waiting);
            prop_assert!(rows(&waiting).into_iter().eq(expected.clone()));
            for at in 0..600 {
                let place = record(at, 0).0;
                prop_assert!(waiting.get(&place).as_ref() == expected.get(&place));
            }
            let of_two = waiting.iter_of((1, 2)).map(|(place, row)| (place, row.row()));
            prop_assert!(of_two.eq(expected.clone().into_iter().filter(|(place, _)| place.source > 0)));
            let taken = waiting.take_first(n_taken);
            prop_assert!(taken.len() >= n_taken.min(expected.len()) && taken.len() < n_taken.max(1) + 100);
            let first: Vec<_> = std::iter::from_fn(|| expected.pop_first()).take(taken.len()).collect();
            prop_assert!(rows(&taken) == first);
            check(&taken);
            check(&waiting);
        }
    }
}

#[test]
fn rows_take_little_more_than_their_bytes() {
    let mut waiting = Waiting::default();
    let mut n_bytes = 0;
    for number in 0..200_000_u128 {
        let key = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
        let place = Place { source: 1, kind: (number % 5) as u8, key };
        let row = Row { student: Some(key), fact: Some(vec![7; 24].into()), holding: Some(3) };
        let entry = Entry::of(&place, &row);
        n_bytes += entry.len();
        waiting.put(place, &entry, true);
    }
    assert_eq!(waiting.len(), 200_000);
    assert!(waiting.n_bytes() * 10 < n_bytes * 12, "{} for {n_bytes}", waiting.n_bytes());
}
