//! From identifiers to an encoding, one value after the other.

use super::encoding::{Encoding, Filter, Slot};
use super::keys::Keys;
use super::normalize::{Address, Plain, is_plausible, shared_id, suffix};
use super::part::{Part, birth_date, city_name, first_name, last_name, middle_name, zip_code};
use super::token::mac64;
use crate::records::{BirthDate, Clear, Identifiers, Sex};
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Encodes people, and remembers the parts of names, dates and places that come again.
///
/// What it remembers is in the clear and is wiped when it is dropped. One for each thread.
pub struct Encoder<'a> {
    keys: &'a Keys,
    texts: [HashMap<Clear, Part>; TEXTS],
    dates: HashMap<BirthDate, Part>,
    address_tokens: [HashMap<Clear, u64>; 4],
    /// The value in hand, without capital letters.
    small: Plain,
}

/// Makes the part of one kind of value.
type Make = fn(&Keys, &str) -> Part;

/// Kinds of values that are remembered by their text.
const TEXTS: usize = 5;
/// Values of one kind that are remembered at most.
const KNOWN_MAX: usize = 1 << 17;

impl<'a> Encoder<'a> {
    /// An encoder that remembers nothing yet.
    #[must_use]
    pub fn new(keys: &'a Keys) -> Self {
        Self {
            keys,
            texts: std::array::from_fn(|_| HashMap::new()),
            dates: HashMap::new(),
            address_tokens: std::array::from_fn(|_| HashMap::new()),
            small: Plain::new(String::with_capacity(256)),
        }
    }

    /// Encodes a person. The sex alone is nobody: without an identifier the encoding is empty.
    ///
    /// A pure function of the keys and the arguments; what is remembered only saves time.
    #[must_use]
    pub fn encode(&mut self, identifiers: &Identifiers, sex: Option<Sex>) -> Encoding {
        let mut encoding = Encoding::empty(self.keys.id);
        let mut generation = match identifiers.suffix.is_empty() {
            true => None,
            false => suffix(identifiers.suffix.expose()),
        };
        let values: [(&Clear, Make); TEXTS] = [
            (&identifiers.last_name, last_name),
            (&identifiers.first_name, first_name),
            (&identifiers.middle_name, middle_name),
            (&identifiers.zip, zip_code),
            (&identifiers.city, city_name),
        ];
        for (known, (value, make)) in self.texts.iter_mut().zip(values) {
            if !value.is_empty() {
                let text = in_small_letters(value.expose(), &mut self.small);
                let part = remembered(known, text, || (text.into(), make(self.keys, text)));
                generation = generation.or(part.generation);
                part.write(&mut encoding);
            }
        }
        if let Some(address) = Address::new(identifiers.street_address.expose()) {
            self.street_address(&address).write(&mut encoding);
        }
        if let Some(date) = identifiers.birth_date.filter(is_plausible) {
            remembered(&mut self.dates, &date, || (date, birth_date(self.keys, date))).write(&mut encoding);
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
        let [numbers, streets, words, units] = &mut self.address_tokens;
        let token = |known: &mut HashMap<Clear, u64>, kind: &str, value: &str| {
            remembered(known, value, || {
                let message = Plain::new([kind, value].concat());
                (value.into(), mac64(&self.keys.address, &[message.as_bytes()]))
            })
        };
        let number = address.number.as_ref().map_or(0, |number| token(numbers, "number ", number));
        let street = token(streets, "street ", &address.street);
        let word = token(words, "word ", &address.street_word);
        let building = mixed(number, street);
        let unit = address.unit.as_ref().map(|unit| mixed(building, token(units, "unit ", unit)));
        let mut part = Part::new(Slot::Address, Filter::Address);
        part.set(Slot::Address, unit.unwrap_or(building));
        part.set(Slot::Building, building);
        part.set(Slot::AddressKey, mixed(number, word));
        part.set(Slot::Street, street);
        if address.number.is_some() {
            part.set(Slot::HouseNumber, number);
        }
        part.set_filter(self.keys.address_filter.pairs(&address.full));
        part
    }
}

/// What is remembered of a value, or made now. Forgets all before it remembers too much.
fn remembered<K, Q, V: Copy>(known: &mut HashMap<K, V>, value: &Q, make: impl FnOnce() -> (K, V)) -> V
where
    K: Eq + Hash + Borrow<Q>,
    Q: Eq + Hash + ?Sized,
{
    if let Some(made) = known.get(value) {
        return *made;
    }
    if known.len() >= KNOWN_MAX {
        known.clear();
    }
    let (key, made) = make();
    known.insert(key, made);
    made
}

/// `SMITH` and `Smith` are one value to all that follows; so they are made once.
fn in_small_letters<'a>(text: &str, room: &'a mut Plain) -> &'a str {
    if text.len() > room.capacity() {
        // Another one, not a longer one: growing would leave a copy behind.
        *room = Plain::new(String::with_capacity(2 * text.len()));
    }
    room.clear();
    room.push_str(text);
    room.make_ascii_lowercase();
    room
}

/// A token of two that stand in the encoding as well: whoever has it has these, so it says nothing new.
const fn mixed(a: u64, b: u64) -> u64 {
    let mixed = (a.rotate_left(23) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}
