//! What the kernel does to pages on its own account.

use super::arguments::shape;
use super::{About, Argument, Change, Syscall};

pub(super) const ROWS: &[Syscall] = &[
    Syscall {
        names: &["reclaim"],
        arguments: &[Argument::Page],
        range: true,
        change: |_| Change::Reclaims,
        marks: &["add_to_swap", "try_to_unmap", "pageout", "remove_mapping"],
        about: About {
            usage: "reclaim(A.buf)",
            form: "`reclaim(A.buf)`",
            meaning: "`shrink_page_list` of the page",
            gives: "none",
        },
        ..Syscall::of(shape!(Reclaim { target }))
    },
    Syscall {
        names: &["split_huge_page"],
        arguments: &[Argument::Page],
        range: true,
        marks: &["unmap", "freeze", "split", "remap"],
        about: About {
            usage: "split_huge_page(A.buf)",
            form: "`split_huge_page(A.buf)`",
            meaning: "`deferred_split_scan` of the folio: it is split into pages",
            gives: "none",
        },
        ..Syscall::of(shape!(SplitHugePage { target }))
    },
    Syscall {
        names: &["khugepaged_collapse"],
        arguments: &[Argument::Page],
        range: true,
        marks: &["scan", "swapin", "clear", "isolate", "copy"],
        about: About {
            usage: "khugepaged_collapse(A.buf)",
            form: "`khugepaged_collapse(A.buf)`",
            meaning: "khugepaged copies the pages of the area to a huge page",
            gives: "none",
        },
        ..Syscall::of(shape!(KhugepagedCollapse { target }))
    },
    Syscall {
        names: &["speculative_ref"],
        arguments: &[Argument::Page],
        marks: &["get", "put"],
        about: About {
            usage: "speculative_ref(A.buf)",
            form: "`speculative_ref(A.buf)`",
            meaning: "a lockless lookup",
            gives: "none",
        },
        ..Syscall::of(shape!(SpeculativeRef { target }))
    },
    Syscall {
        names: &["lru_add_drain_all"],
        about: About {
            usage: "lru_add_drain_all()",
            form: "`lru_add_drain_all()`",
            meaning: "every CPU's batch",
            gives: "none",
        },
        ..Syscall::of(shape!(LruAddDrainAll))
    },
];
