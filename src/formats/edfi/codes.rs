//! Names of programs, tests and reasons as codes.

use super::super::id::hex_digest;
use crate::records::Code;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The value of a descriptor without its namespace.
pub(super) fn bare(value: &str) -> &str {
    value.rsplit('#').next().unwrap_or_default()
}

/// The code of a program, which is the same wherever the same name and type are: `bilingual`, or
/// `school-food-service:compensatory-services`; blank for no name. Who offers it is not part of the code,
/// since the whole collaboration shares it.
pub(super) fn code_of(name: &str, kind: &str) -> String {
    let (name_slug, kind_slug) = (slug(name), slug(bare(kind)));
    let code = if kind_slug.is_empty() || kind_slug == name_slug {
        name_slug
    } else {
        format!("{name_slug}:{kind_slug}")
    };
    if code.len() <= CODE_MAX { code } else { shortened(&code) }
}

/// Characters of the longest code.
const CODE_MAX: usize = 64;

/// The beginning of a code, and of the digest of all of it.
fn shortened(code: &str) -> String {
    format!("{}-{}", code[..47].trim_end_matches(['-', ':']), &hex_digest(code.as_bytes())[..16])
}

/// A name that is a code as it is, or else as one.
pub(super) fn code_or_slug(name: &str) -> String {
    if Code::new(name).is_ok() { name.to_owned() } else { slug(name) }
}

/// Small letters and digits without accents, with `-` for whatever is between.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.nfkd().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !is_combining_mark(c) && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    // Of a script without any such letter nothing is left to read; a digest tells its names apart.
    let slug = if slug.is_empty() && !text.trim().is_empty() {
        hex_digest(text.as_bytes())[..16].to_owned()
    } else {
        slug
    };
    if slug.len() <= CODE_MAX { slug } else { shortened(&slug) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_programs_are_codes_and_stay_the_same() {
        let uri = |value: &str| format!("uri://ed-fi.org/ProgramTypeDescriptor#{value}");
        for (name, kind, expected) in [
            ("Bilingual", uri("bilingual"), "bilingual"),
            ("Título I, Part A ", uri("Title I Part A"), "titulo-i-part-a:title-i-part-a"),
            ("21st CCLC", "Support".to_owned(), "21st-cclc:support"),
            ("", String::new(), ""),
        ] {
            assert_eq!(code_of(name, &kind), expected);
        }
        let long = "An uncommonly long name of a program that goes on and on, and then on";
        let codes = [code_of(long, ""), code_of(long, &uri("x")), code_of("學校", "")];
        assert!(codes.iter().all(|code| Code::new(code).is_ok()), "{codes:?}");
        assert_ne!(codes[0], codes[1]);
        assert_eq!(codes[0], code_of(long, ""));
    }
}
