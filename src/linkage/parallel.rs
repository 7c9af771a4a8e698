//! Working on several threads without leaving a trace of it.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads work. No result may depend on it; a test holds [`super::Roster`] to that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Threads(NonZero<usize>);

impl Threads {
    /// One for each core.
    pub(super) fn all() -> Self {
        Self(std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN))
    }

    #[cfg(test)]
    pub(super) const fn of(n: usize) -> Self {
        Self(NonZero::new(n).expect("at least one thread works"))
    }

    pub(super) const fn count(self) -> usize {
        self.0.get()
    }

    /// Applies `work` to `0..n`; the results stand in order.
    pub(super) fn map<R: Send>(self, n: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
        self.map_with(n, || (), |(), at| work(at))
    }

    /// The same, with room of its own for each thread.
    pub(super) fn map_with<S, R: Send>(
        self,
        n: usize,
        room: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, usize) -> R + Sync,
    ) -> Vec<R> {
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
            let threads: Vec<_> = (0..self.count().min(n)).map(|_| scope.spawn(run)).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            threads.into_iter().flat_map(join).collect()
        });
        results.sort_unstable_by_key(|(at, _)| *at);
        results.into_iter().map(|(_, result)| result).collect()
    }
}
