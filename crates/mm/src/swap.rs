//! Dropping references, and the batches of pages that wait for the LRU lists.
//!
//! Follows `mm/swap.c` (read in v5.7, v5.9, v5.10, v5.18, v6.1, v6.12, v6.14, v6.18 and v7.2): `put_page`,
//! `lru_cache_add`, `mark_page_lazyfree`, `lru_add_drain`. Each CPU has a batch for pages that go to a list and one for
//! pages that `MADV_FREE` was called for; a page in a batch has an additional reference, and a page that is still to be
//! added to a list has no `PG_lru`. Left out: the other batches (they only move pages from list to list), the lists
//! themselves, and the lock of the lists: up to v5.10, isolation waits for the lock while a page is moved; since
//! fc574c23558c (v5.11), and here in every era, a page has no `PG_lru` while it is moved.

use cowrace_machine::{Obj, Prim, Round};
use cowrace_report::{Fact, Obstacle, Then};

use crate::cpu::Cpu;
use crate::era::ZapLruDrain;
use crate::folio::folio_test_large;
use crate::objects::{Batch, Page, batch_lock, pg};
use crate::page_alloc::free_unref_page;
use crate::rmap::test_clear_page_lru;
use crate::world::ActorId;

/// `put_page`: drops references and frees the page with the last one.
pub async fn put_page(cpu: &Cpu, page: Page) {
    put_page_refs(cpu, page, 1).await;
}

/// `put_page_refs`, `unpin_user_page`: the same for several references at once.
pub async fn put_page_refs(cpu: &Cpu, page: Page, refs: u64) {
    if cpu.sub_and_test(page.refcount(), refs, Prim::PageRefSubAndTest).await && !page.is_zero() {
        free_unref_page(cpu, page.head()).await;
    }
}

/// `lru_cache_add`: the page goes into this CPU's batch, which takes a reference.
pub async fn lru_cache_add(cpu: &Cpu, page: Page) {
    cpu.call("lru_cache_add", (page,), async |cpu, (page,)| {
        add_to_batch(cpu, page, Batch::Add).await;
    })
    .await
}

/// `mark_page_lazyfree` (`folio_mark_lazyfree` since v6.3): the page goes into this CPU's batch, which takes a
/// reference. `MADV_FREE` takes effect when the batch is drained: until then the page is swapped out like any other. A
/// page that is on no list (such as a page in another batch) and a page in the swap cache are left alone.
pub async fn mark_page_lazyfree(cpu: &Cpu, page: Page) -> Result<(), Obstacle> {
    cpu.call("mark_page_lazyfree", (page,), async |cpu, (page,)| {
        let flags = cpu.load_bits(page.flags(), LAZYFREE | pg::LRU, Prim::PageFlagTest).await.bits;
        if flags == pg::SWAPBACKED | pg::LRU {
            add_to_batch(cpu, page.head(), Batch::Lazyfree).await;
            Ok(())
        } else if flags & pg::SWAPCACHE != 0 {
            Err(Obstacle::InSwapCache)
        } else if flags & pg::SWAPBACKED == 0 {
            Err(Obstacle::MarkedAlready)
        } else {
            Err(Obstacle::NotOnLru)
        }
    })
    .await
}

/// A page may be marked if it is swap-backed and not in the swap cache.
const LAZYFREE: u64 = pg::SWAPBACKED | pg::SWAPCACHE;

/// `folio_batch_add_and_move`, and its predecessors up to v5.19: a full batch is drained, and so is one that gets a large folio.
async fn add_to_batch(cpu: &Cpu, page: Page, batch: Batch) {
    let this = usize::from(cpu.actor());
    cpu.get_page(page).await;
    cpu.spin_lock(batch_lock(this)).await;
    let count = cpu.load(batch.nr(this), Prim::ReadOnce).await.bits;
    cpu.store(batch.page(this, count), page.obj.pfn(), Prim::WriteOnce).await;
    cpu.store(batch.nr(this), count + 1, Prim::WriteOnce).await;
    if count + 1 == u64::from(Batch::SIZE) || folio_test_large(cpu, page).await {
        move_to_lists(cpu, this, batch).await;
    }
    cpu.spin_unlock(batch_lock(this)).await;
}

/// `lru_add_drain`: drains this CPU's batches.
pub async fn lru_add_drain(cpu: &Cpu) {
    lru_add_drain_cpu(cpu, cpu.actor().into()).await;
}

/// `lru_add_drain`, as unmapping calls it before it reads a PTE: `zap_page_range` of `mm/memory.c`, `unmap_region` and
/// `exit_mmap` of `mm/mmap.c`. They no longer do so in v6.14. Up to then `free_pages_and_swap_cache` drains again after
/// the flush, and finds nothing; this is left out.
pub async fn lru_add_drain_to_unmap(cpu: &Cpu) {
    if cpu.rules().is(ZapLruDrain::Yes) {
        lru_add_drain(cpu).await;
    }
}

/// `lru_add_drain_all`: drains every CPU's batches. In the kernel a worker on each CPU drains them, all at the same
/// time; here they are drained one after the other, in any order. Those of the environment, which puts nothing into a
/// batch, come last.
pub async fn lru_add_drain_all(cpu: &Cpu) {
    cpu.call("lru_add_drain_all", (), async |cpu, ()| {
        let world = &cpu.kernel().world;
        // Those that are left, by bit.
        let all: u32 = (0..world.columns()).map(|actor| 1 << actor).sum();
        cpu.rounds(all, async |cpu, left| {
            if left == 0 {
                return Round::Done(());
            }
            let next = cpu.choose(left.count_ones(), Prim::DrainOrder).await as usize;
            let mut actors = (0..u32::BITS).filter(|actor| left & 1 << actor != 0);
            let Some(actor) = actors.nth(next) else { unreachable!("one of those that are left is chosen") };
            lru_add_drain_cpu(cpu, actor as ActorId).await;
            Round::Again(left & !(1 << actor))
        })
        .await;
        for actor in world.columns()..world.actors.len() {
            lru_add_drain_cpu(cpu, actor).await;
        }
    })
    .await
}

async fn lru_add_drain_cpu(cpu: &Cpu, actor: ActorId) {
    cpu.call("lru_add_drain_cpu", (actor,), async |cpu, (actor,)| {
        cpu.spin_lock(batch_lock(actor)).await;
        for batch in Batch::ALL {
            let moved = cpu.part((actor, batch), async |cpu, (actor, batch)| {
                move_to_lists(cpu, actor, batch).await;
            });
            moved.await;
        }
        cpu.spin_unlock(batch_lock(actor)).await;
    })
    .await
}

/// `folio_batch_move_lru` (`__pagevec_lru_add` and `pagevec_lru_move_fn` up to v5.19), with the batch held: the
/// operation of the batch is applied to each page, and then each page loses the batch's reference.
async fn move_to_lists(cpu: &Cpu, actor: ActorId, batch: Batch) {
    let count = cpu.load(batch.nr(actor), Prim::ReadOnce).await.bits;
    if count == 0 {
        return;
    }
    cpu.store(batch.nr(actor), 0, Prim::WriteOnce).await;
    let mut pages = Vec::new();
    for nth in 0..count {
        let pfn = cpu.load(batch.page(actor, nth), Prim::ReadOnce).await;
        let page = Page::new(Obj::from_pfn(pfn.bits), pfn.dep);
        match batch {
            Batch::Add => cpu.set_bits(page.flags(), pg::LRU, Prim::SetPageLru).await,
            Batch::Lazyfree => lru_lazyfree(cpu, page).await,
        }
        pages.push(page);
    }
    for page in pages {
        put_page(cpu, page).await;
    }
}

/// `lru_lazyfree` (`lru_lazyfree_fn` up to v6.11), with what `pagevec_lru_move_fn` does around it: a page that is no
/// longer on a list, since it has been isolated, stays as it was.
async fn lru_lazyfree(cpu: &Cpu, page: Page) {
    cpu.call("lru_lazyfree_fn", (page,), async |cpu, (page,)| {
        if !test_clear_page_lru(cpu, page).await {
            cpu.why(Fact::NotOnLru { page }.so(Then::Leave));
            return;
        }
        if cpu.load_bits(page.flags(), LAZYFREE, Prim::PageFlagTest).await.bits == pg::SWAPBACKED {
            cpu.clear_bits(page.flags(), pg::SWAPBACKED, Prim::ClearPageSwapBacked).await;
        }
        cpu.set_bits(page.flags(), pg::LRU, Prim::SetPageLru).await;
    })
    .await
}
