//! The search.

use std::cell::RefCell;

use cowrace_machine::{ActorSet, Program};
use cowrace_report::{Finding, Schedule, Stop, Turn};

use crate::execution::interpreter::Interpreter;
use crate::execution::windows::Cover;
use crate::observer::{Execution, Order};
use crate::random::Random;
use crate::search::shared::Shared;
use crate::states::End;
use crate::states::configuration::Configuration;
use crate::states::independence::{Touch, commute};
use crate::states::limits::{Pace, ROUND, room};
use crate::states::look_ahead::walk;
use crate::states::numbers::Numbers;
use crate::states::paths::{Advance, Known, NONE};
use crate::states::persistent_sets::persistent_set;
use crate::states::settle::{Arrive, go, settle};
use crate::states::table::{Table, Visit};
use crate::states::watched::Watched;
use crate::sync::Primitives;
use tracing::debug;

/// How many executions in random order are made first.
pub(super) const WALKS: u64 = 64;

/// After how many visits another execution in random order is made: what is rare shows early then.
const BETWEEN: u64 = 256;

/// How far a search of states has come.
pub(crate) enum Progress {
    /// Everything has been searched, and nothing is wrong.
    Done,
    /// Something is wrong.
    Found(Finding, Schedule),
    /// The search may go on.
    Paused,
    /// The states need more memory than there is.
    Full,
    /// Something ends the search.
    Stopped(Stop),
}

/// A search of all states.
pub(crate) struct StateSearch<'s, P: Primitives> {
    shared: &'s Shared<'s, P>,
    here: Configuration<'s>,
    table: Table,
    /// The contents of memory with which executions have ended.
    ends: Numbers,
    /// The state that is being visited, and the actor that is moved there.
    now: (u32, u8),
    random: Random,
    /// Whether the search has begun.
    has_begun: bool,
    /// The visits since it last began, and after how many it begins again.
    visits: u64,
    until: u64,
    /// All visits.
    effort: u64,
    pub(crate) pace: Pace,
    /// For each actor, what its next request touches in the state that is being visited.
    touches: Vec<Vec<Touch>>,
    name: Vec<u32>,
}

impl<'s, P: Primitives> StateSearch<'s, P> {
    /// A search that watches the windows that have not been open. `None` if that is not possible.
    pub(crate) fn new(shared: &'s Shared<'s, P>, cover: &[Cover]) -> Option<Self> {
        let program = shared.program;
        let watched = Watched::new(program, cover)?;
        Some(Self {
            shared,
            here: Configuration::new(program, watched),
            table: Table::new(),
            ends: Numbers::new(),
            now: (NONE, 0),
            random: Random(0),
            has_begun: false,
            visits: 0,
            until: u64::MAX,
            effort: 0,
            pace: Pace::default(),
            touches: vec![Vec::new(); program.actors.len()],
            name: Vec::new(),
        })
    }

    /// What has been seen of windows.
    pub(crate) fn cover(&self) -> &[Cover] {
        self.here.places.watched.cover()
    }

    /// The number of states so far.
    pub(crate) const fn states(&self) -> u64 {
        self.table.known().len() as u64
    }

    /// The memory in bytes that the states take.
    pub(crate) fn bytes(&self) -> u64 {
        (self.table.bytes() + self.here.bytes() + self.ends.bytes()) as u64
    }

    /// Compares actors that have been taken for the same; see [`Places::verify`](crate::states::places::Places::verify).
    pub(crate) fn verify(&mut self) -> Result<u64, String> {
        self.here.places.verify(&mut self.random)
    }

    /// Goes on until everything has been searched, or for this many visits.
    pub(crate) fn run(&mut self, visits: u64) -> Progress {
        let limit = self.effort.saturating_add(visits);
        loop {
            let end = match self.search(limit) {
                Ok(true) if self.here.futures.is_refuted => {
                    debug!(visits = self.visits, "begins again: an actor does what it was taken not to do");
                    self.has_begun = false;
                    continue;
                }
                Ok(true) if !self.here.places.can_watch => return Progress::Full,
                Ok(true) => {
                    debug!(visits = self.visits, states = self.states(), "all states have been searched");
                    self.shared.showings.add(self.here.places.news());
                    return Progress::Done;
                }
                Ok(false) => return Progress::Paused,
                Err(end) => end,
            };
            match end {
                End::Full => return Progress::Full,
                End::Stopped(stop) => return Progress::Stopped(stop),
                // What leads to a state is known only while everything is as it was assumed.
                End::Wrong if self.here.futures.is_refuted => self.has_begun = false,
                End::Wrong => {
                    let (finding, schedule) = self.found();
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
        while self.visits < self.until {
            if self.effort >= limit {
                return Ok(false);
            }
            if self.effort.is_multiple_of(ROUND) {
                self.look_at_limits()?;
            }
            if self.visits.is_multiple_of(BETWEEN) && !walk(&mut self.here, &mut self.random) {
                self.now = (NONE, 0);
                return Err(End::Wrong);
            }
            let Some(visit) = self.table.pop() else { break };
            self.visit(visit)?;
            self.visits += 1;
            self.effort += 1;
            if self.here.futures.is_refuted {
                // Other reasons to begin again will show soon.
                self.until = self.until.min(2 * self.visits);
            }
        }
        Ok(true)
    }

    fn begin(&mut self) -> Result<(), End> {
        self.table = Table::new();
        self.ends = Numbers::new();
        self.now = (NONE, 0);
        self.here.futures.begin_again();
        // The more was in vain, the more it is worth to learn first.
        for _ in 0..WALKS + self.visits / 64 {
            if !walk(&mut self.here, &mut self.random) {
                return Err(End::Wrong);
            }
        }
        (self.visits, self.until, self.has_begun) = (0, u64::MAX, true);
        self.here.begin();
        self.settle_from(None, ActorSet::default())
    }

    fn look_at_limits(&mut self) -> Result<(), End> {
        if !self.here.places.can_watch || self.bytes() > room(self.shared) {
            return Err(End::Full);
        }
        self.shared.showings.add(self.here.places.news());
        let states = self.states();
        self.pace.look_at_limits(self.shared, states)
    }

    fn visit(&mut self, Visit { state, mut asleep, todo }: Visit) -> Result<(), End> {
        let Self { here, table, touches: touched, .. } = self;
        here.restore(table.known().name(state));
        for actor in ActorSet(asleep.0 | todo.0).iter() {
            here.try_out(actor);
            here.touches(actor, &mut touched[actor as usize]);
        }
        for actor in todo.iter() {
            self.now = (state, actor);
            let mut after = asleep;
            for other in asleep.iter() {
                let (one, other_) = (&self.touches[actor as usize], &self.touches[other as usize]);
                if !commute(one, other_, &self.here.memory) {
                    after.remove(other);
                }
            }
            self.settle_from(Some(actor), after)?;
            asleep.insert(actor);
        }
        Ok(())
    }

    /// Moves an actor, unless there is none to be moved, and notes the states that this leads to.
    fn settle_from(&mut self, actor: Option<u8>, asleep: ActorSet) -> Result<(), End> {
        let Self { shared, here, table, ends, now, name, .. } = self;
        let steps = shared.settings.limits.steps as usize;
        let mut arrive = |here: &mut Configuration<'s>, closes: bool| {
            here.name(name)?;
            let (state, is_new) = table.number(name, *now)?;
            if !is_new {
                table.reach(state, asleep, closes.then(|| here.enabled()));
                return Ok(());
            }
            let enabled = here.enabled();
            let todo = if closes { enabled } else { persistent_set(here, enabled) };
            table.add(Visit { state, asleep, todo });
            if enabled.is_empty() { end(shared, here, table.known(), ends, (now.0, advance)) } else { Ok(()) }
        };
        match actor {
            Some(actor) => go(here, actor, asleep, steps, &mut arrive),
            None => settle(here, asleep, true, steps, &mut arrive),
        }
    }

    /// What is wrong with what was executed last, and how to get there.
    fn found(&mut self) -> (Finding, Schedule) {
        let last: Vec<Turn> = self.here.turns().collect();
        let mut turns = self.table.known().path(&mut self.here, self.now.0, advance);
        turns.extend(last);
        finding(self.shared.program, &turns)
    }
}

/// What is wrong with an execution, and its schedule.
pub(super) fn finding(program: &Program, turns: &[Turn]) -> (Finding, Schedule) {
    let mut run = Interpreter::new(program);
    for turn in turns {
        run.execute(turn.actor, turn.choice);
    }
    let trace = run.finish();
    let Some(finding) = trace.finding else {
        panic!("nothing is wrong with what the search of states found")
    };
    (finding, trace.schedule)
}

/// What the search executes at once, of all that is awake.
fn advance<'p>(here: &mut Configuration<'p>, actor: Option<u8>, arrive: Arrive<'_, 'p>) -> Result<(), End> {
    match actor {
        Some(actor) => go(here, actor, ActorSet::default(), usize::MAX, arrive),
        None => settle(here, ActorSet::default(), true, usize::MAX, arrive),
    }
}

/// Judges a state in which no actor can move. It was reached from another one, by what this executes at once.
pub(super) fn end<'s, P: Primitives>(
    shared: &Shared<'s, P>,
    here: &mut Configuration<'s>,
    known: &Known,
    ends: &mut Numbers,
    (from, advance): (u32, Advance<'s>),
) -> Result<(), End> {
    here.end();
    if here.futures.is_refuted {
        return Ok(());
    }
    match here.judge(ends)? {
        None => return Ok(()),
        Some(true) => return Err(End::Wrong),
        Some(false) => {}
    }
    let last: Vec<Turn> = here.turns().collect();
    let memory = here.memory.clone();
    let here = RefCell::new(here);
    let schedule = || {
        let mut here = here.borrow_mut();
        let mut turns = known.path(&mut here, from, advance);
        turns.extend_from_slice(&last);
        // Back to where the search is.
        if from == NONE {
            here.begin()
        } else {
            here.restore(known.name(from))
        }
        last.iter().for_each(|&turn| {
            here.make(turn);
        });
        Schedule { fingerprint: shared.program.fingerprint, turns }
    };
    let (program, order) = (shared.program, Order::Path(&schedule));
    shared.watch.execution(&Execution { program, memory: &memory, order, found: None, is_complete: true });
    Ok(())
}
