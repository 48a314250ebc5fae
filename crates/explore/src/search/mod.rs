//! The depth-first search, and what its threads share.

mod backtrack_sets;
pub(crate) mod barriers;
pub(crate) mod conclude;
mod limits;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod shared;
pub(crate) mod subtree;
