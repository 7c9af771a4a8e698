//! What becomes of one caller's questions, and of the memory, while others do what they should not, or a backup is made?
//!
//! The real program runs in a process of its own, with its default limits, on the same two cores as who presses it, so that a
//! part of what is lost is the pressure's own work. `cargo bench --bench pressure` prints a line for each.

#[path = "running/city.rs"]
mod city;
#[path = "running/press.rs"]
mod press;
mod running;

use city::{register, set_up};
use press::{Presser, Pressure, memory};
use running::{Service, percentile, run, say};
use std::path::Path;
use std::time::{Duration, Instant};
use throughline::api::v1 as pb;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// How long each pressure lasts.
const LASTS: Duration = Duration::from_secs(5);

/// The caller who is measured asks so often, or as often as answers come: one who asks all the time would be a pressure, too.
const EVERY: Duration = Duration::from_millis(5);

const SOCKETS: usize = 1_000;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    set_up(folder.path(), "");
    let service = Service::start(folder.path());
    register(folder.path(), &service);
    let source =
        ["push", "city/sources/northfield", "--as", "northfield.contributor", "--agreement", "city-outcomes"];
    run(folder.path(), &[&source[..], &["--server", &service.address]].concat());
    run(folder.path(), &["steward", "publish", "--server", &service.address]);
    say(&format!(
        "{:<32} {:>6} {:>8} {:>8} {:>8} {:>7} {:>10} {:>10}",
        "beside", "asked", "p50 ms", "p99 ms", "max ms", "p99 x", "pressed", "RSS + MiB"
    ));
    let mut alone = None;
    for pressure in Pressure::ALL {
        let (mut took, n_pressed, grown) = runtime.block_on(measure(folder.path(), &service, pressure));
        let p99 = percentile(&mut took, 99);
        let times = p99 / *alone.get_or_insert(p99);
        say(&format!(
            "{:<32} {:>6} {:>8.2} {:>8.2} {:>8.2} {:>7.1} {:>10} {:>10.1}",
            pressure.name(),
            took.len(),
            percentile(&mut took, 50),
            p99,
            percentile(&mut took, 100),
            times,
            n_pressed,
            grown as f64 / 1024.0
        ));
    }
}

/// The times of a caller's questions under a pressure, how often it was pressed, and what the memory grew by, in KiB.
async fn measure(folder: &Path, service: &Service, pressure: Pressure) -> (Vec<Duration>, u64, u64) {
    let partner = service.session(folder, "city-partnership.partner").await;
    partner.query(question()).await.expect("an agreement covers it");
    let before = memory(service.process.id());
    let (end, ended) = watch::channel(false);
    let presser = Presser {
        address: service.address.clone(),
        session: service.session(folder, "northfield.contributor").await,
        n_sockets: SOCKETS,
        folder: folder.to_owned(),
        config: "service/throughline.toml",
    };
    let pressing = tokio::spawn(presser.press(pressure, ended));
    let (started, mut took, mut most) = (Instant::now(), Vec::new(), before);
    let mut clock = tokio::time::interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while started.elapsed() < LASTS {
        clock.tick().await;
        let asked = Instant::now();
        partner.query(question()).await.expect("an agreement covers it");
        took.push(asked.elapsed());
        most = most.max(memory(service.process.id()));
    }
    end.send_replace(true);
    let n_pressed = pressing.await.expect("it presses");
    (took, n_pressed, most.saturating_sub(before))
}

/// About a hundred cells.
fn question() -> pb::QueryRequest {
    running::question(&["race", "sex"], &[2024, 2025])
}
