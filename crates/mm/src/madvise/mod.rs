//! madvise.
//!
//! Follows `mm/madvise.c` (read in v5.7, v5.9, v5.18, v6.1, v6.12, v6.14 and v7.2) for one page. Left out: ranges, the
//! other advice, mlock and PFN mappings.

mod free;
mod large;
mod pageout;

use cowrace_machine::Prim;
use cowrace_report::{Aim, Obstacle};

use crate::cpu::Cpu;
use crate::era::HugetlbDontneed;
use crate::huge_memory::vma_adjust_trans_huge;
use crate::khugepaged::madvise_collapse;
use crate::mmap::{vma_start_write, zap_page_range};
use crate::objects::{MmStruct, vm};
use crate::swap::lru_add_drain_to_unmap;
use crate::vma::{set_vm_flags, vmas};
use crate::world::{Advice, Errno, Va};

pub(crate) use free::Freed;
use free::madvise_free_vmas;
use pageout::madvise_pageout;

/// `do_madvise`. An address without a VMA is left alone; the kernel's `ENOMEM` for it is left out.
pub async fn madvise(cpu: &Cpu, mm: MmStruct, va: Va, advice: Advice) -> Result<(), Errno> {
    cpu.call("do_madvise", (mm, va, advice), async |cpu, (mm, va, advice)| {
        let mut result = Ok(());
        match advice {
            Advice::DontFork | Advice::DoFork => {
                cpu.mmap_write_lock(mm).await;
                for (va, old) in vmas(cpu, mm, va).await {
                    let dontcopy = if advice == Advice::DontFork { vm::DONTCOPY } else { 0 };
                    let vm_flags = old & !vm::DONTCOPY | dontcopy;
                    // madvise_update_vma: what has the flag already is left as it is, and not split.
                    if old & vm::EXISTS != 0 && vm_flags != old {
                        let locked = vma_start_write(cpu, mm, va).await;
                        vma_adjust_trans_huge(cpu, mm, va).await;
                        set_vm_flags(cpu, mm, va, vm_flags).await;
                        if locked {
                            cpu.write_unlock(cpu.vm_lock(mm, va), Prim::VmaEndWrite).await;
                        }
                    }
                }
                cpu.mmap_write_unlock(mm).await;
            }
            Advice::Collapse => {
                cpu.mmap_read_lock(mm).await;
                result = madvise_collapse(cpu, mm, va).await;
            }
            Advice::DontNeed | Advice::Free | Advice::PageOut => {
                cpu.mmap_read_lock(mm).await;
                let mut mapped = vmas(cpu, mm, va).await;
                mapped.retain(|(_, vm_flags)| vm_flags & vm::EXISTS != 0);
                if mapped.is_empty() {
                    cpu.no_effect(aim(advice), Obstacle::NoVma);
                } else {
                    match advice {
                        _ if cpu.is_vm_hugetlb_page(va) && !takes_hugetlb(cpu, advice) => {
                            cpu.no_effect(aim(advice), Obstacle::Hugetlb);
                            result = Err(Errno::Einval);
                        }
                        Advice::DontNeed => {
                            lru_add_drain_to_unmap(cpu).await;
                            let mut found = false;
                            for (va, _) in mapped {
                                found |= zap_page_range(cpu, mm, va).await;
                            }
                            if !found {
                                cpu.no_effect(Aim::Discard, Obstacle::NothingMapped);
                            }
                        }
                        Advice::Free => result = madvise_free_vmas(cpu, mm, mapped).await,
                        _ => madvise_pageout(cpu, mm, mapped).await,
                    }
                }
                cpu.mmap_read_unlock(mm).await;
            }
        }
        result
    })
    .await
}

const fn aim(advice: Advice) -> Aim {
    match advice {
        Advice::Free => Aim::MarkFree,
        Advice::PageOut => Aim::PageOut,
        _ => Aim::Discard,
    }
}

/// Whether an advice may be given for huge pages: since v5.18 they may be dropped (90e7e7f5ef3f, `madvise_dontneed_free_valid_vma`).
/// They are never reclaimed or freed lazily.
fn takes_hugetlb(cpu: &Cpu, advice: Advice) -> bool {
    advice == Advice::DontNeed && cpu.rules().is(HugetlbDontneed::Yes)
}
