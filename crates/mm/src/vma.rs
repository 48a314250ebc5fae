//! The VMAs of a range (`find_vma`, `for_each_vma_range`; `include/linux/mm.h`, v5.4 to v6.18).

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

/// Whether a range is one VMA.
pub(crate) async fn is_one_vma(cpu: &Cpu, mm: MmStruct, range: Va) -> bool {
    vmas(cpu, mm, range).await.len() == 1
}
