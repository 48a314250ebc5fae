//! The search of states within a bound on preemptions: all executions without any, then all with one, and so on.
//!
//! A race in a long scenario often needs few preemptions, at places that a depth-first search reaches late. Here states
//! are searched in the order of the fewest preemptions with which they can be reached, so a bound is complete when
//! nothing is left to do within it (Musuvathi and Qadeer, *Iterative Context Bounding for Systematic Testing of
//! Multithreaded Programs*, PLDI 2007).
//!
//! What is to be done is a state and the actor to move next. Sleep sets, and persistent sets of several actors, may leave
//! out the one order of a trace that has few preemptions, so there are none. But a request in whose way no other actor
//! can ever get is executed together with the one before it, by the same actor. That costs no preemption: in an
//! execution in which the actor is stopped before such a request, the request can be moved up to where it was stopped.
//! The actor is then stopped after the request, or not at all if it has to wait there, and where it went on later it goes
//! on with what comes next. Only the last request of an actor is not moved up: those that wait for its end could go on
//! then, and would have to be stopped.

use cowrace_report::Turn;

use crate::random::Random;
use crate::search::shared::Shared;
use crate::states::End;
use crate::states::configuration::Configuration;
use crate::states::limits::{Pace, ROUND, room};
use crate::states::look_ahead::{run_ahead, walk};
use crate::states::numbers::Numbers;
use crate::states::paths::{Known, NONE};
use crate::states::persistent_sets::is_alone;
use crate::states::search::{Progress, WALKS, end, finding};
use crate::states::settle::Arrive;
use crate::states::watched::Watched;
use crate::sync::Primitives;
use tracing::debug;

/// More preemptions than any bound allows.
const TOO_MANY: u16 = u16::MAX;

/// A search of states in the order of preemptions.
pub(crate) struct BoundedSearch<'s, P: Primitives> {
    shared: &'s Shared<'s, P>,
    /// The largest bound.
    most: u16,
    /// The memory in bytes that states may take.
    room: u64,
    here: Configuration<'s>,
    known: Known,
    /// For each state and each actor the fewest preemptions with which the actor is to move next there.
    fewest: Vec<u16>,
    /// For each number of preemptions the states and actors that are to be looked at.
    open: Vec<Vec<(u32, u8)>>,
    /// The preemptions up to the state that is being visited.
    bound: u16,
    /// The contents of memory with which executions have ended.
    ends: Numbers,
    /// The state that is being visited, and the actor that is moved there.
    now: (u32, u8),
    random: Random,
    has_begun: bool,
    /// The visits since it last began, and after how many it begins again.
    visits: u64,
    until: u64,
    /// All visits.
    effort: u64,
    pub(crate) pace: Pace,
    name: Vec<u32>,
}

impl<'s, P: Primitives> BoundedSearch<'s, P> {
    /// A search of all executions with at most this many preemptions; there is a largest number. It may take this part
    /// of the memory that states may take.
    pub(crate) fn new(shared: &'s Shared<'s, P>, most: u32, part: u64) -> Self {
        let most = u16::try_from(most).unwrap_or(TOO_MANY).min(TOO_MANY - 1);
        Self {
            shared,
            most,
            room: room(shared) / part,
            here: Configuration::new(shared.program, Watched::nothing()),
            known: Known::new(),
            fewest: Vec::new(),
            open: vec![Vec::new(); usize::from(most) + 1],
            bound: 0,
            ends: Numbers::new(),
            now: (NONE, 0),
            random: Random(0),
            has_begun: false,
            visits: 0,
            until: u64::MAX,
            effort: 0,
            pace: Pace::default(),
            name: Vec::new(),
        }
    }

    /// The number of states so far.
    pub(crate) const fn states(&self) -> u64 {
        self.known.len() as u64
    }

    /// The largest bound within which every execution has been explored.
    pub(crate) fn completed(&self) -> Option<u32> {
        let is_known = self.has_begun && !self.here.futures.is_refuted;
        self.bound.checked_sub(1).filter(|_| is_known).map(u32::from)
    }

    /// The memory in bytes that the states take.
    pub(crate) fn bytes(&self) -> u64 {
        let open: usize = self.open.iter().map(Vec::capacity).sum();
        let visits = self.fewest.capacity() * size_of::<u16>() + open * size_of::<(u32, u8)>();
        (self.known.bytes() + visits + self.here.bytes() + self.ends.bytes()) as u64
    }

    /// Goes on until all bounds are complete, or for this many visits.
    pub(crate) fn run(&mut self, visits: u64) -> Progress {
        let limit = self.effort.saturating_add(visits);
        loop {
            let end = match self.search(limit) {
                Ok(true) if self.here.futures.is_refuted => {
                    debug!(visits = self.visits, "begins again: an actor does what it was taken not to do");
                    self.has_begun = false;
                    continue;
                }
                Ok(true) => return Progress::Done,
                Ok(false) => return Progress::Paused,
                Err(end) => end,
            };
            match end {
                End::Full => return Progress::Full,
                End::Stopped(stop) => return Progress::Stopped(stop),
                // What leads to a state is known only while everything is as it was assumed.
                End::Wrong if self.here.futures.is_refuted => self.has_begun = false,
                End::Wrong => {
                    let last: Vec<Turn> = self.here.turns().collect();
                    let mut turns = self.known.path(&mut self.here, self.now.0, advance);
                    turns.extend(last);
                    let (finding, schedule) = finding(self.shared.program, &turns);
                    return Progress::Found(finding, schedule);
                }
            }
        }
    }

    /// Makes visits. Returns whether none is left, or the search has to begin again.
    fn search(&mut self, limit: u64) -> Result<bool, End> {
        if !self.has_begun {
            self.begin()?;
        }
        while self.bound <= self.most && self.visits < self.until {
            if self.effort >= limit {
                return Ok(false);
            }
            let Some((state, actor)) = self.open[self.bound as usize].pop() else {
                self.bound += 1;
                continue;
            };
            // It may have been reached with fewer preemptions meanwhile.
            if self.fewest[self.at(state, actor)] == self.bound {
                if self.effort.is_multiple_of(ROUND) {
                    if self.bytes() > self.room {
                        return Err(End::Full);
                    }
                    let states = self.states();
                    self.pace.look_at_limits(self.shared, states)?;
                }
                self.visits += 1;
                self.effort += 1;
                self.now = (state, actor);
                self.here.restore(self.known.name(state));
                self.advance(Some(actor))?;
                if self.here.futures.is_refuted {
                    // Other reasons to begin again will show soon.
                    self.until = self.until.min(2 * self.visits);
                }
            }
        }
        Ok(true)
    }

    fn begin(&mut self) -> Result<(), End> {
        (self.known, self.ends) = (Known::new(), Numbers::new());
        self.fewest.clear();
        self.open.iter_mut().for_each(Vec::clear);
        (self.bound, self.now) = (0, (NONE, 0));
        self.here.futures.begin_again();
        // The more was in vain, the more it is worth to learn first.
        for _ in 0..WALKS + self.visits / 64 {
            // What is wrong beyond the bound is no finding here.
            walk(&mut self.here, &mut self.random);
        }
        (self.visits, self.until, self.has_begun) = (0, u64::MAX, true);
        self.here.begin();
        self.advance(None)
    }

    fn at(&self, state: u32, actor: u8) -> usize {
        state as usize * self.here.actors().len() + usize::from(actor)
    }

    /// Moves an actor, unless there is none to be moved, and notes what is to be done where this leads.
    fn advance(&mut self, actor: Option<u8>) -> Result<(), End> {
        let Self { shared, most, here, known, fewest, open, bound, ends, now, name, .. } = self;
        let mut arrive = |here: &mut Configuration<'s>, _: bool| {
            here.name(name)?;
            let (state, is_new) = known.number(name, *now)?;
            let enabled = here.enabled();
            let actors = here.actors().len();
            if is_new {
                fewest.resize(fewest.len() + actors, TOO_MANY);
                if enabled.is_empty() {
                    end(shared, here, known, ends, (now.0, advance))?;
                }
            }
            for next in enabled.iter() {
                let is_preempted = actor.is_some_and(|actor| actor != next && enabled.contains(actor));
                let preemptions = *bound + u16::from(is_preempted);
                let least = &mut fewest[state as usize * actors + usize::from(next)];
                if preemptions < *least && preemptions <= *most {
                    *least = preemptions;
                    open[preemptions as usize].push((state, next));
                }
            }
            Ok(())
        };
        advance(here, actor, &mut arrive)
    }
}

/// Executes the next request of an actor, with every value if it is a choice; then those that follow, as long as no
/// other actor can get in their way, but for its last one.
fn advance<'p>(here: &mut Configuration<'p>, actor: Option<u8>, arrive: Arrive<'_, 'p>) -> Result<(), End> {
    let Some(actor) = actor else { return arrive(here, false) };
    here.try_out(actor);
    let values = here.values(actor);
    for value in 0..values.max(1) {
        let mut closes = make(here, Turn { actor, choice: (values > 0).then_some(value) })?;
        loop {
            here.try_out(actor);
            let values = here.values(actor);
            if closes || values > 1 || !here.is_free(actor) && !is_alone(here, actor) {
                break;
            }
            let before = here.len();
            closes = make(here, Turn { actor, choice: (values > 0).then_some(0) })?;
            if here.request(actor).is_none() {
                // Those that wait for its end go on only after this request.
                here.rewind(before);
                break;
            }
        }
        arrive(here, false)?;
        here.rewind(0);
    }
    Ok(())
}

/// Executes the next request of an actor. Returns whether the actor may have come round in a circle.
fn make(here: &mut Configuration<'_>, turn: Turn) -> Result<bool, End> {
    let step = here.make(turn);
    if step.is_wrong {
        return Err(End::Wrong);
    }
    let len = here.len();
    if step.is_new && !run_ahead(here, turn.actor) {
        here.rewind(len);
        here.actors().for_each(|actor| here.try_out(actor));
    }
    Ok(step.closes)
}
