//! Proofs of a small city: they hold, and whatever is changed about them is found.

use super::super::protection::{Shown, first_family};
use super::super::seal::{SealedValues, Seen};
use super::*;
use crate::calendar::SchoolYear;
use crate::outcomes::{Atoms, Dimension, Measure, Mode, Population, Publication, Unit};

/// Two districts of three schools, by race and sex: how many are there, how many of them are present, and on how many of
/// their days.
fn city(mut seed: u64) -> Tabulation {
    let mut below = |n: u64| {
        // A linear congruential generator by Knuth.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    let (mut geography, mut race, mut sex) =
        (Dimension::new("geography", ""), Dimension::new("race", ""), Dimension::new("sex", ""));
    for district in 0..2 {
        let parent = geography.add(&format!("district {district}"), "", 0);
        (0..3).for_each(|school| _ = geography.add(&format!("school {district}.{school}"), "", parent));
    }
    (0..4).for_each(|category| _ = race.add(&format!("{category}"), "", 0));
    (0..2).for_each(|category| _ = sex.add(&format!("{category}"), "", 0));
    let (mut nodes, mut people, mut present) = (Vec::new(), Vec::new(), Vec::new());
    let (mut numerator, mut denominator) = (Vec::new(), Vec::new());
    for school in [2, 3, 4, 6, 7, 8] {
        for race in 1..=4 {
            for sex in 1..=2 {
                let n = below(60) / u64::from(race);
                nodes.extend([school, race, sex]);
                people.push(n as u32);
                present.push(below(n + 1) as u32);
                denominator.push(180 * n);
                numerator.push(180 * n - below(5 * n + 1));
            }
        }
    }
    let measure = |id: &str| Measure::new(id, 0);
    Tabulation {
        mode: Mode::Suppress,
        unit: Unit::StudentYear,
        period: SchoolYear::new(2025).expect("a school year"),
        dimensions: vec![geography, race, sex],
        populations: vec![Population { id: "students".into(), parent: None, within: vec![] }],
        measures: vec![measure("present"), measure("attendance")],
        atoms: Atoms {
            nodes,
            people: vec![people],
            values: vec![Values::Share(present), Values::Ratio { numerator, denominator }],
        },
        publications: vec![Publication {
            product: "attendance".into(),
            version: 1,
            profile: "nces-10".into(),
            dimensions: vec![1, 2],
            depth: 2,
            indicators: vec![("present".into(), 0), ("attendance".into(), 1)],
            withdrawn: false,
        }],
    }
}

struct Case {
    tabulation: Tabulation,
    seal: Seal,
    proof: Proof,
}

impl Case {
    fn new(seed: u64) -> Self {
        let tabulation = city(seed);
        let tabulations = std::slice::from_ref(&tabulation);
        let (seal, report) = Seal::make(1, tabulations, &RuleProfile::all(), b"secret").expect("sound");
        Self { proof: report.proof, seal, tabulation }
    }

    /// What is kept of the people and their outcomes.
    fn family(&self) -> &FamilyProof {
        &self.proof.lattices[0].as_ref().expect("a proof of its own").families[0]
    }

    fn verify(&self, proof: &Proof) -> Result<Verified, NotProven> {
        proof.verify(&self.seal, std::slice::from_ref(&self.tabulation), &[], &RuleProfile::all(), b"secret")
    }

    /// What is found when the proof is changed.
    fn fault(&self, change: impl FnOnce(&mut FamilyProof)) -> Fault {
        let mut proof = self.proof.clone();
        change(first(&mut proof));
        match self.verify(&proof) {
            Err(NotProven::Fault { fault, .. }) => fault,
            other => panic!("{other:?}"),
        }
    }

    fn witness_fault(&self, change: impl FnOnce(&mut Witness)) -> &'static str {
        match self.fault(|family| change(&mut family.witnesses[0])) {
            Fault::Witness { number: 0, reason } => reason,
            other => panic!("{other:?}"),
        }
    }

    /// The case with a changed seal, to which the proof is bound anew.
    fn resealed(&self, change: impl FnOnce(&mut SealedLattice)) -> Fault {
        let (mut seal, mut proof) = (self.seal.clone(), self.proof.clone());
        change(&mut seal.body.lattices[0]);
        let seal = Seal::from_bytes(&seal.to_bytes()).expect("a seal");
        proof.seal = seal.digest();
        let tabulations = std::slice::from_ref(&self.tabulation);
        match proof.verify(&seal, tabulations, &[], &RuleProfile::all(), b"secret") {
            Err(NotProven::Fault { fault, .. }) => fault,
            other => panic!("{other:?}"),
        }
    }
}

fn first(proof: &mut Proof) -> &mut FamilyProof {
    &mut proof.lattices[0].as_mut().expect("a proof of its own").families[0]
}

#[test]
fn proofs_hold_and_say_how_much_they_prove() {
    for seed in 0..4 {
        let case = Case::new(seed);
        let verified = case.verify(&case.proof).expect("it holds");
        assert!(verified.n_witnesses > 10 && verified.n_numbers > 50, "{verified:?}");
        assert!(verified.n_linear_only * 4 < verified.n_numbers, "{verified:?}");
        let read = Proof::from_bytes(&case.proof.to_bytes()).expect("its own bytes");
        assert_eq!((read.digest(), &read), (case.proof.digest(), &case.proof));
    }
}

#[test]
fn a_changed_table_is_found() {
    let case = Case::new(1);
    fn cell(witness: &mut Witness) -> &mut (u32, i64) {
        &mut witness.changes[0].cells[0]
    }
    assert_eq!(case.witness_fault(|witness| cell(witness).1 *= 2), "does not add up");
    assert_eq!(case.witness_fault(|witness| cell(witness).1 = i64::MIN), "is malformed");
    assert_eq!(case.witness_fault(|witness| cell(witness).1 = 0), "is malformed");
    assert_eq!(case.witness_fault(|witness| witness.changes[0].tables.push(99)), "is malformed");
    assert_eq!(case.witness_fault(|witness| witness.changes[0].cells.push((9_999, 1))), "is malformed");
    assert_eq!(case.witness_fault(|witness| witness.changes.clear()), "is malformed");
    assert_eq!(case.witness_fault(|witness| witness.forwards = 0), "is malformed");
    let twice = |witness: &mut Witness| witness.changes.push(witness.changes[0].clone());
    assert_eq!(case.witness_fault(twice), "is malformed");
    let far = "has a number that a hidden cell can not have";
    assert_eq!(case.witness_fault(|witness| witness.forwards = u32::MAX), far);
    assert_eq!(case.witness_fault(|witness| witness.backwards = u32::MAX), far);
}

#[test]
fn tables_that_contradict_each_other_are_found() {
    let case = Case::new(1);
    // Outcomes that come and go without the people they are counted among, as if those were without bounds.
    let reason = (0..case.family().witnesses.len()).find_map(|number| {
        let mut proof = case.proof.clone();
        let witness = &mut first(&mut proof).witnesses[number];
        if witness.changes.len() > 1 || witness.changes[0].tables != [0, 1] {
            return None;
        }
        witness.changes[0].tables = vec![1];
        witness.needs_one_mark = true;
        witness.forwards = 1_000;
        match case.verify(&proof) {
            Err(NotProven::Fault { fault: Fault::Witness { reason, .. }, .. }) => Some(reason),
            other => panic!("{other:?}"),
        }
    });
    let expected = [
        "has a number that a hidden cell can not have",
        "has parts that are less than none or more than the whole",
    ];
    assert!(reason.is_some_and(|reason| expected.contains(&reason)), "{reason:?}");
}

#[test]
fn what_is_left_out_is_found() {
    let (mut n_tables, mut n_found) = (0, 0);
    for seed in 0..4 {
        let case = Case::new(seed);
        assert!(matches!(case.fault(|family| family.witnesses.clear()), Fault::Uncovered { n } if n > 10));
        let family = case.family();
        n_tables += family.witnesses.len();
        for number in 0..family.witnesses.len() {
            let mut proof = case.proof.clone();
            first(&mut proof).witnesses.remove(number);
            n_found += usize::from(case.verify(&proof).is_err());
        }
        let covered = Number { of: 0, cells: vec![0] };
        assert_eq!(case.fault(|family| family.linear_only.insert(0, covered)), Fault::Listed);
        assert_eq!(case.fault(|family| family.of[0] = "others".into()), Fault::Families);
    }
    assert!(n_found * 10 > n_tables * 9, "few tables are needless: {n_found} of {n_tables} are missed");
}

#[test]
fn a_number_without_a_table_must_be_listed() {
    let mut case = Case::new(1);
    let lattice = Lattice::new(&case.tabulation, &RuleProfile::all(), |_| false).expect("sound");
    let shown = case.seal.body.lattices[0].shown(&case.tabulation, &case.tabulation, &lattice).expect("true");
    let before = case.verify(&case.proof).expect("it holds");
    // Half of the tables with all that they leave, told as it is.
    let mut half = case.family().witnesses.clone();
    half.truncate(half.len() / 2);
    let n_kept = half.len();
    half.iter_mut().skip(n_kept / 2).for_each(|witness| witness.needs_one_mark = true);
    *first(&mut case.proof) = first_family(&case.tabulation, &lattice, &shown, half);
    let verified = case.verify(&case.proof).expect("it holds, and proves less");
    assert_eq!(verified.n_numbers, before.n_numbers);
    assert!(verified.n_linear_only > before.n_linear_only && verified.n_one_mark > before.n_one_mark);
    let missing = Fault::Uncovered { n: 1 };
    assert_eq!(case.fault(|family| _ = family.linear_only.pop()), missing);
    assert_eq!(case.fault(|family| _ = family.linear_only.remove(0)), missing);
    assert_eq!(case.fault(|family| _ = family.one_mark.remove(0)), missing);
    assert_eq!(
        case.fault(|family| family.one_mark.append(&mut family.linear_only)),
        Fault::Uncovered { n: verified.n_linear_only as usize }
    );
}

#[test]
fn a_district_that_knows_its_students_needs_tables_that_leave_them_alone() {
    let case = Case::new(1);
    let lattice = Lattice::new(&case.tabulation, &RuleProfile::all(), |_| false).expect("sound");
    // The first node of each district is the child of the root that its records come from.
    let (first, second) = (1, 5);
    let within = |witness: &Witness, district: u16| {
        let mut cells = witness.changes.iter().flat_map(|change| &change.cells);
        !witness.needs_one_mark
            && witness.changes.len() == 1
            && cells.all(|&(cell, _)| lattice.contributor(lattice.geography(cell)) == Some(district))
    };
    let witnesses = &case.family().witnesses;
    let own = witnesses.iter().find(|witness| within(witness, first)).expect("a table of the first district");
    let alike =
        |witness: &&Witness| within(witness, second) && witness.changes[0].tables == own.changes[0].tables;
    let others: Vec<Witness> = witnesses.iter().filter(alike).cloned().collect();
    // The same tables, each of which also changes students of the first district.
    let with_own = |other: &Witness| {
        let mut both = Witness { backwards: 0, forwards: 1, ..other.clone() };
        both.changes[0].cells.extend(&own.changes[0].cells);
        both.changes[0].cells.sort_unstable();
        both
    };
    let uncovered = |witnesses: Vec<Witness>| match case.fault(|family| family.witnesses = witnesses) {
        Fault::Uncovered { n } => n,
        other => panic!("{other:?}"),
    };
    let (alone, both) = (uncovered(others.clone()), uncovered(others.iter().map(with_own).collect()));
    let none = uncovered(Vec::new());
    assert!(alone < none, "tables of the second district cover some of its numbers");
    assert_eq!(both, none, "the first district can rule out that its own students are others");
}

#[test]
fn a_seal_that_shows_more_or_something_else_is_found() {
    let case = Case::new(1);
    let lattice = Lattice::new(&case.tabulation, &RuleProfile::all(), |_| false).expect("sound");
    let people = |sealed: &SealedLattice| -> Vec<bool> {
        let Shown { people, .. } = sealed.shown(&case.tabulation, &case.tabulation, &lattice).expect("true");
        people[0].clone()
    };
    let shown = people(&case.seal.body.lattices[0]);
    // A cell that was hidden to protect others is shown, with its true number of people.
    let witnesses = &case.family().witnesses;
    let is_changed = |cell: u32| {
        let changes =
            witnesses.iter().flat_map(|witness| &witness.changes).filter(|of| of.tables.contains(&0));
        changes.flat_map(|change| &change.cells).any(|changed| changed.0 == cell)
    };
    let secondary = (0..lattice.n_cells() as u32)
        .find(|&cell| !shown[cell as usize] && lattice.people[0][cell as usize] >= 10 && is_changed(cell))
        .expect("some cell protects others");
    let small = (0..lattice.n_cells() as u32)
        .find(|&cell| (1..10).contains(&lattice.people[0][cell as usize]))
        .expect("some cell is small");
    let show = |sealed: &mut SealedLattice, cell: u32, by: u64| {
        let nodes = lattice.nodes(cell).iter().zip(sealed.strides());
        let key = nodes.map(|(&node, stride)| u128::from(node) * stride).sum();
        let at = sealed.find(key).expect("a cell that is listed");
        sealed.people[0][at] = Seen::Shown(lattice.people[0][cell as usize] + by);
    };
    let fault = case.resealed(|sealed| show(sealed, secondary, 0));
    assert!(
        matches!(fault, Fault::Witness { reason: "changes a number that is shown", .. } | Fault::Shown),
        "{fault:?}"
    );
    assert_eq!(case.resealed(|sealed| show(sealed, small, 0)), Fault::Shown);
    assert_eq!(case.resealed(|sealed| show(sealed, 0, 1)), Fault::Untrue);
    let drop_share = |sealed: &mut SealedLattice| {
        let SealedValues::Share(values) = &mut sealed.values[0] else { panic!("a share") };
        *values.iter_mut().find(|seen| matches!(seen, Seen::Shown(1..))).expect("some share") =
            Seen::Shown(1);
    };
    assert_eq!(case.resealed(drop_share), Fault::Untrue);
}

#[test]
fn a_proof_is_of_one_seal_and_of_its_counts() {
    let (case, other) = (Case::new(1), Case::new(2));
    assert_eq!(other.verify(&case.proof), Err(NotProven::OtherSeal));
    let profiles = RuleProfile::all();
    let mut counts = case.tabulation.clone();
    counts.atoms.people[0][0] += 1;
    let verified = case.proof.verify(&case.seal, &[counts], &[], &profiles, b"secret");
    assert_eq!(verified, Err(NotProven::OtherCounts));
    assert_eq!(case.proof.verify(&case.seal, &[], &[], &profiles, b"secret"), Err(NotProven::OtherCounts));
    let mut other_rule = RuleProfile::named("nces-10").expect("a profile");
    other_rule.cell_min = 11;
    let verified =
        case.proof.verify(&case.seal, std::slice::from_ref(&case.tabulation), &[], &[other_rule], b"secret");
    assert_eq!(verified, Err(NotProven::OtherRule { profile: "nces-10".into() }));
    let bytes = case.proof.to_bytes();
    assert!(Proof::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    assert!(Proof::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
}
