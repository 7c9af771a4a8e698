//! What a source sends: a verdict for every record, and the same thing again changes nothing.

use crate::city::City;
use crate::records::{about, attendance, delete, identifiers, person, plain, roll, school, student};
use crate::vocabulary::Source;
use pb::Outcome::{Changed, Deleted, New, Refused, Unchanged};
use pb::record::Fact;
use throughline::api::v1 as pb;
use throughline::audit::{Decision, Receipt};
use throughline::client::channel;
use throughline::server::peer::Role;
use throughline::store::Outcome;
use tonic::Code;
use tonic_types::StatusExt;

pub(crate) fn outcomes(verdict: &pb::BatchVerdict) -> Vec<pb::Outcome> {
    verdict.outcomes().collect()
}

#[tokio::test]
async fn every_record_gets_a_verdict_and_a_bad_one_takes_no_other_with_it() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    let mut pushing = source.open("nightly").await.expect("it may");
    let edited = |n: usize, edit: fn(&mut pb::Person)| {
        let mut record = person(n);
        if let Some(Fact::Person(person)) = &mut record.fact {
            edit(person);
        }
        record
    };
    let records = vec![
        person(1),
        edited(2, |person| person.sex = "Q".into()),
        edited(3, |person| {
            let birth_date = "2014-02-30".into();
            let identifiers = pb::Identifiers { birth_date, ..identifiers(3) };
            person.identity = Some(pb::person::Identity::Identifiers(identifiers));
        }),
        about(
            &student(4),
            "diploma-4",
            Fact::Diploma(pb::Diploma { r#type: "regular".into(), date: "2025-06-20".into() }),
        ),
        pb::Record { key: None, ..person(5) },
        pb::Record { fact: None, ..person(6) },
        person(7),
        person(1),
    ];
    let verdict = pushing.batch("one", 1, records).await.expect("it may");
    assert_eq!(outcomes(&verdict), [New, Refused, Refused, Refused, Refused, Refused, New, Unchanged]);
    let said: Vec<_> = verdict
        .violations
        .iter()
        .map(|said| (said.record, said.field.as_str(), said.code.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (1, "person.sex", "outside_vocabulary"),
            (2, "person.identifiers.birth_date", "not_a_date"),
            (3, "fact", "not_permitted"),
            (4, "key", "missing"),
            (5, "fact", "missing"),
        ]
    );
    let entry = source.session.entry(verdict.receipt.as_ref()).expect("a good receipt");
    assert_eq!(
        (entry.n_records, entry.n_new, entry.n_unchanged, entry.n_refused),
        (Some(8), Some(2), Some(1), Some(5))
    );
    pushing.finish().await.expect("a clean end");
    assert_eq!(city.steward().await.n_records().await, 2, "what was refused is not there");
}

#[tokio::test]
async fn the_same_batch_again_is_acknowledged_again_and_changes_nothing() {
    let city = City::open().await;
    let (source, steward) = (city.source("northfield").await, city.steward().await);
    let mut pushing = source.open("nightly").await.expect("it may");
    let first = pushing.batch("one", 1, roll(0..60)).await.expect("it may");
    pushing.finish().await.expect("a clean end");
    let (held, edition) = (city.state(), steward.publish().await.expect("an edition"));
    let mut pushing = source.open("nightly").await.expect("it may");
    assert_eq!(pushing.opened.acknowledged_through, 1);
    let again = pushing.batch("one", 1, roll(0..60)).await.expect("it may");
    assert_eq!((first.repeated, again.repeated), (false, true));
    assert_eq!((again.outcomes, again.violations), (first.outcomes, first.violations));
    let index = |receipt: &Option<Receipt>| receipt.as_ref().map(Receipt::index);
    assert!(index(&again.receipt) > index(&first.receipt), "the repeat is an entry of its own");
    let entry = source.session.entry(again.receipt.as_ref()).expect("a good receipt");
    assert_eq!(entry.batch.map(|batch| batch.to_string()), Some("one".into()));
    assert_eq!(city.state(), held);
    let next = steward.publish().await.expect("an edition");
    assert_eq!((next.digest, next.persons), (edition.digest, edition.persons));
}

#[tokio::test]
async fn a_known_batch_with_other_content_ends_the_stream() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    let mut pushing = source.open("nightly").await.expect("it may");
    pushing.batch("one", 1, vec![person(1)]).await.expect("it may");
    let held = city.state();
    let status = pushing.batch("one", 1, vec![person(2)]).await.expect_err("other content");
    assert_eq!(status.code(), Code::AlreadyExists);
    assert_eq!(city.state(), held);
    let log = city.log();
    let last = log.last().expect("an entry");
    assert_eq!((last.decision, last.rule.as_str()), (Decision::Refused, "batch.conflict"));
    // The same id at another place in the delivery is another batch too.
    let mut pushing = source.open("nightly").await.expect("it may");
    let status = pushing.batch("one", 2, vec![person(1)]).await.expect_err("another place");
    assert_eq!(status.code(), Code::AlreadyExists);
    assert_eq!(city.state(), held);
}

#[tokio::test]
async fn a_gap_in_the_sequence_is_not_jumped() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    for (batch, sequence) in [("two", 2), ("nine", 9)] {
        let mut pushing = source.open("nightly").await.expect("it may");
        let status = pushing.batch(batch, sequence, vec![person(1)]).await.expect_err("a gap");
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(status.message(), "the delivery goes on with batch 1");
    }
    let mut pushing = source.open("nightly").await.expect("it may");
    pushing.batch("one", 1, vec![person(1)]).await.expect("no gap");
    assert_eq!(source.acknowledged_through("nightly").await, 1);
    assert_eq!(
        city.source("eastbrook").await.acknowledged_through("nightly").await,
        0,
        "another's is unknown"
    );
}

#[tokio::test]
async fn a_cut_delivery_goes_on_to_the_state_of_an_uncut_one() {
    let mut whole = City::open().await;
    whole.kill();
    let mut cut = whole.copy();
    whole.restart();
    cut.restart();
    // The same keys: equal records make equal tokens, so the two can be compared byte by byte.
    let batches: Vec<Vec<pb::Record>> = roll(0..40).chunks(10).map(<[_]>::to_vec).collect();
    let source = whole.source("northfield").await;
    let mut pushing = source.open("nightly").await.expect("it may");
    for (sequence, batch) in (1..).zip(&batches) {
        pushing.batch(&format!("b-{sequence}"), sequence, batch.clone()).await.expect("it may");
    }
    pushing.finish().await.expect("a clean end");
    let mut n_connections = 0;
    loop {
        // A new connection each time; it is dropped after three acknowledgements with more on the way.
        let source = cut.source("northfield").await;
        n_connections += 1;
        // Batches that were on the way when the connection went may still go in, until the stream has ended.
        let known = source.acknowledged_through("nightly").await;
        if known == batches.len() as u64 {
            break;
        }
        let mut pushing = source.open("nightly").await.expect("it may");
        let through = pushing.opened.acknowledged_through;
        assert!(through >= known);
        let rest = (1..).zip(&batches).skip(through as usize);
        let sent: Vec<_> = rest.take(5).collect();
        for (sequence, batch) in &sent {
            pushing.send(&format!("b-{sequence}"), *sequence, (*batch).clone()).await;
        }
        for (sequence, _) in sent.iter().take(3) {
            assert_eq!(pushing.verdict().await.expect("it may").sequence, *sequence);
        }
    }
    assert!(n_connections >= 3, "it was cut");
    assert_eq!(cut.state(), whole.state());
    let digests = [
        whole.steward().await.publish().await.expect("an edition").digest,
        cut.steward().await.publish().await.expect("an edition").digest,
    ];
    assert_eq!(digests[0], digests[1]);
}

#[tokio::test]
async fn a_delivery_that_is_cut_at_each_of_a_thousand_batches_comes_to_the_same() {
    const BATCHES: u64 = 1_000;
    let mut whole = City::open().await;
    whole.kill();
    let mut cut = whole.copy();
    whole.restart();
    cut.restart();
    // A school, and three records of each student.
    let records = roll(0..333);
    assert_eq!(records.len() as u64, BATCHES);
    let batch =
        |sequence: u64| (format!("b-{sequence}"), sequence, vec![records[sequence as usize - 1].clone()]);
    let source = whole.source("northfield").await;
    let mut pushing = source.open("nightly").await.expect("it may");
    for sequence in 1..=BATCHES {
        let (name, sequence, records) = batch(sequence);
        pushing.batch(&name, sequence, records).await.expect("it may");
    }
    pushing.finish().await.expect("a clean end");
    let (mut through, mut is_heard, mut n_unheard) = (0, true, 0);
    while through < BATCHES {
        let source = cut.source("northfield").await;
        let mut pushing = source.open("nightly").await.expect("it may");
        let known = pushing.opened.acknowledged_through;
        // One whose answer nobody heard is in or is not; one that was acknowledged is.
        assert!(known == through || (!is_heard && known == through + 1), "{known} after {through}");
        through = known;
        if through == BATCHES {
            break;
        }
        let (name, sequence, records) = batch(through + 1);
        pushing.send(&name, sequence, records).await;
        // Every other time the connection goes with the batch on its way. Then it may still go in while the next one begins.
        let may_be_there = !is_heard;
        is_heard = !is_heard || sequence % 2 == 0;
        if is_heard {
            let verdict = pushing.verdict().await.expect("it may");
            assert_eq!(verdict.sequence, sequence);
            assert!(may_be_there || !verdict.repeated, "{sequence}");
            through = sequence;
        } else {
            n_unheard += 1;
        }
    }
    assert!(n_unheard > BATCHES / 4, "{n_unheard}");
    assert_eq!(cut.state(), whole.state());
}

#[tokio::test]
async fn a_record_is_changed_withdrawn_and_sent_anew() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    let mut pushing = source.open("nightly").await.expect("it may");
    let kind = pb::Kind::AttendanceSummary;
    let gone = || delete(&student(1), "attendance-1", kind);
    let steps = [
        (attendance(1, 5), New, 1),
        (attendance(1, 9), Changed, 1),
        (attendance(1, 9), Unchanged, 1),
        (gone(), Deleted, 0),
        (gone(), Deleted, 0),
        (attendance(1, 9), New, 1),
    ];
    let steward = city.steward().await;
    for (sequence, (record, outcome, n_held)) in (1..).zip(steps) {
        let verdict = pushing.batch(&format!("b-{sequence}"), sequence, vec![record]).await.expect("it may");
        assert_eq!(outcomes(&verdict), [outcome], "step {sequence}");
        assert_eq!(steward.n_records().await, n_held, "step {sequence}");
    }
    // A changed name is a change, although the rest of the record is as it was.
    let mut renamed = person(1);
    if let Some(Fact::Person(person)) = &mut renamed.fact {
        person.identity = Some(pb::person::Identity::Identifiers(identifiers(2)));
    }
    let verdict = pushing.batch("b-7", 7, vec![person(1), renamed]).await.expect("it may");
    assert_eq!(outcomes(&verdict), [New, Changed]);
}

#[tokio::test]
async fn a_local_number_is_a_student_of_its_own_source_only() {
    let city = City::open().await;
    for (source, n) in [("northfield", 1), ("eastbrook", 2)] {
        // Both call their student the same; they are different children.
        let mut record = person(n);
        record.student = person(0).student;
        record.key = person(0).key;
        let source = city.source(source).await;
        source.push("nightly", vec![record]).await.expect("good records");
    }
    let status = city.steward().await.status().await;
    assert_eq!((status.persons, status.sources.len()), (2, 2));
    // Withdrawing one leaves the other.
    let source = city.source("northfield").await;
    let pushed = source.push("withdrawn", vec![delete(&student(0), "person-0", pb::Kind::Person)]).await;
    assert_eq!(pushed.expect("good records").count(Outcome::Deleted), 1);
    let left: Vec<_> =
        city.steward().await.status().await.sources.into_iter().map(|left| left.source).collect();
    assert_eq!(left, ["eastbrook"]);
}

#[tokio::test]
async fn a_batch_or_message_that_is_too_large_is_refused_and_on_record() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    let mut pushing = source.open("nightly").await.expect("it may");
    let status = pushing.batch("one", 1, vec![school(); 5_001]).await.expect_err("too many records");
    assert_eq!(status.code(), Code::ResourceExhausted);
    let mut pushing = source.open("nightly").await.expect("it may");
    let huge = pb::School { name: "N".repeat(17 << 20), ..pb::School::default() };
    let huge = vec![plain("school", Fact::School(huge))];
    let status = pushing.batch("one", 1, huge).await.expect_err("too many bytes");
    assert_eq!(status.code(), Code::ResourceExhausted);
    let mut pushing = source.open("nightly").await.expect("it may");
    let status = pushing.batch("one", 1, Vec::new()).await.expect_err("nothing in it");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(source.acknowledged_through("nightly").await, 0);
    let log = city.log();
    let refused = log.iter().filter(|entry| entry.decision == Decision::Refused);
    let rules: Vec<_> = refused.map(|entry| entry.rule.as_str()).collect();
    assert_eq!(rules, ["push.too_large", "push.too_large", "push.malformed"]);
    pushing = source.open("nightly").await.expect("it may");
    pushing.batch("one", 1, vec![school(); 5_000]).await.expect("just not too many");
}

#[tokio::test]
async fn a_push_that_does_not_begin_as_one_is_refused_and_on_record() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    let batch = pb::Batch { batch: "one".into(), sequence: 1, records: vec![school()] };
    let status = source.begin(pb::push_request::Message::Batch(batch)).await.expect_err("not opened");
    assert_eq!(status.code(), Code::InvalidArgument);
    let open = pb::OpenDelivery { delivery: "Alma Quill".into(), ..Default::default() };
    let status = source.begin(pb::push_request::Message::Open(open)).await.expect_err("not codes");
    let fields = status.get_details_bad_request().expect("fields").field_violations;
    let fields: Vec<_> = fields.iter().map(|wrong| wrong.field.as_str()).collect();
    assert_eq!((status.code(), fields), (Code::InvalidArgument, vec!["open.delivery", "open.agreement"]));
    // A message that is not one of the interface at all.
    let channel = channel::connect(city.options("northfield", Role::Contributor)).await.expect("it may");
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.expect("connected");
    let codec: tonic_prost::ProstCodec<pb::GetDeliveryResponse, pb::PushResponse> = Default::default();
    let wrong = pb::GetDeliveryResponse { acknowledged_through: 7, outcomes: Vec::new() };
    let path = http::uri::PathAndQuery::from_static("/exchange.v1.IngestService/Push");
    let request = tonic::Request::new(tokio_stream::once(wrong));
    let status = client.streaming(request, path, codec).await.expect_err("not a message of a push");
    assert_eq!(status.code(), Code::InvalidArgument);
    let log = city.log();
    let refused = log.iter().filter(|entry| entry.decision == Decision::Refused);
    let rules: Vec<_> = refused.map(|entry| entry.rule.as_str()).collect();
    assert_eq!(rules, ["push.not_opened", "push.malformed", "push.malformed"]);
}

#[tokio::test]
async fn a_source_that_is_no_party_sends_nothing() {
    let city = City::open().await;
    let steward = city.steward().await;
    steward.register("stranger", "contributor", pb::Standing::Active).await.expect("the steward may");
    let stranger: Source = city.source("stranger").await;
    let status = stranger.open("nightly").await.expect_err("no party");
    assert_eq!(status.code(), Code::PermissionDenied);
    let log = city.log();
    let last = log.last().expect("an entry");
    assert_eq!((last.decision, last.rule.as_str()), (Decision::Refused, "agreement.party"));
}

#[tokio::test]
async fn the_same_delivery_twice_at_once_is_counted_once() {
    let city = City::open().await;
    let (one, two) = (city.source("northfield").await, city.source("northfield").await);
    let pushed = tokio::join!(one.push("nightly", roll(0..80)), two.push("nightly", roll(0..80)));
    let (one, two) = (pushed.0.expect("good records"), pushed.1.expect("good records"));
    // Each hears the same verdicts, or that they were given before it began.
    assert_eq!(one.count(Outcome::New) + one.resumed, 241);
    assert_eq!(two.count(Outcome::New) + two.resumed, 241);
    let status = city.steward().await.status().await;
    assert_eq!(status.sources.iter().map(|source| source.records).sum::<u64>(), 241);
    assert_eq!(status.persons, 80);
}
