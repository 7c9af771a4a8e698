//! Whole files: what the service holds of a source and its files do not have is ended, when the source asks for it.
//!
//! Files are whole about the kinds and school years that a source names. It sends the keys of everything in them, also
//! of rows that were refused: such a row is wrong, not absent. What is then absent is withdrawn in one step after the
//! last batch, which is acknowledged like a batch and never repeated.
//!
//! Some records outlive the file they came in, and are not ended: a person or a school as long as another record of the
//! source refers to it (who has left school is still counted in the years before), programs, because records of other
//! sources refer to them, and opt-outs, because a truncated file must not count somebody who does not want it.

use super::{Error, permit};
use crate::audit::{Call, Entry, Receipt};
use crate::calendar::SchoolYear;
use crate::identity::{KeyId, Token};
use crate::records::{Code, Fact, Kind, OrgId};
use crate::store::{self, BatchRow, Outcome, Sent, ServiceKey, Snapshot, Store, Tx, Verdict};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// Which records of a kind files are whole about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// Those of these school years.
    pub years: BTreeSet<SchoolYear>,
    /// Those of no school year.
    pub undated: bool,
}

/// Keys of records of a kind that files have, and students of whom they have a row without a key that can be read.
#[derive(Debug)]
pub struct Named {
    /// The kind.
    pub kind: Kind,
    /// The keys.
    pub keys: Vec<Token>,
    /// The students.
    pub students: Vec<Token>,
}

/// What files are whole about, and the keys of what is in them.
#[derive(Debug, Default)]
pub struct Whole {
    parts: BTreeMap<Kind, Part>,
    keys: HashSet<Token>,
    /// Students whose records of a kind may all be in the files.
    students: HashSet<(Kind, Token)>,
}

/// Keys of a delivery at most, so that their memory has a bound (about 150 MB).
const KEYS_MAX: usize = 4_000_000;

/// Of a kind, what a source has and what of it its files do not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// The kind.
    pub kind: Kind,
    /// Records that stand, of the school years that the files are about.
    pub n_held: u64,
    /// Of these, records that would be ended.
    pub n_absent: u64,
}

/// The end of a delivery of whole files.
pub struct Ending {
    /// The client's id of the delivery.
    pub delivery: String,
    /// The client's id of this step, as of a batch.
    pub batch: String,
    /// Its position in the delivery: after the last batch.
    pub sequence: u64,
    /// The linkage keys that the client encodes with.
    pub linkage_keys: Vec<KeyId>,
    /// Records that may be ended at most, by kind; none of other kinds.
    pub at_most: BTreeMap<Kind, u64>,
}

impl Whole {
    /// Files that are whole about these parts.
    #[must_use]
    pub fn new(parts: BTreeMap<Kind, Part>) -> Self {
        Self { parts, ..Self::default() }
    }

    /// Takes keys in, and students of whom a row could not be read to its key.
    ///
    /// # Errors
    ///
    /// [`Error::TooMany`] when there are more than 4,000,000.
    pub fn add(&mut self, named: Named) -> Result<(), Error> {
        self.keys.extend(named.keys);
        self.students.extend(named.students.into_iter().map(|student| (named.kind, student)));
        if self.keys.len() + self.students.len() > KEYS_MAX { Err(Error::TooMany) } else { Ok(()) }
    }

    /// Whether the files would have a record, if there were one.
    fn is_about(&self, fact: &Fact) -> bool {
        self.parts.get(&fact.kind()).is_some_and(|part| match school_year(fact) {
            Some(year) => part.years.contains(&year),
            None => part.undated,
        })
    }

    /// Whether the files do not have a record that they are about.
    fn is_without(&self, key: &Token, student: Option<Token>, fact: &Fact) -> bool {
        let is_unreadable = student.is_some_and(|student| self.students.contains(&(fact.kind(), student)));
        !is_unreadable && !self.keys.contains(key)
    }

    /// A keyed digest of parts and keys, the same for the same files.
    fn digest(&self, key: &ServiceKey) -> [u8; 32] {
        let mut context = key.digest();
        for (kind, part) in &self.parts {
            context.update(&[*kind as u8, u8::from(part.undated)]);
            context.update(&(part.years.len() as u64).to_be_bytes());
            part.years.iter().for_each(|year| context.update(&year.ending().to_be_bytes()));
        }
        let mut keys: Vec<_> = self.keys.iter().collect();
        keys.sort_unstable();
        keys.into_iter().for_each(|key| context.update(key.as_bytes()));
        let mut students: Vec<_> = self.students.iter().collect();
        students.sort_unstable();
        for (kind, student) in students {
            context.update(&[*kind as u8]);
            context.update(student.as_bytes());
        }
        context.sign().as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")
    }
}

/// Says how many records are absent, and puts on record that it did. Nothing is changed.
///
/// # Errors
///
/// [`Error`]; [`Error::Refused`] when no agreement in force lets the source send.
pub async fn compare(
    store: &Store,
    source: OrgId,
    agreement: String,
    delivery: String,
    whole: Arc<Whole>,
    call: Call,
) -> Result<(Vec<Absence>, Receipt), Error> {
    // Whoever reads holds up no push; only the entry waits for the writer.
    let look = move |snapshot: &Snapshot<'_>| -> Result<(Vec<Absence>, Entry), Error> {
        let permit = permit(snapshot, &source, &agreement, &call)?;
        let absences = Absent::of(snapshot, snapshot.source(&source)?, &whole)?.counts(&whole);
        let n = |of: fn(&Absence) -> u64| absences.iter().map(of).sum();
        let entry = call.compared(&permit, &delivery, n(|of| of.n_held), n(|of| of.n_absent));
        Ok((absences, entry))
    };
    let (absences, entry) = store.read(look).await?;
    let logged = store.transaction("ingest.compare", move |tx| tx.log(&entry).map_err(Error::from)).await?;
    let ((), receipt) = logged.with_receipt().ok_or(store::Error::Damaged("no log entry"))?;
    Ok((absences, receipt))
}

/// Records that a delivery has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How many, by kind; empty when this was known.
    pub kinds: BTreeMap<Kind, u64>,
    /// How many in all.
    pub n_ended: u64,
    /// Whether it was known and nothing changed.
    pub repeated: bool,
}

/// Withdraws what is absent, in one step that is on record, after all batches of the delivery.
///
/// # Errors
///
/// [`Error::OutOfOrder`] when batches are missing, [`Error::TooManyAbsent`] when more is absent than may be ended, and
/// the others of a batch; nothing is changed then.
pub async fn end(
    store: &Store,
    source: OrgId,
    agreement: String,
    ending: Ending,
    whole: Arc<Whole>,
    call: Call,
) -> Result<(Ended, Receipt), Error> {
    let digest = whole.digest(store.key());
    let steps = move |tx: &mut Tx<'_>| {
        let permit = permit(tx, &source, &agreement, &call)?;
        let number = tx.source_number(&source)?;
        let newest = tx.linkage_keys()?.newest_of(&ending.linkage_keys);
        let sent = Sent { newest, agreement: &permit.reference() };
        if let Some(known) = tx.batch(number, &ending.batch, sent)? {
            let is_same = known.delivery == ending.delivery && known.sequence == ending.sequence;
            if !is_same || known.digest != digest {
                return Err(Error::Conflict);
            }
            let n_ended = known.verdict.count(Outcome::Deleted);
            tx.log(&call.ended(&permit, &ending.batch, n_ended))?;
            return Ok(Ended { kinds: BTreeMap::new(), n_ended, repeated: true });
        }
        let expected = tx.acknowledged_through(number, &ending.delivery, sent)? + 1;
        if ending.sequence != expected {
            return Err(Error::OutOfOrder { expected });
        }
        let absent = Absent::of(tx, Some(number), &whole)?;
        let mut kinds = BTreeMap::new();
        for Absence { kind, n_held, n_absent } in absent.counts(&whole) {
            let at_most = ending.at_most.get(&kind).copied().unwrap_or(0);
            if n_absent > at_most {
                return Err(Error::TooManyAbsent { kind, n_held, n_absent, at_most });
            }
            kinds.insert(kind, n_absent);
        }
        for (kind, key) in &absent.records {
            tx.withdraw_record(number, *kind, *key)?;
        }
        let n_ended = absent.records.len() as u64;
        let verdict =
            Verdict { outcomes: vec![Outcome::Deleted; absent.records.len()], violations: Vec::new() };
        let row = BatchRow {
            source: number,
            id: &ending.batch,
            delivery: &ending.delivery,
            sequence: ending.sequence,
            digest,
            verdict: &verdict,
            sent,
        };
        tx.put_batch(&row, call.time)?;
        tx.log(&call.ended(&permit, &ending.batch, n_ended))?;
        Ok(Ended { kinds, n_ended, repeated: false })
    };
    let committed = store.transaction("ingest.end", steps).await?;
    Ok(committed.with_receipt().ok_or(store::Error::Damaged("no log entry"))?)
}

/// The records of a source that its files do not have.
#[derive(Default)]
struct Absent {
    n_held: BTreeMap<Kind, u64>,
    records: Vec<(Kind, Token)>,
}

impl Absent {
    fn of(snapshot: &Snapshot<'_>, source: Option<u32>, whole: &Whole) -> Result<Self, store::Error> {
        let mut absent = Self::default();
        let Some(source) = source else { return Ok(absent) };
        let (mut persons, mut schools) = (Vec::new(), Vec::new());
        let (mut students, mut codes): (HashSet<Token>, HashSet<Code>) = Default::default();
        snapshot.each_record_of(source, |key, record| {
            let kind = record.fact.kind();
            // What the files are not about is no part of the share that may be ended: years that nobody sent again would
            // make room for half of one that was.
            let is_about = whole.is_about(&record.fact);
            *absent.n_held.entry(kind).or_default() += u64::from(is_about);
            let is_absent = is_about && whole.is_without(&key, record.student, &record.fact);
            match (record.fact, record.student) {
                (Fact::Person(_), Some(student)) if is_absent => persons.push((key, student)),
                (Fact::School(school), _) if is_absent => schools.push((key, school.code)),
                (Fact::Person(_) | Fact::School(_), _) => {}
                _ if is_absent => absent.records.push((kind, key)),
                (fact, student) => {
                    students.extend(student);
                    codes.extend(school(&fact).filter(|code| !codes.contains(*code)).cloned());
                }
            }
        })?;
        persons.retain(|(_, student)| !students.contains(student));
        schools.retain(|(_, code)| !codes.contains(code));
        absent.records.extend(persons.into_iter().map(|(key, _)| (Kind::Person, key)));
        absent.records.extend(schools.into_iter().map(|(key, _)| (Kind::School, key)));
        Ok(absent)
    }

    /// For each kind that the files are whole about.
    fn counts(&self, whole: &Whole) -> Vec<Absence> {
        let count = |&kind: &Kind| Absence {
            kind,
            n_held: self.n_held.get(&kind).copied().unwrap_or(0),
            n_absent: self.records.iter().filter(|(of, _)| *of == kind).count() as u64,
        };
        whole.parts.keys().map(count).collect()
    }
}

/// Whether records of a kind can be ended because whole files do not have them.
#[must_use]
pub const fn is_ended_by_absence(kind: Kind) -> bool {
    !matches!(kind, Kind::Program | Kind::OptOut)
}

/// The school year a record is of: the one it says, or that of its first day. Schools and programs are of none.
#[must_use]
pub fn school_year(fact: &Fact) -> Option<SchoolYear> {
    let first_day = match fact {
        Fact::Person(fact) => return fact.school_year,
        Fact::Enrollment(fact) => return Some(fact.school_year),
        Fact::School(_) | Fact::Program(_) => return None,
        Fact::AttendanceSummary(fact) => fact.from,
        Fact::AttendanceEvent(fact) => fact.date,
        Fact::Assessment(fact) => fact.date,
        Fact::Discipline(fact) => fact.date,
        Fact::Diploma(fact) => fact.date,
        Fact::Postsecondary(fact) => fact.begin,
        Fact::Eligibility(fact) => fact.begin,
        Fact::Participation(fact) => fact.begin,
        Fact::Dosage(fact) => fact.date,
        Fact::OptOut(fact) => fact.from,
        Fact::Consent(fact) => fact.from,
        Fact::Status(fact) => fact.begin,
        Fact::Course(fact) => return Some(fact.school_year),
        Fact::SchoolDay(fact) => fact.date,
    };
    Some(first_day.school_year())
}

/// The school that a record refers to.
fn school(fact: &Fact) -> Option<&Code> {
    match fact {
        Fact::Enrollment(fact) => Some(&fact.school),
        Fact::AttendanceSummary(fact) => Some(&fact.school),
        Fact::AttendanceEvent(fact) => Some(&fact.school),
        Fact::Discipline(fact) => fact.school.as_ref(),
        Fact::SchoolDay(fact) => Some(&fact.school),
        Fact::Person(_)
        | Fact::School(_)
        | Fact::Assessment(_)
        | Fact::Diploma(_)
        | Fact::Postsecondary(_)
        | Fact::Program(_)
        | Fact::Eligibility(_)
        | Fact::Participation(_)
        | Fact::Dosage(_)
        | Fact::OptOut(_)
        | Fact::Consent(_)
        | Fact::Status(_)
        | Fact::Course(_) => None,
    }
}
