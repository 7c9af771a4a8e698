//! Parquet files: read as the CSV files they stand for.

use super::Read;
use crate::formats::{Error, Mappings, RefusedRows, read, read_mapped, write_refused};
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;

/// A column's values; text can be absent.
enum Values<'v> {
    Text(&'v [Option<&'v str>]),
    Bytes(&'v [&'v [u8]]),
    Bool(&'v [bool]),
    Int(&'v [i32]),
    Long(&'v [i64]),
    Double(&'v [f64]),
}

/// A file of one row group. `schema` has a line for each column, as Parquet's own notation has it.
fn file(schema: &str, compression: Compression, columns: &[Values<'_>]) -> Vec<u8> {
    let schema = parse_message_type(&format!("message rows {{ {schema} }}")).expect("a schema");
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer =
        SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties)).expect("a writer");
    let mut group = writer.next_row_group().expect("a row group");
    for values in columns {
        let mut column = group.next_column().expect("it goes on").expect("a column of the schema");
        let written = match values {
            Values::Text(values) => {
                let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
                let values: Vec<ByteArray> =
                    values.iter().flatten().map(|text| ByteArray::from(*text)).collect();
                column.typed::<ByteArrayType>().write_batch(
                    &values,
                    Some(&levels),
                    Some(&vec![0; levels.len()]),
                )
            }
            Values::Bytes(values) => {
                let values: Vec<ByteArray> =
                    values.iter().map(|bytes| ByteArray::from(bytes.to_vec())).collect();
                column.typed::<ByteArrayType>().write_batch(&values, None, None)
            }
            Values::Bool(values) => column.typed::<BoolType>().write_batch(values, None, None),
            Values::Int(values) => column.typed::<Int32Type>().write_batch(values, None, None),
            Values::Long(values) => column.typed::<Int64Type>().write_batch(values, None, None),
            Values::Double(values) => column.typed::<DoubleType>().write_batch(values, None, None),
        };
        written.expect("it can be written");
        column.close().expect("a whole column");
    }
    group.close().expect("a whole group");
    writer.into_inner().expect("a whole file")
}

const STUDENTS: &str = "\
    required binary student_id (UTF8); optional binary last_name (UTF8); required int32 birth_date (DATE); \
    required double school_year; required boolean hispanic; optional binary races (UTF8);";

/// Two students; 15,000 days after 1970 are 2011-01-26.
fn students(compression: Compression) -> Vec<u8> {
    let columns = [
        Values::Bytes(&[b"S1", b"S2"]),
        Values::Text(&[Some("O\"Neil, the\nfirst"), None]),
        Values::Int(&[15_000, 15_001]),
        Values::Double(&[2025.0, 2025.0]),
        Values::Bool(&[true, false]),
        Values::Text(&[Some("white;asian"), Some("green")]),
    ];
    file(STUDENTS, compression, &columns)
}

const CSV: &str = "student_id,last_name,birth_date,school_year,hispanic,races\n\
    S1,\"O\"\"Neil, the first\",2011-01-26,2025,true,white;asian\nS2,,2011-01-27,2025,false,green\n";

#[test]
fn a_parquet_file_is_read_as_the_csv_file_of_its_name() {
    let expected = Read::of(&[("students.csv", CSV)]);
    let told = |read: &Read| {
        let rows = read.rows.iter().map(|row| (row.row, format!("{:?}", row.submission)));
        (rows.collect::<Vec<_>>(), read.defects())
    };
    assert!(
        expected.defects().contains(&"!3 races outside_vocabulary".to_owned()),
        "rows are counted from the header on"
    );
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(Default::default()),
        Compression::GZIP(Default::default()),
        Compression::LZ4_RAW,
    ] {
        let bytes = students(compression);
        let read = Read::of_bytes(&[("Students.parquet", &bytes)]);
        assert_eq!(told(&read), told(&expected), "{compression}");
        assert_eq!(read.reading.defects.last().expect("of the races").file, "Students.parquet");
        let names = |read: &Read| {
            let person = |row: &crate::formats::Row| {
                row.submission.identifiers.as_ref().map(|of| of.last_name.expose().to_owned())
            };
            read.rows.iter().filter_map(person).collect::<Vec<_>>()
        };
        assert_eq!(names(&read), names(&expected));
    }
}

#[test]
fn days_and_numbers_of_every_type_become_the_same_text() {
    // 1 September 2024 in the units that writers use, and the same amount as a decimal and otherwise.
    const SECONDS: i64 = 1_725_148_800;
    let day = |unit: &str, factor: i64| {
        let schema = format!(
            "required binary student_id (UTF8); required binary program (UTF8); required int64 date ({unit}); \
             required int64 amount (DECIMAL(9,2)); required binary unit (UTF8);"
        );
        let columns = [
            Values::Bytes(&[b"S1"]),
            Values::Bytes(&[b"TUTOR"]),
            Values::Long(&[SECONDS * factor]),
            Values::Long(&[150]),
            Values::Bytes(&[b"hour"]),
        ];
        Read::of_bytes(&[("dosage.parquet", &file(&schema, Compression::SNAPPY, &columns))])
    };
    let csv = "student_id,program,date,amount,unit\nS1,TUTOR,2024-09-01,1.5,hour\n";
    let expected = Read::of(&[("dosage.csv", csv)]);
    assert_eq!((expected.facts().len(), expected.defects().len()), (1, 0));
    for (unit, factor) in [
        ("TIMESTAMP_MILLIS", 1_000),
        ("TIMESTAMP_MICROS", 1_000_000),
        ("TIMESTAMP(NANOS,false)", 1_000_000_000),
    ] {
        let read = day(unit, factor);
        assert_eq!((read.facts(), read.defects()), (expected.facts(), expected.defects()), "{unit}");
    }
}

#[test]
fn a_day_outside_the_calendar_is_no_date_and_not_blank() {
    let schema = "required binary student_id (UTF8); required binary program (UTF8); required int32 begin (DATE); \
                  required int32 end (DATE);";
    // The days before the first of the year 1 and after the last of the year 9999, and the ends of the type.
    let ends = [-719_163, 2_932_897, i32::MIN, i32::MAX];
    let columns = [
        Values::Bytes(&[b"S1", b"S2", b"S3", b"S4"]),
        Values::Bytes(&[b"P", b"P", b"P", b"P"]),
        Values::Int(&[20_000; 4]),
        Values::Int(&ends),
    ];
    let read = Read::of_bytes(&[("services.parquet", &file(schema, Compression::SNAPPY, &columns))]);
    assert_eq!(read.defects(), [2, 3, 4, 5].map(|row| format!("!{row} end not_a_date")));
    assert_eq!(read.rows.len(), 0, "a blank end would be of a service that goes on");
}

#[test]
fn a_mapping_for_the_csv_file_reads_the_parquet_file_of_its_name() {
    let schema = "required binary Pupil (UTF8); required int32 Day (DATE); required binary Code (UTF8);";
    let columns = [Values::Bytes(&[b"S1"]), Values::Int(&[20_000]), Values::Bytes(&[b"present"])];
    let bytes = file(schema, Compression::SNAPPY, &columns);
    for pattern in ["a*.csv", "A1.parquet", "a*"] {
        let folder = TempDir::new().expect("a temporary folder");
        let (mapping, place) = (folder.path().join("own.toml"), folder.path().join("files"));
        fs::create_dir(&place).expect("a folder in it");
        fs::write(place.join("A1.parquet"), &bytes).expect("a file");
        let text = format!(
            "name = 'a'\nfiles = ['{pattern}']\ntemplate = 'attendance_events.csv'\n[columns]\n\
             student_id = 'Pupil'\nschool = {{ constant = 'S1' }}\ndate = 'Day'\nstatus = 'Code'\n"
        );
        fs::write(&mapping, text).expect("a mapping");
        let mappings = Mappings::with_files(&[&mapping]).expect("a mapping without mistakes");
        let mut rows = Vec::new();
        let reading = read_mapped(&place, None, &mappings, &mut |row| rows.push(row)).expect("a mapped file");
        assert_eq!((rows.len(), reading.defects.len()), (1, 0), "{pattern}");
        assert_eq!(reading.summary.files[0].mapping.as_deref(), Some("a"));
    }
}

fn error_of(name: &str, bytes: &[u8]) -> String {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join(name), bytes).expect("a file in a temporary folder");
    match read(folder.path(), None, &mut |_| {}) {
        Err(error @ (Error::Parquet { .. } | Error::TooLarge)) => error.to_string(),
        Err(other) => panic!("another error: {other}"),
        Ok(_) => "read".into(),
    }
}

#[test]
fn what_no_text_can_be_made_of_is_said_without_its_values() {
    let whole = students(Compression::ZSTD(Default::default()));
    for cut in [0, 3, 4, 50, whole.len() / 2, whole.len() - 1] {
        let said = error_of("students.parquet", &whole[..cut]);
        assert!(said.starts_with("students.parquet is not Parquet that can be read"), "{cut}: {said}");
    }
    let list = "repeated binary student_id (UTF8);";
    let columns = [Values::Text(&[Some("S1")])];
    assert!(error_of("students.parquet", &file(list, Compression::SNAPPY, &columns)).contains("a list"));
    let hour = "required binary student_id (UTF8); required int32 birth_date (TIME_MILLIS);";
    let columns = [Values::Bytes(&[b"S1"]), Values::Int(&[1])];
    assert!(
        error_of("students.parquet", &file(hour, Compression::SNAPPY, &columns))
            .contains("no text stands for")
    );
    for of in ["(UTF8)", ""] {
        let name = format!("required binary student_id {of};");
        let said =
            error_of("students.parquet", &file(&name, Compression::SNAPPY, &[Values::Bytes(&[b"Zo\xEB"])]));
        assert!(said.starts_with("students.parquet ") && !said.contains("Zo"), "{said}");
    }
}

/// Whatever byte is wrong, there is an answer. Some wrong bytes are read as other values, as in any file.
#[test]
fn no_damage_ends_the_program() {
    let whole = students(Compression::SNAPPY);
    for at in (0..whole.len()).step_by(5) {
        for flip in [0x01, 0xFF] {
            let mut damaged = whole.clone();
            damaged[at] ^= flip;
            error_of("students.parquet", &damaged);
        }
    }
}

#[test]
fn a_file_of_both_forms_is_ambiguous_and_refused_rows_are_written_as_csv() {
    let (from, to) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let path = |name: &str| from.path().join(name);
    fs::write(path("students.parquet"), students(Compression::SNAPPY)).expect("a file");
    let rows = RefusedRows::from([("students.parquet".into(), [3].into())]);
    write_refused(from.path(), &rows, to.path()).expect("a folder that can be written");
    let written = fs::read_to_string(to.path().join("students.csv")).expect("it was written");
    assert!(written.ends_with("\n\"S2\",,\"2011-01-27\",\"2025\",\"false\",\"green\"\n"), "{written}");
    fs::write(path("students.csv"), CSV).expect("a file");
    assert!(matches!(read(from.path(), None, &mut |_| {}), Err(Error::Ambiguous(_))));
}
