//! The corpus of the fuzzer, replayed without it: what it has found stays fixed.

mod seeds;
mod targets;

use std::path::PathBuf;
use targets::TARGETS;

/// The inputs of a target, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut inputs: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .expect("every target has a corpus")
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("a file that can be read")))
        .collect();
    inputs.sort_unstable();
    inputs
}

#[test]
fn every_input_of_the_corpus_keeps_every_promise() {
    for (name, target) in TARGETS {
        let inputs = corpus(name);
        assert!(!inputs.is_empty(), "{name}");
        for (path, bytes) in inputs {
            let is_kept = std::panic::catch_unwind(|| target(&bytes)).is_ok();
            assert!(is_kept, "{path}");
        }
    }
}
