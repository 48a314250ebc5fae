//! What `check` confirms of finds, and what is not known since the search for it was ended.

use std::ops::ControlFlow;
use std::time::Instant;

use cowrace_explore::{Limits, Observer, Progress, Purpose};
use cowrace_report::Report;

use crate::watch::Watch;

/// What became of a question about a find.
#[derive(Debug)]
pub enum Confirmed<T> {
    /// It is as was thought.
    Yes(T),
    /// It is not.
    No,
    /// The watch or a limit ended a search, which decides nothing.
    NotKnown,
}

impl<T> Confirmed<T> {
    /// The same of something else, which it may turn out not to be.
    pub(crate) fn and_then<U>(self, other: impl FnOnce(T) -> Confirmed<U>) -> Confirmed<U> {
        match self {
            Self::Yes(of) => other(of),
            Self::No => Confirmed::No,
            Self::NotKnown => Confirmed::NotKnown,
        }
    }
}

/// Ends the search for an answer when the watch ends all, and notes whether something has ended it.
pub(crate) struct Until<'w> {
    watch: &'w dyn Watch,
    limits: Limits,
    started: Instant,
    is_ended: bool,
}

impl<'w> Until<'w> {
    pub(crate) fn new(watch: &'w dyn Watch, limits: Limits) -> Self {
        Self { watch, limits, started: Instant::now(), is_ended: false }
    }

    /// Whether the watch has ended a search.
    pub(crate) const fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Whether the watch or a limit has ended a search before a report was complete.
    pub(crate) const fn has_ended(&self, report: &Report) -> bool {
        self.is_ended || report.stopped.is_some()
    }
}

impl Observer for Until<'_> {
    fn anew(&mut self, purpose: Purpose) {
        // The execution of the least damage is looked for, also if a limit has ended the search for graver damage.
        let is_late = || self.limits.time.is_some_and(|limit| self.started.elapsed() >= limit);
        self.is_ended |= purpose == Purpose::Locate && is_late();
    }

    fn progress(&mut self, _: &Progress) -> ControlFlow<()> {
        if self.stops() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn stops(&mut self) -> bool {
        self.is_ended |= self.watch.stops();
        self.is_ended
    }
}
