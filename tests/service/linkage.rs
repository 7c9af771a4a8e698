//! Doubtful pairs can be reviewed without anybody being seen, and what the steward decides about them holds.

use crate::city::City;
use crate::records::{enrollment, identifiers, person, roll, student};
use crate::vocabulary::{Steward, last};
use pb::LinkVerdict::{Different, Same, Undecided};
use pb::record::Fact;
use prost::Message;
use std::collections::BTreeMap;
use throughline::api::v1 as pb;
use throughline::audit::Decision;
use tonic::{Code, Status};

impl Steward {
    async fn linkage(&self) -> pb::GetLinkageResponse {
        let session = &self.session;
        let response = session.admin().get_linkage(pb::GetLinkageRequest {}).await.expect("the steward may");
        session.proven(&[], response).expect("a good proof")
    }

    async fn decide(&self, id: &str, verdict: pb::LinkVerdict) -> Result<u32, Status> {
        let request = pb::DecideLinkRequest { id: id.into(), verdict: verdict.into() };
        self.session.admin().decide_link(request).await.map(|response| response.into_inner().edition)
    }
}

/// A student as another source knows somebody like them.
fn known(n: usize, edit: impl Fn(&mut pb::Identifiers)) -> [pb::Record; 2] {
    let mut record = person(n);
    if let Some(Fact::Person(person)) = &mut record.fact {
        let mut who = identifiers(n);
        edit(&mut who);
        person.identity = Some(pb::person::Identity::Identifiers(who));
    }
    [record, enrollment(n)]
}

/// Eastbrook knows some of Northfield's students, and eight who may or may not be.
async fn city() -> City {
    let city = City::open().await;
    city.source("northfield").await.push("first", roll(0..60)).await.expect("good records");
    let mut records: Vec<_> = (0..40).flat_map(|n| known(n, |_| ())).collect();
    let other = |n: usize| identifiers(n + 700);
    for n in 50..58 {
        records.extend(known(n, |who| match n % 4 {
            0 => (who.first_name, who.birth_date) = (other(n).first_name, other(n).birth_date),
            1 => {
                (who.street_address, who.zip, who.birth_date) = (String::new(), String::new(), String::new())
            }
            2 => (who.last_name, who.street_address) = (other(n).last_name, other(n).street_address),
            _ => {
                (who.birth_date, who.street_address, who.zip) =
                    (other(n).birth_date, String::new(), other(n).zip)
            }
        }));
    }
    city.source("eastbrook").await.push("first", records).await.expect("good records");
    city.steward().await.publish().await.expect("an edition");
    city
}

/// The persons of the two students of a pair that was offered.
fn persons(city: &City, id: &str) -> Vec<i64> {
    city.rows(
        &format!(
            "SELECT person FROM link_offer JOIN subject ON (source, student) IN
             (VALUES (source_a, student_a), (source_b, student_b)) WHERE hex(id) = upper('{id}') ORDER BY source"
        ),
        |row| row.get(0),
    )
}

#[tokio::test]
async fn a_decision_moves_links_at_the_next_publication_and_stays() {
    let mut city = city().await;
    let steward = city.steward().await;
    let report = steward.linkage().await;
    let before = steward.status().await.persons;
    assert_eq!(report.persons, Some(before), "nothing has changed since links were settled");
    let pair = report.doubtful.first().expect("some are doubtful").clone();
    assert_eq!(pair.sources, ["northfield", "eastbrook"]);
    assert!(report.doubtful.is_sorted_by_key(|pair| pair.weight_bits.abs().to_bits()));
    let two = persons(&city, &pair.id);
    assert_eq!((two.len(), two[0] == two[1]), (2, pair.linked));
    // The other way than it is.
    let (verdict, after) = if pair.linked { (Different, before + 1) } else { (Same, before - 1) };
    assert_eq!(steward.decide(&pair.id, verdict).await.expect("it was offered"), 2);
    assert_eq!(persons(&city, &pair.id), two, "not before the next edition");
    let entry = city.log().pop().expect("an entry");
    let said =
        |code: Option<throughline::records::Code>| code.map(|code| code.to_string()).unwrap_or_default();
    assert_eq!(
        (said(entry.pair), entry.rpc.as_str(), entry.decision),
        (pair.id.clone(), "DecideLink", Decision::Allowed)
    );
    assert_eq!(said(entry.verdict), if verdict == Same { "same" } else { "different" });

    steward.publish().await.expect("an edition");
    assert_eq!(steward.status().await.persons, after);
    let report = steward.linkage().await;
    assert!(report.doubtful.iter().all(|other| other.id != pair.id), "it is decided");
    let kept: Vec<_> = report.decisions.iter().map(|kept| (kept.id.as_str(), kept.verdict())).collect();
    assert_eq!(kept, [(pair.id.as_str(), verdict)]);
    drop(steward);
    city.restart();
    let steward = city.steward().await;
    steward.publish().await.expect("an edition");
    assert_eq!(steward.status().await.persons, after, "it was kept");
    // And back, though it is not offered any more.
    let back = if verdict == Same { Different } else { Same };
    assert_eq!(steward.decide(&pair.id, back).await.expect("it is decided"), 4);
    steward.publish().await.expect("an edition");
    assert_eq!(steward.status().await.persons, before);
}

#[tokio::test]
async fn a_report_shows_nobody() {
    let city = city().await;
    let report = city.steward().await.linkage().await;
    let rates: BTreeMap<_, _> =
        report.rates.iter().map(|rate| ((rate.source.as_str(), rate.period), rate)).collect();
    assert_eq!(rates.len(), 4);
    assert_eq!(rates[&("northfield", 2025)].students, Some(60));
    assert_eq!(rates[&("eastbrook", 0)].students, Some(48));
    // Fewer than ten are not linked, and how many is not to be had by subtracting.
    assert_eq!((rates[&("eastbrook", 0)].linked, rates[&("eastbrook", 0)].nearly_all), (None, true));
    assert!(rates[&("northfield", 0)].linked >= Some(40));
    assert!(report.precision > 0.9 && report.recall > 0.9);
    assert!(report.histogram.iter().map(|bin| bin.linked).sum::<u64>() >= 40);
    assert!(report.levels.iter().any(|level| level.field == "birth_date" && level.unrelated_bits > 5.0));
    let said = format!("{report:?}").to_lowercase();
    let bytes = report.encode_to_vec();
    let tokens: Vec<[u8; 16]> = city.rows("SELECT student FROM subject", |row| row.get(0));
    assert_eq!(tokens.len(), 108);
    for token in tokens {
        let hex: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!said.contains(&hex) && !bytes.windows(16).any(|window| window == token));
    }
    for n in 0..60 {
        let who = identifiers(n);
        for value in [who.first_name, who.last_name, who.birth_date, who.street_address, student(n)] {
            assert!(!said.contains(&value.to_lowercase()), "{value}");
        }
    }
}

#[tokio::test]
async fn what_can_not_be_decided_is_refused_and_on_record() {
    let mut city = city().await;
    let steward = city.steward().await;
    let unknown = "0".repeat(32);
    let offered = steward.linkage().await.doubtful[0].id.clone();
    for (id, verdict, code, rule) in [
        (unknown.as_str(), Same, Code::FailedPrecondition, "link.unknown"),
        ("northfield", Same, Code::InvalidArgument, "link.malformed"),
        (&unknown, pb::LinkVerdict::Unspecified, Code::InvalidArgument, "link.malformed"),
        (&unknown, Undecided, Code::FailedPrecondition, "link.unknown"),
        (&offered, Undecided, Code::FailedPrecondition, "link.undecided"),
    ] {
        let status = steward.decide(id, verdict).await.expect_err("no such pair");
        assert_eq!((status.code(), last(&city.log())), (code, (Decision::Refused, rule)));
    }
    // A decision that would have a source hold a person twice: a pair of one source, as it can not be offered.
    let offer = "INSERT INTO link_offer VALUES (zeroblob(16), 1, zeroblob(16), 1, x'01010101010101010101010101010101')";
    city.tamper(offer);
    let status = steward.decide(&unknown, Same).await.expect_err("one source");
    assert_eq!(
        (status.code(), last(&city.log())),
        (Code::FailedPrecondition, (Decision::Refused, "link.contradiction"))
    );
    drop(steward);
    // As the version before left it.
    city.kill();
    city.tamper("DROP TABLE link_offer; DROP TABLE link_verdict; PRAGMA user_version = 3");
    city.restart();
    assert_eq!(city.steward().await.linkage().await.decisions, []);
}

#[tokio::test]
async fn the_command_line_reviews_and_decides() {
    let city = city().await;
    let run = |words: &[&str]| {
        let mut program = city.program();
        program.args(["steward", "linkage"]).args(words);
        program.env("THROUGHLINE_SERVER", city.address().replace("127.0.0.1", "localhost"));
        program.env("THROUGHLINE_AS", "city-steward.steward");
        let done = program.output().expect("the program runs");
        let said = [done.stdout, done.stderr].concat();
        (done.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    let (code, said) = run(&[]);
    assert_eq!(code, Some(0));
    for line in [
        "nothing was changed: ",
        "expected from the weights",
        "northfield",
        "against unrelated",
        "doubtful pair",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let (_, json) = run(&["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let id = json["doubtful"][0]["id"].as_str().expect("an id");
    let expected = format!("pair {id} is two people; links follow from edition 2 on\n");
    assert_eq!(run(&["decide", id, "different"]), (Some(0), expected));
    assert!(run(&[]).1.contains("Decided pair"));
    let expected = format!("pair {id} is undecided; weights decide again from edition 2 on\n");
    assert_eq!(run(&["decide", id, "undecided"]), (Some(0), expected));
    let (code, said) = run(&["decide", id, "undecided"]);
    assert!(code == Some(2) && said.contains("there is no such pair"), "{said}");
    assert_eq!(run(&["decide", id, "perhaps"]).0, Some(2));
    let (code, said) = run(&["decide", "00", "same"]);
    assert!(code == Some(2) && said.contains("id: malformed: is not 32 hexadecimal digits"), "{said}");
}
