//! The interface of the exhaustive search.

use std::sync::{Mutex, PoisonError};

use cowrace_machine::{ALL_COUNTS, Addr, Limits, Program, is_order};

use crate::checkpoint::Checkpoint;
use crate::checkpoint::shard::{ShardError, ShardId, ShardResult};
use crate::observer::{Observer, Purpose};
use crate::outcome::Outcome;
use crate::search::phases::{Near, Plan, shard, whole};
use crate::search::run::work;
use crate::search::shared::{Settings, Shared};
use crate::search::watch::Watch;
use crate::sync::{Native, Primitives};
use crate::threads::Threads;
use tracing::debug;

/// How many executions are made before a search that goes on is taken to be long.
const FIRST: u64 = 1000;

/// An exhaustive search under sequential consistency. The crate's documentation says how it works.
#[derive(Clone, Debug)]
pub struct Explorer<'p> {
    program: &'p Program,
    settings: Settings,
    threads: Option<&'p Threads>,
    counts_commute: bool,
    plan: Plan<'p>,
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
            settings: Settings::default(),
            threads: None,
            counts_commute: true,
            plan: Plan { first: FIRST, eager: false, checkpoint: None, results: &[] },
        }
    }

    /// Sets what may end the search early.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Goes on after a finding, as if the event that showed it were sound; the outcome still holds the
    /// first one.
    #[must_use]
    pub const fn exhaustive(mut self, exhaustive: bool) -> Self {
        self.settings.exhaustive = exhaustive;
        self
    }

    /// With [`exhaustive`](Self::exhaustive), for an observer that asks only in which memories executions end: every one
    /// of them is shown, in some execution, but not every execution. What follows a barrier of all actors is then
    /// searched once for each state there, although the search goes on after findings.
    #[must_use]
    pub const fn ends_only(mut self, ends_only: bool) -> Self {
        self.settings.ends_only = ends_only;
        self
    }

    /// Explores only executions in which actors that could go on are stopped at most so often, all together. A
    /// bounded search is never complete.
    #[must_use]
    pub const fn preemptions(mut self, bound: Option<u32>) -> Self {
        self.settings.preemptions = bound;
        self
    }

    /// Collects what executions show beside that they are good or bad; takes some more time. A search that goes on
    /// where another was stopped does not know what that has seen, and collects nothing.
    #[must_use]
    pub const fn coverage(mut self, coverage: bool) -> Self {
        self.settings.coverage = coverage;
        self
    }

    /// Takes on all other threads at once when it turns out to be long. For tests: most searches are over before that is
    /// worth while.
    #[doc(hidden)]
    #[must_use]
    pub const fn eager(mut self, eager: bool) -> Self {
        self.plan.eager = eager;
        self
    }

    /// Is taken to be long after so many executions, not after a thousand. For tests, whose searches are small.
    #[doc(hidden)]
    #[must_use]
    pub const fn long_after(mut self, executions: u64) -> Self {
        self.plan.first = if executions > 0 { executions } else { 1 };
        self
    }

    /// Uses threads that others can spare, while there are any.
    #[must_use]
    pub const fn threads(mut self, threads: &'p Threads) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Goes on where a search of the same program was stopped, to the end that it would have reached. With another
    /// program, begins anew.
    #[must_use]
    pub const fn resume(mut self, checkpoint: &'p Checkpoint) -> Self {
        self.plan.checkpoint = Some(checkpoint);
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
        self.plan.results = results;
        self
    }

    /// Whether to take it that counts stay away from zero, as long as nothing speaks against it; they then commute.
    /// That is so unless each trace of the plain relation is wanted; the answer is the same.
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
        let mut plan = Plan { checkpoint: self.fitting_checkpoint(), ..self.plan };
        let mut near = plan.checkpoint.map_or_else(|| self.counts_commute.then(Vec::new), near);
        loop {
            let coverage = self.settings.coverage && plan.checkpoint.is_none();
            let shared = self.shared::<P>(near.as_deref(), coverage, &none, &watch);
            match P::scope(&|| work(&shared), |spawn| whole(&shared, &plan, spawn)) {
                Ok(outcome) => return outcome,
                Err(Near { addr, early }) => {
                    debug!(
                        word = ?addr,
                        early,
                        "begins anew: a count is nearer to zero than it was taken to be, or an order makes a difference"
                    );
                    plan.checkpoint = None;
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
        if self.settings.preemptions.is_some() {
            return Err(ShardError::Preemptions);
        }
        let none = Threads::new(0);
        let watch = Mutex::new(observer);
        let near = near(checkpoint);
        let shared = self.shared::<Native>(near.as_deref(), false, &none, &watch);
        Native::scope(&|| work(&shared), |spawn| shard(&shared, &self.plan, (checkpoint, id), spawn))
    }

    /// The checkpoint, if it is one of the program.
    fn fitting_checkpoint(&self) -> Option<&'p Checkpoint> {
        self.plan.checkpoint.filter(|checkpoint| checkpoint.fingerprint() == self.program.fingerprint)
    }

    /// What the threads of a search have in common that takes it that counts other than these stay away from zero.
    fn shared<'s, P: Primitives>(
        &'s self,
        near: Option<&[Addr]>,
        coverage: bool,
        none: &'s Threads,
        watch: &'s dyn Watch,
    ) -> Shared<'s, P> {
        let settings = Settings { coverage, ..self.settings };
        Shared::new(self.program, settings, near, self.threads.unwrap_or(none), watch)
    }
}

/// The counts that a checkpoint knows to be near zero.
fn near(checkpoint: &Checkpoint) -> Option<Vec<Addr>> {
    checkpoint.near.as_ref().map(|near| near.iter().map(|&index| Addr::at(index as usize)).collect())
}
