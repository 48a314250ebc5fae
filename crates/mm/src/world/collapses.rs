//! Whether pages become huge pages again.

use super::{Advice, Call, MmId, World};

impl World {
    /// Whether some call takes a page table away from its range, to put a huge page in its place.
    #[must_use]
    pub fn collapses(&self) -> bool {
        self.calls().any(|(_, spec)| {
            matches!(
                spec.call,
                Call::KhugepagedCollapse { .. } | Call::Madvise { advice: Advice::Collapse, .. }
            )
        })
    }

    /// Whether khugepaged scans an mm.
    #[must_use]
    pub fn is_scanned_by_khugepaged(&self, mm: MmId) -> bool {
        self.calls()
            .any(|(_, spec)| matches!(spec.call, Call::KhugepagedCollapse { target } if target.mm == mm))
    }
}
