//! The control: the same without the one call that makes the damage.

use cowrace_check::{Bounds, Task};
use cowrace_mm::World;
use cowrace_mm::world::{Advice, Call, VarId};
use cowrace_report::{Detail, Finding, Subject};
use cowrace_scenario::{CellKind, Span};

use crate::execution::{Control, run_part};
use crate::order::{Order, call_of};

/// The call without which an order does no damage. What changes page tables comes first, then stores, then the rest.
pub(crate) fn of(task: Task<'_>, order: &Order, finding: &Finding, bounds: &Bounds) -> Option<Control> {
    let world = task.variant.world();
    let mut calls: Vec<_> = order.moves().map(|each| (each.actor, each.nth)).collect();
    let mut seen = std::collections::HashSet::new();
    calls.retain(|&each| seen.insert(each));
    let rank = |&(actor, nth): &(usize, usize)| match call_of(world, actor, nth) {
        // What a call gives may be what is looked at in the end.
        Some(call) if call.dest.is_some() && !matches!(call.call, Call::Load { .. }) => u8::MAX,
        Some(call) if call.dest.is_some_and(|variable| is_judged(world, finding, variable)) => u8::MAX,
        Some(call) => rank(call.call),
        None => u8::MAX,
    };
    calls.retain(|each| rank(each) < u8::MAX);
    calls.sort_by_key(rank);
    calls
        .into_iter()
        .find(|&(actor, nth)| holds_without(task, order, (actor, nth), bounds))
        .map(|(actor, nth)| Control::Without { actor, nth })
}

/// Whether damage shows in a variable.
fn is_judged(world: &World, finding: &Finding, variable: VarId) -> bool {
    let Detail::Promise(broken) = &finding.detail else { return false };
    matches!(&broken.subject, Subject::Variable(name) if world.variables.get(variable) == Some(name))
}

/// How likely a call is the one that makes the damage; the largest number means that it is none that can be left out.
const fn rank(call: Call) -> u8 {
    match call {
        Call::ClearRefs { .. }
        | Call::UffdWriteProtect { .. }
        | Call::Mprotect { .. }
        | Call::Reclaim { .. } => 0,
        Call::Madvise { advice: Advice::Free | Advice::DontNeed | Advice::PageOut, .. } => 0,
        Call::Fork { .. } => 1,
        Call::Munmap { .. } => 2,
        Call::Gup { .. } | Call::Vmsplice { .. } | Call::DirectWrite { .. } => 3,
        Call::Store { .. } => 4,
        Call::Load { .. } => 5,
        _ => u8::MAX,
    }
}

fn holds_without(task: Task<'_>, order: &Order, (actor, nth): (usize, usize), bounds: &Bounds) -> bool {
    let Some(call) = call_of(task.variant.world(), actor, nth) else { return false };
    let id = call.id;
    let is_part = |kind: &CellKind| match kind {
        CellKind::Call(call)
        | CellKind::Open(call)
        | CellKind::Close(call)
        | CellKind::Anchor { call, .. } => *call == id,
        CellKind::Barrier(_) | CellKind::Remark => false,
    };
    let cells = task.variant.cells().iter().filter(|cell| is_part(&cell.kind));
    let spans: Vec<Span> = cells.map(|cell| cell.span.clone()).collect();
    let Some(part) = task.scenario.without_cells(&spans) else { return false };
    matches!(run_part(task.of(&part), &order.without(actor, nth), bounds), Ok(None))
}
