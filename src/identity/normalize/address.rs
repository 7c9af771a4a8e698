//! Street addresses: number, street, unit.

use super::{Plain, fold, is_placeholder};

/// A street address.
pub(in crate::identity) struct Address {
    /// House number, directions, street and its type in short forms, unit: for similarity.
    pub(in crate::identity) full: Plain,
    /// House number.
    pub(in crate::identity) number: Option<Plain>,
    /// Street without directions and type.
    pub(in crate::identity) street: Plain,
    /// The street's first word: with the house number enough to find candidates.
    pub(in crate::identity) street_word: Plain,
    /// The unit within the building.
    pub(in crate::identity) unit: Option<Plain>,
}

impl Address {
    /// The address, or nothing for a placeholder.
    pub(in crate::identity) fn new(text: &str) -> Option<Self> {
        let folded = fold(text);
        if is_placeholder(&folded) || ["homeless", "general delivery"].contains(&folded.trim()) {
            return None;
        }
        let full = in_words(&folded);
        let words: Vec<&str> = full.split(' ').filter(|word| !word.is_empty()).collect();
        let unit_at = words.iter().skip(1).position(|word| *word == UNIT).map(|at| at + 1);
        let (street, unit) = words.split_at(unit_at.unwrap_or(words.len()));
        // The first word is the house's, a later one (`10th`) the street's.
        let numbered = street.first().is_some_and(|word| starts_with_digit(word));
        let number = street.iter().find(|word| starts_with_digit(word));
        let number = number.map(|number| Plain::new((*number).to_owned()));
        let rest = street.iter().skip(usize::from(numbered));
        let name = join(rest.filter(|word| !is_direction(word) && !is_type(word)), full.len());
        // A street that is all direction and type (`avenue e`) is named by them.
        let name = if name.is_empty() { join(street.iter(), full.len()) } else { name };
        let word = name.split(' ').next().map(str::to_owned).unwrap_or_default();
        let unit = join(unit.iter().filter(|word| **word != UNIT), full.len());
        (!name.is_empty()).then(|| Self {
            number,
            street_word: Plain::new(word),
            street: name,
            unit: Some(unit).filter(|unit| !unit.is_empty()),
            full,
        })
    }
}

/// The words in short forms, with spaces between; `#3` and `apt3` are two words.
fn in_words(folded: &str) -> Plain {
    // Room for `fl2` to become `unit 2`, so that no copy is left behind.
    let mut words = Plain::new(String::with_capacity(3 * folded.len() + 8));
    let apart = |c: char| !(c.is_alphanumeric() || c == '\'' || c == '.' || c == '#');
    for raw in folded.split(apart).filter(|raw| !raw.is_empty()) {
        if raw.contains('#') {
            begin(&mut words).push_str(UNIT);
        }
        let before = words.len();
        let at = begin(&mut words).len();
        words.extend(raw.chars().filter(|c| c.is_alphanumeric()));
        let word = &words[at..];
        let digits_at = word.find(|c: char| c.is_ascii_digit()).unwrap_or(word.len());
        if word.is_empty() {
            words.truncate(before);
        } else if short(&word[..digits_at]) == Some(UNIT) {
            let digits = Plain::new(word[digits_at..].to_owned());
            words.truncate(at);
            words.push_str(UNIT);
            if !digits.is_empty() {
                begin(&mut words).push_str(&digits);
            }
        } else if let Some(short) = short(word) {
            words.truncate(at);
            words.push_str(short);
        }
    }
    words
}

/// Makes place for a word.
fn begin(words: &mut Plain) -> &mut Plain {
    if !words.is_empty() {
        words.push(' ');
    }
    words
}

fn join<'a>(words: impl Iterator<Item = &'a &'a str>, room: usize) -> Plain {
    let mut joined = Plain::new(String::with_capacity(room));
    words.for_each(|word| begin(&mut joined).push_str(word));
    joined
}

fn starts_with_digit(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// The short form of a street word, after the Postal Service's Publication 28, appendix C.
fn short(word: &str) -> Option<&'static str> {
    Some(match word {
        "street" | "str" | "stre" | "stree" => "st",
        "avenue" | "av" | "aven" | "avenu" | "avn" => "ave",
        "boulevard" | "boul" | "blv" => "blvd",
        "drive" | "driv" | "drv" => "dr",
        "road" | "ro" => "rd",
        "lane" => "ln",
        "court" => "ct",
        "circle" | "circ" | "crcl" => "cir",
        "place" => "pl",
        "terrace" | "terr" => "ter",
        "trail" | "trails" => "trl",
        "parkway" | "pkway" | "pky" => "pkwy",
        "highway" | "hiway" | "hwy" => "hwy",
        "square" => "sq",
        "cove" => "cv",
        "crossing" => "xing",
        "point" => "pt",
        "north" | "no" => "n",
        "south" | "so" => "s",
        "east" => "e",
        "west" => "w",
        "northeast" => "ne",
        "northwest" => "nw",
        "southeast" => "se",
        "southwest" => "sw",
        "apartment" | "apts" | "apt" | "suite" | "ste" | "lot" | "trailer" | "trlr" | "room" | "rm"
        | "floor" | "fl" | "bldg" | UNIT => UNIT,
        "first" => "1st",
        "second" => "2nd",
        "third" => "3rd",
        "fourth" => "4th",
        "fifth" => "5th",
        "sixth" => "6th",
        "seventh" => "7th",
        "eighth" => "8th",
        "ninth" => "9th",
        "tenth" => "10th",
        _ => return None,
    })
}

fn is_type(word: &str) -> bool {
    const TYPES: [&str; 19] = [
        "st", "ave", "blvd", "dr", "rd", "ln", "ct", "cir", "pl", "ter", "trl", "pkwy", "hwy", "sq", "cv",
        "xing", "pt", "way", "loop",
    ];
    TYPES.contains(&word)
}

fn is_direction(word: &str) -> bool {
    ["n", "s", "e", "w", "ne", "nw", "se", "sw"].contains(&word)
}

/// Every word for a part of a building.
const UNIT: &str = "unit";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let check = |text: &str, full: &str, number: &str, street: &str, unit: Option<&str>, word: &str| {
            let address = Address::new(text).expect(text);
            assert_eq!(*address.full, full);
            assert_eq!(address.number.as_deref().map_or("", String::as_str), number, "{text}");
            assert_eq!(*address.street, street, "{text}");
            assert_eq!(address.unit.as_deref().map(String::as_str), unit, "{text}");
            assert_eq!(*address.street_word, word, "{text}");
        };
        check("755 So. Ridgeway Avenue", "755 s ridgeway ave", "755", "ridgeway", None, "ridgeway");
        check("4025 CALVERT AVE # 3", "4025 calvert ave unit 3", "4025", "calvert", Some("3"), "calvert");
        check("4025 Calvert Apartment3", "4025 calvert unit 3", "4025", "calvert", Some("3"), "calvert");
        check("53 santa maria dr", "53 santa maria dr", "53", "santa maria", None, "santa");
        check("12 10th St #4-B", "12 10th st unit 4 b", "12", "10th", Some("4 b"), "10th");
        check("8 Avenue E", "8 ave e", "8", "8 ave e", None, "8");
        check("P.O. Box 17", "po box 17", "17", "po box 17", None, "po");
        for empty in ["", "Unknown", "homeless", "#"] {
            assert!(Address::new(empty).is_none(), "{empty}");
        }
    }
}
