//! The practice city keeps its promises: same bytes, exact headers, whole truth, true effects.

mod effects;
mod files;
mod people;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;
use throughline::practice::{Options, Report, write};

const SCHOOLS: [&str; 3] = ["northfield", "eastbrook", "summit-charter"];

/// A city in a temporary folder.
struct City {
    folder: TempDir,
    report: Report,
    /// The person behind each student number of each source.
    persons: BTreeMap<(String, String), String>,
}

impl City {
    fn new(students: u32, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = Options { students, seed, ..Options::new(folder.path()) };
        let report = write(&options, &mut |_, _| ()).expect("a city");
        let table = Table::read(&folder.path().join("truth/persons.csv"));
        let rows = table.pick(["source", "student_id", "person"]);
        let persons = rows.map(|[source, id, person]| ((source.into(), id.into()), person.into())).collect();
        Self { folder, report, persons }
    }

    /// One city of 3,000 children that several tests read.
    fn shared() -> &'static Self {
        static CITY: OnceLock<City> = OnceLock::new();
        CITY.get_or_init(|| City::new(3_000, 1))
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

    fn truth(&self) -> serde_json::Value {
        let page = std::fs::read(self.folder.path().join("truth/effects.json")).expect("the truth");
        serde_json::from_slice(&page).expect("JSON")
    }

    /// Rows of one file of a source, with the person first; rows of strangers are left out.
    fn of_persons<const N: usize>(
        &self,
        source: &str,
        file: &str,
        columns: [&str; N],
    ) -> Vec<(String, [String; N])> {
        let table = self.table(&format!("sources/{source}/{file}"));
        let ids = table.pick(["student_id"]);
        let rows = ids.zip(table.pick(columns)).filter_map(|([id], row)| {
            let person = self.persons.get(&(source.to_owned(), id.to_owned()))?;
            Some((person.clone(), row.map(str::to_owned)))
        });
        rows.collect()
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

    fn pick<'a, const N: usize>(&'a self, names: [&str; N]) -> impl Iterator<Item = [&'a str; N]> + 'a {
        let columns = names.map(|name| self.column(name));
        self.rows.iter().map(move |row| columns.map(|at| &row[at]))
    }
}
