//! What it takes to learn the growth of a cohort of a state's grade, by the number of prior scores.
//!
//! The students are invented; their scores are whole points, which coincide as those of real tests do. Agreement with
//! the published package is measured by `cargo test --test growth -- --nocapture`.

use divan::{Bencher, black_box};
use throughline::outcomes::growth::{GrowthNorms, Student};

fn main() {
    divan::main();
}

const N_STUDENTS: u64 = 7_000;

#[divan::bench(args = [1, 2, 3], sample_count = 3, sample_size = 1)]
fn learn_from_priors(bencher: Bencher<'_, '_>, n_priors: u64) {
    let (students, panels) = cohort(n_priors);
    bencher.bench_local(|| {
        GrowthNorms::learn(black_box(&students), black_box(&panels), None).expect("a cohort")
    });
}

#[divan::bench(args = [1, 3])]
fn tell_a_student_from_priors(bencher: Bencher<'_, '_>, n_priors: u64) {
    let (students, panels) = cohort(n_priors);
    let norms = GrowthNorms::learn(&students, &panels, None).expect("a cohort");
    bencher.bench_local(|| norms.percentile(black_box(&students[0])));
}

/// Students who have all priors, and the scores of each prior.
fn cohort(n_priors: u64) -> (Vec<Student>, Vec<Vec<f64>>) {
    let student = |at: u64| {
        let ability = bell(at, 0);
        let score =
            |back: u64| (600.0 - 20.0 * back as f64 + 60.0 * ability + 30.0 * bell(at, 1 + back)).round();
        Student { score: score(0), priors: (1..=n_priors).map(score).collect() }
    };
    let students: Vec<Student> = (0..N_STUDENTS).map(student).collect();
    let panel = |back: usize| students.iter().map(|student| student.priors[back]).collect();
    let panels = (0..n_priors as usize).map(panel).collect();
    (students, panels)
}

/// A number that is about normally distributed, of variance 1.
fn bell(at: u64, of: u64) -> f64 {
    (0..12).map(|part| mix(at, 12 * of + part) as f64 / u64::MAX as f64).sum::<f64>() - 6.0
}

/// SplitMix64, seeded by two numbers.
fn mix(a: u64, b: u64) -> u64 {
    let mut z = a.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(b.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
