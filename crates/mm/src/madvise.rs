//! madvise.
//!
//! Follows `mm/madvise.c` (read in v5.7, v5.9, v5.18, v6.1, v6.12, v6.14 and v7.2) for one page. Left out: ranges, the
//! other advice, mlock and PFN mappings.

use cowrace_machine::{Prim, mmu};
use cowrace_report::{Aim, Obstacle};

use crate::cpu::Cpu;
use crate::era::{HugetlbDontneed, MadvFreeSpares, Safeguard};
use crate::huge_memory::vma_adjust_trans_huge;
use crate::mmap::{vma_start_write, zap_page_range};
use crate::objects::{MmStruct, pg, vm};
use crate::pgtable::{Entry, Pte, pte_dirty, pte_mkclean};
use crate::swap::{lru_add_drain, lru_add_drain_to_unmap, mark_page_lazyfree};
use crate::swapfile::{free_swap_and_cache, try_to_free_swap};
use crate::tlb::{flush_tlb_batched_pending, flush_tlb_page};
use crate::vma::vmas;
use crate::vmscan::{isolate_lru_page, reclaim_page};
use crate::world::{Advice, Backing, Errno, Va};

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
                        for page in cpu.kernel().geometry.pages(va) {
                            cpu.store(mm.vm_flags(page), vm_flags, Prim::VmFlags).await;
                        }
                        if locked {
                            cpu.write_unlock(cpu.vm_lock(mm, va), Prim::VmaEndWrite).await;
                        }
                    }
                }
                cpu.mmap_write_unlock(mm).await;
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
                        Advice::Free => result = madvise_free_single_vma(cpu, mm, va).await,
                        _ => madvise_pageout(cpu, mm, va).await,
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

/// `madvise_free_single_vma`: `MADV_FREE` works only on anonymous VMAs (`vma_is_anonymous`). It does not work on a
/// private mapping of a file, even where its pages are anonymous.
async fn madvise_free_single_vma(cpu: &Cpu, mm: MmStruct, va: Va) -> Result<(), Errno> {
    if cpu.kernel().world.areas[va].backing != Backing::Anon {
        cpu.no_effect(Aim::MarkFree, Obstacle::FileMapping);
        return Err(Errno::Einval);
    }
    lru_add_drain(cpu).await;
    madvise_free_pte_range(cpu, mm, va).await;
    Ok(())
}

/// `madvise_free_pte_range`: the page may be discarded until it is written to, from the moment at which this CPU's
/// batch is drained ([`mark_page_lazyfree`]). A swap entry is freed at once.
async fn madvise_free_pte_range(cpu: &Cpu, mm: MmStruct, va: Va) {
    cpu.call("madvise_free_pte_range", (mm, va), async |cpu, (mm, va)| {
        cpu.ptl_lock(mm, va).await;
        flush_tlb_batched_pending(cpu, mm).await;
        let pte = cpu.ptep_get(mm, va).await;
        let mut flush = false;
        match pte.entry() {
            Entry::Page(page) if page.is_anon() => {
                let in_use = cpu.page_flag(page, pg::SWAPCACHE | pg::DIRTY, Prim::PageFlagTest).await;
                let mut kept = None;
                if in_use {
                    if cpu.trylock_page(page).await {
                        // A page that another mm maps, or that a swap entry needs, is not ours to discard. This is not
                        // tested for a page that is clean and not in the swap cache.
                        if cpu.page_mapcount(page).await != 1 {
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
                } else if spares_unused(cpu, pte) && cpu.page_mapcount(page).await != 1 {
                    kept = Some(Obstacle::MappedByOthers);
                }
                if let Some(why) = kept {
                    cpu.no_effect(Aim::MarkFree, why);
                } else {
                    if pte.young() || pte_dirty(cpu.arch(), pte) {
                        let old = cpu.ptep_get_and_clear(mm, va, Prim::PtepGetAndClear).await;
                        cpu.set_pte_at(mm, va, pte_mkclean(old.clear(mmu::ACCESSED))).await;
                        flush = true;
                    }
                    mark_page_lazyfree(cpu, page).await;
                }
            }
            Entry::Swap(entry) => {
                free_swap_and_cache(cpu, entry).await;
                cpu.set_pte_at(mm, va, Pte::default()).await;
            }
            Entry::Page(_) | Entry::Marker | Entry::None => {
                cpu.no_effect(Aim::MarkFree, Obstacle::NothingMapped)
            }
        }
        cpu.ptl_unlock(mm, va).await;
        if flush {
            flush_tlb_page(cpu, mm, va, Safeguard::MadvFreeFlush).await;
        }
    })
    .await
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

/// `madvise_pageout` with `madvise_cold_or_pageout_pte_range`: only a page that no other mm maps is taken off its list,
/// under the PTE lock, and is then reclaimed like any other. Left out: the PTE becomes old (up to v6.9), which has no
/// effect in the model.
async fn madvise_pageout(cpu: &Cpu, mm: MmStruct, va: Va) {
    cpu.call("madvise_pageout", (mm, va), async |cpu, (mm, va)| {
        lru_add_drain(cpu).await;
        cpu.ptl_lock(mm, va).await;
        flush_tlb_batched_pending(cpu, mm).await;
        let pte = cpu.ptep_get(mm, va).await;
        let mut isolated = None;
        if pte.present() && pte.page().is_anon() {
            let page = pte.page();
            if cpu.page_mapcount(page).await != 1 {
                cpu.no_effect(Aim::PageOut, Obstacle::MappedByOthers);
            } else if isolate_lru_page(cpu, page).await {
                isolated = Some(page);
            } else {
                cpu.no_effect(Aim::PageOut, Obstacle::NotOnLru);
            }
        } else {
            cpu.no_effect(Aim::PageOut, Obstacle::NothingMapped);
        }
        cpu.ptl_unlock(mm, va).await;
        if let Some(page) = isolated {
            reclaim_page(cpu, page).await;
        }
    })
    .await
}
