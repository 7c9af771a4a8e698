//! The vertex that is found is a best one.

use super::*;
use proptest::prelude::*;

fn loss(design: &[f64], values: &[f64], coefficients: &[f64], tau: f64) -> f64 {
    let residuals =
        design.chunks_exact(coefficients.len()).zip(values).map(|(r, v)| v - dot(r, coefficients));
    residuals.map(|residual| if residual > 0.0 { tau * residual } else { (tau - 1.0) * residual }).sum()
}

/// The smallest sum at any vertex: through any two points for a line, or three for a plane.
fn brute_force(design: &[f64], n_columns: usize, values: &[f64], tau: f64) -> f64 {
    let n = values.len();
    let mut least = f64::INFINITY;
    for code in 0..n.pow(n_columns as u32) {
        let points: Vec<usize> = (0..n_columns).map(|at| code / n.pow(at as u32) % n).collect();
        let rows = points.iter().flat_map(|at| &design[at * n_columns..][..n_columns]).copied().collect();
        let through: Vec<f64> = points.iter().map(|at| values[*at]).collect();
        let Some(factors) = Factors::of(rows, n_columns) else { continue };
        least = least.min(loss(design, values, &factors.solve(&through), tau));
    }
    least
}

#[test]
fn without_a_column_but_ones_it_is_the_quantile() {
    let values = vec![5.0, 1.0, 4.0, 2.0, 3.0, 3.0, 9.0];
    let mut regression = Regression::new(vec![1.0; 7], 1, values).expect("of full rank");
    let mut check = |tau: f64, expected: f64| assert_eq!(regression.fit(tau), Ok(vec![expected]));
    check(0.01, 1.0);
    check(0.2, 2.0);
    check(0.5, 3.0);
    check(0.6, 4.0);
    check(0.99, 9.0);
    check(0.5, 3.0);
}

#[test]
fn columns_made_of_others_are_refused() {
    let twice = vec![1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
    assert_eq!(Regression::new(twice, 2, vec![1.0, 2.0, 3.0]).err(), Some(Error::DegenerateKnots));
    let few = vec![1.0, 2.0];
    assert_eq!(Regression::new(few, 2, vec![1.0]).err(), Some(Error::DegenerateKnots));
}

#[test]
fn the_crossing_that_makes_up_for_the_slope_is_selected() {
    let crossings = [(3.0, 1.0), (1.0, 2.0), (2.0, 0.5), (4.0, 9.0)];
    let select = |slope: f64| {
        let all = crossings.iter().enumerate();
        let mut all: Vec<Crossing> = all
            .map(|(point, (distance, rise))| Crossing { distance: *distance, rise: *rise, point })
            .collect();
        weighted_select(&mut all, slope).map(|crossing| crossing.point)
    };
    assert_eq!([0.1, 2.0, 2.1, 2.6, 3.6].map(select), [1, 1, 2, 0, 3].map(Some));
    assert!(weighted_select(&mut [], 1.0).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Small whole numbers, so that points coincide and more of them lie on a line than it takes.
    #[test]
    fn no_vertex_is_better(
        points in prop::collection::vec((-3_i32..4, -3_i32..4, 0_i32..6), 3..9),
        n_columns in 1_usize..4,
        tau in 0.01_f64..0.99,
    ) {
        let row = |(a, b, _): &(i32, i32, i32)| [1.0, f64::from(*a), f64::from(*b)];
        let design: Vec<f64> = points.iter().flat_map(|of| row(of).into_iter().take(n_columns)).collect();
        let values: Vec<f64> = points.iter().map(|(_, _, value)| f64::from(*value)).collect();
        if let Ok(mut regression) = Regression::new(design.clone(), n_columns, values.clone()) {
            let found = loss(&design, &values, &regression.fit(tau).expect("solved"), tau);
            let least = brute_force(&design, n_columns, &values, tau);
            prop_assert!((found - least).abs() < 1e-9, "{found} instead of {least}");
        }
    }

    /// Koenker and Bassett's conditions, as weights of all points between `tau - 1` and `tau` with which their
    /// rows sum to nothing: then no sum is smaller than that of the weighted values.
    #[test]
    fn weights_prove_that_nothing_is_better(seed in 0_u64..1 << 40, whole in any::<bool>()) {
        let (n, n_columns) = (120, 4);
        let number = |at: u64| fraction(seed * 1_000 + at);
        let score = |at: u64| if whole { (number(at) * 20.0).floor() } else { number(at) * 20.0 };
        let rows = (0..n).map(|at| score(at) / 10.0 - 1.0).flat_map(|x| [1.0, x, x * x, x * x * x]);
        let design: Vec<f64> = rows.collect();
        let values: Vec<f64> = (0..n).map(|at| score(n + at) + score(at)).collect();
        let mut regression = Regression::new(design.clone(), n_columns, values.clone()).expect("of full rank");
        for tau in [0.005, 0.015, 0.25, 0.5, 0.995] {
            let coefficients = regression.fit(tau).expect("solved");
            let multipliers = regression.multipliers(&regression.factors().expect("an inverse"), tau);
            let above = regression.residuals.iter().map(|residual| *residual > 0.0);
            let mut weights: Vec<f64> = above.map(|above| if above { tau } else { tau - 1.0 }).collect();
            regression.basis.iter().zip(multipliers).for_each(|(point, weight)| weights[*point] = weight);
            prop_assert!(weights.iter().all(|weight| (tau - 1.0 - 1e-9..=tau + 1e-9).contains(weight)));
            for column in 0..n_columns {
                let column: Vec<f64> = design.iter().skip(column).step_by(n_columns).copied().collect();
                prop_assert!(dot(&column, &weights).abs() < 1e-9);
            }
            let gap = loss(&design, &values, &coefficients, tau) - dot(&values, &weights);
            prop_assert!(gap.abs() < 1e-6, "{gap}");
        }
    }
}
