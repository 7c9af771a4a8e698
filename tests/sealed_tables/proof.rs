//! A proof that was tampered with is refused, and says where.

use crate::harness::{protected, small, values_of};
use throughline::disclosure::tables::{Attacker, Error, Layout, Pattern, Problem, Table, Values, Witness};

/// Five schools by three groups. The first school has one student in each: with a legend, these follow from the
/// school's total.
const COUNTS: [[i64; 3]; 5] = [[1, 1, 1], [12, 2, 30], [9, 14, 3], [40, 21, 8], [17, 2, 26]];

fn layout() -> (Layout, Values) {
    let cells = (0..5).flat_map(|school| (0..3).map(move |group| (school, group)));
    let codes = |(school, group)| vec![format!("school {school}"), format!("group {group}")];
    let table =
        Table { dimensions: vec!["school".into(), "group".into()], codes: cells.map(codes).collect() };
    let layout = Layout::new(&[table], &[], "Total").expect("a sound table");
    let values = layout.values(&[COUNTS.concat()]).expect("a value for each cell");
    (layout, values_of(values))
}

/// Runs a test on the table and its pattern.
fn with_proof(test: impl Fn(&Problem<'_>, &Pattern)) {
    let (layout, values) = layout();
    let problem = Problem::new(&layout, &values, small(4), Attacker::Legend, true).expect("it adds up");
    test(&problem, &protected(&problem, 5));
}

fn refused(problem: &Problem<'_>, pattern: &Pattern, witness: Witness) -> &'static str {
    let mut witnesses = pattern.witnesses.clone();
    witnesses.push(witness);
    match problem.check(&pattern.is_hidden, &witnesses) {
        Err(Error::NoWitness { number, reason }) => {
            assert_eq!(number, pattern.witnesses.len(), "the false one is named");
            reason
        }
        other => panic!("it was not refused: {other:?}"),
    }
}

const SUMS_DIFFER: &str = "its sums differ";
const LOOKS_DIFFERENT: &str = "it has a value that does not look the same";
const MALFORMED: &str = "it is malformed";

#[test]
fn a_witness_changed_by_one_is_refused() {
    with_proof(|problem, pattern| {
        for witness in &pattern.witnesses {
            for at in 0..witness.changes.len() {
                for by in [-1, 1] {
                    let mut witness = witness.clone();
                    witness.changes[at].1 += by;
                    let reason = refused(problem, pattern, witness);
                    assert!([SUMS_DIFFER, LOOKS_DIFFERENT].contains(&reason), "{reason}");
                }
                let mut witness = witness.clone();
                witness.changes.remove(at);
                assert_eq!(refused(problem, pattern, witness), SUMS_DIFFER);
            }
        }
    });
}

#[test]
fn a_witness_that_goes_too_far_is_refused() {
    with_proof(|problem, pattern| {
        for witness in &pattern.witnesses {
            let far = Witness { times: (witness.times.0, 1 << 52), ..witness.clone() };
            assert_eq!(refused(problem, pattern, far), LOOKS_DIFFERENT);
            let overflowing = Witness { times: (i64::MIN, witness.times.1), ..witness.clone() };
            assert_eq!(refused(problem, pattern, overflowing), LOOKS_DIFFERENT);
            let without_truth = Witness { times: (1, witness.times.1.max(1)), ..witness.clone() };
            assert_eq!(refused(problem, pattern, without_truth), MALFORMED);
        }
    });
}

#[test]
fn a_cell_whose_witnesses_are_gone_is_uncovered() {
    with_proof(|problem, pattern| {
        for cell in (0..problem.n_cells() as u32).filter(|&cell| problem.is_primary(cell)) {
            let mut witnesses = pattern.witnesses.clone();
            let n_all = witnesses.len();
            witnesses.retain(|witness| !witness.changes.iter().any(|&(changed, _)| changed == cell));
            assert!(witnesses.len() < n_all, "there was a witness");
            let refused = problem.check(&pattern.is_hidden, &witnesses);
            assert!(matches!(refused, Err(Error::Uncovered { .. })), "{refused:?}");
        }
    });
}

#[test]
fn a_hidden_cell_can_not_be_shown_afterwards() {
    with_proof(|problem, pattern| {
        for cell in (0..problem.n_cells()).filter(|&cell| pattern.is_hidden[cell]) {
            let mut is_hidden = pattern.is_hidden.clone();
            is_hidden[cell] = false;
            match problem.check(&is_hidden, &pattern.witnesses) {
                Err(Error::Shown { .. }) => assert!(problem.is_primary(cell as u32)),
                Err(Error::NoWitness { reason, .. }) => assert_eq!(reason, LOOKS_DIFFERENT),
                other => panic!("it was not refused: {other:?}"),
            }
        }
    });
}

#[test]
fn a_shown_cell_can_not_have_changed() {
    with_proof(|problem, pattern| {
        let shown: Vec<u32> =
            (0..problem.n_cells() as u32).filter(|&cell| !pattern.is_hidden[cell as usize]).collect();
        assert!(!shown.is_empty());
        for cell in shown {
            let mut witness = pattern.witnesses[0].clone();
            witness.changes.push((cell, 1));
            assert_eq!(refused(problem, pattern, witness), LOOKS_DIFFERENT);
        }
    });
}

#[test]
fn a_cell_that_is_no_cell_or_comes_twice_is_refused() {
    with_proof(|problem, pattern| {
        let forged = |changes| Witness { changes, times: (-1, 1), needs_one_mark: true };
        let outside = forged(vec![(problem.n_cells() as u32, 1)]);
        assert_eq!(refused(problem, pattern, outside), MALFORMED);
        // One more and one less of the same cell leaves every sum as it is, and every value too.
        let cell =
            (0..problem.n_cells() as u32).find(|&cell| problem.is_primary(cell)).expect("one is small");
        let twice = forged(vec![(cell, 1), (cell, -1)]);
        assert_eq!(refused(problem, pattern, twice), MALFORMED);
        // A change that is never made may be of any size.
        let (first, by) = pattern.witnesses[0].changes[0];
        let never = Witness { times: (0, 0), ..forged(vec![(first, by), (first + 1, i64::MAX)]) };
        assert_eq!(refused(problem, pattern, never), SUMS_DIFFER);
    });
}

#[test]
fn what_only_one_mark_protects_is_said_to_be() {
    with_proof(|problem, pattern| {
        let names = ["group 0", "group 1", "group 2", "Total"].map(|group| format!("school 0 / {group}"));
        let (layout, _) = layout();
        let named: Vec<String> = pattern.needs_one_mark.iter().map(|&cell| layout.name(cell)).collect();
        assert_eq!(named.len(), 4, "{named:?}");
        assert!(names.iter().all(|name| named.contains(name)), "{named:?}");
        let mut witnesses = pattern.witnesses.clone();
        for witness in &mut witnesses {
            witness.needs_one_mark = false;
        }
        let refused = problem.check(&pattern.is_hidden, &witnesses);
        assert!(matches!(refused, Err(Error::NoWitness { reason: LOOKS_DIFFERENT, .. })), "{refused:?}");
    });
}
