//! What is destroyed is gone from every file of the service; what was released stays and proves itself.

use crate::city::{AT_MOST, City};
use crate::papers::{AGREEMENT, PRODUCT};
use crate::records::{about, delete, roll, student};
use crate::vocabulary::{last, question, refusal};
use std::collections::BTreeSet;
use std::path::Path;
use throughline::api::v1 as pb;
use throughline::audit::{Certificate, Decision};
use throughline::calendar::Timestamp;
use throughline::disclosure::ProtectedTable;
use throughline::server::peer::Role;
use throughline::store::Outcome;
use tokio::time::timeout;
use tonic::{Code, Status};

/// Northfield's students and Eastbrook's, in the first edition.
pub(crate) async fn both() -> City {
    let city = City::open().await;
    city.source("northfield").await.push("first", roll(0..60)).await.expect("good records");
    city.source("eastbrook").await.push("first", roll(200..260)).await.expect("good records");
    city.steward().await.publish().await.expect("an edition of both");
    city
}

pub(crate) fn withdrawal(shown: &str) -> pb::DestroyRequest {
    pb::DestroyRequest { source: "eastbrook".into(), shown: shown.into(), ..Default::default() }
}

pub(crate) async fn destroy(city: &City, request: pb::DestroyRequest) -> Result<pb::DestroyResponse, Status> {
    Ok(city.steward().await.session.admin().destroy(request).await?.into_inner())
}

/// Looks, and then destroys what was shown.
pub(crate) async fn withdraw(city: &City) -> pb::DestroyResponse {
    let shown = destroy(city, withdrawal("")).await.expect("the steward may look");
    destroy(city, withdrawal(&shown.shown)).await.expect("the steward may destroy what was shown")
}

/// Bytes that only a source's data have: tokens, the beginnings of sealed encodings, columns of editions.
pub(crate) fn marks(city: &City, source: &str) -> Vec<Vec<u8>> {
    let number = format!("(SELECT source FROM organization WHERE id = '{source}')");
    let all = [
        format!("SELECT row FROM subject WHERE source = {number}"),
        // A column of a few numbers could be anything.
        "SELECT substr(bytes, 1, 64) FROM edition_column WHERE length(bytes) >= 64 AND name = 'person'"
            .to_owned(),
    ];
    let all: BTreeSet<Vec<u8>> =
        all.iter().flat_map(|sql| city.rows(sql, |row| row.get::<_, Vec<u8>>(0))).collect();
    let number = city.rows(&format!("SELECT {number}"), |row| row.get::<_, u32>(0))[0];
    let records = city.records().into_iter().filter(|record| record.source == number);
    let tokens = records.flat_map(|record| [Some(record.key), record.student]).flatten().map(Vec::from);
    let students = city.subjects().into_iter().filter(|subject| subject.source == number);
    let students = students.flat_map(|of| [of.student.to_vec(), of.encoding[..24].to_vec()]);
    all.into_iter().chain(tokens.chain(students).collect::<BTreeSet<_>>()).collect()
}

/// How many of the marks are in some file of a folder.
pub(crate) fn found(folder: &Path, marks: &[Vec<u8>]) -> usize {
    let files: Vec<Vec<u8>> =
        files(folder).iter().map(|file| std::fs::read(file).expect("readable")).collect();
    let is_in =
        |mark: &&Vec<u8>| files.iter().any(|bytes| bytes.windows(mark.len()).any(|at| at == &mark[..]));
    marks.iter().filter(is_in).count()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The destructions that somebody is told of.
pub(crate) async fn told(city: &City, organization: &str, role: Role) -> Vec<pb::DestructionSummary> {
    let session = city.session(organization, role).await;
    let list = session.audit().list_destructions(pb::ListDestructionsRequest {}).await;
    list.expect("everyone may ask").into_inner().destructions
}

/// Waits until the first destruction is certified; the certificate.
pub(crate) async fn certified(city: &City) -> String {
    let waiting = async {
        loop {
            let of = told(city, "city-auditor", Role::Auditor).await;
            if let Some(of) = of.first().filter(|of| !of.certificate.is_empty()) {
                return of.certificate.clone();
            }
        }
    };
    timeout(AT_MOST, waiting).await.expect("it is certified by itself")
}

async fn first_edition(city: &City) -> ProtectedTable {
    let question = pb::QueryRequest { edition: 1, ..question() };
    city.partner().await.query(question).await.expect("what was released stays").0
}

#[tokio::test]
async fn a_source_that_withdraws_leaves_what_was_released_and_nothing_else() {
    let city = both().await;
    let (before, marks) = (first_edition(&city).await, marks(&city, "eastbrook"));
    city.backup("night.db");
    let shown = destroy(&city, withdrawal("")).await.expect("the steward may look");
    assert_eq!(shown.state(), pb::DestructionState::Shown);
    let n_records: u64 = shown.records.iter().map(|of| of.records).sum();
    assert_eq!((n_records, shown.students, shown.batches), (181, 60, 4));
    assert!(shown.records.iter().all(|of| of.source == "eastbrook"));
    assert_eq!((shown.editions.len(), shown.backups[0].name.as_str()), (1, "night.db"));
    assert_eq!(city.steward().await.n_records().await, 362, "looking changes nothing");
    assert_eq!(found(&city.file(""), &marks), marks.len(), "all of it is there");

    let status = destroy(&city, withdrawal("000000000000")).await.expect_err("nobody has looked at that");
    assert!(status.code() == Code::FailedPrecondition && status.message().contains("look at it again"));
    assert_eq!(last(&city.log()), (Decision::Refused, "destroy.not_as_shown"));
    let done = destroy(&city, withdrawal(&shown.shown)).await.expect("it was looked at");
    assert_eq!(done.state(), pb::DestructionState::Certified);
    assert_eq!(found(&city.file(""), &marks), 0, "nothing of it is in any file of the service");
    assert!(marks.len() > 300, "{} marks", marks.len());
    assert!(found(city.folder(), &marks) > 0, "the backup has it, and the certificate says so");

    // Others are as they were.
    assert_eq!(city.steward().await.n_records().await, 181);
    let again = city.source("northfield").await.push("again", roll(0..60)).await.expect("good records");
    let unchanged = again.outcomes.iter().filter(|((_, outcome), _)| *outcome == Outcome::Unchanged);
    assert_eq!(unchanged.map(|(_, n)| n).sum::<u64>(), 181);
    let after = first_edition(&city).await;
    assert_eq!(after.cells(), before.cells());
    let day = Timestamp::now().date().to_string();
    assert!(before.counted().iter().all(|of| of.destroyed.is_empty() && of.frozen == day));
    assert!(after.counted().iter().all(|of| of.destroyed == day && of.frozen == day), "and it says so");

    // Nothing more comes of it, and nothing of the source.
    let status = city.source("eastbrook").await.open("second").await.expect_err("it has withdrawn");
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(last(&city.log()), (Decision::Refused, "agreement.not_withdrawn"));
    let status = city.steward().await.publish().await.expect_err("its school years are closed");
    assert!(status.message().contains("records are destroyed"), "{status}");
    assert_eq!(last(&city.log()), (Decision::Refused, "publish.closed"));
    let status = city.verify_edition(1).await.expect_err("nobody can count it again");
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(last(&city.log()), (Decision::Refused, "edition.destroyed"));
    city.export("exported");
    assert!(city.verifies("exported"));
}

#[tokio::test]
async fn the_certificate_is_for_the_source_and_proves_itself() {
    let city = both().await;
    city.backup("night.db");
    let done = withdraw(&city).await;
    let own = told(&city, "eastbrook", Role::Contributor).await;
    assert_eq!(own[0].certificate, done.certificate);
    assert_eq!(told(&city, "northfield", Role::Contributor).await, [], "it is none of theirs");
    assert_eq!(told(&city, "city-auditor", Role::Auditor).await.len(), 1);
    let opened = Certificate::open(&done.certificate, &city.log_key()).expect("it is good");
    assert_eq!((opened.scope.kind(), opened.scope.id()), ("source", "eastbrook"));
    for line in [
        "because: the source has withdrawn, as the steward says\n",
        "asked by: city-steward\n",
        "agreement: city-outcomes@1, City outcomes; legal basis studies, 34 CFR 99.31(a)(6); from 2020-07-01 to ",
        "records: all that eastbrook has sent\n",
        "edition: 1, frozen ",
        "backup to destroy: night.db, begun ",
        "searched: ",
    ] {
        assert!(opened.text.contains(line), "{line}: {}", opened.text);
    }
    // How much it was is for the source itself, and for those who see all.
    assert!(own[0].counts.len() == 1 && opened.vouches_for(&own[0].counts[0]));
    for line in ["of: eastbrook\n", "records: 60, person\n", "records: 1, school\n", "students: 60\n"] {
        assert!(own[0].counts[0].contains(line), "{line}: {}", own[0].counts[0]);
    }
    let all = told(&city, "city-auditor", Role::Auditor).await;
    assert!(all[0].counts.iter().all(|counts| opened.vouches_for(counts)));
    assert!(all[0].counts[1].contains("records: 60 of eastbrook, person\n"), "{}", all[0].counts[1]);
    assert!(
        opened.proven.entry.n_deleted.is_none() && opened.proven.entry.rule.as_str() == "source.withdrawn"
    );
    let log = city.log();
    let entry = &log[opened.proven.index as usize];
    assert_eq!(entry, &opened.proven.entry);
    assert!(log.iter().any(|entry| entry.backup.as_ref().is_some_and(|name| name.as_str() == "night.db")));

    // The command line fetches it with the source's own certificate, and checks it without the service.
    let mut fetch = city.program();
    fetch.args(["audit", "certificates", "--role", "contributor", "--as", "eastbrook.contributor"]);
    fetch.args(["--out", "kept", "--server"]).arg(city.address().replace("127.0.0.1", "localhost"));
    assert!(fetch.output().expect("the program runs").status.success());
    let kept = |end: &str| {
        let files = std::fs::read_dir(city.folder().join("kept")).expect("a folder");
        let names = files.map(|file| file.expect("readable").file_name().into_string().expect("a name"));
        let mut names: Vec<String> = names.filter(|name| name.contains(end)).collect();
        names.sort_unstable_by_key(String::len);
        names
    };
    let [certificate, counts] = &kept("destruction-1-source-eastbrook-")[..] else { panic!("two files") };
    let check = |files: &[&str]| {
        let args = ["audit", "certificate"].iter().chain(files);
        let done = city.program().args(args).output().expect("the program runs");
        (done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned())
    };
    let (certificate, counts) = (format!("kept/{certificate}"), format!("kept/{counts}"));
    let (is_good, said) = check(&[&certificate, "--counts", &counts]);
    assert!(is_good && said.contains("destroyed: source eastbrook"), "{said}");
    assert!(!check(&[&certificate, "--counts", &certificate]).0, "that is no count of it");
    let changed = done.certificate.replace("city-steward", "city-auditor");
    std::fs::write(city.folder().join("changed.txt"), changed).expect("written");
    assert!(!check(&["changed.txt"]).0);
    // What is kept is not written over.
    assert!(fetch.output().expect("the program runs").status.success(), "the same may come again");
    std::fs::write(city.folder().join(&certificate), "another").expect("written");
    assert!(!fetch.output().expect("the program runs").status.success());
    assert_eq!(std::fs::read_to_string(city.folder().join(&certificate)).expect("readable"), "another");
}

#[tokio::test]
async fn those_who_stay_go_on_with_school_years_that_were_not_out() {
    let city = both().await;
    withdraw(&city).await;
    let steward = city.steward().await;
    let alone = AGREEMENT.replace("version = 1", "version = 2").replace(", \"eastbrook\"]", "]");
    steward.agreement(&alone.replace("to = 2025", "to = 2026")).await.expect("a good agreement");
    let longer = PRODUCT.replace("version = 1", "version = 2").replace("to = 2025", "to = 2026");
    steward.product(&longer).await.expect("a good product");
    let next_year = (0..60).flat_map(|n| {
        let enrollment = pb::Enrollment {
            school: "N1".into(),
            school_year: 2026,
            entry: "2025-09-02".into(),
            grade: "06".into(),
            ..Default::default()
        };
        let summary = pb::AttendanceSummary {
            school: "N1".into(),
            from: "2025-09-02".into(),
            to: "2026-06-19".into(),
            days_enrolled_hundredths: 18_000,
            days_present_hundredths: if n % 4 == 0 { 15_000 } else { 17_500 },
            days_absent_hundredths: if n % 4 == 0 { 3_000 } else { 500 },
        };
        [
            about(&student(n), &format!("next-{n}"), pb::record::Fact::Enrollment(enrollment)),
            about(&student(n), &format!("days-{n}"), pb::record::Fact::AttendanceSummary(summary)),
        ]
    });
    city.source("northfield").await.push("next", next_year.collect()).await.expect("good records");
    let report = steward.publish().await.expect("an edition of the new school year");
    assert_eq!(report.closed, [2024, 2025]);
    assert!(report.periods.iter().all(|period| period.period == 2026));
    city.verify_edition(2).await.expect("it is protected on its own");
    let of = |year: u32| pb::QueryRequest { periods: vec![year], ..question() };
    let table = city.partner().await.query(of(2026)).await.expect("the agreement covers it").0;
    assert_eq!(table.cells()[0].denominator, Some(60));
    let status = refusal(city.partner().await.query(of(2025)).await);
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(last(&city.log()), (Decision::Refused, "product.not_a_slice"));
    // What Eastbrook is in is told under an agreement with Eastbrook alone, as before.
    let status = refusal(city.partner().await.query(pb::QueryRequest { edition: 1, ..of(2025) }).await);
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(last(&city.log()), (Decision::Refused, "agreement.source"));
    // It may come back under an agreement that was loaded since.
    let back = AGREEMENT.replace("version = 1", "version = 3").replace("to = 2025", "to = 2026");
    steward.agreement(&back).await.expect("a good agreement");
    let source = city.source("eastbrook").await;
    source.push("back", roll(200..203)).await.expect("it is named again");
    let gone = delete(&student(200), "person-200", pb::Kind::Person);
    source.push("gone", vec![gone]).await.expect("it may");
}

#[tokio::test]
async fn who_has_opted_out_stays_out_when_the_source_that_said_so_is_gone() {
    let city = City::open().await;
    let steward = city.steward().await;
    let with =
        AGREEMENT.replace("version = 1", "version = 2").replace("\"school\",", "\"school\", \"opt_out\",");
    steward.agreement(&with).await.expect("a good agreement");
    city.source("northfield").await.push("first", roll(0..60)).await.expect("good records");
    let eastbrook = city.source("eastbrook").await;
    eastbrook.push("first", roll(0..30)).await.expect("the same children");
    let opt_out = pb::OptOut { from: "2024-01-01".into(), until: String::new() };
    let opt_out = about(&student(3), "opt-out-3", pb::record::Fact::OptOut(opt_out));
    eastbrook.push("opt-outs", vec![opt_out]).await.expect("good records");
    let done = withdraw(&city).await;
    let opened = Certificate::open(&done.certificate, &city.log_key()).expect("it is good");
    assert!(opened.text.contains("\nkept: opt-outs, "), "{}", opened.text);
    let report = steward.publish().await.expect("nothing was out before");
    assert_eq!((report.opted_out, report.persons), (1, 59));
}
