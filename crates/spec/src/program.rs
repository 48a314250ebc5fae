//! A scenario as a program of the specification.

use std::sync::Arc;

use cowrace_machine::{Actor, ActorSet, Numbers, Program};
use cowrace_mm::World;

use crate::cpu::Known;
use crate::promises::Promises;
use crate::{call, discard, history, memory};

/// Makes a program of a scenario on the memory that user space was promised.
#[must_use]
pub fn program(world: &World, promises: &Promises) -> Program {
    program_of(Known::new(world, *promises))
}

pub(crate) fn program_of(known: Known) -> Program {
    let known = Arc::new(known);
    let world = &known.world;
    let mut memory = known.memory.clone();
    memory::create(&mut memory, world, known.histories.samples);
    let mut actors: Vec<Actor> = Vec::new();
    for (index, spec) in world.actors.iter().enumerate() {
        if spec.steps.is_empty() {
            actors.push(Actor::idle(spec.name.clone()));
            continue;
        }
        let known = Arc::clone(&known);
        actors.push(Actor::new(spec.name.clone(), move |cpu| {
            let known = Arc::clone(&known);
            Box::pin(async move { call::run(cpu, &known, index).await })
        }));
    }
    for nth in 0..known.histories.all.len() {
        let known = Arc::clone(&known);
        actors.push(Actor::new("history", move |cpu| {
            let known = Arc::clone(&known);
            Box::pin(async move { history::run(cpu, &known.histories.all[nth]).await })
        }));
    }
    for place in known.places() {
        let known = Arc::clone(&known);
        actors.push(Actor::new("discard", move |cpu| {
            let known = Arc::clone(&known);
            Box::pin(async move { discard::run(cpu, &known, place).await })
        }));
    }
    let barriers = world.barriers.iter().map(|members| {
        let mut set = ActorSet::default();
        members.iter().for_each(|&actor| set.insert(actor as u8));
        set
    });
    Program {
        memory,
        actors,
        barriers: barriers.collect(),
        // Helpers take part in no barrier, and a call leaves everything in memory.
        forgetful: true,
        windows: Vec::new(),
        check: Box::new(|_| None),
        narrate: Box::new(Numbers),
        fingerprint: 0,
    }
}
