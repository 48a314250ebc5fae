//! Stochastic enumeration (Rubinstein and Vaisman, 2013): many random walks, side by side, through the unexplored part
//! of a search. They sample it, and so tell how large it is.

use cowrace_machine::{Access, ActorSet, Answer, Memory, Op, Program};

use crate::estimate::access_summary::AccessSummary;
use crate::estimate::persistent_sets::PersistentSets;
use crate::execution::answer_tree::{Actors, Free, MOST_AT_ONCE, Spot};
use crate::execution::moves::{Move, PLAIN, Sequence, conflict};
use crate::random::Random;

/// A state on the path of a search.
#[derive(Debug, Default)]
pub(crate) struct PathState {
    /// The moves that sleep there: executions that begin with one have been explored, or will be elsewhere.
    pub(crate) asleep: Sequence,
    /// The move by which the path continues; `None` at its end.
    pub(crate) made: Option<Move>,
}

/// A state that a walk has reached.
#[derive(Clone, Debug, Default)]
struct Walk {
    memory: Memory,
    spot: Spot,
    /// How many requests each actor has made.
    done: Vec<u32>,
    asleep: Sequence,
    /// The number of the state on the path of the search, as long as the walk is on it.
    on_path: Option<usize>,
}

/// A step that a walk may take.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// The number of the walk.
    walk: usize,
    made: Move,
    /// The actors that are put to sleep before the step, in addition to those that sleep already; the step may wake
    /// some.
    before: ActorSet,
    on_path: bool,
}

/// All walks, and the data that they need.
pub(crate) struct StochasticEnumeration<'w, 's> {
    pub(crate) program: &'s Program,
    /// The memory at the beginning.
    pub(crate) memory: &'w Memory,
    pub(crate) actors: &'w mut Actors<'s>,
    pub(crate) accesses: &'w mut AccessSummary,
    /// The path of the search.
    pub(crate) path: &'w [PathState],
    /// The longest execution that is allowed, in requests.
    pub(crate) limit: u32,
    /// The number of requests executed.
    pub(crate) requests: u64,
    pub(crate) sets: PersistentSets,
}

impl StochasticEnumeration<'_, '_> {
    fn begin(&mut self) -> Walk {
        self.actors.restart();
        let (memory, done) = (self.memory.clone(), vec![0; self.program.actors.len()]);
        let mut walk = Walk { memory, done, on_path: Some(0), ..Walk::default() };
        self.actors.note_spot(&mut walk.spot);
        walk
    }

    /// A step that is independent of everything that others may do, if there is one.
    fn free(&self) -> Option<Free> {
        self.actors
            .pending()
            .find_map(|(actor, request)| self.actors.independent(actor, request?, self.memory))
    }

    /// Executes a move. The actors must be where the walk is; the walk's spot is not updated.
    fn execute(&mut self, walk: &mut Walk, made: Move, touched: &mut Vec<Access>) {
        let Move { actor, choice } = made;
        let Some(&request) = self.actors.request(actor) else {
            panic!("an actor that has finished is to move")
        };
        touched.clear();
        let mut done = walk.memory.execute_noting(&request, touched);
        if choice != PLAIN {
            done.answer = Answer { value: u64::from(choice), ok: true };
        }
        self.accesses.note(actor, walk.done[actor as usize], touched);
        self.actors.answer(actor, done.answer);
        if let Op::Barrier { id } = request.op {
            self.actors.pass(actor, id, false);
        }
        walk.done[actor as usize] += 1;
        self.requests += 1;
    }

    /// Follows a random schedule to its end, to learn what actors access.
    pub(crate) fn glance(&mut self, random: &mut Random) {
        let mut walk = self.begin();
        let mut touched = Vec::new();
        for _ in 0..self.limit {
            let made = match self.free() {
                Some(Free { actor, choices: 0 }) => Move { actor, choice: PLAIN },
                Some(Free { actor, choices: n }) => Move { actor, choice: random.below(n.into()) as u32 },
                None => {
                    let able =
                        (0..walk.done.len() as u8).filter(|&a| self.actors.is_enabled(a, &walk.memory));
                    let Some(actor) = able.max_by_key(|_| random.next()) else { return };
                    Move { actor, choice: PLAIN }
                }
            };
            self.execute(&mut walk, made, &mut touched);
        }
    }

    /// Collects what a walk may do next: each trace that is left to explore from there begins with exactly one of these
    /// steps. Collects none if the walk has reached the end of an unexplored execution.
    fn steps(&mut self, walk: &mut Walk, number: usize, steps: &mut Vec<Step>) -> bool {
        self.actors.go_to(&walk.spot);
        let mut on = None;
        if let Some(state) = walk.on_path.map(|state| &self.path[state]) {
            walk.asleep.clone_from(&state.asleep);
            on = state.made;
        }
        steps.extend(on.map(|made| Step { walk: number, made, before: ActorSet::default(), on_path: true }));
        // Executions that begin like the path come after the first step.
        let mut before = ActorSet::default();
        if let Some(made) = on {
            before.insert(made.actor);
        }
        let sleeps =
            |made: Move| on == Some(made) || walk.asleep.items().iter().any(|item| item.made == made);
        if let Some(Free { actor, choices }) = self.free() {
            let plain = (choices == 0).then_some(PLAIN);
            for made in plain.into_iter().chain(0..choices).map(|choice| Move { actor, choice }) {
                if !sleeps(made) {
                    steps.push(Step { walk: number, made, before, on_path: false });
                }
            }
            return false;
        }
        self.sets.look(self.program, self.actors, &mut walk.memory, &walk.done, self.accesses);
        if self.sets.able.is_empty() {
            return true;
        }
        let mut asleep = walk.asleep.items().iter().fold(before, |mut all, item| {
            all.insert(item.made.actor);
            all
        });
        if self.sets.sleeps_for_ever(asleep) {
            return false;
        }
        for actor in bits(self.sets.persistent(asleep)) {
            let made = Move { actor, choice: PLAIN };
            let accesses = self.sets.accesses(actor);
            let mut rest = asleep;
            for other in bits(asleep) {
                if conflict(self.sets.accesses(other), accesses) {
                    rest.remove(other);
                }
            }
            if !self.sets.sleeps_for_ever(rest) {
                steps.push(Step { walk: number, made, before, on_path: false });
            }
            asleep.insert(actor);
            before.insert(actor);
        }
        false
    }

    /// Takes a step.
    fn take(&mut self, walk: &mut Walk, step: &Step, touched: &mut Vec<Access>) {
        self.actors.go_to(&walk.spot);
        let mut accesses = Vec::new();
        for actor in bits(step.before) {
            let Some(&request) = self.actors.request(actor) else { continue };
            accesses.clear();
            let effect = walk.memory.execute_noting(&request, &mut accesses);
            walk.memory.undo(effect.undo);
            let choice = match request.op {
                Op::Choose { .. } => continue,
                _ => PLAIN,
            };
            walk.asleep.push(Move { actor, choice }, 0, &accesses);
        }
        self.execute(walk, step.made, touched);
        walk.asleep.wake(step.made.actor, touched);
        self.actors.note_spot(&mut walk.spot);
        walk.on_path = walk.on_path.filter(|_| step.on_path).map(|state| state + 1);
    }

    /// Estimates how many traces are left to explore, by at most `abreast` walks at a time. `uniform(n)` gives a number
    /// in [0, 1) for a pick from `n`. `None` if that takes too long.
    pub(crate) fn estimate(&mut self, abreast: usize, mut uniform: impl FnMut(usize) -> f64) -> Option<f64> {
        self.actors.make_room();
        let most = self.requests + MOST_AT_ONCE;
        let mut walks = vec![self.begin()];
        let (mut each, mut sum) = (1.0, 0.0);
        let (mut steps, mut touched) = (Vec::new(), Vec::new());
        loop {
            if self.requests > most {
                return None;
            }
            steps.clear();
            for (number, walk) in walks.iter_mut().enumerate() {
                if self.steps(walk, number, &mut steps) {
                    sum += each;
                }
            }
            if steps.is_empty() {
                return Some(sum);
            }
            if steps.len() > abreast {
                let (all, stride) = (steps.len(), steps.len() as f64 / abreast as f64);
                let start = uniform(all);
                steps = (0..abreast)
                    .map(|i| steps[(((i as f64 + start) * stride) as usize).min(all - 1)])
                    .collect();
                each *= stride;
            }
            let mut next = Vec::with_capacity(steps.len());
            for (at, step) in steps.iter().enumerate() {
                // A walk that has only one way to go need not be copied.
                let is_last = steps.get(at + 1).is_none_or(|other| other.walk != step.walk);
                let walk = &mut walks[step.walk];
                let mut walk = if is_last { std::mem::take(walk) } else { walk.clone() };
                self.take(&mut walk, step, &mut touched);
                next.push(walk);
            }
            walks = next;
        }
    }
}

/// The members of a set, smallest first.
fn bits(set: ActorSet) -> impl Iterator<Item = u8> {
    let mut left = set.0;
    std::iter::from_fn(move || {
        let next = (left != 0).then(|| left.trailing_zeros() as u8)?;
        left &= left - 1;
        Some(next)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::answer_tree::Fresh;
    use crate::testing::counter;

    /// The mean of what walks find over everything that `uniform` may give, weighted by its probability.
    fn expected(program: &Program, abreast: usize) -> f64 {
        let (mut actors, mut accesses) = (Fresh::new(program).begin(), AccessSummary::default());
        let path = [PathState::default()];
        let mut walks = StochasticEnumeration {
            program,
            memory: &program.memory,
            actors: &mut actors,
            accesses: &mut accesses,
            path: &path,
            limit: 100,
            requests: 0,
            sets: PersistentSets::default(),
        };
        (0..20).for_each(|_| walks.glance(&mut Random(7)));
        let (mut sum, mut picks) = (0.0, Vec::<(usize, usize)>::new());
        loop {
            let (mut at, mut likely) = (0, 1.0);
            let traces = walks.estimate(abreast, |all| {
                if at == picks.len() {
                    picks.push((0, all));
                }
                // It only matters between which two of these the number lies.
                let (pick, all) = picks[at];
                at += 1;
                likely /= all as f64;
                (pick as f64 + 0.5) / all as f64
            });
            sum += likely * traces.expect("that does not take long");
            while picks.pop_if(|(pick, all)| *pick + 1 == *all).is_some() {}
            match picks.last_mut() {
                Some((pick, _)) => *pick += 1,
                None => return sum,
            }
        }
    }

    /// Two actors that increment in two steps have 4 traces: one after the other, either way, and two orders of the
    /// stores if both read first. Three have as many as an exhaustive search explores.
    #[test]
    fn walks_are_right_in_the_mean() {
        for (actors, traces) in [(1, 1), (2, 4), (3, 36)] {
            let program = counter(actors);
            let outcome = crate::Explorer::new(&program).run(&mut ());
            assert_eq!(outcome.executions, traces);
            for abreast in [1, 2] {
                if actors < 3 || abreast == 1 {
                    let mean = expected(&program, abreast);
                    assert!((mean - traces as f64).abs() < 1e-6, "{mean} of {traces}, {abreast} abreast");
                }
            }
        }
    }
}
