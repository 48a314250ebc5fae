//! What ends a search of states early, and its reports.

use std::time::Duration;

use cowrace_machine::Limits;
use cowrace_report::Stop;

use crate::checkpoint::Checkpoint;
use crate::observer;
use crate::search::shared::Shared;
use crate::search::tally::Tally;
use crate::states::End;
use crate::sync::{Number, Primitives};

/// After how many visits limits are looked at.
pub(super) const ROUND: u64 = 1024;

/// The memory in bytes that states may take, if there is no limit.
const MOST: u64 = 2 << 30;

/// The time after which to report.
const NOW_AND_THEN: Duration = Duration::from_millis(50);

/// The memory in bytes that states may take: half of a limit on memory, so that the reduced search can go on if that is
/// not enough; and of that an equal part for each search that runs at once. Without a limit it does not depend on how many
/// do, so that what is found does not either.
pub(super) fn room(limits: &Limits) -> u64 {
    limits.memory.map_or(MOST, |limit| limit / 2 / limits.at_once)
}

/// When a search of states last reported, and what it has to say of the search that goes on if it does not end.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// The time of the last report.
    told: Duration,
    /// The length of the longest execution.
    depth: u32,
    /// Whether a search of states has been given up before.
    has_given_up_states: bool,
    /// The checkpoint for an observer that wants one.
    checkpoint: Option<Checkpoint>,
}

impl Pace {
    /// Nothing has been reported yet.
    pub(crate) const fn new(tally: &Tally, checkpoint: Option<Checkpoint>) -> Self {
        let has_given_up_states = tally.state_count.given_up.is_some();
        Self { told: Duration::ZERO, depth: tally.depth, has_given_up_states, checkpoint }
    }

    /// Looks at the limits, and reports.
    ///
    /// # Errors
    ///
    /// If the search has to end.
    pub(super) fn look_at_limits<P: Primitives>(
        &mut self,
        shared: &Shared<'_, P>,
        states: u64,
    ) -> Result<(), End> {
        if shared.settings.limits.time.is_some_and(|limit| shared.started.elapsed() >= limit) {
            return Err(End::Stopped(Stop::Time));
        }
        let elapsed = shared.started.elapsed();
        if elapsed - self.told < NOW_AND_THEN {
            return Ok(());
        }
        self.told = elapsed;
        let progress = observer::Progress {
            executions: shared.executions.get(),
            states,
            has_given_up_states: self.has_given_up_states,
            earlier: shared.earlier.get(),
            events: shared.requests.get(),
            depth: self.depth,
            elapsed,
            estimate: None,
        };
        if shared.watch.stops() || shared.watch.progress(&progress).is_break() {
            return Err(End::Stopped(Stop::Interrupted));
        }
        if shared.watch.wants_checkpoint()
            && let Some(checkpoint) = &self.checkpoint
        {
            shared.watch.checkpoint(checkpoint.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use super::*;

    #[test]
    fn searches_that_run_at_once_share_a_limit() {
        let room = |memory, at_once| {
            let at_once = NonZero::new(at_once).expect("there is one");
            room(&Limits { memory, at_once, ..Limits::default() })
        };
        assert_eq!(
            [room(Some(512), 1), room(Some(512), 4), room(None, 1), room(None, 4)],
            [256, 64, MOST, MOST]
        );
    }
}
