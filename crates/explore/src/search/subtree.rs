//! Subtrees: parts of a search that another thread can take on.
//!
//! A path of a wakeup tree ends in a state in which nothing sleeps. What a search does from there depends only on the
//! path that leads there, so it can be done at any time and by any thread. Sequences that its races require before that
//! state are noted, and taken over when the search that gave the subtree away reaches it. So the result is the same as
//! if one thread had done everything in order: the same executions, the same first finding.

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

/// Where a subtree begins, and everything that the search which gives it away knows there.
pub(crate) struct Start {
    /// The moves that lead to the state whose tree has the path.
    pub(crate) moves: Vec<Move>,
    /// The move that is being tried from that state, if there is one, and its accesses.
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

/// A part of a search, and its state.
pub(crate) struct Subtree<P: Primitives> {
    pub(crate) start: Start,
    state: P::Monitor<State>,
}

enum State {
    Offered,
    Claimed,
    /// It has no result: it was ended for a reason that the search which gave it away must judge.
    Abandoned,
    Done(Box<SubtreeResult>),
}

/// A sequence that is to be executed from a state before the subtree.
#[derive(Debug)]
pub(crate) struct Beyond {
    /// The number of the state.
    pub(crate) state: u32,
    pub(crate) sequence: Sequence,
}

/// The result of a subtree.
#[derive(Debug)]
pub(crate) struct SubtreeResult {
    /// The effort, without what follows barriers.
    pub(crate) effort: Effort,
    /// The length of the longest execution, in requests.
    pub(crate) depth: u32,
    /// The first bad execution.
    pub(crate) finding: Option<(Finding, Schedule)>,
    /// The states at barriers that were reached, by number.
    pub(crate) reached: Vec<u32>,
    /// A count that is not as far from zero as was assumed.
    pub(crate) near: Option<Addr>,
    /// The sequences that are to be executed from earlier states.
    pub(crate) beyond: Vec<Beyond>,
    pub(crate) windows: Vec<Cover>,
    pub(crate) seen: Seen,
}

/// The state of a subtree that some thread has claimed.
pub(crate) enum Fate {
    UnderWay,
    Abandoned,
    Done(Box<SubtreeResult>),
}

impl<P: Primitives> Subtree<P> {
    pub(crate) fn new(start: Start) -> Self {
        Self { start, state: P::Monitor::new(State::Offered) }
    }

    /// Claims the subtree for the caller, unless it is claimed already.
    pub(crate) fn claim(&self) -> bool {
        self.state.with(|state| {
            let free = matches!(state, State::Offered);
            if free {
                *state = State::Claimed;
            }
            free
        })
    }

    /// Stores the result when the search of the subtree is over.
    pub(crate) fn finish(&self, result: Option<SubtreeResult>) {
        let fate = result.map_or(State::Abandoned, |result| State::Done(Box::new(result)));
        self.state.with(|state| *state = fate);
    }

    /// The state of the subtree. A result is handed out once.
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
