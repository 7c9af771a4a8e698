//! How fast are a million student-years folded, counted, and, once sealed, asked?

mod invented;

use divan::counter::ItemsCount;
use std::ops::RangeInclusive;
use std::sync::LazyLock;
use throughline::calendar::SchoolYear;
use throughline::disclosure::{RuleProfile, Seal};
use throughline::outcomes::{Edition, Product, Slice, tabulate};

fn main() {
    divan::main();
}

const YEARS: RangeInclusive<u16> = 2021..=2024;
const N_PERSONS: u64 = 250_000;
const N_ROWS: u64 = N_PERSONS * 4;
const N_SCHOOLS: u64 = 200;

/// Folds 250,000 persons of 4 school years, each with 14 or so facts.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn fold_a_million_student_years(bencher: divan::Bencher<'_, '_>) {
    let people = invented::people(N_SCHOOLS, YEARS);
    bencher.counter(ItemsCount::new(N_ROWS)).bench(|| invented::edition(&people, N_PERSONS, N_SCHOOLS));
}

/// Counts four indicators by five dimensions and 200 schools, in four periods together.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn tabulate_a_million_student_years(bencher: divan::Bencher<'_, '_>) {
    let product = Product::parse(PRODUCT).expect("a product");
    let edition = &*EDITION;
    bencher.counter(ItemsCount::new(N_ROWS)).bench(|| tabulate(edition, std::slice::from_ref(&product)));
}

/// Hashes the columns of the edition.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn digest_a_million_student_years(bencher: divan::Bencher<'_, '_>) {
    let edition = &*EDITION;
    bencher.counter(ItemsCount::new(N_ROWS)).bench(|| edition.digest());
}

/// Slices a seal of the edition: an indicator by school and sex in ten school years, or of one sex in two.
#[divan::bench(args = [10_150, 406])]
fn ask_a_million_student_years(bencher: divan::Bencher<'_, '_>, n_cells: usize) {
    let mut asked = Slice {
        product: "asked".into(),
        indicator: "absence".into(),
        dimensions: vec!["geography".into(), "sex".into()],
        filters: Vec::new(),
        periods: Vec::new(),
    };
    if n_cells < 1_000 {
        asked.dimensions.truncate(1);
        asked.filters.push(("sex".into(), "F".into()));
        asked.periods.extend([2023, 2024].map(|year| SchoolYear::new(year).expect("a year")));
    }
    assert_eq!(SEAL.slice(&asked).expect("it can be asked").cells().len(), n_cells);
    bencher.counter(ItemsCount::new(n_cells)).bench(|| SEAL.slice(&asked));
}

static SEAL: LazyLock<Seal> = LazyLock::new(|| {
    let product = Product::parse(ASKED).expect("a product");
    let counts = tabulate(&EDITION, std::slice::from_ref(&product)).expect("it can be counted");
    Seal::make(1, &counts, &RuleProfile::all(), b"secret").expect("it can be sealed").0
});

const ASKED: &str = r#"
product = "asked"
version = 1
title = "Absence by school and sex"
profile = "nces-10"
mode = "suppress"
depth = 1
years = { from = 2021, to = 2030 }

[[indicators]]
name = "absence"
use = "chronic_absence"

[[dimensions]]
id = "sex"
source = "sex"
"#;

static EDITION: LazyLock<Edition> =
    LazyLock::new(|| invented::edition(&invented::people(N_SCHOOLS, YEARS), N_PERSONS, N_SCHOOLS));

const PRODUCT: &str = r#"
product = "bench"
version = 1
title = "Bench"
profile = "n10"
mode = "suppress"
depth = 5
[years]
from = 2021
to = 2024
[[indicators]]
name = "chronic"
use = "chronic_absence"
[[indicators]]
name = "proficient"
use = "proficiency"
test = "STATE"
subject = "ELA"
[[indicators]]
name = "gain"
use = "score_gain"
test = "STATE"
subject = "ELA"
[[indicators]]
name = "enrolled"
use = "enrollment"
[[dimensions]]
id = "race"
source = "race7"
[[dimensions]]
id = "sex"
source = "sex"
[[dimensions]]
id = "econ"
source = "econ"
[[dimensions]]
id = "learner"
source = "english_learner"
[[dimensions]]
id = "tutoring"
source = "program_status"
program = "TUTOR"
"#;
