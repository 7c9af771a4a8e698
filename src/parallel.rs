//! Working on several threads without leaving a trace of it: no result may depend on how many there are.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    /// How many threads work of this one is spread over; where nothing is said, one for each core.
    static THREADS: Cell<Option<NonZero<usize>>> = const { Cell::new(None) };
}

/// Does some work on the calling thread alone, for those who share the machine with others. The result is the same as
/// on all cores.
pub fn on_one_core<R>(work: impl FnOnce() -> R) -> R {
    on_threads(NonZero::<usize>::MIN, work)
}

/// Does some work on so many threads.
pub(crate) fn on_threads<R>(n: NonZero<usize>, work: impl FnOnce() -> R) -> R {
    /// Puts it back as it was, also after a panic.
    struct Before(Option<NonZero<usize>>);
    impl Drop for Before {
        fn drop(&mut self) {
            THREADS.set(self.0);
        }
    }
    let _before = Before(THREADS.replace(Some(n)));
    work()
}

/// How many threads work is spread over.
pub(crate) fn n_threads() -> usize {
    let threads = THREADS.get().or_else(|| std::thread::available_parallelism().ok());
    threads.map_or(1, NonZero::get)
}

/// Applies `work` to each item; the results stand in the order of the items.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map(items.len(), |at| work(&items[at]))
}

/// Applies `work` to `0..n`; the results stand in order.
pub(crate) fn map<R: Send>(n: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    map_with(n, || (), |(), at| work(at))
}

/// Does some work on each item, where it stands.
pub(crate) fn each_mut<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync) {
    let n_threads = n_threads();
    if n_threads == 1 {
        items.iter_mut().for_each(work);
        return;
    }
    let (share, work) = (items.len().div_ceil(n_threads).max(1), &work);
    std::thread::scope(|scope| {
        for share in items.chunks_mut(share) {
            scope.spawn(move || share.iter_mut().for_each(work));
        }
    });
}

/// Does one thing, and meanwhile another on a thread of its own.
pub(crate) fn both<H, T: Send>(here: impl FnOnce() -> H, there: impl FnOnce() -> T + Send) -> (H, T) {
    if n_threads() == 1 {
        return (here(), there());
    }
    std::thread::scope(|scope| {
        let there = scope.spawn(there);
        (here(), joined(there))
    })
}

/// What came of a thread; its panic goes on.
fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What may be made and not taken.
const AHEAD: usize = 2;

/// Makes something of each item on another thread, a little ahead of the calling one, which takes them in order.
pub(crate) fn ahead<I: Send, T: Send>(
    items: impl Iterator<Item = I> + Send,
    make: impl Fn(I) -> T + Sync,
    take: impl FnMut(T),
) {
    if n_threads() == 1 {
        items.map(make).for_each(take);
        return;
    }
    std::thread::scope(|scope| {
        let (made, taken) = std::sync::mpsc::sync_channel(AHEAD);
        let make = &make;
        // Who takes no more has panicked.
        scope.spawn(move || items.map(make).all(|item| made.send(item).is_ok()));
        taken.into_iter().for_each(take);
    });
}

/// Takes what the calling thread gives on another one, a little behind it, in order; whatever giving it came to.
pub(crate) fn behind<T: Send, R>(
    give: impl FnOnce(&mut dyn FnMut(T)) -> R,
    mut take: impl FnMut(T) + Send,
) -> R {
    if n_threads() == 1 {
        return give(&mut take);
    }
    std::thread::scope(|scope| {
        let (given, taken) = std::sync::mpsc::sync_channel(AHEAD);
        let taking = scope.spawn(move || taken.into_iter().for_each(take));
        // Who takes no more has panicked.
        let came_to = give(&mut |item| drop(given.send(item)));
        drop(given);
        joined(taking);
        came_to
    })
}

/// The same as [`map`], with room of its own for each thread.
pub(crate) fn map_with<S, R: Send>(
    n: usize,
    room: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> R + Sync,
) -> Vec<R> {
    let n_threads = n_threads();
    if n_threads == 1 || n <= 1 {
        let mut room = room();
        return (0..n).map(|at| work(&mut room, at)).collect();
    }
    let next = AtomicUsize::new(0);
    // As one function: in each place where it is called, all that it calls would be compiled again.
    let run: &(dyn Fn() -> Vec<(usize, R)> + Sync) = &|| {
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
        // This thread works as well, and one less is started.
        let others: Vec<_> = (1..n_threads.min(n)).map(|_| scope.spawn(run)).collect();
        let mut results = run();
        others.into_iter().for_each(|thread| results.extend(joined(thread)));
        results
    });
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::Barrier;
    use std::thread::{ThreadId, current};

    #[test]
    fn on_one_core_work_stays_on_its_thread_and_only_there() {
        let own: ThreadId = current().id();
        let alone = || in_parallel(&[(), ()], |()| current().id());
        // Each waits for the other.
        let together = || {
            let barrier = Barrier::new(2);
            in_parallel(&[(), ()], |()| (barrier.wait(), current().id()).1)
        };
        let is_own = |threads: Vec<ThreadId>| threads.into_iter().filter(|thread| *thread == own).count();
        let two = NonZero::new(2).expect("two");
        assert_eq!(is_own(on_threads(two, together)), 1);
        let (inner, outer) = on_one_core(|| (on_threads(two, together), alone()));
        assert_eq!((is_own(inner), is_own(outer)), (1, 2));
        let panicked = std::panic::catch_unwind(|| on_one_core(|| panic!("on purpose")));
        assert!(panicked.is_err() && THREADS.get().is_none());
    }

    #[test]
    fn results_stand_in_order_and_each_thread_has_one_room() {
        let n_rooms = AtomicUsize::new(0);
        let room = || n_rooms.fetch_add(1, Ordering::Relaxed);
        let three = NonZero::new(3).expect("three");
        let made = on_threads(three, || map_with(1_000, room, |room, at| (*room, 2 * at)));
        assert!(made.iter().map(|(_, double)| *double).eq((0..1_000).map(|at| 2 * at)));
        let used: HashSet<usize> = made.into_iter().map(|(room, _)| room).collect();
        assert!(n_rooms.into_inner() == 3 && used.iter().all(|room| *room < 3));
        assert!(map(0, |at| at).is_empty());
    }

    #[test]
    fn each_item_is_worked_on_once() {
        for (n_items, n_threads) in [(0, 3), (2, 3), (1_000, 3), (1_000, 1)] {
            let mut items: Vec<usize> = (0..n_items).collect();
            let n_threads = NonZero::new(n_threads).expect("one at least");
            on_threads(n_threads, || each_mut(&mut items, |item| *item = 2 * *item + 1));
            assert!(items.into_iter().eq((0..n_items).map(|at| 2 * at + 1)));
        }
    }

    #[test]
    fn of_two_things_one_is_done_on_another_thread() {
        let id = || current().id();
        for n_threads in [1, 2] {
            let n_threads = NonZero::new(n_threads).expect("one at least");
            let (here, there) = on_threads(n_threads, || both(id, id));
            assert_eq!((here == id(), there == id()), (true, n_threads.get() == 1));
        }
        let two = NonZero::new(2).expect("two");
        let panicked = std::panic::catch_unwind(|| on_threads(two, || both(|| (), || panic!("on purpose"))));
        assert!(panicked.is_err());
    }

    #[test]
    fn what_is_made_ahead_is_taken_in_order_on_the_calling_thread() {
        for n_threads in [1, 2] {
            let (mut taken, own) = (Vec::new(), current().id());
            let n_threads = NonZero::new(n_threads).expect("one at least");
            let take = |(maker, at): (ThreadId, usize)| taken.push((maker == own, current().id() == own, at));
            on_threads(n_threads, || ahead(0..100, |at| (current().id(), 2 * at), take));
            let expected = (0..100).map(|at| (n_threads.get() == 1, true, 2 * at));
            assert!(taken.into_iter().eq(expected));
        }
    }

    #[test]
    fn what_is_given_is_taken_in_order_on_another_thread() {
        for n_threads in [1, 2] {
            let (mut taken, own) = (Vec::new(), current().id());
            let take = |item: usize| taken.push((current().id() == own, item));
            let give = |give: &mut dyn FnMut(usize)| {
                (0..100).for_each(give);
                7
            };
            let n_threads = NonZero::new(n_threads).expect("one at least");
            assert_eq!(on_threads(n_threads, || behind(give, take)), 7);
            assert!(taken.into_iter().eq((0..100).map(|item| (n_threads.get() == 1, item))));
        }
        let panicked = std::panic::catch_unwind(|| {
            on_threads(NonZero::new(2).expect("two"), || {
                behind(|give| (0..100).for_each(give), |_: usize| panic!("on purpose"));
            });
        });
        assert!(panicked.is_err());
    }
}
