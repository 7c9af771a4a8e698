//! From identifiers to an encoding.

use super::encoding::{Encoding, Filter, Slot};
use super::filter::{Grams, insert};
use super::keys::Keys;
use super::nickname::roots;
use super::normalize::{NORMALIZER_VERSION, Normalized, Plain};
use super::phonetic;
use super::token::mac64;
use crate::calendar::Date;
use crate::records::{Identifiers, Sex};

/// Bits set for each q-gram: about half of a filter for a typical value.
const NAME_HASHES: usize = 12;
const ADDRESS_HASHES: usize = 8;
const DIGIT_HASHES: usize = 6;

/// Encodes a person. The sex alone is nobody: without an identifier the encoding is empty.
pub(super) fn encode(keys: &Keys, identifiers: &Identifiers, sex: Option<Sex>) -> Encoding {
    let person = Normalized::new(identifiers);
    let mut encoding = Encoding::empty(NORMALIZER_VERSION);
    names(keys, &person, &mut encoding);
    date_and_place(keys, &person, &mut encoding);
    if let Some(id) = &person.shared_id {
        encoding.set_token(Slot::SharedId, mac64(&keys.shared_id, &[id.as_bytes()]));
    }
    if encoding.is_empty() {
        return encoding;
    }
    if let Some(sex) = sex {
        encoding.set_token(Slot::Sex, mac64(&keys.sex, &[sex.code().as_bytes()]));
    }
    if let Some(suffix) = person.suffix {
        encoding.set_token(Slot::Suffix, mac64(&keys.suffix, &[&[suffix]]));
    }
    blocking_keys(keys, &person, &mut encoding);
    encoding
}

fn names(keys: &Keys, person: &Normalized, encoding: &mut Encoding) {
    let name = |text: &str| mac64(&keys.name, &[text.as_bytes()]);
    let initial = |text: &str| mac64(&keys.initial, &[initial(text).as_bytes()]);
    let sound = |text: &str| mac64(&keys.phonetic, &[phonetic::code(text).as_bytes()]);
    if let Some(first) = &person.first {
        encoding.set_token(Slot::FirstInitial, initial(&first.joined));
        // A mere initial equals nobody's name: it has no token of a name.
        if !first.is_initial() {
            encoding.set_token(Slot::First, name(&first.joined));
            encoding.set_token(Slot::FirstWord, name(&first.words[0]));
            encoding.set_token(Slot::FirstSound, sound(&first.words[0]));
            if let Some(second) = first.words.get(1).filter(|word| word.len() > 1) {
                encoding.set_token(Slot::SecondWord, name(second));
            }
            let slots = [Slot::Root1, Slot::Root2, Slot::Root3, Slot::Root4];
            for (slot, root) in slots.into_iter().zip(roots(&first.words[0])) {
                encoding.set_token(slot, mac64(&keys.nickname, &[root.as_bytes()]));
            }
            let mut filter = [0; 4];
            insert(&keys.name_filter, &Grams::pairs(&first.joined), NAME_HASHES, &mut filter);
            encoding.set_filter(Filter::First, &filter);
        }
    }
    if let Some(middle) = &person.middle {
        encoding.set_token(Slot::MiddleInitial, initial(&middle.joined));
        if !middle.is_initial() {
            encoding.set_token(Slot::Middle, name(&middle.joined));
        }
    }
    if let Some(last) = &person.last {
        encoding.set_token(Slot::Last, name(&last.joined));
        encoding.set_token(Slot::LastPart1, name(&last.first_part));
        encoding.set_token(Slot::LastSound, sound(&last.joined));
        if let Some(part) = &last.last_part {
            encoding.set_token(Slot::LastPart2, name(part));
        }
        let mut filter = [0; 4];
        insert(&keys.name_filter, &Grams::pairs(&last.joined), NAME_HASHES, &mut filter);
        encoding.set_filter(Filter::Last, &filter);
    }
}

fn date_and_place(keys: &Keys, person: &Normalized, encoding: &mut Encoding) {
    if let Some(date) = person.birth_date {
        let token = |part: &str, digits: &str| mac64(&keys.birth_date, &[part.as_bytes(), digits.as_bytes()]);
        let Digits { full, swapped } = Digits::of(date);
        let (year, month, day) = (&full[..4], &full[4..6], &full[6..]);
        encoding.set_token(Slot::Birth, token("date", &full));
        encoding.set_token(Slot::BirthMonthDay, token("month and day", &full[4..]));
        encoding.set_token(Slot::BirthYearMonth, token("year and month", &full[..6]));
        encoding.set_token(Slot::BirthYearDay, token("year and day", &Plain::new([year, day].concat())));
        encoding.set_token(Slot::BirthYear, token("year", year));
        if let Some(swapped) = swapped.filter(|_| month != day) {
            encoding.set_token(Slot::BirthSwapped, token("date", &swapped));
        }
        let mut filter = [0; 2];
        insert(&keys.birth_date_filter, &Grams::positions(&full), DIGIT_HASHES, &mut filter);
        encoding.set_filter(Filter::Birth, &filter);
    }
    if let Some(address) = &person.address {
        let unit = address.unit.as_deref().map_or("", String::as_str);
        let token = |unit: &str| mac64(&keys.address, &[address.building.as_bytes(), unit.as_bytes()]);
        encoding.set_token(Slot::Address, token(unit));
        encoding.set_token(Slot::Building, token(""));
        let mut filter = [0; 4];
        insert(&keys.address_filter, &Grams::pairs(&address.full), ADDRESS_HASHES, &mut filter);
        encoding.set_filter(Filter::Address, &filter);
    }
    if let Some(zip) = &person.zip {
        encoding.set_token(Slot::Zip, mac64(&keys.zip, &[zip.as_bytes()]));
        let mut filter = [0; 2];
        insert(&keys.zip_filter, &Grams::positions(zip), DIGIT_HASHES, &mut filter);
        encoding.set_filter(Filter::Zip, &filter);
    }
}

/// Combinations that two records of one person are likely to share and others are not. Each kind of
/// key stands for one kind of error in the rest of the record; names and their sounds are one domain
/// for given, middle and family names, so that exchanged names meet too.
fn blocking_keys(keys: &Keys, person: &Normalized, encoding: &mut Encoding) {
    let first = person.first.as_ref().filter(|name| !name.is_initial());
    let word = first.map_or("", |name| name.words[0].as_str());
    let middle = person.middle.as_ref().filter(|name| !name.is_initial());
    let middle = middle.map_or("", |name| name.words[0].as_str());
    let last = person.last.as_ref().map_or("", |name| name.joined.as_str());
    let part1 = person.last.as_ref().map_or("", |name| name.first_part.as_str());
    let part2 =
        person.last.as_ref().and_then(|name| name.last_part.as_ref()).map_or("", |part| part.as_str());
    let address = person.address.as_ref().map_or("", |address| address.key.as_str());
    let zip = person.zip.as_ref().map_or("", |zip| zip.as_str());
    let shared = person.shared_id.as_ref().map_or("", |id| id.as_str());
    let digits = person.birth_date.map(Digits::of);
    let date = digits.as_ref().map_or("", |digits| digits.full.as_str());
    let swapped =
        digits.as_ref().and_then(|digits| digits.swapped.as_ref()).map_or(date, |date| date.as_str());
    let either_date = date.min(swapped);
    let (year, month_day) = date.split_at(date.len() / 2);
    let sounds = [word, middle, part1, part2].map(phonetic::code);
    let [word_sound, middle_sound, part1_sound, part2_sound] = sounds.each_ref().map(|sound| sound.as_str());
    let (one, other) = (word.min(last), word.max(last));
    let (one_sound, other_sound) = (word_sound.min(part1_sound), word_sound.max(part1_sound));
    let roots = roots(word);
    let root = |at: usize| roots.get(at).copied().unwrap_or_default();
    let start = Plain::new(word.chars().take(3).collect());
    let last_start = Plain::new(last.chars().take(4).collect());
    let letter = initial(word);

    let kinds: [(&str, &[&str]); 24] = [
        ("sound, date", &[word_sound, date]),
        ("sound, date", &[middle_sound, date]),
        ("sound, date", &[part1_sound, date]),
        ("sound, date", &[part2_sound, date]),
        ("initial, date", &[&letter, date]),
        ("zip, date", &[zip, date]),
        ("address, date", &[address, date]),
        ("sound, either date", &[word_sound, either_date]),
        ("sound, either date", &[part1_sound, either_date]),
        ("names", &[one, other]),
        ("names, zip", &[one, other, zip]),
        ("names, year", &[one, other, year]),
        ("names, month and day", &[one, other, month_day]),
        ("name, part, year", &[word, part1, year]),
        ("name, part, year", &[word, part2, year]),
        ("root, last, year", &[root(0), last, year]),
        ("root, last, year", &[root(1), last, year]),
        ("sounds, zip", &[one_sound, other_sound, zip]),
        ("sounds, year", &[one_sound, other_sound, year]),
        ("sounds, month and day", &[one_sound, other_sound, month_day]),
        ("starts, zip", &[&start, &last_start, zip]),
        ("name, address", &[word, address]),
        ("address, year", &[address, year]),
        ("shared id", &[shared]),
    ];
    for (at, (kind, parts)) in kinds.into_iter().enumerate() {
        if parts.iter().all(|part| !part.is_empty()) {
            let mut message = vec![kind.as_bytes()];
            message.extend(parts.iter().map(|part| part.as_bytes()));
            encoding.set_key(at, mac64(&keys.block, &message));
        }
    }
}

fn initial(text: &str) -> Plain {
    Plain::new(text.chars().take(1).collect())
}

/// A date in digits, `YYYYMMDD`, as it is and with day and month exchanged.
struct Digits {
    full: Plain,
    swapped: Option<Plain>,
}

impl Digits {
    fn of(date: Date) -> Self {
        let digits = |date: Date| {
            let (year, month, day) = date.parts();
            Plain::new(format!("{year:04}{month:02}{day:02}"))
        };
        let (year, month, day) = date.parts();
        Self { full: digits(date), swapped: Date::new(year, day, month).map(digits) }
    }
}
