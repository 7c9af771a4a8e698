//! The place files come from: a folder, an archive or one file; never extracted, never unlimited.

use super::defect::printable;
use super::mapping::Mistakes;
use super::parquet;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;
use zip::ZipArchive;
use zip::result::ZipError;

/// A place cannot be read as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system says no.
    #[error("cannot read {what}")]
    Io {
        /// What was to be read.
        what: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// An archive is damaged, encrypted or of another kind.
    #[error("cannot read the archive")]
    Archive(#[source] ZipError),
    /// An archive with suspiciously many files.
    #[error("the archive has more than {ENTRIES_MAX} entries")]
    TooManyEntries,
    /// A Parquet file that no text can be made of.
    #[error("{file} {reason}")]
    Parquet {
        /// Its name.
        file: String,
        /// Why not.
        reason: String,
    },
    /// More than fits, or an archive made to overwhelm.
    #[error("the files hold more than {} GiB", BYTES_MAX >> 30)]
    TooLarge,
    /// Files that differ only in letter case or folder: which one is meant?
    #[error("there are two files named {0}")]
    Ambiguous(String),
    /// No file has a known name and a header.
    #[error("no file here is of OneRoster or Ed-Fi, one of the templates or one that a mapping is for")]
    NothingKnown,
    /// Files have the name of a mapping and not its columns, and there are no others.
    #[error("{0}")]
    NotItsColumns(String),
    /// Files and mappings do not fit each other.
    #[error(transparent)]
    Mappings(Mistakes),
}

const ENTRIES_MAX: usize = 200;
const BYTES_MAX: u64 = 4 << 30;
/// Bytes of files that are read piece by piece, each as often as it is read: these fill no memory.
const STREAMED_MAX: u64 = 64 << 30;

/// The `.csv`, `.parquet`, `.json`, `.jsonl` and `.xml` files of a place, found by name without regard to letter case.
pub(super) struct Bundle {
    /// Lower-case name, of CSV where it is of Parquet, to the name as it is and to where it is.
    files: BTreeMap<String, (String, Place)>,
    archive: Option<ZipArchive<File>>,
    /// Bytes that may still be read.
    budget: u64,
    /// Bytes that may still be read piece by piece.
    streamed: u64,
}

enum Place {
    Path(PathBuf),
    Entry(usize),
}

impl Bundle {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        Self::open_within(path, BYTES_MAX)
    }

    fn open_within(path: &Path, budget: u64) -> Result<Self, Error> {
        let mut bundle = Self { files: BTreeMap::new(), archive: None, budget, streamed: STREAMED_MAX };
        if fs::metadata(path).map_err(io_error("the given path"))?.is_dir() {
            for entry in fs::read_dir(path).map_err(io_error("the folder"))? {
                let path = entry.map_err(io_error("the folder"))?.path();
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                if let (Some(name), true) = (name, path.is_file()) {
                    bundle.add(name, Place::Path(path))?;
                }
            }
            return Ok(bundle);
        }
        let mut file = File::open(path).map_err(io_error("the file"))?;
        // A table may well begin with a column called PK.
        let mut magic = Vec::with_capacity(4);
        file.by_ref().take(4).read_to_end(&mut magic).map_err(io_error("the file"))?;
        let is_archive = matches!(magic.as_slice(), b"PK\x03\x04" | b"PK\x05\x06");
        if is_archive {
            bundle.open_archive(file)?;
        } else if let Some(name) = path.file_name() {
            bundle.add(name.to_string_lossy().into_owned(), Place::Path(path.to_owned()))?;
        }
        Ok(bundle)
    }

    fn open_archive(&mut self, file: File) -> Result<(), Error> {
        let mut archive = ZipArchive::new(file).map_err(Error::Archive)?;
        if archive.len() > ENTRIES_MAX {
            return Err(Error::TooManyEntries);
        }
        let mut size = 0_u64;
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(Error::Archive)?;
            let entry_size = entry.size();
            let name = entry.name().map_err(Error::Archive)?.into_owned();
            let hidden = name.starts_with("__MACOSX/");
            // A name is only ever compared, so one such as `../users.csv` reaches nothing.
            let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
            size = size.saturating_add(if is_streamed(&name) { 0 } else { entry_size });
            if entry.is_file() && !hidden {
                self.add(name, Place::Entry(index))?;
            }
        }
        if size > self.budget {
            return Err(Error::TooLarge);
        }
        self.archive = Some(archive);
        Ok(())
    }

    fn add(&mut self, name: String, place: Place) -> Result<(), Error> {
        let lower = key(&name);
        if !(lower.ends_with(".csv") || is_streamed(&lower)) || lower.starts_with('.') {
            return Ok(());
        }
        match self.files.insert(lower, (name, place)) {
            Some((name, _)) => Err(Error::Ambiguous(name.chars().filter(|c| !c.is_control()).collect())),
            None => Ok(()),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(&key(name))
    }

    /// Names of the `.csv` and `.parquet` files not yet taken, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.values().map(|(name, _)| name.as_str()).filter(|name| !is_streamed(name))
    }

    /// Names of the other files, sorted.
    pub(super) fn streamed_names(&self) -> impl Iterator<Item = &str> {
        self.files.values().map(|(name, _)| name.as_str()).filter(|name| is_streamed(name))
    }

    /// Hands what a file holds to `each` piece by piece; it stays in the bundle, to be read again.
    pub(super) fn stream<T>(
        &mut self,
        name: &str,
        each: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> Result<Option<T>, Error> {
        let Some((name, place)) = self.files.get(&key(name)) else { return Ok(None) };
        let mut left = self.streamed;
        let result = match place {
            Place::Path(path) => {
                each(&mut Limited { inner: File::open(path).map_err(io_error(name))?, left: &mut left })
            }
            Place::Entry(index) => {
                let archive = self.archive.as_mut().expect("entries are only added from an archive");
                let entry = archive.by_index(*index).map_err(Error::Archive)?;
                each(&mut Limited { inner: entry, left: &mut left })
            }
        };
        self.streamed = left;
        match result {
            Err(_) if left == 0 => Err(Error::TooLarge),
            result => result.map(Some).map_err(io_error(name)),
        }
    }

    /// The bytes of a file, which is then no longer in the bundle, and its name; those of Parquet as CSV.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<Taken>, Error> {
        let Some((name, place)) = self.files.remove(&key(name)) else {
            return Ok(None);
        };
        let mut bytes = match place {
            Place::Path(path) => {
                let file = File::open(path).map_err(io_error(&name))?;
                let size = file.metadata().map_err(io_error(&name))?.len();
                read_within(file, size, self.budget, &name)?
            }
            Place::Entry(index) => {
                let archive = self.archive.as_mut().expect("entries are only added from an archive");
                let entry = archive.by_index(index).map_err(Error::Archive)?;
                let size = entry.size();
                read_within(entry, size, self.budget, &name)?
            }
        };
        if is_parquet(&name) {
            bytes = parquet::to_csv(bytes, self.budget).map_err(|error| match error {
                parquet::Error::TooLarge => Error::TooLarge,
                other => Error::Parquet { file: printable(&name), reason: other.to_string() },
            })?;
        }
        self.budget -= bytes.len() as u64;
        Ok(Some((name, bytes)))
    }
}

/// A file's name and bytes.
pub(super) type Taken = (String, Zeroizing<Vec<u8>>);

/// What a file is found by: a Parquet file stands for the CSV file of its name.
fn key(name: &str) -> String {
    csv_name(name).to_ascii_lowercase()
}

/// What a file would be called as CSV.
pub(super) fn csv_name(name: &str) -> Cow<'_, str> {
    let stem = name.len().checked_sub(".parquet".len()).filter(|_| is_parquet(name));
    stem.map_or(name.into(), |stem| format!("{}.csv", &name[..stem]).into())
}

/// Whether a file of this name is read as Parquet.
pub(super) fn is_parquet(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".parquet")
}

/// Whether a file of this name is read piece by piece.
fn is_streamed(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [".json", ".jsonl", ".xml"].iter().any(|end| lower.ends_with(end))
}

/// A source that fails instead of giving more than what is left.
struct Limited<'a, R> {
    inner: R,
    left: &'a mut u64,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if *self.left == 0 {
            return Err(io::Error::other("there is more than may be read"));
        }
        let room = usize::try_from(*self.left).unwrap_or(usize::MAX).min(buffer.len());
        let n = self.inner.read(&mut buffer[..room])?;
        *self.left -= n as u64;
        Ok(n)
    }
}

/// Reads to the end, unless there is more than `budget`: a declared size is only a hint.
fn read_within(source: impl Read, size: u64, budget: u64, name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    if size > budget {
        return Err(Error::TooLarge);
    }
    // Room made at once, so that growing leaves no copies behind; but no more than is plausible for a
    // size that may be a lie.
    let room = usize::try_from(size.min(1 << 28)).unwrap_or(0) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    source.take(budget.saturating_add(1)).read_to_end(&mut bytes).map_err(io_error(name))?;
    if bytes.len() as u64 > budget {
        return Err(Error::TooLarge);
    }
    Ok(bytes)
}

fn io_error(what: &str) -> impl FnOnce(io::Error) -> Error {
    let what = what.to_owned();
    move |source| Error::Io { what, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::{SimpleFileOptions, ZipWriter};

    #[test]
    fn what_unpacks_to_too_much_is_not_unpacked() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let path = folder.path().join("bomb.zip");
        let mut archive = ZipWriter::new(File::create(&path).expect("a file"));
        for name in ["users.csv", "orgs.csv"] {
            archive.start_file(name, SimpleFileOptions::default()).expect("an entry");
            archive.write_all(&[b'0'; 1 << 20]).expect("zeros");
        }
        archive.finish().expect("an archive");
        assert!(path.metadata().expect("the file").len() < 1 << 14);
        assert!(matches!(Bundle::open_within(&path, (1 << 21) - 1), Err(Error::TooLarge)));
        let mut bundle = Bundle::open_within(&path, 1 << 21).expect("just enough");
        assert_eq!(bundle.take("USERS.csv").expect("a file").map(|(_, bytes)| bytes.len()), Some(1 << 20));
        assert!(!bundle.has("users.csv"));
    }

    #[test]
    fn a_size_that_lies_is_found_out() {
        assert!(matches!(read_within(&[0; 100][..], 1, 99, "x"), Err(Error::TooLarge)));
        assert_eq!(read_within(&[0; 99][..], 1, 99, "x").map(|bytes| bytes.len()).ok(), Some(99));
    }
}
