//! What publishing would cost is said before anything is published, and turns out to be true.

use crate::city::City;
use crate::papers::PRODUCT;
use crate::records::roll;
use crate::vocabulary::last;
use prost::Message;
use std::process::Output;
use throughline::api::v1 as pb;
use throughline::audit::{Decision, Hash};
use throughline::client::Error;
use tonic::Code;
use tonic_types::StatusExt;

/// The city's product in a version that is not loaded, with the schools' grades besides.
fn draft() -> String {
    let grade = "\n[[dimensions]]\nid = \"grade\"\nsource = \"grade\"\n";
    PRODUCT.replace("version = 1", "version = 2") + grade
}

/// Another product about the same students.
fn other() -> String {
    PRODUCT.replace("product = \"city\"", "product = \"town\"").replace("depth = 2", "depth = 1")
}

async fn city() -> City {
    let city = City::open().await;
    city.source("northfield").await.push("first", roll(0..70)).await.expect("good records");
    city
}

fn documents(city: &City) -> Vec<(String, u32)> {
    city.rows("SELECT id, version FROM product ORDER BY id, version", |row| Ok((row.get(0)?, row.get(1)?)))
}

fn total(of: &pb::CheckedProduct) -> pb::HiddenCells {
    let cells = of.planes.iter().filter_map(|plane| plane.hidden);
    cells.fold(pb::HiddenCells::default(), |sum, cells| pb::HiddenCells {
        cells: sum.cells + cells.cells,
        hidden: sum.hidden + cells.hidden,
    })
}

#[tokio::test]
async fn a_check_changes_nothing_and_a_publication_costs_what_it_said() {
    let city = city().await;
    let steward = city.steward().await;
    let (held, loaded) = (city.state(), documents(&city));
    let checked = steward.check(&[&draft(), &other()], pb::Variants::All).await.expect("good products");
    assert_eq!((city.state(), documents(&city)), (held, loaded));
    assert_eq!(steward.status().await.editions, 0);

    steward.product(&draft()).await.expect("a good product");
    steward.product(&other()).await.expect("a good product");
    let published = steward.publish().await.expect("an edition");
    assert_eq!(published.products.len(), 2);
    for (said, product) in checked.products.iter().zip(&published.products) {
        let cells = (said.cells, said.primary, said.secondary);
        assert_eq!(
            (&said.product, cells),
            (&product.product, (product.cells, product.primary, product.secondary))
        );
        let all = total(said);
        assert_eq!((all.cells, all.hidden), (product.cells, product.primary + product.secondary));
        assert!((1..product.cells).contains(&all.hidden), "some of it is hidden and some is not");
    }
    assert_eq!((checked.persons, checked.student_years), (published.persons, published.student_years));
    assert_eq!(checked.layers, published.layers);
    let years: Vec<_> = checked.lattices.iter().map(|of| (of.period, of.occupied > 0)).collect();
    assert_eq!(years, [(2024, false), (2025, true)]);
    assert!(checked.lattices.iter().all(|of| of.occupied < of.groups));
    // Asked again, of what is loaded now: the same.
    let again = steward.check(&[&draft()], pb::Variants::None).await.expect("a good product");
    assert_eq!(
        (&again.products[0].planes, &again.others),
        (&checked.products[0].planes, &vec!["town".into()])
    );
}

#[tokio::test]
async fn a_smaller_version_wins_back_what_was_said() {
    let city = city().await;
    let steward = city.steward().await;
    let checked = steward.check(&[&draft()], pb::Variants::All).await.expect("a good product");
    let said: Vec<_> = checked.products[0].variants.iter().map(|of| of.change.as_str()).collect();
    assert_eq!(
        said,
        ["depth = 1", "geography = \"district\"", "without race", "without sex", "without grade"]
    );
    let without = |id: &str, source: &str| {
        draft().replace(&format!("[[dimensions]]\nid = \"{id}\"\nsource = \"{source}\"\n"), "")
    };
    let smaller = [
        draft().replace("depth = 2", "depth = 1"),
        draft().replace("depth = 2", "depth = 2\ngeography = \"district\""),
        without("race", "race7"),
        without("sex", "sex"),
        without("grade", "grade"),
    ];
    for (document, variant) in smaller.iter().zip(&checked.products[0].variants) {
        let smaller = steward.check(&[document], pb::Variants::None).await.expect("a good product");
        let (before, after) = (variant.before.expect("cells"), variant.after.expect("cells"));
        assert_eq!(after, total(&smaller.products[0]), "{}", variant.change);
        assert_eq!(before.cells, after.cells, "{}: the same cells", variant.change);
        assert!(after.cells < checked.products[0].cells, "{}: it is smaller", variant.change);
        let (before, after) = (variant.simple_before.expect("cells"), variant.simple_after.expect("cells"));
        assert_eq!(before.cells, after.cells, "{}: the same simple cells", variant.change);
        assert!((before.hidden..=before.cells).contains(&before.hidden) && before.cells > 0);
    }
    let races = &checked.products[0].variants[2];
    assert!(races.after.expect("cells").hidden < total(&checked.products[0]).hidden);
}

#[tokio::test]
async fn a_check_reckons_with_what_earlier_editions_have_shown() {
    let city = City::published().await;
    let (steward, source) = (city.steward().await, city.source("northfield").await);
    let (document, shallow) = (draft(), PRODUCT.replace("depth = 2", "depth = 1"));
    source.push("second", roll(60..140)).await.expect("good records");
    let checked = steward.check(&[&document], pb::Variants::All).await.expect("a good product");
    let said: Vec<_> = checked.products[0].variants.iter().map(|of| of.change.as_str()).collect();
    assert_eq!(
        said,
        ["depth = 1", "without race", "without sex", "without grade"],
        "schools have been shown"
    );
    for variant in &checked.products[0].variants {
        assert_eq!(variant.before.expect("cells").cells, variant.after.expect("cells").cells);
    }
    let alone = steward.check(&[&shallow], pb::Variants::None).await.expect("a good product");
    assert!(alone.products[0].version_taken, "an edition has this version with another depth");
    steward.product(&document).await.expect("a good product");
    let published = steward.publish().await.expect("an edition");
    assert_eq!((checked.edition, checked.periods), (published.edition, published.periods));
    assert_eq!(checked.layers, published.layers);
    let hidden = |of: &pb::ProductReport| (of.cells, of.primary, of.secondary);
    let (said, product) = (&checked.products[0], &published.products[0]);
    assert_eq!((said.cells, said.primary, said.secondary), hidden(product));

    source.push("third", roll(140..141)).await.expect("good records");
    let checked = steward.check(&[&document], pb::Variants::None).await.expect("a good product");
    let waits: Vec<_> = checked.periods.iter().map(|of| (of.period, of.counted_in, of.waits)).collect();
    assert_eq!((checked.edition, &waits[1]), (3, &(2025, 2, true)));
    let published = steward.publish().await.expect("an edition");
    assert_eq!((published.edition, published.periods), (3, checked.periods));
}

#[tokio::test]
async fn everything_wrong_with_every_document_is_said_and_is_on_record() {
    let city = city().await;
    let steward = city.steward().await;
    let broken = [
        draft().replace("version = 2", "version = 0").replace("source = \"sex\"", "source = \"secret\""),
        other().replace("nces-10", "ohio"),
        draft(),
        draft().replace("depth = 2", "depth = 1"),
        other().replace("town", "hamlet").replace("depth = 1", "depth = 1\ngeography = \"district\""),
    ];
    let documents: Vec<&str> = broken.iter().map(String::as_str).collect();
    let status = steward.check(&documents, pb::Variants::None).await.expect_err("broken");
    assert_eq!(status.code(), Code::InvalidArgument);
    let wrong = status.get_details_bad_request().expect("places").field_violations;
    let places: Vec<_> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
    let expected = [
        "documents[0].version",
        "documents[0].dimensions[1].source",
        "documents[1].profile",
        "documents[3].product",
        "documents[4].geography",
    ];
    assert_eq!(places, expected);
    assert!(wrong.iter().all(|wrong| !wrong.description.contains("secret")));
    assert_eq!(last(&city.log()), (Decision::Refused, "product.malformed"));
    for documents in [&[][..], &[PRODUCT; 17]] {
        let status = steward.check(documents, pb::Variants::None).await.expect_err("none, or too many");
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(last(&city.log()), (Decision::Refused, "check.malformed"));
    }
    let long = format!("{PRODUCT}# {}", "x".repeat(300_000));
    steward.check(&[&long], pb::Variants::None).await.expect_err("too long");
    assert_eq!(last(&city.log()), (Decision::Refused, "product.too_long"));
}

#[tokio::test]
async fn a_version_that_stands_for_something_else_is_pointed_out() {
    let city = city().await;
    let steward = city.steward().await;
    let taken = async |document: &str| {
        let checked = steward.check(&[document], pb::Variants::None).await.expect("a good product");
        checked.products[0].version_taken
    };
    assert!(!taken(PRODUCT).await, "the loaded one itself");
    assert!(taken(&draft().replace("version = 2", "version = 1")).await);
    assert!(!taken(&draft()).await);
    steward.product(&draft()).await.expect("a good product");
    assert!(taken(PRODUCT).await, "a newer one is loaded");
}

#[tokio::test]
async fn the_proof_binds_the_documents_and_the_report() {
    let city = city().await;
    let session = city.steward().await.session;
    let request = pb::CheckProductRequest { documents: vec![draft()], variants: pb::Variants::None.into() };
    let mut replies = session.admin().check_product(request.clone()).await.expect("it may").into_inner();
    let (mut stages, mut last) = (Vec::new(), None);
    while let Some(reply) = replies.message().await.expect("good products") {
        stages.push(reply.stage.clone());
        last = Some(reply);
    }
    assert_eq!(stages, ["freeze", "tabulate", "seal", "done"]);
    let last = last.expect("a reply");
    let (asked, receipt) = (request.encode_to_vec(), last.receipt.as_ref());
    let mut report = last.report.expect("a report");
    session.binds(receipt, &asked, &report).expect("a good proof");
    let entry = session.entry(receipt).expect("an entry");
    assert_eq!(Some(&entry), city.log().last());
    assert_eq!((entry.rpc.as_str(), entry.request_digest), ("CheckProduct", Some(Hash::of(&asked))));
    assert!(matches!(session.binds(receipt, b"other", &report), Err(Error::NotProven(_))));
    assert!(matches!(session.binds(None, &asked, &report), Err(Error::NoReceipt)));
    report.products[0].secondary += 1;
    assert!(matches!(session.binds(receipt, &asked, &report), Err(Error::NotProven(_))));
}

#[tokio::test]
async fn checks_hold_up_neither_pushes_nor_publications() {
    let city = city().await;
    let (steward, other) = (city.steward().await, city.steward().await);
    let (source, document) = (city.source("northfield").await, draft());
    let documents = [document.as_str()];
    let (one, two, pushed, published) = tokio::join!(
        steward.check(&documents, pb::Variants::All),
        other.check(&documents, pb::Variants::All),
        source.push("meanwhile", roll(70..90)),
        other.publish(),
    );
    pushed.expect("good records");
    assert_eq!(published.expect("an edition").edition, 1);
    // One check at a time: the second may have been turned away.
    let refused = [one, two].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(refused.len() <= 1 && refused.iter().all(|status| status.code() == Code::FailedPrecondition));
    steward.check(&documents, pb::Variants::None).await.expect("nobody else checks now");
}

/// Runs `throughline steward product` as the steward would, where the certificates come from the environment.
fn product(city: &City, words: &[&str]) -> Output {
    let mut program = city.program();
    program.args(["steward", "product"]).args(words);
    program.env("THROUGHLINE_SERVER", city.address().replace("127.0.0.1", "localhost"));
    program.env("THROUGHLINE_AS", "city-steward.steward");
    program.output().expect("the program runs")
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

#[tokio::test]
async fn the_command_line_shows_where_the_loss_is() {
    let city = city().await;
    std::fs::write(city.folder().join("draft.toml"), draft()).expect("written");
    std::fs::write(city.folder().join("broken.toml"), "product = 1").expect("written");
    let done = product(&city, &["check", "draft.toml"]);
    let said = text(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    for line in
        ["nothing was changed: 70 persons", "city version 2: ", "  by race", "  without grade", "  2024-25"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    let done = product(&city, &["check", "--no-variants", "--json", "draft.toml"]);
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let steward = city.steward().await;
    let checked = steward.check(&[&draft()], pb::Variants::None).await.expect("a good product");
    assert_eq!(json["products"][0]["cells"], checked.products[0].cells);
    assert_eq!(json["products"][0]["variants"], serde_json::json!([]));
    assert_eq!(json["lattices"][1]["occupied"], checked.lattices[1].occupied);
    let done = product(&city, &["check", "--variants", "--csv", "draft.toml"]);
    let mut csv = csv::Reader::from_reader(&done.stdout[..]);
    let rows: Vec<csv::StringRecord> = csv.records().collect::<Result<_, _>>().expect("CSV");
    assert_eq!(rows.len(), checked.products[0].planes.len() + 5);

    let done = product(&city, &["check", "draft.toml", "broken.toml"]);
    assert_eq!((done.status.code(), text(&done.stdout)), (Some(2), String::new()));
    assert!(text(&done.stderr).contains("broken.toml: version: "), "{}", text(&done.stderr));
    let done = product(&city, &["draft.toml"]);
    assert_eq!(text(&done.stdout), "product city version 2 is loaded; the next edition will have it\n");
    assert_eq!(product(&city, &[]).status.code(), Some(2), "a document is needed");
}
