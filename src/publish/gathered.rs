//! The facts of all persons, as they are stored: of a state there are tens of millions, and a fact that is read takes several
//! times the memory.

use super::Error;
use crate::chunked::Chunked;
use crate::outcomes;
use crate::parallel;
use crate::records::{Fact, Kind};
use crate::store::{self, StoredPerson};

/// Facts of persons, by the part of these that they are in.
pub(super) struct Gathered {
    /// All persons, sorted.
    persons: Vec<StoredPerson>,
    parts: Vec<Part>,
}

/// Persons of a part. One list of all facts was copied each time it was full, and for as long there were two of it; parts are
/// also let go one by one.
const PERSONS: usize = 1_024;

/// Some persons, and their facts one behind the other.
pub(super) struct Part {
    persons: Vec<StoredPerson>,
    pages: Vec<Vec<u8>>,
    /// Where facts are that have come since the others were sorted.
    came: Chunked<Place>,
    places: Vec<Place>,
}

/// Bytes of a page, on which every fact finds room. What grows in one piece is copied each time it is full, and a third of it
/// is empty: of a state that was 300 MB.
const PAGE: usize = 1 << 16;

/// Whose a fact is, what it is, and where, in 12 bytes. Of one person they are ordered by source and kind, then as they came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Position among the persons of the part.
    person: u16,
    source: u16,
    kind: u8,
    start: u32,
    len: u16,
}

/// The facts of one person.
#[derive(Clone, Copy)]
pub(super) struct OfPerson<'g> {
    part: &'g Part,
    places: &'g [Place],
}

impl Gathered {
    /// Room for the facts of these persons.
    pub(super) fn new(mut persons: Vec<StoredPerson>) -> Result<Self, Error> {
        persons.sort_unstable();
        persons.dedup();
        u32::try_from(persons.len()).map_err(|_| outcomes::Error::TooMany("persons"))?;
        Ok(Self { parts: persons.chunks(PERSONS).map(Part::new).collect(), persons })
    }

    /// The position of a person, by which facts are added.
    pub(super) fn position(&self, person: StoredPerson) -> Option<u32> {
        self.persons.binary_search(&person).ok().and_then(|at| u32::try_from(at).ok())
    }

    /// Adds what a source says of a person, as it is stored.
    pub(super) fn add(
        &mut self,
        person: u32,
        source: u32,
        kind: Kind,
        fact: &[u8],
    ) -> Result<(), store::Error> {
        let source = u16::try_from(source).map_err(|_| store::Error::Damaged("a source"))?;
        let (part, person) = in_part(person);
        let part = &mut self.parts[part];
        let (start, len) = part.write(fact).ok_or(store::Error::Damaged("a record"))?;
        part.came.push(Place { person, source, kind: kind as u8, start, len });
        Ok(())
    }

    /// Brings the facts of each person together.
    pub(super) fn sort(&mut self) {
        parallel::each_mut(&mut self.parts, Part::sort);
    }

    /// The source that comes first of those that say something of a person.
    pub(super) fn first_source(&self, person: u32) -> Option<u32> {
        let (part, person) = in_part(person);
        let places = &self.parts[part].places;
        let at = places.partition_point(|place| place.person < person);
        places.get(at).filter(|place| place.person == person).map(|place| place.source.into())
    }

    /// Each person of whom something is said, in the order of their numbers. They are sorted.
    pub(super) fn of_persons(&self) -> impl Iterator<Item = OfPerson<'_>> {
        self.parts.iter().flat_map(Part::of_persons)
    }

    /// Each position of a person with each source that says something of it. They are sorted.
    pub(super) fn said_by(&self) -> impl Iterator<Item = (u32, u32)> {
        self.parts.iter().enumerate().flat_map(|(part, of)| {
            let same =
                |left: &Place, right: &Place| (left.person, left.source) == (right.person, right.source);
            of.places.chunk_by(same).map(move |of| (position(part, of[0]), of[0].source.into()))
        })
    }

    /// The same part by part, as some persons in order.
    pub(super) fn into_parts(self) -> impl Iterator<Item = Part> {
        self.parts.into_iter()
    }

    /// Each fact of a kind, with its person's position and its source.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = Result<(u32, u32, Fact), store::Error>> {
        self.parts.iter().enumerate().flat_map(move |(at, part)| {
            let of_kind = part.places.iter().filter(move |place| place.kind == kind as u8);
            of_kind.map(move |place| Ok((position(at, *place), place.source.into(), part.read(place)?)))
        })
    }

    /// Keeps what `is_kept` says of a person's position and a source, and all facts of a kind.
    pub(super) fn retain(&mut self, always: Kind, mut is_kept: impl FnMut(u32, u32) -> bool) {
        for (at, part) in self.parts.iter_mut().enumerate() {
            part.places.retain(|place| {
                is_kept(position(at, *place), place.source.into()) || place.kind == always as u8
            });
        }
    }
}

/// The part that a person is in, and the position there.
const fn in_part(person: u32) -> (usize, u16) {
    (person as usize / PERSONS, (person as usize % PERSONS) as u16)
}

/// The position among all persons of the one that a place in a part is of.
fn position(part: usize, place: Place) -> u32 {
    (part * PERSONS) as u32 + u32::from(place.person)
}

impl Part {
    fn new(persons: &[StoredPerson]) -> Self {
        Self { persons: persons.to_vec(), pages: Vec::new(), came: Chunked::default(), places: Vec::new() }
    }

    /// Writes a fact down, and says where. None has more than 65,535 bytes, nor the facts of a part four gigabytes.
    fn write(&mut self, fact: &[u8]) -> Option<(u32, u16)> {
        let len = u16::try_from(fact.len()).ok()?;
        if self.pages.last().is_none_or(|page| page.len() + fact.len() > PAGE) {
            self.pages.push(Vec::with_capacity(PAGE));
        }
        let n_before = self.pages.len() - 1;
        let page = self.pages.last_mut()?;
        let start = u32::try_from(n_before * PAGE + page.len()).ok()?;
        page.extend_from_slice(fact);
        Some((start, len))
    }

    fn sort(&mut self) {
        let came = std::mem::take(&mut self.came);
        let mut places = Vec::with_capacity(self.places.len() + came.len());
        places.extend(self.places.iter().chain(came.iter()));
        places.sort_unstable();
        self.places = places;
    }

    /// Each person of whom something is said, in the order of their numbers. They are sorted.
    pub(super) fn of_persons(&self) -> impl Iterator<Item = OfPerson<'_>> {
        let same = |left: &Place, right: &Place| left.person == right.person;
        self.places.chunk_by(same).map(|places| OfPerson { part: self, places })
    }

    fn read(&self, place: &Place) -> Result<Fact, store::Error> {
        let (start, len) = (place.start as usize % PAGE, usize::from(place.len));
        let page = &self.pages[place.start as usize / PAGE];
        Fact::from_stored(&page[start..start + len]).ok_or(store::Error::Damaged("a record"))
    }
}

impl OfPerson<'_> {
    /// The person's number.
    pub(super) fn number(&self) -> u64 {
        let first = self.places.first().map_or(0, |place| usize::from(place.person));
        self.part.persons[first].0
    }

    /// Whether something of a kind is said.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.places.iter().any(|place| place.kind == kind as u8)
    }

    /// What is said, and by whom.
    pub(super) fn facts(&self) -> Result<Vec<(u32, Fact)>, store::Error> {
        self.places.iter().map(|place| Ok((place.source.into(), self.part.read(place)?))).collect()
    }
}

#[cfg(test)]
mod tests;
