//! Reading the tables that `seal` works on.

use crate::cli::Failure;
use crate::cli::screen::note;
use crate::disclosure::Zeros;
use crate::disclosure::tables::{Attacker, Error, Hierarchy, Layout, Problem, Rule, Table, Values};
use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Which tables, and by which rule
#[derive(clap::Args)]
pub(super) struct Input {
    /// A table: one row for each cell, margins included; several files are linked tables
    #[arg(long, value_name = "FILE.csv")]
    cells: Vec<PathBuf>,
    /// The column with the counts
    #[arg(long, value_name = "COLUMN", conflicts_with = "value")]
    count: Option<String>,
    /// The column with the values of a magnitude table
    #[arg(long, value_name = "COLUMN")]
    value: Option<String>,
    /// The columns that are dimensions; by default those that hold the total or have a hierarchy
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    dimensions: Vec<String>,
    /// Parents of codes: columns `code` and `parent`, and `dimension` where it is of several
    #[arg(long, value_name = "FILE.csv")]
    hierarchy: Vec<PathBuf>,
    /// The code of the margins
    #[arg(long, value_name = "LABEL", default_value = "Total")]
    total: String,
    /// Sums between cells instead of dimensions: columns `relation`, `cell` and `coef`; they sum to 0
    #[arg(long, value_name = "FILE.csv", conflicts_with_all = ["hierarchy", "dimensions"])]
    relations: Option<PathBuf>,
    /// The smallest count that is not sensitive
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(2..))]
    minimum: Option<u32>,
    /// Whether counts of zero are shown, or are sensitive like small ones
    #[arg(long, value_parser = ["shown", "hidden"], default_value = "shown")]
    zeros: String,
    /// How much the largest value that a sensitive count could have is larger than the smallest, at least
    #[arg(long, value_name = "W", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    width: u32,
    /// A column that says which cells are sensitive (1 or TRUE)
    #[arg(long, value_name = "COLUMN")]
    primary: Option<String>,
    /// By which share of its value a sensitive magnitude must be uncertain, up and down
    #[arg(long, value_name = "P", value_parser = percent)]
    protect_percent: Option<f64>,
    /// The column with the number of contributors to a cell; counts are their own
    #[arg(long, value_name = "COLUMN")]
    contributors: Option<String>,
    /// What the intruder knows besides the sums: that values are not negative; that zeros are shown; and for each
    /// hidden cell whether it is sensitive or protects others
    #[arg(long, value_parser = ["nonnegative", "zeros", "legend"], default_value = "legend")]
    attacker: String,
    /// Leave out of account what somebody who is alone in a cell knows
    #[arg(long)]
    no_insiders: bool,
}

fn percent(text: &str) -> Result<f64, &'static str> {
    text.parse().ok().filter(|p| (0.0..=1_000.0).contains(p)).ok_or("is not a percentage from 0 to 1000")
}

/// What was read.
pub(super) struct Read {
    pub(super) layout: Layout,
    pub(super) values: Values,
    pub(super) rule: Rule,
    pub(super) attacker: Attacker,
    pub(super) insiders: bool,
    /// The column with the values.
    pub(super) column: String,
    /// Decimal places of the values.
    pub(super) decimals: u32,
    /// The rows of all files.
    pub(super) files: Vec<Csv>,
}

/// A CSV file, by its headings.
pub(super) struct Csv {
    name: String,
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Csv {
    /// Reads a file, packed with gzip or not.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let wrong = |error: &dyn std::fmt::Display| Failure::new(format!("{name}: {error}"));
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(|error| wrong(&error))?;
        let is_packed = path.extension().is_some_and(|end| end == "gz");
        let mut bytes: Box<dyn std::io::Read> =
            if is_packed { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
        bytes.read_to_string(&mut text).map_err(|error| wrong(&error))?;
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let headings = reader.headers().map_err(|error| wrong(&error))?;
        let headings = headings.iter().map(|heading| heading.trim().to_owned()).collect();
        let fields = |row: csv::StringRecord| row.iter().map(|field| field.trim().to_owned()).collect();
        let rows: Result<_, _> = reader.records().map(|row| row.map(fields)).collect();
        Ok(Self { headings, rows: rows.map_err(|error| wrong(&error))?, name })
    }

    pub(super) fn field(&self, row: usize, column: usize) -> &str {
        &self.rows[row][column]
    }

    pub(super) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// The position of a column.
    pub(super) fn column(&self, name: &str) -> Result<usize, Failure> {
        let found = self.headings.iter().position(|heading| heading == name);
        found.ok_or_else(|| Failure::new(format!("{} has no column {name}", self.name)))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.headings.iter().any(|heading| heading == name)
    }

    /// The fields of a column.
    pub(super) fn fields(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |row| row[column].as_str())
    }

    /// The fields of a column, each read by `of`; a failure names the row and not the field.
    pub(super) fn read<T>(
        &self,
        name: &str,
        what: &str,
        of: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, Failure> {
        let column = self.column(name)?;
        let read = |(row, field): (usize, &str)| {
            let wrong = || format!("{}, row {}, column {name}: is not {what}", self.name, row + 2);
            of(field).ok_or_else(|| Failure::new(wrong()))
        };
        self.fields(column).enumerate().map(read).collect()
    }
}

pub(super) fn flag(field: &str) -> Option<bool> {
    match field {
        "1" | "TRUE" | "true" | "True" | "hidden" => Some(true),
        "0" | "FALSE" | "false" | "False" | "published" | "" => Some(false),
        _ => None,
    }
}

impl Read {
    /// What is to be protected.
    pub(super) fn problem(&self) -> Result<Problem<'_>, Failure> {
        Ok(Problem::new(&self.layout, &self.values, self.rule, self.attacker, self.insiders)?)
    }
}

impl Input {
    /// The name of the attacker.
    pub(super) fn attacker(&self) -> &str {
        &self.attacker
    }

    /// The column with the values.
    pub(super) fn column(&self) -> &str {
        self.count.as_deref().or(self.value.as_deref()).unwrap_or_default()
    }

    /// The rule; a failure says which option is missing. (Options of a verb with verbs of its own are all optional to
    /// the parser.)
    fn rule(&self) -> Result<Rule, Failure> {
        if self.cells.is_empty() {
            return Err(Failure::new("name the tables with --cells; see --help"));
        }
        match (&self.count, &self.value, self.minimum, self.protect_percent, &self.primary) {
            (Some(_), _, Some(minimum), ..) => Ok(Rule::Small {
                minimum: minimum.into(),
                zeros: if self.zeros == "shown" { Zeros::Shown } else { Zeros::Hidden },
                width: self.width.into(),
            }),
            (Some(_), ..) => Err(Failure::new("a table of counts needs --minimum")),
            (None, Some(_), _, Some(percent), Some(_)) => Ok(Rule::Flagged { percent }),
            (None, Some(_), ..) => {
                Err(Failure::new("a table of magnitudes needs --primary and --protect-percent"))
            }
            (None, None, ..) => {
                Err(Failure::new("name the column with the counts (--count) or values (--value)"))
            }
        }
    }

    /// Reads the tables.
    pub(super) fn read(&self) -> Result<Read, Failure> {
        let rule = self.rule()?;
        let files: Vec<Csv> = self.cells.iter().map(|path| Csv::open(path)).collect::<Result<_, _>>()?;
        let layout = match &self.relations {
            Some(path) => relations(&files[0], &Csv::open(path)?)?,
            None => self.layout(&files)?,
        };
        let column = self.column();
        let decimals = match self.count {
            Some(_) => 0,
            None => decimals(&files, column)?,
        };
        let per_row = |name: &str, what: &str, of: &dyn Fn(&str) -> Option<i64>| {
            let read = |file: &Csv| file.read(name, what, of);
            files.iter().map(read).collect::<Result<Vec<Vec<i64>>, Failure>>()
        };
        let (what, least) = match (&self.count, decimals) {
            (Some(_), _) => ("a whole number from 0 up", 0),
            (None, 0) => ("a whole number", i64::MIN),
            (None, _) => ("a number", i64::MIN),
        };
        let values = per_row(column, what, &|field| units(field, decimals).filter(|value| *value >= least))?;
        let values = layout.values(&values)?;
        let contributors = match (&self.contributors, &self.count) {
            (Some(name), _) => {
                let read = per_row(name, "a whole number", &|field| units(field, 0))?;
                layout.values(&read)?
            }
            (None, Some(_)) => values.clone(),
            (None, None) => Vec::new(),
        };
        let insiders = !self.no_insiders && !contributors.is_empty();
        let mut is_flagged = vec![false; layout.n_cells()];
        if let Some(name) = &self.primary {
            let flags = per_row(name, "0 or 1", &|field| flag(field).map(i64::from))?;
            for (cells, flags) in layout.cell_of.iter().zip(&flags) {
                for (&cell, &flag) in cells.iter().zip(flags) {
                    is_flagged[cell as usize] |= flag == 1;
                }
            }
        }
        let known_range = known_range(&files[0], &layout, &values, decimals, self.relations.is_some())?;
        let values = Values { values, contributors, is_flagged, known_range };
        let attacker = match &self.attacker[..] {
            "nonnegative" => Attacker::NonNegative,
            "zeros" => Attacker::Zeros,
            _ => Attacker::Legend,
        };
        let column = column.to_owned();
        Ok(Read { layout, values, rule, attacker, insiders, column, decimals, files })
    }

    fn layout(&self, files: &[Csv]) -> Result<Layout, Failure> {
        let hierarchies: Vec<Csv> =
            self.hierarchy.iter().map(|path| Csv::open(path)).collect::<Result<_, _>>()?;
        let mut tables = Vec::new();
        for file in files {
            let names = self.dimensions_of(file, &hierarchies)?;
            let columns: Vec<usize> = names.iter().map(|name| file.column(name)).collect::<Result<_, _>>()?;
            let codes = file.rows.iter().map(|row| columns.iter().map(|&at| row[at].clone()).collect());
            tables.push(Table { dimensions: names, codes: codes.collect() });
        }
        let mut trees = Vec::new();
        for file in &hierarchies {
            trees.extend(hierarchy(file, &tables)?);
        }
        Layout::new(&tables, &trees, &self.total).map_err(|error| match error {
            Error::DuplicateCell { table, row } => {
                let name = &files[table].name;
                Failure::new(format!("{name}, row {}: an earlier row is the same cell", row + 2))
            }
            error => error.into(),
        })
    }

    fn dimensions_of(&self, file: &Csv, hierarchies: &[Csv]) -> Result<Vec<String>, Failure> {
        if !self.dimensions.is_empty() {
            let own: Vec<_> = self.dimensions.iter().filter(|name| file.has(name)).cloned().collect();
            if own.is_empty() {
                return Err(Failure::new(format!("{} has none of the dimensions", file.name)));
            }
            return Ok(own);
        }
        let mut with_tree: Vec<&str> = Vec::new();
        for tree in hierarchies.iter().filter(|tree| tree.has("dimension")) {
            with_tree.extend(tree.fields(tree.column("dimension")?));
        }
        let is_dimension = |&at: &usize| {
            let name = file.headings[at].as_str();
            with_tree.contains(&name) || file.fields(at).any(|field| field == self.total)
        };
        let names: Vec<String> =
            (0..file.headings.len()).filter(is_dimension).map(|at| file.headings[at].clone()).collect();
        if names.is_empty() {
            let text = format!(
                "{}: no column holds {}; name the dimensions with --dimensions, or the margins' code with --total",
                file.name, self.total
            );
            return Err(Failure::new(text));
        }
        Ok(names)
    }
}

/// The hierarchies of a file: one for each dimension it names, or the one whose codes it has.
fn hierarchy(file: &Csv, tables: &[Table]) -> Result<Vec<Hierarchy>, Failure> {
    let (code, parent) = (file.column("code")?, file.column("parent")?);
    let mut trees: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in &file.rows {
        let name = if file.has("dimension") { row[file.column("dimension")?].clone() } else { String::new() };
        trees.entry(name).or_default().push((row[code].clone(), row[parent].clone()));
    }
    if let Some(parents) = trees.remove("") {
        let mut hits: HashMap<&str, usize> = HashMap::new();
        for table in tables {
            for (at, name) in table.dimensions.iter().enumerate() {
                let known = |code: &String| parents.iter().skip(1).any(|(own, _)| own == code);
                *hits.entry(name).or_default() += table.codes.iter().filter(|row| known(&row[at])).count();
            }
        }
        let best = hits.into_iter().filter(|(_, n)| *n > 0).max_by_key(|&(name, n)| (n, name));
        let (name, _) = best.ok_or_else(|| {
            Failure::new(format!("{}: its codes are in no dimension of the tables", file.name))
        })?;
        trees.insert(name.to_owned(), parents);
    }
    Ok(trees.into_iter().map(|(dimension, parents)| Hierarchy { dimension, parents }).collect())
}

/// A layout from sums given one by one.
fn relations(cells: &Csv, sums: &Csv) -> Result<Layout, Failure> {
    let codes: Vec<String> = cells.fields(cells.column("cell")?).map(str::to_owned).collect();
    let number: HashMap<&str, u32> = codes.iter().map(String::as_str).zip(0..).collect();
    let relation = sums.read("relation", "a number", |field| field.parse::<u32>().ok())?;
    let cell = sums.read("cell", "a cell of the table", |field| number.get(field).copied())?;
    let coef = sums.read("coef", "a whole number other than 0", |field| {
        field.parse::<i32>().ok().filter(|coef| *coef != 0)
    })?;
    let mut rows: BTreeMap<u32, Vec<(u32, i32)>> = BTreeMap::new();
    for ((relation, cell), coef) in relation.into_iter().zip(cell).zip(coef) {
        rows.entry(relation).or_default().push((cell, coef));
    }
    Ok(Layout::from_relations(codes, rows.into_values().collect()))
}

/// The ranges that everybody knows, where the file gives them as distances from the value.
fn known_range(
    file: &Csv,
    layout: &Layout,
    values: &[i64],
    decimals: u32,
    has_relations: bool,
) -> Result<Vec<Option<(i64, i64)>>, Failure> {
    let mut ranges = vec![None; layout.n_cells()];
    if has_relations && file.has("lo_dev") && file.has("up_dev") {
        // A distance may be finer than the values are; no value is between two units.
        let distance = |field: &str| -> Option<i64> {
            let units = field.parse::<f64>().ok()?.abs() * f64::from(10_u32.pow(decimals));
            (units < 9e15).then_some((units + 1e-6).floor() as i64)
        };
        let lower = file.read("lo_dev", "a number", distance)?;
        let upper = file.read("up_dev", "a number", distance)?;
        for ((&cell, lower), upper) in layout.cell_of[0].iter().zip(lower).zip(upper) {
            let value = values[cell as usize];
            ranges[cell as usize] = Some((value - lower, value + upper));
        }
    }
    Ok(ranges)
}

/// The most decimal places of a column, six at most.
fn decimals(files: &[Csv], column: &str) -> Result<u32, Failure> {
    let mut most = 0;
    for file in files {
        let column = file.column(column)?;
        for field in file.fields(column).filter(|field| !field.contains(['e', 'E'])) {
            let places = field.split_once('.').map_or(0, |(_, places)| places.trim_end_matches('0').len());
            most = most.max(places as u32);
        }
    }
    if most > 6 {
        note("values are rounded to six decimal places");
    }
    Ok(most.min(6))
}

/// A number in units of its last decimal place; an empty field is none.
fn units(field: &str, decimals: u32) -> Option<i64> {
    if decimals == 0
        && let Ok(whole) = field.parse::<i64>()
    {
        return Some(whole);
    }
    let number: f64 = field.parse().ok()?;
    let scaled = number * f64::from(10_u32.pow(decimals));
    let whole = scaled.round();
    // Half a unit in 2^53 is as far as a double can be trusted; a count must be whole as it stands.
    let is_close = decimals > 0 || (scaled - whole).abs() < 1e-9;
    (whole.abs() < 9e15 && is_close).then_some(whole as i64)
}
