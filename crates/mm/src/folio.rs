//! Folios: which pages belong together.
//!
//! Follows `compound_head` and `folio_test_large` of `include/linux/page-flags.h` (v5.4 to v6.18). A scenario without memory that a
//! huge page may back has no large folios, and asks for none.

use cowrace_machine::{Obj, Prim};

use crate::cpu::Cpu;
use crate::objects::{Page, pg};

/// `page_folio` (`compound_head` in older kernels): the page, with the head of its folio looked up. A `struct page` can be read even when
/// its page is free: GUP-fast looks the head up before it has a reference, and validates it by taking one.
pub async fn page_folio(cpu: &Cpu, page: Page) -> Page {
    if !cpu.kernel().geometry.has_thp() || !page.is_anon() {
        return page;
    }
    match cpu.load(page.compound_head(), Prim::CompoundHead).speculative().await.bits {
        0 => page,
        head => Page { head: Obj::from_pfn(head), ..page },
    }
}

/// `folio_test_large`, of a page whose folio has been looked up.
pub async fn folio_test_large(cpu: &Cpu, page: Page) -> bool {
    cpu.kernel().geometry.has_thp() && cpu.page_flag(page, pg::HEAD, Prim::FolioTestLarge).await
}
