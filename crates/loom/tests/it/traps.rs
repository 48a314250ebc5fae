//! Unexpected behaviour of loom. Each of these tests fails on the day loom changes it; then the workaround in the
//! driver can go, and `Memory::Sc` may use loads and stores.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc as Shared;
use std::sync::Mutex as Plain;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use loom::model::Builder;
use loom::sync::atomic::{AtomicUsize as Atomic, Ordering, fence};
use loom::sync::{Arc, Mutex};
use loom::thread;

/// A builder that no environment variable has changed.
fn builder() -> Builder {
    let mut builder = Builder::new();
    (builder.max_permutations, builder.max_duration, builder.preemption_bound) = (None, None, None);
    builder.max_threads = loom::MAX_THREADS;
    builder
}

/// All results of `run` in executions, and the number of executions.
fn outcomes<T: Ord + Send + 'static>(run: impl Fn() -> T + Send + Sync + 'static) -> (BTreeSet<T>, usize) {
    let (seen, count) = (Shared::new(Plain::new(BTreeSet::new())), Shared::new(AtomicUsize::new(0)));
    let (of_run, counted) = (Shared::clone(&seen), Shared::clone(&count));
    builder().check(move || {
        let outcome = run();
        counted.fetch_add(1, Relaxed);
        of_run.lock().expect("no thread panics here").insert(outcome);
    });
    let seen = std::mem::take(&mut *seen.lock().expect("no thread panics here"));
    (seen, count.load(Relaxed))
}

#[test]
fn a_bound_on_permutations_reports_success_after_no_execution_at_all() {
    let count = Shared::new(AtomicUsize::new(0));
    let counted = Shared::clone(&count);
    let mut builder = builder();
    builder.max_permutations = Some(1);
    builder.checkpoint_interval = 1;
    builder.check(move || {
        counted.fetch_add(1, Relaxed);
        panic!("every execution is bad");
    });
    assert_eq!(count.load(Relaxed), 0, "loom now runs something before it reports success");
}

#[test]
fn a_bound_on_permutations_is_looked_at_only_now_and_then() {
    let count = Shared::new(AtomicUsize::new(0));
    let counted = Shared::clone(&count);
    let mut builder = builder();
    builder.max_permutations = Some(1);
    builder.checkpoint_interval = 4;
    builder.check(move || {
        counted.fetch_add(1, Relaxed);
        let word = Arc::new(Atomic::new(0));
        let other = Arc::clone(&word);
        let threads = thread::spawn(move || {
            (0..3).for_each(|_| {
                other.fetch_add(1, Ordering::SeqCst);
            })
        });
        (0..3).for_each(|_| {
            word.fetch_add(1, Ordering::SeqCst);
        });
        threads.join().expect("it ends");
    });
    assert_eq!(count.load(Relaxed), 3, "loom now checks the bound at another time");
}

#[test]
fn try_lock_never_fails_while_the_holder_does_nothing_that_loom_sees() {
    let (seen, _) = outcomes(|| {
        let lock = Arc::new(Mutex::new(()));
        let other = Arc::clone(&lock);
        let holder = thread::spawn(move || drop(other.lock().expect("it is not poisoned")));
        let failed = lock.try_lock().is_err();
        holder.join().expect("it ends");
        failed
    });
    assert_eq!(seen, BTreeSet::from([false]), "loom now lets a trylock fail");
}

/// Two threads each write one word and read the other's: what they read.
fn store_buffering(order: Ordering, barrier: bool) -> BTreeSet<(usize, usize)> {
    let (seen, _) = outcomes(move || {
        let words = [Arc::new(Atomic::new(0)), Arc::new(Atomic::new(0))];
        let run = |mine: Arc<Atomic>, theirs: Arc<Atomic>| {
            move || {
                mine.store(1, order);
                if barrier {
                    fence(Ordering::SeqCst);
                }
                theirs.load(order)
            }
        };
        let other = thread::spawn(run(Arc::clone(&words[1]), Arc::clone(&words[0])));
        let own = run(Arc::clone(&words[0]), Arc::clone(&words[1]))();
        (own, other.join().expect("it ends"))
    });
    seen
}

#[test]
fn sequentially_consistent_accesses_are_acquire_and_release() {
    let seen = store_buffering(Ordering::SeqCst, false);
    assert!(seen.contains(&(0, 0)), "loom now orders sequentially consistent accesses");
}

#[test]
fn sequentially_consistent_fences_are_what_they_say() {
    // Not a trap: the driver relies on this.
    assert!(!store_buffering(Ordering::Relaxed, true).contains(&(0, 0)));
    assert!(store_buffering(Ordering::Relaxed, false).contains(&(0, 0)));
}

#[test]
fn a_thread_beside_main_and_four_others_is_an_assertion() {
    let run = |others: usize| {
        catch_unwind(AssertUnwindSafe(|| {
            builder().check(move || {
                let threads: Vec<_> = (0..others).map(|_| thread::spawn(|| ())).collect();
                threads.into_iter().for_each(|thread| thread.join().expect("it ends"));
            });
        }))
    };
    assert!(run(4).is_ok());
    assert!(run(5).is_err(), "loom now has more threads: see `ACTORS`");
}

#[test]
fn a_load_before_a_store_hides_the_loads_of_others() {
    let run = |modify: bool| {
        outcomes(move || {
            let word = Arc::new(Atomic::new(0));
            let other = Arc::clone(&word);
            let load = move |word: &Atomic| {
                if modify { word.fetch_add(0, Ordering::SeqCst) } else { word.load(Ordering::SeqCst) }
            };
            let writer = thread::spawn(move || {
                load(&other);
                other.store(1, Ordering::SeqCst);
            });
            let seen = load(&word);
            writer.join().expect("it ends");
            seen
        })
    };
    let (seen, _) = run(false);
    assert_eq!(seen.len(), 1, "loom now sees both: accesses need not be read-modify-writes");
    assert_eq!(run(true).0, BTreeSet::from([0, 1]), "the driver relies on this");
}
