//! A dry run: what would become of records, with nothing stored.
//!
//! It asks the same questions of the store as a push, and remembers what it would have stored, so that a record that
//! comes twice is judged the second time by the first.

use super::records::{Held, RecordRow};
use super::subjects::Anew;
use super::{Error, OtherKey, Outcome, Tx};
use crate::identity::{KeyId, Pseudonymized, Token};
use crate::linkage::Subject;
use ring::digest::{SHA256, digest};
use std::collections::HashMap;

/// What a dry run would have stored so far.
#[derive(Debug, Default)]
pub struct Rehearsal {
    n_batches: u64,
    /// The key that the first student ever would have brought.
    first_key: Option<KeyId>,
    /// By kind and key, a digest of student and fact; nothing for a tombstone.
    records: HashMap<(u8, [u8; 16]), Option<[u8; 16]>>,
    /// By student, a digest of the encodings.
    encodings: HashMap<Token, [u8; 16]>,
}

/// Records that a dry run remembers at most, so that its memory has a bound (about 250 MB).
const RECORDS_MAX: usize = 4_000_000;

impl Rehearsal {
    /// Counts a batch, and says which one of the dry run it is.
    pub fn next_batch(&mut self) -> u64 {
        self.n_batches += 1;
        self.n_batches
    }

    /// Whether no more records can be remembered.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.records.len() >= RECORDS_MAX
    }
}

impl Tx<'_> {
    /// What [`Tx::put_record`] would say after all that the rehearsal has seen.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn rehearse_record(
        &mut self,
        rehearsal: &mut Rehearsal,
        source: u32,
        record: Pseudonymized,
    ) -> Result<Result<Outcome, OtherKey>, Error> {
        let row = RecordRow::of(source, record.key, record.student, &record.change);
        let is_withdrawal = row.fact.is_none();
        let encodings = match record.encodings.first() {
            None => None,
            Some(first) => {
                let mut keys = self.known_keys()?;
                keys.current = keys.current.or(rehearsal.first_key).or(Some(first.key()));
                rehearsal.first_key = keys.current;
                match keys.choose(record.encodings) {
                    Ok(encodings) => Some(encodings),
                    Err(other) => return Ok(Err(other)),
                }
            }
        };
        let whose = row.student.unwrap_or_default();
        let now = row.fact.as_ref().map(|fact| short(&[&whose, fact]));
        let held = match rehearsal.records.insert((row.place.kind, row.place.key), now) {
            Some(None) => Held::Nothing,
            Some(before) if before == now => Held::Same,
            Some(Some(_)) => Held::Other,
            None => row.beside(self.standing(&row.place)?.as_ref()),
        };
        let is_encoded_anew = match (record.student, encodings) {
            (Some(student), Some(encodings)) if !is_withdrawal => {
                let next = encodings.next.as_ref().map_or(&[][..], |next| next.as_bytes());
                let now = short(&[encodings.current.as_bytes(), next]);
                match rehearsal.encodings.insert(student, now) {
                    Some(before) => before != now,
                    None => self.encoded_anew(&Subject { source, student }, &encodings)? != Anew::Nothing,
                }
            }
            _ => false,
        };
        Ok(Ok(held.outcome(is_withdrawal, is_encoded_anew)))
    }
}

/// The first half of SHA-256 over parts, each after its length.
fn short(parts: &[&[u8]]) -> [u8; 16] {
    let text: Vec<u8> = parts
        .iter()
        .flat_map(|part| (part.len() as u64).to_le_bytes().into_iter().chain(part.iter().copied()))
        .collect();
    let whole = digest(&SHA256, &text);
    whole.as_ref()[..16].try_into().expect("SHA-256 has 32 bytes")
}
