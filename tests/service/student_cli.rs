//! The record of one student on the command line: where the local id comes from, and what is printed.

use crate::city::{City, Setup};
use crate::records::{roll, student};
use crate::student::{editions, three_editions};
use crate::vocabulary::{last, refusal};
use pb::StudentState as State;
use pb::list_student_disclosures_request::Student;
use std::io::Write;
use std::process::{Output, Stdio};
use throughline::api::{encoded, incoming, v1 as pb};
use throughline::audit::Decision;
use throughline::identity::{KeyRing, Roots, pseudonymize, student_token};
use throughline::ingest::Incoming;
use throughline::records::OrgId;
use tonic::Code;

/// Runs the command line as a source, with the local id on its standard input.
fn run(city: &City, options: &[&str], input: &str) -> Output {
    let mut program = city.program();
    program.args(["audit", "disclosures", "--as", "northfield.contributor", "--student", "-", "--server"]);
    program.arg(city.address().replace("127.0.0.1", "localhost")).args(options);
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("a child of ours")
}

fn said(done: Output) -> String {
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8")
}

#[tokio::test]
async fn the_command_line_reads_the_student_from_its_input_and_prints_what_was_given() {
    let city = three_editions().await;
    let text = said(run(&city, &[], " stu-00070 \n"));
    for words in [
        "Disclosures of records of one student of northfield (34 CFR 99.32)",
        "The student has opted out, and is not counted.",
        "attendance_summary: 1 record, under city-outcomes",
        "With city.example/throughline, as you have sent them:",
        "1 table was released to partners out of these editions; each is proven to be on record",
        "Tables hold no record of anybody",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("stu-00070"));
    let json: serde_json::Value =
        serde_json::from_str(&said(run(&city, &["--json"], "stu-00003"))).expect("JSON");
    assert_eq!((&json["state"], &json["of"]), (&"counted".into(), &"northfield".into()));
    let answers = json["disclosures"].as_array().expect("a list");
    assert_eq!((answers.len(), &answers[1]["edition"]), (4, &2.into()));
    assert_eq!(&answers[1]["party"], "city-partnership");
    // Each has its proof in it, which the log's key alone verifies.
    let proof = answers[1]["proof"].as_str().expect("a proof");
    std::fs::write(city.folder().join("kept.tlog-proof"), proof).expect("written");
    let mut check = city.program();
    check.args(["audit", "receipt", "kept.tlog-proof", "--log-key", "service/log.vkey", "--json"]);
    let checked: serde_json::Value =
        serde_json::from_str(&said(check.output().expect("it runs"))).expect("JSON");
    assert_eq!((&checked["index"], &checked["verified"]), (&answers[1]["index"], &true.into()));
    let csv = said(run(&city, &["--csv"], "stu-00003\n"));
    let mut csv = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<_> = csv.records().map(|row| row.expect("a row")).collect();
    let column = |at: usize| rows.iter().map(|row| row[at].to_owned()).collect::<Vec<_>>();
    assert_eq!(
        (column(9), column(10)),
        (["1", "2", "3", "1"].map(str::to_owned).into(), vec!["yes".to_owned(); 4])
    );
    // Nothing of it was in this school year but all, and nothing in another.
    let year = throughline::calendar::Timestamp::now().date().school_year().ending();
    let before = said(run(&city, &["--json", "--year", &(year - 1).to_string()], "stu-00003"));
    let before: serde_json::Value = serde_json::from_str(&before).expect("JSON");
    assert_eq!(before["disclosures"], serde_json::json!([]));
    let text = said(run(&city, &[], "nobody\n"));
    assert!(text.contains("No records of this student are held."), "{text}");
    let done = run(&city, &[], "\n");
    let error = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{error}");
    assert!(error.contains("is to hold the local id of one student, in one line"), "{error}");
    // Who gives the local id in place of a file is told how to ask, and it is not repeated.
    let mut given = city.program();
    given.args(["audit", "disclosures", "--as", "northfield.contributor", "--student", "stu-00003"]);
    let done = given.output().expect("the program runs");
    let error = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{error}");
    assert!(error.contains("what --student names cannot be read") && !error.contains("stu-00003"), "{error}");
}

#[tokio::test]
async fn where_sources_encode_the_service_is_asked_by_a_token() {
    let city = City::open_with(Setup { encoded_only: true, ..Setup::default() }).await;
    let northfield = city.source("northfield").await;
    let clear = northfield.session.student_disclosures(Student::ClearStudent(student(3))).await;
    assert_eq!(refusal(clear).code(), Code::InvalidArgument);
    assert_eq!(last(&city.log()), (Decision::Refused, "student.malformed"));
    let hex = std::fs::read_to_string(city.file("keys/linkage.key")).expect("init made it for the sources");
    let ring = KeyRing::derive(&Roots::parse(&hex).expect("a key file"));
    let id = OrgId::new("northfield").expect("an id");
    let token = student_token(&ring, &id, &student(3));
    // As its client would encode it, from the same file.
    let encode = |record| match incoming(record) {
        Ok(Incoming::Clear(submission)) => encoded(&pseudonymize(&ring, &id, submission)),
        _ => panic!("a good record in the clear"),
    };
    northfield.push("first", roll(0..60).into_iter().map(encode).collect()).await.expect("good records");
    city.steward().await.publish().await.expect("an edition");
    let wanted = Student::StudentToken(token.as_bytes().to_vec());
    let of = northfield.session.student_disclosures(wanted).await.expect("its own student");
    assert_eq!((of.told.state(), editions(&of)), (State::Counted, vec![(1, true)]));
    let json = said(run(&city, &["--json", "--encode", "--key", "service/keys/linkage.key"], "stu-00003\n"));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["editions"][0]["edition"], 1);
}
