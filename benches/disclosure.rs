//! How long does it take to seal a lattice, to verify the proof that it hides enough, to slice it, and to protect a table
//! that others have published?

use divan::Bencher;
use std::path::Path;
use throughline::calendar::SchoolYear;
use throughline::disclosure::tables::{Attacker, Hierarchy, Layout, Problem, Rule, Table, Values as Counts};
use throughline::disclosure::{Proof, RuleProfile, Seal, Zeros};
use throughline::outcomes::{
    Atoms, Dimension, Measure, Mode, Population, Publication, Slice, Tabulation, Unit, Values,
};
use throughline::parallel::on_one_core;

fn main() {
    divan::main();
}

/// Schools of 100 to 700 students with uneven attributes of 7, 3, 2, 2 and 2 categories.
fn city(n_schools: u16, depth: usize) -> Tabulation {
    city_of(n_schools, depth, [7, 3, 2, 2, 2])
}

/// The same with so many categories of each.
fn city_of(n_schools: u16, depth: usize, sizes: [u64; 5]) -> Tabulation {
    let mut state = 1u64;
    let mut below = move |n: u64| {
        // A linear congruential generator by Knuth; its high bits are even enough for people.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut geography = Dimension::new("geography", "Geography");
    let mut schools = Vec::new();
    for at in 0..n_schools {
        if at % 10 == 0 {
            schools.push((geography.add(&format!("district {}", at / 10), "", 0), Vec::new()));
        }
        let (district, in_district) = schools.last_mut().expect("the first school opens a district");
        in_district.push(geography.add(&format!("school {at}"), "", *district));
    }
    let mut dimensions = vec![geography];
    for (at, &size) in sizes.iter().enumerate() {
        let mut dimension = Dimension::new(&format!("d{at}"), "");
        for category in 0..size {
            dimension.add(&format!("{category}"), "", 0);
        }
        dimensions.push(dimension);
    }
    let mut counts = std::collections::BTreeMap::<Vec<u16>, (u32, u32)>::new();
    for school in schools.into_iter().flat_map(|(_, schools)| schools) {
        for _ in 0..100 + below(600) {
            let mut row = vec![school];
            // The smaller of two draws makes the first categories common and the last ones rare.
            row.extend(sizes.map(|size| 1 + below(size).min(below(size)) as u16));
            let cell = counts.entry(row).or_default();
            cell.0 += 1;
            cell.1 += u32::from(below(10) < 8);
        }
    }
    Tabulation {
        mode: Mode::Suppress,
        unit: Unit::StudentYear,
        period: SchoolYear::new(2025).expect("a school year"),
        dimensions,
        populations: vec![Population { id: "students".into(), parent: None, within: vec![] }],
        measures: vec![Measure::new("present", 0)],
        atoms: Atoms {
            nodes: counts.keys().flatten().copied().collect(),
            people: vec![counts.values().map(|&(n, _)| n).collect()],
            values: vec![Values::Share(counts.values().map(|&(_, y)| y).collect())],
        },
        publications: vec![Publication {
            product: "attendance".into(),
            version: 1,
            profile: "nces-10".into(),
            dimensions: (1..=sizes.len()).collect(),
            depth,
            indicators: vec![("present".into(), 0)],
            withdrawn: false,
        }],
    }
}

fn seal(tabulation: &Tabulation) -> Seal {
    Seal::make(1, std::slice::from_ref(tabulation), &RuleProfile::all(), b"secret")
        .expect("a sound tabulation")
        .0
}

/// People and one share, jointly: schools and depth.
#[divan::bench(args = [(10, 2), (10, 3), (10, 5), (100, 3), (100, 5), (400, 3)], sample_count = 3, sample_size = 1)]
fn make(bencher: Bencher<'_, '_>, (n_schools, depth): (u16, usize)) {
    let tabulation = city(n_schools, depth);
    let (_, report) = Seal::make(1, std::slice::from_ref(&tabulation), &RuleProfile::all(), b"secret")
        .expect("a sound tabulation");
    let cells = report.product("attendance").map_or(0, |product| product.n_cells);
    bencher.counter(divan::counter::ItemsCount::new(cells)).bench(|| seal(&tabulation));
}

/// A thousand schools in a hundred districts, a million groups that can be asked for; prints what the process needed.
#[divan::bench(sample_count = 1, sample_size = 1)]
#[allow(clippy::print_stdout, reason = "divan has no counter for memory")]
fn a_million_groups(bencher: Bencher<'_, '_>) {
    let tabulation = city_of(1_000, 3, [8, 5, 4, 3, 2]);
    bencher.bench(|| seal(&tabulation));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("not known");
    println!(" most memory: {}", peak.trim());
}

/// Replaying the proof on one core: schools and depth. The seal is made before, which takes longer.
#[divan::bench(args = [(10, 3), (100, 3), (250, 3)], sample_count = 5, sample_size = 1)]
fn verify(bencher: Bencher<'_, '_>, (n_schools, depth): (u16, usize)) {
    let tabulations = [city(n_schools, depth)];
    let profiles = RuleProfile::all();
    let (seal, report) = Seal::make(1, &tabulations, &profiles, b"secret").expect("a sound tabulation");
    let cells = report.product("attendance").map_or(0, |product| product.n_cells);
    let bytes = report.proof.to_bytes();
    let size = divan::counter::BytesCount::new(bytes.len());
    bencher.counter(divan::counter::ItemsCount::new(cells)).counter(size).bench(|| {
        let proof = Proof::from_bytes(&bytes).expect("its own bytes");
        on_one_core(|| proof.verify(&seal, &tabulations, &[], &profiles, b"secret")).expect("it holds")
    });
}

/// 111 geographies by 8 categories of the first dimension.
#[divan::bench]
fn slice(bencher: Bencher<'_, '_>) {
    let seal = seal(&city(100, 3));
    let asked = Slice {
        product: "attendance".into(),
        indicator: "present".into(),
        dimensions: vec!["geography".into(), "d0".into()],
        filters: vec![("d2".into(), "1".into())],
        periods: vec![],
    };
    bencher.bench(|| seal.slice(&asked).expect("a slice"));
}

/// Tables that others have published, in the folder beside the checkout; where it is missing, their benches are left out.
const SHARED: &str = "../shared/data/sdc";

fn is_missing() -> bool {
    !Path::new(SHARED).exists()
}

/// A table of 9,140 counts by region, income and season, of which those below 4 are sensitive: by the linear rule alone.
#[divan::bench(ignore = is_missing(), sample_count = 3, sample_size = 1)]
fn d4_linear(bencher: Bencher<'_, '_>) {
    let (layout, counts) = d4();
    let problem = problem(&layout, &counts);
    bencher.bench(|| problem.linear());
}

/// The same against an intruder who knows why each cell is hidden, and the check of its witnesses.
#[divan::bench(ignore = is_missing(), sample_count = 3, sample_size = 1)]
fn d4_protect(bencher: Bencher<'_, '_>) {
    let (layout, counts) = d4();
    let problem = problem(&layout, &counts);
    bencher.bench(|| {
        let pattern = problem.protect(5);
        problem.check(&pattern.is_hidden, &pattern.witnesses).expect("its own proof")
    });
}

fn problem<'l>(layout: &'l Layout, counts: &'l Counts) -> Problem<'l> {
    let rule = Rule::Small { minimum: 4, zeros: Zeros::Shown, width: 1 };
    Problem::new(layout, counts, rule, Attacker::Legend, false).expect("a table that adds up")
}

fn d4() -> (Layout, Counts) {
    let rows = |name: &str| -> Vec<csv::StringRecord> {
        let file = std::fs::File::open(Path::new(SHARED).join(name)).expect("a file");
        let reader: Box<dyn std::io::Read> = match name.ends_with(".gz") {
            true => Box::new(flate2::read::GzDecoder::new(file)),
            false => Box::new(file),
        };
        csv::Reader::from_reader(reader).records().map(|row| row.expect("a row")).collect()
    };
    let cells = rows("ssb_d4_freq_max3.csv.gz");
    let dimensions = ["region", "main_income", "months"].map(str::to_owned).to_vec();
    let codes = cells.iter().map(|row| row.iter().take(3).map(str::to_owned).collect()).collect();
    let links = rows("ssb_d4_hier.csv");
    let hierarchies = dimensions.iter().map(|dimension| Hierarchy {
        dimension: dimension.clone(),
        parents: (links.iter().filter(|row| row[0] == **dimension))
            .map(|row| (row[1].to_owned(), row[2].to_owned()))
            .collect(),
    });
    let hierarchies: Vec<Hierarchy> = hierarchies.collect();
    let layout = Layout::new(&[Table { dimensions, codes }], &hierarchies, "Total").expect("a sound table");
    let counts = cells.iter().map(|row| row[3].parse().expect("a count")).collect();
    let values = layout.values(&[counts]).expect("a value for each cell");
    let n = values.len();
    let contributors = values.clone();
    (layout, Counts { values, contributors, is_flagged: vec![false; n], known_range: vec![None; n] })
}
