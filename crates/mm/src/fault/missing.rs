//! Faults where nothing is mapped: anonymous memory, private file mappings, and markers of userfaultfd.

use cowrace_machine::Prim;
use cowrace_report::Fact;

use super::copy::copy_user_highpage;
use super::vm_fault::{FaultFlag, FaultResult, VmFault};
use crate::cpu::Cpu;
use crate::era::Safeguard;
use crate::objects::{Page, ZERO_PAGE, file_page};
use crate::page_alloc::{alloc_page, prepare_anon_page};
use crate::pgtable::{Pte, UFFD_WP, pte_mkdirty, pte_wrprotect};
use crate::rmap::page_add_new_anon_rmap;
use crate::swap::{lru_cache_add, put_page};
use crate::world::Backing;

/// `do_pte_missing`: nothing is mapped.
pub(super) async fn do_pte_missing(cpu: &Cpu, vmf: VmFault) -> FaultResult {
    match cpu.kernel().world.areas[vmf.va].backing {
        Backing::Anon | Backing::Hugetlb => do_anonymous_page(cpu, vmf).await,
        Backing::PrivateFile => do_fault(cpu, vmf).await,
    }
}

/// `handle_pte_marker` with `pte_marker_handle_uffd_wp` (v6.4 on for anonymous memory): the fault is handled as if
/// nothing were mapped, and the new PTE is write-protected, so that a store faults again in `do_wp_page`. In the model
/// a registration never ends, so no marker is left over from one.
pub(super) async fn handle_pte_marker(cpu: &Cpu, vmf: VmFault) -> FaultResult {
    cpu.why(Fact::UffdMarker);
    do_pte_missing(cpu, vmf).await
}

/// `pte_mkuffd_wp` if the PTE was a marker (`vmf_orig_pte_uffd_wp`).
fn keep_uffd_wp(cpu: &Cpu, vmf: VmFault, pte: Pte) -> Pte {
    if vmf.orig_pte.uffd_wp() { pte_wrprotect(cpu, pte.set(UFFD_WP)) } else { pte }
}

/// `do_anonymous_page`: the first touch. A read maps the zero page, a write a fresh page.
async fn do_anonymous_page(cpu: &Cpu, vmf: VmFault) -> FaultResult {
    cpu.call("do_anonymous_page", (vmf,), async |cpu, (vmf,)| {
        let (mm, va) = (vmf.mm, vmf.va);
        if !vmf.write() {
            cpu.ptl_lock(mm, va).await;
            if cpu.ptep_get(mm, va).await.same(vmf.orig_pte) || !cpu.rules().keeps(Safeguard::AnonZeroPteNone)
            {
                cpu.set_pte_at(mm, va, keep_uffd_wp(cpu, vmf, Pte::mk(ZERO_PAGE.into()))).await;
            }
            cpu.ptl_unlock(mm, va).await;
            return FaultResult::Done;
        }
        let page = alloc_page(cpu).await;
        prepare_anon_page(cpu, page, va).await;
        map_new_page(cpu, vmf, page, Safeguard::AnonPteNone).await
    })
    .await
}

/// Maps a fresh page, unless the PTE has changed meanwhile (`vmf_pte_changed`): the end of `do_anonymous_page`, and
/// `finish_fault`.
async fn map_new_page(cpu: &Cpu, vmf: VmFault, page: Page, recheck: Safeguard) -> FaultResult {
    let (mm, va) = (vmf.mm, vmf.va);
    cpu.ptl_lock(mm, va).await;
    if !cpu.ptep_get(mm, va).await.same(vmf.orig_pte) && cpu.rules().keeps(recheck) {
        cpu.ptl_unlock(mm, va).await;
        put_page(cpu, page).await;
        return FaultResult::Done;
    }
    page_add_new_anon_rmap(cpu, page).await;
    lru_cache_add(cpu, page).await;
    let pte = vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), Pte::mk(page)));
    cpu.set_pte_at(mm, va, keep_uffd_wp(cpu, vmf, pte)).await;
    cpu.ptl_unlock(mm, va).await;
    FaultResult::Done
}

/// `do_fault` on a private file mapping: a read maps the page of the page cache read-only
/// (`do_read_fault`), a write copies it at once (`do_cow_fault`).
async fn do_fault(cpu: &Cpu, vmf: VmFault) -> FaultResult {
    cpu.call("do_fault", (vmf,), async |cpu, (vmf,)| {
        let (mm, va) = (vmf.mm, vmf.va);
        let cached: Page = file_page(va).into();
        if vmf.flag == FaultFlag::Read {
            cpu.get_page(cached).await;
            cpu.ptl_lock(mm, va).await;
            let empty =
                cpu.ptep_get(mm, va).await.none() || !cpu.rules().keeps(Safeguard::FinishFaultPteNone);
            if empty {
                cpu.add(cached.mapcount(), 1, Prim::PageAddAnonRmap).await;
                cpu.set_pte_at(mm, va, Pte::mk(cached)).await;
            }
            cpu.ptl_unlock(mm, va).await;
            if !empty {
                put_page(cpu, cached).await;
            }
            return FaultResult::Done;
        }
        let page = alloc_page(cpu).await;
        prepare_anon_page(cpu, page, va).await;
        copy_user_highpage(cpu, page, cached, va).await;
        map_new_page(cpu, vmf, page, Safeguard::FinishFaultPteNone).await
    })
    .await
}
