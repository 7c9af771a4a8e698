//! The service key, and the columns it seals.
//!
//! Encodings let whoever holds all of them look for frequent names, so they are stored only under
//! AES-256-GCM, bound to the source and the student they belong to. Persons are numbered as they come,
//! and rosters come in alphabetical order, so their numbers are permuted. The key is not in the database.

use super::{PairId, StoredPerson};
use crate::identity::Token;
use crate::linkage::{PersonId, SubjectPair};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Keys the service derives from its own root: for sealed columns, for ties in protection, for
/// digests, for names of pairs. Shown as nothing.
#[derive(Clone)]
pub struct ServiceKey {
    derived: Arc<Derived>,
}

/// A column that is sealed under a key of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    Encoding,
    /// The weight and the levels that decided a link, in a file of an earlier version.
    Reason,
    /// Records in the order they came in.
    Arrival,
    /// What the records of a block say.
    Record,
    /// What an edition froze.
    Edition,
    /// The proof of a seal, which tells about hidden numbers.
    Proof,
    /// A student, its person and what decided the link.
    Subject,
}

struct Derived {
    /// By [`Column`].
    columns: [LessSafeKey; 7],
    digest: hmac::Key,
    numbers: hmac::Key,
    pairs: hmac::Key,
    ties: Zeroizing<[u8; 32]>,
    check: [u8; 32],
    random: SystemRandom,
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKey")
    }
}

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

impl ServiceKey {
    /// Derives the keys from 32 secret bytes by HKDF-SHA-256 (RFC 5869), one label each.
    #[must_use]
    pub fn derive(root: &Zeroizing<[u8; 32]>) -> Self {
        let prk = Salt::new(HKDF_SHA256, b"throughline/v1/service").extract(&root[..]);
        let expand = |label: &'static [u8]| {
            let mut key = Zeroizing::new([0; 32]);
            let info = [label];
            let okm = prk.expand(&info, Length).expect("32 bytes are within HKDF's limit");
            okm.fill(&mut key[..]).expect("the length asked for is the length filled");
            key
        };
        let column = |label| {
            let key = UnboundKey::new(&AES_256_GCM, &expand(label)[..]);
            LessSafeKey::new(key.expect("AES-256 takes 32 bytes"))
        };
        Self {
            derived: Arc::new(Derived {
                columns: [
                    column(b"column/subject.encoding"),
                    column(b"column/subject.reason"),
                    column(b"column/arrival.rows"),
                    column(b"column/record_block.rows"),
                    column(b"column/edition_column.bytes"),
                    column(b"column/proof.bytes"),
                    column(b"column/subject.row"),
                ],
                digest: hmac::Key::new(hmac::HMAC_SHA256, &expand(b"digest/batch")[..]),
                numbers: hmac::Key::new(hmac::HMAC_SHA256, &expand(b"column/subject.person")[..]),
                pairs: hmac::Key::new(hmac::HMAC_SHA256, &expand(b"linkage/pair")[..]),
                ties: expand(b"seal/ties"),
                check: *expand(b"check"),
                random: SystemRandom::new(),
            }),
        }
    }

    /// What the file keeps to tell the right key from a wrong one.
    pub(super) fn check(&self) -> &[u8; 32] {
        &self.derived.check
    }

    /// The secret that breaks ties when a seal is made.
    #[must_use]
    pub fn ties(&self) -> &[u8; 32] {
        &self.derived.ties
    }

    /// Starts a keyed digest (HMAC-SHA-256): of no use for guessing to whoever has only the file.
    #[must_use]
    pub fn digest(&self) -> hmac::Context {
        hmac::Context::with_key(&self.derived.digest)
    }

    /// What names a pair of subjects outside: the start of its HMAC-SHA-256.
    #[must_use]
    pub fn pair_id(&self, pair: &SubjectPair) -> PairId {
        let mut digest = hmac::Context::with_key(&self.derived.pairs);
        for subject in pair.subjects() {
            digest.update(&bound_to(subject.source, &subject.student));
        }
        let tag = digest.sign();
        PairId(std::array::from_fn(|at| tag.as_ref()[at]))
    }

    /// Seals what stands in a subject's column: nonce, ciphertext, tag.
    pub(super) fn seal(
        &self,
        column: Column,
        source: u32,
        student: &Token,
        bytes: &[u8],
    ) -> Result<Vec<u8>, super::Error> {
        self.seal_at(column, &bound_to(source, student), bytes)
    }

    /// Seals what stands in a column at a place of any other name. Nonces are random: a key is for 2^32 of them (NIST SP
    /// 800-38D, section 8.3), and to take in a state's 32 million records makes about so many at most.
    pub(super) fn seal_at(
        &self,
        column: Column,
        place: &[u8],
        bytes: &[u8],
    ) -> Result<Vec<u8>, super::Error> {
        let mut nonce = [0; NONCE_LEN];
        self.derived.random.fill(&mut nonce).map_err(|_| super::Error::Damaged("no randomness"))?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + bytes.len() + AES_256_GCM.tag_len());
        sealed.extend(nonce);
        sealed.extend(bytes);
        let tag = self.derived.columns[column as usize].seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place),
            &mut sealed[NONCE_LEN..],
        );
        sealed.extend(tag.map_err(|_| super::Error::Damaged("a value is too long to seal"))?.as_ref());
        Ok(sealed)
    }

    /// Opens what [`ServiceKey::seal`] made; refuses it in any other place.
    pub(super) fn open(
        &self,
        column: Column,
        source: u32,
        student: &Token,
        sealed: &[u8],
    ) -> Result<Vec<u8>, super::Error> {
        self.open_at(column, &bound_to(source, student), sealed.to_vec())
    }

    /// Opens what [`ServiceKey::seal_at`] made, where it is: a column of a state's edition is not there twice. Refuses it in
    /// any other place.
    pub(super) fn open_at(
        &self,
        column: Column,
        place: &[u8],
        mut sealed: Vec<u8>,
    ) -> Result<Vec<u8>, super::Error> {
        let damaged = || super::Error::Damaged("a value does not open in its place");
        let nonce = sealed.first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let key = &self.derived.columns[column as usize];
        let opened = key.open_within(nonce, Aad::from(place), &mut sealed, NONCE_LEN..);
        let length = opened.map_err(|_| damaged())?.len();
        sealed.truncate(length);
        Ok(sealed)
    }
}

/// Rounds of the permutation of numbers: with six, of halves of 32 bits, telling it from a random one
/// takes nearly as many numbers as a half has (Patarin, "Security of balanced and unbalanced Feistel
/// schemes", 2010); with four, as few as 2^16.
const ROUNDS: u8 = 6;

impl ServiceKey {
    /// The number a person is stored by: a permutation (a Feistel network) of all numbers.
    pub(super) fn hide(&self, person: PersonId) -> StoredPerson {
        let halves = ((person.0 >> 32) as u32, person.0 as u32);
        let (left, right) = (0..ROUNDS).fold(halves, |(l, r), round| (r, l ^ self.mixed(round, r)));
        StoredPerson(u64::from(left) << 32 | u64::from(right))
    }

    /// The person stored by a number.
    pub(super) fn reveal(&self, person: StoredPerson) -> PersonId {
        let halves = ((person.0 >> 32) as u32, person.0 as u32);
        let (left, right) = (0..ROUNDS).rev().fold(halves, |(l, r), round| (r ^ self.mixed(round, l), l));
        PersonId(u64::from(left) << 32 | u64::from(right))
    }

    fn mixed(&self, round: u8, half: u32) -> u32 {
        let [a, b, c, d] = half.to_be_bytes();
        let tag = hmac::sign(&self.derived.numbers, &[round, a, b, c, d]);
        let (head, _) = tag.as_ref().split_first_chunk().expect("SHA-256 has 32 bytes");
        u32::from_be_bytes(*head)
    }
}

fn bound_to(source: u32, student: &Token) -> [u8; 20] {
    let mut place = [0; 20];
    place[..4].copy_from_slice(&source.to_be_bytes());
    place[4..].copy_from_slice(student.as_bytes());
    place
}

#[cfg(test)]
mod tests {
    use super::Column::Encoding;
    use super::*;

    #[test]
    fn an_encoding_opens_only_in_its_own_place() {
        let key = ServiceKey::derive(&Zeroizing::new([7; 32]));
        let (one, two) = (Token::from_bytes([1; 16]), Token::from_bytes([2; 16]));
        let sealed = key.seal(Encoding, 1, &one, b"encoding").expect("sealed");
        assert_eq!(key.open(Encoding, 1, &one, &sealed).expect("opened"), b"encoding");
        assert!(key.open(Column::Reason, 1, &one, &sealed).is_err(), "another column");
        assert!(key.open(Encoding, 2, &one, &sealed).is_err(), "another source");
        assert!(key.open(Encoding, 1, &two, &sealed).is_err(), "another student");
        assert!(
            ServiceKey::derive(&Zeroizing::new([8; 32])).open(Encoding, 1, &one, &sealed).is_err(),
            "another key"
        );
        assert_ne!(sealed, key.seal(Encoding, 1, &one, b"encoding").expect("sealed"), "never the same twice");
    }

    #[test]
    fn numbers_of_persons_come_back_and_show_no_order() {
        let key = ServiceKey::derive(&Zeroizing::new([7; 32]));
        let stored: Vec<StoredPerson> = (1..100).map(|number| key.hide(PersonId(number))).collect();
        assert!((1..100).eq(stored.iter().map(|number| key.reveal(*number).0)));
        let n_rising = stored.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((30..70).contains(&n_rising), "{n_rising} of 98");
    }
}
