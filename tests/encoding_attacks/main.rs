//! What stored encodings give away: frequency and pattern attacks on a real database file.
//!
//! The intruder knows how frequent names and ZIP codes are from other people of the same region, and
//! this program. With the file alone he must not do better than guessing at random by frequency; on the
//! same encodings opened, which is what the service has in memory, the same attacks must succeed, or
//! they prove nothing. The numbers of source and model and what made an encoding are reported and not bounded: one
//! guess for all, the most frequent name, is what they come to. Figures: `cargo test --test encoding_attacks -- --nocapture`.

mod frequency;
mod patterns;
mod people;
mod signature;
mod similarity;
mod stored;

use frequency::{Classes, Target, WAYS, bound, windows};
use people::{FIELDS, Frequencies, People, Texts};
use signature::Repeats;
use std::sync::OnceLock;
use stored::Table;

/// A database of two sources, and other people.
struct Scene {
    table: Table,
    /// Whose rows they are, in the order of the file.
    people: People,
    others: People,
    known: [Frequencies; 3],
    /// The others' encodings under a key of the intruder's own.
    others_encoded: Vec<Vec<u8>>,
}

impl Scene {
    /// One for all tests; nothing without the data.
    fn get() -> Option<&'static Self> {
        static SCENE: OnceLock<Option<Scene>> = OnceLock::new();
        SCENE.get_or_init(Self::new).as_ref()
    }

    fn new() -> Option<Self> {
        let folder = people::folder()?;
        let mut texts = Texts::default();
        // A fifth of the persons is what a test has time for; `ONE_IN=1` takes all.
        let one_in = std::env::var("ONE_IN").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
        let chosen = people::sample(&folder.join("dev_pair_truth.csv"), one_in);
        let mut read =
            |file: &str, chosen: &dyn Fn(&str) -> bool| People::read(&folder.join(file), &mut texts, chosen);
        let district = read("dev_pair_district.csv", &|record| chosen.contains(record));
        let agency = read("dev_pair_agency.csv", &|record| chosen.contains(record));
        let others = read("dev_multi.csv", &|record| one_in == 1 || record.ends_with(['1', '4', '7']));
        let table = stored::store(&[&district, &agency]);
        let people = district.and(agency).in_order(&table.people);
        let known = std::array::from_fn(|field| texts.frequencies(&others.truth[field]));
        let others_encoded = others.encodings(9);
        Some(Self { table, people, others, known, others_encoded })
    }

    /// Every attack on the values of the rows, in which encodings begin at some byte.
    fn attack(&self, values: &[Vec<u8>], at: usize) -> Outcome {
        let targets: [Target<'_>; 3] =
            std::array::from_fn(|field| Target::new(&self.people.truth[field], &self.known[field]));
        let mut outcome = Outcome::new(&targets);
        for (at, window) in windows(values) {
            let classes = Classes::new(&window);
            for (field, target) in targets.iter().enumerate() {
                for (hits, way) in classes.align(target).into_iter().zip(WAYS) {
                    outcome.add(ALIGNED, field, hits, &format!("byte {at}, {way}"));
                }
            }
        }
        if values[0].len() < at + self.others_encoded[0].len() {
            return outcome;
        }
        for (field, (from, n_bytes)) in FILTERS.into_iter().enumerate() {
            let bits = patterns::bits(values, at + from, n_bytes);
            let known = patterns::bits(&self.others_encoded, from, n_bytes);
            let groups = patterns::mine(&bits, 8 * n_bytes);
            let (values, truth) = (&self.others.truth[field], targets[field].truth);
            outcome.add(MINED, field, patterns::hits(&groups, &bits, &known, values, truth), "filter");
            let hits = similarity::hits(&bits, &known, values, truth);
            outcome.add(COMPARED, field, hits, "filter");
        }
        for (field, tokens) in TOKENS.into_iter().enumerate() {
            let repeats = |values: &[Vec<u8>], at: usize| {
                let all = windows(values)
                    .filter(|(byte, _)| tokens.clone().any(|slot| at + token_at(slot) == *byte));
                Repeats::new(&all.map(|(_, window)| window).collect::<Vec<_>>())
            };
            let (there, known) = (repeats(values, at), repeats(&self.others_encoded, 0));
            let hits = signature::hits(&there, &known, &self.others.truth[field], targets[field].truth);
            outcome.add(SIGNED, field, hits, "tokens");
        }
        outcome
    }
}

/// Where the filters of given name, surname and ZIP code lie in an encoding, and their bytes.
const FILTERS: [(usize, usize); 3] = [(16, 32), (48, 32), (160, 16)];
/// The tokens of a field and of its parts.
const TOKENS: [std::ops::Range<usize>; 3] = [0..11, 15..24, 37..38];

const fn token_at(slot: usize) -> usize {
    176 + 8 * slot
}

/// Bytes of the nonce before a stored encoding.
const NONCE: usize = 12;

const ALIGNED: usize = 0;
const MINED: usize = 1;
const SIGNED: usize = 2;
const COMPARED: usize = 3;
const ATTACKS: [&str; 4] = ["alignment", "patterns", "token signatures", "similarity signatures"];

/// For each attack and field the most right guesses of all attempts.
struct Outcome {
    best: [[(usize, String); 3]; ATTACKS.len()],
    n_attempts: usize,
    /// Right guesses of whoever guesses at random, by field.
    expected: [f64; 3],
    n_rows: usize,
}

impl Outcome {
    fn new(targets: &[Target<'_>; 3]) -> Self {
        let expected = std::array::from_fn(|field| targets[field].expected_at_random());
        Self { best: Default::default(), n_attempts: 0, expected, n_rows: targets[0].truth.len() }
    }

    fn add(&mut self, attack: usize, field: usize, hits: usize, how: &str) {
        self.n_attempts += 1;
        if hits > self.best[attack][field].0 {
            self.best[attack][field] = (hits, how.to_owned());
        }
    }

    fn hits(&self, field: usize) -> usize {
        self.best.iter().map(|best| best[field].0).max().unwrap_or(0)
    }

    fn bound(&self, field: usize) -> f64 {
        bound(self.expected[field], self.n_attempts)
    }

    fn report(&self, what: &str) {
        let percent = |n: f64| format!("{:.2} %", 100.0 * n / self.n_rows as f64);
        print(&format!("{what}: {} rows, {} attempts", self.n_rows, self.n_attempts));
        for (field, name) in FIELDS.iter().enumerate() {
            let (guessing, bound) = (percent(self.expected[field]), percent(self.bound(field)));
            print(&format!("  {name}: guessing {guessing}, at most {bound} by chance"));
            for (attack, best) in ATTACKS.iter().zip(&self.best).filter(|(_, best)| best[field].0 > 0) {
                print(&format!("    {attack} {} ({})", percent(best[field].0 as f64), best[field].1));
            }
        }
    }
}

#[test]
fn a_stolen_file_gives_away_no_more_than_guessing() {
    let Some(scene) = Scene::get() else { return };
    // A column more must be attacked too, and be sealed or say why it need not.
    let names = ["number", "source", "row", "make", "encoding", "next_encoding"];
    assert_eq!(scene.table.names, names);
    for name in &scene.table.names {
        let outcome = scene.attack(scene.table.column(name), NONCE);
        outcome.report(&format!("column {name}"));
        for (field, known) in FIELDS.iter().enumerate() {
            let within = (outcome.hits(field) as f64) <= outcome.bound(field);
            assert!(
                // Numbers are in the order of a roster. They stand beside nothing that is not sealed, and nowhere else, so who
                // guesses the name of one has a name of the roster and nothing with it: that tokens do not follow is attacked below.
                within || matches!(name.as_str(), "number" | "source" | "make"),
                "{name} gives away a {known}"
            );
        }
    }
}

/// Tokens stand in the clear, beside much that is known of a student: where they stand in the file must not follow the roster.
#[test]
fn places_of_tokens_in_the_file_give_away_no_more_than_guessing() {
    let Some(scene) = Scene::get() else { return };
    let outcome = scene.attack(&scene.table.places, 0);
    outcome.report("places of tokens");
    for (field, known) in FIELDS.iter().enumerate() {
        assert!(outcome.hits(field) as f64 <= outcome.bound(field), "they give away a {known}");
    }
}

/// Rosters come in alphabetical order, and persons are numbered as they come: the numbers that are stored
/// must not follow, or they would tell surnames (4.4 % of a whole roster, where guessing tells 0.07 %).
#[test]
fn numbers_of_persons_do_not_follow_the_alphabet() {
    let Some(scene) = Scene::get() else { return };
    let persons = &scene.table.persons;
    let n_rising = persons.windows(2).filter(|pair| pair[0] < pair[1]).count();
    let rising = n_rising as f64 / persons.len() as f64;
    // Half, with a standard deviation of 0.003.
    assert!((rising - 0.5).abs() < 0.03, "{rising}");
}

/// The same attacks see through encodings that are not sealed: they are able to fail the test above.
#[test]
fn opened_encodings_give_away_names() {
    let Some(scene) = Scene::get() else { return };
    let outcome = scene.attack(&scene.people.encodings(7), 0);
    outcome.report("opened encodings");
    for field in 0..FIELDS.len() {
        assert!(outcome.best[ALIGNED][field].0 as f64 > outcome.bound(field));
        assert!(outcome.hits(field) as f64 > 1.5 * outcome.bound(field));
    }
    for field in 0..2 {
        assert!(outcome.best[MINED][field].0 as f64 > outcome.bound(field));
        assert!(outcome.best[SIGNED][field].0 as f64 > 5.0 * outcome.bound(field));
        assert!(outcome.best[COMPARED][field].0 as f64 > outcome.bound(field));
    }
}

/// Equal people and equal values look different, and nothing about a person shows in the shape of a row.
#[test]
fn no_bytes_repeat_and_rows_have_one_length() {
    let Some(scene) = Scene::get() else { return };
    for name in ["row", "encoding", "next_encoding"] {
        let sealed = scene.table.column(name);
        assert!(sealed.iter().all(|row| row.len() == sealed[0].len() && row.len() > NONCE));
        for (at, window) in windows(sealed) {
            assert!(Classes::new(&window).are_single(), "bytes of {name} from {at} on repeat");
        }
    }
    // Two records of one person are among them, whose opened encodings repeat.
    let opened = scene.people.encodings(7);
    assert!(windows(&opened).any(|(at, window)| at == token_at(26) && !Classes::new(&window).are_single()));
    // Rows stand in the order of the roster, so none may say whose it is.
    let rows = scene.table.column("row");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()) && !scene.table.has_tokens);
}

fn print(line: &str) {
    use std::io::Write;
    // A test may print; `println!` is denied in this package so that no library code does.
    drop(writeln!(std::io::stderr(), "{line}"));
}
