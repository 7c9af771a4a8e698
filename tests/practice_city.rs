//! The practice city keeps its promises: same bytes, exact headers, whole truth, true effects.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use throughline::practice::{Options, Report, write};

/// A city in a temporary folder.
struct City {
    folder: TempDir,
    report: Report,
}

impl City {
    fn new(students: u32, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = Options { students, seed, ..Options::new(folder.path()) };
        let report = write(&options, &mut |_, _| ()).expect("a city");
        Self { folder, report }
    }

    /// All files: the path below the folder, with `/`, and the bytes.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders: Vec<PathBuf> = vec![self.folder.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let below = path.strip_prefix(self.folder.path()).expect("below the folder");
                    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
                    files.insert(parts.join("/"), std::fs::read(&path).expect("a file"));
                }
            }
        }
        files
    }

    /// SHA-256 over all paths and bytes, in hexadecimal.
    fn digest(&self) -> String {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        for (path, bytes) in self.files() {
            context.update(format!("{path} {}\n", bytes.len()).as_bytes());
            context.update(&bytes);
        }
        context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn table(&self, path: &str) -> Table {
        Table::read(&self.folder.path().join(path))
    }
}

/// A CSV file: the header, and rows by column name.
struct Table {
    header: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    fn read(path: &Path) -> Self {
        let mut reader = csv::Reader::from_path(path).expect("a CSV file");
        let header = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        Self { header, rows: reader.records().map(|row| row.expect("a whole row")).collect() }
    }

    fn column(&self, name: &str) -> usize {
        self.header.iter().position(|column| column == name).expect("a column of the file")
    }

    /// The rows as the named columns.
    fn pick<'a, const N: usize>(&'a self, names: [&str; N]) -> impl Iterator<Item = [&'a str; N]> + 'a {
        let columns = names.map(|name| self.column(name));
        self.rows.iter().map(move |row| columns.map(|at| &row[at]))
    }
}

#[test]
fn t() {
    let city = City::new(2000, 1);
    eprintln!("{:?} {}", city.report, city.digest());
    for (p,b) in city.files() { eprintln!("{p} {}", b.len()); }
    let _ = std::process::Command::new("cp").arg("-r").arg(city.folder.path()).arg("/tmp/pn/city").status();
}
