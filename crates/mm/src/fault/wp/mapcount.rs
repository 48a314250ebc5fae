//! The first generation, up to v5.8, and proposals that keep its shape: mappings decide.

use cowrace_report::{Fact, Then};

use super::super::unshare::must_unshare;
use super::super::vm_fault::VmFault;
use crate::cpu::Cpu;
use crate::era::{Safeguard, WpReuse};
use crate::objects::Page;
use crate::swap::put_page;
use crate::swapfile::{reuse_by_active, reuse_by_mapcount, reuse_swap_page};

/// `do_wp_page` up to v5.8, and under the proposals that keep its shape: the fault sleeps for the page lock, then the
/// mappings decide. `None` if the fault is over; the PTE lock has been dropped then.
pub(super) async fn wp_reuse_by_mapcount(cpu: &Cpu, vmf: VmFault, page: Page) -> Option<bool> {
    let (mm, va) = (vmf.mm, vmf.va);
    if vmf.unshare() {
        if must_unshare(cpu, page).await {
            return Some(false);
        }
        cpu.ptl_unlock(mm, va).await;
        return None;
    }
    if !cpu.trylock_page(page).await {
        cpu.get_page(page).await;
        cpu.ptl_unlock(mm, va).await;
        cpu.lock_page(page).await;
        cpu.ptl_lock(mm, va).await;
        if !cpu.ptep_get(mm, va).await.same(vmf.orig_pte) && cpu.rules().keeps(Safeguard::WpLockPteSame) {
            cpu.unlock_page(page).await;
            cpu.ptl_unlock(mm, va).await;
            put_page(cpu, page).await;
            return None;
        }
        put_page(cpu, page).await;
    }
    let reuse = match cpu.rules().wp_reuse() {
        WpReuse::MapCount => reuse_by_mapcount(cpu, page).await,
        WpReuse::ActiveInactive => reuse_by_active(cpu, page).await,
        _ => reuse_swap_page(cpu, page).await,
    };
    cpu.why(Fact::MappedElsewhere { page, elsewhere: !reuse }.so(if reuse {
        Then::Reuse
    } else {
        Then::Copy
    }));
    cpu.unlock_page(page).await;
    Some(reuse)
}
