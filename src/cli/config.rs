//! `throughline config`.

use super::screen::{self, say};
use super::table::{Align, Table};
use super::{Done, Failure, Finish, folder_of};
use crate::server::keys::{self, KeyError};
use crate::server::peer::TrustDomain;
use crate::server::{Config as Settings, KeySource, KeySources, tls};
use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Say what protects a service as it is configured, and what is wrong with that, without starting it
#[derive(clap::Args)]
#[command(after_help = "\
Looks at the configuration, keys, certificates, and the modes of files. The database is not opened: `serve` verifies it at
each start, and `backup` verifies the copy.

Exit codes: 0 nothing is wrong, 1 something should be looked at, 2 the service would not start.")]
pub(super) struct Config {
    /// The service's configuration file
    #[arg(env = "THROUGHLINE_CONFIG", value_name = "FILE")]
    config: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How a part of a configuration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// As it should be, or a choice that somebody has made.
    Good,
    /// It works, and somebody should look at it.
    Look,
    /// The service would not start.
    Wrong,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Look => "look",
            Self::Wrong => "wrong",
        }
    }
}

type Finding = (&'static str, State, String);

/// With fewer days left, certificates should be renewed.
const DAYS_MIN: u32 = 7;

impl Config {
    pub(super) fn run(self) -> Done {
        let config = Settings::read(&self.config)?;
        let mut findings = vec![listening(&config), domain(&config), names(&config)];
        findings.push(people(&config));
        findings.extend(figures(&config));
        findings.extend(certificates(&config));
        findings.extend(secrets(&config));
        findings.extend(files(&config));
        let worst = findings.iter().map(|(_, state, _)| *state).max().unwrap_or(State::Good);
        if self.json {
            let part = |(part, state, what): &Finding| serde_json::json!({"part": part, "state": state.word(), "what": what});
            screen::json(&serde_json::json!({
                "state": worst.word(), "parts": findings.iter().map(part).collect::<Vec<_>>(),
            }));
        } else {
            let mut table =
                Table::new(&[("Part", Align::Left), ("State", Align::Left), ("What", Align::Left)]);
            for (part, state, what) in findings {
                table.row([part.to_owned(), state.word().to_owned(), what]);
            }
            say(&table.print());
        }
        match worst {
            State::Good => Ok(Finish::All),
            State::Look => Ok(Finish::SomeRefused),
            State::Wrong => Err(Failure::new("the service would not start")),
        }
    }
}

fn listening(config: &Settings) -> Finding {
    let reach = if config.listen.ip().is_loopback() { "this machine alone" } else { "other machines, too" };
    (
        "listens",
        State::Good,
        format!("on {}, for {reach}; TLS 1.3 and a client certificate always", config.listen),
    )
}

fn people(config: &Settings) -> Finding {
    let what = if config.two_people {
        "take two people, each by a certificate that names them"
    } else {
        "take one steward (two_people asks for a second person)"
    };
    ("agreements, keys", State::Good, what.into())
}

fn figures(config: &Settings) -> Option<Finding> {
    let address = config.metrics?;
    let what = format!("on {address}, in the clear, for whoever is on this machine; they name nobody");
    Some(("figures", State::Good, what))
}

fn domain(config: &Settings) -> Finding {
    match TrustDomain::new(&config.trust_domain) {
        Ok(domain) => ("trust domain", State::Good, format!("callers are of {}", domain.as_str())),
        Err(error) => ("trust domain", State::Wrong, error.to_string()),
    }
}

fn names(config: &Settings) -> Finding {
    let what = if config.encoded_only {
        "never reach the service: sources encode them"
    } else {
        "are encoded in the service's memory and wiped (encoded_only keeps them with their sources)"
    };
    ("names", State::Good, what.into())
}

fn certificates(config: &Settings) -> Vec<Finding> {
    let of = &config.tls;
    let files = tls::Files {
        certificate: of.certificate.clone(),
        key: of.key.clone(),
        client_ca: of.ca.clone(),
        revocation: of.revoked.clone(),
    };
    if let Err(error) = tls::Tls::load(files.clone()) {
        return vec![("certificates", State::Wrong, Failure::from(error).0)];
    }
    let days = tls::days_left(&files);
    let state = if days < DAYS_MIN { State::Look } else { State::Good };
    let until = match days {
        tls::DAYS_SEEN => format!("for {days} days or more"),
        1 => "for 1 more day".into(),
        days => format!("for {days} more days"),
    };
    let revocation = match &of.revoked {
        Some(_) => (State::Good, "there is a list, and every client has to be covered by it"),
        None => (
            State::Look,
            "there is no list: a lost certificate is let in until it runs out, or its organization is suspended",
        ),
    };
    vec![
        ("certificates", state, format!("of the service, and its revocation list if any, are good {until}")),
        ("revocation", revocation.0, revocation.1.into()),
        exposed("certificate key", &of.key),
    ]
}

fn secrets(config: &Settings) -> Vec<Finding> {
    let from = |source: &KeySource| match source {
        KeySource::File(_) => "from a file that its owner alone can read",
        KeySource::Exec(_) => "from a command",
    };
    let finding = |part, source: &KeySource, read: Result<(), KeyError>| match read {
        Ok(()) => (part, State::Good, from(source).to_owned()),
        Err(error) => (part, State::Wrong, Failure::from(error).0),
    };
    let of = &config.keys;
    let mut findings = vec![
        finding("service key", &of.service, keys::root("service", &of.service).map(drop)),
        finding("log key", &of.log, log_key(of, None)),
    ];
    findings.extend(of.log_next.as_ref().map(|next| finding("next log key", next, log_key(of, Some(next)))));
    findings.extend(of.linkage.as_ref().map(|of| finding("linkage key", of, keys::roots(of).map(drop))));
    findings
}

/// Under any name: that of the log is in the database.
fn log_key(of: &KeySources, next: Option<&KeySource>) -> Result<(), KeyError> {
    keys::signer("log", &of.log, next).map(drop)
}

/// The database, and whether its folder and that of the keys are for their owner alone.
fn files(config: &Settings) -> Vec<Finding> {
    let size = |of: &Metadata| {
        format!("{:.1} MB, mode {:o}", of.size() as f64 / 1e6, of.permissions().mode() & 0o777)
    };
    let database = match config.database.metadata() {
        Ok(found) if found.permissions().mode() & 0o077 == 0 => (State::Good, size(&found)),
        Ok(found) => match folder_of(&config.database).metadata() {
            Ok(folder) if folder.permissions().mode() & 0o077 == 0 => {
                (State::Good, format!("{}, in a folder that its owner alone can enter", size(&found)))
            }
            _ => (State::Look, format!("{}: others on this machine can read it", size(&found))),
        },
        Err(error) => (State::Wrong, format!("cannot be looked at: {error}")),
    };
    let KeySource::File(service) = &config.keys.service else {
        return vec![("database", database.0, database.1)];
    };
    let device = |path: &Path| path.metadata().map(|of| of.dev()).ok();
    let apart = match (
        folder_of(service) == folder_of(&config.database),
        device(service) == device(&config.database),
    ) {
        (true, _) => (State::Look, "the keys lie in the folder of the database: whoever copies it has both"),
        (false, true) => (State::Good, "in another folder than the database; keep backups of the two apart"),
        (false, false) => (State::Good, "on another file system than the database"),
    };
    vec![("database", database.0, database.1), ("keys", apart.0, apart.1.into())]
}

fn exposed(part: &'static str, path: &Path) -> Finding {
    match path.metadata() {
        Ok(found) if found.permissions().mode() & 0o077 == 0 => {
            (part, State::Good, "its owner alone can read it".into())
        }
        Ok(_) => (part, State::Look, "others on this machine can read it: chmod 600".into()),
        Err(error) => (part, State::Wrong, format!("cannot be looked at: {error}")),
    }
}
