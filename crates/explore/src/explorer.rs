//! The interface of the exhaustive search.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cowrace_machine::{ALL_COUNTS, Addr, Limits, Memory, Program, is_order};
use cowrace_report::{Finding, Schedule, Shown, Stop, Turn};

use crate::checkpoint::Checkpoint;
use crate::checkpoint::shard::{ShardError, ShardId, ShardResult};
use crate::checkpoint::shards::{export, usable};
use crate::effort::Effort;
use crate::execution::answer_tree::Fresh;
use crate::execution::coverage::Coverage;
use crate::execution::history::History;
use crate::search::conclude::Found;
use crate::search::run::Search;
use crate::search::sample::SAMPLES;
use crate::search::shared::{Shared, Threads, Watch};
use crate::search::subtree::work;
use crate::sync::{Native, Primitives};

/// Executions after which a search that goes on is taken to be long. Most have come to their end or to a finding
/// by then. One thread makes them, so that what is done because of them depends on nothing but their order.
const FIRST: u64 = 1000;

/// How large a search is, as far as can be told before its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Executions of the whole search, expected.
    pub executions: f64,
    /// The factor within which that is right in at least eight of ten cases: 2.0 means between half and twice as
    /// many. Measured on many searches; the longer a search goes on, the smaller it is.
    pub within: f64,
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Executions explored to their end.
    pub executions: u64,
    /// As many of them as were made before the search was resumed.
    pub earlier: u64,
    /// Requests executed.
    pub events: u64,
    /// The longest execution.
    pub depth: u32,
    /// Since the search began, or was resumed.
    pub elapsed: Duration,
    /// How many executions the whole search is expected to have; `None` if nothing can be said yet.
    pub estimate: Option<Estimate>,
}

/// What a search is for that begins behind another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The same, as something that it took for granted is not so. What it has shown so far stands, but it will show
    /// equivalent executions again. All other searches are begun by those who call.
    Anew,
    /// To find the first execution that shows what was seen in another.
    Locate,
    /// To count what executions cost.
    Costs,
    /// To have something to judge the first by: the same under the kernel that an era departs from.
    Base,
    /// To see what a commit more or less makes of it.
    Toggle,
}

/// Watches a search.
pub trait Observer {
    /// An execution has come to its end: everybody finished, nobody can move, or a finding ended it.
    fn execution(&mut self, _: &Execution<'_>) {}

    /// A search begins behind the one that was watched until now.
    fn anew(&mut self, _: Purpose) {}

    /// Called when a search turns out to be long, after its first thousand executions, and then now and then, about
    /// every 4096 executions or 50 ms; may ask the search to stop.
    fn progress(&mut self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Whether the search is to stop. Asked as often as [`progress`](Self::progress) is called, for every thread of the
    /// search: while the first waits for others it has no progress to tell.
    fn stops(&mut self) -> bool {
        false
    }

    /// Whether to be shown where the search could go on if it were stopped now. Asked after each progress.
    fn wants_checkpoint(&mut self) -> bool {
        false
    }

    /// Where the search could go on if it were stopped now.
    fn checkpoint(&mut self, _: Checkpoint) {}
}

/// An observer that does nothing.
impl Observer for () {}

/// An execution at its end.
pub struct Execution<'s> {
    pub(crate) program: &'s Program,
    pub(crate) memory: &'s Memory,
    pub(crate) history: &'s History,
    pub(crate) found: Option<&'s Found>,
    pub(crate) is_complete: bool,
}

impl fmt::Debug for Execution<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution").field("finding", &self.finding()).finish_non_exhaustive()
    }
}

impl Execution<'_> {
    /// Memory at the end.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        self.memory
    }

    /// Whether every actor has finished: else a finding cut it off, or no actor can move.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// What is wrong with the execution, if anything.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        self.found.map(|found| &found.finding)
    }

    /// The turns that lead to what is wrong with the execution, else to its end.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        let reordered = self.found.and_then(|found| found.schedule.clone());
        reordered.unwrap_or_else(|| {
            let mut schedule = self.history.schedule(self.program.fingerprint);
            // An exhaustive search goes on behind what it has found.
            self.found.into_iter().for_each(|found| schedule.turns.truncate(found.events));
            schedule
        })
    }

    /// All turns, those behind a finding included if the search went on there.
    #[must_use]
    pub fn turns(&self) -> Vec<Turn> {
        self.history.schedule(self.program.fingerprint).turns
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
    /// Random schedules tried beside; they prove nothing, but may have led to the finding.
    pub samples: u64,
    /// Requests executed.
    pub events: u64,
    /// The longest execution.
    pub depth: u32,
    /// Where to go on, if something ended it early.
    pub checkpoint: Option<Box<Checkpoint>>,
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
    /// What executions have shown of calls and of limits of the model, if the search came to its end; nothing of one that
    /// did not.
    pub shown: BTreeSet<Shown>,
}

impl Outcome {
    /// Nothing explored yet.
    pub(crate) fn nothing(program: &Program) -> Self {
        Self {
            finding: None,
            complete: false,
            stopped: None,
            executions: 0,
            samples: 0,
            events: 0,
            depth: 0,
            opened: vec![false; program.windows.len()],
            occurred: vec![false; program.windows.len()],
            checkpoint: None,
            estimate: None,
            coverage: None,
            shown: BTreeSet::new(),
        }
    }

    pub(crate) const fn effort(&self) -> Effort {
        Effort { executions: self.executions, requests: self.events }
    }

    pub(crate) const fn set_effort(&mut self, effort: Effort) {
        (self.executions, self.events) = (effort.executions, effort.requests);
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
    ends_only: bool,
    preemptions: Option<u32>,
    coverage: bool,
    threads: Option<&'p Threads>,
    eager: bool,
    first: u64,
    counts_commute: bool,
    checkpoint: Option<&'p Checkpoint>,
    results: &'p [ShardResult],
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
            ends_only: false,
            preemptions: None,
            coverage: false,
            threads: None,
            eager: false,
            first: FIRST,
            counts_commute: true,
            checkpoint: None,
            results: &[],
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

    /// With [`exhaustive`](Self::exhaustive), for an observer that asks only in which memories executions end: every one
    /// of them is shown, in some execution, but not every execution. What follows a barrier of everybody is then
    /// searched once for each state there, although the search goes on after findings.
    #[must_use]
    pub const fn ends_only(mut self, ends_only: bool) -> Self {
        self.ends_only = ends_only;
        self
    }

    /// Explores only executions in which actors that could go on are stopped at most so often, all together. A
    /// bounded search is never complete.
    #[must_use]
    pub const fn preemptions(mut self, bound: Option<u32>) -> Self {
        self.preemptions = bound;
        self
    }

    /// Collects what executions show beside that they are good or bad; takes some more time. A search that goes on
    /// where another was stopped does not know what that has seen, and collects nothing.
    #[must_use]
    pub const fn coverage(mut self, coverage: bool) -> Self {
        self.coverage = coverage;
        self
    }

    /// Takes on all other threads at once when it turns out to be long. For tests: most searches are over before that is
    /// worth while.
    #[doc(hidden)]
    #[must_use]
    pub const fn eager(mut self, eager: bool) -> Self {
        self.eager = eager;
        self
    }

    /// Is taken to be long after so many executions, not after a thousand. For tests, whose searches are small.
    #[doc(hidden)]
    #[must_use]
    pub const fn long_after(mut self, executions: u64) -> Self {
        self.first = if executions > 0 { executions } else { 1 };
        self
    }

    /// Uses threads that others can spare, while there are any.
    #[must_use]
    pub const fn threads(mut self, threads: &'p Threads) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Goes on where a search of the same program was stopped, to the end that it would have come to. With another
    /// program, begins anew.
    #[must_use]
    pub const fn resume(mut self, checkpoint: &'p Checkpoint) -> Self {
        self.checkpoint = Some(checkpoint);
        self
    }

    /// Takes over what has come of shards of the checkpoint that the search goes on from; see
    /// [`search_shard`](Self::search_shard). Searches the others itself. What does not fit (results for another
    /// checkpoint, results that were changed, those of a search that deals otherwise with findings) is left out and
    /// searched again.
    ///
    /// A shard that would lead past the thousandth execution is searched again as well: random schedules are
    /// tried then. So a search is better stopped later than that to be split.
    #[must_use]
    pub const fn merge(mut self, results: &'p [ShardResult]) -> Self {
        self.results = results;
        self
    }

    /// Whether to take it that counts stay away from zero, as long as nothing speaks against it; they then commute.
    /// That is so unless somebody wants each trace of the plain relation; what comes out is the same.
    #[must_use]
    pub const fn counts_commute(mut self, commute: bool) -> Self {
        self.counts_commute = commute;
        self
    }

    /// Searches. What comes out does not depend on how many threads there are, unless a limit on time or memory or the
    /// observer ends it.
    pub fn run(&self, observer: &mut (dyn Observer + Send)) -> Outcome {
        self.run_on::<Native>(observer)
    }

    /// As [`run`](Self::run), with threads of another kind. For tests of what threads share.
    #[doc(hidden)]
    pub fn run_on<P: Primitives>(&self, observer: &mut (dyn Observer + Send)) -> Outcome {
        let none = Threads::new(0);
        let watch = Mutex::new(observer);
        let mut checkpoint = self.fitting_checkpoint();
        let mut near = checkpoint.map_or_else(|| self.counts_commute.then(Vec::new), near);
        loop {
            let coverage = self.coverage && checkpoint.is_none();
            let shared = self.shared::<P>((near.as_deref(), coverage), &none, &watch);
            match P::scope(&|| work(&shared), |spawn| self.search(&shared, checkpoint, spawn)) {
                Ok(outcome) => return outcome,
                Err(Near { addr, early }) => {
                    checkpoint = None;
                    let known = if early || is_order(addr) { addr } else { ALL_COUNTS };
                    near.iter_mut().for_each(|near| near.push(known));
                    watch.lock().unwrap_or_else(PoisonError::into_inner).anew(Purpose::Anew);
                }
            }
        }
    }

    /// Searches a shard of the checkpoint that [`resume`](Self::resume) was given, from its beginning to its end.
    /// Limits are for the shard: they count from there.
    ///
    /// # Errors
    ///
    /// If the checkpoint does not fit the program or has no such shard, or if a limit or the observer ends the search:
    /// half a shard is of no use.
    pub fn search_shard(
        &self,
        id: &ShardId,
        observer: &mut (dyn Observer + Send),
    ) -> Result<ShardResult, ShardError> {
        let checkpoint = self.fitting_checkpoint().ok_or(ShardError::Program)?;
        if self.preemptions.is_some() {
            return Err(ShardError::Preemptions);
        }
        let none = Threads::new(0);
        let watch = Mutex::new(observer);
        let near = near(checkpoint);
        let shared = self.shared::<Native>((near.as_deref(), false), &none, &watch);
        Native::scope(&|| work(&shared), |spawn| self.shard(&shared, (checkpoint, id), spawn))
    }

    fn shard<'s, P: Primitives>(
        &self,
        shared: &'s Shared<'s, P>,
        (checkpoint, id): (&Checkpoint, &ShardId),
        spawn: &'s dyn Fn(),
    ) -> Result<ShardResult, ShardError> {
        let _over = Over(shared);
        let mut search = Search::new(shared, Fresh::new(shared.program));
        if search.restore(checkpoint).is_break() {
            return Err(ShardError::Program);
        }
        let subtree = search.shard(id).ok_or(ShardError::NoSuchShard)?;
        let mut search = Search::new(shared, search.actors.into());
        search.spawn = Some(spawn);
        self.take_threads(&search);
        match search.search_below(&subtree) {
            Ok(done) => Ok(export(done, id.clone(), checkpoint, shared)),
            Err(Some(stop)) => Err(ShardError::Stopped(stop)),
            Err(None) => Err(ShardError::Program),
        }
    }

    /// The checkpoint, if it is one of the program.
    fn fitting_checkpoint(&self) -> Option<&'p Checkpoint> {
        self.checkpoint.filter(|checkpoint| checkpoint.fingerprint == self.program.fingerprint)
    }

    /// What the threads of a search have in common that takes it that counts other than these stay away from zero.
    fn shared<'s, P: Primitives>(
        &'s self,
        (near, coverage): (Option<&[Addr]>, bool),
        none: &'s Threads,
        watch: &'s dyn Watch,
    ) -> Shared<'s, P> {
        let mut memory = self.program.memory.clone();
        if let Some(near) = near {
            memory.assume_far_from_zero(near.to_vec());
        }
        let how = (self.limits, self.exhaustive, self.preemptions, coverage);
        let threads = self.threads.unwrap_or(none);
        let near = near.map(<[Addr]>::to_vec);
        Shared::new((self.program, memory), how, threads, watch).ends_only(self.ends_only).near(near)
    }

    /// Takes on all threads that there are, if that is asked for.
    fn take_threads<P: Primitives>(&self, search: &Search<'_, P>) {
        while self.eager
            && let Some(spawn) = search.spawn
            && search.shared.threads.take()
        {
            spawn();
        }
    }

    /// Searches, unless it turns out that a count is near zero.
    fn search<'s, P: Primitives>(
        &self,
        shared: &'s Shared<'s, P>,
        checkpoint: Option<&Checkpoint>,
        spawn: &'s dyn Fn(),
    ) -> Result<Outcome, Near> {
        // Whatever happens here, nobody must wait for more.
        let _over = Over(shared);
        let mut search = Search::new(shared, Fresh::new(shared.program));
        if let Some(checkpoint) = checkpoint {
            if search.restore(checkpoint).is_continue() {
                search.give_shards(&usable(self.results, checkpoint, shared));
            } else {
                // It would not have come so far.
                search = Search::new(shared, search.actors.into());
            }
        }
        search.spawn = Some(spawn);
        let mut flow = ControlFlow::Continue(());
        if search.effort().executions < self.first {
            search.is_alone = true;
            flow = search.run(self.first);
            if let Some(addr) = search.near {
                return Err(Near { addr, early: true });
            }
        }
        if search.is_resting() && shared.stopped().is_none() {
            // Whoever watches is to know what is ahead before it begins.
            search.report();
            // A search that was stopped just then has not tried all.
            let all = search.outcome.samples >= SAMPLES;
            flow = if all { ControlFlow::Continue(()) } else { search.sample() };
            if flow.is_continue() {
                search.is_alone = false;
                self.take_threads(&search);
                flow = search.run(u64::MAX);
            }
        }
        if let Some(addr) = search.near {
            return Err(Near { addr, early: false });
        }
        search.book();
        let mut outcome = search.conclude(flow);
        outcome.checkpoint = outcome.stopped.as_ref().and_then(|_| search.checkpoint()).map(Box::new);
        Ok(outcome)
    }
}

/// The counts that a checkpoint knows to be near zero.
fn near(checkpoint: &Checkpoint) -> Option<Vec<Addr>> {
    checkpoint.near.as_ref().map(|near| near.iter().map(|&index| Addr::at(index as usize)).collect())
}

/// A count that is near zero, in some order, or an order that makes a difference. If that shows early, the other counts
/// are still taken to be far from zero; later, a search that begins anew and may have to do so again is too dear.
struct Near {
    addr: Addr,
    early: bool,
}

/// Ends a search when dropped.
struct Over<'o, 's, P: Primitives>(&'o Shared<'s, P>);

impl<P: Primitives> Drop for Over<'_, '_, P> {
    fn drop(&mut self) {
        self.0.end();
    }
}
