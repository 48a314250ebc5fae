//! Vector clocks: for each actor, how many of its events happen before an event.

/// Sets every entry to the later of two clocks.
pub(crate) fn join(clock: &mut [u32], other: &[u32]) {
    for (mine, theirs) in clock.iter_mut().zip(other) {
        *mine = (*mine).max(*theirs);
    }
}
