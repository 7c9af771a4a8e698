//! What is said of a panic: where it was, and no value.

use super::screen::note;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, set_hook};

/// From here on, panics of libraries tell their place alone: what they say can quote what they were given, and that can be a
/// child's name. Those of this program are told as they are, for its own words name no values.
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
    let text = panic.payload().downcast_ref::<&str>().copied();
    let text = text.or(panic.payload().downcast_ref::<String>().map(String::as_str));
    let own = text.filter(|_| place.starts_with("src/")).unwrap_or("a library gave up");
    let trace = Backtrace::capture();
    let trace =
        if trace.status() == BacktraceStatus::Captured { format!("\n{trace}") } else { String::new() };
    format!("throughline: a defect of the program at {place}: {own}{trace}")
}
