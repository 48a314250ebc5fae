//! Handles that are a history of their own: a read through one returns what the owner had at some moment since the
//! handle was taken, and never anything older than an earlier read.
//!
//! For each reader of such a handle a helper takes one sample for each read, in order, at any time.

use cowrace_machine::{Cond, Prim};
use cowrace_mm::objects::variable;
use cowrace_mm::syscall::Access;
use cowrace_mm::value::{Handle, Value};
use cowrace_mm::world::{ActorId, VarId};

use cowrace_mm::World;

use crate::cpu::Cpu;
use crate::keepers::Keeper;
use crate::layout::sample;
use crate::promises::Rule;

/// A read, and the number of its sample.
#[derive(Clone, Copy, Debug)]
struct Read {
    call: u16,
    word: u8,
    nth: usize,
}

/// The reads by one actor through one handle.
#[derive(Clone, Debug)]
pub(crate) struct History {
    actor: ActorId,
    variable: VarId,
    /// Whether the reads are a history even if the handle does not say so.
    always: bool,
    reads: Vec<Read>,
}

/// The histories of all readers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histories {
    pub(crate) all: Vec<History>,
    /// The number of reads.
    pub(crate) samples: usize,
}

impl Histories {
    pub(crate) fn of(world: &World, keepers: &[Keeper]) -> Self {
        let mut histories = Self::default();
        for (actor, spec) in world.calls() {
            let (Some(Access::DeviceRead), Some(handle), Some(word)) =
                (spec.call.access(), spec.call.handle(), spec.call.word())
            else {
                continue;
            };
            let rule = keepers.iter().find(|keeper| keeper.variable == handle).map(|keeper| keeper.rule);
            let Some(rule @ (Rule::History | Rule::AliasIfOwn)) = rule else { continue };
            let always = rule == Rule::History;
            let read = Read { call: spec.id, word, nth: histories.samples };
            histories.samples += 1;
            let of = |history: &&mut History| history.actor == actor && history.variable == handle;
            match histories.all.iter_mut().find(of) {
                Some(history) => history.reads.push(read),
                None => histories.all.push(History { actor, variable: handle, always, reads: vec![read] }),
            }
        }
        histories
    }

    /// The number of the sample that a call reads through a handle; `None` if the read is not part of a history.
    pub(crate) fn nth(&self, call: u16, handle: Handle) -> Option<usize> {
        let is_it = |history: &&History| history.always || handle.pin;
        let mut reads = self.all.iter().filter(is_it).flat_map(|history| &history.reads);
        reads.find(|read| read.call == call).map(|read| read.nth)
    }
}

/// Runs the helper of one reader.
pub(crate) async fn run(cpu: cowrace_machine::Cpu, history: &History) {
    let kept = cpu.wait(variable(history.variable), Cond::AnySet(u64::MAX)).await.bits;
    let Value::Handle(handle) = Value::decode(kept) else { return };
    for read in &history.reads {
        let value = cpu.load(cowrace_machine::mmu::data(handle.page, read.word), Prim::DmaRead).await.bits;
        cpu.store(sample(read.nth), Value::Number(value).encode(), Prim::Ghost).await;
    }
}

/// Waits for the next sample.
pub(crate) async fn next(cpu: &Cpu<'_>, nth: usize) -> u64 {
    match Value::decode(cpu.wait(sample(nth), Cond::AnySet(u64::MAX)).await.bits) {
        Value::Number(value) => value,
        _ => 0,
    }
}
