//! The search of states: what is reached twice is searched once.
//!
//! The reduced search explores one execution of each trace, and there may be far more traces than states: an actor has
//! forgotten most of what it was told. Here a **state** is memory and the place of each actor ([`places`]), both exact
//! and by number ([`numbers`], [`contents`]). The search visits each state, executes the next request of each actor
//! there, and goes on from the states to which these lead, unless it knows them.
//!
//! Three reductions keep states and visits few:
//!
//! * What nobody else will ever get in the way of is executed at once, and the state in between is not kept. Which
//!   actors may still get in the way of which is learned ([`futures`]): the search assumes that actors do only what
//!   they have been seen to do from each position in their programs, notes what it has relied on, and visits states
//!   again if that was wrong.
//! * In a state from which some actors cannot be disturbed by the others, only these are moved (a **persistent set**).
//! * What was tried from a state before **sleeps** in what is tried later, until something dependent is executed. A
//!   state that is reached again while fewer sleep is visited again for these (Godefroid, 1996).
//!
//! `docs/design/states.md` argues why nothing is missed.

mod batch;
mod bits;
pub(crate) mod bounded;
mod configuration;
mod contents;
pub(crate) mod course;
mod ends;
mod futures;
mod independence;
pub(crate) mod least;
pub(crate) mod limits;
mod log;
mod look_ahead;
mod numbers;
mod paths;
mod persistent_sets;
mod places;
pub(crate) mod search;
mod settle;
mod table;
mod visit;
mod watched;

use cowrace_report::{Stop, Turn};

use crate::states::numbers::Full;

/// Why a search of states, or a visit, ends before everything has been searched.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    /// Something is wrong with what was executed: these turns since the state that is visited.
    Wrong(Vec<Turn>),
    /// There are too many states.
    Full,
    /// Something ends the search.
    Stopped(Stop),
    /// Something has shown that is not known, and nothing can be learned now.
    Unknown,
}

/// Something has shown that is not known, and nothing can be learned now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unknown;

impl From<Unknown> for End {
    fn from(Unknown: Unknown) -> Self {
        Self::Unknown
    }
}

impl From<Full> for End {
    fn from(Full: Full) -> Self {
        Self::Full
    }
}
