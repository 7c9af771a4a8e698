//! A dry run: the verdicts of a push, and nothing of it stored.

use crate::city::{City, Setup};
use crate::intake::outcomes;
use crate::records::{about, attendance, delete, enrollment, identifiers, person, roll, school, student};
use crate::vocabulary::{Pushing, Source};
use pb::Outcome::{Changed, Deleted, New, Refused, Unchanged};
use pb::record::Fact;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use throughline::api::v1 as pb;
use tonic::Code;

impl Source {
    pub(crate) async fn rehearse(&self, delivery: &str) -> Pushing {
        let agreement = "city-outcomes".into();
        let open =
            pb::OpenDelivery { delivery: delivery.into(), agreement, dry_run: true, ..Default::default() };
        let pushing = self.begin(pb::push_request::Message::Open(open)).await.expect("it may");
        assert!(pushing.opened.dry_run);
        pushing
    }
}

/// Everything but the access log, which has an entry of each answer.
fn stored(city: &City) -> Vec<String> {
    const ALL: &str = "SELECT 'batch ' || id || sequence || hex(verdict) AS line FROM batch
        UNION ALL SELECT 'key ' || hex(id) || state FROM linkage_key
        UNION ALL SELECT 'source ' || id || coalesce(source, 'none') FROM organization
        UNION ALL SELECT 'subject ' || number || hex(row) FROM subject
        UNION ALL SELECT 'encoding ' || number || hex(encoding) FROM encoding ORDER BY line";
    let mut all = city.rows(ALL, |row| row.get(0));
    all.extend(city.records().iter().map(|record| format!("record {:?} {:?}", record.key, record.fact)));
    all
}

fn renamed(n: usize) -> pb::Record {
    let mut record = person(n);
    if let Some(Fact::Person(person)) = &mut record.fact {
        person.identity = Some(pb::person::Identity::Identifiers(identifiers(n + 500)));
    }
    record
}

#[tokio::test]
async fn it_says_what_a_push_would_make_and_stores_nothing() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    let diploma = pb::Diploma { r#type: "regular".into(), date: "2025-06-20".into() };
    let records = vec![
        person(1),
        attendance(1, 9),
        attendance(2, 5),
        renamed(2),
        person(30),
        person(30),
        renamed(30),
        delete(&student(3), "attendance-3", pb::Kind::AttendanceSummary),
        attendance(3, 5),
        about(&student(4), "diploma-4", Fact::Diploma(diploma)),
        pb::Record { key: None, ..person(5) },
    ];
    // The very first that the service hears of the source: nobody has a number, and no key is begun.
    let before = stored(&city);
    let mut pushing = source.rehearse("nightly").await;
    let verdict = pushing.batch("one", 1, roll(0..3)).await.expect("it may");
    assert!(outcomes(&verdict).iter().all(|outcome| *outcome == New));
    pushing.finish().await.expect("a clean end");
    assert_eq!(stored(&city), before);

    source.push("nightly", roll(0..20)).await.expect("good records");
    let (before, n_entries) = (stored(&city), city.log().len());
    let mut pushing = source.rehearse("next").await;
    let rehearsed = pushing.batch("next-1", 1, records.clone()).await.expect("it may");
    let expected =
        [Unchanged, Changed, Unchanged, Changed, New, Unchanged, Changed, Deleted, New, Refused, Refused];
    assert_eq!(outcomes(&rehearsed), expected);
    pushing.finish().await.expect("a clean end");
    assert_eq!(stored(&city), before);
    assert_eq!(source.acknowledged_through("next").await, 0);

    let log = city.log();
    let entry = &log[n_entries + 1];
    assert_eq!(entry.step.as_ref().map(|step| step.as_str()), Some("dry_run"));
    let numbers = (entry.n_new, entry.n_changed, entry.n_unchanged, entry.n_deleted, entry.n_refused);
    assert_eq!(numbers, (Some(2), Some(3), Some(3), Some(1), Some(2)));

    let mut pushing = source.open("next").await.expect("it may");
    let pushed = pushing.batch("next-1", 1, records).await.expect("it may");
    assert_eq!((pushed.outcomes, pushed.violations), (rehearsed.outcomes, rehearsed.violations));
    assert!(!pushed.repeated);
}

#[tokio::test]
async fn a_push_after_it_has_the_same_verdicts_whatever_is_sent() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    let mut random = ChaCha8Rng::seed_from_u64(2_718);
    let mut below = move |n: u32| (random.next_u32() % n) as usize;
    for round in 0..12 {
        let batches: Vec<Vec<pb::Record>> = (0..3)
            .map(|_| {
                let one = |_| {
                    let n = below(9);
                    match below(7) {
                        0 => person(n),
                        1 => renamed(n),
                        2 => enrollment(n),
                        3 => school(),
                        4 => attendance(n, below(2) as u32 * 10),
                        5 => delete(&student(n), &format!("attendance-{n}"), pb::Kind::AttendanceSummary),
                        _ => delete(&student(n), &format!("person-{n}"), pb::Kind::Person),
                    }
                };
                (0..10).map(one).collect()
            })
            .collect();
        let delivery = format!("round-{round}");
        let mut verdicts = [Vec::new(), Vec::new()];
        let before = stored(&city);
        for (at, said) in verdicts.iter_mut().enumerate() {
            let mut pushing = match at {
                0 => source.rehearse(&delivery).await,
                _ => source.open(&delivery).await.expect("it may"),
            };
            for (sequence, batch) in (1..).zip(&batches) {
                let id = format!("{delivery}-{sequence}");
                said.push(pushing.batch(&id, sequence, batch.clone()).await.expect("it may").outcomes);
            }
            pushing.finish().await.expect("a clean end");
            assert_eq!(stored(&city) == before, at == 0, "round {round}");
        }
        assert_eq!(verdicts[0], verdicts[1], "round {round}");
    }
}

#[tokio::test]
async fn it_is_in_order_and_ends_nothing() {
    let city = City::open_with(Setup::default()).await;
    let source = city.source("northfield").await;
    let mut pushing = source.rehearse("nightly").await;
    let status = pushing.batch("two", 2, vec![person(1)]).await.expect_err("a gap");
    assert_eq!(status.code(), Code::FailedPrecondition);
    let mut pushing = source.rehearse("nightly").await;
    let end = pb::EndAbsent { batch: "end".into(), sequence: 1, at_most: Vec::new() };
    let status = pushing.ask(pb::push_request::Message::End(end)).await.expect_err("a dry run");
    assert_eq!(status.code(), Code::InvalidArgument);
}
