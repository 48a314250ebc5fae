//! Barriers of all actors: what follows such a barrier is searched once for each state in which executions reach it.
//!
//! Everything before such a barrier happens before everything after it. So no race crosses it, nothing sleeps across
//! it, and what can follow depends only on memory and on the position of each actor. The
//! reduction needs the path by which a state was reached; here no path is needed.

use std::collections::HashMap;

use cowrace_machine::Op;

use crate::checkpoint::SavedVisit;
use crate::search::conclude;
use crate::search::flow::Flow;
use crate::search::path::Path;
use crate::search::shared::Shared;
use crate::search::summaries::{Key, Summary};
use crate::search::tally::{Tally, Visit};
use crate::search::underflow::underflow;
use crate::sync::Primitives;

/// Called when the first of the actors at a barrier has been found able to pass it. Returns whether what follows is
/// known; if not, notes that a search of it begins.
pub(crate) fn arrive<P: Primitives>(
    path: &mut Path<'_>,
    tally: &mut Tally,
    shared: &Shared<'_, P>,
    actor: u8,
) -> Flow<bool> {
    let settings = &shared.settings;
    // To tell in which order calls conflicted, or to show every execution, every path to the barrier must be followed.
    let shows_all = settings.exhaustive && !settings.ends_only;
    let follow = shows_all || settings.coverage || settings.preemptions.is_some();
    if follow || !is_barrier_of_all(path, actor) {
        return Flow::Continue(false);
    }
    let key = key(path, tally);
    let state = path.len();
    if let Some((number, summary)) = shared.summaries.find(&key)
        && (tally.reached.contains(number) || is_as_if_reached(path, tally, shared, number, &summary))
    {
        conclude::arrived(path, tally, shared)?;
        tally.reach(&[number], shared);
        tally.depth = tally.depth.max(state as u32 + summary.longest);
        return Flow::Continue(true);
    }
    tally.begin_visit(state, key, path.found.is_none());
    Flow::Continue(false)
}

/// Called when everything that follows a state on the path has been searched.
pub(crate) fn depart<P: Primitives>(tally: &mut Tally, shared: &Shared<'_, P>, state: usize) {
    while let Some((key, summary)) = tally.end_visit(state) {
        let number = shared.summaries.note(key, summary);
        tally.reach(&[number], shared);
    }
}

/// The searches after barriers that are under way, for a checkpoint in which states have these indices.
pub(crate) fn saved(tally: &Tally, places: &HashMap<u32, u32>) -> Vec<SavedVisit> {
    let saved = |visit: &Visit| {
        let mut reached: Vec<_> = visit.reached.iter().map(|number| places[number]).collect();
        reached.sort_unstable();
        SavedVisit {
            state: visit.state as u32,
            before: visit.before,
            depth: visit.depth,
            windows: visit.windows.clone(),
            reached,
            is_sound: visit.is_sound,
        }
    };
    tally.visits.iter().map(saved).collect()
}

/// Restores from a checkpoint that the search of what follows a barrier is under way.
pub(crate) fn restore(path: &Path<'_>, tally: &mut Tally, saved: &SavedVisit) {
    let SavedVisit { state, before, depth, windows, reached, is_sound } = saved;
    let key = key(path, tally);
    let reached = reached.iter().filter_map(|&place| tally.earlier.get(place as usize).copied());
    tally.visits.push(Visit {
        state: *state as usize,
        key,
        before: *before,
        depth: *depth,
        windows: windows.clone(),
        reached: reached.collect(),
        is_sound: *is_sound,
    });
}

/// Whether searching on from a state that the search reaches for the first time would have exactly the result that is
/// already known: no limit would end the search there, no finding would be the first one, and no finding so far would
/// show at the end of an execution.
fn is_as_if_reached<P: Primitives>(
    path: &Path<'_>,
    tally: &Tally,
    shared: &Shared<'_, P>,
    state: u32,
    summary: &Summary,
) -> bool {
    let is_sound = summary.is_sound || tally.finding.is_some();
    let nothing_new = || underflow(&path.history, path.program) == Ok(None);
    (path.found.is_some() || is_sound && nothing_new()) && tally.is_within_limit(0, &[state], shared)
}

/// Whether everything so far happens before everything that will follow: every actor either waits at the barrier, or
/// has not begun and cannot begin until another actor has passed it.
fn is_barrier_of_all(path: &Path<'_>, actor: u8) -> bool {
    let Path { program, memory, actors, history, .. } = path;
    let Some(Op::Barrier { id }) = actors.request(actor).map(|request| request.op) else {
        return false;
    };
    program.forgetful
        && (0..history.actors() as u8).all(|other| {
            let waits = |op: &Op| match op {
                Op::Await { .. } => !memory.ready(op),
                Op::Join { .. } => true,
                _ => false,
            };
            actors.waits_at(other, id)
                || history.own(other).is_empty()
                    && actors.request(other).is_some_and(|request| waits(&request.op))
        })
        && program.barriers[id as usize].iter().all(|other| actors.waits_at(other, id))
}

fn key(path: &Path<'_>, tally: &mut Tally) -> Key {
    let Path { memory, actors, history, .. } = path;
    let windows = tally.windows.judge_first_part(history, actors);
    let words = memory.nonzero().flat_map(|(index, word)| [index as u64, word]);
    // The positions of all actors follow from how often each has passed each barrier.
    let passed = actors.all_passed().map(u64::from);
    let allocated = (0..history.actors() as u8).map(|actor| actors.allocated(actor).into());
    let windows = windows.into_iter().map(u64::from);
    words.chain([u64::MAX]).chain(passed).chain(allocated).chain(windows).collect()
}
