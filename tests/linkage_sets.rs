//! Quality of linkage on invented rosters with known truth, through the public interface.
//!
//! Whole sets; the figures are printed by `cargo test --test linkage_sets -- --nocapture`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use throughline::identity::{Encoding, Keys, Root, Token, pseudonymize};
use throughline::linkage::{Linker, Model, PersonId, Subject};
use throughline::records::{Change, Demographics, Fact, Identifiers, OrgId, Sex, Submission};

struct Roster {
    subjects: Vec<(Subject, Encoding)>,
    /// The true person, numbered, of each subject.
    truth: HashMap<Subject, u32>,
}

struct Quality {
    precision: f64,
    recall: f64,
    f1: f64,
}

#[test]
fn two_rosters_are_linked() {
    check(&["dev_pair_district.csv", "dev_pair_agency.csv"], "dev_pair_truth.csv", 0.985, 0.990);
}

#[test]
fn six_years_of_three_sources_are_linked() {
    check(&["dev_multi.csv"], "dev_multi_truth.csv", 0.985, 0.989);
}

fn check(files: &[&str], truth: &str, at_once_min: f64, relinked_min: f64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/linkage");
    if !folder.is_dir() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the shared data are missing");
        writeln(&format!("skipped: no {}", folder.display()));
        return;
    }
    let roster = read(&folder, files, truth);
    let mut linker = Linker::new(Model::default());
    let at_once: Vec<_> = roster
        .subjects
        .iter()
        .map(|(subject, encoding)| (*subject, linker.link(*subject, encoding.clone()).person))
        .collect();
    let relinked: Vec<_> = linker.relink().iter().map(|link| (link.subject, link.person)).collect();
    let (at_once, relinked) = (quality(&roster, &at_once), quality(&roster, &relinked));
    writeln(&format!("{truth}, {} records", roster.subjects.len()));
    for (when, Quality { precision, recall, f1 }) in [("at once", &at_once), ("relinked", &relinked)] {
        writeln(&format!("  {when}: precision {precision:.4}, recall {recall:.4}, F1 {f1:.4}"));
    }
    assert!(at_once.f1 >= at_once_min && relinked.f1 >= relinked_min);
}

/// Pairwise: of the pairs linked the share that is true, and of the true pairs the share linked.
fn quality(roster: &Roster, links: &[(Subject, PersonId)]) -> Quality {
    let mut linked: BTreeMap<PersonId, u64> = BTreeMap::new();
    let mut actual: BTreeMap<u32, u64> = BTreeMap::new();
    let mut both: BTreeMap<(PersonId, u32), u64> = BTreeMap::new();
    for (subject, person) in links {
        let truth = roster.truth[subject];
        *linked.entry(*person).or_default() += 1;
        *actual.entry(truth).or_default() += 1;
        *both.entry((*person, truth)).or_default() += 1;
    }
    let pairs = |counts: &mut dyn Iterator<Item = &u64>| counts.map(|n| n * (n - 1) / 2).sum::<u64>() as f64;
    let right = pairs(&mut both.values());
    let (precision, recall) = (right / pairs(&mut linked.values()), right / pairs(&mut actual.values()));
    Quality { precision, recall, f1: 2.0 * precision * recall / (precision + recall) }
}

fn read(folder: &Path, files: &[&str], truth: &str) -> Roster {
    let keys = Keys::derive(&Root::from_bytes([7; 32]));
    let org = OrgId::new("a-source").expect("a code");
    let mut people: HashMap<String, u32> = HashMap::new();
    let mut person_of: HashMap<String, u32> = HashMap::new();
    for row in rows(&folder.join(truth)) {
        let next = people.len() as u32;
        person_of.insert(row["record_id"].clone(), *people.entry(row["person_id"].clone()).or_insert(next));
    }
    let mut sources: HashMap<(String, String), u32> = HashMap::new();
    let mut roster = Roster { subjects: Vec::new(), truth: HashMap::new() };
    for row in files.iter().flat_map(|file| rows(&folder.join(file))) {
        let person = person_of[&row["record_id"]];
        let next = sources.len() as u32;
        let source = *sources.entry((row["source"].clone(), row["year"].clone())).or_insert(next);
        let (student, encoding) = encode(&keys, &org, &row);
        let subject = Subject { source, student };
        roster.truth.insert(subject, person);
        roster.subjects.push((subject, encoding));
    }
    roster
}

fn encode(keys: &Keys, org: &OrgId, row: &HashMap<String, String>) -> (Token, Encoding) {
    let sex = Sex::from_code(&row["gender"]);
    let clear = |column: &str| row[column].as_str().into();
    let submission = Submission {
        key: clear("record_id"),
        student: Some(clear("record_id")),
        identifiers: Some(Identifiers {
            first_name: clear("first_name"),
            middle_name: clear("middle_name"),
            last_name: clear("last_name"),
            suffix: clear("suffix"),
            birth_date: row["dob"].parse().ok(),
            street_address: clear("street_address"),
            zip: clear("zip"),
            ..Identifiers::default()
        }),
        change: Change::Upsert(Fact::Person(Demographics { sex, ..Demographics::default() })),
    };
    let made = pseudonymize(keys, org, submission);
    (made.student.expect("a student was given"), made.encoding.expect("identifiers were given"))
}

fn rows(path: &PathBuf) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("the shared folder holds the file");
    reader.deserialize().map(|row| row.expect("a row of text columns")).collect()
}

fn writeln(line: &str) {
    use std::io::Write;
    // A test may print; `println!` is denied in this package so that no library code does.
    drop(writeln!(std::io::stderr(), "{line}"));
}
