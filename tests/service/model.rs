//! A small model of the service and the service itself, driven together by a seeded generator: after every
//! step they agree.

use crate::city::City;
use crate::records::{attendance, delete, person, student};
use crate::vocabulary::{Pushing, question};
use pb::Outcome::{Changed, Deleted, New, Unchanged};
use pb::record::Fact;
use prost::Message;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;
use throughline::api::v1 as pb;

const SOURCES: [&str; 2] = ["northfield", "eastbrook"];
const STEPS: usize = 80;

/// What a source holds: for each kind and student, the variant of the record that stands.
type Held = BTreeMap<(&'static str, usize), u32>;

/// A source of the model, and its delivery that is under way.
#[derive(Default)]
struct Source {
    held: Held,
    n_batches: u64,
    last: Option<(Vec<pb::Record>, Vec<pb::Outcome>)>,
}

impl Source {
    /// A random record, and what must become of it.
    fn record(&mut self, random: &mut ChaCha8Rng) -> (pb::Record, pb::Outcome) {
        let (n, variant) = (below(random, 15), below(random, 3) as u32);
        let (kind, record) = match below(random, 5) {
            0 | 1 => ("person", of_zone(n, variant)),
            2 | 3 => ("attendance_summary", attendance(n, variant * 20)),
            _ => {
                self.held.remove(&("attendance_summary", n));
                let kind = pb::Kind::AttendanceSummary;
                return (delete(&student(n), &format!("attendance-{n}"), kind), Deleted);
            }
        };
        let outcome = match self.held.insert((kind, n), variant) {
            None => New,
            Some(before) if before == variant => Unchanged,
            Some(_) => Changed,
        };
        (record, outcome)
    }
}

/// A student who has moved within the city.
fn of_zone(n: usize, variant: u32) -> pb::Record {
    let mut record = person(n);
    if let Some(Fact::Person(person)) = &mut record.fact {
        person.zone = format!("Z{variant}");
    }
    record
}

fn below(random: &mut ChaCha8Rng, n: u32) -> usize {
    (random.next_u32() % n) as usize
}

#[tokio::test]
async fn the_service_and_its_model_agree_after_every_step() {
    let mut city = City::open().await;
    let mut random = ChaCha8Rng::seed_from_u64(314);
    let mut sources = SOURCES.map(|_| Source::default());
    let mut answers: Vec<Vec<u8>> = Vec::new();
    let mut n_entries = city.log().len();
    for step in 0..STEPS {
        // The first edition has somebody in it.
        let nothing_held = sources.iter().all(|source| source.held.is_empty());
        let at = below(&mut random, 2);
        let (name, source) = (SOURCES[at], &mut sources[at]);
        n_entries += match if nothing_held { 0 } else { below(&mut random, 8) } {
            0..=3 => {
                let n = 1 + below(&mut random, 8);
                let (records, expected): (Vec<_>, Vec<_>) =
                    (0..n).map(|_| source.record(&mut random)).unzip();
                source.n_batches += 1;
                let verdict = push(&city, name, source.n_batches, records.clone()).await;
                assert_eq!(
                    (verdict.outcomes().collect(), verdict.repeated),
                    (expected.clone(), false),
                    "step {step}"
                );
                source.last = Some((records, expected));
                2
            }
            4 => match &source.last {
                Some((records, expected)) => {
                    let verdict = push(&city, name, source.n_batches, records.clone()).await;
                    assert_eq!(&verdict.outcomes().collect::<Vec<_>>(), expected, "step {step}");
                    assert!(verdict.repeated, "step {step}");
                    2
                }
                None => 0,
            },
            5 => {
                city.restart();
                0
            }
            6 => {
                let report = city.steward().await.publish().await.expect("an edition");
                assert_eq!(report.edition as usize, answers.len() + 1, "step {step}");
                answers.push(ask(&city, report.edition).await);
                // Each begins with an entry of its own.
                4
            }
            _ if answers.is_empty() => 0,
            _ => {
                let edition = below(&mut random, answers.len() as u32);
                assert_eq!(ask(&city, edition as u32 + 1).await, answers[edition], "step {step}");
                2
            }
        };
        assert_eq!(city.log().len(), n_entries, "step {step}");
        let held: Vec<_> =
            sources.iter().zip(SOURCES).flat_map(|(source, name)| counts(name, &source.held)).collect();
        let mut found = city.steward().await.status().await.sources;
        found
            .sort_by_key(|found| (SOURCES.iter().position(|name| *name == found.source), found.kind.clone()));
        let found: Vec<_> =
            found.into_iter().map(|found| (found.source, found.kind, found.records)).collect();
        assert_eq!(found, held, "step {step}");
        n_entries += 1;
    }
    assert!(answers.len() > 3, "there were editions");
    city.export("exported");
    assert!(city.verifies("exported"));
}

/// Records of each kind, in the order of the kinds' names.
fn counts(name: &str, held: &Held) -> Vec<(String, String, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    held.keys().for_each(|(kind, _)| *counts.entry(kind).or_default() += 1);
    counts.into_iter().map(|(kind, n)| (name.to_owned(), kind.to_owned(), n)).collect()
}

async fn push(city: &City, name: &str, sequence: u64, records: Vec<pb::Record>) -> pb::BatchVerdict {
    let mut pushing: Pushing = city.source(name).await.open("always").await.expect("it may");
    let verdict = pushing.batch(&format!("b-{sequence}"), sequence, records).await.expect("it may");
    pushing.finish().await.expect("a clean end");
    verdict
}

async fn ask(city: &City, edition: u32) -> Vec<u8> {
    let question = pb::QueryRequest { edition, ..question() };
    let (table, _) = city.partner().await.query(question).await.expect("an agreement covers it");
    table.encode_to_vec()
}
