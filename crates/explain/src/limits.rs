//! How much is looked at for an explanation.

use cowrace_check::Task;

/// Executions that are looked at in each search for an explanation. What people draw has fewer, as a rule.
pub const EXECUTIONS: u64 = 20_000;

/// Executions of the specification up to which it is asked of one part of a scenario after the other. Each part has fewer.
const SPECIFICATION_EXECUTIONS: u64 = 200_000;

/// Whether the specification has so few executions that it can be asked of one part of a scenario after the other.
#[must_use]
pub fn is_small(task: Task<'_>) -> bool {
    let size = task.specification.and_then(|specification| specification.size(task.variant.world()));
    size.is_some_and(|executions| executions <= SPECIFICATION_EXECUTIONS)
}
