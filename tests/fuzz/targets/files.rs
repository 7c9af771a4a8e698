//! Files in one input: lines `== name` stand before each, and what follows is its content, to the next such line.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Files of an input at most.
const FILES_MAX: usize = 12;

/// A folder of its own for one input, gone when dropped.
pub(super) struct Folder(PathBuf);

static N_FOLDERS: AtomicU64 = AtomicU64::new(0);

impl Folder {
    pub(super) fn new() -> Self {
        // In memory where there is such a place: a fuzzer makes a thousand of them in a second.
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let number = N_FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = place.join(format!("throughline-fuzz-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).expect("a folder in memory");
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("a file in memory");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is in memory, and of no use to anybody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The files of an input. A name is what a file system takes as one.
pub(super) fn files(data: &[u8]) -> Vec<(String, &[u8])> {
    let mut starts: Vec<usize> =
        data.windows(4).enumerate().filter(|(_, w)| *w == b"\n== ").map(|(at, _)| at + 1).collect();
    if data.starts_with(b"== ") {
        starts.insert(0, 0);
    }
    starts.truncate(FILES_MAX);
    let ends = starts.iter().skip(1).copied().chain([data.len()]);
    let file = |(start, end): (usize, usize)| {
        let part = &data[start + 3..end];
        let line_end = part.iter().position(|byte| *byte == b'\n')?;
        let name: String = std::str::from_utf8(&part[..line_end]).ok()?.to_owned();
        let is_name = (1..=60).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._- ".contains(&byte))
            && !name.starts_with('.');
        is_name.then_some((name, &part[line_end + 1..]))
    };
    let mut found: Vec<(String, &[u8])> = starts.iter().copied().zip(ends).filter_map(file).collect();
    found.dedup_by(|one, other| one.0 == other.0);
    found
}
