//! Allocating and freeing pages.
//!
//! Follows `mm/page_alloc.c` (v5.4 to v6.18): the effects of `alloc_page` and `free_unref_page` on a page, and the fact
//! that a freed page may be allocated again by any CPU. Left out: zones, orders, per-CPU lists, failure.

use cowrace_machine::{Obj, Prim};
use cowrace_report::{Class, Detail, Limit};

use crate::cpu::Cpu;
use crate::folio::folio_test_large;
use crate::objects::{Page, kernel, pg};
use crate::world::{PAGES, Va};

/// `alloc_page_vma`: a page with one reference and zeroed words. With the environment `page_reuse` it may
/// be any page that was freed before.
pub async fn alloc_page(cpu: &Cpu) -> Page {
    cpu.call("alloc_page_vma", (), async |cpu, ()| take_page(cpu).await).await
}

/// A page with one reference and zeroed words.
pub(crate) async fn take_page(cpu: &Cpu) -> Page {
    let obj = match reusable(cpu).await {
        Some(obj) => obj,
        None => cpu.next_page(),
    };
    let page = Page::from(obj);
    cpu.alloc(obj, page.refcount().addr.word(), 1, Prim::AllocPage).await;
    page
}

/// `vma_alloc_folio` of a huge page for a range: pages that follow each other, zeroed, with one reference. None of them was in use
/// before, even with the environment `page_reuse`.
pub async fn alloc_huge_page(cpu: &Cpu, range: Va) -> Page {
    cpu.call("alloc_hugepage_vma", (range,), async |cpu, (range,)| {
        let head = Page::from(cpu.next_page());
        cpu.alloc(head.obj, head.refcount().addr.word(), 1, Prim::AllocPage).await;
        for nth in 1..PAGES as u8 {
            let tail = cpu.next_page();
            debug_assert_eq!(tail, head.nth(nth).obj, "pages follow each other");
            let word = Page::from(tail).compound_head().addr.word();
            cpu.alloc(tail, word, head.obj.pfn(), Prim::AllocPage).await;
        }
        cpu.set_bits(head.flags(), pg::UPTODATE | pg::SWAPBACKED | pg::HEAD, Prim::SetPageUptodate).await;
        cpu.store(head.index(), range as u64, Prim::WriteOnce).await;
        head
    })
    .await
}

/// Assigns a fresh page to an area: `__SetPageUptodate`, and the address under which rmap finds it.
pub async fn prepare_anon_page(cpu: &Cpu, page: Page, va: Va) {
    cpu.set_bits(page.flags(), pg::UPTODATE | pg::SWAPBACKED, Prim::SetPageUptodate).await;
    cpu.store(page.index(), va as u64, Prim::WriteOnce).await;
}

async fn reusable(cpu: &Cpu) -> Option<Obj> {
    if !cpu.kernel().world.environment.page_reuse {
        return None;
    }
    cpu.spin_lock(kernel::ZONE_LOCK).await;
    let nr = cpu.load(kernel::NR_FREE, Prim::ReadOnce).await.bits as usize;
    let mut obj = None;
    if nr > 0 {
        let pick = cpu.choose(nr as u32 + 1, Prim::AllocPage).await as usize;
        if pick < nr {
            obj = Some(Obj::from_pfn(cpu.load(kernel::free_page(pick), Prim::ReadOnce).await.bits));
            // The last page takes its place.
            let last = cpu.load(kernel::free_page(nr - 1), Prim::ReadOnce).await;
            cpu.store(kernel::free_page(pick), last, Prim::WriteOnce).await;
            cpu.store(kernel::free_page(nr - 1), 0, Prim::WriteOnce).await;
            cpu.store(kernel::NR_FREE, nr as u64 - 1, Prim::WriteOnce).await;
        }
    }
    cpu.spin_unlock(kernel::ZONE_LOCK).await;
    obj
}

/// `free_unref_page`, with the checks of `free_pages_prepare` that catch a miscount: a page that is still mapped or in
/// the swap cache is a bad page. A page that is freed while its lock is held is not reported here: a later access to it
/// is a finding.
pub async fn free_unref_page(cpu: &Cpu, page: Page) {
    cpu.call("free_unref_page", (page,), async |cpu, (page,)| {
        let mapped = cpu.page_mapcount(page).await;
        let cached = cpu.page_flag(page, pg::SWAPCACHE, Prim::PageSwapCache).await;
        if mapped != 0 || cached {
            cpu.finding(Class::Refcount, || Detail::BadPage { page: cpu.name(page) });
        }
        if folio_test_large(cpu, page).await {
            return free_large_folio(cpu, page).await;
        }
        cpu.free(page.obj, Prim::FreePage).await;
        if cpu.kernel().world.environment.page_reuse {
            cpu.spin_lock(kernel::ZONE_LOCK).await;
            let nr = cpu.load(kernel::NR_FREE, Prim::ReadOnce).await.bits as usize;
            if nr < cpu.kernel().world.free_pages() {
                cpu.store(kernel::free_page(nr), page.obj.pfn(), Prim::WriteOnce).await;
                cpu.store(kernel::NR_FREE, nr as u64 + 1, Prim::WriteOnce).await;
            } else {
                cpu.reached(Limit::FreePages);
            }
            cpu.spin_unlock(kernel::ZONE_LOCK).await;
        }
    })
    .await
}

/// `free_unref_page` of a huge page. Its pages are not allocated again, even with the environment `page_reuse`.
async fn free_large_folio(cpu: &Cpu, page: Page) {
    let mut mapped = cpu.folio_entire_mapcount(page).await;
    for nth in 1..PAGES as u8 {
        mapped += cpu.page_mapcount(page.nth(nth)).await;
    }
    if mapped != 0 {
        cpu.finding(Class::Refcount, || Detail::BadPage { page: cpu.name(page) });
    }
    for nth in (0..PAGES as u8).rev() {
        cpu.free(page.nth(nth).obj, Prim::FreePage).await;
    }
}
