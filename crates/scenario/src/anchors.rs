//! Anchors: the names that a step of the model may have in a diagram.

use cowrace_machine::Prim;

use crate::diagnostic::{Diagnostic, Span};
use crate::nearest::{did_you_mean, quote};
use crate::ops::OPS;

/// Kernel functions of the model.
const FUNCTIONS: &[&str] = &[
    "add_to_swap",
    "change_pte_range",
    "clear_refs_write",
    "clear_soft_dirty",
    "copy_page_range",
    "copy_present_page",
    "copy_present_pte",
    "copy_pte_range",
    "do_anonymous_page",
    "do_cow_fault",
    "do_swap_page",
    "do_wp_page",
    "dup_mmap",
    "exit_mmap",
    "faultin_page",
    "follow_page_pte",
    "free_swap_cache",
    "gup_pte_range",
    "handle_mm_fault",
    "handle_pte_fault",
    "internal_get_user_pages_fast",
    "lru_add_drain",
    "page_try_dup_anon_rmap",
    "page_try_share_anon_rmap",
    "pageout",
    "remove_mapping",
    "reuse_swap_page",
    "shrink_page_list",
    "swap_readpage",
    "swap_writepage",
    "try_grab_page",
    "try_to_free_swap",
    "try_to_unmap",
    "try_to_unmap_one",
    "unmap_page_range",
    "wp_page_copy",
    "wp_page_reuse",
    "zap_pte_range",
];

/// Every anchor.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    let steps = OPS.iter().flat_map(|op| op.steps.iter().copied());
    steps.chain(Prim::ALL.iter().map(|p| p.name())).chain(FUNCTIONS.iter().copied())
}

/// An error if a text is no anchor.
pub(crate) fn check(name: &str, at: Span) -> Result<(), Diagnostic> {
    if names().any(|n| n == name) {
        return Ok(());
    }
    let advice = did_you_mean(name, names()).unwrap_or_else(|| {
        "an anchor is a step, a primitive or a function of the model, as `gup` or `page_count`".to_owned()
    });
    Err(Diagnostic::new(at, format!("unknown step {}", quote(name))).help(advice))
}
