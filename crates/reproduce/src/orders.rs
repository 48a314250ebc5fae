//! Every order of one move after the other.

use cowrace_mm::World;
use cowrace_mm::world::{ActorId, Call, CallSpec, Origin, Step};

use crate::order::{Move, Order, Part, can_be_held, variables};

/// Orders of one move after the other that a scenario allows, in which actors go on as long as they can.
pub(crate) struct Orders<'w> {
    world: &'w World,
    /// How many orders may still be tried.
    left: usize,
}

impl<'w> Orders<'w> {
    /// At most this many.
    pub(crate) fn up_to(world: &'w World, most: usize) -> Self {
        Self { world, left: most }
    }

    /// The first order of which `is_it` says so.
    pub(crate) fn find(&mut self, is_it: &mut dyn FnMut(&Order) -> bool) -> Option<Order> {
        let mut state = State {
            at: vec![0; self.world.columns()],
            taken: vec![false; self.world.columns()],
            moves: Vec::new(),
        };
        self.go_on(&mut state, is_it)
    }

    fn go_on(&mut self, state: &mut State, is_it: &mut dyn FnMut(&Order) -> bool) -> Option<Order> {
        if self.left == 0 {
            return None;
        }
        let mut actors: Vec<ActorId> = (0..state.at.len()).collect();
        if let Some(last) = state.moves.last() {
            actors.rotate_left(last.actor);
        }
        let mut all_done = true;
        for actor in actors {
            let steps = &self.world.actors[actor].steps;
            if state.at[actor] >= steps.len() {
                continue;
            }
            all_done = false;
            if !self.may_move(state, actor) {
                continue;
            }
            let Step::Call(call) = &steps[state.at[actor]] else {
                // A barrier that all have reached: they pass it together.
                let before = state.at.clone();
                self.pass(state, actor);
                let found = self.go_on(state, is_it);
                state.at = before;
                return found;
            };
            let nth = steps[..state.at[actor]].iter().filter(|step| matches!(step, Step::Call(_))).count();
            let parts: &[Part] = match (can_be_held(call.call), state.taken[actor]) {
                (true, false) => &[Part::Whole, Part::Take],
                (true, true) => &[Part::Rest],
                (false, _) => &[Part::Whole],
            };
            for &part in parts {
                // Directly after the other part it would be the whole.
                if part == Part::Rest && state.moves.last().is_some_and(|last| last.actor == actor) {
                    continue;
                }
                state.moves.push(Move { actor, nth, part });
                let (at, taken) = (state.at[actor], state.taken[actor]);
                state.taken[actor] = part == Part::Take;
                state.at[actor] += usize::from(part != Part::Take);
                let found = self.go_on(state, is_it);
                (state.at[actor], state.taken[actor]) = (at, taken);
                state.moves.pop();
                if found.is_some() || self.left == 0 {
                    return found;
                }
            }
        }
        if !all_done {
            return None;
        }
        self.left -= 1;
        let order = Order::of(state.moves.iter().copied());
        is_it(&order).then_some(order)
    }

    /// Whether the next step of an actor can be made, as far as the scenario says.
    fn may_move(&self, state: &State, actor: ActorId) -> bool {
        let world = self.world;
        let spec = &world.actors[actor];
        if spec.mm.is_some_and(|mm| !state.exists(world, mm)) {
            return false;
        }
        match &spec.steps[state.at[actor]] {
            Step::Barrier(id) => world.barriers[*id].iter().all(|&other| {
                let steps = world.actors[other].steps.get(state.at.get(other).copied().unwrap_or(0));
                matches!(steps, Some(Step::Barrier(reached)) if reached == id)
            }),
            Step::Call(call) => match call.call {
                Call::WaitExit { mm } => state.all_finished(world, mm, None),
                Call::Exit => spec.mm.is_some_and(|mm| state.all_finished(world, mm, Some(actor))),
                other => variables(other).all(|variable| state.is_set(world, variable)),
            },
        }
    }

    fn pass(&self, state: &mut State, actor: ActorId) {
        if let Step::Barrier(id) = &self.world.actors[actor].steps[state.at[actor]] {
            for &member in &self.world.barriers[*id] {
                if let Some(at) = state.at.get_mut(member) {
                    *at += 1;
                }
            }
        }
    }
}

/// How far the actors are.
struct State {
    at: Vec<usize>,
    /// Whether an actor is within direct I/O.
    taken: Vec<bool>,
    moves: Vec<Move>,
}

impl State {
    fn made(&self, world: &World) -> Vec<CallSpec> {
        let done =
            self.at.iter().enumerate().flat_map(|(actor, &at)| world.actors[actor].steps.iter().take(at));
        done.filter_map(|step| if let Step::Call(call) = step { Some(call.clone()) } else { None }).collect()
    }

    fn exists(&self, world: &World, mm: usize) -> bool {
        !matches!(world.mms[mm].origin, Origin::Fork(_))
            || self.made(world).iter().any(|call| matches!(call.call, Call::Fork { child } if child == mm))
    }

    fn all_finished(&self, world: &World, mm: usize, but: Option<ActorId>) -> bool {
        let own = |&actor: &ActorId| world.actors[actor].mm == Some(mm) && Some(actor) != but;
        self.exists(world, mm)
            && (0..self.at.len()).filter(own).all(|actor| self.at[actor] >= world.actors[actor].steps.len())
    }

    fn is_set(&self, world: &World, variable: usize) -> bool {
        self.made(world).iter().any(|call| call.dest == Some(variable))
    }
}
