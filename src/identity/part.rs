//! What one value gives to an encoding.

use super::encoding::{Encoding, Filter, Slot};
use super::keys::Keys;
use super::nickname::roots;
use super::normalize::{Given, Plain, Surname, city, zip};
use super::phonetic;
use super::token::mac64;
use crate::records::BirthDate;
use zeroize::Zeroizing;

/// The tokens of neighboring slots, a filter, and the generation that stood in a name.
#[derive(Clone, Copy)]
pub(super) struct Part {
    first: Slot,
    /// From the first slot on; 0 where there is none.
    tokens: [u64; TOKENS_MAX],
    filter: Filter,
    words: [u64; 4],
    pub(super) generation: Option<u8>,
}

/// Tokens of one value at most: those of a given name.
const TOKENS_MAX: usize = Slot::Root4 as usize + 1;

impl Part {
    pub(super) const fn new(first: Slot, filter: Filter) -> Self {
        Self { first, tokens: [0; TOKENS_MAX], filter, words: [0; 4], generation: None }
    }

    /// A token of 0 means absence, so one that falls on 0 becomes 1.
    pub(super) fn set(&mut self, slot: Slot, token: u64) {
        self.tokens[slot as usize - self.first as usize] = token.max(1);
    }

    pub(super) fn set_filter<const WORDS: usize>(&mut self, words: [u64; WORDS]) {
        self.words[..WORDS].copy_from_slice(&words);
    }

    pub(super) fn write(&self, encoding: &mut Encoding) {
        for (at, token) in self.tokens.iter().enumerate().filter(|(_, token)| **token != 0) {
            encoding.set_token_at(self.first as usize + at, *token);
        }
        encoding.set_filter(self.filter, &self.words);
    }
}

pub(super) fn first_name(keys: &Keys, text: &str) -> Part {
    let (name, generation) = Given::new(text);
    let mut part = Part { generation, ..Part::new(Slot::First, Filter::First) };
    let Some(name) = name else { return part };
    part.set(Slot::FirstInitial, keys.initial_token(&name.joined));
    // A mere initial equals nobody's name: it has no token of a name.
    if name.is_initial() {
        return part;
    }
    let word = &name.words[0];
    part.set(Slot::First, keys.name_token(&name.joined));
    part.set(Slot::FirstWord, keys.name_token(word));
    part.set(Slot::FirstSound, keys.sound_token(&phonetic::code(word)));
    part.set(Slot::FirstStart, keys.start_token(&start(word, 3)));
    part.set(Slot::FirstLetters, keys.start_token(&letters(&name.joined)));
    if let Some(second) = name.words.get(1).filter(|word| word.len() > 1) {
        part.set(Slot::SecondWord, keys.name_token(second));
    }
    for (slot, root) in [Slot::Root1, Slot::Root2, Slot::Root3, Slot::Root4].into_iter().zip(roots(word)) {
        part.set(slot, mac64(&keys.nickname, &[root.as_bytes()]));
    }
    part.set_filter(keys.name_filter.pairs(&name.joined));
    part
}

pub(super) fn middle_name(keys: &Keys, text: &str) -> Part {
    let (name, generation) = Given::new(text);
    let mut part = Part { generation, ..Part::new(Slot::Middle, Filter::Middle) };
    let Some(name) = name else { return part };
    part.set(Slot::MiddleInitial, keys.initial_token(&name.joined));
    if name.is_initial() {
        return part;
    }
    let word = &name.words[0];
    part.set(Slot::Middle, keys.name_token(&name.joined));
    if name.words.len() > 1 {
        part.set(Slot::MiddleWord, keys.name_token(word));
    }
    part.set(Slot::MiddleSound, keys.sound_token(&phonetic::code(word)));
    part.set_filter(keys.middle_filter.pairs(&name.joined));
    part
}

pub(super) fn last_name(keys: &Keys, text: &str) -> Part {
    let (name, generation) = Surname::new(text);
    let mut part = Part { generation, ..Part::new(Slot::Last, Filter::Last) };
    let Some(name) = name else { return part };
    part.set(Slot::Last, keys.name_token(&name.joined));
    part.set(Slot::LastPart1, keys.name_token(&name.first_part));
    part.set(Slot::LastSound, keys.sound_token(&phonetic::code(&name.joined)));
    part.set(Slot::LastPart1Sound, keys.sound_token(&phonetic::code(&name.first_part)));
    part.set(Slot::LastInitial, keys.initial_token(&name.joined));
    part.set(Slot::LastStart, keys.start_token(&start(&name.joined, 4)));
    part.set(Slot::LastLetters, keys.start_token(&letters(&name.joined)));
    if let Some(second) = &name.last_part {
        part.set(Slot::LastPart2, keys.name_token(second));
        part.set(Slot::LastPart2Sound, keys.sound_token(&phonetic::code(second)));
    }
    part.set_filter(keys.name_filter.pairs(&name.joined));
    part
}

pub(super) fn birth_date(keys: &Keys, date: BirthDate) -> Part {
    let (year, month, day) = date.parts();
    let token = |part: &str, digits: &str| mac64(&keys.birth_date, &[part.as_bytes(), digits.as_bytes()]);
    let digits = Plain::new(format!("{year:04}{month:02}{day:02}"));
    let mut part = Part::new(Slot::Birth, Filter::Birth);
    part.set(Slot::Birth, token("date", &digits));
    part.set(Slot::BirthMonthDay, token("month and day", &digits[4..]));
    part.set(Slot::BirthYearMonth, token("year and month", &digits[..6]));
    part.set(Slot::BirthYearDay, token("year and day", &Plain::new([&digits[..4], &digits[6..]].concat())));
    part.set(Slot::BirthYear, token("year", &digits[..4]));
    // Also when that is no date of the calendar: the other record may hold it as it was miswritten.
    if month != day {
        let swapped = Plain::new(format!("{year:04}{day:02}{month:02}"));
        part.set(Slot::BirthSwapped, token("date", &swapped));
    }
    part.set_filter(keys.birth_date_filter.positions(&digits));
    part
}

pub(super) fn zip_code(keys: &Keys, text: &str) -> Part {
    let mut part = Part::new(Slot::Zip, Filter::Zip);
    if let Some(zip) = zip(text) {
        part.set(Slot::Zip, mac64(&keys.zip, &[zip.as_bytes()]));
        part.set_filter(keys.zip_filter.positions(&zip));
    }
    part
}

pub(super) fn city_name(keys: &Keys, text: &str) -> Part {
    let mut part = Part::new(Slot::City, Filter::City);
    if let Some(city) = city(text) {
        part.set(Slot::City, mac64(&keys.city, &[city.as_bytes()]));
        part.set_filter(keys.city_filter.pairs(&city));
    }
    part
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
