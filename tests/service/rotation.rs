//! From one linkage key to the next, as the people do it who run a service: files, a restart, and pushes.

use crate::city::{City, Setup};
use crate::records::{enrollment, person, roll};
use crate::vocabulary::{Steward, last};
use std::path::Path;
use throughline::api::v1 as pb;
use throughline::audit::Decision;
use throughline::client::Pushed;
use throughline::store::Outcome;
use tonic::Status;
use tonic_types::StatusExt;

impl Steward {
    async fn keys(&self) -> pb::GetLinkageKeysResponse {
        let admin = &self.session;
        let response = admin.admin().get_linkage_keys(pb::GetLinkageKeysRequest {}).await;
        admin.proven(&[], response.expect("the steward may")).expect("a good proof")
    }

    async fn step(&self, step: pb::KeyStep, key: &str) -> Result<(String, String), Status> {
        let request =
            pb::ChangeLinkageKeyRequest { step: step.into(), key: key.into(), leave_waiting: false };
        let keys = self.session.admin().change_linkage_key(request).await?.into_inner();
        Ok((keys.current, keys.next))
    }

    /// Of each source, how many students it has and how many wait, and whether any does.
    async fn waiting(&self) -> Vec<(Option<u64>, Option<u64>, bool)> {
        self.keys().await.sources.iter().map(|of| (of.students, of.waiting, of.any_waiting)).collect()
    }
}

impl City {
    /// Runs the program: its exit code, and what it said.
    fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let mut program = self.program();
        program.args(words);
        if self.is_running() {
            program.env("THROUGHLINE_SERVER", self.address().replace("127.0.0.1", "localhost"));
        }
        let done = program.output().expect("the program runs");
        let said = [done.stdout, done.stderr].concat();
        (done.status.code(), String::from_utf8(said).expect("UTF-8"))
    }

    /// Adds a key to a key file; its id.
    fn rotate(&self, file: &str) -> String {
        let (code, said) = self.run(&["keys", "rotate", file]);
        assert_eq!(code, Some(0), "{said}");
        said.trim().rsplit(' ').next().expect("it ends with the id").to_owned()
    }

    fn ids(&self, file: &str) -> Vec<String> {
        let (code, said) = self.run(&["keys", "show", file]);
        assert_eq!(code, Some(0), "{said}");
        said.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
    }

    /// The steps on record: what was done, with which key.
    fn steps(&self) -> Vec<(String, String)> {
        let of = |entry: throughline::audit::Entry| {
            Some((entry.step?.to_string(), entry.linkage_key?.to_string()))
        };
        self.log().into_iter().filter_map(of).collect()
    }
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

fn counts(pushed: &Pushed) -> (u64, u64, u64, u64) {
    let of = |outcome| pushed.count(outcome);
    (of(Outcome::New), of(Outcome::Changed), of(Outcome::Unchanged), pushed.resumed)
}

const KEYS: &str = "service/keys/linkage.key";

/// Who is which person.
fn persons(city: &City) -> Vec<([u8; 16], u64)> {
    city.subjects().into_iter().map(|subject| (subject.student, subject.person)).collect()
}

#[tokio::test]
async fn where_the_service_encodes_a_key_follows_another_and_nothing_is_lost() {
    use pb::KeyStep::{Begin, Finish};
    let mut city = City::open().await;
    let known = || (0..40).flat_map(|n| [person(n), enrollment(n)]).collect();
    city.source("northfield").await.push("first", roll(0..60)).await.expect("good records");
    city.source("eastbrook").await.push("first", known()).await.expect("good records");
    let steward = city.steward().await;
    let before = steward.publish().await.expect("an edition");
    let old = city.ids(KEYS).remove(0);
    assert_eq!(steward.waiting().await, [(Some(40), None, false), (Some(60), None, false)]);

    let new = city.rotate(KEYS);
    assert_eq!(city.ids(KEYS), [old.clone(), new.clone()]);
    assert_eq!(city.run(&["keys", "rotate", KEYS]).0, Some(2), "one change at a time");
    let status = steward.step(Begin, &new).await.expect_err("the service has not read it");
    assert_eq!(
        (reason(&status).as_str(), last(&city.log())),
        ("LINKAGE_KEY", (Decision::Refused, "key.step"))
    );
    drop(steward);
    city.restart();
    let steward = city.steward().await;
    for key in [&old, "000000000000", "not a key"] {
        steward.step(Begin, key).await.expect_err("in use, unknown, malformed");
    }
    steward.step(Finish, "").await.expect_err("nothing has begun");
    let both = (old.clone(), new.clone());
    assert_eq!(steward.step(Begin, &new).await.expect("a step"), both);
    assert_eq!(steward.step(Begin, &new).await.expect("a repeat"), both);
    assert_eq!(steward.waiting().await, [(Some(40), Some(40), true), (Some(60), Some(60), true)]);

    // The same delivery as before: students are encoded anew, and all else is as it was.
    let northfield = city.source("northfield").await;
    let again = northfield.push("first", roll(0..60)).await.expect("good records");
    assert_eq!(counts(&again), (0, 60, again.count(Outcome::Unchanged), 0));
    let again = northfield.push("first", roll(0..60)).await.expect("good records");
    assert_eq!((counts(&again).1, again.resumed > 60), (0, true), "and a repeat is one");
    assert_eq!(steward.waiting().await, [(Some(40), Some(40), true), (Some(60), None, false)]);
    let status = steward.step(Finish, "").await.expect_err("eastbrook has not pushed");
    assert_eq!(
        (reason(&status).as_str(), last(&city.log())),
        ("WAITING", (Decision::Refused, "key.waiting"))
    );

    // A student who is new to eastbrook finds its person meanwhile.
    let eastbrook = city.source("eastbrook").await;
    eastbrook.push("second", vec![person(45), enrollment(45)]).await.expect("good records");
    assert_eq!(steward.status().await.persons, 60);
    eastbrook.push("first", known()).await.expect("good records");
    drop((steward, northfield, eastbrook));
    city.restart();
    let steward = city.steward().await;
    assert_eq!(steward.waiting().await, [(Some(41), None, false), (Some(60), None, false)]);
    let linked = persons(&city);
    assert_eq!(steward.step(Finish, "").await.expect("nobody waits"), (new.clone(), String::new()));
    assert_eq!(persons(&city), linked);
    let left: Vec<i64> =
        city.rows("SELECT count(*) FROM encoding WHERE next_encoding IS NOT NULL", |row| row.get(0));
    assert_eq!(left, [0]);
    assert_eq!(
        city.steps(),
        [("begin", &new), ("begin", &new), ("finish", &new)].map(|(a, b)| (a.into(), b.clone()))
    );
    assert_eq!(steward.publish().await.expect("an edition").persons, before.persons);
    assert_eq!(steward.status().await.persons, 60);

    // The old key goes; what was acknowledged stays so.
    assert_eq!(city.run(&["keys", "retire", KEYS, &old]).0, Some(0));
    assert_eq!((city.ids(KEYS), city.run(&["keys", "retire", KEYS, &new]).0), (vec![new.clone()], Some(2)));
    drop(steward);
    city.restart();
    let again = city.source("northfield").await.push("first", roll(0..60)).await.expect("good records");
    assert_eq!(counts(&again).1, 0);
    let again = city.source("northfield").await.push("another", roll(0..61)).await.expect("good records");
    assert_eq!(counts(&again).1, 0, "the new key encodes as it did beside the old one");
    let status = city.steward().await.step(Begin, &old).await.expect_err("it was in use before");
    assert_eq!(reason(&status), "LINKAGE_KEY");
    // Without the key in use it does not even start.
    city.kill();
    std::fs::write(city.folder().join(KEYS), "ab".repeat(32)).expect("written");
    let done = city.serve_to_its_end();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.code() == Some(2) && said.contains(&format!("does not hold key {new}")), "{said}");
}

/// A program of a source pushes practice files, encoded with the keys of a file.
fn push(city: &City, key: &Path) -> (Option<i32>, serde_json::Value, String) {
    let mut push = city.program();
    push.args(["push", "practice/sources/northfield", "--agreement", "city-outcomes", "--json", "--encode"]);
    // One id for all: what is sent again is told by how it is encoded, not by another name.
    push.args(["--delivery", "nightly"]);
    push.args(["--as", "northfield.contributor", "--server"]);
    push.arg(city.address().replace("127.0.0.1", "localhost")).arg("--key").arg(key);
    push.args(["--allow-refused", "100"]);
    let done = push.output().expect("the program runs");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    (done.status.code(), serde_json::from_slice(&done.stdout).unwrap_or_default(), said)
}

#[tokio::test]
async fn where_sources_encode_each_changes_when_it_has_the_new_key() {
    use pb::KeyStep::{Begin, Cancel, Finish};
    let city = City::open_with(Setup { encoded_only: true, ..Setup::default() }).await;
    let (code, said) = city.run(&["practice", "--students", "60", "--from", "2024", "--out", "practice"]);
    assert_eq!(code, Some(0), "{said}");
    std::fs::copy(city.folder().join(KEYS), city.folder().join("old.key")).expect("copied");
    let (old_key, new_key) = (Path::new("old.key"), Path::new(KEYS));
    // Some records are not in the agreement: exit code 1, and the others are in.
    let (code, first, _) = push(&city, old_key);
    assert_eq!(code, Some(1));
    let new = city.rotate(KEYS);
    let steward = city.steward().await;
    let old = steward.keys().await.current;
    assert_eq!(city.ids("old.key"), std::slice::from_ref(&old));

    // Taken back, it leaves nothing.
    steward.step(Begin, &new).await.expect("a step");
    assert_eq!(push(&city, new_key).0, Some(1));
    assert_eq!(steward.waiting().await.iter().filter(|of| of.2).count(), 0);
    assert_eq!(steward.step(Cancel, "").await.expect("a step"), (old.clone(), String::new()));
    assert_eq!(steward.waiting().await.iter().filter(|of| of.2).count(), 0);

    steward.step(Begin, &new).await.expect("a step");
    let (code, again, said) = push(&city, old_key);
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("linkage key {new} will follow")), "{said}");
    assert_eq!(
        (&again["records"], &again["batches"]),
        (&0.into(), &0.into()),
        "with this key it was sent before"
    );
    steward.step(Finish, "").await.expect_err("nobody has encoded with it");
    let (code, again, said) = push(&city, new_key);
    assert_eq!((code, said.contains("will follow")), (Some(1), false));
    let [new_students, changed] =
        [&first["outcomes"]["new"], &again["outcomes"]["changed"]].map(|n| n.as_u64());
    assert!(changed > Some(20) && changed < new_students, "{changed:?} students of {new_students:?} records");
    assert_eq!(steward.step(Finish, "").await.expect("nobody waits").0, new);
    // Who has the old file alone is told before anything is sent.
    let (code, _, said) = push(&city, old_key);
    assert_eq!(code, Some(2));
    assert!(said.contains(&format!("does not hold linkage key {new}")), "{said}");
    assert_eq!(city.run(&["keys", "retire", KEYS, &old]).0, Some(0));
    let (code, again, _) = push(&city, new_key);
    assert_eq!((code, again["outcomes"]["changed"].as_u64()), (Some(1), Some(0)));
}

#[tokio::test]
async fn the_command_line_shows_how_far_a_change_is() {
    let mut city = City::open().await;
    city.source("northfield").await.push("first", roll(0..60)).await.expect("good records");
    let new = city.rotate(KEYS);
    city.restart();
    let steward = ["steward", "key"];
    let run = |words: &[&str]| city.run(&[&steward[..], words, &["--as", "city-steward.steward"]].concat());
    assert!(run(&[]).1.contains("is in use\n"));
    let (code, said) = run(&["begin", &new]);
    assert!(code == Some(0) && said.contains("has to push its students again"), "{said}");
    let (_, said) = run(&[]);
    for part in [&format!("key {new} follows it"), "northfield", "60", "Who waits has to be pushed again"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (code, said) = run(&["finish"]);
    assert!(code == Some(2) && said.contains("not encoded with the new key yet"), "{said}");
    let (_, json) = run(&["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["next"], &json["sources"][0]["waiting"]), (&new.as_str().into(), &60.into()));
    let (code, said) = run(&["finish", "--leave-waiting"]);
    assert!(code == Some(0) && said.contains(&format!("key {new} is in use, and no other")), "{said}");
    assert!(run(&[]).1.contains("Who waits has to be pushed again"), "those left behind");
    city.source("northfield").await.push("first", roll(0..60)).await.expect("good records");
    assert!(!run(&[]).1.contains("Who waits"));
}
