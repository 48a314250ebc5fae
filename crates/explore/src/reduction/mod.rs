//! Optimal partial-order reduction: races, their reversal, sleep sets and wakeup trees.

pub(crate) mod races;
pub(crate) mod reversal;
pub(crate) mod sleep_sets;
pub(crate) mod wakeup_trees;
