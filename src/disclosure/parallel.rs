//! Working on all cores without leaving a trace of it.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    /// Whether work of this thread stays on it.
    static ON_ONE_CORE: Cell<bool> = const { Cell::new(false) };
}

/// Does some work on the calling thread alone, for those who share the machine with others. The result is the same as
/// on all cores.
pub fn on_one_core<R>(work: impl FnOnce() -> R) -> R {
    /// Puts it back as it was, also after a panic.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            ON_ONE_CORE.set(self.0);
        }
    }
    let _before = Before(ON_ONE_CORE.replace(true));
    work()
}

/// Applies `work` to each item, as many at once as there are cores; the results stand in the order of the
/// items.
pub(super) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if ON_ONE_CORE.get() {
        return items.iter().map(work).collect();
    }
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len()).max(1);
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, work(item)));
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
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::{ThreadId, current};

    #[test]
    fn on_one_core_work_stays_on_its_thread_and_only_there() {
        let threads = || in_parallel(&[(), ()], |()| current().id());
        let own: ThreadId = current().id();
        assert!(threads().iter().all(|thread| *thread != own));
        assert_eq!(on_one_core(|| (on_one_core(threads), threads())), (vec![own, own], vec![own, own]));
        let panicked = std::panic::catch_unwind(|| on_one_core(|| panic!("on purpose")));
        assert!(panicked.is_err() && threads().iter().all(|thread| *thread != own));
    }
}
