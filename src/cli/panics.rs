//! What is said of a panic: where it was, and no value.

use super::screen::note;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, set_hook};

/// From here on, a panic tells its place alone: what it says can quote what was read, and that can be a child's name.
pub(super) fn hold_their_tongue() {
    set_hook(Box::new(|panic| {
        // A damaged file, which gets an error of its own.
        if !crate::formats::is_decoding() {
            note(&words(panic));
        }
    }));
}

fn words(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let trace = Backtrace::capture();
    let trace =
        if trace.status() == BacktraceStatus::Captured { format!("\n{trace}") } else { String::new() };
    format!("throughline: a defect of the program at {place}{trace}")
}
