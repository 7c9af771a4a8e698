//! The service's configuration: one struct, one file, unknown keys refused.

use serde::Deserialize;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// The configuration. Paths are relative to the file it is read from.
///
/// ```
/// let example = throughline::server::Config::EXAMPLE;
/// let config = throughline::server::Config::parse(example, "/srv/throughline".as_ref()).unwrap();
/// assert_eq!(config.database, std::path::Path::new("/srv/throughline/throughline.db"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Address of this machine at which Prometheus asks for figures, in the clear and without a certificate; nowhere by default.
    pub metrics: Option<SocketAddr>,
    /// The database.
    pub database: PathBuf,
    /// Trust domain of the certificates.
    pub trust_domain: String,
    /// Refuse identifiers in the clear: only sources hold the linkage key.
    pub encoded_only: bool,
    /// Agreements and linkage keys are changed by two people only, each by a certificate that names them.
    #[serde(default)]
    pub two_people: bool,
    /// Seconds between verifications of the whole access log while the service runs; an hour by default.
    #[serde(default = "hour")]
    pub verify_log_every_s: NonZeroU32,
    /// Organizations that have to cosign a checkpoint of the access log for it to be witnessed; two by default.
    #[serde(default = "two")]
    pub witnesses_min: NonZeroU32,
    /// Seconds between looks at what agreements say is to be destroyed; a minute by default.
    #[serde(default = "minute")]
    pub check_dates_every_s: NonZeroU32,
    /// Certificates.
    pub tls: TlsFiles,
    /// Secrets.
    pub keys: KeySources,
    /// What callers may use.
    #[serde(default)]
    pub limits: LimitSettings,
}

fn hour() -> NonZeroU32 {
    NonZeroU32::new(3_600).expect("an hour has seconds")
}

fn two() -> NonZeroU32 {
    NonZeroU32::new(2).expect("two is not zero")
}

fn minute() -> NonZeroU32 {
    NonZeroU32::new(60).expect("a minute has seconds")
}

/// Certificate files, PEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// Certificate authority that callers' certificates come from.
    pub ca: PathBuf,
    /// The service's certificate chain.
    pub certificate: PathBuf,
    /// Its key, mode 0600.
    pub key: PathBuf,
    /// Revoked certificates.
    pub revoked: Option<PathBuf>,
}

/// Where secrets come from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySources {
    /// Root of the service's own keys: 32 bytes in hex.
    pub service: KeySource,
    /// Roots of tokens and linkage keys ([`Roots`](crate::identity::Roots)). Absent where only sources hold them.
    pub linkage: Option<KeySource>,
    /// The log's Ed25519 key: PKCS#8 in hex.
    pub log: KeySource,
    /// The key that is to follow it: both sign until it is `log`.
    pub log_next: Option<KeySource>,
}

/// A secret in a file of mode 0600, or printed by a command.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// A command and its arguments; it prints the secret on standard output.
    Exec(Vec<String>),
}

/// What callers may use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Connections at once.
    pub connections_max: usize,
    /// Milliseconds a TLS handshake may take.
    pub handshake_timeout_ms: u64,
    /// Connections at once, of one organization.
    pub connections_per_organization_max: usize,
    /// Calls at once, of all organizations.
    pub running_calls_max: usize,
    /// Calls at once, of one organization.
    pub running_calls_per_organization_max: usize,
    /// Calls a second, of one organization, on average; after a rest a tenth of them at once, or a hundred.
    pub calls_per_second: u32,
    /// Largest message of a push, in bytes.
    pub push_message_bytes_max: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            connections_max: 256,
            handshake_timeout_ms: 5_000,
            connections_per_organization_max: 64,
            running_calls_max: 256,
            running_calls_per_organization_max: 32,
            calls_per_second: 1_000,
            push_message_bytes_max: 16 * 1024 * 1024,
        }
    }
}

/// Why a configuration can not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can not be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The text is not a configuration.
    #[error("not a valid configuration: {0}")]
    Invalid(String),
}

impl Config {
    /// A configuration with every key.
    pub const EXAMPLE: &'static str = include_str!("example.toml");

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |cause| ConfigError::Unreadable { path: path.to_owned(), cause };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Self::parse(&text, path.parent().unwrap_or(Path::new(".")))
    }

    /// Parses a text whose paths are relative to `base`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`].
    pub fn parse(text: &str, base: &Path) -> Result<Self, ConfigError> {
        let invalid = |error: toml::de::Error| ConfigError::Invalid(error.message().to_owned());
        let mut config: Self = toml::from_str(text).map_err(invalid)?;
        if config.encoded_only == config.keys.linkage.is_some() {
            let message = "keys.linkage belongs there exactly when encoded_only is false";
            return Err(ConfigError::Invalid(message.into()));
        }
        if config.metrics.is_some_and(|address| !address.ip().is_loopback()) {
            let message = "metrics must be an address of this machine alone, such as 127.0.0.1:9464";
            return Err(ConfigError::Invalid(message.into()));
        }
        let files =
            [&mut config.database, &mut config.tls.ca, &mut config.tls.certificate, &mut config.tls.key];
        for path in files.into_iter().chain(config.tls.revoked.as_mut()) {
            *path = base.join(&*path);
        }
        let keys = [&mut config.keys.service, &mut config.keys.log];
        for source in keys.into_iter().chain(&mut config.keys.linkage).chain(&mut config.keys.log_next) {
            if let KeySource::File(path) = source {
                *path = base.join(&*path);
            }
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_refused() {
        let text = format!("retries = 3\n{}", Config::EXAMPLE);
        assert!(matches!(Config::parse(&text, Path::new(".")), Err(ConfigError::Invalid(_))));
    }

    #[test]
    fn figures_are_for_this_machine_alone() {
        let with = |address: &str| {
            let text =
                format!("metrics = \"{address}:9464\"\n{}", Config::EXAMPLE.replace("metrics =", "# "));
            Config::parse(&text, Path::new("."))
        };
        assert!(with("127.0.0.1").is_ok() && with("[::1]").is_ok());
        assert!(matches!(with("0.0.0.0"), Err(ConfigError::Invalid(_))));
    }

    #[test]
    fn the_linkage_key_is_there_exactly_when_the_service_encodes() {
        let text = Config::EXAMPLE.replace("encoded_only = false", "encoded_only = true");
        assert!(matches!(Config::parse(&text, Path::new(".")), Err(ConfigError::Invalid(_))));
    }
}
