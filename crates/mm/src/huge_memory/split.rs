//! Splits of the mapping: a PMD that maps a huge page comes to refer to a page table whose entries map its pages. The folio
//! stays as it is.
//!
//! Follows `mm/huge_memory.c` (v5.4 to v6.18).

use cowrace_machine::{Prim, Round, encode, mmu};
use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::{AnonExclusive, DoubleMap, Safeguard, ThpSplitDirty, ThpSplitLock};
use crate::migrate::migration_entry;
use crate::objects::{MmStruct, Page, pg};
use crate::pgtable::{Pmd, Pte, SOFT_DIRTY, UFFD_WP, pte_dirty, pte_mkdirty, pte_mkwrite};
use crate::rmap::{
    folio_add_large_mapcount, folio_sub_large_mapcount, page_remove_rmap_pmd, page_try_share_anon_rmap,
};
use crate::swap::put_page;
use crate::tlb::flush_tlb_page;
use crate::world::{PAGES, Va};

/// `__split_huge_pmd`. From c444eb564fb1 (v5.8) to 7f7609175ff2 (v5.18) it holds the page lock, so that the mapcounts of the pages do
/// not change while a write fault in another mm adds them up.
pub async fn split_huge_pmd(cpu: &Cpu, mm: MmStruct, range: Va) {
    cpu.call("__split_huge_pmd", (mm, range), async |cpu, (mm, range)| {
        let locked = lock_huge_page(cpu, mm, range).await;
        if let Pmd::Huge(_) = cpu.pmdp_get(mm, range).await.pmd() {
            split_huge_pmd_locked(cpu, mm, range, Freeze::No).await;
        }
        cpu.pmd_unlock(mm, range).await;
        if let Some(page) = locked {
            cpu.unlock_page(page).await;
        }
    })
    .await
}

/// Takes the lock of the directory, and of the page that the PMD maps, in kernels that do so. The page is returned if its lock is held.
async fn lock_huge_page(cpu: &Cpu, mm: MmStruct, range: Va) -> Option<Page> {
    cpu.pmd_lock(mm, range).await;
    if !cpu.rules().is(ThpSplitLock::Page) {
        return None;
    }
    cpu.rounds((mm, range), async |cpu, (mm, range)| {
        let pmd = cpu.pmdp_get(mm, range).await;
        let Pmd::Huge(page) = pmd.pmd() else { return Round::Done(None) };
        if cpu.trylock_page(page).await {
            return Round::Done(Some(page));
        }
        cpu.get_page(page).await;
        cpu.pmd_unlock(mm, range).await;
        cpu.lock_page(page).await;
        cpu.pmd_lock(mm, range).await;
        let is_same =
            cpu.pmdp_get(mm, range).await.same(pmd) || !cpu.rules().keeps(Safeguard::SplitLockPmdSame);
        if !is_same {
            cpu.unlock_page(page).await;
        }
        put_page(cpu, page).await;
        if is_same { Round::Done(Some(page)) } else { Round::Again((mm, range)) }
    })
    .await
}

/// What the entries of a split PMD are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freeze {
    /// PTEs that map the pages.
    No,
    /// Migration entries, since the folio is about to be split.
    Yes,
}
encode!(fieldless enum Freeze);

/// `__split_huge_pmd_locked`, in the order that it has since v4.16: the walker finds nothing from `pmdp_invalidate` on, so that
/// no bit is lost that it would set, and nobody sees the entries before `pmd_populate`. A pinned page stays exclusive, page by page, and is not
/// frozen. Left out: up to v6.1 the pages of a frozen folio are mapped and referenced for a moment, under both locks.
pub(crate) async fn split_huge_pmd_locked(cpu: &Cpu, mm: MmStruct, range: Va, freeze: Freeze) {
    cpu.call("__split_huge_pmd_locked", (mm, range, freeze), async |cpu, (mm, range, freeze)| {
        let rules = cpu.rules();
        let pmd = pmdp_invalidate(cpu, mm, range).await;
        flush_tlb_page(cpu, mm, range, Safeguard::SplitPmdFlush).await;
        let page = pmd.page();
        if pte_dirty(cpu.arch(), pmd) {
            cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
        }
        let exclusive = rules.is(AnonExclusive::Yes) && cpu.page_anon_exclusive(page).await;
        if freeze == Freeze::Yes && (!exclusive || page_try_share_anon_rmap(cpu, page).await) {
            for (nth, va) in (0..).zip(cpu.kernel().geometry.pages(range)) {
                let pte = entry(cpu, pmd, page.nth(nth));
                cpu.set_pte_at(mm, va, migration_entry(cpu, pte, exclusive)).await;
            }
            folio_sub_large_mapcount(cpu, mm, page, 1).await;
            page_remove_rmap_pmd(cpu, page).await;
            cpu.page_ref_sub(page, 1).await;
            cpu.fence(Prim::SmpWmb, Safeguard::SplitPmdWmb).await;
            return cpu.store(mm.pmd(range), Pte::table(), Prim::PmdPopulate).await;
        }
        cpu.add(page.refcount(), PAGES as i64 - 1, Prim::PageRefAdd).await;
        folio_add_large_mapcount(cpu, mm, page, PAGES).await;
        for (nth, va) in (0..).zip(cpu.kernel().geometry.pages(range)) {
            let part = page.nth(nth);
            if exclusive && nth > 0 {
                cpu.set_page_anon_exclusive(part).await;
            }
            cpu.set_pte_at(mm, va, entry(cpu, pmd, part)).await;
            cpu.add(part.mapcount(), 1, Prim::PageAddAnonRmap).await;
        }
        if rules.is(DoubleMap::Counted) {
            set_double_map(cpu, page).await;
        }
        folio_sub_large_mapcount(cpu, mm, page, 1).await;
        page_remove_rmap_pmd(cpu, page).await;
        cpu.fence(Prim::SmpWmb, Safeguard::SplitPmdWmb).await;
        cpu.store(mm.pmd(range), Pte::table(), Prim::PmdPopulate).await;
    })
    .await
}

/// `pmdp_invalidate` without its flush: an exchange, since d52605d7cb30 (v4.16), so that no bit is lost that the walker sets after the
/// entry was read.
pub(super) async fn pmdp_invalidate(cpu: &Cpu, mm: MmStruct, range: Va) -> Pte {
    let read = cpu.pmdp_get(mm, range).await;
    cpu.xchg(mm.pmd(range), read.invalid(), Prim::PmdpInvalidate)
        .decode(|answer, dep| Pte(cowrace_machine::Value { bits: answer.value, dep }))
        .await
}

/// The entry of a page: with the rights and marks of the huge one, and, since e833bc503405 (v6.2), dirty if that was.
fn entry(cpu: &Cpu, pmd: Pte, part: Page) -> Pte {
    let mut pte = Pte::mk(part).carry(pmd, SOFT_DIRTY | UFFD_WP | mmu::ACCESSED);
    if pmd.write() {
        pte = pte_mkwrite(cpu.arch(), pte);
    }
    if cpu.rules().is(ThpSplitDirty::Pte) && pte_dirty(cpu.arch(), pmd) {
        pte = pte_mkdirty(cpu.arch(), pte).carry(pmd, SOFT_DIRTY);
    }
    pte
}

/// While other PMDs map the folio, each of its pages counts them once (`PageDoubleMap`, up to v6.1), until the last of them goes.
async fn set_double_map(cpu: &Cpu, page: Page) {
    if cpu.folio_entire_mapcount(page).await > 1
        && cpu.fetch_set_bits(page.flags(), pg::DOUBLE_MAP, Prim::SetDoubleMap).await.bits & pg::DOUBLE_MAP
            == 0
    {
        for nth in 0..PAGES as u8 {
            cpu.add(page.nth(nth).mapcount(), 1, Prim::PageAddAnonRmap).await;
        }
    }
}

/// `vma_adjust_trans_huge`: a change of a part of a VMA splits the VMA, and the PMD across the new boundary first.
pub async fn vma_adjust_trans_huge(cpu: &Cpu, mm: MmStruct, va: Va) {
    let Some(range) = cpu.kernel().geometry.range(va).filter(|range| *range != va) else { return };
    if matches!(cpu.pmdp_get(mm, range).await.pmd(), Pmd::Huge(_) | Pmd::Invalid(_)) {
        cpu.why(Fact::HugeInPart.so(Then::SplitPmd));
        split_huge_pmd(cpu, mm, range).await;
    }
}
