//! The interface of the exhaustive search.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use cowrace_machine::{ALL_COUNTS, Addr, Limits, Program, is_order};

use crate::checkpoint::Checkpoint;
use crate::checkpoint::shard::{ShardError, ShardId, ShardResult};
use crate::observer::{Observer, Purpose};
use crate::outcome::Outcome;
use crate::search::merging::Shares;
use crate::search::phases::{Near, Plan, shard, whole};
use crate::search::run::work;
use crate::search::shared::{Merging, Settings, Shared};
use crate::search::watch::Watch;
use crate::states::limits::Pace;
use crate::states::search::StateSearch;
use crate::sync::{Native, Primitives};
use crate::threads::Threads;
use tracing::debug;

/// The number of executions after which a search is considered long.
const FIRST: u64 = 1000;

/// An exhaustive search under sequential consistency. The crate's documentation explains how it works.
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

    /// Continues after a finding, as if the event that showed it were sound; the outcome still holds the first finding.
    #[must_use]
    pub const fn exhaustive(mut self, exhaustive: bool) -> Self {
        self.settings.exhaustive = exhaustive;
        self
    }

    /// With [`exhaustive`](Self::exhaustive), for an observer that only wants the final memories of executions: every
    /// final memory is shown in some execution, but not every execution is shown. What follows a barrier of all actors
    /// is then searched once for each state there, although the search continues after findings.
    #[must_use]
    pub const fn ends_only(mut self, ends_only: bool) -> Self {
        self.settings.ends_only = ends_only;
        self
    }

    /// Whether to estimate how many executions the search has, while it is under way and when a limit has ended it; the
    /// default is that it does. That takes longer than a search of a few hundred executions.
    #[must_use]
    pub const fn estimates(mut self, estimates: bool) -> Self {
        self.settings.estimates = estimates;
        self
    }

    /// Explores only executions with at most this many preemptions, by states, those with few first. Limits on executions
    /// do not apply, and there is no coverage; an observer is shown an execution for each final memory. A bounded search
    /// is never complete: the outcome's [`bound`](Outcome::bound) says what was explored. With
    /// [`exhaustive`](Self::exhaustive) it explores traces, and may miss some within the bound.
    #[must_use]
    pub const fn preemptions(mut self, bound: Option<u32>) -> Self {
        self.settings.preemptions = bound;
        self
    }

    /// Collects [coverage](crate::Coverage), which takes some more time. A resumed search does not know what the stopped
    /// search has seen, and collects nothing.
    #[must_use]
    pub const fn coverage(mut self, coverage: bool) -> Self {
        self.settings.coverage = coverage;
        self
    }

    /// Sets whether the search merges states. For tests, which compare the two ways, and for those who want the number
    /// of traces: by default the search does what it expects to be faster, and the verdict is the same.
    #[must_use]
    pub const fn merging(mut self, merging: Merging) -> Self {
        self.settings.merging = merging;
        self
    }

    /// Uses all other threads at once when the search turns out to be long. For tests: most searches are over before
    /// that is worthwhile.
    #[doc(hidden)]
    #[must_use]
    pub const fn eager(mut self, eager: bool) -> Self {
        self.plan.eager = eager;
        self
    }

    /// Sets the number of executions after which the search is considered long; the default is a thousand. For tests,
    /// whose searches are small.
    #[doc(hidden)]
    #[must_use]
    pub const fn long_after(mut self, executions: u64) -> Self {
        self.plan.first = if executions > 0 { executions } else { 1 };
        self
    }

    /// Searches states without executions that are made only to learn what actors may do, so that nearly everything that
    /// they do is a surprise. For tests: there is little to surprise the search in a small program.
    #[doc(hidden)]
    #[must_use]
    pub const fn blindly(mut self, is_blind: bool) -> Self {
        self.settings.is_blind = is_blind;
        self
    }

    /// Sets after how many visits of states several are made at once, by all threads that are free. For tests, whose
    /// searches are small.
    #[doc(hidden)]
    #[must_use]
    pub const fn visits_alone(mut self, visits: u64) -> Self {
        self.settings.alone = visits;
        self
    }

    /// Uses the threads of a shared pool, as far as they are available.
    #[must_use]
    pub const fn threads(mut self, threads: &'p Threads) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Resumes a stopped search of the same program, and ends as that search would have ended. For another program,
    /// starts from the beginning.
    #[must_use]
    pub const fn resume(mut self, checkpoint: &'p Checkpoint) -> Self {
        self.plan.checkpoint = Some(checkpoint);
        self
    }

    /// Merges the results of shards of the checkpoint from which the search is resumed; see
    /// [`search_shard`](Self::search_shard). The search explores the other shards itself. Results that do not fit
    /// (those for another checkpoint, those that were changed, those of a search that treats findings differently) are
    /// ignored, and their shards are searched again.
    ///
    /// A shard that would lead past the thousandth execution is searched again as well, since random schedules are
    /// tried at that point. So a search that is to be split should be stopped later than that.
    #[must_use]
    pub const fn merge(mut self, results: &'p [ShardResult]) -> Self {
        self.plan.results = results;
        self
    }

    /// Whether to assume that counts stay away from zero, so that changes of them commute, until an execution shows
    /// otherwise. This is the default; without it, the search explores each trace of the plain dependency relation. The
    /// verdict is the same.
    #[must_use]
    pub const fn counts_commute(mut self, commute: bool) -> Self {
        self.counts_commute = commute;
        self
    }

    /// Runs the search. The outcome does not depend on the number of threads, unless a limit on time or memory or the
    /// observer ends the search.
    pub fn run(&self, observer: &mut (dyn Observer + Send)) -> Outcome {
        self.run_on::<Native>(observer)
    }

    /// As [`run`](Self::run), with threads of another kind. For tests of what threads share.
    #[doc(hidden)]
    pub fn run_on<P: Primitives>(&self, observer: &mut (dyn Observer + Send)) -> Outcome {
        let started = Instant::now();
        let none = Threads::new(0);
        let watch = Mutex::new(observer);
        let mut plan = Plan { checkpoint: self.fitting_checkpoint(), ..self.plan };
        // In which orders calls meet is not to depend on how large counts are.
        let counts = if self.settings.coverage { vec![ALL_COUNTS] } else { Vec::new() };
        let mut near = plan.checkpoint.map_or_else(|| self.counts_commute.then_some(counts), near);
        // What states have been searched stays true.
        let bound = plan.checkpoint.and_then(|checkpoint| checkpoint.bound);
        let mut shares = Shares::new(self.program, bound);
        loop {
            let coverage = self.settings.coverage && plan.checkpoint.is_none();
            let mut shared = self.shared::<P>(near.as_deref(), coverage, &none, &watch);
            // A limit on time is for all that it takes.
            shared.started = started;
            match P::scope(&|| work(&shared), |spawn| whole(&shared, &plan, &mut shares, spawn)) {
                Ok(outcome) => return outcome,
                Err(Near { addr, early }) => {
                    debug!(
                        word = ?addr,
                        early,
                        "starts again: a count is nearer to zero than was assumed, or an order makes a difference"
                    );
                    plan.checkpoint = None;
                    let known = if early || is_order(addr) { addr } else { ALL_COUNTS };
                    near.iter_mut().for_each(|near| near.push(known));
                    watch.lock().unwrap_or_else(PoisonError::into_inner).anew(Purpose::Anew);
                }
            }
        }
    }

    /// Searches states, for this many visits, and then compares actors that were taken for the same: both are given the
    /// same answers to their end. For tests of the model: a frame that hides something makes them differ. Returns how
    /// often actors were compared.
    ///
    /// # Errors
    ///
    /// In what two actors differ that were taken for the same.
    #[doc(hidden)]
    pub fn compare_merged(&self, visits: u64) -> Result<u64, String> {
        let none = Threads::new(0);
        let mut observer = ();
        let watch = Mutex::new(&mut observer as &mut (dyn Observer + Send));
        let shared = self.shared::<Native>(Some(&[]), false, &none, &watch);
        let Some(mut states) = StateSearch::new(self.program, &self.settings, &[]) else {
            return Ok(0);
        };
        drop(states.run(&shared, visits, Pace::default()));
        states.verify()
    }

    /// Searches a shard of the checkpoint that [`resume`](Self::resume) was given, from its beginning to its end.
    /// Limits apply to the shard alone.
    ///
    /// # Errors
    ///
    /// If the checkpoint does not fit the program or has no such shard, or if a limit or the observer ends the search:
    /// a shard that is searched in part has no result.
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

    /// The checkpoint, if it belongs to the program.
    fn fitting_checkpoint(&self) -> Option<&'p Checkpoint> {
        self.plan.checkpoint.filter(|checkpoint| checkpoint.fingerprint() == self.program.fingerprint)
    }

    /// What the threads of a search share, if the search assumes that all counts but these stay away from zero.
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
