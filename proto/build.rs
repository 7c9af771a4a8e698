//! Compiles the API with `protox`, so that no `protoc` is needed. Messages whose making is
//! restricted are not generated: the code is told to use the domain's own types.

use std::error::Error;
use std::path::PathBuf;

const FILES: [&str; 6] = [
    "exchange/v1/records.proto",
    "exchange/v1/receipt.proto",
    "exchange/v1/ingest.proto",
    "exchange/v1/releases.proto",
    "exchange/v1/audit.proto",
    "exchange/v1/admin.proto",
];

/// Messages that carry what sources send, or the name of who called: they can not be printed, not even by mistake.
const NO_DEBUG: [&str; 15] = [
    "exchange.v1.ErasePersonRequest",
    "exchange.v1.ListEntriesRequest",
    "exchange.v1.LogOpening",
    "exchange.v1.LogEntry",
    "exchange.v1.ListEntriesResponse",
    "exchange.v1.ListOrganizationEntriesResponse",
    "exchange.v1.ExportLogResponse",
    "exchange.v1.ListStudentDisclosuresRequest",
    "exchange.v1.ListStudentDisclosuresResponse",
    "exchange.v1.Record",
    "exchange.v1.Identifiers",
    "exchange.v1.Person",
    "exchange.v1.Batch",
    "exchange.v1.FileKeys",
    "exchange.v1.PushRequest",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(FILES, ["proto"])?;
    tonic_prost_build::configure()
        .extern_path(".exchange.v1.ProtectedTable", "crate::disclosure::ProtectedTable")
        .extern_path(".exchange.v1.Cell", "crate::disclosure::Cell")
        .extern_path(".exchange.v1.RateCode", "crate::disclosure::RateCode")
        .extern_path(".exchange.v1.Counted", "crate::disclosure::Counted")
        .extern_path(".exchange.v1.Earlier", "crate::disclosure::Earlier")
        .extern_path(".exchange.v1.Mark", "crate::disclosure::Mark")
        .extern_path(".exchange.v1.Filter", "crate::disclosure::Filter")
        .extern_path(".exchange.v1.Receipt", "crate::audit::Receipt")
        .extern_path(".exchange.v1.Release", "crate::release::Release")
        .build_transport(false)
        .skip_debug(NO_DEBUG)
        .out_dir(PathBuf::from(std::env::var("OUT_DIR")?))
        .compile_fds(descriptors)?;
    Ok(())
}
