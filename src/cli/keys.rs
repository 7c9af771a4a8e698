//! `throughline keys`: the key file of whoever encodes.

use super::init::{make_log_key, random};
use super::screen::say;
use super::{Done, Failure, Finish};
use crate::identity::{KeyId, Root, Roots};
use crate::server::{KeySource, keys};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Show the linkage keys in a key file by their ids, add the next one, take one out
#[derive(clap::Subcommand)]
pub(super) enum Keys {
    /// Show the ids of the linkage keys in a key file; nobody can tell a key from its id
    Show(Show),
    /// Make a new linkage key and add it to the key file, beside the one in use
    Rotate(Rotate),
    /// Take a linkage key out of the key file, for good
    Retire(Retire),
    /// Make the key that is to follow the one that signs the access log
    LogNext(LogNext),
}

#[derive(clap::Args)]
#[command(after_help = "\
Then, in this order: name it as log_next under [keys] in throughline.toml and restart the service, from when on both keys sign;
have whoever has certificates take it up (`throughline audit key --take-up`); and when all have, name it as log, take log_next
out and restart the service. What only the old key has signed is checked with the old public key: keep it.")]
pub(super) struct LogNext {
    /// The file to make
    file: PathBuf,
}

#[derive(clap::Args)]
pub(super) struct Show {
    /// The key file
    file: PathBuf,
}

#[derive(clap::Args)]
#[command(after_help = "\
Then, in this order: give the file to whoever encodes (restart the service, or hand it to the sources where only they
encode), announce the key with `throughline steward key begin ID`, have all sources push their students again, and end
with `throughline steward key finish`. Both keys are needed until then.")]
pub(super) struct Rotate {
    /// The key file
    file: PathBuf,
}

#[derive(clap::Args)]
#[command(after_help = "\
Only after `throughline steward key finish` (or `cancel`, for the new one): without the key in use nobody can encode.")]
pub(super) struct Retire {
    /// The key file
    file: PathBuf,
    /// Id of the key to take out
    id: String,
}

impl Keys {
    pub(super) fn run(self) -> Done {
        match self {
            Self::Show(Show { file }) => {
                let ids = read(&file)?.linkage_ids();
                let words = if ids.len() > 1 { ["the older", "the newer"] } else { ["", ""] };
                for (id, word) in ids.iter().zip(words) {
                    say(format!("{id}  {word}").trim_end());
                }
            }
            Self::Rotate(Rotate { file }) => {
                let mut roots = read(&file)?;
                if !roots.add(Root::from_bytes(*random()?)) {
                    return Err(Failure::new(format!(
                        "{} holds two linkage keys already: finish that change, then retire the old key",
                        file.display()
                    )));
                }
                write(&file, &roots)?;
                let id = roots.linkage_ids().pop().map(|id| id.to_string()).unwrap_or_default();
                say(&format!("{} holds the new key {id} beside the one in use", file.display()));
                say(&format!("once whoever encodes has it: throughline steward key begin {id}"));
            }
            Self::Retire(Retire { file, id }) => {
                let key = KeyId::parse(&id)
                    .ok_or_else(|| Failure::new("the id of a key is 12 hexadecimal digits"))?;
                let mut roots = read(&file)?;
                if !roots.remove(key) {
                    return Err(Failure::new(format!(
                        "{} does not hold this key beside another",
                        file.display()
                    )));
                }
                write(&file, &roots)?;
                say(&format!("{} does not hold key {key} any more", file.display()));
            }
            Self::LogNext(LogNext { file }) => {
                make_log_key(&file)?;
                say(&format!("{} holds a key for the access log; nothing signs with it yet", file.display()));
                say(
                    "name it in throughline.toml, under [keys]: log_next = { file = \"...\" }, and restart the service",
                );
            }
        }
        Ok(Finish::All)
    }
}

fn read(file: &Path) -> Result<Roots, Failure> {
    Ok(keys::roots(&KeySource::File(file.to_owned()))?)
}

/// Replaces a key file as a whole: cut off in the middle, the old one is there.
fn write(file: &Path, roots: &Roots) -> Result<(), Failure> {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    // One that was cut off has left it behind.
    let _ = std::fs::remove_file(&new);
    let mut options = std::fs::OpenOptions::new();
    let mut writing = options.write(true).create_new(true).mode(0o600).open(&new)?;
    writing.write_all(roots.to_text().as_bytes())?;
    writing.sync_all()?;
    std::fs::rename(&new, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(std::fs::File::open(folder)?.sync_all()?)
}
