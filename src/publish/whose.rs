//! Whose a record is: the students of all sources by their tokens.

use crate::identity::Token;
use std::collections::BTreeMap;

/// The position of the person that each student is.
pub(super) struct Whose(BTreeMap<u32, Students>);

/// The students of a source, by token.
///
/// Tokens are as good as random, so their first bits say where they stand: a state's records are looked up in a third of the
/// time that a hash table takes, and nearly all of that is waiting for memory. Where a source makes tokens that are not, they
/// are found in the logarithm of their number.
struct Students {
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
        Self(of.into_iter().map(|(source, by_token)| (source, Students::new(by_token))).collect())
    }

    /// Each student with its source, token and the position of its person, ordered by source and token.
    pub(super) fn students(&self) -> impl Iterator<Item = (u32, Token, u32)> {
        self.0
            .iter()
            .flat_map(|(source, of)| of.by_token.iter().map(|(token, person)| (*source, *token, *person)))
    }

    /// The position of the person that a source's student is.
    pub(super) fn find(&self, source: u32, student: Token) -> Option<u32> {
        self.0.get(&source)?.find(student)
    }
}

impl Students {
    fn new(by_token: Vec<(Token, u32)>) -> Self {
        let n_bits = by_token.len().max(2).ilog2();
        let starts = (0..=1_u64 << n_bits)
            .map(|first| by_token.partition_point(|(token, _)| first_bits(token, n_bits) < first) as u32);
        Self { starts: starts.collect(), by_token, n_bits }
    }

    fn find(&self, student: Token) -> Option<u32> {
        let first = first_bits(&student, self.n_bits) as usize;
        let alike = &self.by_token[self.starts[first] as usize..self.starts[first + 1] as usize];
        let at = alike.binary_search_by(|(token, _)| token.cmp(&student)).ok()?;
        Some(alike[at].1)
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
        assert!(
            students.iter().all(|(source, student, person)| whose.find(*source, *student) == Some(*person))
        );
        assert!(whose.students().eq(students.iter().copied()));
        assert!((1_000..2_000).all(|n| whose.find(1, token(n)).is_none()));
        assert!((1..100).all(|n| whose.find(2, token(n)).is_none()));
        assert!((0..100).all(|n| whose.find(3, alike(2 * n + 1)).is_none()));
        assert!(whose.find(4, token(1)).is_none());
        assert!(Whose::new(std::iter::empty()).find(1, token(1)).is_none());
    }
}
