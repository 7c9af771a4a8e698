//! A phonetic code for names spelled by ear, for English and Spanish sounds at once.

use zeroize::Zeroizing;

/// The consonants one hears, at most eight, with a leading vowel kept as `a`: `jaxon` and `jackson`
/// are `jksn`, `ayden` and `aiden` are `adn`, `geoffrey` and `jeffrey` are `jfr`.
///
/// `name` is normalized: lower case, without marks. Letters that are not Latin stay as they are.
pub(super) fn code(name: &str) -> Zeroizing<String> {
    let letters: Zeroizing<Vec<char>> = Zeroizing::new(name.chars().collect());
    let mut code = Zeroizing::new(String::with_capacity(40));
    let (mut at, mut n_heard) = (0, 0);
    while at < letters.len() && n_heard < 8 {
        let (sound, taken) = sound(&letters, at);
        for heard in sound.into_iter().flatten() {
            let inner_vowel = heard == 'a' && at > 0;
            if !inner_vowel && !code.ends_with(heard) {
                code.push(heard);
                n_heard += 1;
            }
        }
        at += taken;
    }
    code
}

/// What is heard at a place, and how many letters make it; every vowel is `a`.
fn sound(letters: &[char], at: usize) -> ([Option<char>; 2], usize) {
    let next = letters.get(at + 1).copied().unwrap_or(' ');
    let soft = |letter: char| matches!(letter, 'e' | 'i' | 'y');
    let (heard, taken) = match (letters[at], next) {
        ('k', 'n') | ('g', 'n') | ('p', 'n') if at == 0 => ("n", 2),
        ('w', 'r') if at == 0 => ("r", 2),
        ('p', 'h') => ("f", 2),
        ('s', 'c') if letters.get(at + 2) == Some(&'h') => ("s", 3),
        ('s' | 'c', 'h') if letters.get(at + 2).is_some_and(|third| "rlmn".contains(*third)) => {
            (if letters[at] == 's' { "s" } else { "k" }, 2)
        }
        ('s', 'h') => ("s", 2),
        ('c', 'h') => ("x", 2),
        ('t', 'h') => ("t", 2),
        ('g', 'h') => (if at == 0 { "g" } else { "" }, 2),
        ('c', 'k') => ("k", 2),
        ('d', 'g') if letters.get(at + 2).is_some_and(|third| soft(*third)) => ("j", 2),
        ('c', next) if soft(next) => ("s", 1),
        ('g', next) if soft(next) => ("j", 1),
        ('c' | 'q', _) => ("k", 1),
        ('z', _) => ("s", 1),
        ('x', _) => (if at == 0 { "s" } else { "ks" }, 1),
        ('h' | 'w', _) => ("", 1),
        ('a' | 'e' | 'i' | 'o' | 'u' | 'y', _) => ("a", 1),
        (letter, _) => return ([Some(letter), None], 1),
    };
    let mut heard = heard.chars();
    ([heard.next(), heard.next()], taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sound_alike_share_a_code() {
        for (a, b) in [
            ("jaxon", "jackson"),
            ("aiden", "ayden"),
            ("geoffrey", "jeffrey"),
            ("kaitlyn", "caitlin"),
            ("sean", "shawn"),
            ("philip", "fillip"),
            ("gonzalez", "gonzales"),
            ("christina", "kristina"),
            ("schmidt", "shmidt"),
            ("sofia", "sophia"),
        ] {
            assert_eq!(*code(a), *code(b), "{a} {b}");
        }
        assert_ne!(*code("maria"), *code("mario rossi"));
        assert_eq!(*code(""), "");
        assert_eq!(*code("山田"), "山田");
    }
}
