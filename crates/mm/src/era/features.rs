//! What user space can ask of some kernels and not of others.

use super::{Provenance, Release};

/// Something that user space can ask for, from some release on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    /// What user space calls it.
    pub name: &'static str,
    /// The release that brought it.
    pub since: Release,
    /// The commit that brought it.
    pub commit: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Where this is known from.
    pub provenance: Provenance,
}

/// Writing 4 to `/proc/PID/clear_refs`, and bit 55 of pagemap.
pub(crate) const SOFT_DIRTY: Feature = Feature {
    name: "soft-dirty tracking",
    since: Release::new("v3.11"),
    commit: "0f8975ec4db2",
    title: "mm: soft-dirty bits for user memory changes tracking",
    provenance: Provenance::Inferred,
};
pub(crate) const MADV_FREE: Feature = Feature {
    name: "MADV_FREE",
    since: Release::new("v4.5"),
    commit: "854e9ed09ded",
    title: "mm: support madvise(MADV_FREE)",
    provenance: Provenance::Inferred,
};
pub(crate) const KTLS_RECEIVE: Feature = Feature {
    name: "recvmsg() of kTLS",
    since: Release::new("v4.17"),
    commit: "c46234ebb4d1",
    title: "tls: RX path for ktls",
    provenance: Provenance::Inferred,
};
pub(crate) const REGISTERED_BUFFERS: Feature = Feature {
    name: "io_uring_register()",
    since: Release::new("v5.1"),
    commit: "edafccee56ff",
    title: "io_uring: add support for pre-mapped user IO buffers",
    provenance: Provenance::Inferred,
};
pub(crate) const MADV_PAGEOUT: Feature = Feature {
    name: "MADV_PAGEOUT",
    since: Release::new("v5.4"),
    commit: "1a4e58cce84e",
    title: "mm: introduce MADV_PAGEOUT",
    provenance: Provenance::Inferred,
};
/// Not in a tree of v5.4.188.
pub(crate) const UFFD_WP: Feature = Feature {
    name: "UFFDIO_WRITEPROTECT",
    since: Release::new("v5.7"),
    commit: "ffd05793963a",
    title: "userfaultfd: wp: support write protection for userfault vma range",
    provenance: Provenance::Read,
};
/// Not in a tree of v5.19, but in one of v6.1.172.
pub(crate) const MADV_COLLAPSE: Feature = Feature {
    name: "MADV_COLLAPSE",
    since: Release::new("v6.1"),
    commit: "7d8faaf15545",
    title: "mm/madvise: introduce MADV_COLLAPSE sync hugepage collapse",
    provenance: Provenance::Read,
};

/// Everything that came later than the oldest kernels that people ask for, oldest first.
pub const FEATURES: &[Feature] =
    &[SOFT_DIRTY, MADV_FREE, KTLS_RECEIVE, REGISTERED_BUFFERS, MADV_PAGEOUT, UFFD_WP, MADV_COLLAPSE];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_in_the_order_of_their_releases() {
        assert!(FEATURES.is_sorted_by_key(|feature| feature.since));
    }
}
