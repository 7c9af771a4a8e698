//! Reading secrets: from a file only its owner can read, or from a command.

use super::config::KeySource;
use crate::audit::SignerKey;
use crate::identity::Roots;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// Why a secret can not be used. Nothing of the secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file can not be read.
    #[error("cannot read the key file {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// Others than the owner can read the file.
    #[error("the key file {} can be read by others: chmod 600 it", .0.display())]
    Exposed(PathBuf),
    /// The command failed.
    #[error("the key command {0} failed")]
    Command(String),
    /// It is not the hex of a secret of the right kind.
    #[error(
        "the {0} key is not what it should be (32 bytes, or PKCS#8 for the log, in hex; log_next another than log)"
    )]
    Malformed(&'static str),
    /// It is not a key file.
    #[error("the linkage key {0}")]
    NotAKeyRing(#[from] crate::identity::NotAKeyRing),
}

/// Reads 32 secret bytes.
///
/// # Errors
///
/// [`KeyError`].
pub fn root(what: &'static str, source: &KeySource) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let bytes = secret(what, source)?;
    let root: [u8; 32] = bytes[..].try_into().map_err(|_| KeyError::Malformed(what))?;
    Ok(Zeroizing::new(root))
}

/// Reads secret bytes of any length, written in hex.
///
/// # Errors
///
/// [`KeyError`].
pub fn secret(what: &'static str, source: &KeySource) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    from_hex(text(source)?.trim()).ok_or(KeyError::Malformed(what))
}

/// The log's key under its name, with the one that is to follow it, where one is.
///
/// # Errors
///
/// [`KeyError`].
pub fn signer(name: &str, log: &KeySource, next: Option<&KeySource>) -> Result<SignerKey, KeyError> {
    let malformed = |what| move |_| KeyError::Malformed(what);
    let signer = SignerKey::from_pkcs8(name, &secret("log", log)?).map_err(malformed("log"))?;
    match next {
        None => Ok(signer),
        Some(next) => signer.followed_by(&secret("log_next", next)?).map_err(malformed("log_next")),
    }
}

/// Reads the secrets of whoever encodes.
///
/// # Errors
///
/// [`KeyError`].
pub fn roots(source: &KeySource) -> Result<Roots, KeyError> {
    Ok(Roots::parse(&text(source)?)?)
}

fn text(source: &KeySource) -> Result<Zeroizing<String>, KeyError> {
    match source {
        KeySource::File(path) => file(path),
        KeySource::Exec(command) => output(command),
    }
}

fn file(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let unreadable = |cause| KeyError::Unreadable { path: path.to_owned(), cause };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_err(unreadable)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed(path.to_owned()));
        }
    }
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(unreadable)
}

fn output(command: &[String]) -> Result<Zeroizing<String>, KeyError> {
    let failed = || KeyError::Command(command.first().cloned().unwrap_or_default());
    let (program, arguments) = command.split_first().ok_or_else(failed)?;
    let run = std::process::Command::new(program).args(arguments).stdin(std::process::Stdio::null()).output();
    let output = run.map_err(|_| failed())?;
    if !output.status.success() {
        return Err(failed());
    }
    let text = String::from_utf8(output.stdout).map_err(|error| {
        error.into_bytes().zeroize();
        failed()
    })?;
    Ok(Zeroizing::new(text))
}

fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits = text.as_bytes();
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let bytes = digits.chunks(2).map(|pair| match pair {
        &[high, low] => Some(value(high)? << 4 | value(low)?),
        _ => None,
    });
    let bytes: Option<Vec<u8>> = bytes.collect();
    bytes.filter(|bytes| !bytes.is_empty()).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        std::fs::write(&path, "07".repeat(32)).expect("written");
        let source = KeySource::File(path.clone());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("set");
        assert!(matches!(root("service", &source), Err(KeyError::Exposed(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
        assert_eq!(*root("service", &source).expect("read"), [7; 32]);
    }

    #[test]
    fn a_command_may_hold_the_secret() {
        let exec = |words: &[&str]| KeySource::Exec(words.iter().map(ToString::to_string).collect());
        let hex = "0a".repeat(32);
        assert_eq!(*root("linkage", &exec(&["echo", &hex])).expect("printed"), [10; 32]);
        assert!(matches!(root("linkage", &exec(&["false"])), Err(KeyError::Command(_))));
        assert!(matches!(root("linkage", &exec(&["echo", "0a0b"])), Err(KeyError::Malformed("linkage"))));
        assert!(matches!(root("linkage", &exec(&["echo", "xyz"])), Err(KeyError::Malformed(_))));
    }
}
