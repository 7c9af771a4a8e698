//! A product whose rule codes rates: partners read labels, and no count from which a numerator follows.

use crate::city::City;
use crate::papers::{AGREEMENT, PRODUCT};
use crate::records::roll;
use crate::vocabulary::{last, question};
use throughline::api::v1 as pb;
use throughline::audit::Decision;
use throughline::disclosure::{Mark, RuleProfile};

/// The product of the city under another rule, as its next version.
fn under(profile: &str) -> String {
    PRODUCT.replace("version = 1", "version = 2").replace("\"nces-10\"", &format!("{profile:?}"))
}

/// A city whose product is coded, with an edition of 120 students: 10 of 40 and 20 of 80 are often absent.
async fn published(profile: &str) -> City {
    published_of(profile, 120).await
}

async fn published_of(profile: &str, n_students: usize) -> City {
    let city = City::open().await;
    city.source("northfield").await.push("first", roll(0..n_students)).await.expect("good records");
    let steward = city.steward().await;
    steward.product(&under(profile)).await.expect("a good product");
    steward.publish().await.expect("an edition");
    city
}

#[tokio::test]
async fn partners_read_codes_and_no_numerators() {
    // 29 or 30 of all and 20 or 21 of one group would leave the other no more than 10, and its own code no fewer.
    for (name, prints_people, hidden) in [("utah", false, None), ("delaware", true, Some("black"))] {
        let city = published(name).await;
        let asked = pb::QueryRequest { periods: vec![2025], ..question() };
        let (table, _) = city.partner().await.query(asked).await.expect("an agreement covers it");
        assert_eq!(table.profile(), format!("{name}@1"));
        let profile = RuleProfile::named(name).expect("embedded");
        for (category, y, n) in [("all", 30, 120), ("black", 10, 40), ("white", 20, 80)] {
            let cell = table.cells().iter().find(|cell| cell.categories == [category]).expect("a row");
            let label = (hidden != Some(category)).then(|| profile.code(y, n).expect("a coded rate").label());
            let mark = if label.is_some() { Mark::Shown } else { Mark::Hidden };
            assert_eq!(cell.code.as_ref().map(|code| code.label.clone()), label, "{name} {category}");
            assert_eq!((cell.mark(), cell.numerator, cell.value), (mark, None, None), "{category}");
            assert_eq!(cell.denominator, prints_people.then_some(n), "{category}");
        }
    }
}

#[tokio::test]
async fn the_command_line_prints_codes() {
    let city = published("utah").await;
    let query = |format: &[&str]| city.query("city", format);
    let utah = RuleProfile::named("utah").expect("embedded");
    let label = utah.code(10, 40).expect("a coded rate").label();
    let table = query(&[]);
    assert!(table.contains("rule utah@1") && table.contains(&format!("{label}  █")), "{table}");
    assert!(table.contains("no numbers of students"), "{table}");
    assert!(!table.contains("Students") && !table.contains("With it"), "nothing of it is printed: {table}");
    let csv = query(&["--csv"]);
    assert!(csv.lines().next().is_some_and(|heading| heading.contains(",deviation,code,")), "{csv}");
    assert!(csv.lines().any(|line| line.contains(&format!(",black,shown,,,,,{label},"))), "{csv}");
    let json: serde_json::Value = serde_json::from_str(&query(&["--json"])).expect("JSON");
    let cells = json["cells"].as_array().expect("cells");
    let cell = cells.iter().find(|cell| cell["categories"][0] == "black").expect("a row");
    let (first, last) = utah.code(10, 40).expect("a coded rate").percents();
    assert_eq!(cell["code"], serde_json::json!({"label": label, "first": first, "last": last}));
    assert!(cell["numerator"].is_null() && cell["value"].is_null() && cell["denominator"].is_null());
}

#[tokio::test]
async fn rules_that_round_and_pool_print_so() {
    let agreement = AGREEMENT.replace("version = 1", "version = 2").replace("cell_min = 10", "cell_min = 5");
    let rounded = published_of("opensafely", 124).await;
    rounded.steward().await.agreement(&agreement).await.expect("a good agreement");
    let asked = pb::QueryRequest { periods: vec![2025], ..question() };
    let (table, _) = rounded.partner().await.query(asked.clone()).await.expect("an agreement covers it");
    let all = table.cells().iter().find(|cell| cell.categories == ["all"]).expect("a row");
    assert_eq!((table.rounded_to(), all.denominator, all.numerator), (5, Some(125), Some(30)), "124 and 31");
    // 2 of 7 students of one group are few, so the other is hidden with it: 20 together.
    let pooled = published_of("new-york", 20).await;
    pooled.steward().await.agreement(&agreement).await.expect("a good agreement");
    let (table, _) = pooled.partner().await.query(asked).await.expect("an agreement covers it");
    let row = table.cells().last().map(|cell| (cell.categories[0].clone(), cell.denominator, cell.numerator));
    assert_eq!(row, Some(("Small Group Total".to_owned(), Some(20), Some(5))));
}

#[tokio::test]
async fn an_unknown_rule_is_refused() {
    let city = City::open().await;
    let refused = city.steward().await.product(&under("ohio")).await.expect_err("nobody knows it");
    assert!(refused.message().contains("is not a known rule profile"), "{}", refused.message());
    assert_eq!(last(&city.log()), (Decision::Refused, "product.profile"));
}
