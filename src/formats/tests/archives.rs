//! Encodings, line ends and archives.

use super::Read;
use crate::formats::{Error, read};
use std::fs::{self, File};
use std::io::Write;
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

const SCHOOLS: &str =
    "school,name,sector\nA,Escuela Núñez,district\nB,\"Two,\nlines\",charter\nC,\"Ça, \"\"va\"\"\",other\n";

fn schools(bytes: &[u8]) -> (Vec<(u64, String)>, Vec<String>) {
    let read = Read::of_bytes(&[("schools.csv", bytes)]);
    let name = |fact: &&crate::records::Fact| match fact {
        crate::records::Fact::School(school) => school.name.to_string(),
        _ => panic!("not a school"),
    };
    let lines = read.rows.iter().map(|row| row.row);
    (lines.zip(read.facts().iter().map(name)).collect(), read.defects())
}

#[test]
fn every_encoding_and_line_end_reads_the_same() {
    // A name over two lines is no public name; the lines after it are counted right all the same.
    let names = vec![(2, "Escuela Núñez".to_owned()), (5, "Ça, \"va\"".to_owned())];
    let refused = vec!["!3 name not_a_code".to_owned()];
    for end in ["\n", "\r\n", "\r"] {
        let text = SCHOOLS.replace('\n', end);
        let with_mark = format!("\u{FEFF}{text}");
        let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect();
        let little: Vec<u8> = with_mark.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = with_mark.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [text.as_bytes(), with_mark.as_bytes(), &little, &big] {
            assert_eq!(schools(bytes), (names.clone(), refused.clone()));
        }
        let with_warning = ["  encoding".to_owned(), refused[0].clone()].to_vec();
        assert_eq!(schools(&latin), (names.clone(), with_warning));
    }
}

#[test]
fn a_spreadsheet_may_separate_by_tabs_or_semicolons() {
    for separator in ["\t", ";"] {
        let text = "school,name,sector\nA,First,district\n".replace(',', separator);
        let expected = (vec![(2, "First".to_owned())], vec!["  separator".to_owned()]);
        assert_eq!(schools(text.as_bytes()), expected);
    }
}

#[test]
fn an_open_quote_loses_rows_and_says_so() {
    let (names, defects) =
        schools(b"school,name,sector\nA,First,district\nB,\"Second,district\nC,Third,other\n");
    assert_eq!(names, [(2, "First".to_owned())]);
    assert_eq!(defects, ["!3  open_quote"]);
}

#[test]
fn rows_between_two_open_quotes_are_no_cell_of_the_first() {
    let text =
        b"school,name,sector\nA,\"First,district\nB,Second,district\nC,\"Third,other\nD,Fourth,other\n";
    let (names, defects) = schools(text);
    assert_eq!(names, [(5, "Fourth".to_owned())]);
    assert_eq!(defects, ["!2  open_quote"]);
    // Line breaks and spaces are as good as ever.
    let (names, defects) =
        schools(b"school,name,sector\nA,\"Joe \"\"X\"\" Doe\" ,district\nB,\"Ann\"s,other\n");
    assert_eq!(names, [(2, "Joe \"X\" Doe".to_owned()), (3, "Anns".to_owned())]);
    assert_eq!(defects, Vec::<String>::new());
}

fn zip(folder: &TempDir, entries: &[(String, &str)]) -> std::path::PathBuf {
    let path = folder.path().join("bundle.zip");
    let mut archive = ZipWriter::new(File::create(&path).expect("a file"));
    for (name, text) in entries {
        archive.start_file(name.as_str(), SimpleFileOptions::default()).expect("an entry");
        archive.write_all(text.as_bytes()).expect("text in an entry");
    }
    archive.finish().expect("an archive");
    path
}

#[test]
fn an_archive_reads_like_the_folder() {
    let folder = TempDir::new().expect("a temporary folder");
    let programs = "program,name\nP1,Tutoring\n";
    for prefix in ["", "export/", "../../etc/", "a/b/"] {
        let path = zip(
            &folder,
            &[
                (format!("{prefix}schools.csv"), SCHOOLS),
                (format!("{prefix}programs.csv"), programs),
                ("__MACOSX/._schools.csv".into(), "x"),
            ],
        );
        let from_zip = Read::at(&path, None);
        let from_folder = Read::of(&[("schools.csv", SCHOOLS), ("programs.csv", programs)]);
        assert_eq!(from_zip.keys(), from_folder.keys());
        assert_eq!(from_zip.reading, from_folder.reading);
    }
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing is extracted");
}

#[test]
fn strange_archives_are_refused_whole() {
    let folder = TempDir::new().expect("a temporary folder");
    let entries: Vec<_> = (0..201).map(|n| (format!("{n}.csv"), "a\n")).collect();
    let result = read(&zip(&folder, &entries), None, &mut |_| {});
    assert!(matches!(result, Err(Error::TooManyEntries)));
    let twice = [("a/schools.csv".to_owned(), SCHOOLS), ("b/Schools.csv".to_owned(), SCHOOLS)];
    let result = read(&zip(&folder, &twice), None, &mut |_| {});
    assert!(matches!(result, Err(Error::Ambiguous(_))));
    let path = zip(&folder, &[("schools.csv".to_owned(), SCHOOLS)]);
    let bytes = fs::read(&path).expect("the archive");
    fs::write(&path, &bytes[..bytes.len() / 2]).expect("half an archive");
    assert!(matches!(read(&path, None, &mut |_| {}), Err(Error::Archive(_))));
}

#[test]
fn one_file_alone_can_be_read() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("programs.csv");
    fs::write(&path, "program,name\nP1,Tutoring\n").expect("a file");
    assert_eq!(Read::at(&path, None).keys(), [(2, "P1")]);
    // It begins as an archive does.
    fs::write(&path, "PK,program,name\n1,P1,Tutoring\n").expect("a file");
    assert_eq!(Read::at(&path, None).keys(), [(2, "P1")]);
}
