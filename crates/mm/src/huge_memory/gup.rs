//! GUP of a page that a PMD maps.
//!
//! Follows `mm/gup.c` and `mm/huge_memory.c` (v5.4 to v6.18).

use cowrace_machine::{Prim, mmu};
use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::{GupRead, Safeguard};
use crate::fault::FaultFlag;
use crate::gup::{Foll, Wanted, grab_mapped, gup_must_unshare_fast, try_grab_folio};
use crate::objects::{MmStruct, Page};
use crate::pgtable::{Pmd, Pte, pte_mkdirty};
use crate::swap::put_page_refs;
use crate::world::Va;

/// `gup_huge_pmd` of `mm/gup.c` (`gup_fast_pmd_leaf` since v6.10): a reference on the folio, and the PMD is read again. Outer `None` if there is a
/// page table.
pub async fn gup_huge_pmd(cpu: &Cpu, mm: MmStruct, va: Va, range: Va, foll: Foll) -> Option<Option<Page>> {
    cpu.call("gup_huge_pmd", (mm, va, range, foll), async |cpu, (mm, va, range, foll)| {
        let rules = cpu.rules();
        let pmd = cpu.pmdp_get_lockless(mm, range).await;
        let head = match pmd.pmd() {
            Pmd::Table => return None,
            Pmd::None | Pmd::Invalid(_) => return Some(None),
            Pmd::Huge(head) => head,
        };
        let write = foll.flags.write || rules.is(GupRead::ForceWrite);
        if write && !pmd.write() {
            return Some(None);
        }
        if try_grab_folio(cpu, head, foll).await.is_none() {
            return Some(None);
        }
        let again = cpu.pmdp_get_lockless(mm, range).await;
        if !again.same(pmd) && rules.keeps(Safeguard::GupFastPmdSame) {
            cpu.why(Fact::PmdChanged.so(Then::DropReference));
            put_page_refs(cpu, head, foll.refs()).await;
            return Some(None);
        }
        if !pmd.write() && !foll.flags.write && gup_must_unshare_fast(cpu, head, foll).await {
            cpu.why(Fact::MaybeShared { page: head }.so(Then::DropAndUnshare));
            put_page_refs(cpu, head, foll.refs()).await;
            return Some(None);
        }
        Some(Some(part(head, va, range)))
    })
    .await
}

/// The page at an address of a range.
const fn part(head: Page, va: Va, range: Va) -> Page {
    head.nth((va - range - 1) as u8)
}

/// `follow_trans_huge_pmd` of `mm/huge_memory.c` (`follow_huge_pmd` of `mm/gup.c` since v6.10), with the lock of the directory: the
/// page with a reference, or the fault that is needed first. Outer `None` if there is a page table.
pub(crate) async fn follow_trans_huge_pmd(
    cpu: &Cpu,
    mm: MmStruct,
    va: Va,
    range: Va,
    wanted: Wanted,
) -> Option<Result<Page, FaultFlag>> {
    cpu.call("follow_trans_huge_pmd", (mm, va, range, wanted), async |cpu, (mm, va, range, wanted)| {
        match cpu.pmdp_get(mm, range).await.pmd() {
            Pmd::None => return Some(Err(wanted.fault())),
            Pmd::Table => return None,
            Pmd::Huge(_) | Pmd::Invalid(_) => {}
        }
        cpu.pmd_lock(mm, range).await;
        let pmd = cpu.pmdp_get(mm, range).await;
        let found = match pmd.pmd() {
            Pmd::Huge(head) => {
                let grabbed = grab_mapped(cpu, va, pmd, head, wanted).await;
                if grabbed.is_ok() {
                    touch_pmd(cpu, mm, range, pmd, wanted.foll.flags.write).await;
                }
                Some(grabbed.map(|head| part(head, va, range)))
            }
            Pmd::Table => None,
            Pmd::None | Pmd::Invalid(_) => Some(Err(wanted.fault())),
        };
        cpu.pmd_unlock(mm, range).await;
        found
    })
    .await
}

/// `touch_pmd`: GUP makes the entry young, and to write also dirty.
async fn touch_pmd(cpu: &Cpu, mm: MmStruct, range: Va, pmd: Pte, write: bool) {
    let young = pmd.set(mmu::ACCESSED);
    let touched = if write { pte_mkdirty(cpu.arch(), young) } else { young };
    if !touched.same(pmd) {
        cpu.store(mm.pmd(range), touched, Prim::PmdpSetAccessFlags).await;
    }
}
