//! The noise of a seal and its accounting beside those of OpenDP: same budget, same size, same distribution.
//!
//! `cargo run --release --manifest-path benches/peers/opendp/Cargo.toml`; exits with 1 where they differ.

use opendp::combinators::make_zCDP_to_approxDP;
use opendp::domains::{AtomDomain, VectorDomain};
use opendp::measurements::make_gaussian;
use opendp::measures::ZeroConcentratedDivergence;
use opendp::metrics::{AbsoluteDistance, L2Distance};
use std::process::ExitCode;
use throughline::calendar::SchoolYear;
use throughline::disclosure::{Released, RuleProfile, Seal};
use throughline::outcomes::{
    Atoms, Budget, Dimension, Measure, Mode, Population, Publication, Slice, Tabulation, Unit, Values,
};

/// Schools, each of so many students that none is hidden.
const SCHOOLS: u16 = 20_000;
const STUDENTS: u32 = 1_000;

fn main() -> ExitCode {
    let mut is_alike = true;
    println!("epsilon  deviation  epsilon by OpenDP  chi-squared of noise  degrees of freedom");
    for epsilon_milli in [250, 500, 1_000, 4_000] {
        let (drawn, deviation) = ours(Budget { epsilon_milli, editions: 1 });
        // Two tables, of the whole and of the schools, count each student once.
        let told_with = |variance: f64| told((2.0 / variance).sqrt());
        let variance = deviation * deviation;
        let told = told_with(variance);
        let (statistic, freedom) = compared(&drawn, &theirs(deviation));
        let epsilon = f64::from(epsilon_milli) / 1000.0;
        println!("{epsilon:7.3}  {deviation:9.3}  {told:17.6}  {statistic:20.1}  {freedom:18.0}");
        // Our variances are whole numbers: with one less it would be too much.
        is_alike &= told <= epsilon * 1.000_001 && told_with(variance - 1.0) > epsilon * 0.999_999;
        is_alike &= statistic < freedom + 6.0 * (2.0 * freedom).sqrt();
    }
    if is_alike { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The noise of every school of a seal, and its standard deviation.
fn ours(budget: Budget) -> (Vec<i64>, f64) {
    let mut geography = Dimension::new("geography", "Geography");
    (0..SCHOOLS).for_each(|at| _ = geography.add(&format!("s{at}"), "", 0));
    let tabulation = Tabulation {
        unit: Unit::StudentYear,
        period: SchoolYear::new(2025).expect("a school year"),
        mode: Mode::Dp(budget),
        dimensions: vec![geography],
        populations: vec![Population { id: "students".into(), parent: None, within: vec![] }],
        measures: vec![Measure::new("n", 0)],
        atoms: Atoms {
            nodes: (1..=SCHOOLS).collect(),
            people: vec![vec![STUDENTS; SCHOOLS.into()]],
            values: vec![Values::Count],
        },
        publications: vec![Publication {
            product: "p".into(),
            version: 1,
            profile: "nces-10".into(),
            dimensions: vec![],
            depth: 0,
            indicators: vec![("n".into(), 0)],
            withdrawn: false,
        }],
    };
    let (seal, report) = Seal::make(1, &[tabulation], &RuleProfile::all(), b"peer").expect("sound");
    let Released::Noisy { deviation, .. } = report.released[0].how else { panic!("it has noise") };
    let all = Slice {
        product: "p".into(),
        indicator: "n".into(),
        dimensions: vec!["geography".into()],
        filters: vec![],
        periods: vec![],
    };
    let table = seal.slice(&all).expect("a slice");
    let schools = table.cells().iter().skip(1).filter_map(|cell| cell.denominator);
    (schools.map(|shown| shown as i64 - i64::from(STUDENTS)).collect(), deviation)
}

fn theirs(deviation: f64) -> Vec<i64> {
    let (domain, metric) = (VectorDomain::new(AtomDomain::<i64>::default()), L2Distance::<f64>::default());
    let noise = make_gaussian::<_, _, ZeroConcentratedDivergence>(domain, metric, deviation, None);
    noise.expect("a measurement").invoke(&vec![0; SCHOOLS.into()]).expect("noise")
}

/// The epsilon, at the same delta, of one number that a person changes by so many standard deviations of its noise.
fn told(by: f64) -> f64 {
    let (domain, metric) = (AtomDomain::<i64>::default(), AbsoluteDistance::<f64>::default());
    let noise = make_gaussian::<_, _, ZeroConcentratedDivergence>(domain, metric, 1.0 / by, None);
    let profile = make_zCDP_to_approxDP(noise.expect("a measurement")).expect("a combinator").map(&1.0);
    profile.and_then(|profile| profile.epsilon(Budget::DELTA)).expect("a finite loss")
}

/// Whether two samples are of one distribution: chi-squared over about thirty intervals.
fn compared(ours: &[i64], theirs: &[i64]) -> (f64, f64) {
    let width = ((ours.iter().map(|x| x.abs()).max().unwrap_or(0) / 15).max(1)) as f64;
    let interval = |x: i64| (x as f64 / width).round() as i64;
    let count = |of: &[i64], at: i64| of.iter().filter(|x| interval(**x) == at).count() as f64;
    let (mut statistic, mut freedom) = (0.0, -1.0);
    for at in -16..=16 {
        let (one, other) = (count(ours, at), count(theirs, at));
        if one + other >= 20.0 {
            statistic += (one - other).powi(2) / (one + other);
            freedom += 1.0;
        }
    }
    (statistic, freedom)
}
