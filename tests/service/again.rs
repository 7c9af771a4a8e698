//! What was sent before and is sent again: as it was, after something else, under another agreement, with another wish.

use crate::city::City;
use crate::intake::outcomes;
use crate::papers::AGREEMENT;
use crate::records::{about, identifiers, person, roll, student};
use pb::Outcome::{New, Refused, Unchanged};
use throughline::api::v1 as pb;
use throughline::records::{Fact, StatusKind};
use tonic::Code;

impl City {
    /// How many records of a kind stand.
    fn n_standing(&self, kind: u8) -> usize {
        self.facts(kind).len()
    }
}

const PERSON: u8 = 0;

#[tokio::test]
async fn files_as_they_were_before_a_mistake_undo_it() {
    let city = City::open().await;
    let (right, wrong) = (0..200, 0..204);
    city.files(right.clone(), |_| false);
    assert_eq!(city.as_source(&["push", "files", "--whole"]).code, Some(0));
    let again = city.as_source(&["push", "files", "--whole", "--json"]).json();
    assert_eq!((&again["records"], &again["resumed"]), (&0.into(), &401.into()), "nothing has changed");

    city.files(wrong, |_| false);
    assert_eq!(city.as_source(&["push", "files", "--whole"]).code, Some(0));
    assert_eq!(city.n_standing(PERSON), 204);
    city.files(right, |_| false);
    let pushed = city.as_source(&["push", "files", "--whole", "--json"]);
    assert_eq!(pushed.code, Some(0), "{}", pushed.errors);
    let pushed = pushed.json();
    assert_eq!((&pushed["outcomes"]["unchanged"], &pushed["ended"]["person"]), (&401.into(), &4.into()));
    assert_eq!(city.n_standing(PERSON), 200);
}

#[tokio::test]
async fn records_that_are_too_few_are_not_acknowledged_as_all() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    let persons = |n: usize| (0..n).map(person).collect::<Vec<_>>();
    // The files were cut off, or grew, between the reading that announced their records and the one that sends them.
    for n_read in [55, 61] {
        let error = source.push_of(60, "nightly", persons(n_read)).await.expect_err("not what was announced");
        assert_eq!(error.to_string(), "the files changed while they were sent: push them again");
        assert_eq!(source.acknowledged_through("nightly").await, 1, "a batch that is whole stays");
    }
    let pushed = source.push("nightly", persons(60)).await.expect("good records");
    assert_eq!((pushed.resumed, city.n_standing(PERSON)), (50, 60));
}

#[tokio::test]
async fn other_files_under_the_name_of_earlier_ones_are_not_taken_for_sent() {
    let city = City::open().await;
    let push = || city.as_source(&["push", "files", "--delivery", "nightly", "--json"]).json();
    city.files(0..100, |_| false);
    assert_eq!(push()["outcomes"]["new"], 201);
    let again = push();
    assert_eq!((&again["records"], &again["resumed"]), (&0.into(), &201.into()));
    city.files(0..110, |_| false);
    assert_eq!(push()["outcomes"]["new"], 20);
    assert_eq!(city.n_standing(PERSON), 110);
    let named = city.rows("SELECT DISTINCT delivery FROM batch", |row| row.get::<_, String>(0));
    assert!(named.len() == 2 && named.iter().all(|id| id.starts_with("nightly-")), "{named:?}");
}

#[tokio::test]
async fn a_value_that_was_corrected_and_corrected_back_is_what_was_sent_last() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    let sex = |sex: &str| {
        let mut record = person(1);
        if let Some(pb::record::Fact::Person(person)) = &mut record.fact {
            person.sex = sex.into();
        }
        vec![record]
    };
    for (delivery, said) in [("a", "F"), ("b", "M"), ("a", "F")] {
        let pushed = source.push(delivery, sex(said)).await.expect("a good record");
        assert_eq!(pushed.outcomes.values().sum::<u64>(), 1, "{delivery}");
        let kept = city.facts(PERSON);
        let Some(Fact::Person(kept)) = Fact::from_stored(&kept[0]) else { panic!("a person") };
        assert_eq!(kept.sex.map(|sex| sex.code()), Some(said));
    }
    // A delivery that is cut off goes on as long as nothing else was sent.
    let mut pushing = source.open("c").await.expect("it may");
    pushing.batch("c-1", 1, sex("M")).await.expect("it may");
    assert_eq!(source.open("c").await.expect("it may").opened.acknowledged_through, 1);
    source.push("d", sex("F")).await.expect("a good record");
    assert_eq!(source.acknowledged_through("c").await, 0);
    assert_eq!(source.open("c").await.expect("it may").opened.acknowledged_through, 0);
}

#[tokio::test]
async fn another_version_of_the_agreement_takes_the_same_files_again() {
    let city = City::open().await;
    let (source, steward) = (city.source("northfield").await, city.steward().await);
    let record = || {
        let who = Some(pb::person::Identity::Identifiers(identifiers(1)));
        let (birth_month, homeless) = ("2011-05".into(), Some(true));
        let person = pb::Person { identity: who, birth_month, homeless, ..pb::Person::default() };
        vec![about(&student(1), "p", pb::record::Fact::Person(person))]
    };
    let kept = || {
        let kept = city.facts(PERSON);
        match Fact::from_stored(&kept[0]) {
            Some(Fact::Person(person)) => (person.birth_month.is_some(), person.homeless.is_some()),
            _ => panic!("a person"),
        }
    };
    source.push("nightly", record()).await.expect("a good record");
    assert_eq!(kept(), (false, true));
    let second = AGREEMENT.replace("version = 1", "version = 2");
    let terms = "\n[terms]\nelements = [\"person.birth_month\"]\n";
    steward.agreement(&(second + terms)).await.expect("a good agreement");
    let pushed = source.push("nightly", record()).await.expect("a good record");
    assert_eq!(pushed.outcomes.values().sum::<u64>(), 1, "it is taken again");
    assert_eq!(kept(), (true, false), "what is agreed now is what is there");
    assert_eq!(source.acknowledged_through("nightly").await, 1);
}

#[tokio::test]
async fn a_status_that_is_no_longer_agreed_on_is_withdrawn() {
    let city = City::open().await;
    let (source, steward) = (city.source("northfield").await, city.steward().await);
    let agreed = |version: u32, kinds: &str, elements: &str| {
        let text = AGREEMENT.replace("version = 1", &format!("version = {version}"));
        let text = text.replace("\"attendance_summary\"]", &format!("\"attendance_summary\"{kinds}]"));
        format!("{text}\n[terms]\nelements = [\"person.foster\"{elements}]\n")
    };
    let status = |key: &str, status: &str| {
        let (status, begin) = (status.into(), "2024-10-01".into());
        let status = pb::Status { status, begin, ..pb::Status::default() };
        about(&student(1), key, pb::record::Fact::Status(status))
    };
    let records = || vec![person(1), status("s", "foster"), status("t", "homeless")];
    let standing = || {
        let stored = city.facts(14);
        let status = |bytes: &Vec<u8>| match Fact::from_stored(bytes) {
            Some(Fact::Status(status)) => status.status,
            _ => panic!("a status"),
        };
        stored.iter().map(status).collect::<Vec<_>>()
    };
    let both = agreed(2, ", \"status\"", ", \"person.homeless\"");
    steward.agreement(&both).await.expect("a good agreement");
    source.push("nightly", records()).await.expect("good records");
    assert_eq!(standing(), [StatusKind::Homeless, StatusKind::Foster]);

    steward.agreement(&agreed(3, ", \"status\"", "")).await.expect("a good agreement");
    // Under a key that was withdrawn there is nothing: a dry run knows it as a push does.
    let mut again = records();
    again.push(status("t", "foster"));
    let mut pushing = source.rehearse("dry").await;
    let rehearsed = pushing.batch("dry-1", 1, again.clone()).await.expect("it may");
    assert_eq!(outcomes(&rehearsed), [Unchanged, Unchanged, Refused, New]);
    pushing.finish().await.expect("a clean end");
    assert_eq!(standing(), [StatusKind::Homeless, StatusKind::Foster], "a dry run changes nothing");
    let pushed = source.push("nightly", records()).await.expect("good records");
    let refused: Vec<_> =
        pushed.refused.iter().map(|(_, of)| (of.field.as_str(), of.code.as_str())).collect();
    assert_eq!(refused, [("status.status", "not_permitted")]);
    assert_eq!(standing(), [StatusKind::Foster], "what is agreed now is what is there");
    let mut pushing = source.open("next").await.expect("it may");
    let verdict = pushing.batch("next-1", 1, again).await.expect("it may");
    assert_eq!(outcomes(&verdict), [Unchanged, Unchanged, Refused, New]);
    pushing.finish().await.expect("a clean end");

    // Where records of the kind are no longer agreed on, either, it is refused for that, and withdrawn all the same.
    steward.agreement(&agreed(4, ", \"status\"", ", \"person.homeless\"")).await.expect("a good agreement");
    source.push("nightly", records()).await.expect("good records");
    assert_eq!(standing(), [StatusKind::Homeless, StatusKind::Foster]);
    steward.agreement(&agreed(5, "", "")).await.expect("a good agreement");
    let pushed = source.push("nightly", records()).await.expect("good records");
    assert!(pushed.refused.iter().all(|(_, of)| of.field == "fact") && pushed.refused.len() == 2);
    assert_eq!(standing(), [StatusKind::Foster], "an element that is kept is no reason to withdraw anything");
}

#[tokio::test]
async fn kinds_that_are_named_afterwards_are_ended() {
    let city = City::open().await;
    city.files(0..200, |_| false);
    assert_eq!(city.as_source(&["push", "files"]).code, Some(0));
    city.files(4..200, |_| false);
    let pushed = city.as_source(&["push", "files", "--whole=enrollment", "--json"]).json();
    assert_eq!(
        (&pushed["ended"]["enrollment"], &pushed["ended"]["person"]),
        (&4.into(), &serde_json::Value::Null)
    );
    let pushed = city.as_source(&["push", "files", "--whole=person", "--json"]).json();
    assert_eq!(pushed["ended"]["person"], 4, "{pushed}");
}

#[tokio::test]
async fn two_streams_of_a_source_are_remembered_at_a_time() {
    let city = City::open().await;
    let (source, other) = (city.source("northfield").await, city.source("eastbrook").await);
    let dry = || pb::OpenDelivery {
        delivery: "dry".into(),
        agreement: "city-outcomes".into(),
        dry_run: true,
        ..Default::default()
    };
    let open = pb::push_request::Message::Open;
    let first = source.begin(open(dry())).await.expect("it may");
    // Who was cut off comes again before the service has noticed.
    let second = source.begin(open(dry())).await.expect("it may");
    let refused = source.begin(open(dry())).await.map(drop).expect_err("two are under way");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    other.begin(open(dry())).await.map(drop).expect("another source may");
    source.push("nightly", roll(0..3)).await.expect("an ordinary delivery is not held up");
    first.finish().await.expect("a clean end");
    drop(second);
    source.begin(open(dry())).await.map(drop).expect("it is free again");
}

#[tokio::test]
async fn who_comes_again_with_the_same_files_has_delivered() {
    let city = City::open().await;
    let source = city.source("northfield").await;
    source.push("nightly", roll(0..3)).await.expect("good records");
    let delivered =
        || city.rows("SELECT delivered_ms FROM organization WHERE id = 'northfield'", |row| row.get(0));
    let first: Vec<i64> = delivered();
    city.tamper("UPDATE organization SET delivered_ms = 1 WHERE id = 'northfield'");
    source.push("nightly", roll(0..3)).await.expect("nothing to send");
    assert!(delivered()[0] >= first[0], "it is noted");
}
