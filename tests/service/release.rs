//! What a partner is told: the same answer for ever, nothing outside what was declared, all of it proven.

use crate::city::City;
use crate::papers::{AGREEMENT, PRODUCT};
use crate::records::roll;
use crate::vocabulary::{last, question, refusal};
use prost::Message;
use throughline::api::v1 as pb;
use throughline::audit::{Decision, Hash, SignerKey};
use throughline::client::{Error, Session, channel};
use throughline::disclosure::{Filter, Mark, ProtectedTable};
use throughline::server::peer::Role;
use tonic::{Code, Status};
use tonic_types::StatusExt;

fn of_edition(edition: u32) -> pb::QueryRequest {
    pb::QueryRequest { edition, ..question() }
}

async fn ask(session: &Session, question: pb::QueryRequest) -> Vec<u8> {
    session.query(question).await.expect("an agreement covers it").0.encode_to_vec()
}

#[tokio::test]
async fn the_same_question_to_the_same_edition_has_the_same_answer() {
    let mut city = City::published().await;
    let first = ask(&city.partner().await, of_edition(1)).await;
    assert_eq!(ask(&city.partner().await, question()).await, first, "the newest is the first");
    city.source("northfield").await.push("second", roll(60..140)).await.expect("good records");
    assert_eq!(ask(&city.partner().await, of_edition(1)).await, first, "after more records");
    city.restart();
    assert_eq!(ask(&city.partner().await, of_edition(1)).await, first, "after a kill");
    city.steward().await.publish().await.expect("an edition");
    assert_eq!(ask(&city.partner().await, of_edition(1)).await, first, "after a new edition");
    city.restart();
    assert_eq!(ask(&city.partner().await, of_edition(1)).await, first, "after another kill");
    let second = ask(&city.partner().await, question()).await;
    let second = ProtectedTable::decode(&second[..]).expect("a table");
    assert_eq!(second.edition(), 2);
    assert_ne!(second.encode_to_vec(), first);
}

/// All that a caller can see of a refusal, but for its receipt. Details are unpacked: their metadata is a map,
/// whose order on the wire says nothing.
fn seen(status: &Status) -> (Code, String, Vec<String>) {
    let mut details = Vec::new();
    if let Some(info) = status.get_details_error_info() {
        details.extend([info.reason, info.domain]);
        let mut metadata: Vec<_> =
            info.metadata.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        metadata.sort();
        details.extend(metadata);
    }
    let fields = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
    details.extend(fields.into_iter().map(|wrong| format!("{}: {}", wrong.field, wrong.description)));
    assert!(
        status.get_details_retry_info().is_none(),
        "a refusal on the rules does not become right by waiting"
    );
    (status.code(), status.message().to_owned(), details)
}

#[tokio::test]
async fn outside_the_declared_products_the_data_say_nothing() {
    let filter =
        |dimension: &str, category: &str| Filter { dimension: dimension.into(), category: category.into() };
    let dimensions = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let outside = [
        pb::QueryRequest { product: "town".into(), ..question() },
        pb::QueryRequest { indicator: "graduation".into(), ..question() },
        pb::QueryRequest { dimensions: dimensions(&["zone"]), ..question() },
        pb::QueryRequest { dimensions: dimensions(&["race", "race"]), ..question() },
        pb::QueryRequest { dimensions: dimensions(&["race", "sex", "grade"]), ..question() },
        pb::QueryRequest { filters: vec![filter("zone", "Z1")], ..question() },
        pb::QueryRequest {
            filters: vec![filter("race", "purple")],
            dimensions: dimensions(&["sex"]),
            ..question()
        },
        pb::QueryRequest { periods: vec![2019], ..question() },
        pb::QueryRequest { purpose: "curiosity".into(), ..question() },
        pb::QueryRequest { agreement: "another".into(), ..question() },
        pb::QueryRequest { agreement: String::new(), ..question() },
    ];
    // Two cities with different children of the same school, races and sexes.
    let (few, many) = (City::published().await, City::open().await);
    many.source("northfield").await.push("first", roll(500..900)).await.expect("good records");
    many.steward().await.publish().await.expect("an edition");
    let (few, many) = (few.partner().await, many.partner().await);
    for question in outside {
        let statuses =
            [refusal(few.query(question.clone()).await), refusal(many.query(question.clone()).await)];
        assert_eq!(seen(&statuses[0]), seen(&statuses[1]), "{question:?}");
        let code = statuses[0].code();
        assert!(matches!(code, Code::PermissionDenied | Code::InvalidArgument), "{question:?}: {code}");
    }
}

#[tokio::test]
async fn answers_and_refusals_quote_the_agreement_and_the_rule() {
    let city = City::published().await;
    let partner = city.partner().await;
    let (table, receipt) = partner.query(question()).await.expect("an agreement covers it");
    assert_eq!((table.agreement(), table.profile(), table.cell_min()), ("city-outcomes@1", "nces-10@1", 10));
    let entry = receipt.verify(&city.log_key(), None, None).expect("a good receipt").entry;
    assert_eq!(city.log().last(), Some(&entry));
    assert_eq!((entry.decision, entry.rule.as_str()), (Decision::Allowed, "agreement.covered"));
    assert_eq!(entry.agreement_version, Some(1));
    assert_eq!(entry.response_digest, Some(Hash::new(table.digest())));
    let n_hidden = table.cells().iter().filter(|cell| cell.mark() == Mark::Hidden).count();
    assert_eq!(entry.cells_hidden, Some(n_hidden as u64));
    let status = refusal(partner.query(pb::QueryRequest { purpose: "curiosity".into(), ..question() }).await);
    let info = status.get_details_error_info().expect("an error info");
    let quoted = |key: &str| info.metadata.get(key).map(String::as_str);
    assert_eq!(
        (quoted("agreement"), quoted("version"), quoted("rule")),
        (Some("city-outcomes"), Some("1"), Some("agreement.purpose"))
    );
    assert_eq!(last(&city.log()), (Decision::Refused, "agreement.purpose"));
}

#[tokio::test]
async fn an_expired_agreement_answers_nothing() {
    let city = City::published().await;
    let (partner, steward) = (city.partner().await, city.steward().await);
    partner.query(question()).await.expect("in force");
    let expired = AGREEMENT.replace("version = 1", "version = 2").replace("2099-06-30", "2021-06-30");
    steward.agreement(&expired).await.expect("a good agreement");
    let status = refusal(partner.query(question()).await);
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(last(&city.log()), (Decision::Refused, "agreement.not_expired"));
    let status = city.source("northfield").await.open("late").await.expect_err("expired");
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(last(&city.log()), (Decision::Refused, "agreement.not_expired"));
}

#[tokio::test]
async fn anothers_agreement_and_no_agreement_look_alike() {
    let (open, published) = (City::open().await, City::published().await);
    for (city, edition) in [(&open, 0), (&published, 0), (&published, 1), (&published, 99)] {
        let bystander = city.session("bystander", Role::Partner).await;
        let foreign = refusal(bystander.query(of_edition(edition)).await);
        let unknown = pb::QueryRequest { agreement: "no-such".into(), ..of_edition(edition) };
        assert_eq!(seen(&foreign), seen(&refusal(bystander.query(unknown).await)), "edition {edition}");
        assert_eq!(foreign.code(), Code::PermissionDenied);
    }
    let products = published.session("bystander", Role::Partner).await;
    let products = products.releases().list_products(pb::ListProductsRequest {}).await.expect("it may");
    assert!(products.into_inner().products.is_empty(), "it is told of no product");
}

#[tokio::test]
async fn before_the_first_edition_there_is_no_answer() {
    let city = City::open().await;
    let status = refusal(city.partner().await.query(question()).await);
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(last(&city.log()), (Decision::Refused, "edition.none"));
}

#[tokio::test]
async fn hidden_cells_carry_nothing() {
    let city = City::open().await;
    // 24 students: two of every three are of one group, and the groups by sex are small.
    city.source("northfield").await.push("first", roll(0..24)).await.expect("good records");
    city.steward().await.publish().await.expect("an edition");
    let both = pb::QueryRequest { dimensions: vec!["race".into(), "sex".into()], ..question() };
    let (table, _) = city.partner().await.query(both).await.expect("an agreement covers it");
    let (hidden, open): (Vec<_>, Vec<_>) = table.cells().iter().partition(|cell| cell.mark() == Mark::Hidden);
    assert!(!hidden.is_empty() && !open.is_empty());
    for cell in hidden {
        // How many children there are is hidden or not on its own account; the outcome is not told.
        assert_eq!((cell.numerator, cell.value, cell.deviation), (None, None, None), "{:?}", cell.categories);
    }
    let denominators: Vec<_> = table.cells().iter().filter_map(|cell| cell.denominator).collect();
    assert!(denominators.iter().all(|&n| n >= 10), "{denominators:?}");
    assert!(denominators.len() < table.cells().len(), "some groups are too small to be shown at all");
}

#[tokio::test]
async fn a_client_believes_only_the_log_it_knows() {
    let city = City::published().await;
    let other = City::open().await;
    let channel = channel::connect(city.options("city-partnership", Role::Partner)).await.expect("it may");
    let misled = Session::new(channel, other.log_key());
    assert!(matches!(misled.query(question()).await, Err(Error::NotProven(_))));
    let request = pb::ListProductsRequest {};
    let response = misled.releases().list_products(request).await.expect("the call itself works");
    assert!(matches!(misled.proven(&request.encode_to_vec(), response), Err(Error::NotProven(_))));
}

#[tokio::test]
async fn an_answer_changed_on_the_way_is_refused() {
    let city = City::published().await;
    let partner = city.partner().await;
    let (table, receipt) = partner.query(question()).await.expect("an agreement covers it");
    let asked = Hash::of(&question().encode_to_vec());
    let answered = Hash::new(table.digest());
    assert!(receipt.verify(partner.log_key(), Some(&asked), Some(&answered)).is_ok());
    // Every single byte of the table, changed, is another answer.
    let bytes = table.encode_to_vec();
    let mut n_tables = 0;
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        if let Ok(changed) = ProtectedTable::decode(&changed[..]) {
            n_tables += 1;
            let answered = Hash::new(changed.digest());
            assert!(receipt.verify(partner.log_key(), Some(&asked), Some(&answered)).is_err(), "byte {at}");
        }
    }
    assert!(n_tables > bytes.len() / 4, "many of them are still tables");
    let other = Hash::of(&of_edition(1).encode_to_vec());
    assert!(receipt.verify(partner.log_key(), Some(&other), Some(&answered)).is_err(), "another question");
    // The same for an answer whose receipt travels beside it.
    let request = pb::ListProductsRequest {};
    let mut response = partner.releases().list_products(request).await.expect("it may");
    response.get_mut().products[0].hidden_share += 0.25;
    assert!(matches!(partner.proven(&request.encode_to_vec(), response), Err(Error::NotProven(_))));
    let mut response = partner.releases().list_products(request).await.expect("it may");
    response.metadata_mut().clear();
    assert!(matches!(partner.proven(&request.encode_to_vec(), response), Err(Error::NoReceipt)));
}

#[tokio::test]
async fn a_log_key_of_ones_own_making_signs_nothing_here() {
    let city = City::published().await;
    let document = ring::signature::Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new());
    let document = document.expect("randomness");
    let forged = SignerKey::from_pkcs8(city.log_key().name(), document.as_ref()).expect("a key");
    let channel = channel::connect(city.options("city-partnership", Role::Partner)).await.expect("it may");
    let misled = Session::new(channel, forged.verifier().clone());
    assert!(matches!(misled.query(question()).await, Err(Error::NotProven(_))), "same name, other key");
}

#[tokio::test]
async fn a_known_version_is_never_loaded_with_other_content() {
    let city = City::open().await;
    let steward = city.steward().await;
    let changed = AGREEMENT.replace("cell_min = 10", "cell_min = 5");
    assert_eq!(steward.agreement(&changed).await.expect_err("other content").code(), Code::AlreadyExists);
    let changed = PRODUCT.replace("depth = 2", "depth = 3");
    assert_eq!(steward.product(&changed).await.expect_err("other content").code(), Code::AlreadyExists);
    steward.agreement(AGREEMENT).await.expect("the same again");
    steward.product(PRODUCT).await.expect("the same again");
}

#[tokio::test]
async fn editions_published_at_once_do_not_overtake_each_other() {
    let city = City::open().await;
    city.source("northfield").await.push("first", roll(0..60)).await.expect("good records");
    let stewards = [city.steward().await, city.steward().await, city.steward().await];
    let reports = tokio::join!(stewards[0].publish(), stewards[1].publish(), stewards[2].publish());
    let mut numbers = Vec::new();
    for report in [reports.0, reports.1, reports.2] {
        match report {
            Ok(report) => numbers.push(report.edition),
            Err(status) => assert_eq!(status.code(), Code::FailedPrecondition, "{status}"),
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
    assert!(!numbers.is_empty());
    assert_eq!(city.steward().await.status().await.editions as usize, numbers.len());
}
