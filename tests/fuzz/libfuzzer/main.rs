//! libFuzzer around one target, which the variable `TARGET` names. `../run` is the way to call it.
#![no_main]

#[path = "../targets/mod.rs"]
mod targets;

use std::panic::{set_hook, take_hook};
use std::sync::LazyLock;
use targets::{TARGETS, Target};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("TARGET").unwrap_or_default();
    let known = TARGETS.iter().find(|(known, _)| *known == name);
    known.unwrap_or_else(|| panic!("TARGET is none of the targets")).1
});

/// The first panic ends the process, so that its input is kept; but the library that decodes Parquet may panic about a damaged
/// file, and is caught.
fn listen() {
    // The fuzzer's own hook ends the process at every panic.
    drop(take_hook());
    let told = take_hook();
    set_hook(Box::new(move |panic| {
        if panic.location().is_none_or(|place| !place.file().contains("/parquet-")) {
            told(panic);
            std::process::abort();
        }
    }));
}

libfuzzer_sys::fuzz_target!(init: listen(), |data: &[u8]| (*TARGET)(data));
