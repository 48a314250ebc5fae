//! The names that kernels have for the functions of the model, and the files that define them.
//!
//! The model has one name for a function. A kernel may have another, or none, because the step is still (or again) part
//! of a larger function there: then the spelling is that of the larger function. If a kernel has kept an old name as a
//! wrapper, the spelling is the name that its own code calls.
//!
//! Each row was looked up in the trees on both sides of it, or in the commit, or is marked as inferred. Only anonymous memory counts, and hugetlb. Rows follow the
//! order in which trees were released: a backport from v5.11 to v5.10.4 comes before v5.11.

use super::{Era, Provenance, Release};

/// The name that a kernel has for a function of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// The kernel's name.
    pub name: &'static str,
    /// The file that defines it.
    pub file: &'static str,
    /// The release of the tree.
    pub tree: Release,
    /// The source of this row.
    pub provenance: Provenance,
}

impl Era {
    /// The name that the era's kernel has for a function of the model. `None` for a name that is not one.
    #[must_use]
    pub fn spelling(&self, function: &str) -> Option<Spelling> {
        let (_, rows) = SPELLINGS.iter().find(|(model, _)| *model == function)?;
        let row = rows.iter().rev().find(|row| row.since <= self.tree)?;
        Some(Spelling { name: row.name, file: row.file, tree: self.tree, provenance: row.provenance })
    }
}

/// A spelling, from a release on.
#[derive(Clone, Copy, Debug)]
pub struct Since {
    /// The first release that has it. v5.4 is the oldest release of an era.
    pub since: Release,
    /// The kernels' name of the function.
    pub name: &'static str,
    /// The file that defines it.
    pub file: &'static str,
    /// The source of this row.
    pub provenance: Provenance,
}

const fn read(tag: &str, name: &'static str, file: &'static str) -> Since {
    Since { since: Release::new(tag), name, file, provenance: Provenance::Read }
}

const fn inferred(tag: &str, name: &'static str, file: &'static str) -> Since {
    Since { provenance: Provenance::Inferred, ..read(tag, name, file) }
}

/// Every function of the model, in the order of [`crate::FUNCTIONS`], with its spellings, oldest first.
pub const SPELLINGS: &[(&str, &[Since])] = &[
    ("__collapse_huge_page_copy", &[read("v5.4", "__collapse_huge_page_copy", "mm/khugepaged.c")]),
    ("__collapse_huge_page_isolate", &[read("v5.4", "__collapse_huge_page_isolate", "mm/khugepaged.c")]),
    ("__collapse_huge_page_swapin", &[read("v5.4", "__collapse_huge_page_swapin", "mm/khugepaged.c")]),
    (
        "__discard_anon_folio_pmd_locked",
        &[
            inferred("v5.4", "try_to_unmap_one", "mm/rmap.c"),
            inferred("v6.11", "__discard_anon_folio_pmd_locked", "mm/huge_memory.c"),
        ],
    ),
    ("__get_user_pages", &[read("v5.4", "__get_user_pages", "mm/gup.c")]),
    ("__handle_mm_fault", &[read("v5.4", "__handle_mm_fault", "mm/memory.c")]),
    ("__remove_mapping", &[read("v5.4", "__remove_mapping", "mm/vmscan.c")]),
    (
        "__split_huge_page",
        &[
            read("v5.4", "__split_huge_page", "mm/huge_memory.c"),
            // Read in v6.17.
            inferred("v6.15", "__split_unmapped_folio", "mm/huge_memory.c"),
        ],
    ),
    ("__split_huge_pmd", &[read("v5.4", "__split_huge_pmd", "mm/huge_memory.c")]),
    ("__split_huge_pmd_locked", &[read("v5.4", "__split_huge_pmd_locked", "mm/huge_memory.c")]),
    (
        "__wp_can_reuse_large_anon_folio",
        &[
            // Up to v6.14 there is no such test.
            read("v5.4", "do_wp_page", "mm/memory.c"),
            // Read in v6.17.
            inferred("v6.15", "__wp_can_reuse_large_anon_folio", "mm/memory.c"),
        ],
    ),
    (
        "add_to_swap",
        &[read("v5.4", "add_to_swap", "mm/swap_state.c"), read("v6.15", "folio_alloc_swap", "mm/swapfile.c")],
    ),
    (
        "alloc_hugepage_vma",
        &[
            read("v5.4", "alloc_hugepage_vma", "include/linux/gfp.h"),
            // Read in v6.1 and v6.5.
            inferred("v6.0", "vma_alloc_folio", "mm/mempolicy.c"),
            inferred("v6.10", "vma_alloc_folio", "include/linux/gfp.h"),
        ],
    ),
    (
        "alloc_hugetlb_folio",
        &[
            read("v5.4", "alloc_huge_page", "mm/hugetlb.c"),
            // d0ce0e47b323; read in v6.1 and v6.12.
            inferred("v6.3", "alloc_hugetlb_folio", "mm/hugetlb.c"),
        ],
    ),
    (
        "alloc_page_vma",
        &[
            read("v5.4", "alloc_page_vma", "include/linux/gfp.h"),
            read("v6.3", "vma_alloc_folio", "mm/mempolicy.c"),
            // A macro over vma_alloc_folio_noprof.
            read("v6.10", "vma_alloc_folio", "include/linux/gfp.h"),
        ],
    ),
    (
        "blkdev_direct_IO",
        &[
            read("v5.4", "blkdev_direct_IO", "fs/block_dev.c"),
            read("v5.15", "blkdev_direct_IO", "block/fops.c"),
        ],
    ),
    ("change_huge_pmd", &[read("v5.4", "change_huge_pmd", "mm/huge_memory.c")]),
    ("change_pmd_range", &[read("v5.4", "change_pmd_range", "mm/mprotect.c")]),
    ("change_protection", &[read("v5.4", "change_protection", "mm/mprotect.c")]),
    ("change_pte_range", &[read("v5.4", "change_pte_range", "mm/mprotect.c")]),
    ("clear_refs_write", &[read("v5.4", "clear_refs_write", "fs/proc/task_mmu.c")]),
    ("clear_soft_dirty", &[read("v5.4", "clear_soft_dirty", "fs/proc/task_mmu.c")]),
    ("clear_soft_dirty_pmd", &[read("v5.4", "clear_soft_dirty_pmd", "fs/proc/task_mmu.c")]),
    ("collapse_huge_page", &[read("v5.4", "collapse_huge_page", "mm/khugepaged.c")]),
    ("copy_huge_pmd", &[read("v5.4", "copy_huge_pmd", "mm/huge_memory.c")]),
    ("copy_hugetlb_page_range", &[read("v5.4", "copy_hugetlb_page_range", "mm/hugetlb.c")]),
    (
        "copy_nonpresent_pte",
        &[
            read("v5.4", "copy_one_pte", "mm/memory.c"),
            read("v5.9-rc7", "copy_nonpresent_pte", "mm/memory.c"),
        ],
    ),
    ("copy_page_range", &[read("v5.4", "copy_page_range", "mm/memory.c")]),
    (
        "copy_present_page",
        // Before v5.9-rc7 fork copies nothing.
        &[read("v5.4", "copy_one_pte", "mm/memory.c"), read("v5.9-rc7", "copy_present_page", "mm/memory.c")],
    ),
    (
        "copy_present_pte",
        &[
            read("v5.4", "copy_one_pte", "mm/memory.c"),
            read("v5.9-rc7", "copy_present_pte", "mm/memory.c"),
            read("v6.9", "copy_present_ptes", "mm/memory.c"),
        ],
    ),
    (
        "copy_user_highpage",
        &[
            read("v5.4", "copy_user_highpage", "include/linux/highmem.h"),
            // In wp_page_copy; do_cow_fault and fork follow in v6.12.
            read("v6.2", "copy_mc_user_highpage", "include/linux/highmem.h"),
        ],
    ),
    ("deferred_split_scan", &[read("v5.4", "deferred_split_scan", "mm/huge_memory.c")]),
    ("delete_from_swap_cache", &[read("v5.4", "delete_from_swap_cache", "mm/swap_state.c")]),
    ("do_anonymous_page", &[read("v5.4", "do_anonymous_page", "mm/memory.c")]),
    ("do_fault", &[read("v5.4", "do_fault", "mm/memory.c")]),
    ("do_huge_pmd_anonymous_page", &[read("v5.4", "do_huge_pmd_anonymous_page", "mm/huge_memory.c")]),
    ("do_huge_pmd_wp_page", &[read("v5.4", "do_huge_pmd_wp_page", "mm/huge_memory.c")]),
    ("do_madvise", &[read("v5.4", "madvise", "mm/madvise.c"), read("v5.7", "do_madvise", "mm/madvise.c")]),
    (
        // do_munmap itself is for callers inside the kernel, and does not downgrade the lock.
        "do_munmap",
        &[
            read("v5.4", "__do_munmap", "mm/mmap.c"),
            read("v6.1", "do_mas_munmap", "mm/mmap.c"),
            read("v6.3", "do_vmi_munmap", "mm/mmap.c"),
            read("v6.12", "do_vmi_munmap", "mm/vma.c"),
        ],
    ),
    ("do_swap_page", &[read("v5.4", "do_swap_page", "mm/memory.c")]),
    ("do_user_addr_fault", &[read("v5.4", "do_user_addr_fault", "arch/x86/mm/fault.c")]),
    ("do_wp_page", &[read("v5.4", "do_wp_page", "mm/memory.c")]),
    ("dup_mmap", &[read("v5.4", "dup_mmap", "kernel/fork.c")]),
    ("exit_mm", &[read("v5.4", "exit_mm", "kernel/exit.c")]),
    ("exit_mmap", &[read("v5.4", "exit_mmap", "mm/mmap.c")]),
    ("flush_tlb_batched_pending", &[read("v5.4", "flush_tlb_batched_pending", "mm/rmap.c")]),
    (
        "folio_add_large_mapcount",
        &[
            // Up to v6.14 mms are not counted.
            read("v5.4", "page_remove_rmap", "mm/rmap.c"),
            // And folio_sub_large_mapcount. Read in v6.17.
            inferred("v6.15", "folio_add_large_mapcount", "include/linux/rmap.h"),
        ],
    ),
    ("follow_page_pte", &[read("v5.4", "follow_page_pte", "mm/gup.c")]),
    (
        "follow_trans_huge_pmd",
        &[
            read("v5.4", "follow_trans_huge_pmd", "mm/huge_memory.c"),
            // Read in v6.8 and v6.12.
            inferred("v6.10", "follow_huge_pmd", "mm/gup.c"),
        ],
    ),
    (
        "free_swap_and_cache",
        &[
            read("v5.4", "free_swap_and_cache", "mm/swapfile.c"),
            read("v6.10", "free_swap_and_cache_nr", "mm/swapfile.c"),
        ],
    ),
    ("free_swap_cache", &[read("v5.4", "free_swap_cache", "mm/swap_state.c")]),
    (
        "free_unref_page",
        &[
            read("v5.4", "free_unref_page", "mm/page_alloc.c"),
            read("v6.14", "free_frozen_pages", "mm/page_alloc.c"),
        ],
    ),
    ("fuse_dev_splice_read", &[read("v5.4", "fuse_dev_splice_read", "fs/fuse/dev.c")]),
    ("fuse_direct_io", &[read("v5.4", "fuse_direct_io", "fs/fuse/file.c")]),
    ("get_task_mm", &[read("v5.4", "get_task_mm", "kernel/fork.c")]),
    (
        "gup_huge_pmd",
        &[
            read("v5.4", "gup_huge_pmd", "mm/gup.c"),
            // Read in v6.8 and v6.12.
            inferred("v6.10", "gup_fast_pmd_leaf", "mm/gup.c"),
        ],
    ),
    (
        "gup_pte_range",
        &[read("v5.4", "gup_pte_range", "mm/gup.c"), read("v6.10", "gup_fast_pte_range", "mm/gup.c")],
    ),
    ("handle_pte_fault", &[read("v5.4", "handle_pte_fault", "mm/memory.c")]),
    ("handle_userfault", &[read("v5.4", "handle_userfault", "fs/userfaultfd.c")]),
    (
        "hpage_collapse_scan_pmd",
        &[
            read("v5.4", "khugepaged_scan_pmd", "mm/khugepaged.c"),
            read("v6.1", "hpage_collapse_scan_pmd", "mm/khugepaged.c"),
        ],
    ),
    ("huge_pmd_set_accessed", &[read("v5.4", "huge_pmd_set_accessed", "mm/huge_memory.c")]),
    ("hugetlb_change_protection", &[read("v5.4", "hugetlb_change_protection", "mm/hugetlb.c")]),
    ("hugetlb_fault", &[read("v5.4", "hugetlb_fault", "mm/hugetlb.c")]),
    ("hugetlb_no_page", &[read("v5.4", "hugetlb_no_page", "mm/hugetlb.c")]),
    (
        "hugetlb_wp",
        &[
            read("v5.4", "hugetlb_cow", "mm/hugetlb.c"),
            // c89357e27f20; read in v5.4 and v6.1.
            inferred("v5.19", "hugetlb_wp", "mm/hugetlb.c"),
        ],
    ),
    (
        "internal_get_user_pages_fast",
        &[
            read("v5.4", "get_user_pages_fast", "mm/gup.c"),
            read("v5.7", "internal_get_user_pages_fast", "mm/gup.c"),
            read("v6.10", "gup_fast_fallback", "mm/gup.c"),
        ],
    ),
    (
        "io_sqe_buffer_register",
        &[
            read("v5.4", "io_sqe_buffer_register", "fs/io_uring.c"),
            read("v6.0", "io_sqe_buffer_register", "io_uring/rsrc.c"),
        ],
    ),
    (
        // Called by __bio_iov_iter_get_pages; v6.3 already has iov_iter_extract_pages, for other callers.
        "iov_iter_extract_pages",
        &[
            read("v5.4", "iov_iter_get_pages", "lib/iov_iter.c"),
            read("v6.0", "iov_iter_get_pages2", "lib/iov_iter.c"),
            read("v6.2", "iov_iter_get_pages", "lib/iov_iter.c"),
            read("v6.5", "iov_iter_extract_pages", "lib/iov_iter.c"),
        ],
    ),
    (
        // Called from shrink_inactive_list.
        "isolate_lru_page",
        &[
            read("v5.4", "__isolate_lru_page", "mm/vmscan.c"),
            read("v5.11", "isolate_lru_pages", "mm/vmscan.c"),
            read("v6.1", "isolate_lru_folios", "mm/vmscan.c"),
        ],
    ),
    ("khugepaged_scan_mm_slot", &[read("v5.4", "khugepaged_scan_mm_slot", "mm/khugepaged.c")]),
    (
        "lockless_pages_from_mm",
        &[
            read("v5.4", "get_user_pages_fast", "mm/gup.c"),
            read("v5.7", "internal_get_user_pages_fast", "mm/gup.c"),
            // c28b1fc70390, backported with 57efa1fe5957.
            read("v5.10.4", "lockless_pages_from_mm", "mm/gup.c"),
            read("v6.10", "gup_fast", "mm/gup.c"),
        ],
    ),
    (
        "lookup_swap_cache",
        &[
            read("v5.4", "lookup_swap_cache", "mm/swap_state.c"),
            read("v6.1", "swap_cache_get_folio", "mm/swap_state.c"),
        ],
    ),
    ("lru_add_drain_all", &[read("v5.4", "lru_add_drain_all", "mm/swap.c")]),
    ("lru_add_drain_cpu", &[read("v5.4", "lru_add_drain_cpu", "mm/swap.c")]),
    (
        "lru_cache_add",
        &[read("v5.4", "lru_cache_add", "mm/swap.c"), read("v5.16", "folio_add_lru", "mm/swap.c")],
    ),
    (
        "lru_lazyfree_fn",
        &[read("v5.4", "lru_lazyfree_fn", "mm/swap.c"), read("v6.12", "lru_lazyfree", "mm/swap.c")],
    ),
    ("madvise_collapse", &[read("v6.1", "madvise_collapse", "mm/khugepaged.c")]),
    ("madvise_free_huge_pmd", &[read("v5.4", "madvise_free_huge_pmd", "mm/huge_memory.c")]),
    ("madvise_free_pte_range", &[read("v5.4", "madvise_free_pte_range", "mm/madvise.c")]),
    ("madvise_pageout", &[read("v5.4", "madvise_pageout", "mm/madvise.c")]),
    (
        "mark_page_lazyfree",
        &[read("v5.4", "mark_page_lazyfree", "mm/swap.c"), read("v6.3", "folio_mark_lazyfree", "mm/swap.c")],
    ),
    ("migration_entry_wait", &[read("v5.4", "migration_entry_wait", "mm/migrate.c")]),
    ("move_huge_pmd", &[read("v5.4", "move_huge_pmd", "mm/huge_memory.c")]),
    ("move_ptes", &[read("v5.4", "move_ptes", "mm/mremap.c")]),
    ("move_vma", &[read("v5.4", "move_vma", "mm/mremap.c")]),
    ("mprotect_fixup", &[read("v5.4", "mprotect_fixup", "mm/mprotect.c")]),
    (
        // Up to v6.14 the syscall itself.
        "mremap",
        &[read("v5.4", "mremap", "mm/mremap.c"), inferred("v6.15", "do_mremap", "mm/mremap.c")],
    ),
    ("mwriteprotect_range", &[read("v5.7", "mwriteprotect_range", "mm/userfaultfd.c")]),
    ("nfs_file_direct_read", &[read("v5.4", "nfs_file_direct_read", "fs/nfs/direct.c")]),
    ("nfs_file_direct_write", &[read("v5.4", "nfs_file_direct_write", "fs/nfs/direct.c")]),
    ("p9_virtio_zc_request", &[read("v5.4", "p9_virtio_zc_request", "net/9p/trans_virtio.c")]),
    (
        "page_cache_get_speculative",
        &[
            read("v5.4", "page_cache_get_speculative", "include/linux/pagemap.h"),
            read("v5.16", "folio_try_get_rcu", "include/linux/page_ref.h"),
            read("v6.10", "folio_try_get", "include/linux/page_ref.h"),
        ],
    ),
    (
        "page_trans_huge_map_swapcount",
        &[
            read("v5.4", "page_trans_huge_map_swapcount", "mm/swapfile.c"),
            // 03104c2c5db8 removes reuse_swap_page, and this with it.
            inferred("v5.18", "do_huge_pmd_wp_page", "mm/huge_memory.c"),
        ],
    ),
    (
        "page_try_dup_anon_rmap",
        // Before v5.19 sharing cannot be refused.
        &[
            read("v5.4", "page_dup_rmap", "include/linux/rmap.h"),
            read("v5.19", "page_try_dup_anon_rmap", "include/linux/rmap.h"),
            read("v6.8", "folio_try_dup_anon_rmap_pte", "include/linux/rmap.h"),
        ],
    ),
    (
        "page_try_share_anon_rmap",
        &[
            read("v5.4", "try_to_unmap_one", "mm/rmap.c"),
            read("v5.19", "page_try_share_anon_rmap", "include/linux/rmap.h"),
            read("v6.8", "folio_try_share_anon_rmap_pte", "include/linux/rmap.h"),
        ],
    ),
    ("pagemap_read", &[read("v5.4", "pagemap_read", "fs/proc/task_mmu.c")]),
    ("pageout", &[read("v5.4", "pageout", "mm/vmscan.c")]),
    ("put_page", &[read("v5.4", "put_page", "include/linux/mm.h")]),
    (
        "read_swap_cache_async",
        &[
            read("v5.4", "read_swap_cache_async", "mm/swap_state.c"),
            // Called by swap-in; read_swap_cache_async has other callers.
            read("v6.7", "__read_swap_cache_async", "mm/swap_state.c"),
        ],
    ),
    ("remove_migration_pte", &[read("v5.4", "remove_migration_pte", "mm/migrate.c")]),
    (
        "reuse_swap_page",
        &[
            read("v5.4", "reuse_swap_page", "mm/swapfile.c"),
            // Removed; the fault itself decides.
            read("v5.18", "do_wp_page", "mm/memory.c"),
            read("v6.7", "wp_can_reuse_anon_folio", "mm/memory.c"),
        ],
    ),
    (
        "set_page_dirty_lock",
        &[
            read("v5.4", "set_page_dirty_lock", "mm/page-writeback.c"),
            // Under folio_lock, which the callers take themselves: GUP's from v5.18 on, bio's from v6.8 on.
            read("v6.8", "folio_mark_dirty", "mm/page-writeback.c"),
        ],
    ),
    ("shrink_inactive_list", &[read("v5.4", "shrink_inactive_list", "mm/vmscan.c")]),
    (
        "shrink_page_list",
        &[read("v5.4", "shrink_page_list", "mm/vmscan.c"), read("v6.1", "shrink_folio_list", "mm/vmscan.c")],
    ),
    (
        "split_huge_page_to_list",
        &[
            read("v5.4", "split_huge_page_to_list", "mm/huge_memory.c"),
            // Read in v6.12.
            inferred("v6.9", "split_huge_page_to_list_to_order", "mm/huge_memory.c"),
            // Read in v6.17.
            inferred("v6.15", "__folio_split", "mm/huge_memory.c"),
        ],
    ),
    ("tlb_remove_table_sync_one", &[inferred("v5.4", "tlb_remove_table_sync_one", "mm/mmu_gather.c")]),
    ("tls_sw_recvmsg", &[read("v5.4", "tls_sw_recvmsg", "net/tls/tls_sw.c")]),
    (
        // GUP-fast's; v6.10 keeps the name for the slow path.
        "try_grab_folio",
        &[
            read("v5.4", "try_get_compound_head", "mm/gup.c"),
            read("v5.7", "try_grab_compound_head", "mm/gup.c"),
            read("v5.18", "try_grab_folio", "mm/gup.c"),
            read("v6.10", "try_grab_folio_fast", "mm/gup.c"),
        ],
    ),
    (
        "try_to_free_swap",
        &[
            read("v5.4", "try_to_free_swap", "mm/swapfile.c"),
            read("v6.1", "folio_free_swap", "mm/swapfile.c"),
        ],
    ),
    (
        "try_to_migrate_one",
        &[
            // Up to v5.13 it is a part of it.
            read("v5.4", "try_to_unmap_one", "mm/rmap.c"),
            // Read in v5.15.
            inferred("v5.14", "try_to_migrate_one", "mm/rmap.c"),
        ],
    ),
    ("try_to_unmap_flush", &[read("v5.4", "try_to_unmap_flush", "mm/rmap.c")]),
    ("try_to_unmap_one", &[read("v5.4", "try_to_unmap_one", "mm/rmap.c")]),
    (
        "unpin_user_page",
        &[read("v5.4", "put_user_page", "include/linux/mm.h"), read("v5.7", "unpin_user_page", "mm/gup.c")],
    ),
    ("userfaultfd_writeprotect", &[read("v5.7", "userfaultfd_writeprotect", "fs/userfaultfd.c")]),
    ("vmsplice_to_pipe", &[read("v5.4", "vmsplice_to_pipe", "fs/splice.c")]),
    ("wp_page_copy", &[read("v5.4", "wp_page_copy", "mm/memory.c")]),
    ("wp_page_reuse", &[read("v5.4", "wp_page_reuse", "mm/memory.c")]),
    ("zap_huge_pmd", &[read("v5.4", "zap_huge_pmd", "mm/huge_memory.c")]),
    ("zap_pmd_range", &[read("v5.4", "zap_pmd_range", "mm/memory.c")]),
    ("zap_pte_range", &[read("v5.4", "zap_pte_range", "mm/memory.c")]),
];
