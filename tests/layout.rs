//! The order rule: `lib.rs` lists the modules in the order the data meets them, and a module imports only
//! from modules above it. Tests inside a module keep it too.

use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|end| end == "rs") => found.push(path),
            false => {}
        }
    }
}

#[test]
fn modules_import_only_from_modules_above_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let map = std::fs::read_to_string(src.join("lib.rs")).expect("the map");
    let order: Vec<&str> =
        map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert!(order.len() > 15, "the map lists the modules");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut n_imports = 0;
    for file in files {
        let inside = file.strip_prefix(&src).expect("below src").with_extension("");
        let module = inside.iter().next().and_then(|part| part.to_str()).expect("a name");
        let Some(own) = order.iter().position(|name| *name == module) else { continue };
        let text = std::fs::read_to_string(&file).expect("a readable file");
        for import in text.split("crate::").skip(1) {
            let name: String = import.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if let Some(other) = order.iter().position(|known| **known == name) {
                n_imports += 1;
                assert!(other <= own, "{} uses {name}, which stands below {module}", file.display());
            }
        }
    }
    assert!(n_imports > 200, "imports were looked at");
}
