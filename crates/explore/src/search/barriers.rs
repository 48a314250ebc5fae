//! Barriers of all actors: what follows is searched once for each state in which executions arrive there.
//!
//! Everything before such a barrier happens before everything after it. So no race crosses it, nothing sleeps across it,
//! and what can follow depends on nothing but memory and how far each actor has come. General caching of states is no gain
//! beside a reduction that needs the path by which a state was reached; here none is needed.

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

/// The first of the actors that are about to pass a barrier has just been found able to. Gives whether what follows is
/// known; else it is noted that it will be.
pub(crate) fn arrive<P: Primitives>(
    path: &mut Path<'_>,
    tally: &mut Tally,
    shared: &Shared<'_, P>,
    actor: u8,
) -> Flow<bool> {
    let settings = &shared.settings;
    // To tell in which order calls met, or to show every execution, every path there must be followed.
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

/// Everything that follows a state of the path has been searched.
pub(crate) fn depart<P: Primitives>(tally: &mut Tally, shared: &Shared<'_, P>, state: usize) {
    while let Some((key, summary)) = tally.end_visit(state) {
        let number = shared.summaries.note(key, summary);
        tally.reach(&[number], shared);
    }
}

/// The searches after barriers that are under way, for a checkpoint in which states have these places.
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

/// From a checkpoint: the search is under way after a barrier.
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

/// Whether the search would find what is known to follow a state that it reaches for the first time, and nothing else:
/// there is no limit that would end it there, nothing bad that it would be the first to find, and nothing bad so far that
/// would show at the end of an execution.
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

/// Whether everything so far happens before everything that will follow: every actor waits at the barrier, or has not
/// begun and cannot until another has passed it.
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
    // How often each actor has passed each barrier says where all of them are.
    let passed = actors.all_passed().map(u64::from);
    let allocated = (0..history.actors() as u8).map(|actor| actors.allocated(actor).into());
    let windows = windows.into_iter().map(u64::from);
    words.chain([u64::MAX]).chain(passed).chain(allocated).chain(windows).collect()
}
