//! `MADV_FREE`: reclaim may discard the memory until the next store to it.
//!
//! Follows `madvise_free_single_vma` and `madvise_free_pte_range` of `mm/madvise.c` (v5.4 to v6.18).

use std::ops::Range;

use cowrace_machine::{Prim, encode, mmu};
use cowrace_report::{Aim, Obstacle};

use super::large::{is_mapped_by_others, split_in_part};
use crate::cpu::Cpu;
use crate::era::{MadvFreeLarge, MadvFreeSpares, Safeguard};
use crate::folio::{PteBatch, folio_pte_batch, large_folio};
use crate::huge_memory::madvise_free_huge_pmd;
use crate::mmu_gather::{tlb_finish_mmu, tlb_gather_mmu};
use crate::objects::{MmStruct, Page, pg};
use crate::pgtable::{Entry, Pmd, Pte, UFFD_WP, pte_dirty, pte_mkclean};
use crate::swap::{lru_add_drain, mark_page_lazyfree};
use crate::swapfile::{free_swap_and_cache, try_to_free_swap};
use crate::tlb::flush_tlb_batched_pending;
use crate::world::{Backing, Errno, PAGES, Va};

/// `madvise_free_single_vma`, of each VMA in turn: `MADV_FREE` works only on anonymous VMAs (`vma_is_anonymous`). It does not work on
/// a private mapping of a file, even where its pages are anonymous.
pub(super) async fn madvise_free_vmas(cpu: &Cpu, mm: MmStruct, vmas: Vec<(Va, u64)>) -> Result<(), Errno> {
    let mut effect = Err(Obstacle::NothingMapped);
    for (nth, (va, _)) in vmas.into_iter().enumerate() {
        if cpu.kernel().world.areas[va].backing != Backing::Anon {
            cpu.no_effect(Aim::MarkFree, Obstacle::FileMapping);
            return Err(Errno::Einval);
        }
        lru_add_drain(cpu).await;
        tlb_gather_mmu(cpu, mm).await;
        let freed = match cpu.kernel().geometry.range(va) {
            Some(range) => madvise_free_pmd_range(cpu, mm, va, range).await,
            None => madvise_free_pte_range(cpu, mm, va).await,
        };
        tlb_finish_mmu(cpu, mm, freed.flush.then_some((va, Safeguard::MadvFreeFlush)), []).await;
        effect = if nth == 0 { freed.effect } else { effect.or(freed.effect) };
    }
    if let Err(why) = effect {
        cpu.no_effect(Aim::MarkFree, why);
    }
    Ok(())
}

/// What has been done about entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Freed {
    /// Whether reclaim may discard their pages now; otherwise, why not.
    pub(crate) effect: Result<(), Obstacle>,
    /// An entry was changed that a TLB may have.
    pub(crate) flush: bool,
}
encode!(struct Freed { effect, flush });

impl Freed {
    /// Nothing.
    pub(crate) const fn nothing(why: Obstacle) -> Self {
        Self { effect: Err(why), flush: false }
    }

    /// What has been done about both.
    fn and(self, other: Self) -> Self {
        Self { effect: self.effect.or(other.effect), flush: self.flush | other.flush }
    }
}

/// `madvise_free_pte_range`: the page may be discarded until it is written to, from the moment at which this CPU's
/// batch is drained ([`mark_page_lazyfree`]). A swap entry is freed at once.
async fn madvise_free_pte_range(cpu: &Cpu, mm: MmStruct, va: Va) -> Freed {
    cpu.call("madvise_free_pte_range", (mm, va), async |cpu, (mm, va)| {
        cpu.ptl_lock(mm, va).await;
        flush_tlb_batched_pending(cpu, mm).await;
        let pte = cpu.ptep_get(mm, va).await;
        let freed = free_entry(cpu, mm, va, pte).await;
        cpu.ptl_unlock(mm, va).await;
        freed
    })
    .await
}

/// `madvise_free_pte_range` of a VMA that a huge page may back: the huge page as a whole, or the pages of the table. A PMD that maps a
/// huge page still has no table to go on with (`pmd_trans_unstable`; `pte_offset_map_lock`, which fails, since v6.5).
async fn madvise_free_pmd_range(cpu: &Cpu, mm: MmStruct, va: Va, range: Va) -> Freed {
    cpu.call("madvise_free_pte_range", (mm, va, range), async |cpu, (mm, va, range)| {
        let mut whole = Err(Obstacle::NothingMapped);
        if let Pmd::Huge(_) | Pmd::Invalid(_) = cpu.pmdp_get(mm, range).await.pmd() {
            whole = madvise_free_huge_pmd(cpu, mm, va, range).await;
        }
        let all = match whole {
            Err(_) if cpu.pmdp_get(mm, range).await.pmd() == Pmd::Table => {
                free_table(cpu, mm, cpu.kernel().geometry.pages(va)).await
            }
            whole => vec![whole.unwrap_or_else(Freed::nothing)],
        };
        all.into_iter().reduce(Freed::and).expect("a range has a page")
    })
    .await
}

/// The entries of a table, under its lock. A large folio is marked as a whole if entries in a row map all of it
/// (dce7d10be4bb, v6.10). Otherwise it is split, and then its pages are looked at again.
async fn free_table(cpu: &Cpu, mm: MmStruct, pages: Range<Va>) -> Vec<Freed> {
    let mut all = Vec::new();
    let mut left = pages.clone();
    cpu.ptl_lock(mm, pages.start).await;
    flush_tlb_batched_pending(cpu, mm).await;
    while !left.is_empty() {
        let pte = cpu.ptep_get(mm, left.start).await;
        let large = match pte.entry() {
            Entry::Page(page) => large_folio(cpu, page).await,
            _ => None,
        };
        let Some(page) = large else {
            all.push(free_entry(cpu, mm, left.start, pte).await);
            left.start += 1;
            continue;
        };
        let goes_whole = cpu.rules().is(MadvFreeLarge::Whole);
        let batch = match goes_whole {
            true => folio_pte_batch(cpu, mm, left.clone(), pte, UFFD_WP).await,
            false => PteBatch::of(left.start, pte),
        };
        if batch.nr == PAGES {
            all.push(free_pages(cpu, mm, batch, page).await);
        } else {
            match split_in_part(cpu, mm, left.start, page).await {
                Ok(()) => continue,
                Err(why) => all.push(Freed::nothing(why)),
            }
            // Up to v6.9 the call ends here.
            if !goes_whole {
                break;
            }
        }
        left.start += batch.nr;
    }
    cpu.ptl_unlock(mm, pages.start).await;
    all
}

/// An entry that maps no page of a large folio.
async fn free_entry(cpu: &Cpu, mm: MmStruct, va: Va, pte: Pte) -> Freed {
    match pte.entry() {
        Entry::Page(page) if page.is_anon() => free_pages(cpu, mm, PteBatch::of(va, pte), page).await,
        Entry::Swap(entry) => {
            free_swap_and_cache(cpu, entry).await;
            cpu.set_pte_at(mm, va, Pte::default()).await;
            Freed { effect: Ok(()), flush: false }
        }
        Entry::Page(_) | Entry::Migration(_) | Entry::Marker | Entry::None => {
            Freed::nothing(Obstacle::NothingMapped)
        }
    }
}

/// A page, or a large folio all of whose pages are mapped in a row.
async fn free_pages(cpu: &Cpu, mm: MmStruct, batch: PteBatch, page: Page) -> Freed {
    let in_use = cpu.page_flag(page, pg::SWAPCACHE | pg::DIRTY, Prim::PageFlagTest).await;
    let mut kept = None;
    if in_use {
        if cpu.trylock_page(page).await {
            // A page that another mm maps, or that a swap entry needs, is not ours to discard. This is not
            // tested for a page that is clean and not in the swap cache.
            if is_mapped_by_others(cpu, batch, page).await {
                kept = Some(Obstacle::MappedByOthers);
            } else if cpu.page_swap_cache(page).await && !try_to_free_swap(cpu, page).await {
                kept = Some(Obstacle::InSwapCache);
            } else {
                cpu.clear_bits(page.flags(), pg::DIRTY, Prim::ClearPageDirty).await;
            }
            cpu.unlock_page(page).await;
        } else {
            kept = Some(Obstacle::PageLocked);
        }
    } else if spares_unused(cpu, batch.pte) && is_mapped_by_others(cpu, batch, page).await {
        kept = Some(Obstacle::MappedByOthers);
    }
    if let Some(why) = kept {
        return Freed::nothing(why);
    }
    let flush = batch.pte.young() || pte_dirty(cpu.arch(), batch.pte);
    if flush {
        for va in batch.addresses() {
            let old = cpu.ptep_get_and_clear(mm, va, Prim::PtepGetAndClear).await;
            cpu.set_pte_at(mm, va, pte_mkclean(old.clear(mmu::ACCESSED))).await;
        }
    }
    Freed { effect: mark_page_lazyfree(cpu, page).await, flush }
}

/// Whether a page that is neither dirty nor in the swap cache is also left alone if another mm maps it, as in some
/// proposals.
fn spares_unused(cpu: &Cpu, pte: Pte) -> bool {
    match cpu.rules().madv_free_spares() {
        MadvFreeSpares::InUse => false,
        MadvFreeSpares::CleanPte => !pte_dirty(cpu.arch(), pte),
        MadvFreeSpares::Every => true,
    }
}
