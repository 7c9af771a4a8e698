//! Proofs of random tabulations: they hold, are the same everywhere, and are of one seal and its counts.

use super::cases::{Case, permuted, thinned};
use super::{case, coded_case, config};
use proptest::prelude::*;
use std::collections::BTreeMap;
use throughline::calendar::SchoolYear;
use throughline::disclosure::{LayerReport, NotProven, Past, Proof, RuleProfile, Seal, SealReport};
use throughline::outcomes::{
    Atoms, Dimension, Measure, Mode, Population, Publication, Tabulation, Unit, Values,
};
use throughline::parallel::on_one_core;

fn sealed(case: &Case, edition: u32, tabulations: &[Tabulation]) -> (Seal, SealReport) {
    Seal::make_within(edition, tabulations, &[], &case.profiles, b"secret", case.downwards_max)
        .expect("sound")
}

/// The case in two school years.
fn two_years(case: &Case) -> [Tabulation; 2] {
    let mut next = case.tabulation.clone();
    next.period = next.period.plus(1);
    [case.tabulation.clone(), next]
}

/// Three districts of eight schools: so many numbers that districts are protected side by side.
fn districts() -> Tabulation {
    let mut state = 1_u64;
    let mut below = move |n: u64| {
        // A linear congruential generator by Knuth.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut geography = Dimension::new("geography", "Geography");
    let mut schools = Vec::new();
    for district in 0..3 {
        let parent = geography.add(&format!("district {district}"), "", 0);
        schools
            .extend((0..8).map(|school| geography.add(&format!("school {district}.{school}"), "", parent)));
    }
    let sizes = [7_u64, 3, 2, 2, 2];
    let mut dimensions = vec![geography];
    for (at, &size) in sizes.iter().enumerate() {
        let mut dimension = Dimension::new(&format!("d{at}"), "");
        (0..size).for_each(|category| _ = dimension.add(&format!("{category}"), "", 0));
        dimensions.push(dimension);
    }
    let mut counts = BTreeMap::<Vec<u16>, (u32, u32)>::new();
    for school in schools {
        for _ in 0..100 + below(600) {
            let row = [school].into_iter().chain(sizes.map(|size| 1 + below(size).min(below(size)) as u16));
            let (people, present) = counts.entry(row.collect()).or_default();
            (*people, *present) = (*people + 1, *present + u32::from(below(10) < 8));
        }
    }
    Tabulation {
        mode: Mode::Suppress,
        unit: Unit::StudentYear,
        period: SchoolYear::new(2025).expect("a school year"),
        dimensions,
        populations: vec![Population { id: "students".into(), parent: None, within: vec![] }],
        measures: vec![Measure::new("present", 0)],
        atoms: Atoms {
            nodes: counts.keys().flatten().copied().collect(),
            people: vec![counts.values().map(|of| of.0).collect()],
            values: vec![Values::Share(counts.values().map(|of| of.1).collect())],
        },
        publications: vec![Publication {
            product: "attendance".into(),
            version: 1,
            profile: "nces-10".into(),
            dimensions: (1..=sizes.len()).collect(),
            depth: 3,
            indicators: vec![("present".into(), 0)],
            withdrawn: false,
        }],
    }
}

#[test]
fn districts_protected_side_by_side_or_in_turn_have_the_same_seal_and_proof() {
    let (tabulations, profiles) = ([districts()], RuleProfile::all());
    let made = || Seal::make(1, &tabulations, &profiles, b"secret").expect("sound");
    let ((seal, report), (alone, of_alone)) = (made(), on_one_core(made));
    assert!(report.layers[0].n_sensitive > 20_000, "{:?}", report.layers);
    assert!(seal.to_bytes() == alone.to_bytes() && report.proof.to_bytes() == of_alone.proof.to_bytes());
    let verified = report.proof.verify(&seal, &tabulations, &[], &profiles, b"secret").expect("it holds");
    assert!(verified.n_witnesses > 500 && verified.n_linear_only < verified.n_numbers / 2, "{verified:?}");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn proofs_hold(case in prop_oneof![case(), coded_case()], shift in 0usize..20) {
        let (seal, report) = sealed(&case, 7, std::slice::from_ref(&case.tabulation));
        let bytes = report.proof.to_bytes();
        let proof = Proof::from_bytes(&bytes).expect("its own bytes");
        prop_assert!(proof.to_bytes() == bytes && proof.digest() == report.proof.digest());
        let verified = proof.verify(&seal, &[permuted(&case.tabulation, shift)], &[], &case.profiles, b"secret");
        prop_assert!(verified.is_ok(), "{:?}", verified);
        let verified = verified.expect("checked");
        let total = |of: fn(&LayerReport) -> u64| report.layers.iter().map(of).sum::<u64>();
        prop_assert_eq!(verified.n_numbers, total(|layer| layer.n_sensitive));
        prop_assert_eq!(verified.n_witnesses, total(|layer| layer.n_witnesses));
        prop_assert_eq!(verified.n_one_mark, total(|layer| layer.n_one_mark));
        prop_assert_eq!(verified.n_linear_only, total(|layer| layer.n_linear_only));
    }

    #[test]
    fn proofs_hold_over_editions(case in prop_oneof![case(), coded_case()], bits in any::<[u64; 3]>()) {
        let tabulations: Vec<[Tabulation; 1]> =
            bits.iter().map(|&bits| [thinned(&case.tabulation, bits)]).collect();
        let mut seals: Vec<Seal> = Vec::new();
        for (number, now) in (1..).zip(&tabulations) {
            let past: Vec<Past<'_>> =
                seals.iter().zip(&tabulations).map(|(seal, tabulations)| Past { seal, tabulations }).collect();
            let made = Seal::make_after(number, now, &past, &case.profiles, b"secret");
            let (seal, report) = made.expect("a sound tabulation");
            let verified = report.proof.verify(&seal, now, &past, &case.profiles, b"secret");
            prop_assert!(verified.is_ok(), "edition {}: {:?}", number, verified);
            seals.push(seal);
        }
    }

    #[test]
    fn seal_and_proof_are_the_same_on_one_core_and_several(case in case(), shift in 0usize..20) {
        let [one, next] = two_years(&case);
        let (seal, report) = sealed(&case, 7, &[one.clone(), next.clone()]);
        let shuffled = [permuted(&next, shift), permuted(&one, shift)];
        let (alone, of_alone) = on_one_core(|| sealed(&case, 7, &shuffled));
        prop_assert!(seal.to_bytes() == alone.to_bytes());
        prop_assert!(report.proof.to_bytes() == of_alone.proof.to_bytes());
        prop_assert_eq!(report, of_alone);
    }

    #[test]
    fn a_proof_of_something_else_does_not_hold(case in case(), at in any::<u32>()) {
        let tabulations = std::slice::from_ref(&case.tabulation);
        let (seal, report) = sealed(&case, 7, tabulations);
        let (_, other) = sealed(&case, 8, tabulations);
        let verified = other.proof.verify(&seal, tabulations, &[], &case.profiles, b"secret");
        prop_assert_eq!(verified, Err(NotProven::OtherSeal));
        let mut counts = case.tabulation.clone();
        let atom = at as usize % counts.atoms.people[0].len();
        counts.atoms.people[0][atom] += 1;
        let verified = report.proof.verify(&seal, &[counts], &[], &case.profiles, b"secret");
        prop_assert_eq!(verified, Err(NotProven::OtherCounts));
        // Whatever is written over a byte is refused or seen by its digest.
        let mut bytes = report.proof.to_bytes();
        let at = at as usize % bytes.len();
        bytes[at] ^= 1 << (at % 8);
        if let Ok(proof) = Proof::from_bytes(&bytes) {
            prop_assert_ne!(proof.digest(), report.proof.digest());
            // It may hold where the tag was changed, and must not make the checker panic anywhere.
            let _ = proof.verify(&seal, tabulations, &[], &case.profiles, b"secret");
        }
    }
}
