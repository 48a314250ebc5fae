//! Subtrees: parts of a search that another thread can do.
//!
//! A path of a wakeup tree ends in a state in which nothing sleeps. What a search does from there depends on nothing but
//! the path that leads there, so it can be done at any time and by any thread. What its races ask for before that state is
//! noted, and taken over when the search that gave the subtree away reaches its place. So the whole comes out as if one
//! thread had done all of it in order: the same executions, the same first finding.

use cowrace_machine::{Access, Addr};
use cowrace_report::{Finding, Schedule};

use crate::effort::Effort;
use crate::execution::coverage::Seen;
use crate::execution::found::Found;
use crate::execution::moves::{Move, Sequence};
use crate::execution::windows::{Cover, Windows};
use crate::reduction::reversal::Race;
use crate::reduction::sleep_sets::SleepSets;
use crate::reduction::wakeup_trees::WakeupTrees;
use crate::sync::{Monitor, Primitives};

/// Where a subtree begins, and all that the search which gives it away knows there.
pub(crate) struct Start {
    /// The moves that lead to the state whose tree has the path.
    pub(crate) moves: Vec<Move>,
    /// What is being tried from that state, if anything is.
    pub(crate) tried: Option<(Move, Vec<Access>)>,
    /// The path: numbers of steps.
    pub(crate) steps: Vec<u32>,
    pub(crate) sleepers: SleepSets,
    pub(crate) wakeup: WakeupTrees,
    pub(crate) todo: Vec<u32>,
    pub(crate) races: Vec<Race>,
    pub(crate) windows: Windows,
    pub(crate) found: Option<Found>,
}

/// A part of a search, and what has become of it.
pub(crate) struct Subtree<P: Primitives> {
    pub(crate) start: Start,
    state: P::Monitor<State>,
}

enum State {
    Offered,
    Claimed,
    /// Nothing came of it: something ended it that is for the search to judge that gave it away.
    Abandoned,
    Done(Box<SubtreeResult>),
}

/// A sequence that is to be executed from a state before those that a search is about.
#[derive(Debug)]
pub(crate) struct Beyond {
    /// The number of the state.
    pub(crate) state: u32,
    pub(crate) sequence: Sequence,
}

/// What came of a subtree.
#[derive(Debug)]
pub(crate) struct SubtreeResult {
    /// What was done, apart from what follows barriers.
    pub(crate) effort: Effort,
    /// The longest execution.
    pub(crate) depth: u32,
    /// The first bad execution.
    pub(crate) finding: Option<(Finding, Schedule)>,
    /// The states at barriers that it reached, by number.
    pub(crate) reached: Vec<u32>,
    /// A count that is not as far from zero as it was taken to be.
    pub(crate) near: Option<Addr>,
    /// What is to be executed from earlier states.
    pub(crate) beyond: Vec<Beyond>,
    pub(crate) windows: Vec<Cover>,
    pub(crate) seen: Seen,
}

/// What has become of a subtree that some thread has claimed.
pub(crate) enum Fate {
    UnderWay,
    Abandoned,
    Done(Box<SubtreeResult>),
}

impl<P: Primitives> Subtree<P> {
    pub(crate) fn new(start: Start) -> Self {
        Self { start, state: P::Monitor::new(State::Offered) }
    }

    /// Makes the caller the one to search it, unless it is claimed already.
    pub(crate) fn claim(&self) -> bool {
        self.state.with(|state| {
            let free = matches!(state, State::Offered);
            if free {
                *state = State::Claimed;
            }
            free
        })
    }

    /// Its search is over.
    pub(crate) fn finish(&self, result: Option<SubtreeResult>) {
        let fate = result.map_or(State::Abandoned, |result| State::Done(Box::new(result)));
        self.state.with(|state| *state = fate);
    }

    /// What has become of it. A result is given once.
    pub(crate) fn fate(&self) -> Fate {
        self.state.with(|state| match std::mem::replace(state, State::Claimed) {
            State::Done(result) => Fate::Done(result),
            State::Abandoned => Fate::Abandoned,
            other => {
                *state = other;
                Fate::UnderWay
            }
        })
    }
}
