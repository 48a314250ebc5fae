//! The bounds of searches: limits, and an interrupt.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use cowrace_explore::{Limits, Observer, Progress};

use crate::interrupt::Interrupt;

/// The bounds of all searches for one answer. The limit on time holds for all of them together, and the limit on
/// executions for each of them.
#[derive(Clone, Debug)]
pub struct Bounds {
    limits: Limits,
    started: Instant,
    interrupt: Interrupt,
}

impl Default for Bounds {
    fn default() -> Self {
        Self::new(Limits::default(), &Interrupt::default())
    }
}

impl Bounds {
    /// Bounds for searches that begin now.
    pub fn new(limits: Limits, interrupt: &Interrupt) -> Self {
        Self { limits, started: Instant::now(), interrupt: interrupt.clone() }
    }

    /// The same for searches that begin now, after others have taken this long.
    pub fn again(&self, after: Duration) -> Self {
        let started = Instant::now();
        Self { started: started.checked_sub(after).unwrap_or(started), ..self.clone() }
    }

    /// The limits of a search that begins now.
    pub fn limits(&self) -> Limits {
        let time = self.limits.time.map(|time| time.saturating_sub(self.started.elapsed()));
        Limits { time, ..self.limits }
    }

    /// The limits of a search that begins now and has at most this many executions.
    pub fn limits_up_to(&self, executions: u64) -> Limits {
        let limits = self.limits();
        Limits {
            executions: Some(limits.executions.map_or(executions, |most| most.min(executions))),
            ..limits
        }
    }

    /// Whether no further search may begin.
    pub fn are_over(&self) -> bool {
        self.interrupt.asked() || self.limits.time.is_some_and(|time| self.started.elapsed() >= time)
    }

    /// Whether an interrupt was requested.
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.asked()
    }
}

/// Ends a search when an interrupt is requested.
pub struct Interruptible<'b>(pub &'b Bounds);

impl Observer for Interruptible<'_> {
    fn progress(&mut self, _: &Progress) -> ControlFlow<()> {
        if self.0.is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn stops(&mut self) -> bool {
        self.0.is_interrupted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_one_for_all_searches_and_executions_are_for_each() {
        let limits = Limits {
            executions: Some(100),
            time: Some(Duration::from_secs(3600)),
            memory: Some(7),
            ..Limits::default()
        };
        let interrupt = Interrupt::default();
        let bounds = Bounds::new(limits, &interrupt).again(Duration::from_secs(3000));
        let left = bounds.limits();
        assert!(left.time.is_some_and(|time| time <= Duration::from_secs(600)), "{left:?}");
        assert_eq!((left.executions, left.memory), (Some(100), Some(7)));
        assert_eq!(bounds.limits_up_to(20).executions, Some(20));
        assert_eq!(bounds.limits_up_to(200).executions, Some(100));
        assert_eq!(Bounds::default().limits_up_to(200).executions, Some(200));
        assert!(!bounds.are_over());
        assert!(bounds.again(Duration::from_secs(3600)).are_over());
        interrupt.ask();
        assert!(bounds.are_over() && bounds.is_interrupted() && !Bounds::default().are_over());
    }
}
