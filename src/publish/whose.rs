//! Whose a record is: the students of all sources by their tokens.

use crate::identity::Token;
use std::collections::BTreeMap;

/// The position of the person that each student is.
pub(super) struct Whose {
    of: BTreeMap<u32, Students>,
    n_students: usize,
}

/// A student of a source.
#[cfg_attr(test, derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Its position among the students of all sources.
    pub(super) student: u32,
    /// The position of its person.
    pub(super) person: u32,
}

/// The students of a source, by token.
///
/// Tokens are as good as random, so their first bits say where they stand: a state's records are looked up in a third of the
/// time that a hash table takes, and nearly all of that is waiting for memory. Where a source makes tokens that are not, they
/// are found in the logarithm of their number.
struct Students {
    /// The position of the first among the students of all sources.
    first: u32,
    by_token: Vec<(Token, u32)>,
    /// Where those begin whose first bits are at least its position; one more than there are of these.
    starts: Vec<u32>,
    n_bits: u32,
}

impl Whose {
    /// Takes students with the positions of their persons, ordered by source and token.
    pub(super) fn new(students: impl Iterator<Item = (u32, Token, u32)>) -> Self {
        let mut of: BTreeMap<u32, Vec<(Token, u32)>> = BTreeMap::new();
        for (source, student, person) in students {
            of.entry(source).or_default().push((student, person));
        }
        let mut n_students = 0;
        let students = |(source, by_token): (u32, Vec<_>)| {
            // A state has some millions.
            let first = n_students as u32;
            n_students += by_token.len();
            (source, Students::new(first, by_token))
        };
        Self { of: of.into_iter().map(students).collect(), n_students }
    }

    /// Students of all sources.
    pub(super) const fn n_students(&self) -> usize {
        self.n_students
    }

    /// A source's student.
    pub(super) fn find(&self, source: u32, student: Token) -> Option<Found> {
        self.of.get(&source)?.find(student)
    }

    /// Each student with its source and token, ordered by these and so by its position.
    pub(super) fn students(&self) -> impl Iterator<Item = (u32, Token, Found)> {
        self.of.iter().flat_map(|(source, of)| {
            let each = (of.first..).zip(&of.by_token);
            each.map(|(student, (token, person))| (*source, *token, Found { student, person: *person }))
        })
    }
}

impl Students {
    fn new(first: u32, by_token: Vec<(Token, u32)>) -> Self {
        let n_bits = by_token.len().max(2).ilog2();
        let starts = (0..=1_u64 << n_bits)
            .map(|bits| by_token.partition_point(|(token, _)| first_bits(token, n_bits) < bits) as u32);
        Self { first, starts: starts.collect(), by_token, n_bits }
    }

    fn find(&self, student: Token) -> Option<Found> {
        let bits = first_bits(&student, self.n_bits) as usize;
        let start = self.starts[bits];
        let alike = &self.by_token[start as usize..self.starts[bits + 1] as usize];
        let at = alike.binary_search_by(|(token, _)| token.cmp(&student)).ok()?;
        Some(Found { student: self.first + start + at as u32, person: alike[at].1 })
    }
}

fn first_bits(token: &Token, n_bits: u32) -> u64 {
    let first = token.as_bytes().first_chunk().expect("a token has 16 bytes");
    u64::from_be_bytes(*first) >> (u64::BITS - n_bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_student_is_found_and_nobody_else() {
        let token = |n: u64| {
            let hash = ring::digest::digest(&ring::digest::SHA256, &n.to_be_bytes());
            Token::from_bytes(*hash.as_ref().first_chunk().expect("SHA-256 has 32 bytes"))
        };
        // Of the third source all tokens begin with the same bits.
        let alike = |n: u64| Token::from_bytes(u128::from(n).to_be_bytes());
        let mut students: Vec<(u32, Token, u32)> = (0..1_000).map(|n| (1, token(n), n as u32)).collect();
        students.push((2, token(0), 7));
        students.extend((0..100).map(|n| (3, alike(2 * n), n as u32)));
        students.sort_unstable();
        let whose = Whose::new(students.iter().copied());
        assert_eq!(whose.n_students(), students.len());
        for (at, (source, student, person)) in (0..).zip(&students) {
            assert_eq!(whose.find(*source, *student), Some(Found { student: at, person: *person }));
        }
        let each: Vec<_> =
            whose.students().map(|(source, student, of)| (source, student, of.person)).collect();
        assert_eq!(each, students);
        assert!((1_000..2_000).all(|n| whose.find(1, token(n)).is_none()));
        assert!((1..100).all(|n| whose.find(2, token(n)).is_none()));
        assert!((0..100).all(|n| whose.find(3, alike(2 * n + 1)).is_none()));
        assert!(whose.find(4, token(1)).is_none());
        assert!(Whose::new(std::iter::empty()).find(1, token(1)).is_none());
    }
}
