//! How well the service linked, measured against the truth that only a practice city has.
//!
//! The demo holds the service's folder, so it can compute the same tokens from the city's student numbers.
//! Nobody without the linkage key can.

use crate::cli::Failure;
use crate::identity::{KeyRing, Token, pseudonymize};
use crate::records::{Change, Clear, Kind, OrgId, Submission};
use crate::server::{KeySource, keys};
use crate::store::{ServiceKey, Store};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Pairs of student numbers that are one child, in truth and in the service.
#[derive(Debug, Default)]
pub(super) struct Linkage {
    pub(super) n_subjects: u64,
    pub(super) n_persons: u64,
    n_linked_pairs: u64,
    n_true_pairs: u64,
    n_right_pairs: u64,
}

impl Linkage {
    /// Share of the linked pairs that are one child.
    pub(super) fn precision(&self) -> f64 {
        self.n_right_pairs as f64 / self.n_linked_pairs.max(1) as f64
    }

    /// Share of the pairs that are one child that are linked.
    pub(super) fn recall(&self) -> f64 {
        self.n_right_pairs as f64 / self.n_true_pairs.max(1) as f64
    }
}

/// Compares the service's persons with the truth, over the student numbers that are in both.
pub(super) fn compare(truth: &Path, service: &Path) -> Result<Linkage, Failure> {
    let ring = KeyRing::derive(&keys::roots(&KeySource::File(service.join("keys/linkage.key")))?);
    let key = keys::root("service", &KeySource::File(service.join("keys/service.key")))?;
    let (sources, subjects) = Store::links(&service.join("throughline.db"), &ServiceKey::derive(&key))?;
    let numbers: BTreeMap<String, u32> =
        sources.into_iter().map(|(number, id)| (id.to_string(), number)).collect();
    let linked: HashMap<(u32, Token), u64> =
        subjects.into_iter().map(|row| ((row.source, row.student), row.person.0)).collect();
    // (true person, person in the service) -> student numbers
    let mut both: HashMap<(String, u64), u64> = HashMap::new();
    for row in csv::Reader::from_path(truth)?.into_records() {
        let row = row?;
        let [source, student, person] = [&row[0], &row[1], &row[2]];
        let id =
            OrgId::new(source).map_err(|_| Failure::new("the truth names a source that is not an id"))?;
        let Some(&number) = numbers.get(source) else { continue };
        let Some(token) = token(&ring, &id, student) else { continue };
        if let Some(&linked) = linked.get(&(number, token)) {
            *both.entry((person.to_owned(), linked)).or_default() += 1;
        }
    }
    let (mut in_truth, mut in_service) = (HashMap::<&str, u64>::new(), HashMap::<u64, u64>::new());
    let mut result = Linkage::default();
    for ((person, linked), n) in &both {
        *in_truth.entry(person).or_default() += n;
        *in_service.entry(*linked).or_default() += n;
        result.n_subjects += n;
        result.n_right_pairs += pairs(*n);
    }
    result.n_persons = in_truth.len() as u64;
    result.n_true_pairs = in_truth.values().copied().map(pairs).sum();
    result.n_linked_pairs = in_service.values().copied().map(pairs).sum();
    Ok(result)
}

fn pairs(n: u64) -> u64 {
    n * (n - 1) / 2
}

/// The token the service has for a student number.
fn token(ring: &KeyRing, source: &OrgId, student: &str) -> Option<Token> {
    let submission = Submission {
        key: Clear::from(student),
        student: Some(Clear::from(student)),
        identifiers: None,
        change: Change::Delete(Kind::Person),
    };
    pseudonymize(ring, source, submission).student
}
