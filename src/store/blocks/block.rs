//! The bytes of a block.
//!
//! How many records there are (two bytes, little-endian); of each the key, which of the others there are, the student, and the
//! number of the set it is held under; then all that they say, each after its length, sealed. Numbers but the first are varints.

use super::super::vault::Column;
use super::super::{Error, ServiceKey};
use super::{HAS_FACT, HAS_HOLDING, HAS_STUDENT, Place, Row, take};
use prost::encoding::{decode_varint, encode_varint, encoded_len_varint};

/// Bytes of the number of records.
const COUNT: usize = 2;
/// Bytes that sealing adds.
const SEALING: usize = 28;

/// A block as it is stored.
#[derive(Clone, Copy)]
pub(in crate::store) struct Block<'b> {
    pub(in crate::store) source: u32,
    pub(in crate::store) kind: u8,
    pub(super) first: &'b [u8],
    pub(super) bytes: &'b [u8],
}

/// What is in the clear of a record.
#[derive(Clone, Copy)]
pub(in crate::store) struct Head {
    pub(in crate::store) key: [u8; 16],
    pub(in crate::store) student: Option<[u8; 16]>,
    pub(in crate::store) holding: Option<i64>,
    /// Whether it is no tombstone.
    pub(in crate::store) stands: bool,
}

/// A record of a block that is opened, or of one that waits for its block.
#[derive(Clone, Copy)]
pub(in crate::store) struct Entry<'b> {
    pub(in crate::store) head: Head,
    /// Nothing in a tombstone.
    pub(in crate::store) fact: &'b [u8],
}

fn damaged() -> Error {
    Error::Damaged("a block of records")
}

impl Head {
    fn read(rest: &mut &[u8]) -> Option<Self> {
        let key = take(rest)?;
        let [has] = take(rest)?;
        let student = if has & HAS_STUDENT != 0 { Some(take(rest)?) } else { None };
        let holding =
            if has & HAS_HOLDING != 0 { Some(decode_varint(rest).ok()?.cast_signed()) } else { None };
        Some(Self { key, student, holding, stands: has & HAS_FACT != 0 })
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        let Self { key, student, holding, stands } = self;
        bytes.extend(key);
        let has = [(student.is_some(), HAS_STUDENT), (*stands, HAS_FACT), (holding.is_some(), HAS_HOLDING)];
        bytes.push(has.iter().filter(|(has, _)| *has).map(|(_, flag)| flag).sum());
        bytes.extend(student.iter().flatten());
        holding.iter().for_each(|set| encode_varint(set.cast_unsigned(), bytes));
    }
}

impl<'b> Entry<'b> {
    /// What a row says, in its place.
    pub(in crate::store) fn of(place: &Place, Row { student, fact, holding }: &'b Row) -> Self {
        let head = Head { key: place.key, student: *student, holding: *holding, stands: fact.is_some() };
        Self { head, fact: fact.as_deref().unwrap_or_default() }
    }

    /// What it says, by itself.
    pub(in crate::store) fn row(&self) -> Row {
        let Head { student, holding, stands, .. } = self.head;
        Row { student, fact: stands.then(|| self.fact.into()), holding }
    }

    /// The record that bytes begin with, as [`Entry::write`] wrote it.
    pub(in crate::store) fn read(rest: &mut &'b [u8]) -> Option<Self> {
        let head = Head::read(rest)?;
        Some(Self { head, fact: fact(&head, rest)? })
    }

    /// Appends all of it to bytes, in the clear.
    pub(in crate::store) fn write(&self, bytes: &mut Vec<u8>) {
        self.head.write(bytes);
        self.write_fact(bytes);
    }

    fn write_fact(&self, bytes: &mut Vec<u8>) {
        if self.head.stands {
            encode_varint(self.fact.len() as u64, bytes);
            bytes.extend(self.fact);
        }
    }

    /// The bytes it takes.
    pub(in crate::store) fn len(&self) -> usize {
        let Head { key, student, holding, stands } = &self.head;
        let numbers = holding.map_or(0, |set| encoded_len_varint(set.cast_unsigned()))
            + if *stands { encoded_len_varint(self.fact.len() as u64) } else { 0 };
        key.len() + 1 + student.map_or(0, |student| student.len()) + numbers + self.fact.len()
    }
}

impl<'b> Block<'b> {
    /// Its records, as far as they are in the clear, and how many bytes that is: the rest is sealed.
    fn read(&self) -> Result<(Vec<Head>, usize), Error> {
        let (count, mut rest) = self.bytes.split_first_chunk::<COUNT>().ok_or_else(damaged)?;
        let heads = (0..u16::from_le_bytes(*count)).map(|_| Head::read(&mut rest).ok_or_else(damaged));
        let heads = heads.collect::<Result<_, _>>()?;
        Ok((heads, self.bytes.len() - rest.len()))
    }

    /// Its records, as far as they are in the clear. Nobody has looked whether they are as they were written.
    pub(in crate::store) fn heads(&self) -> Result<Vec<Head>, Error> {
        Ok(self.read()?.0)
    }

    /// Where a record of it belongs.
    pub(in crate::store) const fn place(&self, head: &Head) -> Place {
        Place { source: self.source, kind: self.kind, key: head.key }
    }

    /// Opens it, and hands each record with what it says to `visit`; of a tombstone that is nothing.
    pub(in crate::store) fn each(
        &self,
        key: &ServiceKey,
        mut visit: impl FnMut(&Head, Option<&[u8]>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (heads, facts) = self.open(key)?;
        for entry in entries(&heads, &facts)? {
            visit(&entry.head, entry.head.stands.then_some(entry.fact))?;
        }
        Ok(())
    }

    /// Its records, and all that they say.
    pub(super) fn open(&self, key: &ServiceKey) -> Result<(Vec<Head>, Vec<u8>), Error> {
        let (heads, n_clear) = self.read()?;
        let (clear, sealed) = self.bytes.split_at(n_clear);
        let place = bound_to(self.source, self.kind, self.first, clear);
        let facts = key.open_at(Column::Record, &place, sealed.to_vec())?;
        Ok((heads, facts))
    }
}

/// Each record with what it says.
pub(super) fn entries<'b>(heads: &[Head], facts: &'b [u8]) -> Result<Vec<Entry<'b>>, Error> {
    let mut rest = facts;
    let entry = |head: &Head| Some(Entry { head: *head, fact: fact(head, &mut rest)? });
    let entries = heads.iter().map(entry).collect::<Option<_>>().ok_or_else(damaged)?;
    if rest.is_empty() { Ok(entries) } else { Err(damaged()) }
}

/// What a record says, which bytes begin with.
fn fact<'b>(head: &Head, rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = if head.stands { decode_varint(rest).ok()? } else { 0 };
    let (fact, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(fact)
}

/// The bytes of a block with these records, which are sorted.
pub(super) fn sealed(
    key: &ServiceKey,
    (source, kind, first): (u32, u8, &[u8]),
    entries: &[Entry<'_>],
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(COUNT + SEALING + entries.iter().map(Entry::len).sum::<usize>());
    let count = u16::try_from(entries.len()).map_err(|_| damaged())?;
    bytes.extend(count.to_le_bytes());
    entries.iter().for_each(|entry| entry.head.write(&mut bytes));
    let mut facts = Vec::with_capacity(entries.iter().map(|entry| 2 + entry.fact.len()).sum());
    entries.iter().for_each(|entry| entry.write_fact(&mut facts));
    bytes.extend(key.seal_at(Column::Record, &bound_to(source, kind, first, &bytes), &facts)?);
    Ok(bytes)
}

/// Sorted records in pieces of which each makes a block of so many bytes at most, and of about as many as the others.
pub(super) fn pieces<'e, 'b>(entries: &'e [Entry<'b>], most: usize) -> impl Iterator<Item = &'e [Entry<'b>]> {
    let most = most - COUNT - SEALING;
    let all: usize = entries.iter().map(Entry::len).sum();
    let enough = all.div_ceil(all.div_ceil(most).max(1));
    let mut rest = entries;
    std::iter::from_fn(move || {
        let mut length = 0;
        let fits = |entry: &&Entry<'_>| {
            let fits = length == 0 || length < enough && length + entry.len() <= most;
            length += entry.len();
            fits
        };
        let n = rest.iter().take_while(fits).count();
        let (piece, after) = rest.split_at(n);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// What the seal of a block is bound to.
fn bound_to(source: u32, kind: u8, first: &[u8], clear: &[u8]) -> Vec<u8> {
    [&source.to_le_bytes()[..], &[kind, first.len() as u8], first, clear].concat()
}
