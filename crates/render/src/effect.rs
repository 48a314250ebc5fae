//! Calls that do not do what they are for, and limits of the model, in words.

use cowrace_report::{Aim, Called, Ineffective, Limit, NoEffect, Obstacle};

/// What a call leaves undone in an execution, and why.
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
    }
}

const fn obstacle(why: Obstacle) -> &'static str {
    match why {
        Obstacle::NoVma => "nothing is there that could be mapped",
        Obstacle::NoMm => "the process has given up its memory",
        Obstacle::NotRegistered => {
            "the area is not registered for write-protection (`uffd_wp`), so the call fails with ENOENT"
        }
        Obstacle::NothingMapped => "there is no page for it",
        Obstacle::SameProtection => "the area has that protection",
        Obstacle::FileMapping => "the area is a mapping of a file, so the call fails with EINVAL",
        Obstacle::MappedByOthers => "somebody else maps the page as well",
        Obstacle::NotOnLru => "the page is on no LRU list, but in the batch of a CPU, isolated, or free",
        Obstacle::MarkedAlready => "the page is marked already",
        Obstacle::InSwapCache => "the page is in the swap cache",
        Obstacle::MaybePinned => "the page may be pinned",
        Obstacle::PageLocked => "the page is locked",
    }
}

/// A line of a call that does not do what it is for in any execution.
#[must_use]
pub fn ineffective(Ineffective { called, aim, reasons }: &Ineffective) -> String {
    let reasons: Vec<_> = reasons.iter().map(|&why| obstacle(why)).collect();
    let (Called { call, actor }, undone) = (called, undone(*aim));
    format!("`{call}` of {actor} {undone} in any execution: {}", reasons.join("; or "))
}

/// A limit that was reached, in words.
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
            "`madvise(buf, MADV_PAGEOUT)` of t1 pages nothing out in any execution: there is no page for it; or somebody \
             else maps the page as well"
        );
    }
}
