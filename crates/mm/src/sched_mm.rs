//! The users of an mm: `mm_users`.
//!
//! Follows `get_task_mm`, `mmput` and `exit_mm` of `kernel/fork.c` and `kernel/exit.c`, and `mmget_not_zero` of
//! `include/linux/sched/mm.h` (read in v5.9, v5.19, v6.14 and v6.18). The threads of a process count as one user here.
//! Left out: `mm_count`, which keeps the `mm_struct` but none of its memory; here the `mm_struct` is never freed.
//!
//! An mm that no call of the scenario exits cannot lose its last user, so nothing is counted for it.

use cowrace_machine::{Prim, Value};
use cowrace_report::Fact;

use crate::cpu::Cpu;
use crate::khugepaged::khugepaged_exit;
use crate::mmap::exit_mmap;
use crate::objects::MmStruct;

/// `get_task_mm`: adds a user, unless the task has already given up its mm. `mm_access` gets an mm in this way
/// (`process_vm_readv`, `ptrace`, the opening of `/proc/PID/mem`), and so does `/proc/PID/clear_refs`.
pub async fn get_task_mm(cpu: &Cpu, mm: MmStruct) -> bool {
    if !cpu.kernel().exits[mm.0] {
        return true;
    }
    cpu.call("get_task_mm", (mm,), async |cpu, (mm,)| {
        cpu.spin_lock(mm.alloc_lock()).await;
        let there = cpu.load(mm.task_mm(), Prim::ReadOnce).await.bits != 0;
        if there {
            cpu.add(mm.mm_users(), 1, Prim::Mmget).await;
        } else {
            cpu.why(Fact::TaskWithoutMm);
        }
        cpu.spin_unlock(mm.alloc_lock()).await;
        there
    })
    .await
}

/// `mmget_not_zero`: adds a user, unless there is none any more. It is used by holders of the `mm_struct`: an open
/// `/proc/PID/pagemap`, a userfaultfd.
pub async fn mmget_not_zero(cpu: &Cpu, mm: MmStruct) -> bool {
    if !cpu.kernel().exits[mm.0] {
        return true;
    }
    let there = cpu.add_unless(mm.mm_users(), 1, 0, Prim::MmgetNotZero).await;
    if !there {
        cpu.why(Fact::MmWithoutUsers);
    }
    there
}

/// `mmput`: drops a user; the last one tears the mm down.
pub async fn mmput(cpu: &Cpu, mm: MmStruct) {
    if cpu.kernel().exits[mm.0] && cpu.sub_and_test(mm.mm_users(), 1, Prim::Mmput).await {
        khugepaged_exit(cpu, mm).await;
        exit_mmap(cpu, mm).await;
    }
}

/// `exit_mm`: the task gives up its mm.
pub async fn exit_mm(cpu: &Cpu, mm: MmStruct) {
    cpu.call("exit_mm", (mm,), async |cpu, (mm,)| {
        cpu.spin_lock(mm.alloc_lock()).await;
        cpu.store(mm.task_mm(), Value::from(0), Prim::WriteOnce).await;
        cpu.spin_unlock(mm.alloc_lock()).await;
        mmput(cpu, mm).await;
    })
    .await
}
