//! The facts of all persons, as they are stored: of a state there are tens of millions, and a fact that is read takes several
//! times the memory.

use super::Error;
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
    bytes: Vec<u8>,
    places: Vec<Place>,
}

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
        let part = |persons: &[_]| Part { persons: persons.to_vec(), bytes: Vec::new(), places: Vec::new() };
        Ok(Self { parts: persons.chunks(PERSONS).map(part).collect(), persons })
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
        let too_long = |_| store::Error::Damaged("a record");
        let start = u32::try_from(part.bytes.len()).map_err(too_long)?;
        let len = u16::try_from(fact.len()).map_err(too_long)?;
        part.places.push(Place { person, source, kind: kind as u8, start, len });
        part.bytes.extend_from_slice(fact);
        Ok(())
    }

    /// Brings the facts of each person together.
    pub(super) fn sort(&mut self) {
        parallel::each_mut(&mut self.parts, |part| part.places.sort_unstable());
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

    /// Keeps what `is_kept` says of a person's position and a source.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(u32, u32) -> bool) {
        for (at, part) in self.parts.iter_mut().enumerate() {
            part.places.retain(|place| is_kept(position(at, *place), place.source.into()));
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
    /// Each person of whom something is said, in the order of their numbers. They are sorted.
    pub(super) fn of_persons(&self) -> impl Iterator<Item = OfPerson<'_>> {
        let same = |left: &Place, right: &Place| left.person == right.person;
        self.places.chunk_by(same).map(|places| OfPerson { part: self, places })
    }

    fn read(&self, place: &Place) -> Result<Fact, store::Error> {
        let (start, len) = (place.start as usize, usize::from(place.len));
        Fact::from_stored(&self.bytes[start..start + len]).ok_or(store::Error::Damaged("a record"))
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
mod tests {
    use super::*;
    use crate::records::{AttendanceSummary, Code, Consent, Demographics, OptOut};

    fn summary(days: u32) -> Fact {
        let day = |text: &str| text.parse().expect("a date");
        Fact::AttendanceSummary(AttendanceSummary {
            school: Code::new("N1").expect("a code"),
            from: day("2024-09-03"),
            to: day("2025-06-20"),
            days_enrolled_hundredths: days,
            days_present_hundredths: 0,
            days_absent_hundredths: 0,
        })
    }

    fn gathered(facts: &[(u64, u32, Fact)]) -> Gathered {
        let persons = facts.iter().map(|(person, ..)| StoredPerson(*person)).collect();
        let mut gathered = Gathered::new(persons).expect("few persons");
        for (person, source, fact) in facts {
            let at = gathered.position(StoredPerson(*person)).expect("it is one of them");
            gathered.add(at, *source, fact.kind(), &fact.to_stored()).expect("it fits");
        }
        gathered.sort();
        gathered
    }

    #[test]
    fn each_person_has_its_facts_by_source_and_kind_and_as_they_came() {
        let person = Fact::Person(Demographics::default());
        let gathered = gathered(&[
            (9, 2, summary(300)),
            (4, 1, summary(200)),
            (9, 2, summary(100)),
            (9, 1, summary(500)),
            (9, 2, person.clone()),
        ]);
        let all: Vec<_> =
            gathered.of_persons().map(|of| (of.number(), of.facts().expect("as they were stored"))).collect();
        let of_nine = vec![(1, summary(500)), (2, person), (2, summary(300)), (2, summary(100))];
        assert_eq!(all, [(4, vec![(1, summary(200))]), (9, of_nine)]);
        let kinds: Vec<_> = gathered.of_persons().map(|of| of.has(Kind::Person)).collect();
        assert_eq!(kinds, [false, true]);
    }

    #[test]
    fn persons_of_all_parts_come_in_order() {
        let n = 2 * PERSONS as u64 + 3;
        let facts: Vec<_> = (0..n).rev().map(|person| (3 * person, 1, summary(person as u32))).collect();
        let gathered = gathered(&facts);
        let expected = || (0..n).map(|person| (3 * person, vec![(1, summary(person as u32))]));
        let read = |of: OfPerson<'_>| (of.number(), of.facts().expect("as they were stored"));
        assert!(gathered.of_persons().map(read).eq(expected()));
        assert_eq!(gathered.first_source(n as u32 - 1), Some(1));
        let positions = gathered.of_kind(Kind::AttendanceSummary).map(|of| of.expect("it reads").0);
        assert!(positions.eq(0..n as u32));
        let parts: Vec<Part> = gathered.into_parts().collect();
        assert_eq!(parts.iter().map(|part| part.of_persons().count()).collect::<Vec<_>>(), [1_024, 1_024, 3]);
        assert!(parts.iter().flat_map(Part::of_persons).map(read).eq(expected()));
    }

    #[test]
    fn what_is_left_out_is_gone_and_what_is_of_a_kind_is_found() {
        let (from, until) = ("2024-01-01".parse().expect("a date"), None);
        let consent = Fact::Consent(Consent { from, until });
        let out = Fact::OptOut(OptOut { from, until });
        let mut gathered = gathered(&[(1, 1, summary(1)), (1, 2, consent.clone()), (2, 2, out)]);
        let found: Vec<_> = gathered.of_kind(Kind::Consent).map(|fact| fact.expect("it reads")).collect();
        assert_eq!(found, [(0, 2, consent)]);
        gathered.retain(|_, source| source == 2);
        assert_eq!((gathered.first_source(0), gathered.first_source(1)), (Some(2), Some(2)));
        gathered.retain(|person, _| person == 1);
        assert_eq!((gathered.first_source(0), gathered.first_source(1)), (None, Some(2)));
    }

    #[test]
    fn what_no_store_holds_is_damage() {
        let mut gathered = Gathered::new(vec![StoredPerson(1)]).expect("one person");
        assert!(gathered.add(0, 1, Kind::Person, &[1; 65_536]).is_err());
        assert!(gathered.add(0, 70_000, Kind::Person, &[]).is_err());
        gathered.add(0, 1, Kind::Person, &[200, 1]).expect("nobody has read it yet");
        assert!(gathered.of_persons().all(|of| of.facts().is_err()));
    }
}
