//! From identifiers to an encoding, one value after the other.

use super::encoding::{Encoding, Filter, Slot};
use super::keys::Keys;
use super::nickname::roots;
use super::normalize::{
    Address, Given, NORMALIZER_VERSION, Plain, Surname, city, is_plausible, shared_id, suffix, zip,
};
use super::phonetic;
use super::token::mac64;
use crate::records::{BirthDate, Clear, Identifiers, Sex};
use std::collections::HashMap;
use std::hash::Hash;
use zeroize::Zeroizing;

/// Encodes people, and remembers the parts of names, dates and places that come again.
///
/// What it remembers is in the clear and is wiped when it is dropped. One for each thread.
pub struct Encoder<'a> {
    keys: &'a Keys,
    known: [HashMap<Clear, Part>; KINDS],
    dates: HashMap<BirthDate, Part>,
    address_parts: HashMap<Clear, u64>,
}

/// What one value gives: tokens, a filter, and the generation that stood in a name.
#[derive(Default)]
struct Part {
    tokens: Vec<(Slot, u64)>,
    filter: Option<(Filter, [u64; 4])>,
    generation: Option<u8>,
}

/// Makes the part of one kind of value.
type Make = fn(&Keys, &str) -> Part;

const KINDS: usize = 5;
/// Values of one kind that are remembered at most.
const KNOWN_MAX: usize = 1 << 17;

impl<'a> Encoder<'a> {
    /// An encoder that remembers nothing yet.
    #[must_use]
    pub fn new(keys: &'a Keys) -> Self {
        Self {
            keys,
            known: std::array::from_fn(|_| HashMap::new()),
            dates: HashMap::new(),
            address_parts: HashMap::new(),
        }
    }

    /// Encodes a person. The sex alone is nobody: without an identifier the encoding is empty.
    ///
    /// A pure function of the keys and the arguments; what is remembered only saves time.
    #[must_use]
    pub fn encode(&mut self, identifiers: &Identifiers, sex: Option<Sex>) -> Encoding {
        let mut encoding = Encoding::empty(NORMALIZER_VERSION);
        let mut generation = suffix(identifiers.suffix.expose());
        let values: [(&Clear, Make); KINDS] = [
            (&identifiers.last_name, last_name),
            (&identifiers.first_name, first_name),
            (&identifiers.middle_name, middle_name),
            (&identifiers.zip, zip_code),
            (&identifiers.city, city_name),
        ];
        for (known, (value, make)) in self.known.iter_mut().zip(values) {
            if value.is_empty() {
                continue;
            }
            if !known.contains_key(value.expose()) {
                remember(known, value.expose().into(), make(self.keys, value.expose()));
            }
            let part = &known[value.expose()];
            generation = generation.or(part.generation);
            part.write(&mut encoding);
        }
        if let Some(address) = Address::new(identifiers.street_address.expose()) {
            self.street_address(&address).write(&mut encoding);
        }
        if let Some(date) = identifiers.birth_date.filter(is_plausible) {
            if !self.dates.contains_key(&date) {
                remember(&mut self.dates, date, birth_date(self.keys, date));
            }
            self.dates[&date].write(&mut encoding);
        }
        if let Some(id) = shared_id(identifiers.shared_id.expose()) {
            encoding.set_token(Slot::SharedId, mac64(&self.keys.shared_id, &[id.as_bytes()]));
        }
        if encoding.is_empty() {
            return encoding;
        }
        // `X` is also written where it was not asked: it is no evidence either way.
        if let Some(sex) = sex.filter(|sex| *sex != Sex::Other) {
            encoding.set_token(Slot::Sex, self.keys.sex_token(sex));
        }
        if let Some(generation) = generation {
            encoding.set_token(Slot::Suffix, mac64(&self.keys.suffix, &[&[generation]]));
        }
        encoding
    }

    fn street_address(&mut self, address: &Address) -> Part {
        let mut part = |kind: &str, value: Option<&Plain>| {
            let Some(value) = value else { return 0 };
            let value: Clear = Clear::new([kind, value.as_str()].concat());
            match self.address_parts.get(value.expose()) {
                Some(token) => *token,
                None => {
                    let token = mac64(&self.keys.address, &[value.expose().as_bytes()]);
                    remember(&mut self.address_parts, value, token);
                    token
                }
            }
        };
        let number = part("number ", address.number.as_ref());
        let street = part("street ", Some(&address.street));
        let word = part("word ", Some(&address.street_word));
        let unit = part("unit ", address.unit.as_ref());
        let building = mixed(number, street);
        let tokens = vec![
            (Slot::Address, if unit == 0 { building } else { mixed(building, unit) }),
            (Slot::Building, building),
            (Slot::AddressKey, mixed(number, word)),
            (Slot::Street, street),
        ];
        let filter = Some((Filter::Address, self.keys.address_filter.pairs(&address.full)));
        let number = address.number.as_ref().map(|_| (Slot::HouseNumber, number));
        Part { tokens: tokens.into_iter().chain(number).collect(), filter, generation: None }
    }
}

/// Forgets all before it remembers too much.
fn remember<K: Eq + Hash, V>(known: &mut HashMap<K, V>, key: K, value: V) {
    if known.len() >= KNOWN_MAX {
        known.clear();
    }
    known.insert(key, value);
}

/// A token of two that stand in the encoding as well: whoever has it has these, so it says nothing new.
const fn mixed(a: u64, b: u64) -> u64 {
    let mixed = (a.rotate_left(23) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

impl Part {
    fn write(&self, encoding: &mut Encoding) {
        self.tokens.iter().for_each(|(slot, token)| encoding.set_token(*slot, *token));
        if let Some((filter, words)) = &self.filter {
            encoding.set_filter(*filter, words);
        }
    }
}

fn first_name(keys: &Keys, text: &str) -> Part {
    let (name, generation) = Given::new(text);
    let mut part = Part { generation, ..Part::default() };
    let Some(name) = name else { return part };
    part.tokens.push((Slot::FirstInitial, keys.initial_token(&name.joined)));
    // A mere initial equals nobody's name: it has no token of a name.
    if name.is_initial() {
        return part;
    }
    let word = &name.words[0];
    part.tokens.extend([
        (Slot::First, keys.name_token(&name.joined)),
        (Slot::FirstWord, keys.name_token(word)),
        (Slot::FirstSound, keys.sound_token(&phonetic::code(word))),
        (Slot::FirstStart, keys.start_token(&start(word, 3))),
        (Slot::FirstLetters, keys.start_token(&letters(&name.joined))),
    ]);
    if let Some(second) = name.words.get(1).filter(|word| word.len() > 1) {
        part.tokens.push((Slot::SecondWord, keys.name_token(second)));
    }
    let slots = [Slot::Root1, Slot::Root2, Slot::Root3, Slot::Root4];
    let roots = slots.into_iter().zip(roots(word));
    part.tokens.extend(roots.map(|(slot, root)| (slot, mac64(&keys.nickname, &[root.as_bytes()]))));
    part.filter = Some((Filter::First, keys.name_filter.pairs(&name.joined)));
    part
}

fn middle_name(keys: &Keys, text: &str) -> Part {
    let (name, generation) = Given::new(text);
    let mut part = Part { generation, ..Part::default() };
    let Some(name) = name else { return part };
    part.tokens.push((Slot::MiddleInitial, keys.initial_token(&name.joined)));
    if name.is_initial() {
        return part;
    }
    let word = &name.words[0];
    part.tokens.push((Slot::Middle, keys.name_token(&name.joined)));
    if name.words.len() > 1 {
        part.tokens.push((Slot::MiddleWord, keys.name_token(word)));
    }
    part.tokens.push((Slot::MiddleSound, keys.sound_token(&phonetic::code(word))));
    part.filter = Some((Filter::Middle, wide(keys.middle_filter.pairs(&name.joined))));
    part
}

fn last_name(keys: &Keys, text: &str) -> Part {
    let (name, generation) = Surname::new(text);
    let mut part = Part { generation, ..Part::default() };
    let Some(name) = name else { return part };
    part.tokens.extend([
        (Slot::Last, keys.name_token(&name.joined)),
        (Slot::LastPart1, keys.name_token(&name.first_part)),
        (Slot::LastSound, keys.sound_token(&phonetic::code(&name.joined))),
        (Slot::LastPart1Sound, keys.sound_token(&phonetic::code(&name.first_part))),
        (Slot::LastInitial, keys.initial_token(&name.joined)),
        (Slot::LastStart, keys.start_token(&start(&name.joined, 4))),
        (Slot::LastLetters, keys.start_token(&letters(&name.joined))),
    ]);
    if let Some(second) = &name.last_part {
        part.tokens.push((Slot::LastPart2, keys.name_token(second)));
        part.tokens.push((Slot::LastPart2Sound, keys.sound_token(&phonetic::code(second))));
    }
    part.filter = Some((Filter::Last, keys.name_filter.pairs(&name.joined)));
    part
}

fn birth_date(keys: &Keys, date: BirthDate) -> Part {
    let (year, month, day) = date.parts();
    let token = |part: &str, digits: &str| mac64(&keys.birth_date, &[part.as_bytes(), digits.as_bytes()]);
    let digits = Plain::new(format!("{year:04}{month:02}{day:02}"));
    let mut tokens = vec![
        (Slot::Birth, token("date", &digits)),
        (Slot::BirthMonthDay, token("month and day", &digits[4..])),
        (Slot::BirthYearMonth, token("year and month", &digits[..6])),
        (Slot::BirthYearDay, token("year and day", &Plain::new([&digits[..4], &digits[6..]].concat()))),
        (Slot::BirthYear, token("year", &digits[..4])),
    ];
    // Also when that is no date of the calendar: the other record may hold it as it was miswritten.
    if month != day {
        let swapped = Plain::new(format!("{year:04}{day:02}{month:02}"));
        tokens.push((Slot::BirthSwapped, token("date", &swapped)));
    }
    let filter = Some((Filter::Birth, wide(keys.birth_date_filter.positions(&digits))));
    Part { tokens, filter, generation: None }
}

fn zip_code(keys: &Keys, text: &str) -> Part {
    let Some(zip) = zip(text) else { return Part::default() };
    let tokens = vec![(Slot::Zip, mac64(&keys.zip, &[zip.as_bytes()]))];
    Part { tokens, filter: Some((Filter::Zip, wide(keys.zip_filter.positions(&zip)))), generation: None }
}

fn city_name(keys: &Keys, text: &str) -> Part {
    let Some(city) = city(text) else { return Part::default() };
    let tokens = vec![(Slot::City, mac64(&keys.city, &[city.as_bytes()]))];
    Part { tokens, filter: Some((Filter::City, wide(keys.city_filter.pairs(&city)))), generation: None }
}

fn start(text: &str, letters: usize) -> Plain {
    Plain::new(text.chars().take(letters).collect())
}

/// The letters in alphabetical order, after a mark.
fn letters(text: &str) -> Plain {
    let mut letters: Zeroizing<Vec<char>> = Zeroizing::new(text.chars().collect());
    letters.sort_unstable();
    Plain::new(std::iter::once('*').chain(letters.iter().copied()).collect())
}

fn wide(filter: [u64; 2]) -> [u64; 4] {
    [filter[0], filter[1], 0, 0]
}
