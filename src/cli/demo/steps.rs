//! What the demo shows of the program's commands, and what it measures by them.

use crate::api::v1 as pb;
use crate::cli::screen::{count, say};
use crate::cli::steps::{SERVE, Steps};
use crate::cli::table::{Align, Table};
use crate::cli::{Failure, connect::Connect};
use clap::Parser;
use std::time::Instant;

/// What pushing measured.
#[derive(Default)]
pub(super) struct PushFigures {
    pub(super) records: u64,
    pub(super) seconds: f64,
}

/// What querying measured.
pub(super) struct QueryFigures {
    pub(super) n: usize,
    pub(super) median_ms: f64,
    pub(super) p99_ms: f64,
    /// With several at once.
    pub(super) per_second: f64,
}

/// Queries at once, when their number a second is measured.
const AT_ONCE: usize = 8;

impl Steps {
    /// Runs a command and shows it with its output.
    pub(super) fn show(&self, words: &[&str]) -> Result<(), Failure> {
        say(&format!("\n$ throughline {}", words.join(" ")));
        let output = self.succeed(words)?;
        say(String::from_utf8_lossy(&output.stdout).trim_end());
        Ok(())
    }

    /// Runs a command that must be refused, and shows what it says.
    pub(super) fn refused(&self, words: &[&str]) -> Result<(), Failure> {
        say(&format!("\n$ throughline {}", words.join(" ")));
        let output = self.run(words)?;
        if output.status.code() != Some(2) {
            return Err(Failure::new("a question outside the agreement was not refused"));
        }
        say(String::from_utf8_lossy(&output.stderr).trim_end());
        Ok(())
    }

    /// Starts the service and shows what it says.
    pub(super) fn show_service(&mut self) -> Result<(), Failure> {
        say(&format!("\n$ throughline {} &", SERVE.join(" ")));
        say(&self.serve(&[])?);
        Ok(())
    }

    /// Pushes every source's exports and shows a line for each.
    pub(super) fn push_all(&self, sources: &[&str]) -> Result<PushFigures, Failure> {
        let headings = [
            ("Source", Align::Left),
            ("Records", Align::Right),
            ("Rows with defects, not sent", Align::Right),
            ("Seconds", Align::Right),
            ("Records/s", Align::Right),
        ];
        let (mut table, mut figures) = (Table::new(&headings), PushFigures::default());
        say("");
        for source in sources {
            let folder = format!("city/sources/{source}");
            let rosters = format!("{folder}/oneroster");
            let parts = [&rosters, &folder].into_iter().filter(|part| self.path(part).is_dir());
            for part in parts {
                let identity = format!("{source}.contributor");
                let words = ["push", part, "--agreement", "city-outcomes", "--as", &identity];
                say(&format!("$ throughline {}", words.join(" ")));
                let output = self.succeed(&[&words[..], &["--json"]].concat())?;
                let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
                let number = |name: &str| report[name].as_u64().unwrap_or_default();
                let seconds = report["seconds"].as_f64().unwrap_or_default();
                figures.records += number("records");
                figures.seconds += seconds;
                table.row([
                    part.trim_start_matches("city/sources/").to_owned(),
                    count(number("records")),
                    count(number("rows_not_sent")),
                    format!("{seconds:.2}"),
                    count(report["records_per_s"].as_f64().unwrap_or_default() as u64),
                ]);
            }
        }
        say("");
        say(&table.print());
        Ok(figures)
    }

    /// Asks one question many times over one connection.
    pub(super) fn time_queries(&self, n: usize) -> Result<QueryFigures, Failure> {
        let certs = self.path("certs");
        let connect = Wrapper::parse_from([
            "throughline".as_ref(),
            "--server".as_ref(),
            self.address().as_ref(),
            "--certs".as_ref(),
            certs.as_os_str(),
        ]);
        let question = pb::QueryRequest {
            agreement: "city-outcomes".into(),
            purpose: "public_reporting".into(),
            product: "city".into(),
            indicator: "chronic_absence".into(),
            dimensions: vec!["race".into(), "income".into()],
            filters: Vec::new(),
            periods: vec![2025],
            edition: 0,
        };
        let (mut times, per_second) = crate::cli::wait(async move {
            let session = connect.connect.session("partner").await?;
            let mut times = Vec::with_capacity(n);
            for _ in 0..n {
                let started = Instant::now();
                session.query(question.clone()).await?;
                times.push(started.elapsed().as_secs_f64() * 1_000.0);
            }
            let started = Instant::now();
            let mut together = tokio::task::JoinSet::new();
            for _ in 0..AT_ONCE {
                let (session, question) = (session.clone(), question.clone());
                together.spawn(async move {
                    for _ in 0..n / AT_ONCE {
                        session.query(question.clone()).await?;
                    }
                    Ok::<_, crate::client::Error>(())
                });
            }
            while let Some(done) = together.join_next().await {
                done??;
            }
            Ok((times, (n / AT_ONCE * AT_ONCE) as f64 / started.elapsed().as_secs_f64()))
        })?;
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        Ok(QueryFigures { n, median_ms: at(50), p99_ms: at(99), per_second })
    }
}

/// The connection options alone, with their defaults.
#[derive(Parser)]
struct Wrapper {
    #[command(flatten)]
    connect: Connect,
}
