//! The inputs of the corpus that nobody can write by hand: what is signed, encoded or compressed. Files of text stand there as
//! they were written.
//!
//! They have to be what is made here; `FUZZ_SEEDS=write cargo test --test fuzz seeds` writes them anew, after a format has changed.

mod files;
mod log;
mod messages;
mod seals;

use std::path::Path;

#[test]
fn seeds_are_of_the_formats_of_today() {
    log::signed_texts();
    log::key_changes_and_openings();
    log::receipts();
    messages::messages();
    seals::seals();
    files::files();
}

fn put(target: &str, name: &str, way: &[u8], content: impl AsRef<[u8]>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let (path, bytes) = (folder.join(name), [way, content.as_ref()].concat());
    if std::env::var_os("FUZZ_SEEDS").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder of the corpus");
        std::fs::write(path, bytes).expect("a file of the corpus");
    } else {
        assert!(
            std::fs::read(path).ok() == Some(bytes),
            "{target}/{name} is of another format: FUZZ_SEEDS=write"
        );
    }
}
