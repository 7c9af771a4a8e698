//! Seals and their proofs as the database has them: one that is read can be asked anything.

use super::choice;
use throughline::disclosure::{Proof, Seal};
use throughline::outcomes::Slice;

pub(super) fn run(data: &[u8]) {
    match choice(data) {
        (b'p', bytes) => proof(bytes),
        (b's', bytes) => seal(bytes),
        _ => {}
    }
}

fn proof(bytes: &[u8]) {
    if let Ok(proof) = Proof::from_bytes(bytes) {
        assert_eq!(proof.to_bytes(), bytes);
    }
}

fn seal(bytes: &[u8]) {
    let Ok(seal) = Seal::from_bytes(bytes) else { return };
    let written = seal.to_bytes();
    let again = Seal::from_bytes(&written).expect("it was just written");
    assert_eq!(again.to_bytes(), written);
    let names = |what: &[(&str, &str)], by: &[&str], product: &str, years: Vec<_>| Slice {
        product: product.to_owned(),
        indicator: "count".to_owned(),
        dimensions: by.iter().map(|name| (*name).to_owned()).collect(),
        filters: what.iter().map(|(d, c)| ((*d).to_owned(), (*c).to_owned())).collect(),
        periods: years,
    };
    for (product, years) in seal.products().into_iter().take(4) {
        for by in [&[][..], &["geography"], &["race"], &["geography", "race"], &["race", "sex"]] {
            for indicator in ["count", "share", "mean"] {
                let asked = names(&[], by, &product, years.clone());
                let _ = seal.slice(&Slice { indicator: indicator.to_owned(), ..asked });
            }
        }
        let _ = seal.slice(&names(&[("race", "a")], &["geography"], &product, years));
    }
    let _ = (seal.compared_with().count(), seal.shown_periods().count(), seal.versions().count());
}
