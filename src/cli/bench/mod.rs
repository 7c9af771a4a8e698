//! `throughline bench`: how large a state this machine carries, and how what it takes grows with the state.
//!
//! Each size is a service of its own, in a process of its own, on the same machine as its clients.

mod chart;
mod clients;
mod figures;
mod measure;
mod pace;
mod people;
mod sign;

use super::folder::Folder;
use super::screen::{self, note, say};
use super::steps::Steps;
use super::{Done, Failure, Finish, folder_of, wait};
use clap::value_parser;
use figures::Figures;
use measure::Size;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

/// Measure what this machine carries: intake, publishing, answers and starts, at growing sizes
#[derive(clap::Args)]
#[command(after_help = "\
Each size is an invented state in a service of its own: students of five school years at 600 schools, 16 records each. They are
pushed, published, corrected (one student of a hundred) and published again; a partner asks, at a steady pace and as fast as it
can; the service is killed and started again. It shares the machine with its clients, so nothing else should run there.")]
pub(super) struct Bench {
    /// Students at 1x
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = value_parser!(u32).range(1..=10_000_000))]
    students: u32,
    /// The sizes, as multiples of that; they are measured one after the other, the smallest first
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "1,3,10",
        value_parser = value_parser!(u32).range(1..=1_000))]
    times: Vec<u32>,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// Draw how the cost of 1,000 students grows
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Empty folder to work in, which is left there; by default one that is removed at the end
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// For how many seconds a partner asks at a steady pace
    #[arg(long, hide = true, default_value_t = 10, value_parser = value_parser!(u32).range(1..=600))]
    seconds: u32,
}

impl Bench {
    pub(super) fn run(self) -> Done {
        let times: BTreeSet<u32> = self.times.iter().copied().collect();
        // It takes long, so what can be known to fail at its end fails at once.
        if let Some(file) = &self.plot {
            if times.len() < 2 {
                return Err(Failure::new("growth is drawn of two sizes or more, such as --times 1,3"));
            }
            if !folder_of(file).is_dir() {
                return Err(Failure::new(format!("{} is no folder", folder_of(file).display())));
            }
        }
        if let Some(folder) = &self.dir {
            Folder::new(Some(folder), "bench")?;
        }
        let mut sizes = Vec::new();
        let done = times.into_iter().try_for_each(|times| {
            sizes.push(self.measure(times)?);
            Ok(())
        });
        // What was measured is told also where a larger size was too much for the machine.
        self.tell(&sizes)?;
        done.map(|()| Finish::All)
    }

    /// One size, in a folder that is there for it alone.
    fn measure(&self, times: u32) -> Result<Figures, Failure> {
        let asked = self.dir.as_ref().map(|folder| folder.join(format!("{times}x")));
        let folder = Folder::new(asked.as_deref(), "bench")?;
        // Declared after the folder, the service has gone before the folder does.
        let mut steps = Steps::new(folder.path().to_owned())?;
        let size = Size { n_students: u64::from(self.students) * u64::from(times), seconds: self.seconds };
        wait(async {
            tokio::select! {
                biased;
                Err(stopped) = interrupted() => Err(stopped),
                done = size.measure(&mut steps) => done,
            }
        })
    }

    fn tell(&self, sizes: &[Figures]) -> Result<(), Failure> {
        if sizes.is_empty() {
            return Ok(());
        }
        if self.json {
            let sizes: Vec<_> = sizes.iter().map(Figures::json).collect();
            screen::json(&serde_json::json!({ "sizes": sizes }));
        } else {
            say(&figures::table(sizes));
        }
        if let (Some(file), true) = (&self.plot, sizes.len() > 1) {
            let svg = chart::chart(sizes).ok_or_else(|| Failure::new("there is nothing to draw"))?;
            let failed = |error| Failure::new(format!("cannot write {}: {error}", file.display()));
            std::fs::write(file, svg).map_err(failed)?;
            note(&format!("{} shows how the cost of 1,000 students grows", file.display()));
        }
        Ok(())
    }
}

/// Waits until somebody stops the measuring, so that its service is stopped and its folder removed first.
async fn interrupted() -> Result<Infallible, Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Err(Failure::new("stopped before everything was measured"))
}
