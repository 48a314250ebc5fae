//! Mappings: the mapcount, and the exclusive bit that goes with it.
//!
//! Follows `mm/rmap.c` and `include/linux/rmap.h` (v5.4 to v6.18). The increments and decrements are RMWs whose result
//! is only used for statistics, and not used here. Left out: `anon_vma` locks (the walk over them is in
//! parent-before-child order, like that of the interval tree).

mod large;
mod migrate;
mod unmap;

use cowrace_machine::{Prim, Value};
use cowrace_report::{Fact, Then};

use large::is_unmapped_by_pmds;
pub(crate) use large::reset_large_mapcount;
pub use large::{
    add_pte_of_large, folio_add_large_mapcount, folio_mapcount, folio_set_large_mapcount,
    folio_sub_large_mapcount, likely_mapped_shared, page_add_new_anon_rmap_pmd, page_dup_rmap_pmd,
    page_mapcount, page_remove_rmap_pmd, page_remove_rmap_pmd_after_copy, page_trans_huge_map_swapcount,
    remove_pte_of_large, wp_can_reuse_large_anon_folio,
};

pub(crate) use migrate::try_to_migrate;
pub(crate) use unmap::references_and_mappings;
pub use unmap::try_to_unmap;

use crate::cpu::Cpu;
use crate::era::{AeBarriers, AnonExclusive, ForkPin, HasPinned, Safeguard};
use crate::folio::folio_test_large;
use crate::objects::{MmStruct, ONE_INACTIVE, Page, mappings, pg};

/// `page_add_new_anon_rmap`: the first mapping of a page that is not visible to others yet. From v5.19 on such a page
/// is exclusive.
pub async fn page_add_new_anon_rmap(cpu: &Cpu, page: Page) {
    cpu.store(page.mapcount(), 1, Prim::PageAddNewAnonRmap).await;
    if cpu.rules().is(AnonExclusive::Yes) {
        cpu.set_page_anon_exclusive(page).await;
    }
}

/// `page_add_anon_rmap`: a swap entry becomes a mapping again. `exclusive` says whether the page is exclusive.
pub async fn page_add_anon_rmap(cpu: &Cpu, page: Page, exclusive: bool) {
    let inactive = if cpu.rules().counts_inactive() { ONE_INACTIVE as i64 } else { 0 };
    cpu.add(page.mapcount(), 1 - inactive, Prim::PageAddAnonRmap).await;
    if exclusive && cpu.rules().is(AnonExclusive::Yes) {
        cpu.set_page_anon_exclusive(page).await;
    }
}

/// `page_dup_rmap`: fork's increment.
pub async fn page_dup_rmap(cpu: &Cpu, page: Page) {
    cpu.add(page.mapcount(), 1, Prim::PageDupRmap).await;
}

/// `page_remove_rmap`.
pub async fn page_remove_rmap(cpu: &Cpu, page: Page) {
    cpu.add(page.mapcount(), -1, Prim::PageRemoveRmap).await;
}

/// `page_remove_rmap` where a swap entry replaces the mapping.
pub async fn page_remove_rmap_to_swap(cpu: &Cpu, page: Page) {
    let inactive = if cpu.rules().counts_inactive() { ONE_INACTIVE as i64 } else { 0 };
    cpu.add(page.mapcount(), inactive - 1, Prim::PageRemoveRmap).await;
}

/// `page_remove_rmap` after a copy. If a predicate asks for it, the copy is counted as unnecessary when no other
/// mapping and no swap entry referred to the page.
pub async fn page_remove_rmap_after_copy(cpu: &Cpu, mm: MmStruct, page: Page) {
    if !cpu.kernel().counts_copies {
        return page_remove_rmap(cpu, page).await;
    }
    let old: Value = cpu.fetch_add(page.mapcount(), -1, Prim::PageRemoveRmap).await;
    if old.bits == 1 && page.is_anon() && is_unmapped_by_pmds(cpu, page).await {
        cpu.add(mm.copies(), 1, Prim::Ghost).await;
    }
}

/// `page_try_share_anon_rmap` (v5.19; barriers from v6.1, 088b8aa537c2): gives up exclusivity unless the
/// page may be pinned. The PTE is clear and its lock held.
pub async fn page_try_share_anon_rmap(cpu: &Cpu, page: Page) -> bool {
    cpu.call("page_try_share_anon_rmap", (page,), async |cpu, (page,)| {
        let barriers = cpu.rules().is(AeBarriers::Yes);
        if barriers {
            cpu.fence(Prim::SmpMb, Safeguard::AeBarriers).await;
        }
        if cpu.page_maybe_dma_pinned(page).await && cpu.rules().keeps(Safeguard::ShareAnonPinned) {
            cpu.why(Fact::MaybePinned { page }.so(Then::StayExclusive));
            return false;
        }
        cpu.clear_page_anon_exclusive(page).await;
        if barriers {
            cpu.fence(Prim::SmpMbAfterAtomic, Safeguard::AeBarriers).await;
        }
        true
    })
    .await
}

/// `page_try_dup_anon_rmap` (v5.19): fork's way to share an anonymous page; refused for an exclusive page
/// that needs a copy because it may be pinned.
pub async fn page_try_dup_anon_rmap(cpu: &Cpu, mm: MmStruct, page: Page) -> bool {
    cpu.call("page_try_dup_anon_rmap", (mm, page), async |cpu, (mm, page)| {
        if cpu.page_anon_exclusive(page).await {
            if page_needs_cow_for_dma(cpu, mm, page).await {
                return false;
            }
            cpu.clear_page_anon_exclusive(page).await;
        }
        page_dup_rmap(cpu, page).await;
        true
    })
    .await
}

/// Whether only the caller's own mapping uses the page, according to the active and inactive references of the December
/// 2021 proposal.
pub async fn only_active_reference(cpu: &Cpu, page: Page) -> bool {
    use crate::era::ActiveRead;
    use crate::objects::ACTIVE;
    if folio_test_large(cpu, page).await {
        // The proposal says nothing of them. A huge page is never swapped here, so it has no inactive references.
        let active = page_mapcount(cpu, page).await;
        cpu.why(Fact::ActiveInactive { page, active, inactive: 0 });
        return active <= 1;
    }
    let (active, inactive) = match cpu.rules().active_read() {
        ActiveRead::OneShot => {
            let both = cpu.load(page.mapcount(), Prim::PageMapcount).await.bits;
            (both & ACTIVE, both & !ACTIVE)
        }
        ActiveRead::InactiveFirst => {
            let inactive = cpu.load_bits(page.mapcount(), !ACTIVE, Prim::PageSwapcount).await.bits;
            (cpu.page_mapcount(page).await, inactive)
        }
        ActiveRead::ActiveFirst => {
            let active = cpu.page_mapcount(page).await;
            (active, cpu.load_bits(page.mapcount(), !ACTIVE, Prim::PageSwapcount).await.bits)
        }
    };
    cpu.why(Fact::ActiveInactive { page, active, inactive: mappings(inactive).inactive });
    active <= 1 && inactive == 0
}

/// `TestClearPageLRU`: takes the page off the LRU list, and returns whether it was on one.
pub async fn test_clear_page_lru(cpu: &Cpu, page: Page) -> bool {
    cpu.fetch_clear_bits(page.flags(), pg::LRU, Prim::TestClearPageLru).await.bits & pg::LRU != 0
}

/// `page_needs_cow_for_dma`: the mm has pinned something, and this page may be it.
pub async fn page_needs_cow_for_dma(cpu: &Cpu, mm: MmStruct, page: Page) -> bool {
    if cpu.rules().is(ForkPin::Share) {
        return false;
    }
    if cpu.rules().is(HasPinned::Yes) && cpu.load(mm.has_pinned(), Prim::HasPinned).await.bits == 0 {
        return false;
    }
    cpu.page_maybe_dma_pinned(page).await
}
