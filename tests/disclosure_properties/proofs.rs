//! Proofs of random tabulations: they hold, are the same everywhere, and are of one seal and its counts.

use super::cases::{Case, permuted};
use super::{case, coded_case, config};
use proptest::prelude::*;
use throughline::disclosure::{LayerReport, NotProven, Proof, Seal, SealReport, on_one_core};
use throughline::outcomes::Tabulation;

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

proptest! {
    #![proptest_config(config())]

    #[test]
    fn proofs_hold(case in prop_oneof![case(), coded_case()], shift in 0usize..20) {
        let (seal, report) = sealed(&case, 7, std::slice::from_ref(&case.tabulation));
        let bytes = report.proof.to_bytes();
        let proof = Proof::from_bytes(&bytes).expect("its own bytes");
        prop_assert!(proof.to_bytes() == bytes && proof.digest() == report.proof.digest());
        let verified = proof.verify(&seal, &[permuted(&case.tabulation, shift)], &[], &case.profiles);
        prop_assert!(verified.is_ok(), "{:?}", verified);
        let verified = verified.expect("checked");
        let total = |of: fn(&LayerReport) -> u64| report.layers.iter().map(of).sum::<u64>();
        prop_assert_eq!(verified.n_numbers, total(|layer| layer.n_sensitive));
        prop_assert_eq!(verified.n_witnesses, total(|layer| layer.n_witnesses));
        prop_assert_eq!(verified.n_one_mark, total(|layer| layer.n_one_mark));
        prop_assert_eq!(verified.n_linear_only, total(|layer| layer.n_linear_only));
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
        let verified = other.proof.verify(&seal, tabulations, &[], &case.profiles);
        prop_assert_eq!(verified, Err(NotProven::OtherSeal));
        let mut counts = case.tabulation.clone();
        let atom = at as usize % counts.atoms.people[0].len();
        counts.atoms.people[0][atom] += 1;
        let verified = report.proof.verify(&seal, &[counts], &[], &case.profiles);
        prop_assert_eq!(verified, Err(NotProven::OtherCounts));
        // Whatever is written over a byte is refused or seen by its digest.
        let mut bytes = report.proof.to_bytes();
        let at = at as usize % bytes.len();
        bytes[at] ^= 1 << (at % 8);
        if let Ok(proof) = Proof::from_bytes(&bytes) {
            prop_assert_ne!(proof.digest(), report.proof.digest());
            // It may hold where the tag was changed, and must not make the checker panic anywhere.
            let _ = proof.verify(&seal, tabulations, &[], &case.profiles);
        }
    }
}
