//! The same for many items, on several cores.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

/// Most threads that one verification uses.
const MAX_THREADS: usize = 16;
/// Fewer items than this are not worth a thread.
const LEAST: usize = 128;

/// What `of` makes of each item, in their order.
pub(super) fn each<T: Sync, R: Send>(items: &[T], of: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
    let chunk = items.len().div_ceil(threads.max(1)).max(LEAST);
    if items.len() <= chunk {
        return items.iter().map(of).collect();
    }
    let of = &of;
    thread::scope(|scope| {
        let begun: Vec<_> = items
            .chunks(chunk)
            .map(|chunk| {
                let work = move || chunk.iter().map(of).collect::<Vec<R>>();
                // A machine without threads to spare does the work here.
                thread::Builder::new().spawn_scoped(scope, work).map_err(|_| chunk)
            })
            .collect();
        let done = |begun: Result<thread::ScopedJoinHandle<'_, Vec<R>>, &[T]>| match begun {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(chunk) => chunk.iter().map(of).collect(),
        };
        begun.into_iter().flat_map(done).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        let items: Vec<u32> = (0..10_000).collect();
        assert_eq!(each(&items, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(each(&[] as &[u32], |item| item * 2).is_empty());
    }
}
