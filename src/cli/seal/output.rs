//! What `seal` writes: the pattern, the report, the witnesses.

use super::input::{Csv, Read};
use crate::cli::Failure;
use crate::cli::screen::{count, say};
use crate::cli::table::safe;
use crate::disclosure::tables::{Pattern, Problem, Witness};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What protecting a table cost, for `--report`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    /// All cells.
    pub(super) cells: usize,
    /// Sensitive cells.
    pub(super) primary: usize,
    /// Cells hidden to protect those.
    pub(super) secondary: usize,
    /// Hidden cells, out of all.
    pub(super) hidden_share_cells: f64,
    /// What is counted in hidden cells, out of what is counted in all.
    pub(super) hidden_share_people: f64,
    /// The smallest width of a sensitive cell that is proven; absent with the linear rule alone.
    pub(super) min_width: Option<f64>,
    /// The linear rule alone, for comparison.
    pub(super) linear: Linear,
    /// Sensitive cells that would follow if hidden cells said why they are hidden, whatever is hidden.
    pub(super) need_one_mark: usize,
    /// Sensitive cells that nothing protects.
    pub(super) unprotected: usize,
    /// Witnesses that prove the rest.
    pub(super) witnesses: usize,
    /// Time.
    pub(super) seconds: Seconds,
}

/// What the linear rule alone hides.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Linear {
    /// Cells hidden to protect sensitive ones.
    pub(super) secondary: usize,
}

/// Seconds by stage.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Seconds {
    /// Secondary suppression by the linear rule.
    pub(super) secondary: f64,
    /// The audit against intruders who know the mask: finding what is missing, repair, check of the witnesses.
    pub(super) audit: f64,
    /// Everything, reading and writing included.
    pub(super) total: f64,
}

/// What a file of witnesses holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Witnesses {
    /// Of the form of the file.
    pub(super) version: u32,
    /// Number of cells of the table, as a first check that it is the same.
    pub(super) cells: usize,
    /// Changes refer to cells by number, in the order of their codes.
    pub(super) witnesses: Vec<Witness>,
}

impl Report {
    pub(super) fn new(read: &Read, problem: &Problem<'_>, is_hidden: &[bool]) -> Self {
        let cells = problem.n_cells();
        let primary = (0..cells as u32).filter(|&cell| problem.is_primary(cell)).count();
        let n_hidden = is_hidden.iter().filter(|hidden| **hidden).count();
        let size = |cell: usize| read.values.values[cell].unsigned_abs() as f64;
        let people: f64 = (0..cells).map(size).sum();
        let hidden_people: f64 = (0..cells).filter(|&cell| is_hidden[cell]).map(size).sum();
        Self {
            cells,
            primary,
            secondary: n_hidden - primary,
            hidden_share_cells: n_hidden as f64 / cells.max(1) as f64,
            hidden_share_people: if people > 0.0 { hidden_people / people } else { 0.0 },
            min_width: None,
            linear: Linear { secondary: n_hidden - primary },
            need_one_mark: 0,
            unprotected: 0,
            witnesses: 0,
            seconds: Seconds { secondary: 0.0, audit: 0.0, total: 0.0 },
        }
    }

    /// The report with what is known of a pattern.
    pub(super) fn with(mut self, read: &Read, pattern: &Pattern) -> Self {
        let unit = f64::from(10_u32.pow(read.decimals));
        self.min_width = pattern.width_min.map(|width| width as f64 / unit);
        self.need_one_mark = pattern.needs_one_mark.len();
        self.unprotected = pattern.unprotected.len();
        self.witnesses = pattern.witnesses.len();
        self
    }

    pub(super) fn print(&self) {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        let hidden = (self.primary + self.secondary) as u64;
        say(&format!(
            "{} cells: {} sensitive, {} hidden to protect them; {} in all ({} of cells, {} of what is counted)",
            count(self.cells as u64),
            count(self.primary as u64),
            count(self.secondary as u64),
            count(hidden),
            percent(self.hidden_share_cells),
            percent(self.hidden_share_people),
        ));
        if let Some(width) = self.min_width {
            say(&format!(
                "proven by {} other tables that look the same; each sensitive cell could differ by {width} at least",
                count(self.witnesses as u64)
            ));
            say(&format!(
                "the linear rule alone would hide {} to protect them",
                count(self.linear.secondary as u64)
            ));
        }
        if self.need_one_mark > 0 {
            say(&format!(
                "{} of them are safe only as long as hidden cells have one mark: use no other mark for sensitive ones",
                count(self.need_one_mark as u64)
            ));
        }
        if self.unprotected > 0 {
            say(&format!("{} can not be protected by hiding cells", count(self.unprotected as u64)));
        }
        let Seconds { secondary, audit, total } = self.seconds;
        say(&format!("{total:.2} s: secondary suppression {secondary:.2} s, audit and repair {audit:.2} s"));
    }
}

/// Writes every cell: its codes, its value where it is shown, and what it is.
pub(super) fn write_pattern(
    file: &Path,
    read: &Read,
    column: &str,
    is_hidden: &[bool],
) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_path(file)?;
    let headings = read.layout.dimensions.iter().map(String::as_str).chain([column, "status"]);
    writer.write_record(headings)?;
    for cell in read.layout.by_row().into_iter().map(|cell| cell as usize) {
        let (codes, value) = (&read.layout.codes[cell], read.values.values[cell]);
        let value = if is_hidden[cell] { String::new() } else { decimal(value, read.decimals) };
        let status = if is_hidden[cell] { "hidden" } else { "published" };
        writer.write_record(codes.iter().map(|code| safe(code)).chain([value, status.to_owned()]))?;
    }
    Ok(writer.flush()?)
}

/// A number of units as a decimal number.
fn decimal(units: i64, decimals: u32) -> String {
    let one = 10_u64.pow(decimals);
    let (sign, size) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
    match decimals {
        0 => format!("{sign}{size}"),
        _ => format!("{sign}{}.{:0width$}", size / one, size % one, width = decimals as usize),
    }
}

/// Which cells a pattern hides: from a column of the cells' own files, or from a file that `--out` wrote.
pub(super) fn read_pattern(
    read: &Read,
    column: Option<&str>,
    published: Option<&Path>,
) -> Result<Vec<bool>, Failure> {
    let mut is_hidden = vec![false; read.layout.n_cells()];
    let flag = super::input::flag;
    if let Some(column) = column {
        for (file, cells) in read.files.iter().zip(&read.layout.cell_of) {
            for (&cell, hidden) in cells.iter().zip(file.read(column, "0 or 1", flag)?) {
                is_hidden[cell as usize] |= hidden;
            }
        }
        return Ok(is_hidden);
    }
    let path = published.expect("clap asks for one of the two");
    let file = Csv::open(path)?;
    let status = file.read("status", "published or hidden", flag)?;
    let values = file.column(&read.column)?;
    let columns: Vec<usize> =
        read.layout.dimensions.iter().map(|name| file.column(name)).collect::<Result<_, _>>()?;
    if file.n_rows() != read.layout.n_cells() {
        return Err(Failure::new(format!("{} is not a pattern of these cells", path.display())));
    }
    for (row, cell) in read.layout.by_row().into_iter().enumerate() {
        let cell = cell as usize;
        let same = |(at, code): (&usize, &String)| file.field(row, *at) == safe(code);
        if !columns.iter().zip(&read.layout.codes[cell]).all(same) {
            return Err(Failure::new(format!("{}, row {}: is another cell", path.display(), row + 2)));
        }
        is_hidden[cell] = status[row];
        let value =
            if status[row] { String::new() } else { decimal(read.values.values[cell], read.decimals) };
        if file.field(row, values) != value {
            let wrong =
                if status[row] { "a hidden cell has a value" } else { "the value is not the table's" };
            return Err(Failure::new(format!("{}, row {}: {wrong}", path.display(), row + 2)));
        }
    }
    Ok(is_hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_written_as_they_came() {
        assert_eq!([0, 12, -5].map(|units| decimal(units, 0)), ["0", "12", "-5"]);
        assert_eq!([5, 1_250, -40].map(|units| decimal(units, 2)), ["0.05", "12.50", "-0.40"]);
    }
}
