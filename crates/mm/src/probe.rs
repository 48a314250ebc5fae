//! Probes of a handle at the end: whether a store of its owner reaches the device, and whether a store of the device
//! reaches the owner.
//!
//! They run the model's own code on a copy of memory, one request after the other, on a CPU of their own. No other
//! actor moves any more.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use cowrace_machine::{Memory, Obj, Op, Prim, Seat, mmu};

use crate::cpu::{Cpu, Kernel};
use crate::objects::MmStruct;
use crate::user::user_access;
use crate::world::Target;

/// The value that a probe stores, which no scenario writes.
const MARK: u64 = 0x5eed_5eed;

/// The largest number of requests of a probe.
const MOST: u32 = 10_000;

/// The result of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Through {
    /// The other side sees it.
    Yes,
    /// The other side sees something else.
    No,
    /// The store was refused, or waits for ever.
    Refused,
}

/// Stores as the owner, and reads as the device that holds `page`.
#[must_use]
pub fn owner_to_device(kernel: &Arc<Kernel>, memory: &Memory, owner: Target, page: Obj) -> Through {
    let word = kernel.geometry.words(owner.va).start;
    run(kernel, memory, owner, move |cpu| async move {
        user_access(&cpu, MmStruct(owner.mm), owner.va, word, Some(MARK)).await.ok()?;
        Some(cpu.load(mmu::data(page, word), Prim::DmaRead).speculative().await.bits == MARK)
    })
}

/// Stores as the device that holds `page`, and reads as the owner.
#[must_use]
pub fn device_to_owner(kernel: &Arc<Kernel>, memory: &Memory, owner: Target, page: Obj) -> Through {
    let word = kernel.geometry.words(owner.va).start;
    run(kernel, memory, owner, move |cpu| async move {
        cpu.store(mmu::data(page, word), MARK, Prim::DmaWrite).speculative().await;
        Some(user_access(&cpu, MmStruct(owner.mm), owner.va, word, None).await.ok()? == MARK)
    })
}

fn run<F: Future<Output = Option<bool>> + 'static>(
    kernel: &Arc<Kernel>,
    memory: &Memory,
    owner: Target,
    probe: impl FnOnce(Cpu) -> F,
) -> Through {
    let answer = Rc::new(Cell::new(None));
    let mut seat = Seat::new(kernel.world.actors.len() as u8, |cpu| {
        let (probe, answer) = (probe(Cpu::new(cpu, Arc::clone(kernel))), Rc::clone(&answer));
        Box::pin(async move { answer.set(probe.await) })
    });
    if !memory.alive(MmStruct(owner.mm).vma(owner.va).obj()) {
        // The owner has exited.
        return Through::Refused;
    }
    let mut memory = memory.clone();
    for _ in 0..MOST {
        let Some(request) = seat.poll() else { break };
        if !memory.ready(&request.op) || matches!(request.op, Op::Join { .. } | Op::Barrier { .. }) {
            break;
        }
        seat.answer(memory.execute(&request).answer);
    }
    match answer.get() {
        Some(true) => Through::Yes,
        Some(false) => Through::No,
        None => Through::Refused,
    }
}
