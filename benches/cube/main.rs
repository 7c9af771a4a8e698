//! How fast are ten million student-years counted over whole lattices, beside DuckDB's `GROUP BY CUBE` on the same facts?
//!
//! `cargo bench --bench cube`, or `-- 200000` for so many persons instead of two million. With Python and its package
//! `duckdb`, both are run, their counts are compared, and their times are told as a ratio; without, ours alone.

#[path = "../invented/mod.rs"]
mod invented;

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use throughline::outcomes::{Edition, Product, Tabulation, Unit, Values, tabulate};

/// As in the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const N_SCHOOLS: u64 = 600;

/// A question: what it is called, where the geography stops, by what it counts, and of which school years.
struct Question {
    title: &'static str,
    geography: &'static str,
    /// Columns of the edition; `year` and `school` are no dimensions of a product.
    by: &'static [&'static str],
    years: (u16, u16),
}

const QUESTIONS: [Question; 4] = [
    Question { title: "race x year", geography: "district", by: &["race7", "year"], years: (2021, 2025) },
    Question {
        title: "five demographic axes of a year",
        geography: "district",
        by: &["race7", "sex", "econ", "disability", "english_learner"],
        years: (2025, 2025),
    },
    Question {
        title: "school x race x income of a year",
        geography: "school",
        by: &["school", "race7", "econ"],
        years: (2025, 2025),
    },
    Question {
        title: "programme x race x grade",
        geography: "district",
        by: &["participant", "race7", "grade"],
        years: (2021, 2025),
    },
];

fn main() {
    let arguments = std::env::args().skip(1).find(|argument| argument != "--bench");
    let n_persons: u64 = arguments.map_or(2_000_000, |n| n.parse().expect("a number of persons"));
    let edition = invented::edition(&invented::people(N_SCHOOLS, 2021..=2025), n_persons, N_SCHOOLS);
    let ours: Vec<(f64, Groups)> = QUESTIONS.iter().map(|question| ask(&edition, question)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    write(&edition, folder.path());
    let n_rows = edition.n_rows(Unit::StudentYear);
    let Some(peer) = peer(folder.path()) else {
        for (question, (seconds, groups)) in QUESTIONS.iter().zip(&ours) {
            let (title, n) = (question.title, groups.len());
            say(&format!("{title}: {n} groups of {n_rows} student-years in {:.1} ms", seconds * 1e3));
        }
        return say("there is no Python with the package duckdb to compare with");
    };
    for ((question, (seconds, groups)), answer) in
        QUESTIONS.iter().zip(&ours).zip(peer["answers"].as_array().expect("answers"))
    {
        let theirs: Groups = serde_json::from_value(answer["groups"].clone()).expect("counts");
        assert_eq!(&theirs, groups, "{}: the same facts have the same counts", question.title);
        let their_seconds = answer["seconds"].as_f64().expect("seconds");
        say(&format!(
            "{}: {} groups of {n_rows} student-years in {:.1} ms, DuckDB {} in {:.1} ms: {:.1} times as fast",
            question.title,
            groups.len(),
            seconds * 1e3,
            peer["version"].as_str().expect("a version"),
            their_seconds * 1e3,
            their_seconds / seconds,
        ));
    }
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody reads the figures");
}

/// The people of each group that has somebody, and those who are chronically absent; sorted.
type Groups = Vec<(u64, u64)>;

/// The best of five runs, in seconds, and what came of it.
fn ask(edition: &Edition, question: &Question) -> (f64, Groups) {
    let product = [product(question)];
    let run = |_| {
        let started = Instant::now();
        let counted = tabulate(edition, &product).expect("it can be counted");
        let groups = cube(&counted, question);
        (started.elapsed().as_secs_f64(), groups)
    };
    let mut runs: Vec<_> = (0..5).map(run).collect();
    runs.sort_by(|left, right| left.0.total_cmp(&right.0));
    runs.swap_remove(0)
}

fn product(question: &Question) -> Product {
    let (from, to) = question.years;
    let mut text = format!(
        "product = \"cube\"\nversion = 1\ntitle = \"Cube\"\nprofile = \"n10\"\nmode = \"suppress\"\ndepth = 5\n\
         geography = \"{}\"\nyears = {{ from = {from}, to = {to} }}\n\
         [[indicators]]\nname = \"chronic\"\nuse = \"chronic_absence\"\n",
        question.geography
    );
    for column in question.by.iter().filter(|column| !["year", "school"].contains(column)) {
        let source = match *column {
            "participant" => "program_status\"\nprogram = \"TUTOR",
            column => column,
        };
        text += &format!("[[dimensions]]\nid = \"{column}\"\nsource = \"{source}\"\n");
    }
    Product::parse(&text).expect("a product")
}

/// All groups of a lattice: those by each subset of what is asked by, from the atoms.
fn cube(counted: &[Tabulation], question: &Question) -> Groups {
    let n_by = question.by.len();
    let mut atoms: Vec<(Vec<u16>, [u64; 2])> = Vec::new();
    for tabulation in counted {
        let n = tabulation.dimensions.len();
        let Values::Share(absent) = &tabulation.atoms.values[0] else { panic!("a share") };
        let all = tabulation.atoms.nodes.chunks(n).zip(&tabulation.atoms.people[0]).zip(absent);
        for ((nodes, people), absent) in all {
            let mut key: Vec<u16> = nodes[1..].to_vec();
            // Where the geography stops at the district there is one.
            match question.by[0] {
                "school" => key.insert(0, nodes[0]),
                _ if question.by.contains(&"year") => key.push(tabulation.period.ending()),
                _ => {}
            }
            atoms.push((key, [(*people).into(), (*absent).into()]));
        }
    }
    // The categories of each dimension lie close together, so a table of all combinations is small.
    let ends = |at: usize| {
        let categories = || atoms.iter().map(|(key, _)| usize::from(key[at]));
        (categories().min().unwrap_or(0), categories().max().unwrap_or(0) + 1)
    };
    let ends: Vec<(usize, usize)> = (0..n_by).map(ends).collect();
    let mut groups = Groups::new();
    for subset in 0..1_usize << n_by {
        let chosen: Vec<usize> = (0..n_by).filter(|at| subset >> at & 1 == 1).collect();
        let mut table = vec![[0_u64; 2]; chosen.iter().map(|at| ends[*at].1 - ends[*at].0).product()];
        for (key, counts) in &atoms {
            let place = |slot: usize, at: &usize| {
                slot * (ends[*at].1 - ends[*at].0) + usize::from(key[*at]) - ends[*at].0
            };
            let group = &mut table[chosen.iter().fold(0, place)];
            group.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        groups
            .extend(table.into_iter().filter(|group| group[0] > 0).map(|[people, absent]| (people, absent)));
    }
    groups.sort_unstable();
    groups
}

/// Writes the facts and the questions for the peer.
fn write(edition: &Edition, folder: &Path) {
    let names = [
        "year",
        "school",
        "race7",
        "sex",
        "econ",
        "disability",
        "english_learner",
        "grade",
        "participant",
        "days_enrolled_hundredths",
        "days_absent_hundredths",
    ];
    let columns: Vec<Vec<u64>> = names.iter().map(|name| column(edition, name)).collect();
    let mut file = std::io::BufWriter::new(std::fs::File::create(folder.join("facts.csv")).expect("a file"));
    writeln!(file, "{}", names.join(",")).expect("written");
    for row in 0..columns[0].len() {
        let cells: Vec<String> = columns.iter().map(|column| column[row].to_string()).collect();
        writeln!(file, "{}", cells.join(",")).expect("written");
    }
    file.flush().expect("written");
    let questions = QUESTIONS.iter().map(|question| {
        let (from, to) = question.years;
        serde_json::json!({ "by": question.by, "where": format!("year BETWEEN {from} AND {to}") })
    });
    let questions = serde_json::Value::from(questions.collect::<Vec<_>>());
    std::fs::write(folder.join("questions.json"), questions.to_string()).expect("written");
}

/// A column of the edition, read from its stored bytes: their width, then little-endian.
fn column(edition: &Edition, name: &str) -> Vec<u64> {
    let is_it = |stored: &str| stored.split(' ').next() == Some(name);
    let found = edition.columns().find(|(unit, stored, _)| *unit == Unit::StudentYear && is_it(stored));
    let (_, _, bytes) = found.expect("a column");
    let (width, bytes) = bytes.split_first().expect("a width");
    assert!(*width < 3, "no column that is compared has negative numbers");
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
    bytes.chunks(1 << width).map(number).collect()
}

/// What the peer says; nothing where it is not installed.
fn peer(folder: &Path) -> Option<serde_json::Value> {
    let python = || Command::new("python3");
    let is_there = python().args(["-c", "import duckdb"]).output().is_ok_and(|done| done.status.success());
    if !is_there {
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/cube.py");
    let said = python().arg(script).arg(folder).output().expect("it runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    Some(serde_json::from_slice(&said.stdout).expect("JSON"))
}
