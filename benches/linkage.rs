//! What one record costs: encoding it, linking it against many, and linking all of them anew.
//!
//! The people are invented; families share a surname and an address. Quality on rosters with known
//! truth is measured by `cargo test --test linkage_sets -- --nocapture`.

use divan::{Bencher, black_box};
use std::cell::Cell;
use throughline::identity::{Encoding, KeyRing, Root, Token, pseudonymize};
use throughline::linkage::{Linker, Model, Subject};
use throughline::records::{Change, Identifiers, Kind, OrgId, Submission};

fn main() {
    divan::main();
}

#[divan::bench]
fn encode_a_record(bencher: Bencher<'_, '_>) {
    let ring = ring();
    let next = Cell::new(0);
    bencher.with_inputs(|| submission(next.replace(next.get() + 1))).bench_local_values(|submission| {
        pseudonymize(&ring, &OrgId::new("a-source").expect("a code"), submission)
    });
}

#[divan::bench(args = [10_000, 100_000, 1_000_000])]
fn link_a_record_against(bencher: Bencher<'_, '_>, n_records: u64) {
    let mut linker = linked(n_records);
    let ring = ring();
    let next = Cell::new(n_records);
    bencher
        .with_inputs(|| encoded(&ring, next.replace(next.get() + 1)))
        .bench_local_values(|(subject, encoding)| linker.link(subject, &encoding));
}

#[divan::bench(args = [10_000, 100_000], sample_count = 3, sample_size = 1)]
fn relink_everything(bencher: Bencher<'_, '_>, n_records: u64) {
    let linker = linked(n_records);
    bencher.bench_local(|| black_box(&linker).relink());
}

fn linked(n_records: u64) -> Linker {
    let ring = ring();
    let mut linker = Linker::new(Model::default());
    for at in 0..n_records {
        let (subject, encoding) = encoded(&ring, at);
        linker.link(subject, &encoding);
    }
    linker
}

fn ring() -> KeyRing {
    KeyRing::of(&Root::from_bytes([9; 32]))
}

fn encoded(ring: &KeyRing, at: u64) -> (Subject, Encoding) {
    let mut made = pseudonymize(ring, &OrgId::new("a-source").expect("a code"), submission(at));
    let student = Token::from_bytes(*made.key.as_bytes());
    let source = u32::try_from(at % 4).expect("a remainder of 4 fits");
    (Subject { source, student }, made.encodings.pop().expect("identifiers were given"))
}

/// Record `at`: four records in a row are one child in four sources, three children a family.
fn submission(at: u64) -> Submission {
    let (child, family) = (at / 4, at / 12);
    let (year, month, day) = (2003 + mix(child, 1) % 15, 1 + mix(child, 2) % 12, 1 + mix(child, 3) % 28);
    let typo = mix(at, 4).is_multiple_of(10);
    Submission {
        key: at.to_string().as_str().into(),
        student: None,
        identifiers: Some(Identifiers {
            first_name: name(child, 900, typo).as_str().into(),
            middle_name: name(child + 7, 26, false).as_str().into(),
            last_name: name(family, 12_000, mix(at, 5).is_multiple_of(12)).as_str().into(),
            birth_date: format!("{year}-{month:02}-{day:02}").parse().ok(),
            street_address: format!("{} {} Ave", mix(family, 6) % 9000, name(family, 400, false))
                .as_str()
                .into(),
            zip: (30_200 + mix(family, 7) % 60).to_string().as_str().into(),
            ..Identifiers::default()
        }),
        change: Change::Delete(Kind::Person),
    }
}

/// One of `n` names of syllables, the first ones the most frequent.
fn name(of: u64, n: u64, typo: bool) -> String {
    const SYLLABLES: [&str; 16] =
        ["ma", "ri", "so", "len", "ka", "tor", "vi", "an", "be", "do", "ni", "es", "jo", "ra", "wil", "gu"];
    let share = (mix(of, n) % 1000) as f64 / 1000.0;
    let mut rank = (share * share * n as f64) as u64 + 16;
    let mut name = String::new();
    while rank > 0 {
        name.push_str(SYLLABLES[(rank % 16) as usize]);
        rank /= 16;
    }
    if typo {
        name.pop();
    }
    name
}

/// SplitMix64, seeded by two numbers.
fn mix(a: u64, b: u64) -> u64 {
    let mut z = a.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(b.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
