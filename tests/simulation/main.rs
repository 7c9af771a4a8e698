//! A seeded simulation: sources, partners and stewards around the service, and a network and a disk between and below them
//! that reorder, repeat, cut and lose what a seed says. After every step a small model says what must be there.
//!
//! `THROUGHLINE_SEEDS=10000` runs so many seeds, on all cores; `THROUGHLINE_SEED=1234` replays one.

mod burst;
mod calls;
mod check;
mod model;
mod network;
mod papers;
mod people;
mod service;
mod template;
mod world;

use people::Canaries;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use template::Template;
use throughline::audit::Hash;
use world::World;

/// Seeds of a plain `cargo test`.
const SEEDS: u64 = 300;

/// Seeds that fail before the others are not run any more.
const FAILURES_MAX: usize = 3;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn every_promise_holds_after_every_step_of_every_seed() {
    let seeds = match number("THROUGHLINE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("THROUGHLINE_SEEDS").unwrap_or(SEEDS),
    };
    let (template, canaries) = (Template::make(), Canaries::new());
    let (next, failed, started) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()), Instant::now());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let n_failed = failed.lock().unwrap_or_else(PoisonError::into_inner).len();
            if seed >= seeds.end || n_failed >= FAILURES_MAX {
                return;
            }
            if catch_unwind(AssertUnwindSafe(|| run(&template, &canaries, seed))).is_err() {
                failed.lock().unwrap_or_else(PoisonError::into_inner).push(seed);
            }
            if (seed + 1).is_multiple_of(1_000) {
                say(&format!("{} of {} seeds after {:.0?}", seed + 1, seeds.end, started.elapsed()));
            }
        }
    };
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..n_threads).for_each(|_| drop(scope.spawn(work))));
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    say(&format!("{} seeds in {:.1?}", seeds.end - seeds.start, started.elapsed()));
    let replay: String = failed
        .iter()
        .map(|seed| format!("\n  THROUGHLINE_SEED={seed} cargo test --test simulation"))
        .collect();
    assert!(failed.is_empty(), "{} seeds fail; to replay them:{replay}", failed.len());
}

#[test]
fn a_seed_replays_exactly() {
    let (template, canaries) = (Template::make(), Canaries::new());
    for seed in 0..12 {
        let [first, again] = [(); 2].map(|()| run(&template, &canaries, seed));
        let differs = first.lines().zip(again.lines()).find(|(first, again)| first != again);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(Hash::of(first.as_bytes()), Hash::of(again.as_bytes()), "seed {seed}");
    }
}

/// Runs a seed; everything that was seen.
fn run(template: &Template, canaries: &Canaries, seed: u64) -> String {
    let folder = template::folder();
    let database = template.copy(folder.path());
    let mut world =
        World::new(&template.keys, folder.path(), template.model.clone(), template.log.clone(), seed);
    world.start(&database);
    world.check();
    let n_steps = 20 + world.below(21);
    // The dearest by far.
    let n_editions_max = if world.chance(15) { 2 } else { 0 };
    let n_editions_max = template.model.n_editions + n_editions_max;
    for _ in 0..n_steps {
        match world.below(100) {
            0..20 => world.post(),
            20..60 => world.deliver(),
            60..74 => world.ask(),
            74..79 => world.change_standing(),
            79..83 => world.ask_delivery(),
            83..90 => world.burst(),
            90..93 => world.restart(),
            93..97 => world.cut_off(),
            _ if world.model.n_editions < n_editions_max => world.publish(),
            _ => world.deliver(),
        }
        world.check();
    }
    let observed = std::mem::take(&mut world.observed);
    let database = world.stop();
    let n_entries = world.log.len() as u64;
    check::check_files(folder.path(), &database, &template.keys.log, n_entries, canaries);
    String::from_utf8(observed).expect("it was text")
}

/// Says something to whoever runs the tests.
#[expect(clippy::print_stderr, reason = "a long run tells how far it is")]
fn say(text: &str) {
    eprintln!("{text}");
}
