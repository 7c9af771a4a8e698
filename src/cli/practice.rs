//! `throughline practice`.

use super::screen::{self, count, counted, say};
use super::{Done, Failure, Finish};
use crate::calendar::SchoolYear;
use crate::practice::{self, Options};
use std::path::PathBuf;

/// Invent a city: the files its sources would export, and the truth
#[derive(clap::Args)]
pub(super) struct Practice {
    /// Distinct children over all years
    #[arg(long, default_value_t = 2_000)]
    students: u32,
    /// The same seed makes the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// First school year, by the year it ends in
    #[arg(long, default_value_t = 2021, value_name = "YEAR")]
    from: u32,
    /// Last school year
    #[arg(long, default_value_t = 2025, value_name = "YEAR")]
    to: u32,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Practice {
    pub(super) fn run(self) -> Done {
        let year =
            |year| SchoolYear::new(year).ok_or_else(|| Failure::new("a school year is from 1900 to 2999"));
        let years = year(self.from)?..=year(self.to)?;
        let options = Options { students: self.students, seed: self.seed, out: self.out.clone(), years };
        let bar = screen::bar(Some(self.students.into()), "children");
        let report = practice::write(&options, &mut |done, _| bar.set_position(done));
        bar.finish_and_clear();
        let report = report?;
        say(&format!(
            "{}: {} in {}, {} of them twins, {} known to more than one school system",
            self.out.display(),
            counted(report.students.into(), "child", "children"),
            counted(report.families.into(), "family", "families"),
            count(report.twins.into()),
            count(report.movers.into()),
        ));
        say(&format!(
            "{} with {}, {} bad on purpose. Nobody in it is real.",
            counted(report.files as u64, "file", "files"),
            counted(report.rows, "row", "rows"),
            counted(report.defects as u64, "value", "values"),
        ));
        Ok(Finish::All)
    }
}
