//! A study: the state of a search that is kept from one execution to the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cowrace_machine::{Addr, Program, resident_memory};
use cowrace_report::{Finding, Schedule, Stop};
use tracing::debug;

use crate::plan::Plans;
use crate::sharing::{Shape, Sharing, Use};
use crate::{Limits, Opinion, Outcome, Plan, Watch};

/// The largest number of plans for which searches are run. If there are more, the study is given up.
const PLANS: u32 = 1024;

/// How long a search runs without checking memory and without reporting to its watch: until one of these is reached.
const EXECUTIONS: u64 = 256;
const TIME: Duration = Duration::from_millis(100);

/// The state of a search by an engine that runs threads that is kept from one execution to the next.
#[derive(Debug)]
pub struct Study {
    program: Arc<Program>,
    limits: Limits,
    exhaustive: bool,
    watch: Watch,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    started: Instant,
    /// The number of executions of all rounds, including rounds that were started again.
    executions: u64,
    /// The number of executions at the last check, and its time.
    looked: Option<(u64, Duration)>,
    /// The opinion on the plans that are done.
    past: Opinion,
    /// The opinion of the current round.
    opinion: Opinion,
    sharing: Sharing,
    /// Whether a word turned out to be shared that was not an atomic.
    anew: bool,
    plans: Plans,
    planned: u32,
}

/// How an execution ended.
#[derive(Debug)]
pub(crate) enum End {
    /// With an outcome, after these turns.
    Judged(Outcome, Schedule, Option<Finding>),
    /// It was longer than allowed.
    TooLong,
    /// It shows nothing: the search starts again.
    Worthless,
}

/// What to do after a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Again,
    Done,
}

impl Study {
    /// A search of a program. With `exhaustive`, it continues after a finding.
    #[must_use]
    pub fn new(program: Arc<Program>, limits: Limits, exhaustive: bool, plan: Plan) -> Self {
        let state = State {
            started: Instant::now(),
            executions: 0,
            looked: None,
            past: Opinion::default(),
            opinion: Opinion::default(),
            sharing: Sharing::default(),
            anew: false,
            plans: Plans::new(plan),
            planned: 1,
        };
        Self { program, limits, exhaustive, watch: Watch::default(), state: Mutex::new(state) }
    }

    /// Sets what watches the search.
    #[must_use]
    pub fn watched(mut self, watch: Watch) -> Self {
        self.watch = watch;
        self
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was locked has already been reported.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The words that have to be atomics or locks in the next execution.
    pub(crate) fn shared(&self) -> Vec<(Addr, Shape)> {
        self.state().sharing.shared().collect()
    }

    /// Notes a use of a word that is not an atomic.
    pub(crate) fn note(&self, addr: Addr, actor: u8, used: Use) {
        let mut state = self.state();
        let anew = state.sharing.note(addr, actor, used);
        if anew {
            debug!(word = ?addr, actor, ?used, "starts again: a word is shared that only one actor was assumed to use");
        }
        state.anew |= anew;
    }

    pub(crate) fn pick(&self, actor: u8, nth: u32, n: u32) -> u32 {
        self.state().plans.pick(actor, nth, n)
    }

    /// Notes the end of an execution.
    pub(crate) fn end(&self, end: End) {
        let mut state = self.state();
        state.executions += 1;
        let (past, elapsed) = (state.past.executions, state.started.elapsed());
        let ended = self.look(&mut state, elapsed);
        let opinion = &mut state.opinion;
        opinion.executions += 1;
        let executions = past + opinion.executions;
        match end {
            End::Judged(outcome, schedule, finding) => {
                if let Some(finding) = finding.filter(|_| opinion.finding.is_none()) {
                    opinion.finding = Some((finding, schedule.clone()));
                }
                opinion.outcomes.entry(outcome).or_insert(schedule);
            }
            End::TooLong => opinion.stopped = Some(Stop::Steps),
            End::Worthless => {}
        }
        if opinion.stopped.is_none() && self.limits.executions.is_some_and(|most| executions >= most) {
            opinion.stopped = Some(Stop::Executions);
        }
        if opinion.stopped.is_none() && self.limits.time.is_some_and(|most| elapsed >= most) {
            opinion.stopped = Some(Stop::Time);
        }
        opinion.stopped = opinion.stopped.take().or(ended);
    }

    /// Makes, from time to time, the checks that cost more than comparing numbers.
    fn look(&self, state: &mut State, elapsed: Duration) -> Option<Stop> {
        let (before, when) = state.looked.unwrap_or_default();
        let is_soon = state.executions - before < EXECUTIONS && elapsed - when < TIME;
        if is_soon && state.looked.is_some() {
            return None;
        }
        state.looked = Some((state.executions, elapsed));
        if self.watch.tell(state.executions - before).is_break() {
            return Some(Stop::Interrupted);
        }
        let most = self.limits.memory?;
        resident_memory().is_some_and(|bytes| bytes >= most).then_some(Stop::Memory)
    }

    /// Whether the engine should continue with another execution of the current round.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        let state = self.state();
        let found = state.opinion.finding.is_some() && !self.exhaustive;
        !found && state.opinion.stopped.is_none() && !state.anew
    }

    /// Ends the search without an answer.
    pub fn give_up(&self, reason: String) {
        self.state().opinion.reason.get_or_insert(reason);
    }

    /// Runs rounds of a search until nothing is left to do. `round` runs executions of the program while
    /// [`goes_on`](Self::goes_on) returns true, and returns whether the engine ran out of executions by itself.
    pub fn rounds(&self, mut round: impl FnMut() -> bool) -> Opinion {
        loop {
            let ran_out = round();
            if self.next(ran_out) == Next::Done {
                let mut state = self.state();
                let last = std::mem::take(&mut state.opinion);
                state.past.append(last);
                return std::mem::take(&mut state.past);
            }
        }
    }

    fn next(&self, ran_out: bool) -> Next {
        let mut state = self.state();
        let found = state.opinion.finding.is_some() && !self.exhaustive;
        if found || state.opinion.stopped.is_some() || state.opinion.reason.is_some() {
            return Next::Done;
        }
        if std::mem::take(&mut state.anew) {
            // The outcomes of this round may or may not occur in the next one: the round did not treat all shared words
            // as atomics.
            state.opinion = Opinion::default();
            return Next::Again;
        }
        if !ran_out {
            return Next::Done;
        }
        if !state.plans.next() {
            state.opinion.complete = true;
            return Next::Done;
        }
        let done = std::mem::take(&mut state.opinion);
        state.past.append(done);
        state.planned += 1;
        debug!(plan = state.planned, "starts again: another plan of choices");
        if state.planned > PLANS {
            state.opinion.reason = Some(format!("there are more than {PLANS} ways to choose"));
            return Next::Done;
        }
        Next::Again
    }
}
