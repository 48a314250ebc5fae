//! The order of a scenario's calls that holds in every execution: by columns, barriers, variables, forks and exits.

use cowrace_mm::World;
use cowrace_mm::world::{ActorId, CallSpec, Step};

/// Whether a call is over before another begins, however columns run.
pub(crate) fn before(world: &World, first: u16, second: u16) -> bool {
    let mut known: Vec<Vec<bool>> = world.actors.iter().map(|actor| vec![false; actor.steps.len()]).collect();
    let mut todo: Vec<(ActorId, usize)> = Vec::new();
    let is_first = |step: &Step| matches!(step, Step::Call(call) if call.id == first);
    for (actor, spec) in world.actors.iter().enumerate() {
        todo.extend(spec.steps.iter().position(is_first).map(|at| (actor, at)));
    }
    while let Some(place) = todo.pop() {
        for (actor, at) in successors(world, place) {
            let steps = &world.actors[actor].steps;
            if at >= steps.len() || known[actor][at] {
                continue;
            }
            if matches!(&steps[at], Step::Call(call) if call.id == second) {
                return true;
            }
            known[actor][at] = true;
            todo.push((actor, at));
        }
    }
    false
}

/// The direct successors of a step: steps that begin only when it is over.
fn successors(world: &World, (actor, at): (ActorId, usize)) -> Vec<(ActorId, usize)> {
    let mut successors = vec![(actor, at + 1)];
    let steps = |wanted: &dyn Fn(ActorId, &CallSpec) -> bool| -> Vec<(ActorId, usize)> {
        let all =
            world.actors.iter().enumerate().flat_map(|(actor, spec)| {
                spec.steps.iter().enumerate().map(move |(at, step)| (actor, at, step))
            });
        all.filter(|(actor, _, step)| matches!(step, Step::Call(call) if wanted(*actor, call)))
            .map(|(actor, at, _)| (actor, at))
            .collect()
    };
    match &world.actors[actor].steps[at] {
        Step::Barrier(id) => {
            for (other, spec) in world.actors.iter().enumerate() {
                let there = spec.steps.iter().position(|step| step == &Step::Barrier(*id));
                successors.extend(there.map(|at| (other, at + 1)));
            }
        }
        Step::Call(call) => {
            if let Some(variable) = call.dest
                && world.calls().filter(|(_, other)| other.dest == Some(variable)).count() == 1
            {
                successors.extend(steps(&|_, call| call.call.needs(variable)));
            }
            if let Some(child) = call.call.child() {
                let born = (0..world.actors.len()).filter(|&other| world.actors[other].mm == Some(child));
                successors.extend(born.map(|other| (other, 0)));
            }
        }
    }
    if let (Some(mm), true) = (world.actors[actor].mm, at + 1 == world.actors[actor].steps.len()) {
        successors.extend(steps(&|waiter, call| {
            waiter != actor && call.call.awaits_actors_of(world.actors[waiter].mm) == Some(mm)
        }));
    }
    successors
}
