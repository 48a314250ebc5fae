//! Work for several threads, with results in the order of the work.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::Failure;

/// Does `work` on every item with so many threads, and hands each result to `take` in the order of the
/// items, as soon as everything before it is there. The first failure ends it, and so does `stop`: no more work
/// is begun, and what has begun is finished. A thread that finds nothing more to begin calls `free`.
pub(crate) fn ordered<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    stop: impl Fn() -> bool + Sync,
    work: impl Fn(&T) -> Result<R, Failure> + Sync,
    free: impl Fn() + Sync,
    mut take: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            let (sender, next, stop, work, free) = (sender.clone(), &next, &stop, &work, &free);
            scope.spawn(move || {
                while !stop() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    // A defect of the model is a panic; the others' results are still good.
                    let result = catch_unwind(AssertUnwindSafe(|| work(item))).unwrap_or_else(|_| {
                        Err(Failure::tool("a search failed; this is a defect of cowrace"))
                    });
                    if sender.send((index, result)).is_err() {
                        return;
                    }
                }
                free();
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        for (index, result) in receiver {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&due) {
                due += 1;
                if let Err(failure) = result.and_then(&mut take) {
                    next.store(items.len(), Ordering::Relaxed);
                    return Err(failure);
                }
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_work() {
        for threads in [1, 2, 8] {
            let items: Vec<u64> = (0..20).collect();
            let mut seen = Vec::new();
            let slow_first = |&i: &u64| {
                std::thread::sleep(Duration::from_millis(if i % 3 == 0 { 3 } else { 0 }));
                Ok(i * 2)
            };
            let done = ordered(
                &items,
                threads,
                || false,
                slow_first,
                || (),
                |result| {
                    seen.push(result);
                    Ok(())
                },
            );
            assert_eq!(done, Ok(()));
            assert_eq!(seen, items.iter().map(|i| i * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_failure_in_order_is_the_one_reported() {
        let items: Vec<usize> = (0..10).collect();
        let fail = |&i: &usize| if i >= 4 { Err(Failure::usage(i.to_string())) } else { Ok(i) };
        let mut seen = Vec::new();
        let done = ordered(
            &items,
            3,
            || false,
            fail,
            || (),
            |i| {
                seen.push(i);
                Ok(())
            },
        );
        assert_eq!(done.expect_err("it fails").message, "error: 4");
        assert_eq!(seen, [0, 1, 2, 3]);
    }

    #[test]
    fn what_has_begun_is_finished_and_nothing_more_is_begun() {
        for threads in [1, 3] {
            let items: Vec<usize> = (0..100).collect();
            let (begun, mut seen) = (AtomicUsize::new(0), Vec::new());
            let stop = || begun.load(Ordering::Relaxed) >= 10;
            let work = |&i: &usize| {
                begun.fetch_add(1, Ordering::Relaxed);
                Ok(i)
            };
            let done = ordered(&items, threads, stop, work, || (), |i| {
                seen.push(i);
                Ok(())
            });
            assert_eq!(done, Ok(()));
            let begun = begun.into_inner();
            assert!((10..10 + threads).contains(&begun), "{begun}");
            assert_eq!(seen, items[..begun]);
        }
    }

    #[test]
    fn a_panic_is_a_failure_of_the_tool() {
        let done =
            ordered(&[1], 1, || false, |_| -> Result<(), Failure> { panic!("on purpose") }, || (), |()| Ok(()));
        assert_eq!(done.expect_err("it fails").exit, cowrace_trace::Exit::Tool);
        assert_eq!(ordered(&[] as &[u8], 4, || false, |_| Ok(()), || (), |()| Ok(())), Ok(()));
    }
}
