//! PEM files, read the same strict way by both sides of a connection.
//!
//! A file that holds nothing of what it should is an error, and so is a private key that others on
//! the machine could read: found at start, it costs a `chmod`; found later, it costs every key.

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A PEM file can not be used. Nothing of its content is told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not there or can not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file holds none of what it should hold, or it is damaged.
    #[error("{} is not a PEM file with a {expected}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What was looked for in it.
        expected: &'static str,
    },
    /// Others than the owner have rights on a private key.
    #[error("{} can be read by others, set its mode to 0600", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
}

/// The certificates of a file, in its order, at least one.
///
/// # Errors
///
/// [`Error::Read`] and [`Error::Content`].
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    sections(path, "certificate")
}

/// The certificate revocation lists of a file, in its order, at least one.
///
/// # Errors
///
/// [`Error::Read`] and [`Error::Content`].
pub fn revocation_lists(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, Error> {
    sections(path, "certificate revocation list")
}

/// The one private key of a file that only its owner has rights on.
///
/// # Errors
///
/// Any [`Error`]; more than one key is [`Error::Content`].
pub fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let expected = "single private key";
    let file = open(path)?;
    // The mode of the open file, so that no swap of the path can come between look and use.
    if exposed(&file).map_err(|source| Error::Read { path: path.into(), source })? {
        return Err(Error::Exposed { path: path.into() });
    }
    let mut keys: Vec<PrivateKeyDer<'static>> = parse(&read(file, path)?, path, expected)?;
    match (keys.pop(), keys.is_empty()) {
        (Some(key), true) => Ok(key),
        _ => Err(Error::Content { path: path.into(), expected }),
    }
}

fn sections<T: PemObject>(path: &Path, expected: &'static str) -> Result<Vec<T>, Error> {
    parse(&read(open(path)?, path)?, path, expected)
}

fn parse<T: PemObject>(bytes: &[u8], path: &Path, expected: &'static str) -> Result<Vec<T>, Error> {
    let items: Result<Vec<T>, pem::Error> = T::pem_slice_iter(bytes).collect();
    // The parser's error quotes the damaged line, which may be part of a key: it is dropped.
    items.ok().filter(|items| !items.is_empty()).ok_or_else(|| Error::Content { path: path.into(), expected })
}

fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|source| Error::Read { path: path.into(), source })
}

/// All of a file, wiped when dropped. What is longer than a mebibyte is cut, then fails as damaged.
fn read(file: File, path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    const LENGTH_MAX: usize = 1 << 20;
    // Reserved at once: a buffer that grows would leave copies behind that nobody wipes.
    let length = file.metadata().map_or(0, |about| usize::try_from(about.len()).unwrap_or(LENGTH_MAX));
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.min(LENGTH_MAX) + 1));
    file.take(LENGTH_MAX as u64)
        .read_to_end(&mut bytes)
        .map_err(|source| Error::Read { path: path.into(), source })?;
    Ok(bytes)
}

#[cfg(unix)]
fn exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

/// Elsewhere rights are lists that the standard library can not read.
#[cfg(not(unix))]
fn exposed(_: &File) -> io::Result<bool> {
    Ok(false)
}
