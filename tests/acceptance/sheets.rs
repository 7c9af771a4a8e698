//! The CSV templates of a source, filled row by row.

use crate::expected::write;
use std::collections::BTreeMap;
use tempfile::TempDir;

/// Files by name, each with its columns and the rows so far.
pub(crate) struct Sheets(BTreeMap<&'static str, (&'static str, Vec<String>)>);

impl Sheets {
    /// Empty files, each a name without `.csv` and the columns.
    pub(crate) fn new(files: &[(&'static str, &'static str)]) -> Self {
        Self(files.iter().map(|(file, columns)| (*file, (*columns, Vec::new()))).collect())
    }

    /// Adds a row; the second one that says the same is left out when the file is written.
    pub(crate) fn add(&mut self, file: &str, row: String) {
        self.0.get_mut(file).expect("a file of these").1.push(row);
    }

    /// Adds programs: their codes and names.
    pub(crate) fn add_programs(&mut self, programs: &[(&str, &str)]) {
        programs.iter().for_each(|(code, name)| self.add("programs", format!("{code},{name}")));
    }

    /// Writes the files into a folder that is there as long as what is returned.
    pub(crate) fn folder(self) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (file, (columns, mut rows)) in self.0 {
            rows.sort_unstable();
            rows.dedup();
            write(&folder.path().join(format!("{file}.csv")), columns, rows);
        }
        folder
    }
}
