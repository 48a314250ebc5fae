//! Whether GUP must unshare a page before it reads it: the generations of the test, and of proposals for it.

use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::GupRead;
use crate::objects::Page;
use crate::rmap::{only_active_reference, page_mapcount};
use crate::swapfile::page_swapcount;

/// The unshare test of the proposals, with the PTE lock held (`gup_must_unshare` of the 2021 series).
pub async fn must_unshare(cpu: &Cpu, page: Page) -> bool {
    match cpu.rules().gup_read() {
        GupRead::UnshareMapcount => {
            let mapcount = page_mapcount(cpu, page).await;
            cpu.why(Fact::PageMapcount { page, mapcount });
            mapcount > 1
        }
        GupRead::UnshareMapSwap => {
            // can_read_pin_swap_page of the copy-on-read tree (reconstructed from its messages): both counts are read
            // under the page lock, and the page is assumed to be shared if the trylock fails.
            if !cpu.trylock_page(page).await {
                cpu.why(Fact::PageLocked { page }.so(Then::TakeAsShared));
                return true;
            }
            let mapcount = page_mapcount(cpu, page).await;
            let swapcount =
                if cpu.page_swap_cache(page).await { Some(page_swapcount(cpu, page).await) } else { None };
            cpu.unlock_page(page).await;
            cpu.why(Fact::MapAndSwapcount { page, mapcount, swapcount });
            mapcount + swapcount.unwrap_or(0) > 1
        }
        GupRead::UnshareActiveInactive => !only_active_reference(cpu, page).await,
        GupRead::UnshareExclusive => !cpu.page_anon_exclusive(page).await,
        GupRead::Share | GupRead::ForceWrite => false,
    }
}
