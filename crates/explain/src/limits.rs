//! Limits of the searches for an explanation.

use cowrace_check::Task;

/// The largest number of executions in each search for an explanation. Hand-drawn scenarios usually have
/// fewer.
pub const EXECUTIONS: u64 = 20_000;

/// The largest number of executions of the specification for which parts of the scenario are tried one after the
/// other. Each part has fewer executions.
const SPECIFICATION_EXECUTIONS: u64 = 200_000;

/// Whether the specification has few enough executions to be explored for one part of a scenario after the other.
#[must_use]
pub fn is_small(task: Task<'_>) -> bool {
    let size = task.specification.and_then(|specification| specification.size(task.variant.world()));
    size.is_some_and(|executions| executions <= SPECIFICATION_EXECUTIONS)
}
