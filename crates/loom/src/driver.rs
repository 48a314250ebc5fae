//! Runs a program under loom.

use std::panic::resume_unwind;
use std::sync::{Arc, Once};

use cowrace_machine::{Arch, Program};
use cowrace_thread_engine::{Execution, Limits, Opinion, Plan, Study, Watch, hush, quietly};
use loom::model::Builder;

use crate::atomic::Host;

/// The number of actors that loom has threads for: all its threads except the one that starts the others.
pub const ACTORS: usize = loom::MAX_THREADS - 1;

/// The number of branches that one execution may have. loom allocates memory for all of them in advance.
pub const BRANCHES: usize = 20_000;

/// The size of a thread's stack in words: the model's futures are polled on it.
const STACK: usize = 0x8000;

/// The memory model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// Sequentially consistent.
    #[default]
    Sc,
    /// C11, with the orderings of an architecture's primitives.
    C11(Arch),
}

/// A search by loom.
#[derive(Clone, Debug)]
pub struct Loom {
    program: Arc<Program>,
    limits: Limits,
    exhaustive: bool,
    watch: Watch,
    memory: Memory,
    preemptions: Option<usize>,
}

/// The payload with which a thread unwinds when enough has been seen.
struct Enough;

impl Loom {
    /// A search with the default limits, under sequential consistency.
    #[must_use]
    pub fn new(program: Arc<Program>) -> Self {
        Self {
            program,
            limits: Limits::default(),
            exhaustive: false,
            watch: Watch::default(),
            memory: Memory::Sc,
            preemptions: None,
        }
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

    /// Sets the memory model.
    #[must_use]
    pub const fn memory(mut self, memory: Memory) -> Self {
        self.memory = memory;
        self
    }

    /// Bounds the number of preemptions in an execution. A bounded search is never complete.
    #[must_use]
    pub const fn preemptions(mut self, bound: Option<usize>) -> Self {
        self.preemptions = bound;
        self
    }

    /// Searches. The opinion is complete if loom has run out of executions by itself, under sequential consistency and
    /// without a bound on preemptions.
    #[must_use]
    pub fn run(&self) -> Opinion {
        let actors = self.program.actors.len();
        if actors > ACTORS {
            let reason = format!("there are {actors} actors, and loom has threads for {ACTORS}");
            return Opinion { reason: Some(reason), ..Opinion::default() };
        }
        let program = Arc::clone(&self.program);
        let study = Study::new(program, self.limits, self.exhaustive, Plan::default());
        let study = Arc::new(study.watched(self.watch.clone()));
        let mut opinion = study.rounds(|| self.round(&study));
        opinion.complete &= self.memory == Memory::Sc && self.preemptions.is_none();
        opinion
    }

    /// Runs executions until loom has no more or enough has been seen; tells which.
    fn round(&self, study: &Arc<Study>) -> bool {
        let memory = self.memory;
        let of_all = Arc::clone(study);
        let preemptions = self.preemptions;
        static HUSH: Once = Once::new();
        HUSH.call_once(hush);
        let mut builder = match quietly(Builder::new) {
            Ok(builder) => builder,
            Err((_, said)) => {
                study.give_up(format!("loom cannot read its environment ({said}): unset the variable"));
                return false;
            }
        };
        let search = move || {
            builder.max_threads = loom::MAX_THREADS;
            builder.max_branches = BRANCHES;
            builder.max_permutations = None;
            builder.max_duration = None;
            builder.preemption_bound = preemptions;
            builder.checkpoint_file = None;
            builder.checkpoint_interval = usize::MAX;
            builder.location = false;
            builder.log = false;
            builder.check(move || start(&of_all, memory));
        };
        match quietly(search) {
            Ok(()) => true,
            Err((payload, said)) => {
                if !payload.is::<Enough>() {
                    study.give_up(format!("loom gave up: {said}"));
                }
                false
            }
        }
    }
}

/// Starts the threads of one execution.
fn start(study: &Arc<Study>, memory: Memory) {
    let actors = study.program().actors.len() as u8;
    let execution = Arc::new(Execution::new(Arc::clone(study), Host::new(memory)));
    for actor in 0..actors {
        let of_thread = Arc::clone(&execution);
        let builder = loom::thread::Builder::new().stack_size(STACK);
        let thread = builder.spawn(move || act(&of_thread, actor));
        if let Ok(thread) = thread {
            execution.threads().register(thread.thread().clone());
        }
    }
}

fn act(execution: &Execution<Host>, actor: u8) {
    if execution.act(actor) && !execution.study().goes_on() {
        resume_unwind(Box::new(Enough));
    }
}
