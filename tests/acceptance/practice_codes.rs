//! The practice city under rules that code rates, beside the exact product: every code that is printed, in every slice.

use crate::harness::{Cell, Service, say};
use std::collections::BTreeMap;
use throughline::disclosure::RuleProfile;

const RULES: [&str; 3] = ["delaware", "nces-2011-603", "utah"];

/// Publishes the products of `document` once more under each rule that codes, and compares their codes with the exact
/// figures of the same edition: those whose numbers of people are shown.
pub(crate) fn codes(service: &Service, document: &str, indicators: &[&str]) {
    for rule in RULES {
        let renamed = document.replace("product = \"city\"", &format!("product = \"city-{rule}\""));
        service.load("product", &renamed.replace("\"nces-10\"", &format!("{rule:?}")));
    }
    service.publish();
    for rule in RULES {
        let profile = RuleProfile::named(rule).expect("embedded");
        let (mut n_codes, mut n_compared, mut n_beside_hidden) = (0, 0, 0);
        for indicator in indicators {
            for by in [&[][..], &["geography"], &["race"], &["geography", "race"]] {
                let place = |cell: Cell| ((cell.period, cell.categories.clone()), cell);
                let exact = service.ask("city", indicator, by, &[]).into_iter().map(place);
                let exact: BTreeMap<_, _> = exact.collect();
                for (place, cell) in
                    service.ask(&format!("city-{rule}"), indicator, by, &[]).into_iter().map(place)
                {
                    assert_eq!((cell.numerator, cell.value), (None, None), "{rule} {place:?}");
                    let Some(code) = cell.code else {
                        assert_ne!(cell.mark, "shown");
                        continue;
                    };
                    n_codes += 1;
                    let exact = &exact[&place];
                    let n =
                        exact.denominator.expect("where there is a code, the number of people may be shown");
                    assert_eq!(cell.denominator, profile.counts_shown.then_some(n), "{rule} {place:?}");
                    let possible = profile.codes(n).into_iter().find(|known| known.label() == code.label);
                    let possible = possible.expect("it is a code for so many").numerators(n);
                    assert!(possible.start() < possible.end(), "{rule} {place:?}: {} of {n}", code.label);
                    match exact.numerator {
                        Some(y) => {
                            assert!(possible.contains(&y), "{rule} {place:?}: {} for {y} of {n}", code.label)
                        }
                        None => n_beside_hidden += 1,
                    }
                    n_compared += usize::from(exact.numerator.is_some());
                }
            }
        }
        say(&format!(
            "practice: {rule} prints {n_codes} codes, {n_compared} beside exact shares and {n_beside_hidden} beside \
             hidden ones"
        ));
        assert!(n_compared > 100 && n_beside_hidden > 20, "{rule}: {n_compared}, {n_beside_hidden}");
    }
}
