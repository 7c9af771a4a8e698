//! Parquet as the text that every other reader takes: a header, and a line for each row.
//!
//! A file becomes the CSV that its owner would have exported, in memory, so whatever is known of a CSV file of that name
//! holds for it: row 2 of a defect is the first row. Columns must be flat. What the library that decodes it held on the way
//! is freed, and not wiped as the text is.

use crate::calendar::Date;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::ColumnDescriptor;
use prost::bytes::Bytes;
use std::borrow::Cow;
use std::cell::Cell;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use zeroize::Zeroizing;

/// Why a file cannot be read. Nothing of what the library says is repeated: it quotes values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Error {
    #[error(
        "is not Parquet that can be read, or is compressed by another method than snappy, gzip, lz4 or zstd"
    )]
    Malformed,
    #[error("has a column that is a list, a structure or of a type that no text stands for")]
    Column,
    #[error("has text that is not UTF-8")]
    Text,
    #[error("holds more than may be read")]
    TooLarge,
}

thread_local! {
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread decodes Parquet: a panic then is a damaged file, is caught and needs no words.
pub(crate) fn is_decoding() -> bool {
    IS_DECODING.get()
}

/// The rows as CSV of `most` bytes at most. The library panics about some damaged files.
pub(super) fn to_csv(bytes: Zeroizing<Vec<u8>>, most: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
    IS_DECODING.set(true);
    let read = catch_unwind(AssertUnwindSafe(|| read(bytes, most)));
    IS_DECODING.set(false);
    read.unwrap_or(Err(Error::Malformed))
}

fn read(bytes: Zeroizing<Vec<u8>>, most: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
    let reader = SerializedFileReader::new(Bytes::from_owner(bytes)).map_err(|_| Error::Malformed)?;
    let metadata = reader.metadata();
    let sizes =
        metadata.row_groups().iter().map(|group| u64::try_from(group.total_byte_size()).unwrap_or(u64::MAX));
    if sizes.fold(0, u64::saturating_add) > most {
        return Err(Error::TooLarge);
    }
    let columns = metadata.file_metadata().schema_descr().columns();
    let nanoseconds = columns
        .iter()
        .map(|column| is_nanoseconds(column))
        .collect::<Option<Vec<_>>>()
        .ok_or(Error::Column)?;
    let mut out = Text { bytes: Zeroizing::new(Vec::new()), most };
    for (at, column) in columns.iter().enumerate() {
        out.cell(at, column.name())?;
    }
    out.push(b"\n")?;
    for row in reader.get_row_iter(None).map_err(|_| Error::Malformed)? {
        let row = row.map_err(|_| Error::Malformed)?;
        for (at, ((_, field), is_nanoseconds)) in row.get_column_iter().zip(&nanoseconds).enumerate() {
            out.cell(at, &text(field, *is_nanoseconds)?)?;
        }
        out.push(b"\n")?;
    }
    Ok(out.bytes)
}

/// Whether a column is of nanoseconds since 1970, which the library knows no type for and reads as integers; nothing for
/// one that is not read. Of types that are not named here, the library would tell the value while it fails.
fn is_nanoseconds(column: &ColumnDescriptor) -> Option<bool> {
    use ConvertedType as Is;
    if column.path().parts().len() != 1 || column.max_rep_level() > 0 {
        return None;
    }
    let converted = column.converted_type();
    let is_read = match column.physical_type() {
        Physical::BOOLEAN | Physical::FLOAT | Physical::DOUBLE | Physical::INT96 => true,
        Physical::INT32 => matches!(
            converted,
            Is::NONE
                | Is::INT_8
                | Is::INT_16
                | Is::INT_32
                | Is::UINT_8
                | Is::UINT_16
                | Is::UINT_32
                | Is::DATE
                | Is::DECIMAL
        ),
        Physical::INT64 => matches!(
            converted,
            Is::NONE | Is::INT_64 | Is::UINT_64 | Is::TIMESTAMP_MILLIS | Is::TIMESTAMP_MICROS | Is::DECIMAL
        ),
        Physical::BYTE_ARRAY => {
            matches!(converted, Is::UTF8 | Is::ENUM | Is::JSON | Is::NONE | Is::DECIMAL)
        }
        Physical::FIXED_LEN_BYTE_ARRAY => converted == Is::DECIMAL,
    };
    let is_nanoseconds = matches!(
        column.logical_type_ref(),
        Some(LogicalType::Timestamp(of)) if of.unit == TimeUnit::NANOS
    );
    is_read.then_some(is_nanoseconds)
}

fn text(field: &Field, is_nanoseconds: bool) -> Result<Cow<'_, str>, Error> {
    const NANOS_PER_MILLI: i64 = 1_000_000;
    let owned = |text: String| Ok(Cow::Owned(text));
    match field {
        Field::Null => Ok("".into()),
        Field::Bool(is) => owned(is.to_string()),
        Field::Byte(n) => owned(n.to_string()),
        Field::Short(n) => owned(n.to_string()),
        Field::Int(n) => owned(n.to_string()),
        Field::Long(n) if is_nanoseconds => Ok(moment(n.div_euclid(NANOS_PER_MILLI)).into()),
        Field::Long(n) => owned(n.to_string()),
        Field::UByte(n) => owned(n.to_string()),
        Field::UShort(n) => owned(n.to_string()),
        Field::UInt(n) => owned(n.to_string()),
        Field::ULong(n) => owned(n.to_string()),
        // Nothing is often written as "not a number".
        Field::Float(x) if x.is_nan() => Ok("".into()),
        Field::Double(x) if x.is_nan() => Ok("".into()),
        Field::Float(x) => owned(x.to_string()),
        Field::Double(x) => owned(x.to_string()),
        Field::Decimal(of) => decimal(of.data(), of.scale()).map(Cow::Owned).ok_or(Error::Column),
        Field::Str(text) => Ok(text.into()),
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).map(Cow::Borrowed).map_err(|_| Error::Text),
        // A day outside the calendar stays a number, which is no date: blank, it would say that there is none.
        Field::Date(days) => {
            owned(Date::from_days(*days).map_or_else(|| days.to_string(), |day| day.to_string()))
        }
        Field::TimestampMillis(millis) => Ok(moment(*millis).into()),
        Field::TimestampMicros(micros) => Ok(moment(micros.div_euclid(1_000)).into()),
        _ => Err(Error::Column),
    }
}

/// A day, where a moment is its beginning, and a moment otherwise; milliseconds since 1970.
fn moment(millis: i64) -> String {
    const DAY: i64 = 86_400_000;
    let day = i32::try_from(millis.div_euclid(DAY)).ok().and_then(Date::from_days);
    let Some(day) = day else { return millis.to_string() };
    match millis.rem_euclid(DAY) / 1_000 {
        0 => day.to_string(),
        seconds => format!("{day}T{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60),
    }
}

/// A whole number of two's complement, highest byte first, over ten to a power.
fn decimal(bytes: &[u8], scale: i32) -> Option<String> {
    let sign = bytes.first().map_or(0, |first| if first & 0x80 == 0 { 0 } else { 0xFF });
    let mut wide = [sign; 16];
    wide.get_mut(16_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    let (number, scale) =
        (i128::from_be_bytes(wide), usize::try_from(scale).ok().filter(|scale| *scale <= 38)?);
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, rest) = digits.split_at(digits.len() - scale);
    let rest = rest.trim_end_matches('0');
    let sign = if number < 0 { "-" } else { "" };
    Some(if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") })
}

/// Text that leaves no copies behind as it grows.
struct Text {
    bytes: Zeroizing<Vec<u8>>,
    most: u64,
}

impl Text {
    fn push(&mut self, more: &[u8]) -> Result<(), Error> {
        let needed = self.bytes.len() + more.len();
        if needed as u64 > self.most {
            return Err(Error::TooLarge);
        }
        if needed > self.bytes.capacity() {
            let mut grown = Zeroizing::new(Vec::with_capacity((2 * needed).max(1 << 16)));
            grown.extend_from_slice(&self.bytes);
            self.bytes = grown;
        }
        self.bytes.write_all(more).expect("a vector takes whatever it is given");
        Ok(())
    }

    /// A cell in quotation marks. Line breaks become spaces: a row is a line, so that rows can be counted.
    fn cell(&mut self, at: usize, text: &str) -> Result<(), Error> {
        self.push(if at > 0 { b"," } else { b"" })?;
        if text.is_empty() {
            return Ok(());
        }
        self.push(b"\"")?;
        let mut rest = text;
        while let Some(next) = rest.find(['"', '\r', '\n']) {
            self.push(&rest.as_bytes()[..next])?;
            self.push(if rest.as_bytes()[next] == b'"' { b"\"\"" } else { b" " })?;
            rest = &rest[next + 1..];
        }
        self.push(rest.as_bytes())?;
        self.push(b"\"")
    }
}
