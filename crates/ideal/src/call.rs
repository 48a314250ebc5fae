//! The calls of a scenario on ideal memory. What the kernel does on its own account, reclaim above all, changes
//! nothing, so it is not there.

use cowrace_machine::{Cond, Mark, Obj, Prim, mmu};
use cowrace_mm::objects::{MmStruct, variable};
use cowrace_mm::result;
use cowrace_mm::value::{Handle, Value};
use cowrace_mm::world::{
    ActorId, Advice, Arg, Backing, Call, CallSpec, Errno, MmId, Origin, Step, Target, VarId,
};

use crate::cpu::{Cpu, Known};
use crate::history::{self, Histories};
use crate::keepers::{calls, keepers};
use crate::layout::{heir, page};
use crate::memory::HeldUp;
use crate::promises::Rule;

/// The whole life of an actor.
pub(crate) async fn run(cpu: cowrace_machine::Cpu, known: &Known, histories: &Histories, actor: ActorId) {
    let cpu = Cpu::new(cpu, known);
    let spec = &cpu.world.actors[actor];
    if let Some(mm) = spec.mm
        && matches!(cpu.world.mms[mm].origin, Origin::Fork(_))
    {
        cpu.wait(MmStruct(mm).started(), Cond::AnySet(u64::MAX)).await;
    }
    for step in &spec.steps {
        match step {
            Step::Barrier(id) => cpu.barrier(*id as u8).await,
            Step::Call(spec) => call(&cpu, histories, actor, spec).await,
        }
    }
}

async fn call(cpu: &Cpu<'_>, histories: &Histories, actor: ActorId, spec: &CallSpec) {
    cpu.mark(Mark::Begin(spec.id));
    let own = cpu.world.actors[actor].mm;
    let outcome = dispatch(cpu, histories, own, spec).await;
    if let Some(addr) = result::place(spec, outcome) {
        cpu.store(addr, outcome.encode(), Prim::Variable).await;
    }
    cpu.mark(Mark::End(spec.id));
}

fn number(result: Result<u64, Errno>) -> Value {
    result.map_or_else(Value::Errno, Value::Number)
}

async fn argument(cpu: &Cpu<'_>, arg: Arg) -> u64 {
    match arg {
        Arg::Number(n) => n,
        Arg::Variable(var) => match cpu.variable(var).await {
            Value::Number(n) => n,
            _ => 0,
        },
    }
}

async fn handle(cpu: &Cpu<'_>, var: VarId) -> Option<Handle> {
    match cpu.variable(var).await {
        Value::Handle(handle) => Some(handle),
        _ => None,
    }
}

/// What a call has taken hold of.
#[derive(Clone, Copy, Debug)]
struct Taken {
    page: Obj,
    /// Whose it becomes when the owner forks.
    heir: Option<MmId>,
    /// What is read through it may be old.
    is_history: bool,
}

/// Takes hold of memory.
async fn take(cpu: &Cpu<'_>, target: Target, spec: &CallSpec, write: bool) -> Result<Taken, Errno> {
    let mm = MmStruct(target.mm);
    let force = matches!(spec.call, Call::Gup { flags, .. } if flags.force);
    let held_up = match spec.call {
        Call::Gup { flags, .. } if !flags.unlockable => HeldUp::Fails,
        // Up to v6.9 it fails.
        Call::IoUringRegister { .. } => HeldUp::Either,
        _ => HeldUp::Waits,
    };
    let (page, is_own) = cpu.take(mm, target.va, write, force, held_up).await?;
    cpu.touched(target, write, spec.dest).await;
    let rule = cpu.promises.rule(cpu.world, spec, target.va);
    let mut heir = None;
    // Whose memory it is makes no difference to what is needed.
    if rule == Some(Rule::AliasUntilFork) && !cpu.counts {
        let children: Vec<MmId> =
            calls(cpu.world).filter_map(|(actor, call)| forked(cpu, actor, call, target.mm)).collect();
        if !children.is_empty() {
            let chosen = cpu.choose(children.len() as u32 + 1, Prim::Ghost).await as usize;
            if let Some(&child) = children.get(chosen)
                // A fork that is over was before.
                && cpu.load(MmStruct(child).started(), Prim::ReadOnce).await.bits == 0
            {
                heir = Some(child);
            }
        }
    }
    let is_history = rule == Some(Rule::AliasIfOwn) && !is_own;
    Ok(Taken { page, heir, is_history })
}

fn forked(cpu: &Cpu<'_>, actor: ActorId, call: &CallSpec, parent: MmId) -> Option<MmId> {
    match call.call {
        Call::Fork { child } if cpu.world.actors[actor].mm == Some(parent) => Some(child),
        _ => None,
    }
}

/// The page that a holder of `taken` has at hand.
async fn held(cpu: &Cpu<'_>, taken: Obj, heir: Option<MmId>, va: usize) -> Obj {
    match heir {
        Some(child) if cpu.load(MmStruct(child).started(), Prim::ReadOnce).await.bits != 0 => page(child, va),
        _ => taken,
    }
}

/// The page that a handle refers to.
async fn behind(cpu: &Cpu<'_>, var: VarId, handle: Handle) -> Obj {
    let keeper = keepers(cpu.world, cpu.promises).into_iter().find(|keeper| keeper.variable == var);
    let Some(keeper) = keeper else { return handle.page };
    if keeper.rule != Rule::AliasUntilFork {
        return handle.page;
    }
    let heir = cpu.load(heir(var), Prim::Ghost).await.bits.checked_sub(1);
    held(cpu, handle.page, heir.map(|mm| mm as MmId), keeper.target.va).await
}

async fn keep(cpu: &Cpu<'_>, spec: &CallSpec, taken: Result<Taken, Errno>, write: bool) -> Value {
    match taken {
        Ok(Taken { page, heir: child, is_history }) => {
            if let (Some(child), Some(var)) = (child, spec.dest) {
                cpu.store(heir(var), child as u64 + 1, Prim::Ghost).await;
            }
            // What is a pin for the kernel has no meaning here, so the bit is free.
            Value::Handle(Handle { page, pin: is_history, write, released: false })
        }
        Err(errno) => Value::Errno(errno),
    }
}

/// A device fills user memory while a call lasts.
async fn fill(cpu: &Cpu<'_>, target: Target, spec: &CallSpec, word: u8, value: u64) -> Value {
    match take(cpu, target, spec, true).await {
        Ok(Taken { page, heir, .. }) => {
            let page = held(cpu, page, heir, target.va).await;
            cpu.store(mmu::data(page, word), value, Prim::DmaWrite).await;
            cpu.written_by_device(target).await;
            Value::Number(0)
        }
        Err(errno) => Value::Errno(errno),
    }
}

async fn dispatch(cpu: &Cpu<'_>, histories: &Histories, own: Option<MmId>, spec: &CallSpec) -> Value {
    let this = own.unwrap_or(0);
    let mm = MmStruct(this);
    let here = |va| Target { mm: this, va };
    match spec.call {
        Call::Load { va, word } => return number(cpu.user_access(mm, va, word, None).await),
        Call::Store { va, word, value } => {
            let value = argument(cpu, value).await;
            return number(cpu.user_access(mm, va, word, Some(value)).await.map(|_| 0));
        }
        Call::DirectRead { va, word, value, .. } | Call::Recvmsg { va, word, value } => {
            let value = argument(cpu, value).await;
            return fill(cpu, here(va), spec, word, value).await;
        }
        Call::DirectWrite { va, word, .. } => {
            return match take(cpu, here(va), spec, false).await {
                Ok(taken) => Value::Number(cpu.data(taken.page, word).await),
                Err(errno) => Value::Errno(errno),
            };
        }
        Call::Gup { target, flags, .. } => {
            let taken = take(cpu, target, spec, flags.write).await;
            return keep(cpu, spec, taken, flags.write).await;
        }
        Call::ExtractPages { va, write, .. } => {
            let taken = take(cpu, here(va), spec, write).await;
            return keep(cpu, spec, taken, write).await;
        }
        Call::Vmsplice { va } => {
            let taken = take(cpu, here(va), spec, false).await;
            return keep(cpu, spec, taken, false).await;
        }
        Call::FuseSplice { handle: request } => {
            let Some(held) = handle(cpu, request).await else { return Value::Errno(Errno::Efault) };
            let page = behind(cpu, request, held).await;
            return keep(cpu, spec, Ok(Taken { page, heir: None, is_history: false }), false).await;
        }
        Call::IoUringRegister { va } => {
            let taken = take(cpu, here(va), spec, true).await;
            return keep(cpu, spec, taken, true).await;
        }
        Call::Release { handle: var } => {
            if let Some(held) = handle(cpu, var).await {
                let released = Value::Handle(Handle { released: true, ..held });
                cpu.store(variable(var), released.encode(), Prim::Variable).await;
                cpu.let_go(var).await;
            }
        }
        Call::DmaWrite { handle: var, word, value } => {
            let value = argument(cpu, value).await;
            let Some(handle) = handle(cpu, var).await else { return Value::Errno(Errno::Efault) };
            let page = behind(cpu, var, handle).await;
            cpu.store(mmu::data(page, word), value, Prim::DmaWrite).await;
            cpu.written_through(var).await;
        }
        Call::DmaRead { handle: var, word } | Call::PipeRead { handle: var, word } => {
            let Some(handle) = handle(cpu, var).await else { return Value::Errno(Errno::Efault) };
            if let Some(nth) = histories.nth(spec.id, handle) {
                return Value::Number(history::next(cpu, nth).await);
            }
            let page = behind(cpu, var, handle).await;
            return Value::Number(cpu.data(page, word).await);
        }
        Call::Fork { child } => {
            cpu.fork(mm, child).await;
            return Value::Child(child);
        }
        Call::Exit => {
            let me = usize::from(cpu.actor());
            for (other, spec) in cpu.world.actors.iter().enumerate() {
                if other != me && spec.mm == own {
                    cpu.join(other as u8).await;
                }
            }
            for va in 0..cpu.world.areas.len() {
                cpu.munmap(mm, va).await;
            }
        }
        Call::Munmap { va } => cpu.munmap(mm, va).await,
        Call::Madvise { va, advice } => match advice {
            Advice::DontNeed => cpu.discard(mm, va, false).await,
            Advice::Free if cpu.world.areas[va].backing != Backing::Anon => {
                return Value::Errno(Errno::Einval);
            }
            Advice::Free => cpu.give_up(mm, va).await,
            Advice::DontFork => {
                cpu.set_bits(mm.vm_flags(va), cowrace_mm::objects::vm::DONTCOPY, Prim::VmFlags).await
            }
            Advice::DoFork => {
                cpu.clear_bits(mm.vm_flags(va), cowrace_mm::objects::vm::DONTCOPY, Prim::VmFlags).await
            }
            Advice::PageOut => {}
        },
        Call::Mprotect { va, write } => cpu.mprotect(mm, va, write).await,
        Call::ClearRefs { mm } => cpu.clear_refs(MmStruct(mm)).await,
        Call::SoftDirty { target } => {
            return Value::Number(cpu.soft_dirty(MmStruct(target.mm), target.va).await.into());
        }
        Call::UffdWriteProtect { target, protect } => {
            cpu.uffd_writeprotect(MmStruct(target.mm), target.va, protect).await;
        }
        Call::Reclaim { .. } | Call::SpeculativeRef { .. } | Call::LruAddDrainAll => {}
        Call::Set { value } => return Value::Number(argument(cpu, value).await),
        Call::WaitVariable { variable } => {
            cpu.variable(variable).await;
        }
        Call::WaitExit { mm } => {
            for (other, spec) in cpu.world.actors.iter().enumerate() {
                if spec.mm == Some(mm) {
                    cpu.join(other as u8).await;
                }
            }
        }
    }
    Value::Number(0)
}
