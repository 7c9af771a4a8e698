//! What the file holds of records, students, editions and proofs, read from outside with the service key.

use crate::city::City;
use crate::destruction::found;
use crate::proof::hex;
use prost::encoding::decode_varint;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::BTreeSet;

/// A record as it is stored.
pub(crate) struct Kept {
    pub(crate) source: u32,
    pub(crate) kind: u8,
    pub(crate) key: [u8; 16],
    pub(crate) student: Option<[u8; 16]>,
    /// Nothing in a tombstone.
    pub(crate) fact: Option<Vec<u8>>,
}

/// A student as it is stored.
pub(crate) struct Linked {
    pub(crate) source: u32,
    pub(crate) student: [u8; 16],
    pub(crate) person: u64,
    /// The encoding that links, as it is sealed.
    pub(crate) encoding: Vec<u8>,
}

/// A column that is sealed.
#[derive(Clone, Copy)]
pub(crate) enum Sealed {
    Record,
    Edition,
    Proof,
    Subject,
}

/// What is sealed in a row of a table.
pub(crate) struct SealedBytes {
    pub(crate) table: &'static str,
    pub(crate) number: i64,
    pub(crate) of: Sealed,
    pub(crate) place: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

impl City {
    /// Every record that the service holds, by source, kind and key.
    pub(crate) fn records(&self) -> Vec<Kept> {
        const BLOCKS: &str =
            "SELECT source, kind, first, rows FROM record_block ORDER BY source, kind, first";
        let blocks = self.rows(BLOCKS, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?, row.get::<_, Vec<u8>>(3)?))
        });
        let block = |(source, kind, first, bytes): (u32, u8, Vec<u8>, Vec<u8>)| {
            let mut rest = &bytes[2..];
            let mut heads = Vec::new();
            for _ in 0..u16::from_le_bytes([bytes[0], bytes[1]]) {
                let key: [u8; 16] = taken(&mut rest);
                let [has] = taken(&mut rest);
                let student: Option<[u8; 16]> = (has & 1 > 0).then(|| taken(&mut rest));
                let _holding = (has & 4 > 0).then(|| decode_varint(&mut rest).expect("a number"));
                heads.push((key, student, has & 2 > 0));
            }
            let clear = &bytes[..bytes.len() - rest.len()];
            let place = [&source.to_le_bytes()[..], &[kind, first.len() as u8], &first, clear].concat();
            let facts = self.opened(Sealed::Record, &place, rest);
            let mut facts = &facts[..];
            let kept = heads.into_iter().map(|(key, student, stands)| {
                let fact = stands.then(|| {
                    let length = decode_varint(&mut facts).expect("a length");
                    facts.split_off(..length as usize).expect("so many bytes").to_vec()
                });
                Kept { source, kind, key, student, fact }
            });
            let kept: Vec<Kept> = kept.collect();
            assert!(facts.is_empty());
            kept
        };
        blocks.into_iter().flat_map(block).collect()
    }

    /// Every student that the service knows, by source and token.
    pub(crate) fn subjects(&self) -> Vec<Linked> {
        let rows = self
            .rows("SELECT source, row, encoding FROM subject JOIN encoding USING (number)", |row| {
                Ok((row.get::<_, u32>(0)?, row.get::<_, Vec<u8>>(1)?, row.get(2)?))
            });
        let subject = |(source, sealed, encoding): (u32, Vec<u8>, _)| {
            let opened = self.opened(Sealed::Subject, &source.to_le_bytes(), &sealed);
            let mut rest = &opened[..];
            let (student, person) = (taken(&mut rest), u64::from_le_bytes(taken(&mut rest)));
            Linked { source, student, person, encoding }
        };
        let mut subjects: Vec<Linked> = rows.into_iter().map(subject).collect();
        subjects.sort_by_key(|subject| (subject.source, subject.student));
        subjects
    }

    /// What records of a kind say that stand, sorted.
    pub(crate) fn facts(&self, kind: u8) -> Vec<Vec<u8>> {
        let of_kind = self.records().into_iter().filter(|record| record.kind == kind);
        let mut facts: Vec<Vec<u8>> = of_kind.filter_map(|record| record.fact).collect();
        facts.sort();
        facts
    }

    /// Statements that put records, students and what is sealed into the tables as they were before there were blocks.
    pub(crate) fn before_blocks(&self) -> String {
        let mut sql = "CREATE TABLE record (source INTEGER NOT NULL, kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 13),
                 key BLOB NOT NULL, student BLOB, fact BLOB, PRIMARY KEY (source, kind, key)) STRICT, WITHOUT ROWID;
             DROP TABLE record_block; DROP TABLE subject;
             CREATE TABLE subject (source INTEGER NOT NULL, student BLOB NOT NULL, encoding BLOB NOT NULL,
                 person INTEGER NOT NULL, model INTEGER NOT NULL, reason BLOB, next_encoding BLOB, make BLOB,
                 PRIMARY KEY (source, student)) STRICT, WITHOUT ROWID;
             DROP TABLE encoding;"
            .to_owned();
        let blob = |bytes: &[u8]| format!("x'{}'", hex(bytes));
        for Kept { source, kind, key, student, fact } in self.records() {
            let [student, fact] = [student.map(Vec::from), fact];
            let [student, fact] = [student, fact].map(|of| of.map_or_else(|| "NULL".into(), |of| blob(&of)));
            sql +=
                &format!("INSERT INTO record VALUES ({source}, {kind}, {}, {student}, {fact});", blob(&key));
        }
        for Linked { source, student, person, encoding } in self.subjects() {
            let (student, person, encoding) = (blob(&student), person.cast_signed(), blob(&encoding));
            sql += &format!(
                "INSERT INTO subject (source, student, encoding, person, model)
                 VALUES ({source}, {student}, {encoding}, {person}, 0);"
            );
        }
        for SealedBytes { table, number, of, place, bytes } in self.sealed_bytes() {
            let bytes = blob(&self.opened(of, &place, &bytes));
            sql += &format!("UPDATE {table} SET bytes = {bytes} WHERE rowid = {number};");
        }
        sql
    }

    /// The columns of editions and the proofs, as they are stored.
    pub(crate) fn sealed_bytes(&self) -> Vec<SealedBytes> {
        let place = |edition: u32, name: &[u8]| [&edition.to_le_bytes()[..], name].concat();
        let columns = "SELECT number, edition, frame || char(0) || name, bytes FROM edition_column";
        let proofs = "SELECT edition, edition, '', bytes FROM proof";
        let all = [("edition_column", Sealed::Edition, columns), ("proof", Sealed::Proof, proofs)];
        let rows = all.into_iter().flat_map(|(table, of, sql)| {
            self.rows(sql, |row| {
                let place = place(row.get(1)?, row.get::<_, String>(2)?.as_bytes());
                Ok(SealedBytes { table, number: row.get(0)?, of, place, bytes: row.get(3)? })
            })
        });
        rows.collect()
    }

    /// What is sealed in a place.
    pub(crate) fn opened(&self, of: Sealed, place: &[u8], sealed: &[u8]) -> Vec<u8> {
        let (nonce, rest) = sealed.split_first_chunk().expect("a nonce");
        let mut bytes = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.column_key(of).open_in_place(nonce, Aad::from(place), &mut bytes);
        opened.expect("sealed in its place").to_vec()
    }

    /// Bytes sealed in a place, as who holds the key can.
    pub(crate) fn sealed(&self, of: Sealed, place: &[u8], bytes: &[u8]) -> Vec<u8> {
        let (mut nonce, mut sealed) = ([0; 12], bytes.to_vec());
        SystemRandom::new().fill(&mut nonce).expect("random bytes");
        let by = Nonce::assume_unique_for_key(nonce);
        self.column_key(of).seal_in_place_append_tag(by, Aad::from(place), &mut sealed).expect("sealed");
        [&nonce[..], &sealed].concat()
    }

    fn column_key(&self, of: Sealed) -> LessSafeKey {
        let label: &[u8] = match of {
            Sealed::Record => b"column/record_block.rows",
            Sealed::Edition => b"column/edition_column.bytes",
            Sealed::Proof => b"column/proof.bytes",
            Sealed::Subject => b"column/subject.row",
        };
        let text = std::fs::read_to_string(self.file("keys/service.key")).expect("init wrote it");
        let byte = |pair: &[u8]| {
            u8::from_str_radix(std::str::from_utf8(pair).expect("hex"), 16).expect("two digits")
        };
        let root: Vec<u8> = text.trim().as_bytes().chunks(2).map(byte).collect();
        let derived = Salt::new(HKDF_SHA256, b"throughline/v1/service").extract(&root);
        let mut key = [0; 32];
        derived.expand(&[label], Length).expect("32 bytes").fill(&mut key).expect("32 bytes");
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).expect("32 bytes"))
    }
}

fn taken<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (head, after) = rest.split_first_chunk().expect("so many bytes");
    *rest = after;
    *head
}

/// Bytes that are in no file by chance.
fn is_telling(bytes: &[u8]) -> bool {
    bytes.len() >= 8 && bytes.iter().collect::<BTreeSet<_>>().len() >= 6
}

#[tokio::test]
async fn what_is_known_of_children_is_nowhere_in_the_folder() {
    let city = City::published().await;
    let mut said: Vec<Vec<u8>> = city.records().into_iter().filter_map(|record| record.fact).collect();
    let sealed = city.sealed_bytes();
    // The beginning of a long one is as telling as the whole.
    let begins = |of: &SealedBytes| city.opened(of.of, &of.place, &of.bytes).into_iter().take(256).collect();
    said.extend(sealed.iter().map(begins));
    let stored: Vec<Vec<u8>> = sealed.iter().map(|of| of.bytes[..24].to_vec()).collect();
    said.retain(|bytes| is_telling(bytes));
    assert!(said.len() > 60, "{}", said.len());
    assert_eq!(found(&city.file(""), &stored), stored.len(), "the search finds what is there");
    assert_eq!(found(&city.file(""), &said), 0);
}
