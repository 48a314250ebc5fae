//! References that go, and the LRU-add batches.
//!
//! Follows `mm/swap.c` (v5.7 to v6.12): `put_page`, `lru_cache_add`, `lru_add_drain`. A page in a batch
//! has a reference more and no `PG_lru`. Left out: the other batches, the lists themselves.

use cowrace_machine::{Addr, Prim};

use crate::cpu::Cpu;
use crate::layout::{PAGEVEC_SIZE, Page, pagevec, pg};
use crate::page_alloc::free_unref_page;
use crate::world::ActorId;

/// `put_page`: drops references and frees the page with the last one.
pub async fn put_page(cpu: &Cpu, page: Page) {
    put_page_refs(cpu, page, 1).await;
}

/// `put_page_refs`, `unpin_user_page`: the same for several references at once.
pub async fn put_page_refs(cpu: &Cpu, page: Page, refs: u64) {
    if cpu.sub_and_test(page.refcount(), refs, Prim::PageRefSubAndTest).await && !page.is_zero() {
        free_unref_page(cpu, page).await;
    }
}

fn lock(actor: ActorId) -> Addr {
    Addr::new(pagevec(actor), 0)
}

fn nr(actor: ActorId) -> Addr {
    Addr::new(pagevec(actor), 1)
}

fn slot(actor: ActorId, nth: u64) -> Addr {
    Addr::new(pagevec(actor), 2 + nth as u8)
}

/// `lru_cache_add`: the page goes into this CPU's batch, which takes a reference.
pub async fn lru_cache_add(cpu: &Cpu, page: Page) {
    let _frame = cpu.frame("lru_cache_add");
    let this = usize::from(cpu.actor());
    cpu.get_page(page).await;
    cpu.spin_lock(lock(this)).await;
    let count = cpu.load(nr(this), Prim::ReadOnce).await.bits;
    cpu.store(slot(this, count), page.obj.pfn(), Prim::WriteOnce).await;
    cpu.store(nr(this), count + 1, Prim::WriteOnce).await;
    let full = count + 1 == u64::from(PAGEVEC_SIZE);
    if full {
        drain(cpu, this).await;
    }
    cpu.spin_unlock(lock(this)).await;
}

/// `lru_add_drain`: this CPU's batch.
pub async fn lru_add_drain(cpu: &Cpu) {
    lru_add_drain_cpu(cpu, cpu.actor().into()).await;
}

/// `lru_add_drain_all`: every CPU's batch.
pub async fn lru_add_drain_all(cpu: &Cpu) {
    let _frame = cpu.frame("lru_add_drain_all");
    for actor in 0..cpu.kernel().world.actors.len() {
        lru_add_drain_cpu(cpu, actor).await;
    }
}

async fn lru_add_drain_cpu(cpu: &Cpu, actor: ActorId) {
    let _frame = cpu.frame("lru_add_drain_cpu");
    cpu.spin_lock(lock(actor)).await;
    drain(cpu, actor).await;
    cpu.spin_unlock(lock(actor)).await;
}

/// `__pagevec_lru_add`, with the batch held: each page gets `PG_lru` and loses the batch's reference.
async fn drain(cpu: &Cpu, actor: ActorId) {
    let count = cpu.load(nr(actor), Prim::ReadOnce).await.bits;
    if count == 0 {
        return;
    }
    cpu.store(nr(actor), 0, Prim::WriteOnce).await;
    for nth in 0..count {
        let pfn = cpu.load(slot(actor, nth), Prim::ReadOnce).await;
        let page = Page { obj: cowrace_machine::Obj::from_pfn(pfn.bits), dep: pfn.dep };
        cpu.set_bits(page.flags(), pg::LRU, Prim::SetPageLru).await;
        put_page(cpu, page).await;
    }
}
