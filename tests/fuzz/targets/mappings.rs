//! Mappings of a source's own, the files they are for, and the queues of translations that come back.

use super::files::{Folder, files};
use super::rosters::read;
use throughline::formats::Mappings;

pub(super) fn run(data: &[u8]) {
    let (place, folder, mut own, mut queue) = (Folder::new(), Folder::new(), Vec::new(), None);
    for (name, bytes) in files(data) {
        match &name[..] {
            "queue" => queue = Some(folder.write(&name, bytes)),
            name if name.ends_with(".toml") => own.push(folder.write(name, bytes)),
            name => drop(place.write(name, bytes)),
        }
    }
    let mappings = match Mappings::with_files(&own) {
        Ok(mappings) => mappings,
        Err(mistakes) => {
            assert!(!mistakes.to_string().is_empty());
            return;
        }
    };
    let mappings = match queue {
        None => mappings,
        Some(queue) => match mappings.with_translations(&queue) {
            Ok(mappings) => mappings,
            Err(mistakes) => {
                let text = mistakes.to_string();
                assert!(!text.contains('Ž'), "a mistake in a queue repeats a code");
                return;
            }
        },
    };
    read(&place, &mappings);
}
