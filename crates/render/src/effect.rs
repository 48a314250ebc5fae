//! Calls without their intended effect, and limits of the model, as text.

use cowrace_report::{Aim, Called, Ineffective, Limit, NoEffect, Obstacle};

/// The effect that a call does not have in an execution, and why.
#[must_use]
pub fn no_effect(NoEffect { aim, why }: NoEffect) -> String {
    format!("{}: {}", undone(aim), obstacle(why))
}

const fn undone(aim: Aim) -> &'static str {
    match aim {
        Aim::PageOut => "pages nothing out",
        Aim::MarkFree => "marks nothing to be freed",
        Aim::Discard => "discards nothing",
        Aim::Protect => "changes no protection",
        Aim::WriteProtect => "changes no write-protection",
        Aim::Split => "splits no folio",
        Aim::Move => "moves nothing",
        Aim::Collapse => "makes no huge page",
    }
}

const fn obstacle(why: Obstacle) -> &'static str {
    match why {
        Obstacle::NoVma => "there is no VMA",
        Obstacle::NoMm => "the process has dropped its memory",
        Obstacle::NotRegistered => {
            "the area is not registered for write-protection (`uffd_wp`), so the call fails with ENOENT"
        }
        Obstacle::NothingMapped => "no page is mapped",
        Obstacle::SameProtection => "the area already has that protection",
        Obstacle::FileMapping => "the area is a file mapping, so the call fails with EINVAL",
        Obstacle::Hugetlb => "the area is of huge pages, so the call fails with EINVAL",
        Obstacle::MappedByOthers => "another mm maps the page as well",
        Obstacle::NotOnLru => "the page is not on an LRU list, but in the batch of a CPU, isolated, or free",
        Obstacle::NeverOnLru => "the page is one of hugetlb, and those are on no LRU list",
        Obstacle::MarkedAlready => "the page is already marked",
        Obstacle::InSwapCache => "the page is in the swap cache",
        Obstacle::MaybePinned => "the page may be pinned",
        Obstacle::PageLocked => "the page is locked",
        Obstacle::NotSplit => "its folio is not split, since there are other references to it",
        Obstacle::NotLarge => "the page is not part of a large folio",
        Obstacle::TooSmall => "the area, or what the call is for, is smaller than a huge page",
        Obstacle::InUse => "somebody has a reference to the page",
        Obstacle::NothingWritable => "no entry of the page table allows writing",
        Obstacle::NothingYoung => "no page was accessed lately",
        Obstacle::WriteProtected => "userfaultfd write-protects a page",
        Obstacle::HugeAlready => "there is a huge page already",
        Obstacle::LargeFolio => "a page is part of a large folio",
        Obstacle::NotPresent => "a page is on swap, or is being migrated",
        Obstacle::NotPopulated => "a page is not populated, and userfaultfd is told of those",
    }
}

/// A line about a call that does not have its intended effect in any execution.
#[must_use]
pub fn ineffective(Ineffective { called, aim, reasons }: &Ineffective) -> String {
    let reasons: Vec<_> = reasons.iter().map(|&why| obstacle(why)).collect();
    let (Called { call, actor }, undone) = (called, undone(*aim));
    format!("`{call}` of {actor} {undone} in any execution: {}", reasons.join("; or "))
}

/// A limit that was reached, as text.
#[must_use]
pub const fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::SwapSlots => "no swap slot was free: the model has at most 255",
        Limit::FreePages => "the model's list of free pages was full, so a page was not handed out again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_without_an_effect_is_told_with_every_reason() {
        let called = Called { actor: "t1".to_owned(), call: "madvise(buf, MADV_PAGEOUT)".to_owned() };
        let reasons = [Obstacle::NothingMapped, Obstacle::MappedByOthers].into();
        assert_eq!(
            ineffective(&Ineffective { called, aim: Aim::PageOut, reasons }),
            "`madvise(buf, MADV_PAGEOUT)` of t1 pages nothing out in any execution: no page is mapped; or \
             another mm maps the page as well"
        );
    }
}
