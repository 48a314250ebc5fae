//! Limits of the searches for an explanation.

use cowrace_check::Task;

/// The largest number of executions in each search for an explanation. Hand-drawn scenarios usually have
/// fewer.
pub const EXECUTIONS: u64 = 20_000;

/// The largest search of the specification, in executions and states, for which parts of the scenario are tried one
/// after the other. Each part has fewer.
const SPECIFICATION: u64 = 200_000;

/// Whether the search of the specification is short enough to be repeated for one part of a scenario after the other.
#[must_use]
pub fn is_small(task: Task<'_>) -> bool {
    let effort = task.specification.and_then(|specification| specification.effort(task.variant.world()));
    effort.is_some_and(|effort| effort <= SPECIFICATION)
}
