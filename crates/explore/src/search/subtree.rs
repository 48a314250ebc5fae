//! Subtrees: parts of a search that another thread can do.
//!
//! A path of a wakeup tree ends in a state in which nobody sleeps. What a search does from there depends on
//! nothing but the way that leads there, so it can be done at any time and by anybody. What its races ask for
//! before that state is noted, and taken over when the search that gave the subtree away comes to its place.
//! So the whole comes out as if one thread had done all of it in order: the same executions, the same first
//! finding.

use std::ops::ControlFlow;
use std::sync::Arc;

use cowrace_machine::{Access, Addr};
use cowrace_report::Stop;

use crate::checkpoint::shard::ShardResult;
use crate::effort::Effort;
use crate::execution::answer_tree::Spare;
use crate::execution::coverage::Seen;
use crate::execution::windows::{Cover, Windows};
use crate::explorer::Outcome;
use crate::reduction::moves::{Move, Sequence};
use crate::reduction::reversal::Race;
use crate::reduction::sleep_sets::SleepSets;
use crate::reduction::wakeup_trees::{First, NONE, WakeupTrees};
use crate::search::conclude::Found;
use crate::search::run::{Flow, Search};
use crate::search::shared::Shared;
use crate::sync::{Monitor, Primitives};

/// A part of a search, and what has become of it.
pub(crate) struct Subtree<P: Primitives> {
    /// The way to the state whose tree has the path.
    way: Vec<Move>,
    /// What is being tried from that state, if anything is.
    tried: Option<(Move, Vec<Access>)>,
    /// The path: numbers of steps.
    path: Vec<u32>,
    sleepers: SleepSets,
    wakeup: WakeupTrees,
    todo: Vec<u32>,
    races: Vec<Race>,
    windows: Windows,
    found: Option<Found>,
    state: P::Monitor<State>,
}

enum State {
    Offered,
    Claimed,
    /// Nothing came of it: something ended it that is for the search to judge that gave it away.
    Abandoned,
    Done(Box<Done>),
}

/// A path that somebody else searches or has searched.
pub(crate) enum Given<'s, P: Primitives> {
    /// It was given to another thread.
    Away(Arc<Subtree<P>>),
    /// It was a shard of a checkpoint.
    Shard(&'s ShardResult),
}

/// What came of a subtree.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) outcome: Outcome,
    /// The states at barriers that it reached, by number: what follows them does not count for the outcome.
    pub(crate) reached: Vec<u32>,
    pub(crate) near: Option<Addr>,
    /// What is to be executed from earlier states.
    pub(crate) beyond: Vec<(u32, Sequence)>,
    pub(crate) windows: Vec<Cover>,
    pub(crate) seen: Seen,
}

impl<P: Primitives> Subtree<P> {
    /// Makes the caller the one to search it, unless somebody is.
    pub(crate) fn claim(&self) -> bool {
        self.state.with(|state| {
            let free = matches!(state, State::Offered);
            if free {
                *state = State::Claimed;
            }
            free
        })
    }

    fn finish(&self, done: Option<Done>) {
        let fate = done.map_or(State::Abandoned, |done| State::Done(Box::new(done)));
        self.state.with(|state| *state = fate);
    }

    /// What has become of it; nothing while somebody is at it.
    fn fate(&self) -> Option<Option<Box<Done>>> {
        self.state.with(|state| match std::mem::replace(state, State::Claimed) {
            State::Done(done) => Some(Some(done)),
            State::Abandoned => Some(None),
            other => {
                *state = other;
                None
            }
        })
    }
}

/// Searches subtrees until there is nothing more to do.
pub(crate) fn work<'s, P: Primitives>(shared: &'s Shared<'s, P>) {
    // Those who wait for what a thread has begun must not wait for ever if it panics.
    let guard = Guard(shared);
    let mut spare = Spare::default();
    while let Some(changes) = shared.changes() {
        match shared.steal() {
            Some(subtree) => search(shared, &subtree, &mut spare),
            None => shared.wait(changes),
        }
    }
    std::mem::forget(guard);
    shared.threads.give();
}

struct Guard<'g, 's, P: Primitives>(&'g Shared<'s, P>);

impl<P: Primitives> Drop for Guard<'_, '_, P> {
    fn drop(&mut self) {
        self.0.stop(Stop::Interrupted);
    }
}

/// Searches a subtree that is claimed.
fn search<'s, P: Primitives>(shared: &'s Shared<'s, P>, subtree: &Subtree<P>, spare: &mut Spare<'s>) {
    let mut search = Search::new(shared, spare.take(shared.program));
    subtree.finish(search.search_below(subtree).ok());
    shared.tell();
    spare.keep(search.actors);
}

impl<'s, P: Primitives> Search<'s, P> {
    /// Searches a subtree.
    ///
    /// # Errors
    ///
    /// What stopped it; nothing if the way does not lead to where it begins.
    pub(crate) fn search_below(&mut self, subtree: &Subtree<P>) -> Result<Done, Option<Stop>> {
        let mut flow = self.resume(subtree);
        if flow.is_continue() {
            flow = self.run(u64::MAX);
            self.book();
        }
        match flow {
            ControlFlow::Break(Some(stop)) => return Err(Some(stop)),
            ControlFlow::Break(None) if self.outcome.finding.is_none() && self.near.is_none() => {
                return Err(None);
            }
            _ => {}
        }
        self.seen.note_sites(&self.actors);
        let mut outcome = self.outcome.clone();
        outcome.set_effort(self.effort_on_path());
        outcome.depth = self.longest();
        Ok(Done {
            outcome,
            reached: self.reached.states(),
            near: self.near,
            beyond: std::mem::take(&mut self.beyond),
            windows: self.shown(),
            seen: std::mem::take(&mut self.seen),
        })
    }

    /// Gives away the part of what is left that is likely to be the largest, if somebody wants it.
    pub(crate) fn share(&mut self) {
        if self.is_alone || self.preemptions_are_bounded() || !self.shared.wants_work() {
            return;
        }
        for state in self.base..self.history.len() {
            let Some(path) = self.wakeup.last_path(self.todo[state]) else { continue };
            // Near the end of executions there is too little below.
            if (state + path.len()) * 4 > self.outcome.depth as usize * 3 {
                return;
            }
            let subtree = Arc::new(self.subtree(state, path));
            self.give(&subtree.path, Given::Away(Arc::clone(&subtree)));
            self.shared.offer(subtree);
            return;
        }
    }

    /// What is below a path of a state's tree.
    pub(crate) fn subtree(&self, state: usize, path: Vec<u32>) -> Subtree<P> {
        let mut sleepers = self.sleepers.clone();
        sleepers.truncate(state + 1);
        let tried = || (self.history.made(state as u32), self.history.accesses(state).to_vec());
        Subtree {
            way: (0..state as u32).map(|event| self.history.made(event)).collect(),
            tried: (state < self.history.len()).then(tried),
            path,
            sleepers,
            wakeup: self.wakeup.clone(),
            todo: self.todo[..=state].to_vec(),
            races: self.races.iter().copied().filter(|race| (race.by as usize) < state).collect(),
            windows: self.windows.clone(),
            found: self.found.clone().filter(|found| found.events <= state),
            state: P::Monitor::new(State::Offered),
        }
    }

    /// Notes who searches what is below a path.
    pub(crate) fn give(&mut self, path: &[u32], given: Given<'s, P>) {
        if let Some(&last) = path.last() {
            self.wakeup.give(last, self.given.len() as u32);
            self.given.push(Some(given));
        }
    }

    /// Goes to the state where a subtree begins, with all that the search knew that gave it away.
    fn resume(&mut self, subtree: &Subtree<P>) -> Flow {
        for &made in &subtree.way {
            self.step(made)?;
        }
        self.sleepers = subtree.sleepers.clone();
        self.wakeup = subtree.wakeup.clone();
        self.todo.clone_from(&subtree.todo);
        self.races.clone_from(&subtree.races);
        self.windows = subtree.windows.clone();
        self.found.clone_from(&subtree.found);
        if let Some((tried, accesses)) = &subtree.tried {
            self.sleepers.add(*tried, accesses);
        }
        for (at, &step) in subtree.path.iter().enumerate() {
            if at > 0 {
                let last = self.history.len() - 1;
                let event = (self.history.events()[last].actor, self.history.accesses(last));
                self.sleepers.enter(Some(event));
            }
            // What is tried before the step sleeps.
            let mut list = self.todo[self.history.len()];
            let first = loop {
                let earlier = list;
                let Some(first) = self.wakeup.pop(&mut list) else { return ControlFlow::Break(None) };
                if earlier == step {
                    break first;
                }
                self.sleepers.add(first.made, self.wakeup.accesses(earlier));
            };
            self.todo[self.history.len()] = list;
            if !self.can_make(first.made) {
                return ControlFlow::Break(None);
            }
            self.step(first.made)?;
            if first.child != NONE {
                self.todo.push(first.child);
            }
        }
        self.base = self.history.len();
        self.outcome = Outcome::nothing(self.program);
        self.made = Effort::default();
        ControlFlow::Continue(())
    }

    /// Takes over what has become of a subtree that was given away as a step, which has just been made. Waits for
    /// it if need be, and helps others meanwhile. Gives whether there is anything: if not, the caller is the one to
    /// search it. That is so as well if something would end or change the search on the way: it must come to that
    /// place itself.
    pub(crate) fn take_back(&mut self, step: First, executions: u64) -> ControlFlow<Option<Stop>, bool> {
        let subtree = match self.given[step.given as usize].take() {
            Some(Given::Away(subtree)) => subtree,
            Some(Given::Shard(result)) => return self.take_shard(result, executions),
            None => return ControlFlow::Continue(false),
        };
        if subtree.claim() {
            return ControlFlow::Continue(false);
        }
        let done = loop {
            let changes = self.shared.changes();
            if let Some(fate) = subtree.fate() {
                break fate;
            }
            if let Some(why) = self.shared.stopped() {
                // It will be made again.
                self.undo();
                self.outcome.events -= 1;
                self.made.requests -= 1;
                self.rest_at(First { given: NONE, ..step });
                return ControlFlow::Break(Some(why));
            }
            match self.shared.steal() {
                Some(other) => search(self.shared, &other, &mut self.spare),
                None => changes.into_iter().for_each(|changes| self.shared.wait(changes)),
            }
        };
        let Some(done) = done.filter(|done| self.is_within_limit(done.outcome.executions, &done.reached))
        else {
            return ControlFlow::Continue(false);
        };
        self.take_over(*done)?;
        ControlFlow::Continue(true)
    }

    /// Takes over what has become of the subtree that begins where the search is.
    pub(crate) fn take_over(&mut self, done: Done) -> Flow {
        let Done { outcome, reached, near, beyond, windows, seen } = done;
        self.outcome.add(&outcome);
        self.reach(&reached);
        self.windows.merge(&windows);
        self.seen.merge(&seen);
        if outcome.finding.is_some() {
            self.spoil_visits();
        }
        if self.outcome.finding.is_none() {
            self.outcome.finding = outcome.finding;
            if self.outcome.finding.is_some() && !self.shared.exhaustive {
                return ControlFlow::Break(None);
            }
        }
        if near.is_some() {
            self.near = near;
            return ControlFlow::Break(None);
        }
        for (event, sequence) in beyond {
            self.adopt(event, &sequence);
        }
        ControlFlow::Continue(())
    }
}
