//! The interface of the exhaustive search.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use cowrace_machine::{Limits, Memory, Program};
use cowrace_trace::{Finding, Schedule, Stop};

use crate::actors::Actors;
use crate::coverage::Coverage;
use crate::history::History;
use crate::search::Search;
use crate::shared::{Shared, Threads};
use crate::subtree::work;

/// How large a search is, as far as can be told before its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Executions of the whole search, expected.
    pub executions: f64,
    /// The factor within which that is believed to be right: 2.0 means between half and twice as many.
    pub within: f64,
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Executions explored to their end.
    pub executions: u64,
    /// Requests executed.
    pub events: u64,
    /// The longest execution.
    pub depth: u32,
    /// Since the search began.
    pub elapsed: Duration,
    /// How many executions the whole search is expected to have; `None` if nothing can be said yet.
    pub estimate: Option<Estimate>,
}

/// Watches a search.
pub trait Observer {
    /// An execution has come to its end: everybody finished, nobody can move, or a finding ended it.
    fn execution(&mut self, _: &Execution<'_>) {}

    /// Called now and then, at most every 4096 executions or 100 ms; may ask the search to stop.
    fn progress(&mut self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// An observer that does nothing.
impl Observer for () {}

/// An execution at its end.
pub struct Execution<'s> {
    pub(crate) program: &'s Program,
    pub(crate) memory: &'s Memory,
    pub(crate) history: &'s History,
    pub(crate) finding: Option<&'s Finding>,
    pub(crate) reordered: Option<&'s Schedule>,
}

impl fmt::Debug for Execution<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution").field("finding", &self.finding).finish_non_exhaustive()
    }
}

impl Execution<'_> {
    /// Memory at the end.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        self.memory
    }

    /// What is wrong with the execution, if anything.
    #[must_use]
    pub const fn finding(&self) -> Option<&Finding> {
        self.finding
    }

    /// The turns that lead to what is wrong with the execution, else to its end.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        self.reordered.cloned().unwrap_or_else(|| self.history.schedule(self.program.fingerprint))
    }

    /// A form that two executions share exactly if they differ only in the order of independent events:
    /// actor by actor, each event's answer and vector clock.
    #[must_use]
    pub fn canonical(&self) -> Vec<u64> {
        let mut form = Vec::new();
        for actor in 0..self.history.actors() as u8 {
            form.push(self.history.own(actor).len() as u64);
            for &event in self.history.own(actor) {
                let answer = self.history.events()[event as usize].answer;
                form.extend([answer.value, u64::from(answer.ok)]);
                form.extend(self.history.clock(event as usize).iter().map(|&n| u64::from(n)));
            }
        }
        form
    }
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The first bad execution, if any.
    pub finding: Option<(Finding, Schedule)>,
    /// Whether every interleaving was covered.
    pub complete: bool,
    /// What ended the search early; a finding does not count as that.
    pub stopped: Option<Stop>,
    /// Executions explored to their end.
    pub executions: u64,
    /// Requests executed.
    pub events: u64,
    /// The longest execution.
    pub depth: u32,
    /// How many executions the whole search would have had; `None` if it came to its end, or nothing can be
    /// said.
    pub estimate: Option<Estimate>,
    /// For each window of the program, whether some execution opened it.
    pub opened: Vec<bool>,
    /// For each window, whether each of its points occurred in some execution. A window that is not open
    /// because a point never occurs is about steps that the program does not take.
    pub occurred: Vec<bool>,
    /// What executions have shown, if that was asked for and the search came to its end. How far a search has come
    /// that ends early depends on the number of threads, so it tells nothing.
    pub coverage: Option<Coverage>,
}

impl Outcome {
    /// Nothing explored yet.
    pub(crate) fn nothing(program: &Program) -> Self {
        Self {
            finding: None,
            complete: false,
            stopped: None,
            executions: 0,
            events: 0,
            depth: 0,
            opened: vec![false; program.windows.len()],
            occurred: vec![false; program.windows.len()],
            estimate: None,
            coverage: None,
        }
    }

    /// Adds the figures of another part of the search.
    pub(crate) fn add(&mut self, other: &Self) {
        self.executions += other.executions;
        self.events += other.events;
        self.depth = self.depth.max(other.depth);
    }
}

/// An exhaustive search under sequential consistency. The crate's documentation says how it works.
#[derive(Clone, Debug)]
pub struct Explorer<'p> {
    program: &'p Program,
    limits: Limits,
    exhaustive: bool,
    preemptions: Option<u32>,
    coverage: bool,
    threads: Option<&'p Threads>,
    eager: bool,
}

impl<'p> Explorer<'p> {
    /// A search with the default limits.
    ///
    /// # Panics
    ///
    /// If the program has more than 32 actors.
    #[must_use]
    pub fn new(program: &'p Program) -> Self {
        assert!(program.actors.len() <= 32, "actor sets have 32 bits");
        Self {
            program,
            limits: Limits::default(),
            exhaustive: false,
            preemptions: None,
            coverage: false,
            threads: None,
            eager: false,
        }
    }

    /// Sets what may end the search early.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Goes on after a finding, as if the event that showed it were sound; the outcome still holds the
    /// first one.
    #[must_use]
    pub const fn exhaustive(mut self, exhaustive: bool) -> Self {
        self.exhaustive = exhaustive;
        self
    }

    /// Explores only executions in which actors that could go on are stopped at most so often, all together. A
    /// bounded search is never complete.
    #[must_use]
    pub const fn preemptions(mut self, bound: Option<u32>) -> Self {
        self.preemptions = bound;
        self
    }

    /// Collects what executions show beside that they are good or bad; takes some more time.
    #[must_use]
    pub const fn coverage(mut self, coverage: bool) -> Self {
        self.coverage = coverage;
        self
    }

    /// Takes on other threads at once, and looks for work for them after every execution. For tests: most searches
    /// are over before that is worth while.
    #[doc(hidden)]
    #[must_use]
    pub const fn eager(mut self, eager: bool) -> Self {
        self.eager = eager;
        self
    }

    /// Uses threads that others can spare, while there are any.
    #[must_use]
    pub const fn threads(mut self, threads: &'p Threads) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Searches. What comes out does not depend on how many threads there are, unless a limit ends it.
    pub fn run(&self, observer: &mut (dyn Observer + Send)) -> Outcome {
        let none = Threads::new(0);
        let threads = self.threads.unwrap_or(&none);
        let how = (self.limits, self.exhaustive, self.preemptions, self.coverage);
        let watch = Mutex::new(observer);
        let shared = Shared::new(self.program, how, threads, &watch);
        thread::scope(|scope| {
            let shared = &shared;
            let spawn = || drop(scope.spawn(|| work(shared)));
            // Whatever happens here, nobody must wait for more.
            let _over = Over(shared);
            let mut search = Search::new(shared, Actors::new(self.program));
            search.spawn = Some(&spawn);
            while self.eager && threads.take() {
                spawn();
            }
            let flow = search.run(u64::MAX);
            search.book();
            search.conclude(flow)
        })
    }
}

/// Ends a search when dropped.
struct Over<'o, 's>(&'o Shared<'s>);

impl Drop for Over<'_, '_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
