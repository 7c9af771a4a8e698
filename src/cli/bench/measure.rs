//! One size, from certificates to the first answer after a kill.

use super::clients::{Clients, PACE};
use super::figures::{Figures, Says};
use super::people;
use super::sign::Sign;
use crate::cli::Failure;
use crate::cli::screen::count;
use crate::cli::steps::{Steps, succeeded};
use std::path::Path;
use std::time::{Duration, Instant};

/// The practice city's agreement, with its dates and years still open.
const AGREEMENT: &str = include_str!("../../practice/papers/city-outcomes.toml");

/// By five dimensions, each at every school.
const PRODUCT: &str = include_str!("product.toml");

/// Quiet but for what goes wrong: a line for each call would be measured, too.
const LOGGING: [(&str, &str); 1] = [("RUST_LOG", "warn")];

/// A state to measure.
pub(super) struct Size {
    pub(super) n_students: u64,
    /// For how long a partner asks at a steady pace.
    pub(super) seconds: u32,
}

impl Size {
    /// Does everything once, in the order that a state would, with a service in the folder of the steps.
    pub(super) async fn measure(&self, steps: &mut Steps) -> Result<Figures, Failure> {
        let mut figures = Figures::new(self.n_students);
        let name = format!("{} students", count(self.n_students));
        let sign = Sign::new(&format!("{name}: making a service"));
        set_up(steps).await?;
        // It blocks this thread, which has nothing else to do until the service listens.
        steps.serve(&LOGGING)?;
        register(steps).await?;
        sign.end();

        let clients = Clients::of(steps);
        let n_records = people::SCHOOLS + self.n_students * people::EACH;
        let took = clients.push_all(self.n_students, n_records, &name).await?.as_secs_f64();
        figures.tell("intake_records", "Records pushed", n_records as f64, Says::Count);
        figures.tell("intake_s", "Intake, s", took, Says::Cost);
        let says = Says::Rate { of: n_records as f64 };
        figures.tell("intake_per_s", "Intake, records/s", n_records as f64 / took, says);
        figures.tell("intake_mb", "Intake, MB of memory at most", peak(steps), Says::Cost);

        let sign = Sign::new(&format!("{name}: publishing"));
        publish(&mut figures, "publish", "Publishing", steps).await?;
        let n_late = clients.push_corrections(self.n_students).await?;
        figures.tell("late_records", "Corrections pushed", n_late as f64, Says::Count);
        publish(&mut figures, "publish_again", "Publishing again", steps).await?;
        sign.end();

        let sign = Sign::new(&format!("{name}: asking"));
        let (n_cells, mut times) = clients.ask_at_a_pace(self.seconds).await?;
        figures.tell("cells", "Cells of an answer", n_cells as f64, Says::Count);
        for (percent, words) in [(50, "half within"), (99, "99 of 100 within")] {
            let words = format!("Answers, {PACE} a second, {words}, ms");
            let took = percentile(&mut times, percent);
            figures.tell(&format!("answer_p{percent}_ms"), &words, took, Says::Cost);
        }
        let rate = clients.ask_at_full_load(self.seconds).await?;
        figures.tell("answers_per_s", "Answers/s at full load", rate, Says::Rate { of: 1.0 });
        sign.end();

        let sign = Sign::new(&format!("{name}: starting again"));
        steps.stop();
        let started = Instant::now();
        steps.serve(&LOGGING)?;
        figures.tell("start_s", "Start after a kill, s", started.elapsed().as_secs_f64(), Says::Cost);
        let first = Clients::of(steps).ask_once().await?.as_secs_f64() * 1e3;
        figures.tell("first_answer_ms", "First answer then, ms", first, Says::Cost);
        let database = std::fs::metadata(steps.path("service/throughline.db"))?.len() as f64 / 1e6;
        figures.tell("database_mb", "Database, MB", database, Says::Cost);
        sign.end();
        Ok(figures)
    }
}

/// Makes certificates, a service and the papers that it is to have.
async fn set_up(steps: &Steps) -> Result<(), Failure> {
    let members = ["city-steward.steward", "northfield.contributor", "city-partnership.partner"];
    let members = members.iter().flat_map(|member| ["--for", member]);
    run(steps, &["certs", "init"].into_iter().chain(members).collect::<Vec<_>>()).await?;
    run(steps, &["init", "service", "--steward", "city-steward", "--listen", "127.0.0.1:0"]).await?;
    steps.lift_limits()?;
    let agreement = AGREEMENT.replace("{begins}", "2020-07-01");
    let agreement = agreement.replace("{from}", "2021").replace("{to}", "2025");
    std::fs::write(steps.path("agreement.toml"), agreement)?;
    Ok(std::fs::write(steps.path("product.toml"), PRODUCT)?)
}

/// Registers a source and a partner, with their agreement and the product.
async fn register(steps: &Steps) -> Result<(), Failure> {
    run(steps, &["steward", "register", "northfield", "--role", "contributor"]).await?;
    run(steps, &["steward", "register", "city-partnership", "--role", "partner"]).await?;
    run(steps, &["steward", "agreement", "agreement.toml"]).await?;
    run(steps, &["steward", "product", "product.toml"]).await?;
    Ok(())
}

/// Publishes an edition, and tells what of it took how long.
async fn publish(figures: &mut Figures, name: &str, words: &str, steps: &Steps) -> Result<(), Failure> {
    let started = Instant::now();
    let printed = run(steps, &["steward", "publish", "--json"]).await?;
    let took = started.elapsed().as_secs_f64();
    let report: serde_json::Value = serde_json::from_slice(&printed)?;
    figures.tell(&format!("{name}_s"), &format!("{words}, s"), took, Says::Cost);
    for (stage, seconds) in report["stages"].as_object().into_iter().flatten() {
        let seconds = seconds.as_f64().unwrap_or(f64::NAN);
        figures.tell(&format!("{name}_{stage}_s"), &format!("  of these, {stage}, s"), seconds, Says::Cost);
    }
    let memory = format!("{words}, MB of memory at most");
    figures.tell(&format!("{name}_mb"), &memory, peak(steps), Says::Cost);
    Ok(())
}

/// Runs a command of the program; what it printed. Whoever stops the measuring ends it, too.
async fn run(steps: &Steps, words: &[&str]) -> Result<Vec<u8>, Failure> {
    let command = tokio::process::Command::from(steps.command(words)).kill_on_drop(true).output();
    Ok(succeeded(words, command.await?)?.stdout)
}

/// The most memory that the service's process had since this was last asked, in MB (`VmHWM` of proc(5)); not a number where
/// the system does not tell.
fn peak(steps: &Steps) -> f64 {
    let process = Path::new("/proc").join(steps.service_id().unwrap_or_default().to_string());
    let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    // It counts from here on, where the system lets us.
    let _ = std::fs::write(process.join("clear_refs"), "5");
    kb.unwrap_or(f64::NAN) / 1e3
}

/// A percentile in milliseconds, by the nearest rank.
fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times.get(rank - 1).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_the_nearest_rank() {
        let mut times: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!([50, 99, 100].map(|percent| percentile(&mut times, percent)), [100.0, 198.0, 200.0]);
        assert!(percentile(&mut [], 50).is_nan());
    }
}
