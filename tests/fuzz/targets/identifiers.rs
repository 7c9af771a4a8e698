//! Names, addresses, dates and ids of people: whatever stands there becomes one encoding, however it is written.

use std::sync::LazyLock;
use throughline::identity::{Encoder, Encoding, Keys, Root};
use throughline::records::{BirthDate, Clear, Identifiers, Sex};
use unicode_normalization::UnicodeNormalization as _;

static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys::derive(&Root::from_bytes([9; 32])));

/// The lines are the fields, in this order.
pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines: Vec<&str> = text.split('\n').collect();
    let sex = lines.get(9).and_then(|word| Sex::from_code(word));
    let mut encoder = Encoder::new(&KEYS);
    let encoding = encoder.encode(&people(&lines, str::to_owned), sex);
    assert_eq!(Encoding::from_bytes(encoding.as_bytes()).as_ref(), Ok(&encoding));
    // By one that remembers the values, and by one that does not.
    assert_eq!(encoder.encode(&people(&lines, str::to_owned), sex), encoding);
    let other = |change: fn(&str) -> String| Encoder::new(&KEYS).encode(&people(&lines, change), sex);
    assert_eq!(other(|text| text.to_ascii_uppercase()), encoding, "in capital letters");
    assert_eq!(other(|text| format!("  {text}\t")), encoding, "between spaces");
    assert_eq!(
        other(|text| text.nfd().collect()),
        other(|text| text.nfc().collect()),
        "in another normal form"
    );
}

fn people(lines: &[&str], change: impl Fn(&str) -> String) -> Identifiers {
    let line = |at: usize| lines.get(at).copied().unwrap_or_default();
    let field = |at: usize| Clear::new(change(line(at)));
    Identifiers {
        first_name: field(0),
        middle_name: field(1),
        last_name: field(2),
        suffix: field(3),
        birth_date: line(4).parse::<BirthDate>().ok(),
        street_address: field(5),
        city: field(6),
        zip: field(7),
        shared_id: field(8),
    }
}
