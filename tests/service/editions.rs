//! Edition after edition: what partners may see of what has changed in between.

use crate::city::City;
use crate::papers::{AGREEMENT, PRODUCT};
use crate::records::{delete, plain, roll, student};
use crate::vocabulary::{last, question, refusal};
use throughline::api::v1 as pb;
use throughline::audit::Decision;
use throughline::disclosure::{Cell, Mark, ProtectedTable};
use tonic::Code;

async fn ask(city: &City) -> ProtectedTable {
    city.partner().await.query(question()).await.expect("an agreement covers it").0
}

fn cell<'t>(table: &'t ProtectedTable, race: &str) -> &'t Cell {
    let mut cells = table.cells().iter().filter(|cell| cell.period == 2025);
    cells.find(|cell| cell.categories == [race]).expect("a cell of every race")
}

/// For the last school year, the edition whose records are counted.
fn counted(table: &ProtectedTable) -> u32 {
    table.counted().iter().find(|counted| counted.period == 2025).expect("a year of the product").edition
}

#[tokio::test]
async fn few_late_records_wait_for_the_next_edition() {
    let city = City::published().await;
    let first = ask(&city).await;
    let (source, steward) = (city.source("northfield").await, city.steward().await);
    source.push("second", roll(60..63)).await.expect("good records");
    let report = steward.publish().await.expect("an edition");
    let of_year = report.periods.iter().find(|period| period.period == 2025).expect("a year of the product");
    assert!(of_year.waits && of_year.counted_in == 1);
    assert_eq!(report.persons, 63, "the edition has them");
    let second = ask(&city).await;
    assert_eq!((second.edition(), counted(&second)), (2, 1), "what is said of it is of the first");
    assert_eq!(second.cells(), first.cells());
    let held = city.verify_edition(2).await.expect("it holds as the first one does");
    assert_eq!(held.tables, city.verify_edition(1).await.expect("it holds").tables);
    source.push("third", roll(63..100)).await.expect("good records");
    let report = steward.publish().await.expect("an edition");
    assert!(report.periods.iter().all(|period| !period.waits));
    let third = ask(&city).await;
    assert_eq!((counted(&third), cell(&third, "all").denominator), (3, Some(100)), "now there are enough");
    city.verify_edition(3).await.expect("it holds, with what the first one showed");
}

#[tokio::test]
async fn a_small_change_is_hidden_and_the_earlier_figure_recalled() {
    let city = City::published().await;
    let first = ask(&city).await;
    // Four of the twelve are of one race, and eight of the other.
    city.source("northfield").await.push("second", roll(60..72)).await.expect("good records");
    city.steward().await.publish().await.expect("an edition");
    let second = ask(&city).await;
    assert_eq!(cell(&second, "all").denominator, Some(72), "twelve may be seen to come");
    for race in ["black", "white"] {
        let (now, then) = (cell(&second, race), cell(&first, race));
        assert_eq!((now.mark(), now.denominator), (Mark::Hidden, None), "{race}");
        let earlier = now.earlier.clone().expect("it was shown before");
        assert_eq!((earlier.edition, earlier.denominator), (1, then.denominator), "{race}");
        assert_eq!((earlier.numerator, earlier.value), (then.numerator, then.value), "{race}");
    }
    assert!(first.cells().iter().all(|cell| cell.earlier.is_none()), "there was nothing to recall");
}

#[tokio::test]
async fn a_dimension_means_the_same_in_every_version_that_was_published() {
    let city = City::published().await;
    let steward = city.steward().await;
    let next = PRODUCT.replace("version = 1", "version = 2");
    let other = next.replace("source = \"sex\"", "source = \"econ\"");
    let status = steward.product(&other).await.expect_err("figures by this dimension are out");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("sex"), "{}", status.message());
    let named = other.replace("id = \"sex\"", "id = \"income\"");
    steward.product(&named).await.expect("a dimension of its own");
    steward.publish().await.expect("both can be counted together");
    let table = ask(&city).await;
    assert_eq!((table.product_version(), counted(&table)), (2, 2), "the records are the same");
}

#[tokio::test]
async fn figures_that_stay_need_the_agreement_of_all_who_are_in_them() {
    let city = City::open().await;
    let (northfield, eastbrook) = (city.source("northfield").await, city.source("eastbrook").await);
    let steward = city.steward().await;
    northfield.push("first", roll(0..60)).await.expect("good records");
    eastbrook.push("first", roll(200..205)).await.expect("good records");
    steward.publish().await.expect("an edition of both");
    // Eastbrook takes back all it has sent, and the agreement goes on without it.
    let gone = (200..205).flat_map(|n| {
        let kinds = [
            ("person", pb::Kind::Person),
            ("enrollment", pb::Kind::Enrollment),
            ("attendance", pb::Kind::AttendanceSummary),
        ];
        kinds.map(|(key, kind)| delete(&student(n), &format!("{key}-{n}"), kind))
    });
    let school = plain("school-N1", pb::record::Fact::Delete(pb::Kind::School.into()));
    eastbrook.push("all", gone.chain([school]).collect()).await.expect("it may");
    let alone = AGREEMENT.replace("version = 1", "version = 2").replace(", \"eastbrook\"]", "]");
    steward.agreement(&alone).await.expect("a good agreement");
    let report = steward.publish().await.expect("an edition that waits");
    assert!(report.periods.iter().any(|period| period.waits && period.counted_in == 1));
    let refused = refusal(city.partner().await.query(question()).await);
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(
        last(&city.log()),
        (Decision::Refused, "agreement.source"),
        "the five are still in the figures"
    );
    northfield.push("second", roll(60..80)).await.expect("good records");
    steward.publish().await.expect("an edition of northfield");
    let table = ask(&city).await;
    assert_eq!((counted(&table), cell(&table, "all").denominator), (3, Some(80)));
    let is_hidden = |cell: &&Cell| cell.mark() == Mark::Hidden;
    assert!(table.cells().iter().any(|cell| is_hidden(&cell)), "twenty more, but few of some groups");
    let nothing = table.cells().iter().all(|cell| cell.earlier.is_none());
    assert!(nothing, "what was shown with eastbrook in it is not recalled");
}
