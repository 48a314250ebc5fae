//! Estimates of the size of a search that is under way, or has been ended.

use crate::effort::Effort;
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

/// The number of simultaneous walks, and the weight of their result: a few walks find too little more often than not.
#[derive(Clone, Copy, Debug)]
struct Abreast {
    walks: usize,
    weight: f64,
}

/// For the first report, when the search may be about to end.
const FEW: Abreast = Abreast { walks: 32, weight: 1.0 };
/// Later.
const MANY: Abreast = Abreast { walks: 96, weight: 9.0 };
/// The number of random schedules that are run before the first walks to learn what actors access. Accesses that they
/// miss make estimates too low: with 4 schedules, the mean estimate over random numbers for a search of 6337 executions
/// was 1650; with 40 it was right.
const GLANCES: usize = 64;
/// Walks may make one request for this many requests of the search; this takes about a twentieth of the time.
const SHARE: u64 = 64;
/// The largest number of samples at the end.
const LAST: usize = 8;

/// How many executions the whole search will have. Takes a sample of the remaining search if one is due.
pub(crate) fn estimate<'s, P: Primitives>(
    path: &Path<'s>,
    tree: &mut Tree<'s, P>,
    tally: &mut Tally,
    shared: &Shared<'s, P>,
) -> Option<Estimate> {
    if !is_possible(tree, shared) {
        return None;
    }
    // The work of other threads is part of the remaining search until it is taken over.
    let done = tally.total().executions as f64;
    let made = shared.executions.get() as f64;
    let requests = shared.requests.get();
    let known = tally.samples.mean();
    let is_time = tally.samples.walked * SHARE < requests;
    if known.is_none() || is_time {
        let abreast = if known.is_none() { FEW } else { MANY };
        if let Some(left) = sample(path, tree, &mut tally.samples, shared, abreast.walks) {
            // If what was known is far too low, the sample itself may say so.
            let share = known.map_or(1.0, |known| (1.0 - done / known).max(left / (done + left)));
            tally.samples.note(done + left, abreast.weight, share);
        }
    }
    let executions = tally.samples.mean()?.max(done).max(made);
    Some(Estimate { executions, within: tally.samples.within() })
}

/// How many executions the whole search would have had that has been ended here. When earlier samples were taken
/// depended on the clock, so all are taken anew: those of a search that a limit on executions ends are the same
/// everywhere. `made` is the number of executions that threads are known to have made.
pub(crate) fn estimate_at_the_end<'s, P: Primitives>(
    path: &Path<'s>,
    tree: &mut Tree<'s, P>,
    tally: &Tally,
    shared: &Shared<'s, P>,
    made: u64,
) -> Option<Estimate> {
    if !is_possible(tree, shared) {
        return None;
    }
    let Effort { executions, requests } = tally.total();
    let done = executions as f64;
    let mut samples = Samples::default();
    for _ in 0..LAST {
        let left = sample(path, tree, &mut samples, shared, MANY.walks)?;
        samples.note(done + left, MANY.weight, left / (done + left).max(1.0));
        if samples.walked * SHARE >= requests {
            break;
        }
    }
    let executions = samples.mean()?.max(done).max(made as f64);
    Some(Estimate { executions, within: samples.within() })
}

/// Whether it is asked for, and walks show what is left.
fn is_possible<P: Primitives>(tree: &Tree<'_, P>, shared: &Shared<'_, P>) -> bool {
    shared.settings.estimates && shared.settings.preemptions.is_none() && tree.base == 0
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
        // These schedules are run once, and do not delay the next walks.
        walks.requests = 0;
    }
    let left = walks.estimate(abreast, |_| random.unit());
    *walked += walks.requests;
    tree.helpers.spare.keep(actors);
    left
}

/// The states on the path, with the moves that sleep in each.
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
