//! Subtrees: parts of a search that another thread can do.
//!
//! A path of a wakeup tree ends in a state in which nobody sleeps. What a search does from there depends on
//! nothing but the way that leads there, so it can be done at any time and by anybody. What its races ask for
//! before that state is noted, and taken over when the search that gave the subtree away comes to its place.
//! So the whole comes out as if one thread had done all of it in order: the same executions, the same first
//! finding.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use cowrace_machine::{Access, Addr};
use cowrace_trace::Stop;

use crate::actors::Actors;
use crate::coverage::Seen;
use crate::ends::Found;
use crate::explorer::Outcome;
use crate::moves::{Move, Sequence};
use crate::reversal::Race;
use crate::search::Search;
use crate::shared::Shared;
use crate::sleep::Sleepers;
use crate::wakeup::{First, NONE, Wakeup};
use crate::windows::Windows;

/// A part of a search, and what has become of it.
#[derive(Debug)]
pub(crate) struct Subtree {
    /// The way to the state whose tree has the path.
    way: Vec<Move>,
    /// What is being tried from that state.
    tried: (Move, Vec<Access>),
    /// The path: numbers of steps.
    path: Vec<u32>,
    sleepers: Sleepers,
    wakeup: Wakeup,
    todo: Vec<u32>,
    races: Vec<Race>,
    windows: Windows,
    found: Option<Found>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Offered,
    Claimed,
    Done(Box<Done>),
}

/// What came of a subtree.
#[derive(Debug)]
pub(crate) struct Done {
    outcome: Outcome,
    /// Executions and requests behind barriers, which do not count for the outcome.
    behind: (u64, u64),
    near: Option<Addr>,
    /// What is to be executed from earlier states.
    beyond: Vec<(u32, Sequence)>,
    windows: Windows,
    seen: Seen,
}

impl Subtree {
    /// Makes the caller the one to search it, unless somebody is.
    pub(crate) fn claim(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let free = matches!(*state, State::Offered);
        if free {
            *state = State::Claimed;
        }
        free
    }

    fn finish(&self, done: Done) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Done(Box::new(done));
    }

    fn take(&self) -> Option<Box<Done>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::Claimed) {
            State::Done(done) => Some(done),
            other => {
                *state = other;
                None
            }
        }
    }
}

/// Searches subtrees until there is nothing more to do.
pub(crate) fn work<'s>(shared: &'s Shared<'s>) {
    // Those who wait for what a thread has begun must not wait for ever if it panics.
    let guard = Guard(shared);
    let mut spare = None;
    while !shared.is_over() {
        match shared.steal() {
            Some(subtree) => search(shared, &subtree, &mut spare),
            None => shared.nap(),
        }
    }
    std::mem::forget(guard);
    shared.threads.give();
}

struct Guard<'g, 's>(&'g Shared<'s>);

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        self.0.stop(Stop::Interrupted);
    }
}

/// Searches a subtree that is claimed. `spare` are actors that are not needed elsewhere.
fn search<'s>(shared: &'s Shared<'s>, subtree: &Subtree, spare: &mut Option<Actors<'s>>) {
    let mut actors = spare.take().unwrap_or_else(|| Actors::new(shared.program));
    actors.restart();
    let mut search = Search::new(shared, actors);
    if search.resume(subtree).is_continue() {
        let ended =
            search.run(u64::MAX).is_continue() || search.outcome.finding.is_some() || search.near.is_some();
        search.book();
        if ended {
            search.seen.note_sites(&search.actors);
            (search.outcome.executions, search.outcome.events) = search.on_the_way();
            let Search { outcome, behind, near, beyond, windows, seen, .. } = &mut search;
            subtree.finish(Done {
                outcome: outcome.clone(),
                behind: *behind,
                near: *near,
                beyond: std::mem::take(beyond),
                windows: windows.clone(),
                seen: std::mem::take(seen),
            });
        }
    }
    shared.wake();
    *spare = Some(search.actors);
}

impl<'s> Search<'s> {
    /// Gives away the part of what is left that is likely to be the largest, if somebody wants it.
    pub(crate) fn share(&mut self) {
        if self.preemptions_are_bounded() || !self.shared.wants_work() {
            return;
        }
        for state in self.base..self.history.len() {
            let Some(path) = self.wakeup.last_path(self.todo[state]) else { continue };
            // Near the end of executions there is too little below.
            if (state + path.len()) * 4 > self.outcome.depth as usize * 3 {
                return;
            }
            let found = self.found.clone().filter(|found| found.events <= state);
            let mut sleepers = self.sleepers.clone();
            sleepers.truncate(state + 1);
            let subtree = Arc::new(Subtree {
                way: (0..state as u32).map(|event| self.history.made(event)).collect(),
                tried: (self.history.made(state as u32), self.history.accesses(state).to_vec()),
                sleepers,
                wakeup: self.wakeup.clone(),
                todo: self.todo[..=state].to_vec(),
                races: self.races.iter().copied().filter(|race| (race.by as usize) < state).collect(),
                windows: self.windows.clone(),
                found,
                state: Mutex::new(State::Offered),
                path: path.clone(),
            });
            if let Some(&last) = path.last() {
                self.wakeup.give(last, self.given.len() as u32);
            }
            self.given.push(Some(Arc::clone(&subtree)));
            self.shared.offer(subtree);
            return;
        }
    }

    /// Goes to the state where a subtree begins, with all that the search knew that gave it away.
    fn resume(&mut self, subtree: &Subtree) -> crate::search::Flow {
        for &made in &subtree.way {
            self.step(made)?;
        }
        self.sleepers = subtree.sleepers.clone();
        self.wakeup = subtree.wakeup.clone();
        self.todo.clone_from(&subtree.todo);
        self.races.clone_from(&subtree.races);
        self.windows = subtree.windows.clone();
        self.found.clone_from(&subtree.found);
        self.sleepers.add(subtree.tried.0, &subtree.tried.1);
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
            self.step(first.made)?;
            if first.child != NONE {
                self.todo.push(first.child);
            }
        }
        self.base = self.history.len();
        self.outcome = Outcome::nothing(self.program);
        self.made = (0, 0);
        ControlFlow::Continue(())
    }

    /// Takes over what has become of a subtree that was given away as a step, which has just been made. Waits for
    /// it if need be, and helps others meanwhile. Gives whether there is anything: if nobody has begun it, the
    /// caller is the one to search it.
    pub(crate) fn take_back(&mut self, step: First) -> ControlFlow<Option<Stop>, bool> {
        let Some(subtree) = self.given[step.given as usize].take() else {
            return ControlFlow::Continue(false);
        };
        if subtree.claim() {
            return ControlFlow::Continue(false);
        }
        let done = loop {
            if let Some(done) = subtree.take() {
                break done;
            }
            if let Some(why) = self.shared.stopped() {
                self.undo();
                self.rest_at(First { given: NONE, ..step });
                return ControlFlow::Break(Some(why));
            }
            match self.shared.steal() {
                Some(other) => search(self.shared, &other, &mut self.spare),
                None => self.shared.nap(),
            }
        };
        let Done { outcome, behind, near, beyond, windows, seen } = *done;
        self.outcome.add(&outcome);
        self.behind = (self.behind.0 + behind.0, self.behind.1 + behind.1);
        self.windows.merge(&windows);
        self.seen.merge(&seen);
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
        ControlFlow::Continue(true)
    }
}
