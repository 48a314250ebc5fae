//! mremap of a huge page that a PMD maps.
//!
//! Follows `move_huge_pmd` of `mm/huge_memory.c` (v5.4 to v7.2). Left out: the page table that is deposited.

use cowrace_machine::Prim;

use crate::cpu::Cpu;
use crate::era::Safeguard;
use crate::mremap::moved;
use crate::objects::MmStruct;
use crate::pgtable::Pmd;
use crate::tlb::flush_tlb_page;
use crate::world::Va;

/// `move_huge_pmd`: the entry goes to another directory, and the TLBs are flushed under both locks. Returns whether it was still that of a
/// huge page.
pub(crate) async fn move_huge_pmd(cpu: &Cpu, mm: MmStruct, places: (Va, Va), vm_flags: u64) -> bool {
    cpu.call("move_huge_pmd", (mm, places, vm_flags), async |cpu, (mm, (from, to), vm_flags)| {
        cpu.pmd_lock(mm, from).await;
        let is_huge = matches!(cpu.pmdp_get(mm, from).await.pmd(), Pmd::Huge(_));
        if is_huge {
            cpu.pmd_lock(mm, to).await;
            let pmd = cpu.pmdp_huge_get_and_clear(mm, from, Prim::PmdpGetAndClear).await;
            cpu.set_pmd_at(mm, to, moved(cpu, pmd, vm_flags)).await;
            flush_tlb_page(cpu, mm, from, Safeguard::MremapFlush).await;
            cpu.pmd_unlock(mm, to).await;
        }
        cpu.pmd_unlock(mm, from).await;
        is_huge
    })
    .await
}
