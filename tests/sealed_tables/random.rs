//! Random tables: whatever they hold, what is hidden stays hidden from whom it is hidden.

use crate::harness::values_of;
use proptest::prelude::*;
use throughline::disclosure::Zeros;
use throughline::disclosure::tables::{
    Attacker, Error, Hierarchy, Layout, Problem, Rule, Table, Values, attack,
};

/// Numbers that decide a case, one after the other; zeros when they run out, so that a shorter list is a
/// simpler case.
struct Draw(std::vec::IntoIter<u32>);

impl Draw {
    fn up_to(&mut self, max: u32) -> u32 {
        self.0.next().unwrap_or(0) % (max + 1)
    }
}

/// A dimension: each code with the categories it is the sum of, the total first.
struct Dimension {
    codes: Vec<(String, Vec<usize>)>,
    parents: Vec<(String, String)>,
    n_categories: usize,
}

#[derive(Debug)]
struct Case {
    table: Table,
    hierarchies: Vec<Hierarchy>,
    counts: Vec<i64>,
    rule: Rule,
    width: i64,
    against: Attacker,
    insiders: bool,
}

/// Two to four categories; the first may be a group of two.
fn dimension(draw: &mut Draw, n_max: u32) -> Dimension {
    let (n, is_split) = (2 + draw.up_to(n_max - 2) as usize, draw.up_to(2) == 2);
    let mut dimension = Dimension { codes: Vec::new(), parents: Vec::new(), n_categories: n };
    dimension.codes.push(("Total".into(), (0..n + usize::from(is_split)).collect()));
    for at in 0..n {
        dimension.codes.push((format!("c{at}"), vec![at]));
    }
    if is_split {
        dimension.codes[1].1.push(n);
        dimension.n_categories += 1;
        for (code, category) in [("c0a", 0), ("c0b", n)] {
            dimension.codes.push((code.into(), vec![category]));
            dimension.parents.push((code.into(), "c0".into()));
        }
    }
    dimension
}

fn build(numbers: Vec<u32>) -> Case {
    let mut draw = Draw(numbers.into_iter());
    let n_dimensions = 2 + draw.up_to(1) as usize;
    let n_max = if n_dimensions == 2 { 4 } else { 2 };
    let dimensions: Vec<Dimension> = (0..n_dimensions).map(|_| dimension(&mut draw, n_max)).collect();
    let width = 1 + i64::from(draw.up_to(2));
    let zeros = if draw.up_to(2) == 2 { Zeros::Hidden } else { Zeros::Shown };
    let rule = Rule::Small { minimum: 2 + i64::from(draw.up_to(8)), zeros, width };
    let against = [Attacker::Legend, Attacker::Zeros, Attacker::NonNegative][draw.up_to(2) as usize];
    let insiders = draw.up_to(1) == 1;
    let n_inner: usize = dimensions.iter().map(|dimension| dimension.n_categories).product();
    // Small counts and zeros are what this is about.
    let inner: Vec<i64> = (0..n_inner)
        .map(|_| {
            let most = [1, 4, 20, 60][draw.up_to(3) as usize];
            i64::from(draw.up_to(most))
        })
        .collect();
    let mut cells: Vec<(Vec<String>, Vec<usize>)> = vec![(Vec::new(), vec![0])];
    for dimension in &dimensions {
        let with = |(codes, of): &(Vec<String>, Vec<usize>)| {
            let step = |(code, categories): &(String, Vec<usize>)| {
                let of =
                    of.iter().flat_map(|at| categories.iter().map(move |c| at * dimension.n_categories + c));
                ([&codes[..], std::slice::from_ref(code)].concat(), of.collect())
            };
            dimension.codes.iter().map(step).collect::<Vec<_>>()
        };
        cells = cells.iter().flat_map(with).collect();
    }
    let name = |at: usize| format!("d{at}");
    Case {
        counts: cells.iter().map(|(_, of)| of.iter().map(|&at| inner[at]).sum()).collect(),
        table: Table {
            dimensions: (0..n_dimensions).map(name).collect(),
            codes: cells.into_iter().map(|(codes, _)| codes).collect(),
        },
        hierarchies: (0..)
            .zip(dimensions)
            .map(|(at, of)| Hierarchy { dimension: name(at), parents: of.parents })
            .collect(),
        rule,
        width,
        against,
        insiders,
    }
}

fn case() -> impl Strategy<Value = Case> {
    prop::collection::vec(any::<u32>(), 0..160).prop_map(build)
}

impl Case {
    fn layout(&self) -> (Layout, Values) {
        let layout = Layout::new(std::slice::from_ref(&self.table), &self.hierarchies, "Total");
        let layout = layout.expect("a sound table");
        let values = layout.values(std::slice::from_ref(&self.counts)).expect("a value for each cell");
        (layout, values_of(values))
    }

    /// Those who know no more than the one it is protected against.
    fn attackers(&self) -> &'static [Attacker] {
        match self.against {
            Attacker::NonNegative => &[Attacker::NonNegative],
            Attacker::Zeros => &[Attacker::NonNegative, Attacker::Zeros],
            Attacker::Legend => &[Attacker::NonNegative, Attacker::Zeros, Attacker::Legend],
        }
    }
}

/// Cases that once failed are kept beside this folder and tried first.
fn config() -> ProptestConfig {
    let kept =
        proptest::test_runner::FileFailurePersistence::Direct("tests/sealed_tables.proptest-regressions");
    ProptestConfig { cases: 64, failure_persistence: Some(Box::new(kept)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn hidden_counts_stay_uncertain_for_everybody(case in case()) {
        let (layout, values) = case.layout();
        let problem =
            Problem::new(&layout, &values, case.rule, case.against, case.insiders).expect("it adds up");
        let pattern = problem.protect(1);
        let proof = problem.check(&pattern.is_hidden, &pattern.witnesses);
        match proof {
            Ok(proof) => {
                prop_assert!(pattern.unprotected.is_empty());
                prop_assert!(proof.n_one_mark <= pattern.needs_one_mark.len());
                prop_assert!(proof.width_min.is_none_or(|width| width >= case.width));
            }
            Err(error) => {
                prop_assert!(matches!(error, Error::Uncovered { .. }), "{}", error);
                prop_assert!(!pattern.unprotected.is_empty());
            }
        }
        let is_promised = |cell: u32, attacker: Attacker| {
            let needs_one_mark = attacker == Attacker::Legend && pattern.needs_one_mark.contains(&cell);
            !needs_one_mark && !pattern.unprotected.contains(&cell)
        };
        let primary: Vec<u32> =
            (0..problem.n_cells() as u32).filter(|&cell| problem.is_primary(cell)).collect();
        for &attacker in case.attackers() {
            let findings = attack(&problem, &pattern.is_hidden, attacker, &[]);
            prop_assert_eq!(findings.iter().map(|finding| finding.cell).collect::<Vec<_>>(), primary.clone());
            for finding in findings.iter().filter(|finding| is_promised(finding.cell, attacker)) {
                prop_assert!(finding.width() >= case.width as f64, "{:?} {:?}", attacker, finding);
            }
        }
        for own in problem.insiders() {
            let known: Vec<u32> =
                own.iter().copied().filter(|&cell| pattern.is_hidden[cell as usize]).collect();
            let findings = attack(&problem, &pattern.is_hidden, case.against, &known);
            for finding in findings.iter().filter(|finding| is_promised(finding.cell, case.against)) {
                prop_assert!(!finding.is_exact(), "who is alone in {:?} finds {:?}", own, finding);
            }
        }
    }

    #[test]
    fn what_is_said_to_be_unprotected_follows_whatever_is_hidden(case in case()) {
        let (layout, values) = case.layout();
        let problem = Problem::new(&layout, &values, case.rule, case.against, false).expect("it adds up");
        let pattern = problem.protect(0);
        // With one mark, nobody knows more than that zeros are shown.
        let attacker = case.attackers()[case.attackers().len().min(2) - 1];
        let can_be_hidden = |(cell, value): (u32, &i64)| *value != 0 || problem.is_primary(cell);
        let all: Vec<bool> = (0..).zip(&values.values).map(can_be_hidden).collect();
        let findings = attack(&problem, &all, attacker, &[]);
        for finding in findings.iter().filter(|finding| pattern.unprotected.contains(&finding.cell)) {
            prop_assert!(finding.width() < case.width as f64, "{:?} could be protected", finding);
        }
    }
}
