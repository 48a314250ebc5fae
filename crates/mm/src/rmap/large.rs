//! Mappings of large folios: by PMDs, by PTEs, and by which mms.
//!
//! Follows `mm/rmap.c`, `mm/huge_memory.c` and `include/linux/rmap.h` (v5.4 to v6.18). Every page counts the PTEs that map it, and
//! the head the PMDs. Up to v6.1 a page also counts the PMDs, once, while the folio is mapped both ways (`PageDoubleMap`).
//! From v6.15 on write faults ask whether one mm has all mappings: the sum of them is kept then, and which two mms have how many. Left
//! out: the sum in v6.10 to v6.14, where no fault asks for it.

use cowrace_machine::Prim;
use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::{AnonExclusive, DoubleMap, LargeWp, MappedShared};
use crate::folio::folio_test_large;
use crate::objects::{ACTIVE, MmIds, MmStruct, Page, pg, references};
use crate::world::PAGES;

/// `page_add_new_anon_rmap` of a huge page: its first mapping is one by a PMD. From v5.19 on the head is exclusive.
pub async fn page_add_new_anon_rmap_pmd(cpu: &Cpu, page: Page) {
    cpu.store(page.entire_mapcount(), 1, Prim::PageAddNewAnonRmap).await;
    if cpu.rules().is(AnonExclusive::Yes) {
        cpu.set_page_anon_exclusive(page).await;
    }
}

/// `page_dup_rmap` of a huge page: fork's increment.
pub async fn page_dup_rmap_pmd(cpu: &Cpu, page: Page) {
    cpu.add(page.entire_mapcount(), 1, Prim::PageDupRmap).await;
}

/// `page_remove_rmap` of a huge page: one mapping by a PMD fewer. With the last one, the pages no longer count the PMDs.
pub async fn page_remove_rmap_pmd(cpu: &Cpu, page: Page) {
    if !cpu.rules().is(DoubleMap::Counted) {
        return cpu.add(page.entire_mapcount(), -1, Prim::PageRemoveRmap).await;
    }
    let is_last = cpu.sub_and_test(page.entire_mapcount(), 1, Prim::PageRemoveRmap).await;
    if is_last
        && cpu.fetch_clear_bits(page.flags(), pg::DOUBLE_MAP, Prim::ClearDoubleMap).await.bits
            & pg::DOUBLE_MAP
            != 0
    {
        for nth in 0..PAGES as u8 {
            cpu.add(page.nth(nth).mapcount(), -1, Prim::PageRemoveRmap).await;
        }
    }
}

/// `page_remove_rmap` of a huge page after a copy of it. If a predicate asks for it, the copy is counted as unnecessary when nothing else
/// mapped any part of it.
pub async fn page_remove_rmap_pmd_after_copy(cpu: &Cpu, mm: MmStruct, page: Page) {
    page_remove_rmap_pmd(cpu, page).await;
    if !cpu.kernel().counts_copies {
        return;
    }
    let mut mapcount = 0;
    for nth in 0..PAGES as u8 {
        mapcount += cpu.load(page.nth(nth).mapcount(), Prim::Ghost).await.bits;
    }
    if mapcount == 0 && is_unmapped_by_pmds(cpu, page).await {
        cpu.add(mm.copies(), 1, Prim::Ghost).await;
    }
}

/// Whether no PMD maps the folio of a page.
pub(super) async fn is_unmapped_by_pmds(cpu: &Cpu, page: Page) -> bool {
    !cpu.kernel().geometry.has_thp() || cpu.load(page.entire_mapcount(), Prim::Ghost).await.bits == 0
}

/// `page_mapcount`: of a page of a large folio, with the mappings by PMDs.
pub async fn page_mapcount(cpu: &Cpu, page: Page) -> u64 {
    let mapcount = cpu.page_mapcount(page).await;
    if !folio_test_large(cpu, page).await {
        return mapcount;
    }
    let double = cpu.page_flag(page, pg::DOUBLE_MAP, Prim::PageFlagTest).await;
    mapcount + cpu.folio_entire_mapcount(page).await - u64::from(double)
}

/// `folio_mapcount` (`total_mapcount` up to v5.18): the mappings of all pages of a folio. From v6.15 on they are counted together; before,
/// they are added up here, one counter after the other, also in v6.10 to v6.14, which count them together in another way.
pub async fn folio_mapcount(cpu: &Cpu, page: Page) -> u64 {
    if !folio_test_large(cpu, page).await {
        return cpu.page_mapcount(page).await;
    }
    if counts_mms(cpu) {
        return cpu.load(page.large_mapcount(), Prim::PageMapcount).await.bits;
    }
    let mut mapcount = cpu.folio_entire_mapcount(page).await;
    for nth in 0..PAGES as u8 {
        mapcount += cpu.page_mapcount(page.nth(nth)).await;
    }
    let double = cpu.page_flag(page, pg::DOUBLE_MAP, Prim::PageFlagTest).await;
    if double { mapcount.saturating_sub(PAGES as u64) } else { mapcount }
}

/// Whether `MADV_FREE` takes a large folio, which a PMD or a PTE maps, for one that others map as well: `total_mapcount` or
/// `page_mapcount`, `folio_estimated_sharers`, `folio_likely_mapped_shared`, `folio_maybe_mapped_shared`.
pub async fn likely_mapped_shared(cpu: &Cpu, page: Page, by_pmd: bool) -> bool {
    if counts_mms(cpu) {
        // A single mapping is one of one mm, whatever the slots know.
        return folio_mapcount(cpu, page).await > 1 && folio_maybe_mapped_shared(cpu, page).await;
    }
    match cpu.rules().mapped_shared() {
        MappedShared::Exact if by_pmd => folio_mapcount(cpu, page).await != 1,
        MappedShared::Exact => page_mapcount(cpu, page).await != 1,
        MappedShared::FirstPage => page_mapcount(cpu, page.head()).await != 1,
        MappedShared::Likely => match folio_mapcount(cpu, page).await {
            0 | 1 => false,
            mapcount if mapcount > PAGES as u64 => true,
            _ => cpu.folio_entire_mapcount(page).await != 0 || cpu.page_mapcount(page.head()).await > 1,
        },
    }
}

/// `page_trans_huge_map_swapcount` for `reuse_swap_page` (v4.14 to v5.17): whether no page of the folio has more than one mapping. The
/// counters are read one by one, with the page locked. Left out: the swap cache.
pub async fn page_trans_huge_map_swapcount(cpu: &Cpu, page: Page) -> bool {
    cpu.call("page_trans_huge_map_swapcount", (page,), async |cpu, (page,)| {
        let mut mapcount = 0;
        for nth in 0..PAGES as u8 {
            mapcount = mapcount.max(cpu.page_mapcount(page.nth(nth)).await);
        }
        if cpu.page_flag(page, pg::DOUBLE_MAP, Prim::PageFlagTest).await {
            mapcount = mapcount.saturating_sub(1);
        }
        let mapcount = mapcount + cpu.folio_entire_mapcount(page).await;
        cpu.why(Fact::PageMapcount { page, mapcount });
        mapcount <= 1
    })
    .await
}

/// Whether the folio's mappings are counted together, and by mm.
fn counts_mms(cpu: &Cpu) -> bool {
    cpu.kernel().geometry.has_thp() && cpu.rules().is(LargeWp::MmIds)
}

/// `folio_set_large_mapcount`: the first mapping, which is one by a PMD.
pub async fn folio_set_large_mapcount(cpu: &Cpu, mm: MmStruct, page: Page) {
    if counts_mms(cpu) {
        cpu.store(page.large_mapcount(), 1, Prim::PageAddNewAnonRmap).await;
        cpu.store(page.mm_ids(), MmIds::default().add(mm, 1, 1).encode(), Prim::MmIds).await;
    }
}

/// The counters are those of a second page, and begin anew when it has become a page of its own.
pub(crate) async fn reset_large_mapcount(cpu: &Cpu, page: Page) {
    if counts_mms(cpu) {
        cpu.store(page.large_mapcount(), 0, Prim::WriteOnce).await;
        cpu.store(page.mm_ids(), 0, Prim::MmIds).await;
    }
}

/// `folio_add_large_mapcount`: more mappings in an mm.
pub async fn folio_add_large_mapcount(cpu: &Cpu, mm: MmStruct, page: Page, more: usize) {
    change(cpu, mm, page, more as i64).await;
}

/// `folio_sub_large_mapcount`: fewer mappings in an mm.
pub async fn folio_sub_large_mapcount(cpu: &Cpu, mm: MmStruct, page: Page, fewer: usize) {
    change(cpu, mm, page, -(fewer as i64)).await;
}

/// A mapping of a page by a PTE more, if it is of a large folio.
pub async fn add_pte_of_large(cpu: &Cpu, mm: MmStruct, page: Page) {
    if counts_mms(cpu) && folio_test_large(cpu, page).await {
        folio_add_large_mapcount(cpu, mm, page, 1).await;
    }
}

/// A mapping of a page by a PTE fewer, if it is of a large folio.
pub async fn remove_pte_of_large(cpu: &Cpu, mm: MmStruct, page: Page) {
    if counts_mms(cpu) && folio_test_large(cpu, page).await {
        folio_sub_large_mapcount(cpu, mm, page, 1).await;
    }
}

async fn change(cpu: &Cpu, mm: MmStruct, page: Page, by: i64) {
    if !counts_mms(cpu) {
        return;
    }
    cpu.call("folio_add_large_mapcount", (mm, page, by), async |cpu, (mm, page, by)| {
        // folio_lock_large_mapcount: a bit of the word that has the ids.
        cpu.lock(page.mm_ids(), MmIds::LOCK, Prim::LockLargeMapcount).await;
        let total = cpu.load(page.large_mapcount(), Prim::ReadOnce).await.bits.wrapping_add_signed(by);
        cpu.store(page.large_mapcount(), total, Prim::WriteOnce).await;
        let ids = MmIds::decode(cpu.load(page.mm_ids(), Prim::ReadOnce).await.bits);
        let ids = if by > 0 { ids.add(mm, by as u64, total) } else { ids.sub(mm, by.unsigned_abs(), total) };
        cpu.store(page.mm_ids(), ids.encode() | MmIds::LOCK, Prim::MmIds).await;
        cpu.unlock(page.mm_ids(), MmIds::LOCK, Prim::UnlockLargeMapcount).await;
    })
    .await;
}

/// `folio_maybe_mapped_shared` of a large folio (v6.15 and later).
async fn folio_maybe_mapped_shared(cpu: &Cpu, page: Page) -> bool {
    cpu.load_bits(page.mm_ids(), MmIds::SHARED, Prim::MmIds).await.bits != 0
}

/// `__wp_can_reuse_large_anon_folio` (1da190f4d0a6, v6.15): one mm has all mappings, more than one, and there are no other
/// references. Left out: the swap cache.
pub async fn wp_can_reuse_large_anon_folio(cpu: &Cpu, page: Page) -> bool {
    cpu.call("__wp_can_reuse_large_anon_folio", (page,), async |cpu, (page,)| {
        let mapcount = cpu.load(page.large_mapcount(), Prim::PageMapcount).await.bits & ACTIVE;
        if mapcount <= 1 {
            cpu.why(Fact::LargeMapcount { page, mapcount }.so(Then::Copy));
            return false;
        }
        if folio_maybe_mapped_shared(cpu, page).await {
            cpu.why(Fact::MaybeMappedShared { page }.so(Then::Copy));
            return false;
        }
        if !has_mappings_alone(cpu, page).await {
            return false;
        }
        cpu.lock(page.mm_ids(), MmIds::LOCK, Prim::LockLargeMapcount).await;
        let is_alone = !folio_maybe_mapped_shared(cpu, page).await && has_mappings_alone(cpu, page).await;
        cpu.unlock(page.mm_ids(), MmIds::LOCK, Prim::UnlockLargeMapcount).await;
        is_alone
    })
    .await
}

/// Whether the references of the folio are those of its mappings.
async fn has_mappings_alone(cpu: &Cpu, page: Page) -> bool {
    let mapcount = cpu.load(page.large_mapcount(), Prim::PageMapcount).await.bits;
    let count = cpu.page_count(page).await;
    let then = if mapcount == count { Then::Reuse } else { Then::Copy };
    cpu.why(Fact::LargeReferences { page, mapcount, count: references(count) }.so(then));
    mapcount == count
}
