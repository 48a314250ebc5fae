//! The protocol by which threads share a search, under a scheduler that decides at each step which thread continues:
//! the outcome is that of one thread.

use std::collections::VecDeque;
use std::sync::Arc;

use cowrace_explore::sync::{Monitor, Number, Primitives, Queue};
use cowrace_explore::{Explorer, Limits, Outcome, Threads};
use cowrace_machine::Program;
use cowrace_testkit::common_problem::{Rule, Variant, problem};
use cowrace_testkit::fixed;
use cowrace_testkit::scripts::random::{Flavour, scripts};
use cowrace_testkit::scripts::{Step::*, *};
use proptest::strategy::{Strategy, ValueTree};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::sync::{Condvar, Mutex};

use crate::unmerged;

/// Threads that shuttle schedules.
enum Scheduled {}

struct Guarded<T>(Mutex<T>, Condvar);

struct Counter(AtomicU64);

struct Line<T>(Mutex<VecDeque<T>>);

impl Primitives for Scheduled {
    type Monitor<T: Send> = Guarded<T>;
    type Number = Counter;
    type Queue<T: Send> = Line<T>;

    fn scope<R>(work: &(impl Fn() + Sync), lead: impl FnOnce(&dyn Fn()) -> R) -> R {
        shuttle::thread::scope(|scope| lead(&|| drop(scope.spawn(work))))
    }
}

impl<T: Send> Monitor<T> for Guarded<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value), Condvar::new())
    }

    fn with<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        look(&mut self.0.lock().expect("no thread has panicked"))
    }

    fn wait_while(&self, is_so: impl FnMut(&mut T) -> bool) {
        let guard = self.0.lock().expect("no thread has panicked");
        drop(self.1.wait_while(guard, is_so));
    }

    fn wake(&self) {
        self.1.notify_all();
    }
}

impl Number for Counter {
    fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    fn add(&self, value: i64) {
        self.0.fetch_add(value.cast_unsigned(), Ordering::Relaxed);
    }
}

impl<T: Send> Queue<T> for Line<T> {
    fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    fn push(&self, value: T) {
        self.0.lock().expect("no thread has panicked").push_back(value);
    }

    fn pop(&self) -> Option<T> {
        self.0.lock().expect("no thread has panicked").pop_front()
    }

    fn is_empty(&self) -> bool {
        self.0.lock().expect("no thread has panicked").is_empty()
    }
}

/// How to search.
struct How {
    exhaustive: bool,
    ends_only: bool,
    long_after: u64,
    limits: Limits,
}

impl How {
    fn explorer<'p>(&self, program: &'p Program) -> Explorer<'p> {
        let explorer = unmerged(program).exhaustive(self.exhaustive).ends_only(self.ends_only);
        explorer.limits(self.limits).long_after(self.long_after)
    }
}

/// A search, and its outcome alone.
struct Case {
    program: Program,
    how: How,
    alone: Outcome,
}

impl Case {
    fn new(
        program: Program,
        (exhaustive, ends_only): (bool, bool),
        long_after: u64,
        limits: Limits,
    ) -> Arc<Self> {
        let how = How { exhaustive, ends_only, long_after, limits };
        let alone = how.explorer(&program).run(&mut ());
        Arc::new(Self { program, how, alone })
    }

    fn compare(&self, threads: usize) {
        let threads = Threads::new(threads);
        let mut together =
            self.how.explorer(&self.program).threads(&threads).eager(true).run_on::<Scheduled>(&mut ());
        // States at barriers that others know are kept as well where a limit ends the search.
        together.checkpoint.clone_from(&self.alone.checkpoint);
        together.estimate = self.alone.estimate;
        assert_eq!(together, self.alone);
    }
}

fn schedule(case: &Arc<Case>, threads: usize, scheduler: impl Scheduler + 'static) {
    let case = Arc::clone(case);
    let mut config = shuttle::Config::new();
    config.stack_size = 1 << 20;
    config.failure_persistence = shuttle::FailurePersistence::None;
    shuttle::Runner::new(scheduler, config).run(move || case.compare(threads));
}

/// Runs this many schedules of each kind, if the search is long enough to start another thread.
fn check(case: &Arc<Case>, schedules: usize) {
    let is_found_at_random = (1..1000).contains(&case.alone.samples);
    if case.alone.executions <= case.how.long_after || is_found_at_random {
        return;
    }
    for threads in 1..=2 {
        schedule(case, threads, RandomScheduler::new_from_seed(12, schedules));
        schedule(case, threads, PctScheduler::new_from_seed(12, 3, schedules));
    }
}

/// Every way in which a program is searched, as often as is worthwhile.
fn check_all(program: impl Fn() -> Program, schedules: usize) {
    for how in [(false, false), (true, false), (true, true)] {
        for long_after in [1, 3, 10] {
            check(&Case::new(program(), how, long_after, Limits::default()), schedules);
        }
    }
}

/// Counts that are far from zero at first, and near it in some order that one thread reaches late and another early. If
/// it shows late, the search starts again and assumes of no count that it is far from zero; if it shows early, the
/// search still assumes it of all other counts. The second count is far from zero in every order, and the number of
/// executions shows whether its subtractions commute.
#[test]
fn counts_near_zero() {
    let putter = || vec![Load(1), IfOdd, SubAndTest(0, 1), SubAndTest(3, 1), Store(2, 1)];
    let scripts = [putter(), putter(), vec![Store(2, 2), Store(1, 1)]];
    // The initial value of the first count, and the number of executions after which one thread shows that it is near
    // zero.
    for (count, late) in [(1, 2), (2, 12)] {
        let program = || {
            let mut program = program(&scripts);
            program.memory.set(word(0), count);
            program.memory.set(word(3), 100);
            program
        };
        let case = |long_after| Case::new(program(), (true, false), long_after, Limits::default());
        assert!(
            case(late).alone.executions > case(late + 1).alone.executions,
            "{count} is early after {late}"
        );
        for long_after in late - 1..=late + 1 {
            check(&case(long_after), 25);
        }
        check_all(program, 25);
    }
}

/// Bad executions that random schedules also find, and bad executions that only the search finds.
#[test]
fn bad_executions() {
    check_all(|| problem(Variant::new(3, Rule::Count, false)), 10);
    check_all(
        || {
            let finder = vec![Load(0), Bad(2)];
            program(&[vec![Store(0, 1), Store(1, 1)], vec![Load(1), IfOdd, StoreAcc(0, 1)], finder])
        },
        25,
    );
}

/// States at barriers that several threads reach.
#[test]
fn barriers() {
    let round = |n| vec![Store(0, n), FetchAdd(1, 1), Barrier(0)];
    let rounds = move |n, last| [round(n), round(3 - n), vec![Load(0), Store(1, n), last]].concat();
    for last in [Load(1), Bad(1), Bad(2)] {
        let scripts = [rounds(1, Load(0)), rounds(2, last)];
        check_all(|| Program { forgetful: true, ..program(&scripts) }, 20);
    }
}

/// Limits end the search at a fixed point.
#[test]
fn limits() {
    let scripts =
        [vec![Store(0, 1), Store(1, 1)], vec![Store(0, 2), Load(1)], vec![Store(0, 3), Store(1, 3)]];
    for executions in [2, 9, 20] {
        let limits = Limits { executions: Some(executions), ..Limits::default() };
        check(&Case::new(program(&scripts), (false, false), 1, limits), 25);
    }
    let waits =
        [vec![AwaitSet(EVENT, 1), Load(0)], vec![Store(0, 1), SetBits(EVENT, 1)], vec![Store(0, 2); 3]];
    for steps in 4..7 {
        let limits = Limits { steps, ..Limits::default() };
        check(&Case::new(program(&waits), (false, false), 1, limits), 25);
    }
    // After the first choice there are 12 executions, and what follows the second is given away meanwhile. It exceeds a
    // limit: the thread that searches it gives up, and the thread that waits for it must reach that point itself.
    let chooser = vec![Choose(2), IfOdd, Store(0, 1), IfOdd, Store(0, 6)];
    let choices = [chooser, vec![Store(0, 2), Store(0, 4)], vec![Store(0, 3)], vec![Store(0, 5)]];
    for (executions, steps) in [(Some(20), u32::MAX), (None, 6)] {
        let limits = Limits { executions, steps, ..Limits::default() };
        let case = Case::new(program(&choices), (false, false), 1, limits);
        assert!(case.alone.stopped.is_some() && case.alone.executions >= 12, "{:?}", case.alone);
        check(&case, 25);
    }
}

/// All schedules of the smallest searches, up to a limit.
#[test]
fn all_schedules() {
    for scripts in
        [[vec![Store(0, 1)], vec![Load(0)]], [vec![Load(0), Store(0, 1)], vec![Load(0), Store(0, 2)]]]
    {
        let case = Case::new(program(&scripts), (false, false), 1, Limits::default());
        schedule(&case, 1, DfsScheduler::new(Some(300), false));
    }
}

#[test]
fn random_programs() {
    let mut runner = fixed(17, 0);
    let mut compared = 0;
    while compared < 40 {
        let scripts = scripts(Flavour::All).new_tree(&mut runner).expect("a program").current();
        let limits = Limits { executions: Some(150), ..Limits::default() };
        let size = unmerged(&program(&scripts)).limits(limits).run(&mut ()).executions;
        if (8..150).contains(&size) {
            compared += 1;
            for long_after in [1, size / 2] {
                check(&Case::new(program(&scripts), (false, false), long_after, Limits::default()), 4);
            }
        }
    }
}
