//! Documents that people write: agreements, products and their rules, reports, packs, settings, and tables of aggregates.

use super::choice;
use std::path::Path;
use throughline::agreements::Agreement;
use throughline::figures::pack::Pack;
use throughline::figures::report::Report;
use throughline::figures::{Aggregate, read_aggregates};
use throughline::outcomes::{Product, rule_spelling};
use throughline::server::Config;

pub(super) fn run(data: &[u8]) {
    let (way, rest) = choice(data);
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match way {
        b'a' => agreement(text),
        b'p' => product(text),
        b'r' => rule(text),
        b'f' => drop(Report::parse(text, Some("city"))),
        b'k' => drop(Pack::parse(text)),
        b's' => drop(Config::parse(text, Path::new("/base"))),
        b'g' => aggregates(text),
        _ => {}
    }
}

fn agreement(text: &str) {
    match Agreement::parse(text) {
        Ok(agreement) => {
            assert!(agreement.begins <= agreement.expires && agreement.expires <= agreement.destruction);
            assert!(!agreement.sources.is_empty() && agreement.years.from <= agreement.years.to);
            let parties = agreement.sources.iter().chain(&agreement.partners);
            assert!(agreement.terms.minimums.keys().all(|id| agreement.sources.contains(id)));
            assert!(agreement.terms.attested.keys().all(|id| agreement.partners.contains(id)));
            assert!(agreement.terms.people.keys().all(|id| parties.clone().any(|party| party == id)));
        }
        Err(invalid) => assert!(!invalid.to_string().is_empty()),
    }
}

/// A product that is read is read again from the same text.
fn product(text: &str) {
    if let Ok(product) = Product::parse(text) {
        assert!(!product.id().is_empty() && product.indicators().count() > 0);
        assert_eq!(Product::parse(text).map(|again| again.id().to_owned()), Ok(product.id().to_owned()));
    }
}

/// Equal rules have one spelling, which reads back as itself unless it is longer or nested deeper than a rule may be: a sign
/// and what it stands before are two levels in it.
fn rule(text: &str) {
    let Some(spelling) = rule_spelling(text) else { return };
    match rule_spelling(&spelling) {
        Some(again) => assert_eq!(again, spelling),
        None => assert!(spelling.len() > 500 || spelling.matches('(').count() > 15, "{spelling}"),
    }
}

fn aggregates(text: &str) {
    if let Ok((read, wrong)) = read_aggregates(text.as_bytes(), |id| id.starts_with("out")) {
        assert!(read.iter().filter_map(Aggregate::interval).count() <= read.len());
        assert!(wrong.iter().all(|one| one.row > 0 && !one.reason.is_empty()));
    }
}
