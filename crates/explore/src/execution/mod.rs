//! The current execution: the requests of its actors and the answers to them, its events, and what it shows.

pub(crate) mod answer_tree;
pub(crate) mod clock;
pub(crate) mod coverage;
pub(crate) mod describe;
pub(crate) mod effects;
pub(crate) mod found;
pub(crate) mod history;
pub(crate) mod interpreter;
pub(crate) mod moves;
pub(crate) mod preemptions;
pub(crate) mod sites;
pub(crate) mod windows;
