//! Proofs of random tabulations: they verify, the same everywhere, and nothing else does.

use super::{Case, case, config, permuted};
use proptest::prelude::*;
use throughline::disclosure::{Proof, Seal, SealReport};

fn sealed(case: &Case) -> (Seal, SealReport) {
    let tabulations = std::slice::from_ref(&case.tabulation);
    Seal::make_within(7, tabulations, &case.profiles, b"secret", case.downwards_max).expect("sound")
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_proof_verifies(case in case(), shift in 0usize..20) {
        let (seal, report) = sealed(&case);
        let bytes = report.proof.to_bytes();
        let proof = Proof::from_bytes(&bytes).expect("its own bytes");
        prop_assert!(proof.to_bytes() == bytes);
        let verified = proof.verify(&seal, &[permuted(&case.tabulation, shift)], &case.profiles);
        prop_assert!(verified.is_ok(), "{:?}", verified);
        let layers = |of: fn(&throughline::disclosure::LayerReport) -> u64| report.layers.iter().map(of).sum::<u64>();
        let verified = verified.expect("checked");
        prop_assert_eq!(verified.n_numbers, layers(|layer| layer.n_sensitive));
        prop_assert_eq!(verified.n_linear_only, layers(|layer| layer.n_linear_only));
    }
}
