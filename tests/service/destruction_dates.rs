//! What an agreement says is to be destroyed is destroyed on its day, and nothing else is.

use crate::city::AT_MOST;
use crate::destruction::{both, certified, destroy, found, marks, told};
use crate::papers::AGREEMENT;
use crate::records::{about, roll, student};
use crate::vocabulary::{last, question, refusal};
use throughline::api::v1 as pb;
use throughline::audit::{Certificate, Decision, Entry};
use throughline::calendar::{Date, Timestamp};
use throughline::server::peer::Role;
use tokio::time::timeout;
use tonic::Code;

/// The agreement's next version: over since yesterday, and to be destroyed by today.
fn over(version: u32) -> String {
    let today = Timestamp::now().date();
    let yesterday = Date::from_days(today.days() - 1).expect("a day");
    AGREEMENT
        .replace("version = 1", &format!("version = {version}"))
        .replace("2099-06-30", &yesterday.to_string())
        .replace("2099-12-31", &today.to_string())
}

/// An agreement of the same parties under another id.
fn other() -> String {
    AGREEMENT.replace("city-outcomes", "city-health")
}

#[tokio::test]
async fn on_the_date_of_an_agreement_what_no_other_covers_goes_by_itself() {
    let mut city = both().await;
    let config = city.file("throughline.toml");
    let text = std::fs::read_to_string(&config).expect("init wrote it");
    std::fs::write(&config, format!("check_dates_every_s = 1\n{text}")).expect("written");
    city.restart();
    let (steward, north) = (city.steward().await, city.source("northfield").await);
    steward.agreement(&other()).await.expect("a good agreement");
    // Ten are sent again as they are, and ten with another absence; the school is left out of it.
    let again: Vec<_> = roll(0..10).into_iter().skip(1).collect();
    north.push_under("city-health", "health", again).await.expect("good records");
    let changed = (10..20).map(|n| {
        let summary = pb::AttendanceSummary {
            school: "N1".into(),
            from: "2024-09-03".into(),
            to: "2025-06-20".into(),
            days_enrolled_hundredths: 18_000,
            days_present_hundredths: 17_700,
            days_absent_hundredths: 300,
        };
        about(&student(n), &format!("attendance-{n}"), pb::record::Fact::AttendanceSummary(summary))
    });
    north.push_under("city-health", "changes", changed.collect()).await.expect("good records");
    let marks = marks(&city, "eastbrook");
    let early =
        destroy(&city, pb::DestroyRequest { agreement: "city-outcomes".into(), ..Default::default() });
    let status = early.await.expect_err("its date is far away");
    assert!(status.message().contains("2099-12-31"), "{status}");
    assert_eq!(last(&city.log()), (Decision::Refused, "destroy.not_yet"));

    steward.agreement(&over(2)).await.expect("it may end");
    let certificate = certified(&city).await;
    let opened = Certificate::open(&certificate, &city.log_key()).expect("it is good");
    assert!(opened.text.contains("because: the agreement's date has come\n"), "{}", opened.text);
    assert!(
        opened.text.contains("kept: records that were received under another agreement that lasts"),
        "{}",
        opened.text
    );
    let ask = async |who, role| told(&city, who, role).await.remove(0).counts;
    assert_eq!(ask("city-partnership", Role::Partner).await, [""; 0], "a partner hears of no count");
    let own = ask("eastbrook", Role::Contributor).await;
    assert!(own.len() == 1 && own[0].contains("\nof: eastbrook\n"), "{own:?}");
    let all = ask("city-auditor", Role::Auditor).await;
    assert!(all.len() == 3 && all[2].contains("\nrecords kept: 40\n"), "{all:?}");
    assert!(all.iter().all(|counts| opened.vouches_for(counts)));
    assert_eq!(found(&city.file(""), &marks), 0);
    assert_eq!(
        city.steward().await.n_records().await,
        40,
        "thirty sent under both, ten changed under the other"
    );
    assert_eq!(city.steward().await.status().await.persons, 10, "those whose roster the other agreement has");

    let status = north.open("third").await.expect_err("it is over");
    assert!(status.message().contains("is destroyed"), "{status}");
    assert_eq!(last(&city.log()), (Decision::Refused, "agreement.not_destroyed"));
    let status = refusal(city.partner().await.query(question()).await);
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(last(&city.log()), (Decision::Refused, "agreement.not_destroyed"));
    let status = steward.agreement(&AGREEMENT.replace("version = 1", "version = 3")).await;
    assert_eq!(status.expect_err("it is destroyed").code(), Code::FailedPrecondition);
    assert_eq!(last(&city.log()), (Decision::Refused, "agreement.destroyed"));
    // Under the other agreement everything goes on.
    north.push_under("city-health", "more", roll(60..70)).await.expect("good records");
}

#[tokio::test]
async fn a_date_that_passed_while_the_service_was_down_is_kept_at_its_start() {
    let mut city = both().await;
    let marks = marks(&city, "northfield");
    // The service looks once a minute, and is stopped before it does.
    city.steward().await.agreement(&over(2)).await.expect("it may end");
    city.restart();
    certified(&city).await;
    assert_eq!(city.steward().await.n_records().await, 0);
    assert_eq!(found(&city.file(""), &marks), 0);
    city.restart();
    assert_eq!(told(&city, "city-auditor", Role::Auditor).await.len(), 1, "once");
    let past = AGREEMENT.replace("city-outcomes", "of-old").replace("2099-06-30", "2021-06-30");
    let past = past.replace("2099-12-31", "2021-12-31");
    let status =
        city.steward().await.agreement(&past).await.expect_err("a mistake in a year destroys nothing");
    assert!(status.message().contains("destruction: is past"), "{status}");
}

#[tokio::test]
async fn nothing_is_destroyed_by_date_while_the_clock_is_in_doubt() {
    let mut city = both().await;
    city.steward().await.agreement(&over(2)).await.expect("it may end");
    city.terminate();
    assert_eq!(city.ended(), Some(0));
    // As a start long after the log's last entry leaves it.
    city.tamper("INSERT INTO clock_doubt (one, newest_ms, started_ms) VALUES (1, 0, 1)");
    city.restart();
    let log = city.folder().join("stderr.log");
    let told_so = async {
        while !std::fs::read_to_string(&log)
            .is_ok_and(|said| said.contains("the dates of agreements have come"))
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(AT_MOST, told_so).await.expect("it says so");
    assert_eq!(told(&city, "city-auditor", Role::Auditor).await, []);
    assert_eq!(city.steward().await.n_records().await, 362);
    let mut serve = city.serve();
    serve.arg("--clock-is-right");
    city.start_as(serve);
    certified(&city).await;
    assert_eq!(city.steward().await.n_records().await, 0);
    let is_said = |entry: &Entry| entry.step.as_ref().is_some_and(|step| step.as_str() == "clock_is_right");
    assert!(city.log().iter().any(is_said), "who said so is on record");
}
