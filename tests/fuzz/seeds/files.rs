//! Files of rows, archives and certificates.

use super::put;
use crate::targets::log::{LOG, pkcs8, signed};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

pub(super) fn files() {
    let schema = "message rows { required binary student_id (UTF8); optional binary last_name (UTF8); required int32 birth_date (DATE); }";
    for (name, compression) in [("plain", Compression::UNCOMPRESSED), ("snappy", Compression::SNAPPY)] {
        let schema = Arc::new(parse_message_type(schema).expect("a schema"));
        let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).expect("a writer");
        let mut group = writer.next_row_group().expect("a row group");
        let mut column = group.next_column().expect("it goes on").expect("a column");
        let texts = [ByteArray::from("S1"), ByteArray::from("S2")];
        column.typed::<ByteArrayType>().write_batch(&texts, None, None).expect("a batch");
        column.close().expect("a whole column");
        let mut column = group.next_column().expect("it goes on").expect("a column");
        column
            .typed::<ByteArrayType>()
            .write_batch(&[ByteArray::from("OŽNEIL")], Some(&[1, 0]), None)
            .expect("a batch");
        column.close().expect("a whole column");
        let mut column = group.next_column().expect("it goes on").expect("a column");
        column.typed::<Int32Type>().write_batch(&[15_000, 15_001], None, None).expect("a batch");
        column.close().expect("a whole column");
        group.close().expect("a whole group");
        put("exports", &format!("parquet-{name}"), b"p", writer.into_inner().expect("a whole file"));
    }
    let mut archive = zip::write::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("programs.csv", zip::write::SimpleFileOptions::default()).expect("an entry");
    std::io::Write::write_all(&mut archive, b"program,name\nP1,Tutoring\n").expect("a file in memory");
    put("exports", "zip", b"z", archive.finish().expect("an archive").into_inner());
    put("keys", "log-key", b"k", pkcs8(7));
    let mut params = rcgen::CertificateParams::default();
    let uri = "spiffe://collab.example/org/northfield/role/source/person/ada";
    params.subject_alt_names = vec![rcgen::SanType::URI(uri.try_into().expect("ASCII"))];
    params.serial_number = Some(7_u64.into());
    let key = rcgen::KeyPair::try_from(pkcs8(9)).expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    put("keys", "certificate", b"d", certificate.der());
    put("keys", "certificate-pem", b"p", certificate.pem());
    put("keys", "key-pem", b"p", key.serialize_pem());
    let seen = format!(
        "{{\"last\":{},\"seen\":[{}],\"at\":\"2026-11-23T10:20:30.456Z\"}}",
        serde_json::to_string(signed(LOG.head(20)).note()).expect("a text"),
        serde_json::to_string(signed(LOG.head(20)).note()).expect("a text"),
    );
    put("keys", "memory", b"m", seen);
}
