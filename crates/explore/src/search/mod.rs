//! The depth-first search.
//!
//! A search has three parts. The **path** leads to the current state and is undone event by event. The **tree** holds
//! what is to be tried, and which parts of that have been given away. The **tally** holds what has been counted and
//! concluded. The threads of one search share `Shared`.

mod backtrack_sets;
mod barriers;
mod conclude;
mod delegate;
mod estimate;
mod flow;
mod limits;
mod merge;
pub(crate) mod merging;
mod path;
pub(crate) mod phases;
mod random_schedules;
mod restore;
pub(crate) mod run;
mod save;
pub(crate) mod shared;
mod split;
mod step;
mod subtree;
mod summaries;
mod take_over;
pub(crate) mod tally;
mod tree;
mod underflow;
pub(crate) mod watch;

use crate::execution::answer_tree::Fresh;
use crate::sync::Primitives;
use path::Path;
use shared::Shared;
use tally::Tally;
use tree::Tree;

/// The state of a search of all executions that begin in the same way.
pub(crate) struct Search<'s, P: Primitives> {
    shared: &'s Shared<'s, P>,
    path: Path<'s>,
    tree: Tree<'s, P>,
    tally: Tally,
}

impl<'s, P: Primitives> Search<'s, P> {
    /// A search of all executions.
    fn new(shared: &'s Shared<'s, P>, actors: Fresh<'s>) -> Self {
        let program = shared.program;
        Self {
            shared,
            path: Path::new(program, &shared.memory, actors, shared.settings.preemptions),
            tree: Tree::new(),
            tally: Tally::new(program),
        }
    }
}
