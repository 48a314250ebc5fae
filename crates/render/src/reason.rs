//! Why the model went on as it did, in one line: `page_count(X) == 2, so copy`.

use cowrace_report::{Fact, Reason, Then};

use crate::word::{page, references};

/// A reason.
#[must_use]
pub fn reason(reason: &Reason) -> String {
    let fact = fact(&reason.fact);
    match reason.then {
        Some(what) => format!("{fact}, so {}", then(what)),
        None => fact,
    }
}

fn fact(fact: &Fact) -> String {
    match fact {
        Fact::PageCount { page: of, count } => format!("page_count({}) == {}", page(of), references(*count)),
        Fact::PageMapcount { page: of, mapcount } => format!("page_mapcount({}) == {mapcount}", page(of)),
        Fact::LargeFolio { page: of } => format!("{} is of a large folio", page(of)),
        Fact::LargeMapcount { page: of, mapcount } => {
            format!("folio_large_mapcount({}) == {mapcount}", page(of))
        }
        Fact::LargeReferences { page: of, mapcount, count } => {
            let count = references(*count);
            format!("folio_large_mapcount({}) == {mapcount}, folio_ref_count == {count}", page(of))
        }
        Fact::MaybeMappedShared { page: of } => {
            format!("the folio of {} may be mapped by other mms", page(of))
        }
        Fact::Migration { page: of } => format!("there is a migration entry for {}", page(of)),
        Fact::OtherFolio { page: of } => format!("{} has left its folio", page(of)),
        Fact::PteBatch { page: of, nr } => format!("{nr} PTEs in a row map {}", page(of)),
        Fact::HugeInPart => "only a part of the huge page is concerned".to_owned(),
        Fact::MapAndSwapcount { page: of, mapcount, swapcount } => {
            let swapcount = match swapcount {
                Some(swapcount) => format!("page_swapcount == {swapcount}"),
                None => "not in the swap cache".to_owned(),
            };
            format!("page_mapcount({}) == {mapcount}, {swapcount}", page(of))
        }
        Fact::ActiveInactive { page: of, active, inactive } => {
            format!("active({}) == {active}, inactive == {inactive}", page(of))
        }
        Fact::Lazyfree { page: of, count, mapcount, dirty } => {
            let count = references(*count);
            format!("page_count({}) == {count}, page_mapcount == {mapcount}, dirty == {dirty}", page(of))
        }
        Fact::AnonExclusive { page: of, exclusive: true } => format!("PageAnonExclusive({})", page(of)),
        Fact::AnonExclusive { page: of, exclusive: false } => {
            format!("{} is not marked exclusive", page(of))
        }
        Fact::NotAnonymous { page: of } => format!("{} is not anonymous", page(of)),
        Fact::UserPage { page: of } => format!("{} is a page of user space", page(of)),
        Fact::PageLocked { page: of } => format!("{} is locked", page(of)),
        Fact::MaybePinned { page: of } => format!("{} may be pinned", page(of)),
        Fact::MaybeShared { page: of } => format!("{} may be shared", page(of)),
        Fact::MappedElsewhere { page: of, elsewhere: true } => format!("{} is mapped elsewhere", page(of)),
        Fact::MappedElsewhere { page: of, elsewhere: false } => {
            format!("{} is mapped nowhere else", page(of))
        }
        Fact::NotOnLru { page: of } => format!("{} is not on an LRU list", page(of)),
        Fact::Clean { page: of } => format!("{} is clean", page(of)),
        Fact::Writeback { page: of } => format!("{} is under writeback", page(of)),
        Fact::Copied { from, to } => format!("copy {} to {}", page(from), page(to)),
        Fact::SwapEntryExclusive => "the swap entry is exclusive".to_owned(),
        Fact::SwapSlotFree { slot } => format!("swap slot {slot} is free by now"),
        Fact::OtherSwapEntry { page: of } => {
            format!("{} is no longer the page of this swap entry", page(of))
        }
        Fact::PteChanged => "the PTE has changed".to_owned(),
        Fact::PmdChanged => "the PMD has changed".to_owned(),
        Fact::AccessRefused => "the VMA does not allow the access".to_owned(),
        Fact::UffdMarker => "userfaultfd has write-protected an unpopulated page".to_owned(),
        Fact::UffdProtected { may_wait } => {
            let may = if *may_wait { "" } else { ", and this fault may not wait" };
            format!("the page is write-protected by userfaultfd{may}")
        }
        Fact::UffdFlushPending => "a TLB flush is pending and the area is userfaultfd-wp".to_owned(),
        Fact::OtherFlushPending => "another flush is pending".to_owned(),
        Fact::FlushPutOff => "reclaim has deferred a flush of this mm".to_owned(),
        Fact::NothingGathered => "nothing was gathered".to_owned(),
        Fact::SeqcountOdd => "write_protect_seq is odd: a fork is under way".to_owned(),
        Fact::SeqcountMoved => "write_protect_seq has moved: a fork was under way".to_owned(),
        Fact::GupFastFailed => "GUP-fast gives up".to_owned(),
        Fact::TaskWithoutMm => "the task has no mm any more".to_owned(),
        Fact::MmWithoutUsers => "the mm has no user any more".to_owned(),
        Fact::NoPage => "the handle has no page".to_owned(),
        Fact::Text(text) => text.to_string(),
    }
}

const fn then(then: Then) -> &'static str {
    match then {
        Then::Copy => "copy",
        Then::CopyForChild => "the child gets a copy now",
        Then::Reuse => "reuse",
        Then::TakeAsExclusive => "it is exclusive",
        Then::NotExclusiveYet => "it is not exclusive yet",
        Then::StayExclusive => "it stays exclusive and mapped",
        Then::TakeAsShared => "assume that it is shared",
        Then::CountReferences => "count its references",
        Then::MapWritable => "map it writable",
        Then::MapReadOnly => "map it read-only",
        Then::LeaveWritable => "leave it writable",
        Then::Unshare => "unshare first",
        Then::DropAndUnshare => "drop the reference and unshare",
        Then::DropReference => "drop the reference",
        Then::DropPin => "drop the pin",
        Then::SplitPmd => "split the mapping of the huge page",
        Then::DropCopy => "throw the copy away",
        Then::Keep => "keep the page",
        Then::KeepLazyfree => "it can still be freed lazily",
        Then::Leave => "leave it",
        Then::Discard => "discard it",
        Then::PutBackAlike => "all of them get the bits of the first",
        Then::MoveAlike => "all of them are moved with the bits of the first",
        Then::TryAgain => "try again",
        Then::SlowPath => "take the slow path",
        Then::FlushFirst => "flush before looking",
        Then::FlushNow => "flush now",
        Then::FlushAll => "flush everything",
        Then::NoFlush => "nothing is flushed",
        Then::Wait => "wait for the monitor",
        Then::AwaitMigration => "wait until the page is mapped again",
        Then::Fail => "it fails",
        Then::Sigsegv => "SIGSEGV",
    }
}

#[cfg(test)]
mod tests {
    use cowrace_report::{Page, References};

    use super::*;

    #[test]
    fn a_reason_says_what_was_found_and_what_follows() {
        let page = Page::Initial { area: None };
        let counted = Fact::PageCount { page: page.clone(), count: References { plain: 2, pins: 1 } };
        assert_eq!(reason(&counted.clone().so(Then::Copy)), "page_count(X) == 2 + 1 pin, so copy");
        assert_eq!(reason(&counted.into()), "page_count(X) == 2 + 1 pin");
        let counts = Fact::MapAndSwapcount { page, mapcount: 1, swapcount: None };
        assert_eq!(reason(&counts.into()), "page_mapcount(X) == 1, not in the swap cache");
        let fails = Fact::UffdProtected { may_wait: false }.so(Then::Fail);
        assert_eq!(
            reason(&fails),
            "the page is write-protected by userfaultfd, and this fault may not wait, so it fails"
        );
    }
}
