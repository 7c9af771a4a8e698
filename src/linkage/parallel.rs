//! Working on all cores without leaving a trace of it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Applies `work` to `0..n` on all cores; the results stand in order.
pub(super) fn in_parallel<R: Send>(n: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    in_parallel_with(n, || (), |(), at| work(at))
}

/// The same, with room of its own for each thread.
pub(super) fn in_parallel_with<S, R: Send>(
    n: usize,
    room: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> R + Sync,
) -> Vec<R> {
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from).min(n).max(1);
    let next = AtomicUsize::new(0);
    let run = || {
        let (mut room, mut done) = (room(), Vec::new());
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= n {
                return done;
            }
            done.push((at, work(&mut room, at)));
        }
    };
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(run)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        threads.into_iter().flat_map(join).collect()
    });
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
