//! For any two values of a rule, the test of some function distinguishes them; the same holds for a safeguard and its
//! absence.

use std::collections::BTreeSet;

use cowrace_mm::era::settings;

use super::arms::{Apart, Told};
use super::{
    fault, fork, gup, huge_memory, hugetlb, khugepaged, large_folio, madvise, mmap, mprotect, mremap, rmap,
    swap_in, swapfile, task_mmu, tlb, user, userfaultfd, vmscan, wp,
};

/// The tests of each file.
const FILES: &[&[fn() -> Told]] = &[
    fault::ALL,
    fork::ALL,
    gup::ALL,
    huge_memory::ALL,
    hugetlb::ALL,
    khugepaged::ALL,
    large_folio::ALL,
    madvise::ALL,
    mmap::ALL,
    mprotect::ALL,
    mremap::ALL,
    rmap::ALL,
    swap_in::ALL,
    swapfile::ALL,
    task_mmu::ALL,
    tlb::ALL,
    user::ALL,
    userfaultfd::ALL,
    vmscan::ALL,
    wp::ALL,
];

#[test]
fn every_two_values_of_every_rule_are_told_apart_by_some_function() {
    let told: BTreeSet<Apart> = FILES.iter().copied().flatten().flat_map(|test| test()).collect();
    let mut all = BTreeSet::new();
    for (key, values) in settings() {
        for (nth, &one) in values.iter().enumerate() {
            all.extend(values[..nth].iter().map(|&other| Apart::of(key, one, other)));
        }
    }
    let missing: Vec<_> = all.difference(&told).collect();
    assert!(missing.is_empty(), "no test tells apart: {missing:#?}");
}
