//! A seeded simulation: sources, partners and stewards around the service, and a network and a disk between and below them
//! that reorder, repeat, cut and lose what a seed says. After every step a small model says what must be there.
//!
//! `THROUGHLINE_SEEDS=10000` runs so many seeds, on all cores; `THROUGHLINE_SEED=1234` replays one.

mod burst;
mod check;
mod encoding;
mod linkage;
mod model;
mod network;
mod papers;
mod people;
mod questions;
mod rehearsal;
mod service;
mod sources;
mod steward;
mod template;
mod whole;
mod withdrawal;
mod witnesses;
mod world;

use people::Canaries;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use template::Template;
use throughline::audit::Hash;
use world::World;

/// Seeds of a plain `cargo test`.
const SEEDS: u64 = 300;

/// What happens in so many seeds, or else they show nothing: what is in the log, and how the service ends.
const HAPPENS: [&str; 39] = [
    "Push allowed agreement.covered",
    "Push allowed agreement.covered step=compare",
    "Push allowed agreement.covered step=dry_run",
    "Push allowed agreement.covered step=end",
    "Push refused agreement.not_expired",
    "Push refused agreement.not_withdrawn",
    "Push refused batch.conflict",
    "Push refused batch.out_of_order",
    "Push refused push.too_many_absent",
    "Push refused organization.suspended",
    "GetDelivery allowed registered",
    "GetDelivery refused organization.suspended",
    "Query intended call.intended",
    "Query allowed agreement.covered",
    "Query refused agreement.begun",
    "Query refused agreement.dimension",
    "Query refused agreement.not_expired",
    "Query refused agreement.party",
    "Query refused agreement.purpose",
    "Query refused edition.none",
    "Query refused organization.role",
    "Query refused organization.suspended",
    "Query refused peer.role",
    "Query refused product.not_a_slice",
    "PutOrganization allowed registered",
    "Publish allowed registered",
    "Publish refused publish.closed",
    "Destroy allowed registered",
    "OfferCheckpoint allowed registered",
    "OfferCheckpoint refused organization.suspended",
    "AddCosignature allowed registered",
    "ChangeLinkageKey allowed registered step=begin",
    "ChangeLinkageKey allowed registered step=cancel",
    "ChangeLinkageKey allowed registered step=finish",
    "ChangeLinkageKey refused key.step",
    "ChangeLinkageKey refused key.waiting",
    "cut off: whole",
    "cut off: lost",
    "left in queue",
];

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
    let happened = Mutex::new(BTreeMap::<String, u64>::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let n_failed = failed.lock().unwrap_or_else(PoisonError::into_inner).len();
            if seed >= seeds.end || n_failed >= FAILURES_MAX {
                return;
            }
            match catch_unwind(AssertUnwindSafe(|| run(&template, &canaries, seed))) {
                Ok(observed) => {
                    let mut happened = happened.lock().unwrap_or_else(PoisonError::into_inner);
                    kinds(&observed).for_each(|kind| *happened.entry(kind).or_default() += 1);
                }
                Err(_) => failed.lock().unwrap_or_else(PoisonError::into_inner).push(seed),
            }
            if (seed + 1).is_multiple_of(1_000) {
                say(&format!("{} of {} seeds after {:.0?}", seed + 1, seeds.end, started.elapsed()));
            }
        }
    };
    // A seed waits for its own writer half of the time.
    let n_threads = 2 * std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..n_threads).for_each(|_| drop(scope.spawn(work))));
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    say(&format!("{} seeds in {:.1?}", seeds.end - seeds.start, started.elapsed()));
    let replay: String = failed
        .iter()
        .map(|seed| format!("\n  THROUGHLINE_SEED={seed} cargo test --test simulation"))
        .collect();
    assert!(failed.is_empty(), "{} seeds fail; to replay them:{replay}", failed.len());
    let happened = happened.into_inner().unwrap_or_else(PoisonError::into_inner);
    happened.iter().for_each(|(kind, n)| say(&format!("{n:>8} {kind}")));
    if seeds.end - seeds.start >= SEEDS {
        let missing: Vec<_> = HAPPENS.iter().filter(|kind| !happened.contains_key(**kind)).collect();
        assert!(missing.is_empty(), "this has never happened: {missing:?}");
    }
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
    let n_steps = 20 + world.below(17);
    // The dearest by far.
    let n_editions_max = if world.chance(15) { 2 } else { 0 };
    let n_editions_max = template.model.n_editions + n_editions_max;
    for _ in 0..n_steps {
        match world.below(100) {
            0..20 => world.post(),
            20..48 => world.deliver(),
            48..51 => world.witness(),
            51..54 => world.change_key(),
            54..57 => world.rehearse(),
            57..60 => world.send_whole(),
            60..74 => world.ask(),
            74..79 => world.change_standing(),
            79..83 => world.ask_delivery(),
            83..90 => world.burst(),
            90..93 => world.restart(),
            93..96 => world.cut_off(),
            96 => world.withdraw(),
            _ if world.model.n_editions < n_editions_max => world.publish_or_be_cut_off(),
            _ => world.deliver(),
        }
        world.check();
    }
    world.check_rest();
    let observed = std::mem::take(&mut world.observed);
    let database = world.stop();
    let n_entries = world.log.len() as u64;
    check::check_files(folder.path(), &database, &template.keys.log, n_entries, canaries);
    String::from_utf8(observed).expect("it was text")
}

/// What was seen, but for who did it and to what.
fn kinds(observed: &str) -> impl Iterator<Item = String> {
    let kind = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let mut kind: Vec<&str> = words.by_ref().take(3).collect();
        kind.extend(words.find(|word| word.starts_with("step=")));
        kind.join(" ")
    };
    observed.lines().filter(|line| line.split(' ').count() > 3).map(kind)
}

/// Says something to whoever runs the tests.
#[expect(clippy::print_stderr, reason = "a long run tells how far it is")]
fn say(text: &str) {
    eprintln!("{text}");
}
