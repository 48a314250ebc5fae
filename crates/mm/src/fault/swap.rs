//! Faults on swap entries.

use cowrace_machine::{Prim, Tail};
use cowrace_report::{Fact, Mappings, Then};

use super::missing::handle_pte_marker;
use super::vm_fault::{FaultResult, VmFault};
use super::wp::do_wp_page;
use crate::cpu::Cpu;
use crate::era::{Safeguard, SwapinRecheck, SwapinReuse, SwapinWritable, WpLruDrain};
use crate::migrate::migration_entry_wait;
use crate::objects::{ONE_INACTIVE, Page, mappings, pg, references, vm};
use crate::pgtable::{Entry, Pte, SOFT_DIRTY, UFFD_WP, pte_mkdirty, pte_wrprotect};
use crate::rmap::page_add_anon_rmap;
use crate::swap::{lru_add_drain, put_page};
use crate::swapfile::{
    lookup_swap_cache, page_swap_entry, reuse_by_mapcount, reuse_swap_page, swap_free, swapin_readahead,
    try_to_free_swap,
};

/// `do_swap_page`: the PTE holds a swap entry, a migration entry, or a marker.
pub(crate) async fn do_swap_page(cpu: &Cpu, vmf: VmFault) -> FaultResult {
    match swap_page_in(cpu, vmf).await {
        Tail::Return(result) => result,
        Tail::Call(vmf) => do_wp_page(cpu, vmf).await,
    }
}

/// `do_swap_page` up to the call of `do_wp_page` with which it may end.
async fn swap_page_in(cpu: &Cpu, vmf: VmFault) -> Tail<FaultResult, VmFault> {
    cpu.call("do_swap_page", (vmf,), async |cpu, (vmf,)| {
        let (mm, va) = (vmf.mm, vmf.va);
        let entry = match vmf.orig_pte.entry() {
            Entry::Swap(entry) => entry,
            Entry::Migration(page) => {
                cpu.why(Fact::Migration { page }.so(Then::AwaitMigration));
                migration_entry_wait(cpu, mm, va).await;
                return Tail::Return(FaultResult::Done);
            }
            _ => return Tail::Return(handle_pte_marker(cpu, vmf).await),
        };
        let found = cpu.part((entry, va), async |cpu, (entry, va)| {
            let cached = lookup_swap_cache(cpu, entry).await;
            if cached.is_some() { cached } else { swapin_readahead(cpu, entry, va).await }
        });
        let Some(page) = found.await else {
            // The actor that freed the slot holds the PTE lock until it has changed the PTE.
            cpu.why(Fact::SwapSlotFree { slot: entry.0.into() }.so(Then::TryAgain));
            cpu.ptl_lock(mm, va).await;
            cpu.ptep_get(mm, va).await;
            cpu.ptl_unlock(mm, va).await;
            return Tail::Return(FaultResult::Done);
        };
        cpu.lock_page(page).await;
        let recheck = cpu.rules().swapin_recheck();
        let stale = match recheck {
            SwapinRecheck::No => false,
            SwapinRecheck::SwapCache => !cpu.page_swap_cache(page).await,
            SwapinRecheck::Private => {
                !cpu.page_swap_cache(page).await || page_swap_entry(cpu, page).await != entry
            }
        };
        if stale {
            cpu.why(Fact::OtherSwapEntry { page }.so(Then::TryAgain));
            cpu.unlock_page(page).await;
            put_page(cpu, page).await;
            return Tail::Return(FaultResult::Done);
        }
        let rules = cpu.rules();
        let counts = matches!(rules.swapin_reuse(), SwapinReuse::Count | SwapinReuse::SwapExclusive);
        if counts && rules.is(WpLruDrain::Yes) && vmf.write() {
            drain_if_batched(cpu, page).await;
        }
        cpu.ptl_lock(mm, va).await;
        if !cpu.ptep_get(mm, va).await.same(vmf.orig_pte) && rules.keeps(Safeguard::SwapinPteSame) {
            cpu.ptl_unlock(mm, va).await;
            cpu.unlock_page(page).await;
            put_page(cpu, page).await;
            return Tail::Return(FaultResult::Done);
        }
        if cpu.kernel().geometry.range(va).is_some() {
            // __page_set_anon_rmap: the slot may have been that of another page when the swap cache was filled. Left out for other memory.
            cpu.store(page.index(), va as u64, Prim::WriteOnce).await;
        }
        let mut pte = Pte::mk(page).carry(vmf.orig_pte, SOFT_DIRTY | UFFD_WP);
        let mut exclusive = false;
        let mut satisfied = !vmf.write();
        if counts {
            // v5.18: our swap reference is dropped first, then the remaining ones are counted.
            exclusive = rules.is(SwapinReuse::SwapExclusive) && vmf.orig_pte.swp_exclusive();
            if exclusive && cpu.page_flag(page, pg::WRITEBACK, Prim::PageWriteback).await {
                // A device that needs stable pages may be reading it; assume that it does.
                cpu.why(Fact::Writeback { page }.so(Then::NotExclusiveYet));
                exclusive = false;
            }
            swap_free(cpu, entry).await;
            exclusive = swapin_exclusive(cpu, vmf, page, exclusive).await;
            if exclusive {
                if rules.is(SwapinWritable::Yes) {
                    // Unless a write fault is needed for another reason; do_wp_page handles a store then.
                    if vmf.vma(vm::WRITE) && !pte.uffd_wp() && pte.soft_dirty() {
                        pte = vmf.maybe_mkwrite(cpu, pte);
                        if vmf.write() {
                            pte = pte_mkdirty(cpu.arch(), pte);
                            satisfied = true;
                        }
                    }
                } else if vmf.write() {
                    pte = vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), pte));
                    satisfied = true;
                }
            }
            page_add_anon_rmap(cpu, page, exclusive).await;
            if pte.uffd_wp() {
                pte = pte_wrprotect(cpu, pte);
            }
            cpu.set_pte_at(mm, va, pte).await;
        } else {
            if vmf.write() {
                let reuse = match rules.swapin_reuse() {
                    SwapinReuse::MapCount => reuse_by_mapcount(cpu, page).await,
                    SwapinReuse::ActiveInactive => swapin_reuse_by_active(cpu, page).await,
                    _ => reuse_swap_page(cpu, page).await,
                };
                if reuse {
                    cpu.why(Fact::MappedElsewhere { page, elsewhere: false }.so(Then::MapWritable));
                    pte = vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), pte));
                    satisfied = true;
                }
            }
            if pte.uffd_wp() {
                pte = pte_wrprotect(cpu, pte);
            }
            cpu.set_pte_at(mm, va, pte).await;
            page_add_anon_rmap(cpu, page, exclusive).await;
            swap_free(cpu, entry).await;
        }
        cpu.unlock_page(page).await;
        if satisfied {
            cpu.ptl_unlock(mm, va).await;
            return Tail::Return(if vmf.write() { FaultResult::Write } else { FaultResult::Done });
        }
        // The reference of the lookup is now that of the mapping; the PTE lock is still held.
        Tail::Call(VmFault { orig_pte: pte, ..vmf })
    })
    .await
}

/// In `do_swap_page` (mm/memory.c, v5.18), before a write fault counts references: drains this CPU's batches if the page
/// may be in one of them.
async fn drain_if_batched(cpu: &Cpu, page: Page) {
    let drained = cpu.part((page,), async |cpu, (page,)| {
        if !cpu.page_flag(page, pg::LRU, Prim::PageFlagTest).await {
            lru_add_drain(cpu).await;
        }
    });
    drained.await;
}

/// In `do_swap_page` (mm/memory.c, v5.19) `should_try_to_free_swap`, and then whether the page is exclusive, because the
/// swap entry was, or because nobody else has a reference.
async fn swapin_exclusive(cpu: &Cpu, vmf: VmFault, page: Page, exclusive: bool) -> bool {
    let decided = cpu.part((vmf, page, exclusive), async |cpu, (vmf, page, exclusive)| {
        // Left out: mlock, and a swap area that is nearly full.
        if cpu.page_swap_cache(page).await && vmf.write() && cpu.page_count(page).await == 2 {
            try_to_free_swap(cpu, page).await;
        }
        let count = cpu.page_count(page).await;
        let counted = Fact::PageCount { page, count: references(count) };
        let keeps = exclusive || count == 1;
        let then = if keeps { Then::Keep } else { Then::MapReadOnly };
        cpu.why(if exclusive { Fact::SwapEntryExclusive } else { counted }.so(then));
        keeps
    });
    decided.await
}

/// The proposal's test at swap-in: our entry is the only inactive reference, and there is no active one.
async fn swapin_reuse_by_active(cpu: &Cpu, page: Page) -> bool {
    let counts = cpu.load(page.mapcount(), Prim::PageMapcount).await.bits;
    let Mappings { active, inactive } = mappings(counts);
    cpu.why(Fact::ActiveInactive { page, active, inactive });
    counts == ONE_INACTIVE
}
