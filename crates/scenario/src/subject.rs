//! What a scenario is about, as a word of a closed list: lists of scenarios are grouped by it.

use std::fmt;

/// What a scenario is about: what meets the page, or what is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// Fork, and who holds a page across it.
    Fork,
    /// Pages that somebody reads after giving them up.
    Leak,
    /// Pins to read, and pins that last.
    Pin,
    /// Soft-dirty tracking and `clear_refs`.
    SoftDirty,
    /// Reclaim, swap-out and swap-in.
    Swap,
    /// Write protection by userfaultfd.
    Uffd,
    /// TLB entries that are older than the page table.
    Tlb,
    /// `MADV_FREE`.
    MadvFree,
    /// Writes through `FOLL_FORCE`.
    FollForce,
    /// Transparent huge pages.
    Thp,
    /// Huge pages of hugetlb.
    Hugetlb,
    /// An mm or a page that goes away meanwhile.
    Lifetime,
    /// Copies and faults that are not needed.
    Copies,
    /// Kernels that were proposed and never released.
    Proposal,
}

impl Subject {
    /// All subjects, in the order in which lists are grouped.
    pub const ALL: [Self; 14] = [
        Self::Fork,
        Self::Leak,
        Self::Pin,
        Self::SoftDirty,
        Self::Swap,
        Self::Uffd,
        Self::Tlb,
        Self::MadvFree,
        Self::FollForce,
        Self::Thp,
        Self::Hugetlb,
        Self::Lifetime,
        Self::Copies,
        Self::Proposal,
    ];

    /// The word in a file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Leak => "leak",
            Self::Pin => "pin",
            Self::SoftDirty => "soft-dirty",
            Self::Swap => "swap",
            Self::Uffd => "uffd",
            Self::Tlb => "tlb",
            Self::MadvFree => "madv-free",
            Self::FollForce => "foll-force",
            Self::Thp => "thp",
            Self::Hugetlb => "hugetlb",
            Self::Lifetime => "lifetime",
            Self::Copies => "copies",
            Self::Proposal => "proposal",
        }
    }

    /// The heading of a list of such scenarios.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Fork => "Fork, and who holds a page across it",
            Self::Leak => "Pages that somebody reads after giving them up",
            Self::Pin => "Pins to read, and pins that last",
            Self::SoftDirty => "Soft-dirty tracking",
            Self::Swap => "Reclaim and swap",
            Self::Uffd => "Write protection by userfaultfd",
            Self::Tlb => "TLB entries that are older than the page table",
            Self::MadvFree => "MADV_FREE",
            Self::FollForce => "Forced writes",
            Self::Thp => "Transparent huge pages",
            Self::Hugetlb => "Huge pages of hugetlb",
            Self::Lifetime => "An mm or a page that goes away meanwhile",
            Self::Copies => "Copies and faults that are not needed",
            Self::Proposal => "Proposals that were never released",
        }
    }

    /// The subject with this word.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.name() == word)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_is_documented_and_has_its_place() {
        let language = include_str!("../../../docs/language.md");
        for subject in Subject::ALL {
            assert!(language.contains(&format!("\n| `{subject}` | ")), "{subject}");
            assert_eq!(Subject::named(subject.name()), Some(subject));
        }
        assert!(Subject::ALL.is_sorted());
    }
}
