//! Programs for unit tests.

use cowrace_machine::{Actor, Addr, Memory, Numbers, Obj, Prim, Program};

/// The word that all actors use.
pub(crate) const COUNTER: Addr = Addr::new(Obj::boot(2), 0);

/// `actors` actors, each of which increments a counter in two steps.
pub(crate) fn counter(actors: usize) -> Program {
    let increment = |name: usize| {
        Actor::new(name.to_string(), |cpu| {
            Box::pin(async move {
                let seen = cpu.load(COUNTER, Prim::ReadOnce).await.bits;
                cpu.store(COUNTER, seen + 1, Prim::WriteOnce).await;
            })
        })
    };
    let mut memory = Memory::new();
    memory.create(COUNTER.obj());
    Program {
        memory,
        actors: (0..actors).map(increment).collect(),
        barriers: Vec::new(),
        forgetful: false,
        windows: Vec::new(),
        check: Box::new(|_| None),
        narrate: Box::new(Numbers),
        fingerprint: 0,
    }
}
