//! What Linux has and the model has not, so that no misleading name is suggested for it.

/// What stands for something that is not modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instead {
    /// Nothing does.
    Nothing,
    /// A cell, or several.
    Write(&'static str),
    /// Something else, in words.
    Say(&'static str),
}

use Instead::{Nothing, Say, Write};

/// Operations of Linux that are known, and not modelled.
#[derive(Debug)]
pub(crate) struct Known {
    /// Everything that it is called, in small letters.
    pub(crate) names: &'static [&'static str],
    /// What it is.
    pub(crate) what: &'static str,
    /// What to write.
    pub(crate) instead: Instead,
}

const fn known(names: &'static [&'static str], what: &'static str, instead: Instead) -> Known {
    Known { names, what, instead }
}

/// All of them.
pub(crate) const KNOWN: &[Known] = &[
    known(
        &[
            "migrate",
            "migrate_pages",
            "move_pages",
            "migrate_folio",
            "migrate_page",
            "migrate_folios",
            "unmap_and_move",
            "try_to_migrate",
            "remove_migration_ptes",
            "compact_zone",
            "kcompactd",
            "alloc_contig_range",
        ],
        "page migration",
        Nothing,
    ),
    known(
        &[
            "numa_scan",
            "numa_hinting",
            "task_numa_work",
            "change_prot_numa",
            "do_numa_page",
            "numa_migrate_prep",
            "migrate_misplaced_page",
            "migrate_misplaced_folio",
        ],
        "NUMA balancing",
        Nothing,
    ),
    known(
        &["khugepaged", "pmdp_collapse_flush"],
        "collapsing base pages into a huge page",
        Say("write `khugepaged_collapse(A.buf)` in a column without an mm"),
    ),
    known(&["collapse_file"], "collapsing pages of a file into a huge page", Nothing),
    known(
        &[
            "ksm",
            "ksmd",
            "try_to_merge_one_page",
            "try_to_merge_with_ksm_page",
            "write_protect_page",
            "replace_page",
            "break_ksm",
            "unmerge_ksm_pages",
            "ksm_might_need_to_copy",
        ],
        "KSM",
        Nothing,
    ),
    known(
        &["swapoff", "try_to_unuse", "unuse_pte", "unuse_mm", "swapon"],
        "swapping a whole device in",
        Nothing,
    ),
    known(
        &["swapin_readahead", "swap_cluster_readahead", "swap_vma_readahead"],
        "swap read-ahead",
        Say(
            "the page that is asked for is read by the fault: a load `x = buf[0]` has the step `read_swap_cache_async`",
        ),
    ),
    known(
        &["mlock", "munlock", "mlock2", "mlockall", "munlockall", "mlock_vma_page", "mlock_pte_range"],
        "mlock",
        Nothing,
    ),
    known(
        &["process_vm_readv", "process_vm_rw", "process_vm_rw_single_vec"],
        "a copy out of another process",
        Write("h = pin_user_pages_remote(A.buf)`, `x = dma_read(h[0])`, `unpin_user_page(h)"),
    ),
    known(
        &["process_vm_writev"],
        "a copy into another process",
        Write("h = pin_user_pages_remote(A.buf, FOLL_WRITE)`, `dma_write(h[0], 1)`, `unpin_user_page(h)"),
    ),
    known(
        &[
            "ptrace",
            "ptrace_access_vm",
            "access_process_vm",
            "access_remote_vm",
            "__access_remote_vm",
            "poke",
            "ptrace_poke",
            "poketext",
            "pokedata",
            "mem_write",
            "mem_rw",
        ],
        "access to the memory of another process",
        Write("h = get_user_pages_remote(A.buf, FOLL_WRITE|FOLL_FORCE)`, `dma_write(h[0], 1)`, `put_page(h)"),
    ),
    known(
        &["peek", "ptrace_peek", "peektext", "peekdata", "mem_read"],
        "a look into the memory of another process",
        Write("h = get_user_pages_remote(A.buf, FOLL_FORCE)`, `x = dma_read(h[0])`, `put_page(h)"),
    ),
    known(
        &["copy_from_user", "get_user", "copy_from_iter", "strncpy_from_user"],
        "a load by the kernel through the page tables of the column's mm",
        Write("x = buf[0]"),
    ),
    known(
        &["copy_to_user", "put_user", "clear_user", "copy_to_iter"],
        "a store by the kernel through the page tables of the column's mm",
        Write("buf[0] = 1"),
    ),
    known(
        &["io_submit", "preadv", "preadv2", "pread", "readv", "aio_read"],
        "another way to call read(2)",
        Write("read(O_DIRECT, buf[0], 1)"),
    ),
    known(
        &["pwritev", "pwritev2", "pwrite", "writev", "aio_write"],
        "another way to call write(2)",
        Write("write(O_DIRECT, buf[0])"),
    ),
    known(
        &["send", "sendmsg", "sendto", "msg_zerocopy"],
        "a send without a copy",
        Write("h = get_user_pages_fast(buf)`, `x = dma_read(h[0])`, `put_page(h)"),
    ),
    known(
        &["splice", "tee", "sendfile"],
        "moving pages between pipes and files",
        Write("p = vmsplice(buf)`, `x = pipe_read(p[0])"),
    ),
    known(
        &[
            "ib_umem_get",
            "ib_reg_mr",
            "ibv_reg_mr",
            "vaddr_get_pfn",
            "vaddr_get_pfns",
            "vfio_pin_pages",
            "vfio_iommu_type1_pin_pages",
        ],
        "a pin for as long as a device has the memory",
        Write("h = pin_user_pages(buf, FOLL_WRITE|FOLL_LONGTERM)"),
    ),
    known(
        &[
            "io_uring_register_buffers",
            "io_sqe_buffers_register",
            "io_uring_setup",
            "io_uring_enter",
            "io_uring",
        ],
        "io_uring",
        Write("h = io_uring_register(buf)"),
    ),
    known(
        &["vfork", "clone", "clone3", "_do_fork", "kernel_clone", "copy_process", "copy_mm", "dup_mm"],
        "a way to fork",
        Write("C = fork()"),
    ),
    known(
        &["execve", "exec"],
        "a new program in the same process",
        Say("what is left of the old mm is as after `exit()`"),
    ),
    known(
        &[
            "kill",
            "_exit",
            "exit_group",
            "do_exit",
            "mmput",
            "oom_reaper",
            "__oom_reap_task_mm",
            "quit",
            "quits",
        ],
        "the end of a process",
        Write("exit()"),
    ),
    known(
        &["process_madvise"],
        "madvise from outside",
        Say("give it a column of its own in the mm: `madvise(buf, MADV_PAGEOUT)`"),
    ),
    known(&["pagemap_scan", "ioctl_pagemap_scan"], "PAGEMAP_SCAN", Write("s = soft_dirty(A.buf)")),
    known(
        &["uffdio_register", "userfaultfd", "userfaultfd_register"],
        "the registration of memory with userfaultfd",
        Say("memory is registered from the start: `buf: anon uffd_wp` in the header"),
    ),
    known(
        &[
            "uffdio_move",
            "uffdio_copy",
            "uffdio_zeropage",
            "uffdio_continue",
            "uffdio_poison",
            "uffdio_unregister",
            "uffdio_wake",
            "mfill_atomic",
            "move_pages_pte",
        ],
        "an ioctl of userfaultfd that is not write-protection",
        Nothing,
    ),
    known(
        &["mmap", "brk", "do_mmap", "mmap_region"],
        "new memory",
        Say("memory is there from the start: `mm A { buf: none }` in the header"),
    ),
    known(&["pkey_mprotect"], "mprotect with a key", Write("mprotect(buf, PROT_READ)")),
    known(
        &[
            "msync",
            "fsync",
            "writeback",
            "page_mkclean",
            "folio_mkclean",
            "truncate",
            "ftruncate",
            "invalidate_mapping_pages",
            "unmap_mapping_range",
            "fallocate",
            "shmem",
            "shmem_fault",
        ],
        "shared and file memory",
        Nothing,
    ),
    known(
        &[
            "mmu_notifier",
            "mmu_notifier_invalidate_range_start",
            "mmu_notifier_invalidate_range",
            "kvm_mmu_notifier_invalidate_range_start",
        ],
        "MMU notifiers",
        Nothing,
    ),
    known(&["kswapd", "swap_out", "swapout"], "reclaim", Write("reclaim(A.buf)")),
    known(
        &[
            "page_idle",
            "idle_page",
            "damon",
            "kdamond",
            "mglru",
            "lru_gen_look_around",
            "ptep_clear_young",
            "ptep_test_and_clear_young",
        ],
        "the accessed bit",
        Nothing,
    ),
];

/// What an operation is, if it is known and not modelled.
pub(crate) fn find(name: &str) -> Option<&'static Known> {
    let name = name.to_lowercase();
    KNOWN.iter().find(|known| known.names.contains(&name.as_str()))
}

/// Advice of `madvise` that is not modelled.
pub(crate) const ADVICE: &[(&str, &str, Instead)] = &[
    ("MADV_COLD", "makes a page a candidate of reclaim", Write("reclaim(A.buf)")),
    (
        "MADV_WILLNEED",
        "reads swapped pages ahead",
        Say("the nearest is a load, `x = buf[0]`, which reads the page in and maps it"),
    ),
    ("MADV_POPULATE_READ", "faults pages in for reading", Write("x = buf[0]")),
    ("MADV_POPULATE_WRITE", "faults pages in for writing", Write("buf[0] = 1")),
    (
        "MADV_DONTNEED_LOCKED",
        "is MADV_DONTNEED for memory that is locked",
        Write("madvise(buf, MADV_DONTNEED)"),
    ),
    ("MADV_WIPEONFORK", "gives a child zeroes", Nothing),
    ("MADV_KEEPONFORK", "takes MADV_WIPEONFORK back", Nothing),
    ("MADV_REMOVE", "frees shared memory", Nothing),
    (
        "MADV_HUGEPAGE",
        "asks for huge pages",
        Say("memory may have them from the start: `mm A { buf: thp_none }` in the header"),
    ),
    (
        "MADV_NOHUGEPAGE",
        "asks for base pages",
        Say("memory has them from the start: `mm A { buf: anon }` in the header"),
    ),
    ("MADV_MERGEABLE", "lets KSM merge pages", Nothing),
    ("MADV_UNMERGEABLE", "makes KSM give pages back", Nothing),
    ("MADV_HWPOISON", "poisons a page", Nothing),
    ("MADV_SOFT_OFFLINE", "migrates a page", Nothing),
];

impl Instead {
    /// What to do about it.
    pub(crate) fn help(self, name: &str) -> String {
        match self {
            Write(cells) => format!("write `{cells}` instead"),
            Say(words) => words.to_owned(),
            Nothing => format!(
                "nothing stands for it; as a remark, `[{name}]`, it can stay in the diagram, but is not checked"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowrace_mm::{FUNCTIONS, syscall};

    #[test]
    fn names_are_small_and_mean_one_thing() {
        let names: Vec<&str> = KNOWN.iter().flat_map(|known| known.names).copied().collect();
        for (i, name) in names.iter().enumerate() {
            assert_eq!(*name, name.to_lowercase());
            assert!(!names[..i].contains(name), "{name} stands there twice");
            assert!(syscall::find(name).is_none(), "{name} is modelled");
            assert!(!FUNCTIONS.contains(name), "{name} is modelled, as a step");
        }
    }
}
