//! Runs an actor: its calls, one after the other.

use cowrace_machine::{Cond, Mark, Prim, Round};
use cowrace_report::Fact;

use crate::cpu::Cpu;
use crate::gup::{Foll, get_user_pages, get_user_pages_fast, pins, release};
use crate::madvise::madvise;
use crate::objects::{MmStruct, variable};
use crate::sched_mm::{get_task_mm, mmget_not_zero, mmput};
use crate::task_mmu::{clear_refs_write, pagemap_soft_dirty};
use crate::user;
use crate::value::{Handle, Value};
use crate::world::{ActorId, Arg, Call, CallSpec, Errno, MmId, Step, Target, VarId};

/// The whole life of an actor. From one step to the next it remembers how far it is, and nothing else.
pub(crate) async fn run(cpu: Cpu, actor: ActorId) {
    let world = &cpu.kernel().world;
    if let Some(mm) = world.actors[actor].mm
        && matches!(world.mms[mm].origin, crate::world::Origin::Fork(_))
    {
        cpu.wait(MmStruct(mm).started(), Cond::AnySet(u64::MAX)).await;
    }
    cpu.rounds((actor, 0), async |cpu, (actor, at)| {
        match cpu.kernel().world.actors[actor].steps.get(at) {
            Some(Step::Barrier(id)) => cpu.barrier(*id as u8).await,
            Some(Step::Call(spec)) => call(cpu, actor, spec).await,
            None => return Round::Done(()),
        }
        Round::Again((actor, at + 1))
    })
    .await;
}

async fn call(cpu: &Cpu, actor: ActorId, spec: &CallSpec) {
    cpu.mark(Mark::Begin(spec.id));
    let own = cpu.kernel().world.actors[actor].mm.map(MmStruct);
    let result = dispatch(cpu, own, spec.call).await;
    if let Some(addr) = crate::result::place(spec, result) {
        cpu.store(addr, result.encode(), Prim::Variable).await;
    }
    cpu.mark(Mark::End(spec.id));
}

fn number(result: Result<u64, Errno>) -> Value {
    result.map_or_else(Value::Errno, Value::Number)
}

fn done(result: Result<(), Errno>) -> Value {
    number(result.map(|()| 0))
}

fn handle(result: Result<crate::objects::Page, Errno>, pin: bool, write: bool) -> Value {
    match result {
        Ok(page) => Value::Handle(Handle { page: page.obj, pin, write, released: false }),
        Err(errno) => Value::Errno(errno),
    }
}

/// The value of an argument. Another actor's variable is waited for.
async fn argument(cpu: &Cpu, arg: Arg) -> u64 {
    match arg {
        Arg::Number(n) => n,
        Arg::Variable(var) => match read_variable(cpu, var).await {
            Value::Number(n) => n,
            _ => 0,
        },
    }
}

async fn read_variable(cpu: &Cpu, var: VarId) -> Value {
    Value::decode(cpu.wait(variable(var), Cond::AnySet(u64::MAX)).await.bits)
}

/// The handle in a variable, if there is one. A handle that was given back still names a page: a call that uses it finds
/// whatever that page holds now.
async fn read_handle(cpu: &Cpu, var: VarId) -> Option<Handle> {
    match read_variable(cpu, var).await {
        Value::Handle(handle) => Some(handle),
        _ => {
            cpu.why(Fact::NoPage);
            None
        }
    }
}

/// The mm that a call names. Other processes can name a child by its PID once the fork has ended (`copy_process` of
/// `kernel/fork.c` does `attach_pid` after `copy_mm`), so a call that names it waits for that. Reclaim does not use this
/// function: it finds pages of the child by rmap as soon as they are mapped. For these reasons the `mmap_lock` of the
/// child, which `dup_mmap` holds, is left out.
async fn named(cpu: &Cpu, own: Option<MmStruct>, mm: MmId) -> MmStruct {
    let this = MmStruct(mm);
    if own != Some(this) && matches!(cpu.kernel().world.mms[mm].origin, crate::world::Origin::Fork(_)) {
        cpu.wait(this.started(), Cond::AnySet(u64::MAX)).await;
    }
    this
}

async fn dispatch(cpu: &Cpu, own: Option<MmStruct>, call: Call) -> Value {
    // The language refuses calls that need an mm in a column without one.
    let mm = own.unwrap_or(MmStruct(0));
    match call {
        Call::Load { va, word } => number(user::user_access(cpu, mm, va, word, None).await),
        Call::Store { va, word, value } => {
            let value = argument(cpu, value).await;
            done(user::user_access(cpu, mm, va, word, Some(value)).await.map(|_| ()))
        }
        Call::DirectRead { file, va, word, value } => {
            let value = argument(cpu, value).await;
            done(user::direct_read(cpu, file, mm, va, word, value).await)
        }
        Call::DirectWrite { file, va, word } => number(user::direct_write(cpu, file, mm, va, word).await),
        Call::Recvmsg { va, word, value } => {
            let value = argument(cpu, value).await;
            done(user::recvmsg(cpu, mm, va, word, value).await)
        }
        Call::Gup { target: Target { mm, va }, pin, fast, flags } => {
            let (mm, foll) = (named(cpu, own, mm).await, Foll { pin, flags });
            let page = if fast {
                get_user_pages_fast(cpu, mm, va, foll).await
            } else if own == Some(mm) {
                get_user_pages(cpu, mm, va, foll).await
            } else if get_task_mm(cpu, mm).await {
                let page = get_user_pages(cpu, mm, va, foll).await;
                mmput(cpu, mm).await;
                page
            } else {
                // process_vm_readv gives ESRCH.
                Err(Errno::Efault)
            };
            cpu.step("gup");
            handle(page, pins(cpu, pin), flags.write)
        }
        Call::ExtractPages { file, va, write } => {
            let taken = user::iov_iter_extract_pages(cpu, file, mm, va, write).await;
            cpu.step("gup");
            match taken {
                Ok((page, foll)) => handle(Ok(page), foll.pin, write),
                Err(errno) => Value::Errno(errno),
            }
        }
        Call::Release { handle } => {
            if let Some(held) = read_handle(cpu, handle).await {
                cpu.store(
                    variable(handle),
                    Value::Handle(Handle { released: true, ..held }).encode(),
                    Prim::Variable,
                )
                .await;
                release(cpu, held.page(), held.pin, held.write).await;
            }
            Value::Number(0)
        }
        Call::DmaWrite { handle, word, value } => {
            let value = argument(cpu, value).await;
            let Some(held) = read_handle(cpu, handle).await else { return Value::Errno(Errno::Efault) };
            cpu.store(held.page().data(word), value, Prim::DmaWrite).await;
            cpu.step("dma");
            Value::Number(0)
        }
        Call::DmaRead { handle, word } | Call::PipeRead { handle, word } => {
            let Some(held) = read_handle(cpu, handle).await else { return Value::Errno(Errno::Efault) };
            let value = cpu.load(held.page().data(word), Prim::DmaRead).await.bits;
            cpu.step("dma");
            Value::Number(value)
        }
        Call::Vmsplice { va } => {
            let page = user::vmsplice(cpu, mm, va).await;
            cpu.step("gup");
            handle(page, false, false)
        }
        Call::FuseSplice { handle: request } => {
            let Some(held) = read_handle(cpu, request).await else { return Value::Errno(Errno::Efault) };
            handle(Ok(user::fuse_dev_splice_read(cpu, held.page()).await), false, false)
        }
        Call::IoUringRegister { va } => {
            let page = user::io_uring_register(cpu, mm, va).await;
            cpu.step("gup");
            handle(page, pins(cpu, true), true)
        }
        Call::Fork { child } => {
            crate::fork::dup_mmap(cpu, mm, child).await;
            Value::Child(child)
        }
        Call::Exit => {
            // The threads of a process use its mm together.
            let this = usize::from(cpu.actor());
            for (other, spec) in cpu.kernel().world.actors.iter().enumerate() {
                if other != this && spec.mm == Some(mm.0) {
                    cpu.join(other as u8).await;
                }
            }
            crate::sched_mm::exit_mm(cpu, mm).await;
            Value::Number(0)
        }
        Call::Munmap { va } => {
            crate::mmap::munmap(cpu, mm, va).await;
            Value::Number(0)
        }
        Call::Mremap { va, to } => done(crate::mremap::mremap(cpu, mm, va, to).await),
        Call::Madvise { va, advice } => done(madvise(cpu, mm, va, advice).await),
        Call::Mprotect { va, write } => {
            crate::mprotect::mprotect_fixup(cpu, mm, va, write).await;
            Value::Number(0)
        }
        Call::ClearRefs { mm } => {
            let mm = named(cpu, own, mm).await;
            if own == Some(mm) {
                clear_refs_write(cpu, mm).await;
            } else if get_task_mm(cpu, mm).await {
                clear_refs_write(cpu, mm).await;
                mmput(cpu, mm).await;
            }
            Value::Number(0)
        }
        Call::SoftDirty { target } => {
            let mm = named(cpu, own, target.mm).await;
            // An open pagemap keeps no user of the mm.
            if !mmget_not_zero(cpu, mm).await {
                return Value::Number(0);
            }
            let dirty = pagemap_soft_dirty(cpu, mm, target.va).await;
            mmput(cpu, mm).await;
            Value::Number(dirty.into())
        }
        Call::UffdWriteProtect { target, protect } => {
            let mm = named(cpu, own, target.mm).await;
            crate::userfaultfd::userfaultfd_writeprotect(cpu, mm, target.va, protect).await;
            Value::Number(0)
        }
        Call::Reclaim { target } => {
            crate::vmscan::reclaim(cpu, MmStruct(target.mm), target.va).await;
            Value::Number(0)
        }
        Call::SplitHugePage { target } => {
            crate::huge_memory::deferred_split_scan(cpu, MmStruct(target.mm), target.va).await;
            Value::Number(0)
        }
        Call::KhugepagedCollapse { target } => {
            crate::khugepaged::khugepaged_scan_mm_slot(cpu, MmStruct(target.mm), target.va).await;
            Value::Number(0)
        }
        Call::SpeculativeRef { target } => {
            user::speculative_ref(cpu, MmStruct(target.mm), target.va).await;
            Value::Number(0)
        }
        Call::LruAddDrainAll => {
            crate::swap::lru_add_drain_all(cpu).await;
            Value::Number(0)
        }
        Call::Set { value } => Value::Number(argument(cpu, value).await),
        Call::WaitVariable { variable } => {
            read_variable(cpu, variable).await;
            Value::Number(0)
        }
        Call::WaitExit { mm } => {
            for (other, spec) in cpu.kernel().world.actors.iter().enumerate() {
                if spec.mm == Some(mm) {
                    cpu.join(other as u8).await;
                }
            }
            Value::Number(0)
        }
    }
}
