//! Handles that are a history of their own: a read through one returns what the owner had at some moment since the
//! handle was taken, and never anything older than an earlier read.
//!
//! For each reader of such a handle a helper takes one sample for each read, in order, at any time. Where the calls of a
//! scenario are run part by part, the helper also takes a sample of the whole page for a read to come, or leaves the one
//! that it took before. The reader of a handle is then the same one in all parts.

use cowrace_machine::{Cond, Prim, mmu};
use cowrace_mm::syscall::Access;
use cowrace_mm::value::{Handle, Value};
use cowrace_mm::world::{ActorId, VarId};

use cowrace_mm::World;

use crate::cpu::Cpu;
use crate::keepers::Keeper;
use crate::layout::{sample, snapshot};
use crate::promises::Rule;
use crate::start::Start;

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
    /// Whether more reads are to come in later parts.
    goes_on: bool,
}

/// The histories of all readers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histories {
    pub(crate) all: Vec<History>,
    /// The number of reads.
    pub(crate) samples: usize,
}

impl Histories {
    pub(crate) fn of(world: &World, keepers: &[Keeper], start: &Start) -> Self {
        let mut histories = Self::default();
        for (actor, spec) in world.calls() {
            let (Some(Access::DeviceRead), Some(variable), Some(word)) =
                (spec.call.access(), spec.call.handle(), spec.call.word())
            else {
                continue;
            };
            let Some(always) = is_history(keepers, variable) else { continue };
            let read = Read { call: spec.id, word, nth: histories.samples };
            histories.samples += 1;
            let of = |history: &&mut History| history.actor == actor && history.variable == variable;
            match histories.all.iter_mut().find(of) {
                Some(history) => history.reads.push(read),
                None => {
                    let goes_on =
                        start.goes_on && histories.all.iter().all(|other| other.variable != variable);
                    histories.all.push(History { actor, variable, always, reads: vec![read], goes_on });
                }
            }
        }
        for keeper in keepers.iter().filter(|_| start.goes_on) {
            let variable = keeper.variable;
            if let Some(always) = is_history(keepers, variable)
                && histories.all.iter().all(|history| history.variable != variable)
            {
                let (actor, reads) = (ActorId::MAX, Vec::new());
                histories.all.push(History { actor, variable, always, reads, goes_on: true });
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

/// Whether a handle is a history, whatever the handle says; `None` if it is not, even if the handle says so.
fn is_history(keepers: &[Keeper], variable: VarId) -> Option<bool> {
    let keeper = keepers.iter().find(|keeper| keeper.variable == variable)?;
    match keeper.rule {
        Rule::History => Some(true),
        Rule::AliasIfOwn => Some(false),
        Rule::Alias | Rule::AliasUntilFork => None,
    }
}

/// Runs the helper of one reader.
pub(crate) async fn run(cpu: cowrace_machine::Cpu, history: &History) {
    let variable = history.variable;
    let kept = cpu.wait(cowrace_mm::objects::variable(variable), Cond::AnySet(u64::MAX)).await.bits;
    let Value::Handle(handle) = Value::decode(kept) else { return };
    if !history.always && !handle.pin {
        return;
    }
    // What was seen before the first of these reads, unless the handle is new.
    let mut old = cpu.load(snapshot(variable, 0), Prim::Ghost).await.bits != 0;
    for read in &history.reads {
        old = old && cpu.choose(2, Prim::Ghost).await == 0;
        let value = if old {
            cpu.load(snapshot(variable, read.word), Prim::Ghost).await.bits
        } else {
            Value::Number(cpu.load(mmu::data(handle.page, read.word), Prim::DmaRead).await.bits).encode()
        };
        cpu.store(sample(read.nth), value, Prim::Ghost).await;
    }
    if history.goes_on && (!old || cpu.choose(2, Prim::Ghost).await == 1) {
        let [first, second] = together(&cpu, handle).await;
        cpu.store(snapshot(variable, 0), Value::Number(first).encode(), Prim::Ghost).await;
        cpu.store(snapshot(variable, 1), Value::Number(second).encode(), Prim::Ghost).await;
    }
}

/// Both words of a page as they were at one moment.
async fn together(cpu: &cowrace_machine::Cpu, handle: Handle) -> [u64; 2] {
    let [first, second] = [0, 1].map(|word| mmu::data(handle.page, word));
    let mut before = cpu.load(first, Prim::DmaRead).await.bits;
    loop {
        let other = cpu.load(second, Prim::DmaRead).await.bits;
        let after = cpu.load(first, Prim::DmaRead).await.bits;
        if before == after {
            return [after, other];
        }
        before = after;
    }
}

/// Waits for the next sample.
pub(crate) async fn next(cpu: &Cpu<'_>, nth: usize) -> u64 {
    match Value::decode(cpu.wait(sample(nth), Cond::AnySet(u64::MAX)).await.bits) {
        Value::Number(value) => value,
        _ => 0,
    }
}
