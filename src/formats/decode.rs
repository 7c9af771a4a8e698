//! Bytes to text: UTF-8, also with a few bytes that are none, UTF-16 with a byte order mark, and Windows-1252 where nothing
//! else fits.

use zeroize::Zeroizing;

/// What a text was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// With bytes that are none.
    BrokenUtf8,
    Utf16,
    Windows1252,
}

/// The text of a file, and where it begins after a byte order mark.
pub(super) struct Text {
    text: Zeroizing<String>,
    start: usize,
    pub(super) encoding: Encoding,
}

impl Text {
    /// Reads any bytes. Pairs of UTF-16 that are none become U+FFFD, and so do bytes among UTF-8.
    pub(super) fn decode(mut bytes: Zeroizing<Vec<u8>>) -> Self {
        let utf16 = match bytes.get(..2) {
            Some([0xFF, 0xFE]) => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
            Some([0xFE, 0xFF]) => Some(u16::from_be_bytes as fn([u8; 2]) -> u16),
            _ => None,
        };
        if let Some(unit) = utf16 {
            let units = bytes[2..].chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or(0)]));
            let chars = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
            // Two bytes are at most three in UTF-8, so the text never moves while it grows.
            let mut text = Zeroizing::new(String::with_capacity(bytes.len() / 2 * 3 + 3));
            text.extend(chars);
            return Self { text, start: 0, encoding: Encoding::Utf16 };
        }
        match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => {
                let start = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
                Self { text: Zeroizing::new(text), start, encoding: Encoding::Utf8 }
            }
            Err(error) => {
                let bytes = Zeroizing::new(error.into_bytes());
                let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 3));
                if !is_mostly_utf8(&bytes) {
                    text.extend(bytes.iter().copied().map(windows_1252));
                    return Self { text, start: 0, encoding: Encoding::Windows1252 };
                }
                for chunk in bytes.utf8_chunks() {
                    text.push_str(chunk.valid());
                    text.extend((!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER));
                }
                let start = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
                Self { text, start, encoding: Encoding::BrokenUtf8 }
            }
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text[self.start..]
    }
}

/// Whether there are at least as many characters of several bytes as places that are none: in Windows-1252 a letter with an
/// accent begins one and is hardly ever followed by what would go on with it.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut n_wide, mut n_broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        n_wide += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        n_broken += usize::from(!chunk.invalid().is_empty());
    }
    n_wide > 0 && n_wide >= n_broken
}

/// Source: the WHATWG Encoding Standard, index windows-1252; the rest is Latin-1.
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str, encoding: Encoding) {
        let text = Text::decode(Zeroizing::new(bytes.to_vec()));
        assert_eq!((text.as_str(), text.encoding), (expected, encoding));
    }

    #[test]
    fn every_encoding_a_spreadsheet_writes() {
        check("Núñez".as_bytes(), "Núñez", Encoding::Utf8);
        check("\u{FEFF}Núñez".as_bytes(), "Núñez", Encoding::Utf8);
        check(b"N\xFA\xF1ez \x80 \x92", "Núñez € ’", Encoding::Windows1252);
        let little: Vec<u8> = "\u{FEFF}Nú😀".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&little, "Nú😀", Encoding::Utf16);
        let big: Vec<u8> = "\u{FEFF}Nú😀".encode_utf16().flat_map(u16::to_be_bytes).collect();
        check(&big, "Nú😀", Encoding::Utf16);
        check(b"\xFF\xFEa", "a", Encoding::Utf16);
        check(b"", "", Encoding::Utf8);
    }

    #[test]
    fn one_byte_that_is_none_does_not_spoil_every_other_name() {
        check(b"Jos\xC3\xA9 \xC3\xB1 Ren\xC3", "José ñ Ren\u{FFFD}", Encoding::BrokenUtf8);
        check(b"\xEF\xBB\xBFRen\xC3", "Ren\u{FFFD}", Encoding::BrokenUtf8);
        check(b"Ren\xE9, Ren\xE9e, Caf\xC9\xAE", "René, Renée, CafÉ®", Encoding::Windows1252);
    }
}
