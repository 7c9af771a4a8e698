//! The papers of the city: its organizations, agreements and product, and the keys, which are always the same so that a seed
//! replays in any process.

use throughline::server::peer::Role;

/// Sources, by their place in the model.
pub(crate) const SOURCES: [&str; 3] = ["northfield", "eastbrook", "westvale"];

/// Who is registered, and in which role.
pub(crate) const MEMBERS: [(&str, Role); 6] = [
    ("northfield", Role::Contributor),
    ("eastbrook", Role::Contributor),
    ("westvale", Role::Contributor),
    (PARTNER, Role::Partner),
    // Registered, but in no agreement.
    (BYSTANDER, Role::Partner),
    (STEWARD, Role::Steward),
];

pub(crate) const STEWARD: &str = "city-steward";
pub(crate) const PARTNER: &str = "city-partnership";
pub(crate) const BYSTANDER: &str = "bystander";

/// The agreement in force that covers the city's questions and its sources' records.
pub(crate) const IN_FORCE: &str = "city-outcomes";
/// One that is over.
pub(crate) const EXPIRED: &str = "city-before";
/// One that has not begun.
pub(crate) const COMING: &str = "city-later";
/// One in force that lets nobody ask by race.
pub(crate) const NARROW: &str = "city-by-sex";

pub(crate) const PURPOSE: &str = "improvement";

/// Id, first day, last day and dimensions of each agreement.
const AGREEMENTS: [(&str, &str, &str, &str); 4] = [
    (IN_FORCE, "2020-07-01", "2098-06-30", "*"),
    (EXPIRED, "2020-07-01", "2021-06-30", "*"),
    (COMING, "2097-07-01", "2098-06-30", "*"),
    (NARROW, "2020-07-01", "2098-06-30", "sex"),
];

/// The documents of all agreements.
pub(crate) fn agreements() -> impl Iterator<Item = String> {
    AGREEMENTS.into_iter().map(|(id, begins, expires, dimensions)| {
        format!(
            r#"
agreement = "{id}"
version = 1
title = "City outcomes"
basis = "studies"
purposes = ["{PURPOSE}"]
begins = "{begins}"
expires = "{expires}"
destruction = "2099-12-31"
profile = "nces-10"
cell_min = 10

[parties]
sources = ["northfield", "eastbrook", "westvale"]
partners = ["{PARTNER}"]

[permits]
products = ["city"]
indicators = ["*"]
dimensions = ["{dimensions}"]
years = {{ from = 2024, to = 2025 }}

[intake]
kinds = ["person", "school", "enrollment", "attendance_summary", "opt_out"]
"#
        )
    })
}

/// What may be asked: chronic absence by race and sex.
pub(crate) const PRODUCT: &str = r#"
product = "city"
version = 1
title = "Students of the city"
profile = "nces-10"
mode = "suppress"
depth = 1
years = { from = 2025, to = 2025 }

[[indicators]]
name = "chronic_absence"
use = "chronic_absence"

[[dimensions]]
id = "race"
source = "race7"

[[dimensions]]
id = "sex"
source = "sex"
"#;

/// The configuration of the service. Nobody listens and nobody shows a certificate, so what it says of those is not read.
/// How often somebody calls says nothing here.
pub(crate) const CONFIGURATION: &str = r#"
listen = "127.0.0.1:0"
database = "throughline.db"
trust_domain = "city.example"
encoded_only = false

[tls]
ca = "none"
certificate = "none"
key = "none"

[keys]
service = { file = "service.key" }
linkage = { file = "linkage.key" }
log = { file = "log.key" }

[limits]
calls_per_second = 1000000
"#;

/// The name the log is signed under.
pub(crate) const ORIGIN: &str = "city.example/throughline";

/// Root of the service's keys.
pub(crate) const SERVICE_KEY: [u8; 32] = *b"root of the keys of the service!";
/// Root of tokens and of the linkage key.
pub(crate) const LINKAGE_KEY: [u8; 32] = *b"root of the tokens and encodings";
/// Root of the linkage key that follows it.
pub(crate) const NEXT_LINKAGE_KEY: [u8; 32] = *b"the root of encodings to follow!";
/// Seed of the log's key.
pub(crate) const LOG_SEED: [u8; 32] = *b"seed of the key of an access log";

/// The log's key.
pub(crate) fn log_key() -> Vec<u8> {
    document(&LOG_SEED)
}

/// The PKCS#8 document (RFC 8410) of an Ed25519 seed.
pub(crate) fn document(seed: &[u8; 32]) -> Vec<u8> {
    let header = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    [&header[..], seed].concat()
}
