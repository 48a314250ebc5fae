//! The pages that the cases are run with.

/// A kind of page. Sizes are no matter: the model has one of transparent huge pages, and one of hugetlb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Page {
    /// A page of base size.
    Base,
    /// One that is out on swap.
    SwappedBase,
    /// A transparent huge page, mapped by a PMD.
    Thp,
    /// One that is out on swap.
    SwappedThp,
    /// A transparent huge page, mapped by PTEs.
    PteMapped,
    /// One that is out on swap.
    SwappedPteMapped,
    /// The first page of a transparent huge page, the rest of which was discarded.
    SinglePte,
    /// One that is out on swap.
    SwappedSinglePte,
    /// The first half of a transparent huge page, whose second half was moved to another address.
    PartlyMoved,
    /// A transparent huge page, whose first page was shared with a child that has exited.
    PartlyShared,
    /// A huge page of hugetlb.
    Hugetlb,
    /// The zero page.
    Zero,
    /// The huge zero page.
    HugeZero,
    /// A page of a `memfd`.
    Memfd,
    /// A page of a file.
    TmpFile,
    /// A huge page of a `memfd` of hugetlb.
    MemfdHugetlb,
}

impl Page {
    /// Anonymous memory, in the order of the program.
    pub const ANONYMOUS: [Self; 11] = [
        Self::Base,
        Self::SwappedBase,
        Self::Thp,
        Self::SwappedThp,
        Self::PteMapped,
        Self::SwappedPteMapped,
        Self::SinglePte,
        Self::SwappedSinglePte,
        Self::PartlyMoved,
        Self::PartlyShared,
        Self::Hugetlb,
    ];

    /// What is not anonymous, in the order of the program.
    pub const NOT_ANONYMOUS: [Self; 5] =
        [Self::Zero, Self::HugeZero, Self::Memfd, Self::TmpFile, Self::MemfdHugetlb];

    /// Its name, as the program prints it, without the size.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.names().0
    }

    /// Its name in those of scenarios.
    pub(super) const fn name(self) -> &'static str {
        self.names().1
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Base => ("base page", "base"),
            Self::SwappedBase => ("swapped out base page", "swapped"),
            Self::Thp => ("THP", "thp"),
            Self::SwappedThp => ("swapped-out THP", "swapped-thp"),
            Self::PteMapped => ("PTE-mapped THP", "thp-pte"),
            Self::SwappedPteMapped => ("swapped-out, PTE-mapped THP", "swapped-thp-pte"),
            Self::SinglePte => ("single PTE of THP", "thp-single-pte"),
            Self::SwappedSinglePte => ("single PTE of swapped-out THP", "swapped-thp-single-pte"),
            Self::PartlyMoved => ("partially mremap()'ed THP", "thp-partly-moved"),
            Self::PartlyShared => ("partially shared THP", "thp-partly-shared"),
            Self::Hugetlb => ("hugetlb", "hugetlb"),
            Self::Zero => ("shared zeropage", "zero-page"),
            Self::HugeZero => ("huge zeropage", "huge-zero-page"),
            Self::Memfd => ("memfd", "memfd"),
            Self::TmpFile => ("tmpfile", "tmpfile"),
            Self::MemfdHugetlb => ("memfd hugetlb", "memfd-hugetlb"),
        }
    }

    /// Why there is no scenario with it; `None` if there is one.
    #[must_use]
    pub const fn not_modelled(self) -> Option<&'static str> {
        match self {
            Self::HugeZero => Some("the huge zero page"),
            Self::MemfdHugetlb => Some("pages of hugetlb that a file has"),
            _ => None,
        }
    }
}
