//! A clock that is on time.

use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The moments at which `n` questions are due, `a_second` of them, each as it comes; one that is late comes at once.
///
/// A thread sleeps for them. Timers of the runtime go by whole milliseconds: each question came up to two later than it was
/// due, and its answer seemed to take that much longer.
pub(super) fn ticks(a_second: u32, n: u32) -> UnboundedReceiver<Instant> {
    let (sender, receiver) = unbounded_channel();
    let start = Instant::now();
    let tick = move || {
        for at in 0..n {
            let due = start + Duration::from_secs(1) * at / a_second;
            // That is what a clock is for: nothing else tells that the moment has come.
            thread::sleep(due.saturating_duration_since(Instant::now()));
            // Who asks no more needs no clock.
            if sender.send(due).is_err() {
                return;
            }
        }
    };
    thread::spawn(tick);
    receiver
}
