//! The results of an execution at its end, and of a search at its end.

use cowrace_report::{Finding, Stop};

use crate::execution::describe::{self, Holders};
use crate::execution::found::Found;
use crate::observer::{Execution, Order};
use crate::outcome::{Estimate, Outcome};
use crate::search::flow::Flow;
use crate::search::path::Path;
use crate::search::shared::Shared;
use crate::search::tally::Tally;
use crate::search::underflow::{TooMany, underflow};
use crate::sync::{Number, Primitives};

/// Concludes an execution in which every actor has finished.
pub(crate) fn complete<P: Primitives>(
    path: &mut Path<'_>,
    tally: &mut Tally,
    shared: &Shared<'_, P>,
) -> Flow {
    near_zero(path, tally)?;
    tally.count_execution();
    tally.windows.judge(&path.history, &path.actors);
    if path.found.is_none() {
        match (path.program.check)(&path.memory) {
            Some(finding) => find(path, tally, shared, finding)?,
            None => find_in_other_orders(path, tally, shared)?,
        }
    }
    show(path, shared);
    Flow::Continue(())
}

/// Concludes an execution in which no actor can move.
pub(crate) fn deadlock<P: Primitives>(
    path: &mut Path<'_>,
    tally: &mut Tally,
    shared: &Shared<'_, P>,
) -> Flow {
    near_zero(path, tally)?;
    tally.count_execution();
    if path.found.is_none() {
        // A deadlock is a finding whatever else has been found.
        let finding = describe_deadlock(path);
        find(path, tally, shared, finding)?;
    }
    show(path, shared);
    Flow::Continue(())
}

/// Concludes an execution that has reached a known state: it is judged by what it has shown so far.
pub(crate) fn arrived<P: Primitives>(path: &mut Path<'_>, tally: &mut Tally, shared: &Shared<'_, P>) -> Flow {
    near_zero(path, tally)?;
    tally.count_execution();
    if path.found.is_some() { Flow::Continue(()) } else { find_in_other_orders(path, tally, shared) }
}

/// Notes what is wrong with the execution. Breaks if that ends the search.
pub(crate) fn find<P: Primitives>(
    path: &mut Path<'_>,
    tally: &mut Tally,
    shared: &Shared<'_, P>,
    finding: Finding,
) -> Flow {
    note(path, tally, shared, Found { events: path.len(), finding, schedule: None })
}

/// Breaks if a count is not as far from zero as it was taken to be.
fn near_zero(path: &Path<'_>, tally: &mut Tally) -> Flow {
    tally.near = path.history.near_zero();
    if tally.near.is_some() { Flow::Break(None) } else { Flow::Continue(()) }
}

/// Notes what is wrong with an execution that is equivalent to this one.
fn find_in_other_orders<P: Primitives>(
    path: &mut Path<'_>,
    tally: &mut Tally,
    shared: &Shared<'_, P>,
) -> Flow {
    match underflow(&path.history, path.program) {
        Ok(Some((finding, schedule))) => {
            note(path, tally, shared, Found { events: path.len(), finding, schedule: Some(schedule) })
        }
        Ok(None) => Flow::Continue(()),
        Err(TooMany) => Flow::Break(Some(Stop::Steps)),
    }
}

fn note<P: Primitives>(path: &mut Path<'_>, tally: &mut Tally, shared: &Shared<'_, P>, found: Found) -> Flow {
    tally.spoil_visits();
    if tally.finding.is_none() {
        let here = || path.history.schedule(path.program.fingerprint);
        tally.finding = Some((found.finding.clone(), found.schedule.clone().unwrap_or_else(here)));
    }
    path.found = Some(found);
    if shared.settings.exhaustive {
        return Flow::Continue(());
    }
    show(path, shared);
    Flow::Break(None)
}

fn describe_deadlock(path: &Path<'_>) -> Finding {
    let Path { program, actors, history, .. } = path;
    let mut holders = Holders::default();
    for event in history.events() {
        holders.note(event.actor, &event.request.op, event.answer);
    }
    let absent = |id: u8| {
        program.barriers[id as usize].iter().filter(|&a| !actors.waits_at(a, id)).collect::<Vec<_>>()
    };
    let pending: Vec<_> = actors.pending().map(|(_, request)| request.copied()).collect();
    describe::deadlock(program, &pending, &holders, absent)
}

fn show<P: Primitives>(path: &Path<'_>, shared: &Shared<'_, P>) {
    let Path { program, memory, actors, history, found, .. } = path;
    let is_complete = actors.pending().all(|(_, request)| request.is_none());
    let found = found.as_ref();
    shared.watch.execution(&Execution { program, memory, order: Order::Events(history), found, is_complete });
}

/// The outcome of a search that ended with `flow`. `estimate` is the size that the whole search would have had.
pub(crate) fn outcome<P: Primitives>(
    path: &Path<'_>,
    tally: &mut Tally,
    shared: &Shared<'_, P>,
    flow: Flow,
    estimate: Option<Estimate>,
) -> Outcome {
    let effort = tally.total();
    let cover = tally.cover();
    let mut outcome = Outcome {
        finding: tally.finding.clone(),
        complete: false,
        stopped: None,
        executions: effort.executions,
        states: tally.state_count.states,
        state_bytes: tally.state_count.bytes,
        states_given_up: tally.state_count.given_up,
        is_answered_by_states: tally.is_answered_by_states,
        bound: tally.bound,
        samples: tally.schedules,
        events: effort.requests,
        depth: tally.longest(),
        checkpoint: None,
        estimate: None,
        opened: cover.iter().map(|cover| cover.is_open).collect(),
        reached: cover.iter().map(|cover| cover.seen.clone()).collect(),
        coverage: None,
        shown: Default::default(),
    };
    match flow {
        // The executions that a bound leaves out are not covered.
        Flow::Continue(()) => outcome.complete = shared.settings.preemptions.is_none(),
        Flow::Break(Some(stop)) => {
            // These limits end the search at a fixed point in its own order; after the other limits, the work of all
            // threads counts.
            if !matches!(stop, Stop::Executions | Stop::Steps) {
                outcome.executions = shared.executions.get();
                outcome.events = shared.requests.get();
            }
            outcome.estimate = estimate;
            outcome.stopped = Some(stop);
        }
        Flow::Break(None) => {}
    }
    if outcome.complete || outcome.finding.is_some() {
        outcome.bound = None;
    }
    if outcome.complete {
        outcome.shown = shared.showings.all();
    }
    if shared.settings.coverage && outcome.complete {
        tally.seen.note_sites(path.actors.sites());
        outcome.coverage = Some(tally.seen.coverage());
    }
    outcome
}
