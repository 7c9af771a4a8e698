//! Whom a row is about: a student number, or the fields a match is made by.

use super::super::fields::Fields;
use super::super::id::hex_digest;
use super::columns::{MATCH, STUDENT_ID};
use crate::records::{Clear, Identifiers};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroizing;

/// Whom a row is about.
pub(super) struct Student {
    pub(super) id: Clear,
    /// There is no number: the id is made of the match fields, and a person has to be sent.
    pub(super) is_matched: bool,
}

/// The student of a row. Without a number, the id is `match:` and the SHA-256 of the normalized match
/// fields in hexadecimal, so that the same fields are the same student in every file.
pub(super) fn identify(fields: &mut Fields<'_, '_>, has_match: bool) -> Option<Student> {
    if fields.has(STUDENT_ID) {
        return Some(Student { id: fields.clear(STUDENT_ID), is_matched: false });
    }
    if !has_match {
        // Then it is among the required columns, and the row is refused already.
        return None;
    }
    let blank: Vec<_> = MATCH.iter().filter(|column| !fields.has(column)).collect();
    if blank.len() == MATCH.len() {
        fields.refuse(STUDENT_ID, "missing", "is blank, and so are the match fields");
        return None;
    }
    for column in blank {
        fields.refuse(column, "missing", "is blank, and so is student_id");
    }
    let birth_date = fields.date("birth_date")?;
    let mut text = Zeroizing::new(String::with_capacity(1024));
    for column in ["first_name", "middle_name", "last_name"] {
        normalize(&fields.text(column), &mut text);
        text.push('\u{1F}');
    }
    text.push_str(&birth_date.to_string());
    let id = Clear::new(format!("match:{}", hex_digest(text.as_bytes())));
    Some(Student { id, is_matched: true })
}

/// Letters and digits in lower case without their accents.
fn normalize(name: &str, into: &mut String) {
    let plain = name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    into.extend(plain.filter(|c| c.is_alphanumeric()));
}

/// Who a student is, from the columns of `students.csv` or as far as match fields go.
pub(super) fn identifiers(fields: &mut Fields<'_, '_>) -> Identifiers {
    Identifiers {
        first_name: fields.clear("first_name"),
        middle_name: fields.clear("middle_name"),
        last_name: fields.clear("last_name"),
        suffix: fields.clear("suffix"),
        birth_date: fields.date("birth_date").map(Into::into),
        street_address: fields.clear("street_address"),
        city: fields.clear("city"),
        zip: fields.clear("zip"),
        shared_id: fields.clear("shared_id"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_however_it_is_typed() {
        let plain = |name: &str| {
            let mut text = String::new();
            normalize(name, &mut text);
            text
        };
        assert_eq!(plain("O'Brien-Núñez "), plain("OBRIEN NUN\u{303}EZ"));
        assert_eq!(plain("José"), "jose");
        assert_eq!(plain("李"), "李");
    }
}
