//! Records handed on by whoever reads the store to whoever finds whose they are: each of the two takes as long as the other.

use crate::identity::Token;
use crate::records::Kind;

/// Records of students, as they are stored, one behind the other.
pub(super) struct HandedOn {
    records: Vec<Record>,
    bytes: Vec<u8>,
}

struct Record {
    source: u32,
    student: Token,
    kind: Kind,
    end: u32,
}

/// Records that are handed on at once: few enough to stay in the cache, and enough for several to be of persons who stand
/// together.
const AT_ONCE: usize = 32_768;
/// About as many bytes as such records have.
const BYTES: usize = 32 * AT_ONCE;

impl HandedOn {
    pub(super) fn new() -> Self {
        Self { records: Vec::with_capacity(AT_ONCE), bytes: Vec::with_capacity(BYTES) }
    }

    /// Adds what a source says of a student. A record is much shorter than four gigabytes.
    pub(super) fn add(&mut self, source: u32, student: Token, kind: Kind, fact: &[u8]) {
        self.bytes.extend_from_slice(fact);
        self.records.push(Record { source, student, kind, end: self.bytes.len() as u32 });
    }

    pub(super) fn is_full(&self) -> bool {
        self.records.len() >= AT_ONCE
    }

    /// Each record's source and student, in the order in which they were added.
    pub(super) fn students(&self) -> impl Iterator<Item = (u32, Token)> {
        self.records.iter().map(|record| (record.source, record.student))
    }

    /// The source, kind and fact at a position.
    pub(super) fn record(&self, at: usize) -> (u32, Kind, &[u8]) {
        let Record { source, kind, end, .. } = self.records[at];
        let start = at.checked_sub(1).map_or(0, |before| self.records[before].end);
        (source, kind, &self.bytes[start as usize..end as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_comes_out_as_it_was_until_it_is_full() {
        let mut handed_on = HandedOn::new();
        assert_eq!(handed_on.students().count(), 0);
        let student = |n: usize| Token::from_bytes([n as u8; 16]);
        let fact = |n: usize| vec![n as u8; n % 3];
        for n in 0..AT_ONCE {
            assert!(!handed_on.is_full());
            handed_on.add(n as u32, student(n), Kind::ALL[n % 5], &fact(n));
        }
        assert!(handed_on.is_full());
        for (n, whose) in handed_on.students().enumerate() {
            assert!(whose == (n as u32, student(n)));
            assert_eq!(handed_on.record(n), (n as u32, Kind::ALL[n % 5], &fact(n)[..]));
        }
        assert_eq!(handed_on.students().count(), AT_ONCE);
    }
}
