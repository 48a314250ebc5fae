//! How large a search is, before it is over.

use crate::estimate::persistent_sets::PersistentSets;
use crate::estimate::samples::Samples;
use crate::estimate::stochastic_enumeration::{PathState, StochasticEnumeration};
use crate::execution::moves::Sequence;
use crate::outcome::Estimate;
use crate::search::path::Path;
use crate::search::shared::Shared;
use crate::search::tally::Tally;
use crate::search::tree::Tree;
use crate::sync::{Number, Primitives};

/// How many walks at a time, and how much their result counts: few of them find too little more often than not.
#[derive(Clone, Copy, Debug)]
struct Abreast {
    walks: usize,
    weight: f64,
}

/// For the first report, when the search may be about to end.
const FEW: Abreast = Abreast { walks: 32, weight: 1.0 };
/// Later.
const MANY: Abreast = Abreast { walks: 96, weight: 9.0 };
/// Random schedules to see what actors access, before the first walks. What they miss makes estimates too low: with 4 of
/// them a search of 6337 executions was expected to have 1650 in the mean over random numbers, with 40 it was right.
const GLANCES: usize = 64;
/// For so many requests of the search, walks may make one; about a twentieth of the time.
const SHARE: u64 = 64;

/// How many executions the whole search will have. Takes a sample of what is left, if it is time for that, and at the end
/// of what is searched if there was only a small one.
pub(crate) fn estimate<'s, P: Primitives>(
    path: &Path<'s>,
    tree: &mut Tree<'s, P>,
    tally: &mut Tally,
    shared: &Shared<'s, P>,
    at_the_end: bool,
) -> Option<Estimate> {
    if shared.settings.preemptions.is_some() || tree.base > 0 {
        return None;
    }
    // What other threads have made is part of what is left, until it is taken over.
    let done = tally.total().executions as f64;
    let made = shared.executions.get() as f64;
    let requests = shared.requests.get();
    let known = tally.samples.mean();
    let is_time = tally.samples.walked * SHARE < requests;
    if known.is_none() || is_time || at_the_end && tally.samples.weight() < MANY.weight {
        let abreast = if known.is_none() && !at_the_end { FEW } else { MANY };
        if let Some(left) = sample(path, tree, &mut tally.samples, shared, abreast.walks) {
            // If what was known is far too low, the sample itself may say so.
            let share = known.map_or(1.0, |known| (1.0 - done / known).max(left / (done + left)));
            tally.samples.note(done + left, abreast.weight, share);
        }
    }
    let executions = tally.samples.mean()?.max(done).max(made);
    Some(Estimate { executions, within: tally.samples.within() })
}

/// Estimates how many traces are left to explore.
fn sample<'s, P: Primitives>(
    path: &Path<'s>,
    tree: &mut Tree<'s, P>,
    samples: &mut Samples,
    shared: &Shared<'s, P>,
    abreast: usize,
) -> Option<f64> {
    let states = states(path);
    let mut actors = tree.helpers.spare.take(path.program).begin();
    let Samples { accesses, random, walked, .. } = samples;
    let is_first = accesses.is_empty();
    let mut walks = StochasticEnumeration {
        program: path.program,
        memory: &shared.memory,
        actors: &mut actors,
        accesses,
        path: &states,
        limit: shared.settings.limits.steps,
        requests: 0,
        sets: PersistentSets::default(),
    };
    if is_first {
        (0..GLANCES).for_each(|_| walks.glance(random));
        // They are made once, and do not put off the next walks.
        walks.requests = 0;
    }
    let left = walks.estimate(abreast, |_| random.unit());
    *walked += walks.requests;
    tree.helpers.spare.keep(actors);
    left
}

/// The states of the path, with what sleeps in each.
fn states(path: &Path<'_>) -> Vec<PathState> {
    let Path { history, sleepers, .. } = path;
    let state = |state: usize| {
        let mut asleep = Sequence::default();
        for sleeper in sleepers.of(state) {
            asleep.push(sleeper.made, 0, sleepers.accesses(sleeper));
        }
        PathState { asleep, made: (state < history.len()).then(|| history.made(state as u32)) }
    };
    (0..=history.len()).map(state).collect()
}
