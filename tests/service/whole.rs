//! Whole files: what they no longer have is ended once, in one step, after everything in them is in.

use crate::city::City;
use crate::records::{enrollment, person, roll, school, student};
use crate::vocabulary::{Pushing, Source};
use pb::push_request::Message as Sent;
use pb::push_response::Message as Reply;
use throughline::api::v1 as pb;
use throughline::audit::Decision;
use tonic::{Code, Status};

/// Kinds of the city's records, and the year they are of.
const KINDS: [(pb::Kind, &[u32], bool); 4] = [
    (pb::Kind::Person, &[], true),
    (pb::Kind::School, &[], true),
    (pb::Kind::Enrollment, &[2025], false),
    (pb::Kind::AttendanceSummary, &[2025], false),
];

fn parts() -> Vec<pb::WholePart> {
    let part = |(kind, years, undated): (pb::Kind, &[u32], bool)| pb::WholePart {
        kind: kind.into(),
        school_years: years.to_vec(),
        undated,
    };
    KINDS.into_iter().map(part).collect()
}

/// The keys of these students' records, as files have them.
fn keys(students: std::ops::Range<usize>) -> Vec<pb::FileKeys> {
    let of = |kind: pb::Kind, name: &str| pb::FileKeys {
        kind: kind.into(),
        clear_keys: students.clone().map(|n| format!("{name}-{n}")).collect(),
        ..Default::default()
    };
    vec![
        of(pb::Kind::Person, "person"),
        of(pb::Kind::Enrollment, "enrollment"),
        of(pb::Kind::AttendanceSummary, "attendance"),
        pb::FileKeys {
            kind: pb::Kind::School.into(),
            clear_keys: vec!["school-N1".into()],
            last: true,
            ..Default::default()
        },
    ]
}

impl Source {
    /// Opens a delivery of whole files that have these students.
    async fn open_whole(
        &self,
        delivery: &str,
        students: std::ops::Range<usize>,
    ) -> (Pushing, Vec<(u64, u64)>) {
        let open = pb::OpenDelivery {
            delivery: delivery.into(),
            agreement: "city-outcomes".into(),
            whole: parts(),
            ..Default::default()
        };
        let mut pushing = self.begin(Sent::Open(open)).await.expect("it may");
        let absent = pushing.compare(keys(students)).await;
        self.session.entry(absent.receipt.as_ref()).expect("a good receipt");
        (pushing, absent.kinds.iter().map(|of| (of.held, of.absent)).collect())
    }
}

impl Pushing {
    /// Sends all keys.
    async fn compare(&mut self, mut messages: Vec<pb::FileKeys>) -> pb::Absent {
        let last = messages.pop().expect("keys");
        for message in messages {
            self.tell(Sent::Keys(message)).await;
        }
        match self.ask(Sent::Keys(last)).await.expect("it may") {
            Reply::Absent(absent) => absent,
            _ => panic!("keys are compared"),
        }
    }

    async fn end(&mut self, batch: &str, sequence: u64, at_most: u64) -> Result<pb::Ended, Status> {
        let at_most = KINDS.map(|(kind, ..)| pb::KindCount { kind: kind.into(), records: at_most });
        let end = pb::EndAbsent { batch: batch.into(), sequence, at_most: at_most.to_vec() };
        match self.ask(Sent::End(end)).await? {
            Reply::Ended(ended) => Ok(ended),
            _ => panic!("a delivery is ended"),
        }
    }
}

#[tokio::test]
async fn what_the_files_no_longer_have_is_ended_once_and_on_record() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    city.source("eastbrook").await.push("theirs", roll(0..30)).await.expect("good records");
    source.push("first", roll(0..30)).await.expect("good records");
    let steward = city.steward().await;
    let n_records = steward.n_records().await;
    let (mut pushing, absent) = source.open_whole("second", 0..28).await;
    // Two persons have no other record left; the school is still referred to.
    assert_eq!(absent, [(30, 2), (1, 0), (30, 2), (30, 2)]);
    pushing.batch("second-1", 1, roll(0..28)).await.expect("it may");
    assert_eq!(steward.n_records().await, n_records, "nothing is ended before the end");
    let ended = pushing.end("second-2", 2, 2).await.expect("it may");
    assert_eq!((ended.records, ended.repeated), (6, false));
    let entry = source.session.entry(ended.receipt.as_ref()).expect("a good receipt");
    let step = entry.step.as_ref().map(|step| step.as_str());
    assert_eq!((step, entry.n_deleted, entry.decision), (Some("end"), Some(6), Decision::Allowed));
    assert_eq!(steward.n_records().await, n_records - 6);
    let held = city.state();
    // The same step again ends nothing.
    let (mut pushing, absent) = source.open_whole("second", 0..28).await;
    assert_eq!((pushing.opened.acknowledged_through, absent[0]), (2, (28, 0)));
    let again = pushing.end("second-2", 2, 2).await.expect("it may");
    assert_eq!((again.records, again.repeated), (6, true));
    pushing.finish().await.expect("a clean end");
    assert_eq!(city.state(), held);
    assert_eq!(source.acknowledged_through("second").await, 2);
    // Nor does it end a newer record: after another delivery, this one has to be sent anew before it is ended.
    source.push("third", vec![person(40), enrollment(40)]).await.expect("good records");
    let (mut pushing, absent) = source.open_whole("second", 0..28).await;
    assert_eq!((pushing.opened.acknowledged_through, absent[0]), (0, (29, 1)));
    let status = pushing.end("second-2", 2, 2).await.expect_err("its batches are missing");
    assert_eq!(
        (status.code(), status.message()),
        (Code::FailedPrecondition, "the delivery goes on with batch 1")
    );
    assert_eq!(city.state().len(), held.len() + 3, "two records and a subject");
    // Who comes back is there again.
    assert_eq!(steward.n_records().await, n_records - 4);
    source.push("fourth", roll(28..30)).await.expect("good records");
    assert_eq!(steward.n_records().await, n_records + 2);
}

#[tokio::test]
async fn nothing_is_ended_before_every_batch_is_in_or_beyond_what_may_be() {
    let mut city = City::open().await;
    let source = city.source("northfield").await;
    source.push("first", roll(0..30)).await.expect("good records");
    let held = city.state();
    let (mut pushing, _) = source.open_whole("second", 0..28).await;
    let status = pushing.end("second-3", 3, 2).await.expect_err("two batches are missing");
    assert_eq!(status.code(), Code::FailedPrecondition);
    // Cut off after the first of two batches.
    let (mut pushing, _) = source.open_whole("second", 0..28).await;
    pushing.batch("second-1", 1, roll(0..14)).await.expect("it may");
    drop(pushing);
    assert_eq!(city.state(), held);
    let (mut pushing, _) = source.open_whole("second", 0..28).await;
    assert_eq!(pushing.opened.acknowledged_through, 1);
    let status = pushing.end("second-3", 3, 2).await.expect_err("a batch is missing");
    assert_eq!(status.message(), "the delivery goes on with batch 2");
    let (mut pushing, _) = source.open_whole("second", 0..28).await;
    pushing.batch("second-2", 2, roll(14..28)).await.expect("it may");
    let status = pushing.end("second-3", 3, 1).await.expect_err("two of a kind are missing");
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(
        status.message(),
        "2 of 30 person records are not in the files, and at most 1 may be ended: nothing is ended"
    );
    assert_eq!(city.state(), held);
    let rules = city.log();
    let rules: Vec<_> = rules.iter().filter(|entry| entry.decision == Decision::Refused).collect();
    let rules: Vec<_> = rules.iter().map(|entry| entry.rule.as_str()).collect();
    assert_eq!(rules, ["batch.out_of_order", "batch.out_of_order", "push.too_many_absent"]);
    // Killed between the last batch and the end.
    city.kill();
    city.restart();
    let source = city.source("northfield").await;
    let (mut pushing, _) = source.open_whole("second", 0..28).await;
    assert_eq!(pushing.opened.acknowledged_through, 2);
    pushing.end("second-3", 3, 2).await.expect("now it may");
    assert_eq!(city.records().iter().filter(|record| record.fact.is_none()).count(), 6);
}

#[tokio::test]
async fn persons_and_schools_that_other_records_refer_to_stay() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    let mut last_year = enrollment(1);
    if let Some(pb::record::Fact::Enrollment(enrollment)) = &mut last_year.fact {
        (enrollment.school_year, enrollment.entry) = (2024, "2023-09-04".into());
        enrollment.school = "N9".into();
    }
    last_year.key = Some(pb::record::Key::ClearKey("enrollment-of-2024".into()));
    let mut closed = school();
    if let Some(pb::record::Fact::School(school)) = &mut closed.fact {
        (school.code, school.name) = ("N9".into(), "Closed".into());
    }
    closed.key = Some(pb::record::Key::ClearKey("school-N9".into()));
    source.push("first", roll(0..3)).await.expect("good records");
    source.push("before", vec![last_year, closed]).await.expect("good records");
    let (_, absent) = source.open_whole("second", 2..3).await;
    // Student 1 was there the year before, at a school that has closed since; of student 0 nothing is left.
    // An enrollment of the year before is none that the files are about, and makes no room for others.
    assert_eq!(absent, [(3, 1), (2, 0), (3, 2), (3, 2)]);
}

#[tokio::test]
async fn a_student_with_a_row_that_has_no_key_loses_nothing() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    source.push("first", roll(0..10)).await.expect("good records");
    let open = pb::OpenDelivery {
        delivery: "second".into(),
        agreement: "city-outcomes".into(),
        whole: parts(),
        ..Default::default()
    };
    let mut pushing = source.begin(Sent::Open(open)).await.expect("it may");
    let mut messages = keys(0..8);
    let (kind, clear_students) = (pb::Kind::Enrollment.into(), vec![student(8)]);
    messages.insert(0, pb::FileKeys { kind, clear_students, ..Default::default() });
    let absent = pushing.compare(messages).await;
    let absent: Vec<_> = absent.kinds.iter().map(|of| of.absent).collect();
    // Students 8 and 9 have left the files, but of 8 an enrollment may be there, and so the person is.
    assert_eq!(absent, [1, 0, 1, 2]);
}

#[tokio::test]
async fn keys_come_once_and_only_for_what_can_be_ended() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    let whole = |kind: pb::Kind| pb::OpenDelivery {
        delivery: "nightly".into(),
        agreement: "city-outcomes".into(),
        whole: vec![pb::WholePart { kind: kind.into(), school_years: vec![2025], undated: false }],
        ..Default::default()
    };
    for kind in [pb::Kind::OptOut, pb::Kind::Program, pb::Kind::Unspecified] {
        let status = source.begin(Sent::Open(whole(kind))).await.expect_err("it is not ended so");
        assert_eq!(status.code(), Code::InvalidArgument);
    }
    let mut pushing = source.open("nightly").await.expect("it may");
    let last = pb::FileKeys { last: true, ..Default::default() };
    let status = pushing.ask(Sent::Keys(last.clone())).await.expect_err("the files are not whole");
    assert_eq!(status.code(), Code::InvalidArgument);
    let mut pushing = source.begin(Sent::Open(whole(pb::Kind::Enrollment))).await.expect("it may");
    let status = pushing.end("nightly-1", 1, 9).await.expect_err("there were no keys");
    assert_eq!(status.code(), Code::InvalidArgument);
    let mut pushing = source.begin(Sent::Open(whole(pb::Kind::Enrollment))).await.expect("it may");
    pushing.compare(vec![last.clone()]).await;
    let status = pushing.ask(Sent::Keys(last)).await.expect_err("twice");
    assert_eq!(status.code(), Code::InvalidArgument);
}
