//! Pages come and go.
//!
//! Follows `mm/page_alloc.c` (v5.7 to v6.12): what `alloc_page` and `free_unref_page` do to a page, and
//! that a freed page may be anybody's next. Left out: zones, orders, per-CPU lists, failure.

use cowrace_machine::{Obj, Prim};
use cowrace_trace::Class;

use crate::cpu::Cpu;
use crate::objects::{Page, SPIN, kernel, pg};
use crate::world::Va;

/// `alloc_page_vma`: a page with one reference and zeroed words. With the environment `page_reuse` it may
/// be any page that was freed before.
pub async fn alloc_page(cpu: &Cpu) -> Page {
    let _frame = cpu.frame("alloc_page_vma");
    let obj = match reusable(cpu).await {
        Some(obj) => obj,
        None => cpu.next_page(),
    };
    let page = Page::from(obj);
    cpu.alloc(obj, page.refcount().addr.word(), 1, Prim::AllocPage).await;
    page
}

/// Makes a fresh page one of an area: `__SetPageUptodate` and where rmap will find it.
pub async fn prepare_anon_page(cpu: &Cpu, page: Page, va: Va) {
    cpu.set_bits(page.flags(), pg::UPTODATE | pg::SWAPBACKED, Prim::SetPageUptodate).await;
    cpu.store(page.index(), va as u64, Prim::WriteOnce).await;
}

async fn reusable(cpu: &Cpu) -> Option<Obj> {
    if !cpu.kernel().world.environment.page_reuse {
        return None;
    }
    cpu.lock(kernel::ZONE_LOCK, SPIN, Prim::SpinLock).await;
    let mut free = Vec::new();
    for slot in 0..kernel::FREE_SLOTS {
        let pfn = cpu.load(kernel::free_slot(slot), Prim::ReadOnce).await.bits;
        if pfn != 0 {
            free.push((slot, Obj::from_pfn(pfn)));
        }
    }
    let mut obj = None;
    if !free.is_empty() {
        let pick = cpu.choose(free.len() as u32 + 1, Prim::AllocPage).await as usize;
        if let Some(&(slot, page)) = free.get(pick) {
            cpu.store(kernel::free_slot(slot), 0, Prim::WriteOnce).await;
            obj = Some(page);
        }
    }
    cpu.unlock(kernel::ZONE_LOCK, SPIN, Prim::SpinUnlock).await;
    obj
}

/// `free_unref_page`, with the checks of `free_pages_prepare` that catch a miscount: a page that is still
/// mapped or in the swap cache is a bad page. A page that is freed while somebody holds its lock is left to
/// the access that gives it away.
pub async fn free_unref_page(cpu: &Cpu, page: Page) {
    let _frame = cpu.frame("free_unref_page");
    let mapped = cpu.page_mapcount(page).await;
    let cached = cpu.page_flag(page, pg::SWAPCACHE, Prim::PageSwapCache).await;
    if mapped != 0 || cached {
        let name = cpu.name(page);
        cpu.finding(Class::Refcount, || {
            format!("bad page state: {name} was freed while mapped or in the swap cache")
        });
    }
    cpu.free(page.obj, Prim::FreePage).await;
    if cpu.kernel().world.environment.page_reuse {
        cpu.lock(kernel::ZONE_LOCK, SPIN, Prim::SpinLock).await;
        for slot in 0..kernel::FREE_SLOTS {
            if cpu.load(kernel::free_slot(slot), Prim::ReadOnce).await.bits == 0 {
                cpu.store(kernel::free_slot(slot), page.obj.pfn(), Prim::WriteOnce).await;
                break;
            }
        }
        cpu.unlock(kernel::ZONE_LOCK, SPIN, Prim::SpinUnlock).await;
    }
}
