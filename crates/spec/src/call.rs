//! The calls of a scenario on the specification. Actions of the kernel itself, above all reclaim, change nothing here,
//! so they are left out.

use std::ops::Range;
use std::panic::Location;

use cowrace_machine::{Cond, Mark, Obj, Prim, frame};
use cowrace_mm::objects::{MmStruct, variable, vm};
use cowrace_mm::result;
use cowrace_mm::value::{Handle, Value};
use cowrace_mm::world::{
    ActorId, Advice, Area, Arg, Backing, Call, CallSpec, Errno, MmId, Origin, Step, Target, Va, VarId,
};

use crate::cpu::{Cpu, Known};
use crate::heir::{Heirs, Held, home_of};
use crate::history;
use crate::layout::{heirs, kept_home};
use crate::memory::{Fault, HeldUp};
use crate::promises::Rule;

/// The whole life of an actor.
pub(crate) async fn run(cpu: cowrace_machine::Cpu, known: &Known, actor: ActorId) {
    let cpu = Cpu::new(cpu, known);
    let spec = &cpu.world.actors[actor];
    if let Some(mm) = spec.mm
        && matches!(cpu.world.mms[mm].origin, Origin::Fork(_))
    {
        cpu.wait(MmStruct(mm).started(), Cond::AnySet(u64::MAX)).await;
    }
    for step in 0..spec.steps.len() {
        // A call leaves everything in memory.
        let forgets = async |cpu: &Cpu<'_>, (actor, step): (ActorId, usize)| match &cpu.world.actors[actor]
            .steps[step]
        {
            Step::Barrier(id) => cpu.barrier(*id as u8).await,
            Step::Call(spec) => call(cpu, actor, spec).await,
        };
        frame::call(&cpu, "call", Location::caller(), (actor, step), forgets).await;
    }
}

async fn call(cpu: &Cpu<'_>, actor: ActorId, spec: &CallSpec) {
    cpu.mark(Mark::Begin(spec.id));
    let own = cpu.world.actors[actor].mm;
    let lock =
        changed_mm(cpu, own, &spec.call).map(|mm| (mm.mmap_lock(), matches!(spec.call, Call::Mremap { .. })));
    match lock {
        Some((lock, true)) => cpu.write_lock(lock, Prim::MmapWriteLock).await,
        Some((lock, false)) => cpu.read_lock(lock, Prim::MmapReadLock).await,
        None => {}
    }
    let outcome = dispatch(cpu, own, spec).await;
    match lock {
        Some((lock, true)) => cpu.write_unlock(lock, Prim::MmapWriteUnlock).await,
        Some((lock, false)) => cpu.read_unlock(lock, Prim::MmapReadUnlock).await,
        None => {}
    }
    if let Some(addr) = result::place(spec, outcome) {
        cpu.store(addr, outcome.encode(), Prim::Variable).await;
    }
    cpu.mark(Mark::End(spec.id));
}

/// The mm whose address space a call changes, or copies. It matters only where memory is moved, which these calls are not beside.
fn changed_mm(cpu: &Cpu<'_>, own: Option<MmId>, call: &Call) -> Option<MmStruct> {
    if !cpu.world.moves() {
        return None;
    }
    match call {
        Call::Mremap { .. }
        | Call::Munmap { .. }
        | Call::Madvise { .. }
        | Call::Mprotect { .. }
        | Call::Fork { .. } => own.map(MmStruct),
        Call::ClearRefs { mm } => Some(MmStruct(*mm)),
        Call::UffdWriteProtect { target, .. } => Some(MmStruct(target.mm)),
        _ => None,
    }
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

/// A handle that a call has taken.
#[derive(Clone, Copy, Debug)]
struct Taken {
    page: Obj,
    /// The first address of its memory.
    home: Va,
    /// The mms whose memory it may be.
    heirs: Heirs,
    /// Whether reads through it may return old values.
    is_history: bool,
}

/// Waits for the end of a fork: before that, a process cannot be named from outside.
async fn named(cpu: &Cpu<'_>, own: Option<MmId>, mm: MmId) {
    if own != Some(mm) && matches!(cpu.world.mms[mm].origin, Origin::Fork(_)) {
        cpu.wait(MmStruct(mm).started(), Cond::AnySet(u64::MAX)).await;
    }
}

/// Takes a handle on memory.
async fn take(cpu: &Cpu<'_>, target: Target, spec: &CallSpec, write: bool) -> Result<Taken, Errno> {
    let mm = MmStruct(target.mm);
    let force =
        matches!(spec.call, Call::Gup { flags, .. } if flags.force) && can_force(cpu, target.va, write).await;
    let held_up = match spec.call {
        Call::Gup { flags, .. } if !flags.unlockable => HeldUp::Fails,
        // Up to v6.9 it fails.
        Call::IoUringRegister { .. } => HeldUp::Either,
        _ => HeldUp::Waits,
    };
    let (page, is_own, home) = cpu.take(Fault { mm, va: target.va, write, force, held_up }).await?;
    cpu.touched(target, write, spec.dest).await;
    let rule = cpu.promises.rule(cpu.world, cpu.start, spec, target);
    // The heirs make no difference to needed costs.
    let may_go = rule == Some(Rule::AliasUntilFork) && !cpu.counts;
    let heirs = if may_go { Heirs::at_first(cpu, spec.id).await } else { Heirs::OWNER };
    let is_history = rule == Some(Rule::AliasIfOwn) && !is_own;
    Ok(Taken { page, home, heirs, is_history })
}

/// Whether `FOLL_FORCE` counts: since v6.1 it does not for stores to huge pages of hugetlb.
async fn can_force(cpu: &Cpu<'_>, va: Va, write: bool) -> bool {
    !write || cpu.world.areas[va].backing != Backing::Hugetlb || cpu.choose(2, Prim::Ghost).await == 0
}

/// The memory on which the handle in a variable was taken.
async fn held(cpu: &Cpu<'_>, var: VarId, handle: Handle) -> Held {
    let va = match cpu.keeper(var) {
        Some(keeper) => home_of(cpu, &keeper).await,
        None => 0,
    };
    Held { variable: Some(var), page: handle.page, va }
}

/// The mms whose memory the handle in a variable may be.
async fn heirs_of(cpu: &Cpu<'_>, var: VarId) -> Heirs {
    match cpu.keeper(var) {
        Some(keeper) if keeper.rule == Rule::AliasUntilFork => {
            Heirs::decode(cpu.load(heirs(var), Prim::Ghost).await.bits)
        }
        _ => Heirs::OWNER,
    }
}

async fn keep(cpu: &Cpu<'_>, spec: &CallSpec, taken: Result<Taken, Errno>, write: bool) -> Value {
    match taken {
        Ok(Taken { page, home, heirs: whose, is_history }) => {
            if let Some(var) = spec.dest.filter(|_| cpu.world.places(home).len() > 1) {
                cpu.store(kept_home(var), home as u64 + 1, Prim::Ghost).await;
            }
            if let (true, Some(var)) = (whose != Heirs::OWNER, spec.dest) {
                Held { variable: Some(var), page, va: home }.set_apart(cpu).await;
                cpu.store(heirs(var), whose.encode(), Prim::Ghost).await;
            }
            // The bit for a pin has no meaning here, so it is reused.
            Value::Handle(Handle { page, pin: is_history, write, released: false })
        }
        Err(errno) => Value::Errno(errno),
    }
}

/// A device fills user memory while a call lasts.
async fn fill(cpu: &Cpu<'_>, target: Target, spec: &CallSpec, word: u8, value: u64) -> Value {
    match take(cpu, target, spec, true).await {
        Ok(Taken { page, home, heirs, .. }) => {
            heirs.write(cpu, Held { variable: None, page, va: home }, word, value).await;
            cpu.written_by_device(target).await;
            Value::Number(0)
        }
        Err(errno) => Value::Errno(errno),
    }
}

/// Whether `madvise(2)` fails with `EINVAL`: `MADV_FREE` is for anonymous memory, and huge pages of hugetlb are not
/// reclaimed. They can be dropped since v5.18; a program for older kernels knows what to do if they cannot.
async fn is_refused(cpu: &Cpu<'_>, area: &Area, advice: Advice) -> bool {
    match advice {
        Advice::Free => area.backing != Backing::Anon,
        Advice::PageOut => area.backing == Backing::Hugetlb,
        Advice::DontNeed => area.backing == Backing::Hugetlb && cpu.choose(2, Prim::Ghost).await == 1,
        Advice::DontFork | Advice::DoFork | Advice::Collapse => false,
    }
}

/// `MADV_COLLAPSE` changes nothing that a program could tell, and may fail at any time.
async fn collapsed(cpu: &Cpu<'_>) -> Value {
    match cpu.choose(4, Prim::Ghost).await {
        0 => Value::Number(0),
        1 => Value::Errno(Errno::Eagain),
        2 => Value::Errno(Errno::Ebusy),
        _ => Value::Errno(Errno::Einval),
    }
}

/// An advice that is taken, for the pages of an area.
async fn advise(cpu: &Cpu<'_>, mm: MmStruct, pages: Range<Va>, advice: Advice) {
    match advice {
        Advice::DontNeed => {
            // munmap takes the VMA away before the entries.
            for (pages, flags) in cpu.vmas(mm, pages).await {
                if flags & vm::EXISTS != 0 {
                    cpu.discard(mm, pages, false).await;
                }
            }
        }
        Advice::Free => {
            for va in pages {
                cpu.give_up(mm, va).await;
            }
        }
        Advice::DontFork => {
            for va in pages {
                cpu.set_bits(mm.vm_flags(va), vm::DONTCOPY, Prim::VmFlags).await;
            }
        }
        Advice::DoFork => {
            for va in pages {
                cpu.clear_bits(mm.vm_flags(va), vm::DONTCOPY, Prim::VmFlags).await;
            }
        }
        Advice::PageOut | Advice::Collapse => {}
    }
}

async fn dispatch(cpu: &Cpu<'_>, own: Option<MmId>, spec: &CallSpec) -> Value {
    let this = own.unwrap_or(0);
    let mm = MmStruct(this);
    let here = |va| Target { mm: this, va };
    match spec.call {
        Call::Load { va, word } => {
            return number(cpu.user_access(mm, (va, word), None, cpu.evicts(spec.id)).await);
        }
        Call::Store { va, word, value } => {
            let value = argument(cpu, value).await;
            let stored = cpu.user_access(mm, (va, word), Some(value), cpu.evicts(spec.id)).await;
            return number(stored.map(|_| 0));
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
            named(cpu, own, target.mm).await;
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
            // A request of direct I/O stays with its owner when that forks.
            let va = match cpu.keeper(request) {
                Some(keeper) => home_of(cpu, &keeper).await,
                None => 0,
            };
            let taken = Taken { page: held.page, home: va, heirs: Heirs::OWNER, is_history: false };
            return keep(cpu, spec, Ok(taken), false).await;
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
            let whose = heirs_of(cpu, var).await;
            let now = whose.write(cpu, held(cpu, var, handle).await, word, value).await;
            if now != whose {
                cpu.store(heirs(var), now.encode(), Prim::Ghost).await;
            }
            cpu.written_through(var).await;
        }
        Call::DmaRead { handle: var, word } | Call::PipeRead { handle: var, word } => {
            let Some(handle) = handle(cpu, var).await else { return Value::Errno(Errno::Efault) };
            if let Some(nth) = cpu.histories.nth(spec.id, handle) {
                return Value::Number(history::next(cpu, nth).await);
            }
            let whose = heirs_of(cpu, var).await;
            let (value, now) = whose.read(cpu, held(cpu, var, handle).await, word).await;
            if now != whose {
                cpu.store(heirs(var), now.encode(), Prim::Ghost).await;
            }
            return Value::Number(value);
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
            for va in cpu.world.addresses() {
                cpu.munmap(mm, va..va + 1).await;
            }
        }
        Call::Mremap { va, to } => {
            return number(cpu.mremap(mm, cpu.world.pages(va), cpu.world.pages(to)).await);
        }
        Call::Munmap { va } => {
            cpu.munmap(mm, cpu.world.pages(va)).await;
        }
        Call::Madvise { va, advice } => match advice {
            _ if is_refused(cpu, &cpu.world.areas[va], advice).await => {
                let flags = cpu.load(mm.vm_flags(va), Prim::FindVma).await.bits;
                // Where nothing is mapped, there is nothing that could refuse.
                let is_there = flags & vm::EXISTS != 0;
                return if is_there { Value::Errno(Errno::Einval) } else { Value::Number(0) };
            }
            Advice::Collapse => return collapsed(cpu).await,
            _ => advise(cpu, mm, cpu.world.pages(va), advice).await,
        },
        Call::Mprotect { va, write } => {
            cpu.mprotect(mm, cpu.world.pages(va), write).await;
        }
        Call::ClearRefs { mm } => {
            named(cpu, own, mm).await;
            cpu.clear_refs(MmStruct(mm)).await;
        }
        Call::SoftDirty { target } => {
            named(cpu, own, target.mm).await;
            return Value::Number(cpu.soft_dirty(MmStruct(target.mm), target.va).await.into());
        }
        Call::UffdWriteProtect { target, protect } => {
            named(cpu, own, target.mm).await;
            let pages = cpu.world.pages(target.va);
            cpu.uffd_writeprotect(MmStruct(target.mm), pages, protect).await;
        }
        Call::Reclaim { .. }
        | Call::SplitHugePage { .. }
        | Call::KhugepagedCollapse { .. }
        | Call::SpeculativeRef { .. }
        | Call::LruAddDrainAll => {}
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
