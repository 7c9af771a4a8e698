//! Ed-Fi in JSON and XML, Parquet, and archives.

use super::choice;
use super::files::{Folder, files};
use super::rosters::{SHIPPED, read};
use throughline::formats::read_mapped;

pub(super) fn run(data: &[u8]) {
    let folder = Folder::new();
    match choice(data) {
        (b'p', bytes) => drop(folder.write("students.parquet", bytes)),
        (b'z', bytes) => {
            // An archive is read as one file and not as a folder, and told by its first bytes.
            let path = folder.write("export.zip", bytes);
            let _ = read_mapped(&path, None, &SHIPPED, &mut |_| ());
            return;
        }
        _ => files(data).iter().for_each(|(name, bytes)| drop(folder.write(name, bytes))),
    }
    read(&folder, &SHIPPED);
}
