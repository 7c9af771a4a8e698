//! Products that round or add noise instead of hiding: what partners, stewards and the command line see of them.

use crate::city::City;
use crate::papers::{AGREEMENT, PRODUCT};
use crate::records::roll;
use crate::vocabulary::{last, question};
use throughline::api::v1 as pb;
use throughline::audit::Decision;
use throughline::disclosure::Mark;

/// The product of the city under an id of its own, in another mode.
fn product(id: &str, mode: &str) -> String {
    let budget = match mode {
        "dp" => "[dp]\nepsilon = 12\neditions = 2\n\n[[indicators]]",
        _ => "[[indicators]]",
    };
    PRODUCT
        .replace("product = \"city\"", &format!("product = {id:?}"))
        .replace("\"suppress\"", &format!("{mode:?}"))
        .replacen("[[indicators]]", budget, 1)
}

fn agreement() -> String {
    let more = "products = [\"city\", \"rounded\", \"noisy\"]";
    AGREEMENT.replace("version = 1", "version = 2").replace("products = [\"city\"]", more)
}

fn asked(product: &str) -> pb::QueryRequest {
    pb::QueryRequest { product: product.into(), periods: vec![2025], ..question() }
}

#[tokio::test]
async fn a_product_with_noise_stands_beside_one_that_hides() {
    let city = City::open().await;
    city.source("northfield").await.push("first", roll(0..600)).await.expect("good records");
    let steward = city.steward().await;
    for document in [PRODUCT, &product("noisy", "dp")] {
        steward.product(document).await.expect("a good product");
    }
    steward.agreement(&agreement()).await.expect("a good agreement");
    let published = steward.publish().await.expect("an edition");
    let noise = published.released.iter().find(|of| of.period == 2025).expect("a year of the product");
    assert_eq!((&noise.products[..], noise.rounded_to, noise.epsilon), (&["noisy".to_owned()][..], 0, 12.0));
    assert!(
        noise.people_noise > 1.0 && noise.epsilon_spent > 4.0 && noise.epsilon_spent < 12.0 && !noise.last
    );
    let partner = city.partner().await;
    let (exact, _) = partner.query(asked("city")).await.expect("an agreement covers it");
    let (noisy, _) = partner.query(asked("noisy")).await.expect("an agreement covers it");
    assert!(exact.people_noise() == 0.0 && (noisy.people_noise() - noise.people_noise).abs() < 1e-9);
    let n_shown = (exact.cells().iter().zip(noisy.cells()))
        .filter(|(_, noisy)| noisy.mark() == Mark::Shown)
        .map(|(exact, noisy)| {
            let (exact, shown) = (exact.denominator.unwrap_or(0) as f64, noisy.denominator.unwrap() as f64);
            // Ten standard deviations never happen.
            assert!((exact - shown).abs() < 10.0 * noise.people_noise && noisy.margin.is_some());
        })
        .count();
    assert!(n_shown >= 2);
    // Asked again it is the same. The two editions that share the budget draw, and then the figures stay.
    let ask = async || partner.query(asked("noisy")).await.expect("an agreement covers it").0;
    assert_eq!(ask().await.cells(), noisy.cells());
    city.verify_edition(1).await.expect("the noise is drawn again, and is the same");
    let second = steward.publish().await.expect("an edition").released[0].clone();
    assert!(second.last && second.epsilon_spent > noise.epsilon_spent && second.epsilon_spent <= 12.0);
    let drawn = ask().await;
    let third = steward.publish().await.expect("an edition");
    assert_eq!(third.released[0].epsilon_spent, second.epsilon_spent, "the budget is spent");
    assert_eq!(ask().await.cells(), drawn.cells());
    city.verify_edition(3).await.expect("it holds as the second one does");
    let listed =
        partner.releases().list_products(pb::ListProductsRequest {}).await.expect("it may").into_inner();
    let modes: Vec<_> = listed.products.iter().map(|of| (of.id.as_str(), of.mode.as_str())).collect();
    assert_eq!(modes, [("city", "suppress"), ("noisy", "dp")]);
    let printed = city.query("noisy", &[]);
    assert!(printed.contains("Noise was added") && printed.contains('\u{b1}'), "{printed}");
}

#[tokio::test]
async fn a_rule_that_codes_rates_does_not_go_with_other_modes() {
    let city = City::open().await;
    for mode in ["round", "dp"] {
        let document = product("coded", mode).replace("nces-10", "utah");
        let refused = city.steward().await.product(&document).await.expect_err("codes are of exact figures");
        assert!(refused.message().starts_with("profile: codes rates"), "{}", refused.message());
        assert_eq!(last(&city.log()), (Decision::Refused, "product.profile"));
    }
}

#[tokio::test]
async fn a_product_that_rounds_shows_multiples_and_does_not_go_with_one_that_hides() {
    let city = City::open().await;
    city.source("northfield").await.push("first", roll(0..124)).await.expect("good records");
    let steward = city.steward().await;
    let refused = steward.product(&product("rounded", "round")).await.expect_err("the city's product hides");
    assert!(refused.message().starts_with("mode: "), "{}", refused.message());
    assert_eq!(last(&city.log()), (Decision::Refused, "product.mixed"));
    // Nothing is published yet, so the product can change its mode.
    let document = product("city", "round").replace("version = 1", "version = 2");
    steward.product(&document).await.expect("a good product");
    let published = steward.publish().await.expect("an edition");
    assert!(published.released.iter().all(|of| of.rounded_to == 10) && published.layers.is_empty());
    let (table, _) = city.partner().await.query(asked("city")).await.expect("an agreement covers it");
    assert_eq!(table.rounded_to(), 10);
    for cell in table.cells() {
        assert!(cell.denominator.is_some_and(|n| n % 10 == 0) && cell.numerator.is_none_or(|y| y % 10 == 0));
    }
    let whole =
        table.cells().iter().find(|cell| cell.categories == ["all"]).and_then(|cell| cell.denominator);
    assert!(whole.is_some_and(|n| n.abs_diff(124) <= 30), "{whole:?}");
    city.verify_edition(1).await.expect("it is a rounding of what was counted");
    // Now the years are out, rounded: they can not be shown exactly any more.
    let back = PRODUCT.replace("version = 1", "version = 3");
    let refused = steward.product(&back).await.expect_err("one narrows what the other protects");
    assert!(refused.message().starts_with("mode: "), "{}", refused.message());
}
