//! Who watches a search: is told how far it is and what has been decided, and may end it.

use crate::decided::{Decided, Name};

/// How far the search of a level is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The number of calls of its scenarios.
    pub calls: usize,
    /// How many runs were made.
    pub runs: u64,
    /// How many nodes all parts were run in.
    pub nodes: u64,
    /// Of how many.
    pub of: u64,
}

/// Who watches a search. A function without arguments says whether it is to be ended.
pub trait Watch: Sync {
    /// Whether the search is to be ended.
    fn stops(&self) -> bool;

    /// Is told how far the search of a level on a stage is.
    fn progress(&self, _: &Progress) {}

    /// Whether it wants to be told what has been decided.
    fn keeps(&self) -> bool {
        false
    }

    /// Is told what has been decided, by the threads that decide it: what a hunt can be resumed from.
    fn decided(&self, _: Name, _: &Decided) {}
}

impl<F: Fn() -> bool + Sync> Watch for F {
    fn stops(&self) -> bool {
        self()
    }
}
