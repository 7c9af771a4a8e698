//! `throughline seal`: protecting tables of one's own, checking the proof, and attacking any table.

mod attack;
mod input;
mod output;

use super::screen::{self, note, say};
use super::{Done, Failure, Finish};
use input::Input;
use output::{Linear, Report, Seconds, Witnesses};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Hide cells of tables so that no sensitive one can be worked out, and prove it
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = AFTER)]
pub(super) struct Seal {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    make: Make,
}

const AFTER: &str = "\
A table of counts, with the hierarchy of its regions:
  throughline seal --cells table.csv --count n --hierarchy regions.csv --minimum 10 --out safe.csv
A table of magnitudes, each sensitive cell uncertain by 10 %:
  throughline seal --cells table.csv --value turnover --primary sensitive --protect-percent 10
Exit code 1 means that some sensitive cells can not be protected by hiding cells.";

#[derive(clap::Subcommand)]
enum Verb {
    /// Check a pattern by its witnesses, without a solver
    Verify(Verify),
    /// Attack a published table: what do shown cells say about hidden ones?
    Attack(attack::Attack),
}

#[derive(clap::Args)]
struct Make {
    #[command(flatten)]
    input: Input,
    /// Hide by the linear rule alone: nothing sensitive follows by adding and subtracting
    #[arg(long)]
    linear: bool,
    /// How often to go over the pattern to show more
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Write every cell with `published` or `hidden`
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
    /// Write the report as JSON
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
    /// Write the witnesses, for `seal verify`; they are as secret as the table
    #[arg(long, value_name = "FILE.json", conflicts_with = "linear")]
    witnesses: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Verify {
    #[command(flatten)]
    input: Input,
    /// The pattern, as `--out` wrote it
    #[arg(long, value_name = "FILE.csv")]
    published: PathBuf,
    /// The witnesses, as `--witnesses` wrote them
    #[arg(long, value_name = "FILE.json")]
    witnesses: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Seal {
    pub(super) fn run(self) -> Done {
        match (self.verb, self.make) {
            (Some(Verb::Verify(verb)), _) => verb.run(),
            (Some(Verb::Attack(verb)), _) => verb.run(),
            (None, make) => make.run(),
        }
    }
}

impl Make {
    fn run(self) -> Done {
        let start = Instant::now();
        let read = self.input.read()?;
        let problem = read.problem()?;
        let begun = Instant::now();
        let linear = problem.linear();
        let secondary = begun.elapsed().as_secs_f64();
        let of_linear = Report::new(&read, &problem, &linear);
        let begun = Instant::now();
        let (is_hidden, witnesses, mut report) = if self.linear {
            (linear, Vec::new(), of_linear)
        } else {
            let pattern = problem.protect(self.rounds);
            let report = Report::new(&read, &problem, &pattern.is_hidden).with(&read, &pattern);
            let report = Report { linear: Linear { secondary: of_linear.secondary }, ..report };
            // Whatever is said to be protected is checked before anybody hears of it.
            if report.unprotected == 0 {
                problem.check(&pattern.is_hidden, &pattern.witnesses)?;
            }
            (pattern.is_hidden, pattern.witnesses, report)
        };
        let audit = if self.linear { 0.0 } else { begun.elapsed().as_secs_f64() };
        if let Some(file) = &self.out {
            output::write_pattern(file, &read, self.input.column(), &is_hidden)?;
        }
        if let Some(file) = &self.witnesses {
            let cells = problem.n_cells();
            write_json(file, &Witnesses { version: 1, cells, witnesses })?;
        }
        report.seconds = Seconds { secondary, audit, total: start.elapsed().as_secs_f64() };
        if let Some(file) = &self.report {
            write_json(file, &report)?;
        }
        if self.json {
            screen::json(&serde_json::to_value(&report)?);
        } else {
            report.print();
        }
        Ok(if report.unprotected == 0 { Finish::All } else { Finish::SomeRefused })
    }
}

impl Verify {
    fn run(self) -> Done {
        let read = self.input.read()?;
        let problem = read.problem()?;
        let is_hidden = output::read_pattern(&read, None, Some(&self.published))?;
        let text = std::fs::read_to_string(&self.witnesses)
            .map_err(|error| Failure::new(format!("{}: {error}", self.witnesses.display())))?;
        let Witnesses { version, cells, witnesses }: Witnesses = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("{}: {error}", self.witnesses.display())))?;
        if version != 1 || cells != problem.n_cells() {
            return Err(Failure::new(format!("{} is about other cells", self.witnesses.display())));
        }
        let begun = Instant::now();
        let proof = problem.check(&is_hidden, &witnesses)?;
        let seconds = begun.elapsed().as_secs_f64();
        if self.json {
            let unit = f64::from(10_u32.pow(read.decimals));
            screen::json(&serde_json::json!({
                "sensitive": proof.n_sensitive, "need_one_mark": proof.n_one_mark,
                "min_width": proof.width_min.map(|width| width as f64 / unit),
                "witnesses": witnesses.len(), "seconds": seconds,
            }));
            return Ok(Finish::All);
        }
        let witnesses = screen::counted(witnesses.len() as u64, "witness", "witnesses");
        let sensitive = screen::counted(proof.n_sensitive as u64, "sensitive cell", "sensitive cells");
        say(&format!("{witnesses} hold and show {sensitive} to be uncertain enough; {seconds:.2} s"));
        if proof.n_one_mark > 0 {
            note(&format!("{} of them as long as hidden cells have one mark", proof.n_one_mark));
        }
        Ok(Finish::All)
    }
}

fn write_json(file: &Path, value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)?;
    std::fs::write(file, text + "\n").map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}
