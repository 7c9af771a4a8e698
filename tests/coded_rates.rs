//! Bar for coded rates: over every slice of a whole city, under every embedded profile that codes, no published pair of a
//! group's size and its code pins a numerator or says that nobody or everybody has the outcome.
//!
//! The reader here knows the size of every group, reads codes as they are printed, and does arithmetic of his own.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use throughline::calendar::SchoolYear;
use throughline::disclosure::{Cell, Mark, ProtectedTable, RuleProfile, Seal, SealReport};
use throughline::outcomes::{
    Atoms, Dimension, Measure, Mode, Population, Publication, Slice, Tabulation, Unit, Values,
};

/// Sizes of the dimensions: race, sex, income.
const SIZES: [u64; 3] = [5, 2, 2];

/// Four districts of up to three schools, 20 to 240 students each, with an outcome that is rare in some schools, all
/// but sure in others, and its complement as an indicator of its own.
fn city(profiles: &[&str]) -> Tabulation {
    let mut state = 7u64;
    let mut below = move |n: u64| {
        // A linear congruential generator by Knuth; its high bits are even enough for people.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut geography = Dimension::new("geography", "Geography");
    let mut dimensions = Vec::new();
    for (at, size) in SIZES.into_iter().enumerate() {
        let mut dimension = Dimension::new(&format!("d{at}"), "");
        for category in 0..size {
            dimension.add(&format!("{category}"), "", 0);
        }
        dimensions.push(dimension);
    }
    let mut counts = BTreeMap::<Vec<u16>, (u32, u32)>::new();
    for district in 0..4 {
        let parent = geography.add(&format!("district {district}"), "", 0);
        for number in 0..1 + below(3) {
            let school = geography.add(&format!("school {district}.{number}"), "", parent);
            let percent = [0, 3, 20, 55, 97, 100][below(6) as usize];
            for _ in 0..20 + below(220) {
                let mut row = vec![school];
                // The smaller of two draws makes the first categories common and the last ones rare.
                row.extend(SIZES.map(|size| 1 + below(size).min(below(size)) as u16));
                let cell = counts.entry(row).or_default();
                cell.0 += 1;
                cell.1 += u32::from(below(100) < percent);
            }
        }
    }
    let publication = |profile: &&str| Publication {
        product: (*profile).into(),
        version: 1,
        profile: (*profile).into(),
        dimensions: (1..=SIZES.len()).collect(),
        depth: 2,
        indicators: vec![("with".into(), 0), ("without".into(), 1)],
        withdrawn: false,
    };
    let measure = |id: &str| Measure::new(id, 0);
    Tabulation {
        mode: Mode::Suppress,
        unit: Unit::StudentYear,
        period: SchoolYear::new(2025).expect("a school year"),
        dimensions: std::iter::once(geography).chain(dimensions).collect(),
        populations: vec![Population { id: "students".into(), parent: None, within: vec![] }],
        measures: vec![measure("with"), measure("without")],
        atoms: Atoms {
            nodes: counts.keys().flatten().copied().collect(),
            people: vec![counts.values().map(|&(n, _)| n).collect()],
            values: vec![
                Values::Share(counts.values().map(|&(_, y)| y).collect()),
                Values::Share(counts.values().map(|&(n, y)| n - y).collect()),
            ],
        },
        publications: profiles.iter().map(publication).collect(),
    }
}

fn sealed(city: &Tabulation) -> (Seal, SealReport) {
    Seal::make(1, std::slice::from_ref(city), &RuleProfile::all(), b"secret").expect("a sound tabulation")
}

/// Every slice of an indicator of a product.
fn tables(city: &Tabulation, seal: &Seal, product: &str, indicator: &str) -> Vec<ProtectedTable> {
    let ids: Vec<String> = city.dimensions[1..].iter().map(|dimension| dimension.id.clone()).collect();
    let crossings = (0..1u32 << ids.len()).filter(|bits| bits.count_ones() <= 2);
    let table = |bits: u32| {
        let crossed = ids.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, id)| id.clone());
        let asked = Slice {
            product: product.into(),
            indicator: indicator.into(),
            dimensions: std::iter::once("geography".to_owned()).chain(crossed).collect(),
            filters: vec![],
            periods: vec![],
        };
        seal.slice(&asked).expect("a slice")
    };
    crossings.map(table).collect()
}

/// A group, by a category for each dimension of the city.
fn group(city: &Tabulation, table: &ProtectedTable, cell: &Cell) -> Vec<u16> {
    let mut group = vec![0; city.dimensions.len()];
    for (id, category) in table.dimensions().iter().zip(&cell.categories) {
        let at = city.dimensions.iter().position(|dimension| dimension.id == *id).expect("a dimension");
        group[at] = city.dimensions[at].position(category).expect("a category");
    }
    group
}

/// True people and outcomes of a group.
fn truth(city: &Tabulation, group: &[u16], measure: usize) -> (u64, u64) {
    let Values::Share(outcomes) = &city.atoms.values[measure] else { panic!("a share") };
    let rows = city.atoms.nodes.chunks(group.len()).enumerate();
    let inside = rows.filter(|(_, row)| {
        let mut each = row.iter().zip(group).zip(&city.dimensions);
        each.all(|((&of, asked), dimension)| dimension.ancestors(of).any(|node| node == *asked))
    });
    let (mut n, mut y) = (0, 0);
    for (at, _) in inside {
        n += u64::from(city.atoms.people[0][at]);
        y += u64::from(outcomes[at]);
    }
    (n, y)
}

/// The whole percents that a printed code stands for.
fn percents(label: &str) -> RangeInclusive<u64> {
    let text = label.trim_end_matches('%');
    let number = |text: &str| text.parse::<u64>().expect("a number");
    for (sign, letters) in [("<=", "LE"), (">=", "GE"), ("<", "LT"), (">", "GT")] {
        if let Some(bound) = text.strip_prefix(sign).or_else(|| text.strip_prefix(letters)) {
            return match sign {
                "<=" => 0..=number(bound),
                "<" => 0..=number(bound) - 1,
                ">=" => number(bound)..=100,
                _ => number(bound) + 1..=100,
            };
        }
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    number(first)..=number(last)
}

/// The numerators of `n` people whose rate, rounded to a whole percent with halves up, is one of some.
fn numerators(percents: &RangeInclusive<u64>, n: u64) -> RangeInclusive<u64> {
    let fits = |y: &u64| percents.contains(&((200 * y + n) / (2 * n)));
    let mut all = (0..=n).filter(fits);
    let first = all.next().expect("some rate has the code");
    first..=all.next_back().unwrap_or(first)
}

/// Checks every published pair of some products and returns how many there are, and how many groups of enough people
/// have no code.
fn check(city: &Tabulation, seal: &Seal, products: &[&str]) -> (usize, usize) {
    let (mut n_pairs, mut n_hidden) = (0, 0);
    // What all codes leave possible together of the number with the outcome, for each group.
    let mut together = BTreeMap::<Vec<u16>, (u64, RangeInclusive<u64>)>::new();
    for product in products {
        let profile = RuleProfile::named(product).expect("embedded");
        for (measure, indicator) in ["with", "without"].into_iter().enumerate() {
            for table in tables(city, seal, product, indicator) {
                for cell in table.cells() {
                    let group = group(city, &table, cell);
                    let (n, y) = truth(city, &group, measure);
                    let Some(code) = &cell.code else {
                        assert_ne!(cell.mark(), Mark::Shown);
                        n_hidden += usize::from(n >= profile.cell_min);
                        continue;
                    };
                    n_pairs += 1;
                    assert!(n >= profile.cell_min && (cell.numerator, cell.value) == (None, None));
                    assert_eq!(cell.denominator, profile.counts_shown.then_some(n));
                    let percents = percents(&code.label);
                    assert_eq!(percents, code.first..=code.last, "{}", code.label);
                    let possible = numerators(&percents, n);
                    assert!(possible.contains(&y), "{product}: {} is wrong for {y} of {n}", code.label);
                    assert!(possible.start() < possible.end(), "{product}: {} of {n} pins", code.label);
                    let with =
                        if measure == 0 { possible } else { n - possible.end()..=n - possible.start() };
                    let known = together.entry(group).or_insert((n, 0..=n));
                    let (start, end) = (*known.1.start(), *known.1.end());
                    known.1 = start.max(*with.start())..=end.min(*with.end());
                }
            }
        }
    }
    for (group, (n, possible)) in together {
        assert!(possible.start() < possible.end(), "all codes of {group:?} together pin {possible:?} of {n}");
    }
    (n_pairs, n_hidden)
}

#[test]
fn no_published_pair_pins_a_numerator_or_certifies_a_rate() {
    let coding: Vec<RuleProfile> = RuleProfile::all().into_iter().filter(RuleProfile::codes_rates).collect();
    assert_eq!(coding.len(), 4);
    for profile in &coding {
        let city = city(&[&profile.id]);
        let (seal, report) = sealed(&city);
        let (n_pairs, n_hidden) = check(&city, &seal, &[&profile.id]);
        let open: u64 = report.layers.iter().map(|layer| layer.n_linear_only).sum();
        let sensitive: u64 = report.layers.iter().map(|layer| layer.n_sensitive).sum();
        say(&format!(
            "{}: {n_pairs} codes, {n_hidden} hidden of large groups, {open} of {sensitive} numbers open",
            profile.id
        ));
        assert!(n_pairs > 200, "{}: only {n_pairs} codes", profile.id);
    }
}

/// How many large groups have their share shown, and how many there are.
fn shown(profile: &str) -> (usize, usize) {
    let city = city(&[profile]);
    let (seal, _) = sealed(&city);
    let cell_min = RuleProfile::named(profile).expect("embedded").cell_min;
    let (mut n_shown, mut n_large) = (0, 0);
    for table in tables(&city, &seal, profile, "with") {
        for cell in table.cells() {
            let (n, _) = truth(&city, &group(&city, &table, cell), 0);
            n_large += usize::from(n >= cell_min);
            n_shown += usize::from(matches!(cell.mark(), Mark::Shown | Mark::Zero));
        }
    }
    say(&format!("{profile}: the share of {n_shown} of {n_large} large groups is shown"));
    (n_shown, n_large)
}

#[test]
fn codes_show_more_shares_than_exact_numbers_do() {
    let (exact, _) = shown("nces-10");
    for profile in ["nces-2011-603", "utah", "edfacts", "delaware"] {
        let (coded, large) = shown(profile);
        assert!(coded > 2 * exact && 3 * coded > large, "{profile}: {coded} of {large}, exactly {exact}");
    }
}

#[test]
fn products_with_several_rules_pin_nothing_together() {
    let products = ["utah", "nces-2011-603", "edfacts", "delaware"];
    let city = city(&products);
    let (seal, _) = sealed(&city);
    let (n_pairs, n_hidden) = check(&city, &seal, &products);
    say(&format!("together: {n_pairs} codes, {n_hidden} hidden of large groups"));
    assert!(n_pairs > 200, "only {n_pairs} codes");
}

#[test]
fn codes_beside_exact_numbers_are_of_the_same_numbers() {
    let city = city(&["nces-10", "utah"]);
    let (seal, _) = sealed(&city);
    let (n_pairs, n_hidden) = check(&city, &seal, &["utah"]);
    let exact = tables(&city, &seal, "nces-10", "with");
    let n_exact =
        exact.iter().flat_map(|table| table.cells()).filter(|cell| cell.numerator.is_some()).count();
    say(&format!("beside {n_exact} exact numbers: {n_pairs} codes, {n_hidden} hidden of large groups"));
    assert!(n_exact > 20 && n_pairs > n_exact, "codes are printed where numbers are not");
}

#[expect(clippy::print_stderr, reason = "figures for whoever runs it with --nocapture")]
fn say(text: &str) {
    eprintln!("{text}");
}
