//! `throughline seal attack`: the intruders, on any published table.

use super::input::Input;
use super::output::read_pattern;
use crate::cli::screen::{self, counted, note, say};
use crate::cli::table::{Align, Table};
use crate::cli::{Done, Finish};
use crate::disclosure::tables::{Finding, Problem, attack};
use std::path::PathBuf;
use std::time::Instant;

/// Attack a published table: what do shown cells say about hidden ones?
#[derive(clap::Args)]
#[command(after_help = "\
Exit code 1 means that a sensitive cell was recovered exactly, or that nothing can be said of one: no values fit.")]
pub(super) struct Attack {
    #[command(flatten)]
    input: Input,
    /// The pattern, as `seal --out` wrote it
    #[arg(long, value_name = "FILE.csv", conflicts_with = "pattern", required_unless_present = "pattern")]
    published: Option<PathBuf>,
    /// A column of the cells' file that says which cells are hidden (1 or TRUE)
    #[arg(long, value_name = "COLUMN")]
    pattern: Option<String>,
    /// Let everybody who is alone in a cell attack the others, one after the other
    #[arg(long)]
    insider: bool,
    /// Cells to list
    #[arg(long, default_value_t = 10)]
    show: usize,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Attack {
    pub(super) fn run(self) -> Done {
        let read = self.input.read()?;
        let problem = read.problem()?;
        let is_hidden = read_pattern(&read, self.pattern.as_deref(), self.published.as_deref())?;
        let begun = Instant::now();
        let strike = |known: &[u32]| attack(&problem, &is_hidden, read.attacker, known);
        let findings = if self.insider { insiders(&problem, &is_hidden, strike) } else { strike(&[]) };
        let seconds = begun.elapsed().as_secs_f64();
        let is_shown = |&cell: &u32| problem.is_primary(cell) && !is_hidden[cell as usize];
        let n_shown = (0..problem.n_cells() as u32).filter(is_shown).count();
        let is_hidden_primary = |&cell: &u32| problem.is_primary(cell) && is_hidden[cell as usize];
        let n_sensitive = (0..problem.n_cells() as u32).filter(is_hidden_primary).count();
        // Values that do not add up leave nothing that could be true.
        let n_undecided = n_sensitive - findings.len();
        let exact: Vec<&Finding> = findings.iter().filter(|finding| finding.is_exact()).collect();
        let unit = f64::from(10_u32.pow(read.decimals));
        let mut widths: Vec<f64> = findings.iter().map(|finding| finding.width().max(0.0) / unit).collect();
        widths.sort_by(f64::total_cmp);
        let median = widths.get(widths.len() / 2).copied();
        let finish = match exact.len() + n_shown + n_undecided {
            0 => Finish::All,
            _ => Finish::SomeRefused,
        };
        if self.json {
            screen::json(&serde_json::json!({
                "attacker": self.input.attacker(), "insider": self.insider, "primary": n_sensitive + n_shown,
                "exact": exact.len() + n_shown, "shown": n_shown, "undecided": n_undecided,
                "median_width": median.filter(|width| width.is_finite()),
                "min_width": widths.first().copied().filter(|width| width.is_finite()), "seconds": seconds,
            }));
            return Ok(finish);
        }
        say(&format!(
            "{}: {} recovered exactly, {} shown; the others could differ by {} in the median; {seconds:.1} s",
            counted((n_sensitive + n_shown) as u64, "sensitive cell", "sensitive cells"),
            exact.len(),
            n_shown,
            median.map_or_else(|| "-".to_owned(), |width| format!("{width}")),
        ));
        if n_undecided > 0 {
            note(&format!("of {n_undecided} nothing can be said: no values fit all sums and what is known"));
        }
        let mut table = Table::new(&[("Recovered", Align::Left), ("Value", Align::Right)]);
        for finding in exact.iter().take(self.show) {
            let value = (finding.low / unit).round();
            table.row([read.layout.name(finding.cell), format!("{value}")]);
        }
        if !table.is_empty() {
            say(&table.print());
        }
        if exact.len() > self.show {
            say(&format!("  … and {} more (--show N)", exact.len() - self.show));
        }
        Ok(finish)
    }
}

/// The tightest bound that any insider finds for each cell.
fn insiders(
    problem: &Problem<'_>,
    is_hidden: &[bool],
    strike: impl Fn(&[u32]) -> Vec<Finding>,
) -> Vec<Finding> {
    let mut tightest: std::collections::BTreeMap<u32, Finding> =
        strike(&[]).into_iter().map(|finding| (finding.cell, finding)).collect();
    let bar = screen::bar(None, "insiders");
    for own in problem.insiders() {
        let own: Vec<u32> = own.into_iter().filter(|&cell| is_hidden[cell as usize]).collect();
        for finding in strike(&own) {
            let known = tightest.entry(finding.cell).or_insert(finding);
            if finding.width() < known.width() {
                *known = finding;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    tightest.into_values().collect()
}
