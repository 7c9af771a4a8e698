//! Tables of the shared data, and words for what tests ask of patterns.

use std::path::{Path, PathBuf};
use throughline::disclosure::Zeros;
use throughline::disclosure::tables::{
    Attacker, Finding, Hierarchy, Layout, Pattern, Problem, Rule, Table, Values, attack,
};

/// The data beside the checkout; nothing when they are missing, which only a CI machine may not allow.
pub(crate) fn shared() -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/sdc");
    if shared.exists() {
        return Some(shared);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "the shared data are missing");
    say("skipped: the shared data are not beside the checkout");
    None
}

/// Says something to whoever runs the tests.
#[expect(clippy::print_stderr, reason = "tests say what they left out")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// A CSV file.
pub(crate) struct Sheet {
    headings: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

impl Sheet {
    pub(crate) fn read(path: &Path) -> Self {
        let mut reader = csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let headings = reader.headers().expect("headings").clone();
        Self { headings, rows: reader.records().map(|row| row.expect("a row")).collect() }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.headings.iter().any(|heading| heading == name)
    }

    pub(crate) fn column(&self, name: &str) -> impl Iterator<Item = &str> {
        let at = self.headings.iter().position(|heading| heading == name);
        let at = at.unwrap_or_else(|| panic!("a column {name}"));
        self.rows.iter().map(move |row| &row[at])
    }

    pub(crate) fn flags(&self, name: &str) -> Vec<bool> {
        self.column(name).map(|field| matches!(field, "1" | "TRUE" | "u")).collect()
    }

    /// Numbers in units of their fourth decimal place, as finely as any of the files has them.
    pub(crate) fn magnitudes(&self, name: &str) -> Vec<i64> {
        self.column(name)
            .map(|field| (field.parse::<f64>().expect("a number") * 1e4).round() as i64)
            .collect()
    }

    pub(crate) fn counts(&self, name: &str) -> Vec<i64> {
        self.column(name).map(|field| field.parse().expect("a count")).collect()
    }

    /// The codes of the rows in some dimensions.
    fn codes(&self, dimensions: &[&str]) -> Vec<Vec<String>> {
        let mut codes = vec![Vec::new(); self.rows.len()];
        for name in dimensions {
            for (code, field) in codes.iter_mut().zip(self.column(name)) {
                code.push(field.to_owned());
            }
        }
        codes
    }

    /// The rows as a table, those alone that `is_kept` keeps.
    pub(crate) fn table(&self, dimensions: &[&str], is_kept: &[bool]) -> Table {
        let rows = self.codes(dimensions).into_iter().zip(is_kept);
        Table {
            dimensions: dimensions.iter().map(|&name| name.to_owned()).collect(),
            codes: rows.filter(|(_, is_kept)| **is_kept).map(|(codes, _)| codes).collect(),
        }
    }
}

/// The hierarchies of a file, of `dimension` where it does not say of which.
pub(crate) fn hierarchies(path: &Path, dimension: &str) -> Vec<Hierarchy> {
    let sheet = Sheet::read(path);
    let mut hierarchies: Vec<Hierarchy> = Vec::new();
    for (at, (code, parent)) in sheet.column("code").zip(sheet.column("parent")).enumerate() {
        let own = if sheet.has("dimension") {
            sheet.column("dimension").nth(at).expect("a row")
        } else {
            dimension
        };
        if hierarchies.last().is_none_or(|last| last.dimension != own) {
            hierarchies.push(Hierarchy { dimension: own.to_owned(), parents: Vec::new() });
        }
        let parents = &mut hierarchies.last_mut().expect("one was pushed").parents;
        parents.push((code.to_owned(), parent.to_owned()));
    }
    hierarchies
}

/// A hierarchy of a few codes.
pub(crate) fn hierarchy(dimension: &str, parents: &[(&str, &str)]) -> Hierarchy {
    let parents = parents.iter().map(|&(code, parent)| (code.to_owned(), parent.to_owned()));
    Hierarchy { dimension: dimension.to_owned(), parents: parents.collect() }
}

/// A table with its values.
pub(crate) struct Instance {
    pub(crate) sheet: Sheet,
    pub(crate) layout: Layout,
    pub(crate) values: Values,
}

impl Instance {
    /// A table of counts.
    pub(crate) fn counts(
        path: &Path,
        dimensions: &[&str],
        column: &str,
        trees: &[Hierarchy],
        total: &str,
    ) -> Self {
        let sheet = Sheet::read(path);
        let table = sheet.table(dimensions, &vec![true; sheet.rows.len()]);
        let layout = Layout::new(&[table], trees, total).expect("a sound table");
        let of_rows = sheet.counts(column);
        Self::new(sheet, layout, &of_rows)
    }

    /// A table of magnitudes, of which some are sensitive.
    pub(crate) fn magnitudes(
        path: &Path,
        dimensions: &[&str],
        column: &str,
        trees: &[Hierarchy],
        primary: &str,
    ) -> Self {
        let sheet = Sheet::read(path);
        let table = sheet.table(dimensions, &vec![true; sheet.rows.len()]);
        let layout = Layout::new(&[table], trees, "Total").expect("a sound table");
        let of_rows = sheet.magnitudes(column);
        Self::new(sheet, layout, &of_rows).flagged(primary)
    }

    pub(crate) fn new(sheet: Sheet, layout: Layout, of_rows: &[i64]) -> Self {
        let values = layout.values(&[of_rows.to_vec()]).expect("a value for each cell");
        Self { sheet, values: values_of(values), layout }
    }

    /// The table with the cells sensitive that a column says.
    pub(crate) fn flagged(mut self, column: &str) -> Self {
        self.values.is_flagged = self.pattern(column);
        self
    }

    /// The cells that a column says are hidden; added margins are not.
    pub(crate) fn pattern(&self, column: &str) -> Vec<bool> {
        let mut is_hidden = vec![false; self.layout.n_cells()];
        for (&cell, flag) in self.layout.cell_of[0].iter().zip(self.sheet.flags(column)) {
            is_hidden[cell as usize] = flag;
        }
        is_hidden
    }

    pub(crate) fn problem(&self, rule: Rule, against: Attacker) -> Problem<'_> {
        Problem::new(&self.layout, &self.values, rule, against, false).expect("a table that adds up")
    }

    /// The number of a cell.
    pub(crate) fn cell(&self, codes: &[&str]) -> u32 {
        self.layout.codes.iter().position(|other| other == codes).expect("a cell") as u32
    }
}

/// What is known of counts.
pub(crate) fn values_of(values: Vec<i64>) -> Values {
    let n = values.len();
    Values { contributors: values.clone(), values, is_flagged: vec![false; n], known_range: vec![None; n] }
}

/// No cells.
pub(crate) const NONE: [u32; 0] = [];

/// Counts under a minimum are sensitive, zeros are shown, and one other value is enough.
pub(crate) fn small(minimum: i64) -> Rule {
    Rule::Small { minimum, zeros: Zeros::Shown, width: 1 }
}

/// What an attacker finds. Every hidden sensitive cell must have bounds, else an attack that fails would look like
/// one that finds nothing out.
pub(crate) fn struck(problem: &Problem<'_>, is_hidden: &[bool], attacker: Attacker) -> Vec<Finding> {
    let findings = attack(problem, is_hidden, attacker, &[]);
    let is_open = |&cell: &u32| problem.is_primary(cell) && is_hidden[cell as usize];
    let open: Vec<u32> = (0..problem.n_cells() as u32).filter(is_open).collect();
    assert_eq!(findings.iter().map(|finding| finding.cell).collect::<Vec<_>>(), open);
    findings
}

/// The cells an attacker recovers exactly.
pub(crate) fn exact(problem: &Problem<'_>, is_hidden: &[bool], attacker: Attacker) -> Vec<u32> {
    let findings = struck(problem, is_hidden, attacker);
    findings.into_iter().filter(Finding::is_exact).map(|finding| finding.cell).collect()
}

/// How many cells a pattern hides to protect others.
pub(crate) fn n_secondary(problem: &Problem<'_>, is_hidden: &[bool]) -> usize {
    (0..).zip(is_hidden).filter(|(cell, is_hidden)| **is_hidden && !problem.is_primary(*cell)).count()
}

/// Protects a table, and checks the proof before anything else is asked of the pattern.
pub(crate) fn protected(problem: &Problem<'_>, rounds: usize) -> Pattern {
    let pattern = problem.protect(rounds);
    assert_eq!(pattern.unprotected, NONE, "everything can be protected");
    let proof = problem.check(&pattern.is_hidden, &pattern.witnesses).expect("its own proof");
    assert_eq!(proof.width_min, pattern.width_min);
    assert_eq!(proof.n_one_mark, pattern.needs_one_mark.len());
    pattern
}
