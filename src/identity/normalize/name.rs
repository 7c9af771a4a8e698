//! Names of persons: words, particles, suffixes.

use super::{Plain, fold, is_placeholder};

/// A given or middle name.
pub(in crate::identity) struct Given {
    /// All its words as one: `mary ann` is `maryann`.
    pub(in crate::identity) joined: Plain,
    /// Its words, at least one.
    pub(in crate::identity) words: Vec<Plain>,
}

impl Given {
    /// The name, and the generation when a suffix stood in it. Nothing for a placeholder.
    pub(in crate::identity) fn new(text: &str) -> (Option<Self>, Option<u8>) {
        let (words, suffix) = words(text);
        let name = (!words.is_empty()).then(|| Self { joined: join(&words), words });
        (name.filter(|name| !is_infant(&name.joined)), suffix)
    }

    /// Whether it is a letter and no more.
    pub(in crate::identity) fn is_initial(&self) -> bool {
        self.joined.chars().count() == 1
    }
}

/// A family name.
pub(in crate::identity) struct Surname {
    /// All its parts as one: `de la cruz` is `delacruz`.
    pub(in crate::identity) joined: Plain,
    /// Its first part with the particles before it: `garcia` of `garcia-lopez`.
    pub(in crate::identity) first_part: Plain,
    /// Its last part, when it has several.
    pub(in crate::identity) last_part: Option<Plain>,
}

impl Surname {
    /// The name, and the generation when a suffix stood in it. Nothing for a placeholder.
    pub(in crate::identity) fn new(text: &str) -> (Option<Self>, Option<u8>) {
        let (words, suffix) = words(text);
        let mut parts: Vec<Plain> = Vec::with_capacity(words.len());
        let mut particles = Plain::new(String::with_capacity(text.len() * 4));
        for (at, word) in words.iter().enumerate() {
            particles.push_str(word);
            if !PARTICLES.contains(&word.as_str()) || at + 1 == words.len() {
                parts.push(particles.clone());
                particles.clear();
            }
        }
        let joined = join(&words);
        let last_part = if parts.len() > 1 { parts.pop() } else { None };
        let name = parts.into_iter().next().map(|first_part| Self { joined, first_part, last_part });
        (name, suffix)
    }
}

/// The generation a suffix means.
pub(in crate::identity) fn suffix(text: &str) -> Option<u8> {
    let folded = fold(text);
    let bare: Plain = Plain::new(folded.chars().filter(|c| c.is_alphanumeric()).collect());
    generation(&bare)
}

fn generation(word: &str) -> Option<u8> {
    match word {
        "sr" | "senior" | "1st" => Some(1),
        "jr" | "junior" | "ii" | "2nd" => Some(2),
        "iii" | "3rd" => Some(3),
        "iv" | "4th" => Some(4),
        _ => None,
    }
}

/// Words that belong to the word after them.
const PARTICLES: [&str; 32] = [
    "de", "del", "dela", "la", "las", "los", "el", "al", "du", "des", "da", "das", "dos", "di", "della",
    "van", "vande", "vander", "von", "der", "den", "ter", "mc", "mac", "o", "st", "saint", "abu", "bin",
    "ibn", "le", "y",
];

/// The words of a name, without suffix. Apostrophes join (`o'brien`), hyphens and spaces part, and
/// digits read as the letters a scanner mistook for them.
fn words(text: &str) -> (Vec<Plain>, Option<u8>) {
    let folded = fold(text);
    if is_placeholder(&folded) {
        return (Vec::new(), None);
    }
    let apart = |c: char| c.is_whitespace() || "-‐‑–—/,_()\"".contains(c);
    let mut suffix = None;
    let mut words: Vec<Plain> = Vec::new();
    for raw in folded.split(apart) {
        let mut word = Plain::new(String::with_capacity(raw.len()));
        if let Some(generation) = generation(raw.trim_matches('.')).filter(|_| !words.is_empty()) {
            suffix = Some(generation);
            continue;
        }
        for letter in raw.chars() {
            match letter {
                '0' => word.push('o'),
                '1' => word.push('l'),
                '5' => word.push('s'),
                letter if letter.is_alphabetic() => word.push(letter),
                _ => {}
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    (words, suffix)
}

fn join(words: &[Plain]) -> Plain {
    let mut joined = Plain::new(String::with_capacity(words.iter().map(|word| word.len()).sum()));
    words.iter().for_each(|word| joined.push_str(word));
    joined
}

/// What registers write for a child without a name yet.
fn is_infant(joined: &str) -> bool {
    ["baby", "babyboy", "babygirl", "infant", "boy", "girl", "newborn", "twina", "twinb"].contains(&joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surnames_are_taken_apart() {
        let check = |text: &str, joined: &str, first: &str, last: Option<&str>, suffix: Option<u8>| {
            let (name, found) = Surname::new(text);
            let name = name.expect(text);
            assert_eq!(*name.joined, joined);
            assert_eq!(*name.first_part, first, "{text}");
            assert_eq!(name.last_part.as_deref().map(String::as_str), last, "{text}");
            assert_eq!(found, suffix, "{text}");
        };
        check("O'Brien-Núñez", "obriennunez", "obrien", Some("nunez"), None);
        check("O BRIEN NUNEZ", "obriennunez", "obrien", Some("nunez"), None);
        check("De La Cruz", "delacruz", "delacruz", None, None);
        check("van der Berg Jr.", "vanderberg", "vanderberg", None, Some(2));
        check("Garcia de Leon", "garciadeleon", "garcia", Some("deleon"), None);
        check("St. John III", "stjohn", "stjohn", None, Some(3));
        check("5mith", "smith", "smith", None, None);
        check("La", "la", "la", None, None);
        for empty in ["", " - ", "Unknown", "LNU"] {
            assert!(Surname::new(empty).0.is_none(), "{empty}");
        }
    }

    #[test]
    fn given_names_keep_their_words() {
        let (name, suffix) = Given::new("Mary-Ann  José jr");
        let name = name.expect("a name");
        assert_eq!(*name.joined, "maryannjose");
        assert_eq!(name.words.len(), 3);
        assert_eq!(suffix, Some(2));
        assert!(Given::new("J.").0.is_some_and(|name| name.is_initial()));
        // What rosters really have where no name is known; the last stands for one that was blacked out.
        for empty in ["", "Baby Boy", "n/a", &"X".repeat(3)] {
            assert!(Given::new(empty).0.is_none(), "{empty}");
        }
    }

    #[test]
    fn suffixes_are_generations() {
        for (text, expected) in
            [("Jr.", Some(2)), ("II", Some(2)), ("iii", Some(3)), ("", None), ("MD", None)]
        {
            assert_eq!(suffix(text), expected);
        }
    }
}
