//! The power goes at any moment: what the disk has by then is all that there is, and nothing acknowledged is lost.
//!
//! The service's folder is on a file system in a file. At a cut the process is frozen, and the file is copied as the kernel has
//! written it: what was not synced is in no copy. Only who may mount can do that, such as root.
//! `THROUGHLINE_POWER_CUTS` says another number of cuts.

use crate::city::City;
use crate::kill::{BATCHES, STUDENTS, batches, cut_off, hold};
use crate::syscalls;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use throughline::audit::Receipt;

/// Cuts, where nothing else is said.
const CUTS: u64 = 25;

/// Bytes of the disk.
const SIZE: u64 = 48 * 1024 * 1024;

/// A file system in a file, which the service's folder is on.
struct Disk {
    image: PathBuf,
    on: PathBuf,
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The process may still be there, and is ended next.
        run("umount", ["-l".as_ref(), self.on.as_os_str()]);
    }
}

fn run<'a>(program: &str, words: impl IntoIterator<Item = &'a OsStr>) -> bool {
    let done = Command::new(program).args(words).stdout(Stdio::null()).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}

impl Disk {
    /// Moves a service that does not run to a disk of its own; nothing where that may not be done here.
    fn under(city: &City) -> Option<Self> {
        let (image, made) = (city.folder().join("disk"), city.folder().join("made"));
        let disk = Self { on: city.folder().join("service"), image };
        File::create(&disk.image).expect("a file").set_len(SIZE).expect("room");
        fs::rename(&disk.on, &made).expect("moved");
        fs::create_dir(&disk.on).expect("a folder");
        let is_made = run("mkfs.ext4", ["-q".as_ref(), "-F".as_ref(), disk.image.as_os_str()]);
        if !is_made || !disk.mount() {
            return None;
        }
        for file in fs::read_dir(made).expect("a folder") {
            let from = file.expect("a file").path();
            let to = disk.on.join(from.file_name().expect("a name"));
            assert!(run("cp", ["-a".as_ref(), from.as_os_str(), to.as_os_str()]));
        }
        assert!(run("sync", []));
        Some(disk)
    }

    /// The file system writes nothing by itself for minutes: what is there was asked for.
    fn mount(&self) -> bool {
        let options = "loop,commit=300".as_ref();
        run("mount", ["-o".as_ref(), options, self.image.as_os_str(), self.on.as_os_str()])
    }

    /// The power goes, and comes again.
    fn cut(&self, city: &mut City) {
        city.signal("-STOP");
        let read = || fs::read(&self.image).expect("it reads");
        let mut there = read();
        // Should the kernel be writing, until it is not: a copy is of one moment.
        loop {
            let again = read();
            if again == there {
                break;
            }
            there = again;
        }
        city.kill();
        assert!(run("umount", [self.on.as_os_str()]));
        fs::write(&self.image, there).expect("written");
        assert!(self.mount());
    }
}

#[tokio::test]
async fn cut_off_at_any_moment_of_a_push() {
    let cuts = std::env::var("THROUGHLINE_POWER_CUTS").map_or(CUTS, |n| n.parse().expect("a number"));
    let mut city = City::open().await;
    city.kill();
    let Some(disk) = Disk::under(&city) else {
        let _ = writeln!(std::io::stderr(), "no power cuts: this user may not mount a file system");
        return;
    };
    city.restart();
    let mut random = ChaCha8Rng::seed_from_u64(20_261_127);
    let mut receipts: Vec<Receipt> = Vec::new();
    for round in 0..cuts {
        let (delivery, all) = (format!("night-{round}"), batches(round));
        let moment = (round % BATCHES, random.next_u32() % 400);
        let cut = |city: &mut City| disk.cut(city);
        let n_acknowledged = cut_off(&mut city, (&delivery, &all), moment, &mut receipts, cut).await;
        city.restart();
        let source = city.source("northfield").await;
        let through = source.acknowledged_through(&delivery).await;
        assert!(through >= n_acknowledged, "cut {round}: {n_acknowledged} acknowledged, {through} there");
        let mut pushing = source.open(&delivery).await.expect("it may");
        for (sequence, batch) in (1..).zip(&all).skip(through as usize) {
            let verdict = pushing.batch(&format!("{delivery}-{sequence}"), sequence, batch.clone()).await;
            receipts.extend(verdict.expect("it may").receipt);
        }
        pushing.finish().await.expect("a clean end");
        let n_expected = (round + 1) * BATCHES * STUDENTS as u64 * 3 + 1;
        assert_eq!(city.steward().await.n_records().await, n_expected, "cut {round}");
    }
    hold(&city, &receipts);

    // A service whose syncs do nothing loses what it has acknowledged: a cut is one.
    let mut serve = city.serve();
    serve.env("LD_PRELOAD", syscalls::shim(city.folder())).env("FAULT_SYNC", "none");
    city.start_as(serve);
    let source = city.source("northfield").await;
    let mut pushing = source.open("unsynced").await.expect("it may");
    for (sequence, batch) in (1..).zip(batches(cuts)) {
        pushing.batch(&format!("unsynced-{sequence}"), sequence, batch).await.expect("it may");
    }
    disk.cut(&mut city);
    // What is left may not even be enough to start.
    if city.listens_as(city.serve()) {
        let source = city.source("northfield").await;
        assert!(source.acknowledged_through("unsynced").await < BATCHES, "nothing was lost");
    }
}
