//! `throughline audit`: read, export and check the access log.

pub(in crate::cli) mod certificate;
mod disclosures;
mod events;
mod exceptions;
mod export;
mod key;
mod list;
mod openings;
mod reading;
mod receipt;
mod verify;

use super::{Done, Failure};
use crate::audit::VerifierKey;
use std::path::Path;

/// Read and check the access log
#[derive(clap::Subcommand)]
pub(super) enum Audit {
    /// List entries
    List(Box<list::List>),
    /// Write the whole log as a folder that anyone can check (C2SP tlog-tiles)
    Export(export::Export),
    Verify(verify::Verify),
    /// Which key signs the log, and which is to follow it; take that up
    Key(key::Key),
    Exceptions(Box<exceptions::Find>),
    /// Say who was given what of a source's records and why, out of an exported log; or of one of your students (34 CFR 99.32)
    Disclosures(Box<disclosures::Disclosures>),
    /// Check a receipt that was saved (C2SP tlog-proof), without the service, and print its entry
    Receipt(receipt::Saved),
    /// List what was destroyed, and fetch the certificates
    Certificates(certificate::List),
    /// Check a certificate of destruction, without the service, and print it
    Certificate(certificate::Check),
}

impl Audit {
    pub(super) fn run(self) -> Done {
        match self {
            Self::List(verb) => super::wait(verb.run()),
            Self::Export(verb) => super::wait(verb.run()),
            Self::Verify(verb) => verb.run(),
            Self::Key(verb) => super::wait(verb.run()),
            Self::Receipt(verb) => verb.run(),
            Self::Exceptions(verb) => verb.run(),
            Self::Certificates(verb) => super::wait(verb.run()),
            Self::Certificate(verb) => verb.run(),
            Self::Disclosures(verb) => verb.run(),
        }
    }
}

/// A value that may be absent.
fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// The log's key as somebody has kept it.
fn open_log(file: &Path) -> Result<VerifierKey, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))?;
    Ok(text.trim().parse()?)
}
