//! GUP of a page that a PMD maps.

use cowrace_machine::Prim;
use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::{GupRead, Safeguard};
use crate::fault::FaultFlag;
use crate::gup::{Foll, can_follow_write, gup_must_unshare, gup_must_unshare_fast, try_grab_folio};
use crate::objects::{MmStruct, Page, pg};
use crate::pgtable::{Pmd, pte_dirty};
use crate::swap::put_page_refs;
use crate::world::Va;

/// `gup_huge_pmd` (`gup_fast_pmd_leaf` since v6.11): a reference on the folio, and the PMD is read again. Outer `None` if there is a
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
            cpu.why(Fact::PteChanged.so(Then::DropReference));
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

/// `follow_trans_huge_pmd` (`follow_huge_pmd` since v6.10), with the lock of the directory: the page with a reference, or the
/// fault that is needed first. Outer `None` if there is a page table.
pub async fn follow_trans_huge_pmd(
    cpu: &Cpu,
    mm: MmStruct,
    (va, range): (Va, Va),
    foll: Foll,
    write: bool,
    foll_cow: bool,
    vm_flags: u64,
) -> Option<Result<Page, FaultFlag>> {
    cpu.call(
        "follow_trans_huge_pmd",
        (mm, (va, range), foll, write, foll_cow, vm_flags),
        async |cpu, (mm, (va, range), foll, write, foll_cow, vm_flags)| {
            let wanted = if write { FaultFlag::Write } else { FaultFlag::Read };
            match cpu.pmdp_get(mm, range).await.pmd() {
                Pmd::None => return Some(Err(wanted)),
                Pmd::Table => return None,
                Pmd::Huge(_) | Pmd::Invalid(_) => {}
            }
            cpu.pmd_lock(mm, range).await;
            let pmd = cpu.pmdp_get(mm, range).await;
            let Pmd::Huge(head) = pmd.pmd() else {
                cpu.pmd_unlock(mm, range).await;
                return if pmd.pmd() == Pmd::Table { None } else { Some(Err(wanted)) };
            };
            if write && !can_follow_write(cpu, va, pmd, foll, foll_cow, vm_flags).await {
                cpu.pmd_unlock(mm, range).await;
                return Some(Err(FaultFlag::Write));
            }
            if !write && !pmd.write() && gup_must_unshare(cpu, head, foll).await {
                cpu.why(Fact::MaybeShared { page: head }.so(Then::Unshare));
                cpu.pmd_unlock(mm, range).await;
                return Some(Err(FaultFlag::Unshare));
            }
            cpu.add(head.refcount(), foll.refs() as i64, Prim::PageRefAdd).await;
            if foll.flags.write
                && !pte_dirty(cpu.arch(), pmd)
                && !cpu.page_flag(head, pg::DIRTY, Prim::PageDirty).await
            {
                cpu.set_bits(head.flags(), pg::DIRTY, Prim::SetPageDirty).await;
            }
            cpu.pmd_unlock(mm, range).await;
            Some(Ok(part(head, va, range)))
        },
    )
    .await
}
