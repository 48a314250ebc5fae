//! The VMAs of a range (`find_vma`, `for_each_vma_range`; `include/linux/mm.h`, v5.4 to v6.18).

use cowrace_machine::{Addr, Prim};

use crate::cpu::Cpu;
use crate::objects::MmStruct;
use crate::world::Va;

/// The VMAs of an area, each with its address and flags (0 if nothing is mapped there). That of a range that a huge page may back is
/// one, until a call changes the flags of one of its pages only; then each page has its own. VMAs whose flags are equal again have been
/// merged.
pub(crate) async fn vmas(cpu: &Cpu, mm: MmStruct, va: Va) -> Vec<(Va, u64)> {
    let mut all = Vec::new();
    for page in cpu.kernel().geometry.pages(va) {
        all.push((page, cpu.find_vma(mm, page).await));
    }
    if all.windows(2).all(|two| two[0].1 == two[1].1) {
        all.truncate(1);
        all[0].0 = va;
    }
    all
}

/// The VMAs of a range as a walk over its `anon_vma` finds them. One that has been unlinked by the exit of its mm maps nothing any more.
pub(crate) async fn vmas_of_walk(cpu: &Cpu, mm: MmStruct, range: Va) -> Vec<Va> {
    let mut all = Vec::new();
    for page in cpu.kernel().geometry.pages(range) {
        all.push((page, cpu.load(mm.vm_flags(page), Prim::FindVma).speculative().await.bits));
    }
    let is_one = all.windows(2).all(|two| two[0].1 == two[1].1);
    if is_one { vec![range] } else { all.into_iter().map(|(page, _)| page).collect() }
}

/// `anon_vma->rwsem` of a range, which is that of all ranges to which its pages may be moved.
fn anon_vma(cpu: &Cpu, range: Va) -> Addr {
    let root = cpu.kernel().anon_vmas[range].vmas().next().map_or(range, |vma| vma.va);
    MmStruct(cpu.kernel().world.areas[root].mm).directory(root).anon_vma()
}

/// `anon_vma_lock_read` of a range: a walk over the mappings of its folio. VMAs are neither split nor unlinked meanwhile.
pub(crate) async fn anon_vma_lock_read(cpu: &Cpu, range: Va) {
    cpu.read_lock(anon_vma(cpu, range), Prim::AnonVmaLockRead).await;
}

/// Its release.
pub(crate) async fn anon_vma_unlock_read(cpu: &Cpu, range: Va) {
    cpu.read_unlock(anon_vma(cpu, range), Prim::AnonVmaUnlockRead).await;
}

/// `anon_vma_lock_write` of a range: a split of its folio, or of a VMA.
pub(crate) async fn anon_vma_lock_write(cpu: &Cpu, range: Va) {
    cpu.write_lock(anon_vma(cpu, range), Prim::AnonVmaLockWrite).await;
}

/// Its release.
pub(crate) async fn anon_vma_unlock_write(cpu: &Cpu, range: Va) {
    cpu.write_unlock(anon_vma(cpu, range), Prim::AnonVmaUnlockWrite).await;
}

/// Gives the VMA at an address new flags (0: it goes). If that splits a VMA, no walk is under way (`vma_prepare`, `__vma_adjust`). Flags of
/// a whole VMA change without this lock.
pub(crate) async fn set_vm_flags(cpu: &Cpu, mm: MmStruct, va: Va, vm_flags: u64) {
    let split = cpu.kernel().geometry.range(va).filter(|range| *range != va);
    if let Some(range) = split {
        anon_vma_lock_write(cpu, range).await;
    }
    for page in cpu.kernel().geometry.pages(va) {
        cpu.store(mm.vm_flags(page), vm_flags, Prim::VmFlags).await;
    }
    if let Some(range) = split {
        anon_vma_unlock_write(cpu, range).await;
    }
}

/// Whether a range is one VMA.
pub(crate) async fn is_one_vma(cpu: &Cpu, mm: MmStruct, range: Va) -> bool {
    vmas(cpu, mm, range).await.len() == 1
}
