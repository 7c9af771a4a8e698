//! Terms of an agreement on the running service: review, credit, calendars, elements, and the kinds of record it names.

use crate::city::City;
use crate::papers::AGREEMENT;
use crate::records::{about, plain, roll, school, student};
use crate::vocabulary::{last, question, refusal};
use throughline::api::v1 as pb;
use throughline::audit::{Decision, Entry};
use throughline::client::Session;
use throughline::client::channel::connect;
use throughline::disclosure::{Filter, ProtectedTable};
use throughline::records::{Fact, StatusKind};
use throughline::server::peer::Role;
use tonic::Code;

const TERMS: &str = r#"
[terms]
review_days = 5
credit = "Figures by Northfield and Eastbrook"
deliveries = { northfield = ["2020-09-01", "2020-10-01"], eastbrook = ["2020-09-01"] }
breach_notice_hours = 24
contacts = ["privacy officer of Northfield"]
"#;

fn agreement(more: &str) -> String {
    AGREEMENT.replace("version = 1", "version = 2") + more
}

#[tokio::test]
async fn an_edition_waits_for_its_review_and_then_says_whose_figures_they_are() {
    let city = City::open().await;
    let steward = city.steward().await;
    steward.agreement(&agreement(TERMS)).await.expect("a good agreement");
    city.source("northfield").await.push("first", roll(0..120)).await.expect("good records");
    steward.publish().await.expect("an edition");
    let partner = city.partner().await;
    let status = refusal(partner.query(question()).await);
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(last(&city.log()), (Decision::Refused, "agreement.reviewed"));

    let approve = |edition: u32, agreement: &str| {
        let request = pb::ApproveEditionRequest { edition, agreement: agreement.into() };
        let mut admin = steward.session.admin();
        async move { admin.approve_edition(request).await.map(|response| response.into_inner().edition) }
    };
    for (edition, agreement, reason) in
        [(2, "city-outcomes", "there is no such edition"), (1, "other", "there is no such agreement")]
    {
        let status = approve(edition, agreement).await.expect_err("it is not there");
        assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, reason));
    }
    assert_eq!(refusal(partner.query(question()).await).code(), Code::PermissionDenied);
    assert_eq!(approve(0, "city-outcomes").await.expect("approved"), 1);
    assert_eq!(approve(1, "city-outcomes").await.expect("once more"), 1);
    let (table, _) = partner.query(question()).await.expect("it was approved");
    assert_eq!(table.credit(), "Figures by Northfield and Eastbrook");
    let [source] = table.sources() else { panic!("one source has sent records") };
    let today = throughline::calendar::Timestamp::now().date().to_string();
    assert_eq!((source.organization.as_str(), source.delivered.as_str()), ("northfield", today.as_str()));
    assert_eq!(source.days_late, 0, "it has delivered since the last due day but one");
    let covered: Vec<_> =
        source.coverage.iter().map(|of| (of.period, of.attendance, of.assessment)).collect();
    assert_eq!(covered, [(2025, 95, 0)]);
    assert_eq!(table.left_out(), [], "5 % of 120 students are too few to tell of");
    // The next edition waits again: a question that names none is answered from the last that was reviewed.
    city.source("northfield").await.push("second", roll(120..240)).await.expect("good records");
    steward.publish().await.expect("an edition");
    let (table, _) = partner.query(question()).await.expect("the first was approved");
    assert_eq!(table.edition(), 1);
    let newest = pb::QueryRequest { edition: 2, ..question() };
    assert_eq!(refusal(partner.query(newest).await).code(), Code::PermissionDenied);
    let listed = |session: &Session| {
        let mut releases = session.releases();
        async move {
            let listed = releases.list_products(pb::ListProductsRequest {}).await.expect("it may");
            listed.into_inner().products[0].edition
        }
    };
    assert_eq!((listed(&partner).await, listed(&city.auditor().await).await), (1, 2));
    let agreements = steward.session.admin().list_agreements(pb::ListAgreementsRequest {}).await;
    let agreements = agreements.expect("the steward may").into_inner().agreements;
    assert_eq!((agreements[0].breach_notice_hours, agreements[0].contacts.len()), (24, 1));

    assert_eq!(approve(2, "city-outcomes").await.expect("approved"), 2);
    let (table, _) = partner.query(question()).await.expect("it was approved");
    let told = |table: &ProtectedTable| {
        let told = table.left_out().iter().map(|of| (of.period, of.reason.clone(), of.percent));
        told.collect::<Vec<_>>()
    };
    let why = "the days enrolled or absent are not known, or enrolled for fewer than 10 school days";
    assert_eq!(told(&table), [(2025, why.into(), 0)]);
    // They are all students of the product: who may see some of them is not told.
    let only = AGREEMENT.replace("version = 1", "version = 3") + "\n[terms]\nonly = { sex = [\"F\"] }\n";
    steward.agreement(&only).await.expect("a good agreement");
    let girls = Filter { dimension: "sex".into(), category: "F".into() };
    let question = || pb::QueryRequest { filters: vec![girls.clone()], ..question() };
    let (table, _) = partner.query(question()).await.expect("girls may be asked about");
    assert_eq!(told(&table), []);
}

#[tokio::test]
async fn new_kinds_are_kept_as_far_as_the_agreement_lists_them() {
    let city = City::open().await;
    let kinds = "kinds = [\"person\", \"school\", \"status\", \"course\", \"school_day\"]";
    let listed = AGREEMENT
        .replace("version = 1", "version = 2")
        .replace("kinds = [\"person\", \"school\", \"enrollment\", \"attendance_summary\"]", kinds);
    let terms = "\n[terms]\nelements = [\"person.birth_month\", \"course.failed\", \"person.foster\"]\n";
    city.steward().await.agreement(&(listed + terms)).await.expect("a good agreement");
    let who = Some(pb::person::Identity::Identifiers(crate::records::identifiers(1)));
    let person = pb::Person {
        identity: who,
        sex: "F".into(),
        birth_month: "2011-05".into(),
        homeless: Some(true),
        ..pb::Person::default()
    };
    let status = |status: &str| pb::Status {
        status: status.into(),
        begin: "2024-10-01".into(),
        ..pb::Status::default()
    };
    let course = pb::Course {
        school_year: 2025,
        code: "ENG9".into(),
        earned_hundredths: 50,
        core: Some(true),
        failed: Some(false),
        ..pb::Course::default()
    };
    let day = pb::SchoolDay { school: "N1".into(), date: "2024-10-01".into(), instructional: true };
    use pb::record::Fact as Wire;
    let records = vec![
        school(),
        about(&student(1), "p", Wire::Person(person)),
        about(&student(1), "s", Wire::Status(status("foster"))),
        // What is no element of a person here does not come in with dates, either.
        about(&student(1), "h", Wire::Status(status("homeless"))),
        about(&student(1), "c", Wire::Course(course)),
        plain("d", Wire::SchoolDay(day)),
    ];
    let pushed = city.source("northfield").await.push("first", records).await.expect("good records");
    assert_eq!(pushed.outcomes.values().sum::<u64>(), 6);
    let refused: Vec<_> =
        pushed.refused.iter().map(|(_, of)| (of.field.as_str(), of.code.as_str())).collect();
    assert_eq!(refused, [("status.status", "not_permitted")]);
    let mut kept = city.records();
    kept.sort_by_key(|record| record.kind);
    let read = |bytes: Option<Vec<u8>>| Fact::from_stored(&bytes.expect("it stands")).expect("a fact");
    let kept: Vec<Fact> = kept.into_iter().map(|record| read(record.fact)).collect();
    let [
        Fact::Person(person),
        Fact::School(_),
        Fact::Status(status),
        Fact::Course(course),
        Fact::SchoolDay(_),
    ] = &kept[..]
    else {
        panic!("five facts of five kinds")
    };
    assert_eq!((person.sex, person.homeless, person.birth_month), (None, None, "2011-05".parse().ok()));
    assert_eq!(status.status, StatusKind::Foster);
    assert_eq!((course.core, course.failed, course.earned_hundredths), (None, Some(false), 50));
}

/// A source that the agreement lets count with consent alone: others of its students are in no figure.
#[tokio::test]
async fn records_of_an_opt_in_source_count_with_consent_alone() {
    let city = City::open().await;
    let steward = city.steward().await;
    let kinds = "\"attendance_summary\", \"consent\", \"opt_out\"]";
    let with = |version: u32, terms: &str| {
        let text = AGREEMENT.replace("version = 1", &format!("version = {version}"));
        text.replace("\"attendance_summary\"]", kinds) + terms
    };
    steward.agreement(&with(2, "\n[terms]\nopt_in = [\"northfield\"]\n")).await.expect("a good agreement");
    let consent = |n: usize, from: &str, until: &str| {
        let consent = pb::Consent { from: from.into(), until: until.into() };
        about(&student(n), &format!("consent-{n}"), pb::record::Fact::Consent(consent))
    };
    // The last but two are over, to come, and withdrawn; 100 to 119 have never consented.
    let mut records = roll(0..120);
    records.extend((0..97).map(|n| consent(n, "2020-01-01", "")));
    records.extend([
        consent(97, "2020-01-01", "2020-12-31"),
        consent(98, "2090-01-01", ""),
        consent(99, "2020-01-01", ""),
    ]);
    // To have opted out needs no consent.
    let opt_out = pb::OptOut { from: "2024-01-01".into(), until: String::new() };
    records.push(about(&student(119), "opt-out", pb::record::Fact::OptOut(opt_out)));
    let source = city.source("northfield").await;
    source.push("first", records).await.expect("good records");
    let withdrawn = crate::records::delete(&student(99), "consent-99", pb::Kind::Consent);
    source.push("second", vec![withdrawn]).await.expect("a good record");
    let report = steward.publish().await.expect("an edition");
    assert_eq!((report.persons, report.without_consent, report.opted_out), (97, 23, 1));
    let (table, _) = city.partner().await.query(question()).await.expect("it may ask");
    let all = table.cells().iter().find(|cell| cell.categories == ["all"] && cell.period == 2025);
    assert_eq!(all.and_then(|cell| cell.denominator), Some(97));
    // Without the term, everybody else counts.
    steward.agreement(&with(3, "")).await.expect("a good agreement");
    let report = steward.publish().await.expect("an edition");
    assert_eq!((report.persons, report.without_consent, report.opted_out), (119, 0, 1));
}

/// An agreement names who of the partner may ask: others of it are refused, and the log has who asked.
#[tokio::test]
async fn only_the_people_an_agreement_names_may_ask() {
    let city = City::published().await;
    let people = "\n[terms]\npeople = { city-partnership = [\"a.miller\"] }\n";
    city.steward().await.agreement(&agreement(people)).await.expect("a good agreement");
    for person in ["a.miller", "b.ito"] {
        let issue = ["certs", "issue", "city-partnership.partner", "--person", person, "--dir", "certs"];
        let done = city.program().args(issue).output().expect("the program runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let session = |person: &str| {
        let mut options = city.options("city-partnership", Role::Partner);
        let certs = city.folder().join("certs");
        options.certificate = certs.join(format!("city-partnership.partner.{person}.pem"));
        options.key = certs.join(format!("city-partnership.partner.{person}.key"));
        async { Session::new(connect(options).await.expect("the certificate is good"), city.log_key()) }
    };
    session("a.miller").await.query(question()).await.expect("she is named");
    let principal =
        |log: &[Entry]| log.last().and_then(|entry| entry.principal.clone()).map(|of| of.to_string());
    let log = city.log();
    assert_eq!(
        (last(&log), principal(&log)),
        ((Decision::Allowed, "agreement.covered"), Some("a.miller".into()))
    );
    let status = refusal(session("b.ito").await.query(question()).await);
    assert_eq!(status.code(), Code::PermissionDenied);
    let log = city.log();
    assert_eq!(
        (last(&log), principal(&log)),
        ((Decision::Refused, "agreement.principal"), Some("b.ito".into()))
    );
    assert_eq!(refusal(city.partner().await.query(question()).await).code(), Code::PermissionDenied);
    assert_eq!(last(&city.log()), (Decision::Refused, "agreement.principal"));
}
