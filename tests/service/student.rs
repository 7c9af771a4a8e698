//! To whom a student's records were given, told to the student's own source and to nobody else.

use crate::city::City;
use crate::destruction::withdraw;
use crate::papers::AGREEMENT;
use crate::records::{about, delete, roll, student};
use crate::vocabulary::{last, question, refusal};
use pb::StudentState as State;
use pb::list_student_disclosures_request::Student;
use throughline::api::v1 as pb;
use throughline::audit::{Decision, Entry};
use throughline::client::{Session, StudentDisclosures};
use throughline::records::OrgId;
use throughline::server::peer::Role;
use tonic::Code;

/// A city whose agreement takes opt-outs, too.
async fn city() -> City {
    let city = City::open().await;
    city.steward().await.agreement(&with_opt_outs()).await.expect("a good agreement");
    city
}

fn with_opt_outs() -> String {
    let kinds = "\"attendance_summary\", \"opt_out\"]";
    AGREEMENT.replace("version = 1", "version = 2").replace("\"attendance_summary\"]", kinds)
}

fn opt_out(n: usize, until: &str) -> pb::Record {
    let opt_out = pb::OptOut { from: "2024-01-01".into(), until: until.into() };
    about(&student(n), &format!("opt-out-{n}"), pb::record::Fact::OptOut(opt_out))
}

async fn ask(session: &Session, n: usize) -> StudentDisclosures {
    session.student_disclosures(Student::ClearStudent(student(n))).await.expect("its own student")
}

/// The editions that counted a student, and whether that is known.
pub(crate) fn editions(of: &StudentDisclosures) -> Vec<(u32, bool)> {
    of.told.editions.iter().map(|edition| (edition.edition, edition.known)).collect()
}

/// The editions that were asked, answer by answer.
fn answered(of: &StudentDisclosures) -> Vec<u32> {
    of.answers.iter().filter_map(|(entry, _)| entry.edition).collect()
}

fn held(of: &StudentDisclosures) -> Vec<(pb::Kind, u64, &str)> {
    of.told.held.iter().map(|held| (held.kind(), held.records, held.agreements[0].as_str())).collect()
}

/// A question to an edition, which is answered.
async fn query(city: &City, edition: u32) {
    let question = pb::QueryRequest { edition, ..question() };
    city.partner().await.query(question).await.expect("an agreement covers it");
}

/// Student 3 is there from the first edition on, student 70 comes after it and opts out after the second; the partner asks
/// each edition, and the first once more when there are others.
pub(crate) async fn three_editions() -> City {
    let city = city().await;
    let (northfield, steward) = (city.source("northfield").await, city.steward().await);
    northfield.push("first", roll(0..60)).await.expect("good records");
    steward.publish().await.expect("an edition");
    query(&city, 1).await;
    northfield.push("second", roll(60..90)).await.expect("good records");
    steward.publish().await.expect("an edition");
    query(&city, 2).await;
    northfield.push("third", vec![opt_out(70, "")]).await.expect("a good record");
    steward.publish().await.expect("an edition");
    query(&city, 3).await;
    query(&city, 1).await;
    city
}

#[tokio::test]
async fn a_source_is_told_which_editions_counted_its_student_and_what_was_answered_of_them() {
    let city = three_editions().await;
    let northfield = city.session("northfield", Role::Contributor).await;
    let of = ask(&northfield, 70).await;
    assert_eq!((of.told.state(), of.told.opted_out_until.as_str()), (State::OptedOut, ""));
    assert_eq!((editions(&of), answered(&of)), (vec![(2, true)], vec![2]));
    let kinds = [pb::Kind::Person, pb::Kind::Enrollment, pb::Kind::AttendanceSummary, pb::Kind::OptOut];
    assert_eq!(held(&of), kinds.map(|kind| (kind, 1, "city-outcomes")));
    let (entry, receipt) = &of.answers[0];
    let text = |code: &Option<throughline::records::Code>| code.as_ref().map(ToString::to_string);
    assert_eq!(entry.organization.as_ref().map(OrgId::as_str), Some("city-partnership"));
    assert_eq!(
        [&entry.agreement, &entry.purpose, &entry.legal_basis].map(text),
        ["city-outcomes", "improvement", "studies"].map(|text| Some(text.to_owned()))
    );
    // It is the log's own entry, proven by a receipt that anyone can check.
    assert_eq!(city.log()[usize::try_from(receipt.index()).expect("small")], *entry);
    assert!(receipt.verify(&city.log_key(), None, None).is_ok());

    let of = ask(&northfield, 3).await;
    assert_eq!((of.told.state(), held(&of).len()), (State::Counted, 3));
    assert_eq!(editions(&of), [(1, true), (2, true), (3, true)]);
    assert_eq!(answered(&of), [1, 2, 3, 1]);

    // Of a student whom it never had nothing is held, and nothing was given.
    let of = ask(&northfield, 999).await;
    assert_eq!((of.told.state(), editions(&of), of.answers.len()), (State::Unknown, vec![], 0));
    assert!(of.told.held.is_empty() && of.told.destroyed.is_empty());
}

#[tokio::test]
async fn nobody_else_hears_whether_there_is_such_a_student() {
    let city = three_editions().await;
    // Another source is told of its own students alone, whatever others have.
    let eastbrook = city.session("eastbrook", Role::Contributor).await;
    let mut told = Vec::new();
    for n in [3, 70, 999] {
        let of = ask(&eastbrook, n).await;
        assert_eq!((of.told.state(), editions(&of), of.answers.len()), (State::Unknown, vec![], 0));
        told.push(pb::ListStudentDisclosuresResponse { nonce: Vec::new(), ..of.told });
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]));
    for (id, role) in [
        ("city-auditor", Role::Auditor),
        ("city-steward", Role::Steward),
        ("city-partnership", Role::Partner),
    ] {
        let session = city.session(id, role).await;
        for n in [3, 999] {
            let refused = session.student_disclosures(Student::ClearStudent(student(n))).await;
            let status = refusal(refused);
            assert_eq!(
                (status.code(), status.message()),
                (Code::PermissionDenied, "this role may not make this call")
            );
            assert_eq!(last(&city.log()), (Decision::Refused, "peer.role"));
        }
    }
}

#[tokio::test]
async fn what_others_say_of_the_child_is_told_to_nobody() {
    let city = city().await;
    let (northfield, steward) = (city.source("northfield").await, city.steward().await);
    northfield.push("first", roll(0..60)).await.expect("good records");
    // Eastbrook knows half of them, and has one opted out.
    let mut known = roll(0..30);
    known.push(opt_out(3, ""));
    city.source("eastbrook").await.push("first", known).await.expect("good records");
    let edition = steward.publish().await.expect("an edition");
    assert_eq!((edition.persons, edition.opted_out), (59, 1));
    let of_other = ask(&northfield.session, 4).await;
    let of = ask(&northfield.session, 3).await;
    assert_eq!((of.told.state(), editions(&of)), (State::Counted, editions(&of_other)));
    let eastbrook = city.session("eastbrook", Role::Contributor).await;
    let of = ask(&eastbrook, 3).await;
    assert_eq!((of.told.state(), editions(&of)), (State::OptedOut, vec![]));
}

#[tokio::test]
async fn withdrawn_records_are_counted_no_more_and_what_was_given_of_them_is_still_told() {
    let city = city().await;
    let (northfield, steward) = (city.source("northfield").await, city.steward().await);
    northfield.push("first", roll(0..60)).await.expect("good records");
    // A student whom no roster has brought waits, and is counted once one has.
    let waiting = roll(80..81).into_iter().skip(2).collect();
    northfield.push("waiting", waiting).await.expect("a good record");
    steward.publish().await.expect("an edition");
    let of = ask(&northfield.session, 80).await;
    assert_eq!((of.told.state(), editions(&of)), (State::Waiting, vec![]));
    let gone = [("person-5", pb::Kind::Person), ("enrollment-5", pb::Kind::Enrollment)];
    let gone = gone.map(|(key, kind)| delete(&student(5), key, kind));
    let mut records = gone.to_vec();
    records.push(delete(&student(5), "attendance-5", pb::Kind::AttendanceSummary));
    records.extend(roll(80..81));
    northfield.push("second", records).await.expect("good records");
    steward.publish().await.expect("an edition");
    query(&city, 2).await;
    query(&city, 1).await;
    let of = ask(&northfield.session, 5).await;
    assert_eq!((of.told.state(), editions(&of)), (State::Withdrawn, vec![(1, true)]));
    assert_eq!((answered(&of), of.told.held.len()), (vec![1], 0));
    let of = ask(&northfield.session, 80).await;
    assert_eq!((of.told.state(), editions(&of), answered(&of)), (State::Counted, vec![(2, true)], vec![2]));
    // It comes back, and so does what is counted.
    northfield.push("third", roll(5..6)).await.expect("good records");
    steward.publish().await.expect("an edition");
    assert_eq!(editions(&ask(&northfield.session, 5).await), [(1, true), (3, true)]);
}

#[tokio::test]
async fn what_is_destroyed_leaves_nothing_to_tell_but_that_it_was() {
    let city = crate::destruction::both().await;
    let (northfield, eastbrook) = (
        city.session("northfield", Role::Contributor).await,
        city.session("eastbrook", Role::Contributor).await,
    );
    assert_eq!(editions(&ask(&eastbrook, 201).await), [(1, true)]);
    let marks: Vec<Vec<u8>> = city.rows("SELECT student FROM counted WHERE source = 2", |row| row.get(0));
    assert_eq!(marks.len(), 60);
    let done = withdraw(&city).await;
    assert_eq!(done.state(), pb::DestructionState::Certified, "nothing of it was found in the file");
    assert_eq!(crate::destruction::found(&city.file(""), &marks), 0);
    let of = ask(&eastbrook, 201).await;
    assert_eq!((of.told.state(), editions(&of), of.answers.len()), (State::Unknown, vec![], 0));
    assert_eq!(of.told.destroyed.len(), 1);
    // What the edition held is gone, and its figures are not: the others' students were counted in them.
    query(&city, 1).await;
    let of = ask(&northfield, 3).await;
    assert_eq!((editions(&of), answered(&of)), (vec![(1, true)], vec![1]));
    assert!(of.told.destroyed.is_empty(), "others' destructions are no matter of its own");
}

#[tokio::test]
async fn of_editions_from_before_it_was_kept_nobody_knows_whom_they_counted() {
    let city = City::published().await;
    query(&city, 1).await;
    city.tamper("DELETE FROM counted; UPDATE edition SET students = NULL");
    let northfield = city.source("northfield").await;
    northfield.push("second", roll(60..90)).await.expect("good records");
    city.steward().await.publish().await.expect("an edition");
    query(&city, 2).await;
    for (n, known, answers) in [(3, vec![(1, false), (2, true)], vec![1, 2]), (999, vec![], vec![])] {
        let of = ask(&northfield.session, n).await;
        assert_eq!((editions(&of), answered(&of)), (known, answers), "student {n}");
    }
    // Eastbrook has nothing in them.
    let eastbrook = city.source("eastbrook").await;
    eastbrook.push("first", roll(200..260)).await.expect("good records");
    assert_eq!(editions(&ask(&eastbrook.session, 201).await), []);
}

#[tokio::test]
async fn the_log_says_that_it_was_asked_and_not_of_whom() {
    let city = three_editions().await;
    let northfield = city.session("northfield", Role::Contributor).await;
    let before = city.log().len();
    ask(&northfield, 70).await;
    ask(&northfield, 70).await;
    let log = city.log().split_off(before);
    let decisions: Vec<_> = log.iter().map(|entry| (entry.rpc.as_str(), entry.decision)).collect();
    let (intended, allowed) = (Decision::Intended, Decision::Allowed);
    let rpc = "ListStudentDisclosures";
    assert_eq!(decisions, [(rpc, intended), (rpc, allowed), (rpc, intended), (rpc, allowed)]);
    assert!(log[1].response_digest.is_some() && log[1].request_digest == log[0].request_digest);
    assert_ne!(log[0].request_digest, log[2].request_digest, "one student asked about twice does not show");
    assert_ne!(log[1].response_digest, log[3].response_digest);
    let bare = |entry: &Entry| Entry {
        request_digest: None,
        response_digest: None,
        own_size: None,
        own_root: None,
        principal: None,
        certificate_serial: None,
        ..entry.clone()
    };
    let (once, again) = (bare(&log[1]), bare(&log[3]));
    assert_eq!(Entry { time: once.time, request_id: once.request_id.clone(), ..again }, once);
    // Without random bytes the student could be tried on the digest of the request.
    for (wanted, nonce, fields) in [
        (Some(Student::ClearStudent(student(70))), vec![7; 15], vec!["nonce"]),
        (Some(Student::ClearStudent("x".repeat(201))), vec![7; 16], vec!["clear_student"]),
        (Some(Student::StudentToken(vec![7; 15])), vec![7; 16], vec!["student_token"]),
        (None, Vec::new(), vec!["student", "nonce"]),
    ] {
        let is_salted = nonce.len() == 16;
        let request = pb::ListStudentDisclosuresRequest { student: wanted, nonce, from_index: 0 };
        let status = northfield.audit().list_student_disclosures(request).await.map(drop);
        let status = status.expect_err("not a good request");
        assert_eq!(status.code(), Code::InvalidArgument);
        let error = throughline::client::Error::from(status).to_string();
        assert!(fields.iter().all(|field| error.contains(&format!("\n  {field}: "))), "{error}");
        let log = city.log();
        assert_eq!(last(&log), (Decision::Refused, "student.malformed"));
        assert_eq!(log[log.len() - 1].request_digest.is_some(), is_salted);
    }
}
