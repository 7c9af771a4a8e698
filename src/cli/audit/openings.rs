//! Who called, in an exported log: a file beside the tiles. Without it the log verifies as it does with it, so it may be deleted
//! where people are erased.

use crate::api::Logged;
use crate::audit::Opening;
use crate::cli::Failure;
use crate::records::Code;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// The file, a line of JSON for each entry that it opens.
const FILE: &str = "openings.jsonl";

/// What opens entries, by their places.
#[derive(Default)]
pub(super) struct Openings(BTreeMap<u64, Opening>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    index: u64,
    #[serde(flatten)]
    opening: Names,
}

#[derive(Serialize, Deserialize)]
struct Names {
    /// 16 bytes, in Base64.
    salt: String,
    principal: Code,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate_serial: Option<Code>,
}

impl From<&Opening> for Names {
    fn from(opening: &Opening) -> Self {
        let Opening { salt, principal, certificate_serial } = opening.clone();
        Self { salt: STANDARD.encode(salt), principal, certificate_serial }
    }
}

/// What opens an entry as JSON.
pub(super) fn json(opening: &Opening) -> String {
    serde_json::to_string(&Names::from(opening)).expect("texts are always JSON")
}

impl Openings {
    pub(super) fn add(&mut self, logged: Logged) {
        self.0.extend(logged.opening.map(|opening| (logged.index, opening)));
    }

    /// Writes the file, where there is anything to write.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        for (&index, opening) in &self.0 {
            text += &serde_json::to_string(&Row { index, opening: opening.into() })?;
            text.push('\n');
        }
        Ok(std::fs::write(folder.join(FILE), text)?)
    }

    /// Reads the file of an exported log; nothing where there is none.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let text = match std::fs::read_to_string(folder.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::new(format!("cannot read {FILE}: {error}"))),
        };
        let mut openings = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let wrong = || Failure::new(format!("{FILE}: line {number} opens nothing"));
            let Row { index, opening } = serde_json::from_str(line).map_err(|_| wrong())?;
            let salt = STANDARD.decode(&opening.salt).map_err(|_| wrong())?;
            let salt = salt.try_into().map_err(|_| wrong())?;
            let Names { principal, certificate_serial, .. } = opening;
            openings.insert(index, Opening { salt, principal, certificate_serial });
        }
        Ok(Self(openings))
    }

    /// What opens the entry at a place, where it is known.
    pub(super) fn of(&self, index: u64) -> Option<&Opening> {
        self.0.get(&index)
    }
}
