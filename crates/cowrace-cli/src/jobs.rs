//! Work for several threads, with results in the order of the work.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::Failure;

/// Does `work` on every item with this many threads, and passes each result to `take` in the order of the items, as
/// soon as all earlier results are there. The items of a group are done by one thread, one after the other, with a
/// state for the group. The first failure ends the run, and so does `stop`: no more work is begun, and begun work
/// is finished. A thread that finds no more group to begin calls `free`.
pub(crate) fn ordered<T: Sync, S: Default, R: Send>(
    groups: &[&[T]],
    threads: usize,
    stop: impl Fn() -> bool + Sync,
    work: impl Fn(&mut S, &T) -> Result<R, Failure> + Sync,
    free: impl Fn() + Sync,
    mut take: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, groups.len().max(1)) {
            let (sender, next, stop, work, free) = (sender.clone(), &next, &stop, &work, &free);
            scope.spawn(move || {
                while !stop() {
                    let group = next.fetch_add(1, Ordering::Relaxed);
                    let Some(items) = groups.get(group) else { break };
                    let mut state = S::default();
                    for (index, item) in items.iter().enumerate() {
                        if index > 0 && stop() {
                            break;
                        }
                        // A defect of the model is a panic; the results of the other searches are still
                        // valid.
                        let result = catch_unwind(AssertUnwindSafe(|| work(&mut state, item)))
                            .unwrap_or_else(|_| {
                                Err(Failure::tool("a search failed; this is a defect of cowrace"))
                            });
                        if sender.send(((group, index), result)).is_err() {
                            return;
                        }
                    }
                }
                free();
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut due = (0, 0);
        let mut take = |result: Result<R, Failure>| {
            let taken = result.and_then(&mut take);
            if taken.is_err() {
                next.store(groups.len(), Ordering::Relaxed);
            }
            taken
        };
        for (place, result) in receiver {
            waiting.insert(place, result);
            while let Some(result) = waiting.remove(&due) {
                let (group, index) = due;
                due = if index + 1 < groups[group].len() { (group, index + 1) } else { (group + 1, 0) };
                take(result)?;
            }
        }
        // If the run was stopped, some groups are unfinished, and later groups may have begun.
        waiting.into_values().try_for_each(take)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Every item a group of its own.
    fn singly<T>(items: &[T]) -> Vec<&[T]> {
        items.chunks(1).collect()
    }

    #[test]
    fn results_come_in_the_order_of_the_work() {
        for threads in [1, 2, 8] {
            let items: Vec<u64> = (0..20).collect();
            let mut seen = Vec::new();
            let slow_first = |(): &mut (), &i: &u64| {
                std::thread::sleep(Duration::from_millis(if i % 3 == 0 { 3 } else { 0 }));
                Ok(i * 2)
            };
            let done = ordered(
                &singly(&items),
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
        let fail = |(): &mut (), &i: &usize| if i >= 4 { Err(Failure::usage(i.to_string())) } else { Ok(i) };
        let mut seen = Vec::new();
        let done = ordered(
            &singly(&items),
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
            let work = |(): &mut (), &i: &usize| {
                begun.fetch_add(1, Ordering::Relaxed);
                Ok(i)
            };
            let done = ordered(
                &singly(&items),
                threads,
                stop,
                work,
                || (),
                |i| {
                    seen.push(i);
                    Ok(())
                },
            );
            assert_eq!(done, Ok(()));
            let begun = begun.into_inner();
            assert!((10..10 + threads).contains(&begun), "{begun}");
            assert_eq!(seen, items[..begun]);
        }
    }

    #[test]
    fn a_panic_is_a_failure_of_the_tool() {
        let done = ordered(
            &[&[1]],
            1,
            || false,
            |(), _| -> Result<(), Failure> { panic!("on purpose") },
            || (),
            |()| Ok(()),
        );
        assert_eq!(done.expect_err("it fails").exit, crate::Exit::Tool);
        assert_eq!(ordered(&[] as &[&[u8]], 4, || false, |(), _| Ok(()), || (), |()| Ok(())), Ok(()));
    }

    #[test]
    fn a_group_is_done_in_order_with_a_state_of_its_own() {
        for threads in [1, 2, 8] {
            let items: Vec<u64> = (0..20).collect();
            let groups: Vec<_> = items.chunks(6).collect();
            let mut seen = Vec::new();
            let work = |before: &mut Vec<u64>, &i: &u64| {
                before.push(i);
                Ok((i, before.len() as u64))
            };
            let done = ordered(
                &groups,
                threads,
                || false,
                work,
                || (),
                |result| {
                    seen.push(result);
                    Ok(())
                },
            );
            assert_eq!(done, Ok(()));
            assert_eq!(seen, items.iter().map(|&i| (i, i % 6 + 1)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_was_finished_behind_a_group_that_was_stopped_is_not_lost() {
        let items: Vec<usize> = (0..40).collect();
        let groups: Vec<_> = items.chunks(10).collect();
        let (begun, mut seen) = (AtomicUsize::new(0), Vec::new());
        let stop = || begun.load(Ordering::Relaxed) >= 4;
        let work = |(): &mut (), &i: &usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            // The other thread is to begin, too.
            std::thread::sleep(Duration::from_millis(20));
            Ok(i)
        };
        let done = ordered(
            &groups,
            2,
            stop,
            work,
            || (),
            |i| {
                seen.push(i);
                Ok(())
            },
        );
        assert_eq!(done, Ok(()));
        assert_eq!(seen.len(), begun.into_inner());
        assert!(seen.is_sorted(), "{seen:?}");
    }
}
