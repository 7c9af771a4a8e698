//! Quality of linkage on rosters with known truth, through the public interface.
//!
//! Whole sets, by one configuration; the figures are printed by
//! `cargo test --test linkage_sets -- --nocapture`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use throughline::identity::{Encoder, Encoding, Keys, Root, Token};
use throughline::linkage::quality::{Quality, pairwise};
use throughline::linkage::{Linker, Model, Roster, Subject};
use throughline::records::{Identifiers, Sex};

/// Records by source and id, and the true person of each.
struct Set {
    records: Vec<(u32, Encoding)>,
    truth: Vec<u32>,
}

type Row = HashMap<String, String>;

#[test]
fn two_rosters_are_linked() {
    let files = ["linkage/dev_pair_district.csv", "linkage/dev_pair_agency.csv"];
    check(&files, Some("linkage/dev_pair_truth.csv"), 0.993, Some(0.990));
}

#[test]
fn six_years_of_three_sources_are_linked() {
    check(&["linkage/dev_multi.csv"], Some("linkage/dev_multi_truth.csv"), 0.997, Some(0.982));
}

#[test]
fn census_households_are_linked() {
    check(&["linkage/dev_pp.csv"], Some("linkage/dev_pp_truth.csv"), 0.988, Some(0.972));
}

/// One file that holds people several times, with many errors in each record.
#[test]
fn doubles_within_a_file_are_found() {
    check(&["linkage_febrl/dataset1.csv"], None, 0.990, None);
    check(&["linkage_febrl/dataset2.csv"], None, 0.997, None);
}

/// Names and a birth date are all there is.
#[test]
fn few_fields_are_enough() {
    check(&["linkage_rldata500/RLdata500.csv"], None, 0.980, None);
}

/// Links a set as a whole and, where sources hold a person once, one record after the other.
fn check(files: &[&str], truth: Option<&str>, whole_min: f64, at_once_min: Option<f64>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if !folder.is_dir() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the shared data are missing");
        print(&format!("skipped: no {}", folder.display()));
        return;
    }
    let set = read(&folder, files, truth);
    let mut roster = Roster::default();
    set.records.iter().for_each(|(source, encoding)| roster.push(*source, encoding));
    let whole = pairwise(&roster.link(|_| ()).persons, &set.truth);
    print(&format!("{}, {} records: {}", files[0], set.records.len(), figures(&whole)));
    assert!(whole.f1 >= whole_min);
    if let Some(min) = at_once_min {
        let at_once = pairwise(&linked_at_once(&set), &set.truth);
        print(&format!("  at once: {}", figures(&at_once)));
        assert!(at_once.f1 >= min);
    }
}

fn linked_at_once(set: &Set) -> Vec<u32> {
    let mut linker = Linker::new(Model::default());
    let link = |(number, (source, encoding)): (u128, &(u32, Encoding))| {
        let student = Token::from_bytes(number.to_le_bytes());
        let link = linker.link(Subject { source: *source, student }, encoding);
        u32::try_from(link.person.0).expect("persons are few")
    };
    (0..).zip(&set.records).map(link).collect()
}

fn figures(Quality { precision, recall, f1, .. }: &Quality) -> String {
    format!("precision {precision:.4}, recall {recall:.4}, F1 {f1:.4}")
}

fn read(folder: &Path, files: &[&str], truth: Option<&str>) -> Set {
    let keys = Keys::derive(&Root::from_bytes([7; 32]));
    let mut encoder = Encoder::new(&keys);
    let given: HashMap<String, String> = truth
        .map(|truth| rows(&folder.join(truth)))
        .unwrap_or_default()
        .into_iter()
        .map(|row| (row["record_id"].clone(), row["person_id"].clone()))
        .collect();
    let (mut people, mut sources) = (HashMap::new(), BTreeMap::new());
    let mut set = Set { records: Vec::new(), truth: Vec::new() };
    for row in files.iter().flat_map(|file| rows(&folder.join(file))) {
        let person = given.get(cell(&row, "record_id")).cloned().unwrap_or_else(|| stated_person(&row));
        let next = people.len() as u32;
        set.truth.push(*people.entry(person).or_insert(next));
        let next = sources.len() as u32;
        let source = (cell(&row, "source").to_owned(), cell(&row, "year").to_owned());
        let source = *sources.entry(source).or_insert(next);
        let sex = Sex::from_code(cell(&row, "gender"));
        set.records.push((source, encoder.encode(&identifiers(&row), sex)));
    }
    set
}

/// The person a row itself tells: FEBRL in its record id (`rec-12-dup-0`), RLdata500 in a column.
fn stated_person(row: &Row) -> String {
    let id = cell(row, "rec_id").split('-').nth(1).unwrap_or_default();
    format!("{id}{}", cell(row, "identity"))
}

/// The columns of our own form, of FEBRL and of RLdata500, of which a row has one kind.
fn identifiers(row: &Row) -> Identifiers {
    let joined = |columns: &[&str]| {
        let values: Vec<&str> =
            columns.iter().map(|column| cell(row, column)).filter(|v| !v.is_empty()).collect();
        values.join(" ").as_str().into()
    };
    let parts = ["by", "bm", "bd"].map(|column| cell(row, column).parse::<u32>().unwrap_or(0));
    let date = match parts {
        [0, ..] => [cell(row, "dob"), cell(row, "date_of_birth")].concat(),
        [year, month, day] => format!("{year:04}-{month:02}-{day:02}"),
    };
    Identifiers {
        first_name: joined(&["first_name", "given_name", "fname_c1"]),
        middle_name: joined(&["middle_name"]),
        last_name: joined(&["last_name", "surname", "lname_c1"]),
        suffix: joined(&["suffix"]),
        birth_date: date.parse().ok(),
        street_address: joined(&["street_address", "street_number", "address_1", "address_2"]),
        city: joined(&["suburb"]),
        zip: joined(&["zip", "postcode"]),
        ..Identifiers::default()
    }
}

fn cell<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

fn rows(path: &PathBuf) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .expect("the shared folder holds the file");
    reader.deserialize().map(|row| row.expect("a row of text columns")).collect()
}

fn print(line: &str) {
    use std::io::Write;
    // A test may print; `println!` is denied in this package so that no library code does.
    drop(writeln!(std::io::stderr(), "{line}"));
}
