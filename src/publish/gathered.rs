//! The facts of all persons, as they are stored: of a state there are tens of millions, and a fact that is read takes several
//! times the memory.

use super::Error;
use crate::outcomes;
use crate::records::{Fact, Kind};
use crate::store::{self, StoredPerson};

/// Facts one behind the other, and whose each is.
pub(super) struct Gathered {
    /// All persons, sorted.
    persons: Vec<StoredPerson>,
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Whose a fact is, what it is, and where, in 16 bytes. Of one person they are ordered by source and kind, then as they came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Position among the persons.
    person: u32,
    source: u16,
    kind: u8,
    /// Where it starts, and in the lowest bits how long it is.
    at: u64,
}

/// Bits of a length: a stored fact has 1,024 bytes at most.
const LEN_BITS: u32 = 11;

impl Place {
    const fn range(self) -> std::ops::Range<usize> {
        let (start, len) = (self.at >> LEN_BITS, self.at & ((1 << LEN_BITS) - 1));
        start as usize..(start + len) as usize
    }
}

/// The facts of one person.
#[derive(Clone, Copy)]
pub(super) struct OfPerson<'g> {
    all: &'g Gathered,
    places: &'g [Place],
}

impl Gathered {
    /// Room for the facts of these persons.
    pub(super) fn new(mut persons: Vec<StoredPerson>) -> Result<Self, Error> {
        persons.sort_unstable();
        persons.dedup();
        u32::try_from(persons.len()).map_err(|_| outcomes::Error::TooMany("persons"))?;
        Ok(Self { persons, bytes: Vec::new(), places: Vec::new() })
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
        if fact.len() >> LEN_BITS > 0 {
            return Err(store::Error::Damaged("a record"));
        }
        let at = (self.bytes.len() as u64) << LEN_BITS | fact.len() as u64;
        self.places.push(Place { person, source, kind: kind as u8, at });
        self.bytes.extend_from_slice(fact);
        Ok(())
    }

    /// Brings the facts of each person together.
    pub(super) fn sort(&mut self) {
        self.places.sort_unstable();
    }

    /// The source that comes first of those that say something of a person.
    pub(super) fn first_source(&self, person: u32) -> Option<u32> {
        let at = self.places.partition_point(|place| place.person < person);
        self.places.get(at).filter(|place| place.person == person).map(|place| place.source.into())
    }

    /// Each person of whom something is said, in the order of their numbers. They are sorted.
    pub(super) fn of_persons(&self) -> impl Iterator<Item = OfPerson<'_>> {
        let same = |left: &Place, right: &Place| left.person == right.person;
        self.places.chunk_by(same).map(|places| OfPerson { all: self, places })
    }

    /// Each fact of a kind, with its person's position and its source.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = Result<(u32, u32, Fact), store::Error>> {
        let of_kind = self.places.iter().filter(move |place| place.kind == kind as u8);
        of_kind.map(|place| Ok((place.person, place.source.into(), self.read(place)?)))
    }

    /// Keeps what `is_kept` says of a person's position and a source.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(u32, u32) -> bool) {
        self.places.retain(|place| is_kept(place.person, place.source.into()));
    }

    fn read(&self, place: &Place) -> Result<Fact, store::Error> {
        Fact::from_stored(&self.bytes[place.range()]).ok_or(store::Error::Damaged("a record"))
    }
}

impl OfPerson<'_> {
    /// The person's number.
    pub(super) fn number(&self) -> u64 {
        let first = self.places.first().map_or(0, |place| place.person as usize);
        self.all.persons[first].0
    }

    /// Whether something of a kind is said.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.places.iter().any(|place| place.kind == kind as u8)
    }

    /// What is said, and by whom.
    pub(super) fn facts(&self) -> Result<Vec<(u32, Fact)>, store::Error> {
        self.places.iter().map(|place| Ok((place.source.into(), self.all.read(place)?))).collect()
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
        assert!(gathered.add(0, 1, Kind::Person, &[1; 2_048]).is_err());
        assert!(gathered.add(0, 70_000, Kind::Person, &[]).is_err());
        gathered.add(0, 1, Kind::Person, &[200, 1]).expect("nobody has read it yet");
        assert!(gathered.of_persons().all(|of| of.facts().is_err()));
    }
}
