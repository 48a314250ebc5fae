//! Runs a program under shuttle.

use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Once};

use cowrace_machine::Program;
use cowrace_report::Schedule;
use cowrace_thread_engine::{Execution, Limits, Opinion, Plan, Study, Watch, hush, quietly};
use shuttle::current::try_get_current_task;
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, RoundRobinScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use crate::atomic::Host;
use crate::control::Control;
use crate::follow::Follow;
use crate::present::Present;
use crate::scheduler::Sensible;

/// The size of a thread's stack in bytes: the model's futures are polled on it.
const STACK: usize = 0x4_0000;

/// The environment variable that shuttle reads instead of the seed that it is given.
const SEED: &str = "SHUTTLE_RANDOM_SEED";

/// How schedules are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Every decision at random.
    Random {
        /// The seed of the random numbers.
        seed: u64,
    },
    /// Probabilistic concurrency testing: random priorities, changed at a few random places (Burckhardt and
    /// others, 2010).
    Pct {
        /// The seed of the random numbers.
        seed: u64,
        /// One more than the number of changes of priority in an execution; at least 1.
        depth: usize,
    },
    /// Every schedule, one after the other, without any reduction.
    Exhaustive,
}

/// A search by shuttle.
#[derive(Clone, Debug)]
pub struct Shuttle {
    program: Arc<Program>,
    search: Search,
    limits: Limits,
    exhaustive: bool,
    watch: Watch,
}

impl Shuttle {
    /// A search of `program`. Random schedules have no end: set a limit.
    #[must_use]
    pub fn new(program: Arc<Program>, search: Search) -> Self {
        Self { program, search, limits: Limits::default(), exhaustive: false, watch: Watch::default() }
    }

    /// Sets what may end the search early.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what watches the search.
    #[must_use]
    pub fn watch(mut self, watch: Watch) -> Self {
        self.watch = watch;
        self
    }

    /// Continues after a finding; the opinion still holds the first one.
    #[must_use]
    pub const fn exhaustive(mut self, exhaustive: bool) -> Self {
        self.exhaustive = exhaustive;
        self
    }

    /// Searches. The opinion is complete if the search is exhaustive and has run to its end.
    #[must_use]
    pub fn run(&self) -> Opinion {
        if self.search != Search::Exhaustive && std::env::var_os(SEED).is_some() {
            let reason = format!("the environment variable {SEED} would replace the seed: unset it");
            return Opinion { reason: Some(reason), ..Opinion::default() };
        }
        let program = Arc::clone(&self.program);
        let study = Study::new(program, self.limits, self.exhaustive, Plan::default());
        let study = Arc::new(study.watched(self.watch.clone()));
        // A search that starts again starts with the same seed.
        let mut opinion = match self.search {
            Search::Random { seed } => {
                Self::rounds(&study, true, || RandomScheduler::new_from_seed(seed, usize::MAX))
            }
            Search::Pct { seed, depth } => {
                Self::rounds(&study, true, || PctScheduler::new_from_seed(seed, depth.max(1), usize::MAX))
            }
            Search::Exhaustive => Self::rounds(&study, false, || DfsScheduler::new(None, false)),
        };
        opinion.complete &= self.search == Search::Exhaustive;
        opinion
    }

    /// Moves shuttle's threads along a schedule. The opinion has one outcome, that of the schedule.
    #[must_use]
    pub fn replay(&self, schedule: &Schedule) -> Opinion {
        let picks = schedule.turns.iter().filter_map(|turn| Some((turn.actor, turn.choice?)));
        let plan = Plan::of(picks);
        let study = Arc::new(Study::new(Arc::clone(&self.program), Limits::default(), true, plan));
        study.rounds(|| {
            let present = Arc::new(Present::default());
            let follow = Follow::new(schedule, Arc::clone(&present));
            round(&study, &Arc::default(), &present, false, follow);
            // There is only one execution, even if something else could be chosen.
            false
        })
    }

    fn rounds<S: Scheduler + 'static>(study: &Arc<Study>, picks: bool, scheduler: impl Fn() -> S) -> Opinion {
        study.rounds(|| {
            let control = Arc::new(Control::default());
            round(study, &control, &Arc::default(), picks, scheduler());
            control.ran_out()
        })
    }
}

/// Runs executions until the scheduler has no more or enough has been seen.
fn round(
    study: &Arc<Study>,
    control: &Arc<Control>,
    present: &Arc<Present>,
    picks: bool,
    scheduler: impl Scheduler + 'static,
) {
    prepare();
    let mut config = Config::new();
    config.stack_size = STACK;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::None;
    config.max_time = None;
    config.silence_warnings = true;
    let scheduler = Sensible::new(scheduler, Arc::clone(study), Arc::clone(control), Arc::clone(present));
    let (study, control, present) = (Arc::clone(study), Arc::clone(control), Arc::clone(present));
    let runner = Runner::new(scheduler, config);
    let of_threads = Arc::clone(&study);
    let result = quietly(|| runner.run(move || start(&of_threads, &control, &present, picks)));
    if let Err((_, said)) = result {
        study.give_up(format!("shuttle gave up: {said}"));
    }
}

/// Installs shuttle's panic hook, which prints the task that panicked and its schedule, and ensures that it sees only
/// panics of shuttle's tasks, since it stays installed for the life of the process. Our own hook is then installed
/// before both. The first search does this in any case; calling it before other threads exist keeps shuttle from
/// reporting panics of those threads.
pub fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let plain: Arc<Hook> = panic::take_hook().into();
        let under_shuttle = Arc::clone(&plain);
        panic::set_hook(Box::new(move |info| under_shuttle(info)));
        let mut config = Config::new();
        config.failure_persistence = FailurePersistence::None;
        Runner::new(RoundRobinScheduler::new(1), config).run(|| ());
        let of_tasks = panic::take_hook();
        panic::set_hook(Box::new(move |info| match try_get_current_task() {
            Some(_) => of_tasks(info),
            None => plain(info),
        }));
        hush();
    });
}

/// A panic hook.
type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// Runs the threads of one execution.
fn start(study: &Arc<Study>, control: &Arc<Control>, present: &Present, picks: bool) {
    let actors = study.program().actors.len() as u8;
    let host = Host::new(Arc::clone(control), picks);
    let execution = Arc::new(Execution::new(Arc::clone(study), host));
    present.begin(&execution);
    let threads = (0..actors).map(|actor| {
        let (execution, control) = (Arc::clone(&execution), Arc::clone(control));
        shuttle::thread::spawn(move || {
            if execution.act(actor) {
                control.finish();
            }
        })
    });
    let threads: Vec<_> = threads.collect();
    for thread in &threads {
        execution.threads().register(thread.thread().clone());
    }
    control.start();
    for thread in threads {
        // A panic of the model has already been printed.
        let _ = thread.join();
    }
}
