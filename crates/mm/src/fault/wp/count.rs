//! The second generation, from v5.9 on: references decide.

use cowrace_machine::Prim;
use cowrace_report::{Fact, Then};

use super::super::unshare::must_unshare;
use super::super::vm_fault::VmFault;
use crate::cpu::Cpu;
use crate::era::{AnonExclusive, LargeWp, Safeguard, WpFreeSwap, WpLruDrain, WpReuse, WpUnlock};
use crate::folio::folio_test_large;
use crate::objects::{Page, pg, references};
use crate::rmap::wp_can_reuse_large_anon_folio;
use crate::swap::lru_add_drain;
use crate::swapfile::try_to_free_swap;

/// `do_wp_page` from v5.9 to v5.18. Under the series of December 2021, the mapcount decides for unsharing, and
/// `page_count` for writing.
pub(super) async fn wp_reuse_by_count(cpu: &Cpu, vmf: VmFault, page: Page) -> Option<bool> {
    if !vmf.unshare() {
        return wp_reuse_if_alone(cpu, vmf, page).await;
    }
    if must_unshare(cpu, page).await {
        return Some(false);
    }
    cpu.ptl_unlock(vmf.mm, vmf.va).await;
    None
}

/// `do_wp_page` from v5.9 on: references decide. v5.18 first drops the references of the swap cache and of this CPU's
/// LRU-add batch; from v5.19 on, a page that passes the test becomes exclusive.
pub(super) async fn wp_reuse_if_alone(cpu: &Cpu, vmf: VmFault, page: Page) -> Option<bool> {
    let rules = cpu.rules();
    let copy = |count: u64| {
        cpu.why(Fact::PageCount { page, count: references(count) }.so(Then::Copy));
        Some(false)
    };
    match rules.large_wp() {
        LargeWp::AsBase => {}
        LargeWp::Never | LargeWp::MmIds if !folio_test_large(cpu, page).await => {}
        LargeWp::Never => {
            cpu.why(Fact::LargeFolio { page }.so(Then::Copy));
            return Some(false);
        }
        LargeWp::MmIds => return Some(wp_reuse_large(cpu, page).await),
    }
    let count = cpu.page_count(page).await;
    if rules.is(WpFreeSwap::No) && rules.is(WpLruDrain::No) {
        if count != 1 {
            return copy(count);
        }
    } else {
        if count > 3 {
            return copy(count);
        }
        if rules.is(WpLruDrain::Yes) && !cpu.page_flag(page, pg::LRU, Prim::PageFlagTest).await {
            lru_add_drain(cpu).await;
        }
        let count = cpu.page_count(page).await;
        let swapcache = rules.is(WpFreeSwap::Yes) && cpu.page_swap_cache(page).await;
        if count > 1 + u64::from(swapcache) {
            return copy(count);
        }
    }
    if !cpu.trylock_page(page).await {
        cpu.why(Fact::PageLocked { page }.so(Then::Copy));
        return Some(false);
    }
    if rules.is(WpFreeSwap::Yes) && cpu.page_swap_cache(page).await {
        try_to_free_swap(cpu, page).await;
    }
    // 09854ba94c6a also tests the mapcount again; with one reference it can only be 1.
    let count = cpu.page_count(page).await;
    if count != 1 && rules.keeps(Safeguard::WpCountRecheck) {
        cpu.unlock_page(page).await;
        return copy(count);
    }
    let then = if vmf.unshare() { Then::TakeAsExclusive } else { Then::Reuse };
    cpu.why(Fact::PageCount { page, count: references(count) }.so(then));
    if rules.is(AnonExclusive::Yes) {
        cpu.set_page_anon_exclusive(page).await;
    }
    if !unlocks_late(cpu) {
        cpu.unlock_page(page).await;
    }
    Some(true)
}

/// `wp_can_reuse_anon_folio` of a large folio: its page becomes exclusive if it may be reused.
async fn wp_reuse_large(cpu: &Cpu, page: Page) -> bool {
    let reuses = wp_can_reuse_large_anon_folio(cpu, page).await;
    if reuses && cpu.rules().is(AnonExclusive::Yes) {
        cpu.set_page_anon_exclusive(page).await;
    }
    reuses
}

/// Whether the page lock is held until after `wp_page_reuse`.
pub(super) fn unlocks_late(cpu: &Cpu) -> bool {
    cpu.rules().is(WpReuse::Count) && cpu.rules().is(WpUnlock::AfterReuse)
}
