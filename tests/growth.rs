//! Growth percentiles of real scores: against those the published package computed, and what must hold of any.
//!
//! Every cohort with all its quantiles, in some seconds; the figures are printed by
//! `cargo test --test growth -- --nocapture`.

use flate2::read::GzDecoder;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;
use throughline::outcomes::growth::{COHORT_SIZE_MIN, Error, GrowthNorms, Percentile, Student};

/// By school year, grade and student: the score, in points.
type Scores = BTreeMap<(u16, u8), HashMap<String, f64>>;

/// Students of one grade in one year, what is known of them, and what the knots are taken from.
struct Cohort {
    ids: Vec<String>,
    students: Vec<Student>,
    panels: Vec<Vec<f64>>,
}

/// Students of grade 4 in 2025, from their scores of grade 3.
///
/// The package is `SGP` 2.2 with `quantreg`, with its defaults; a student here and there may be one off, where
/// rounding in the last place decides.
#[test]
fn percentiles_are_those_of_the_published_package() {
    let Some(folder) = shared("sgp_package_example") else { return };
    let cohort = Cohort::new(&wide(&folder.join("sgpData_wide.csv")), 2025, 4, 1);
    let growth = timed("2025, grade 4", &cohort);
    let reference: HashMap<String, u8> =
        rows(csv::Reader::from_path(folder.join("sgp_reference_2025_grade4.csv")))
            .map(|row| (row["ID"].clone(), row["SGP"].parse().expect("a percentile")))
            .collect();
    assert_eq!(cohort.ids.len(), reference.len(), "the cohort is the same");
    let off: Vec<u8> = (cohort.ids.iter().zip(&growth))
        .map(|(id, growth)| growth.percentile.abs_diff(reference[id]))
        .collect();
    let percent = |most: u8| 100.0 * off.iter().filter(|off| **off <= most).count() as f64 / off.len() as f64;
    let worst = off.iter().max().expect("students");
    print(&format!("  equal {:.2} %, within 1 {:.2} %, at most {worst} off", percent(0), percent(1)));
    assert!(percent(0) >= 99.0 && percent(1) >= 99.9 && *worst <= 3);
    let expected = median(reference.into_values());
    assert_eq!(median(growth.iter().map(|growth| growth.percentile)), expected);
}

/// A district by subject and grade in the last year, from up to two years before: nothing to compare with, but
/// half of each cohort grew more than the median, a tenth more than the 90th percentile, and so on.
#[test]
fn each_cohort_is_spread_evenly() {
    let Some(folder) = shared("sgp_district470") else { return };
    for (subject, scores) in long(&folder) {
        for grade in 4..=10 {
            let cohort = Cohort::new(&scores, 2025, grade, 2);
            let growth = timed(&format!("{subject}, grade {grade}"), &cohort);
            // Those who came later have fewer priors, and nothing says that they grow as the others do.
            let n_priors = if grade == 4 { 1 } else { 2 };
            let (full, fewer): (Vec<_>, Vec<_>) =
                growth.into_iter().partition(|growth| growth.n_priors == n_priors);
            check_spread(&full);
            assert!(fewer.iter().all(|growth| growth.n_priors == 1));
        }
    }
}

/// Neither the order of students nor the unit of the tests makes a difference.
#[test]
fn order_and_scale_make_no_difference() {
    let Some(folder) = shared("sgp_district470") else { return };
    let cohort = Cohort::new(&long(&folder)["READING"], 2025, 5, 2);
    let growth = cohort.growth();
    let mut changed = Cohort { ids: Vec::new(), ..cohort };
    changed.students.reverse();
    let scale = |score: &mut f64| *score = 10.0 * *score - 700.0;
    for student in &mut changed.students {
        scale(&mut student.score);
        student.priors.iter_mut().for_each(scale);
    }
    changed.panels.iter_mut().flatten().for_each(scale);
    assert!(changed.growth().into_iter().rev().eq(growth));
}

#[test]
fn a_small_cohort_is_refused() {
    let Some(folder) = shared("sgp_district470") else { return };
    let mut cohort = Cohort::new(&long(&folder)["READING"], 2025, 5, 2);
    cohort.students.truncate(COHORT_SIZE_MIN - 1);
    let refused = GrowthNorms::learn(&cohort.students, &cohort.panels, None);
    let expected = Error::CohortTooSmall { n_students: COHORT_SIZE_MIN - 1, minimum: COHORT_SIZE_MIN };
    assert_eq!(refused, Err(expected));
}

/// Of a hundred students, `p - 0.5` should stand below percentile `p`. As many stand on a quantile itself as it has
/// coefficients, and count as below it.
fn check_spread(growth: &[Percentile]) {
    let (mut worst, n) = (0.0_f64, growth.len() as f64);
    for percentile in 2..=98_u8 {
        let n_below = growth.iter().filter(|growth| growth.percentile < percentile).count();
        worst = worst.max((100.0 * n_below as f64 / n - (f64::from(percentile) - 0.5)).abs());
    }
    let middle = median(growth.iter().map(|growth| growth.percentile));
    print(&format!("  of {n} with all priors: median {middle}, at most {worst:.2} points from even"));
    assert!((middle - 50.0).abs() <= 1.0 && worst <= 1.0);
}

impl Cohort {
    /// Students of a grade with a score of the grade before in the year before, and so many priors at most.
    fn new(scores: &Scores, year: u16, grade: u8, n_priors: u8) -> Self {
        let empty = HashMap::new();
        let of = |year: u16, grade: u8| scores.get(&(year, grade)).unwrap_or(&empty);
        let mut cohort = Self { ids: Vec::new(), students: Vec::new(), panels: Vec::new() };
        for (id, score) in of(year, grade) {
            let before = (1..=n_priors).map(|back| of(year - u16::from(back), grade - back).get(id).copied());
            let priors: Vec<f64> = before.map_while(|prior| prior).collect();
            if !priors.is_empty() {
                cohort.ids.push(id.clone());
                cohort.students.push(Student { score: *score, priors });
            }
        }
        // As the package has it: a grade's knots are those of its scores in all years before.
        let panel =
            |grade: u8| (1..=u16::from(n_priors)).flat_map(move |back| of(year - back, grade).values());
        cohort.panels = (1..=n_priors).map(|back| panel(grade - back).copied().collect()).collect();
        cohort
    }

    fn growth(&self) -> Vec<Percentile> {
        let norms = GrowthNorms::learn(&self.students, &self.panels, None).expect("a cohort");
        self.students.iter().map(|student| norms.percentile(student).expect("a prior score")).collect()
    }
}

fn timed(title: &str, cohort: &Cohort) -> Vec<Percentile> {
    let begun = Instant::now();
    let growth = cohort.growth();
    print(&format!("{title}: {} students in {:.2} s", growth.len(), begun.elapsed().as_secs_f64()));
    growth
}

fn median(percentiles: impl Iterator<Item = u8>) -> f64 {
    let mut sorted: Vec<u8> = percentiles.collect();
    sorted.sort_unstable();
    f64::from(sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0
}

/// One row a student, with the grade and the score of each year in a column.
fn wide(path: &Path) -> Scores {
    let mut scores = Scores::new();
    for row in rows(csv::Reader::from_path(path)) {
        for year in 2021..=2025 {
            let [grade, score] = ["GRADE", "SS"].map(|column| &row[&format!("{column}_{year}")]);
            if let (Ok(grade), Ok(score)) = (grade.parse(), score.parse()) {
                scores.entry((year, grade)).or_default().insert(row["ID"].clone(), score);
            }
        }
    }
    scores
}

/// One row a student, subject and year; a file a year. By subject.
fn long(folder: &Path) -> BTreeMap<String, Scores> {
    let mut subjects: BTreeMap<String, Scores> = BTreeMap::new();
    for year in 2021..=2025_u16 {
        let path = folder.join(format!("sgpData_LONG_470_{}_{year}.csv.gz", year - 1));
        let mut text = String::new();
        let file = std::fs::File::open(path).expect("the shared folder holds the file");
        GzDecoder::new(file).read_to_string(&mut text).expect("a compressed text");
        for row in rows(Ok(csv::Reader::from_reader(text.as_bytes()))) {
            if let (Ok(grade), Ok(score), "VALID_CASE") =
                (row["GRADE"].parse(), row["SCALE_SCORE"].parse(), row["VALID_CASE"].as_str())
            {
                let scores = subjects.entry(row["CONTENT_AREA"].clone()).or_default();
                scores.entry((year, grade)).or_default().insert(row["ID"].clone(), score);
            }
        }
    }
    subjects
}

fn rows<R: Read>(reader: csv::Result<csv::Reader<R>>) -> impl Iterator<Item = HashMap<String, String>> {
    let rows = reader.expect("the shared folder holds the file").into_deserialize();
    rows.map(|row| row.expect("a row of text columns"))
}

/// A folder of the data beside the checkout; nothing when they are missing, which only a CI machine may not allow.
fn shared(folder: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the shared data are missing");
    print(&format!("skipped: no {}", folder.display()));
    None
}

fn print(line: &str) {
    use std::io::Write;
    // A test may print; `println!` is denied in this package so that no library code does.
    drop(writeln!(std::io::stderr(), "{line}"));
}
