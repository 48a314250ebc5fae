//! Calls that not every kernel has.
//!
//! User space cannot call what a kernel does not have, so such a scenario says nothing of it. What is called inside the
//! kernel is another matter: there the model does what that kernel did in its place, as `pin_user_pages` before there
//! were pins.

use super::{Era, Provenance, Release};
use crate::world::{Advice, Area, Call, Step, World};

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
const SOFT_DIRTY: Feature = Feature {
    name: "soft-dirty tracking",
    since: Release::new("v3.11"),
    commit: "0f8975ec4db2",
    title: "mm: soft-dirty bits for user memory changes tracking",
    provenance: Provenance::Inferred,
};
const MADV_FREE: Feature = Feature {
    name: "MADV_FREE",
    since: Release::new("v4.5"),
    commit: "854e9ed09ded",
    title: "mm: support madvise(MADV_FREE)",
    provenance: Provenance::Inferred,
};
const KTLS_RECEIVE: Feature = Feature {
    name: "recvmsg() of kTLS",
    since: Release::new("v4.17"),
    commit: "c46234ebb4d1",
    title: "tls: RX path for ktls",
    provenance: Provenance::Inferred,
};
const REGISTERED_BUFFERS: Feature = Feature {
    name: "io_uring_register()",
    since: Release::new("v5.1"),
    commit: "edafccee56ff",
    title: "io_uring: add support for pre-mapped user IO buffers",
    provenance: Provenance::Inferred,
};
const MADV_PAGEOUT: Feature = Feature {
    name: "MADV_PAGEOUT",
    since: Release::new("v5.4"),
    commit: "1a4e58cce84e",
    title: "mm: introduce MADV_PAGEOUT",
    provenance: Provenance::Inferred,
};
/// Not in a tree of v5.4.188.
const UFFD_WP: Feature = Feature {
    name: "UFFDIO_WRITEPROTECT",
    since: Release::new("v5.7"),
    commit: "ffd05793963a",
    title: "userfaultfd: wp: support write protection for userfault vma range",
    provenance: Provenance::Read,
};

/// Everything that came later than the oldest kernels that people ask for, oldest first.
pub const FEATURES: &[Feature] =
    &[SOFT_DIRTY, MADV_FREE, KTLS_RECEIVE, REGISTERED_BUFFERS, MADV_PAGEOUT, UFFD_WP];

impl World {
    /// What the scenario asks of its kernel, the newest last.
    fn features(&self) -> impl Iterator<Item = &'static Feature> {
        let mut needed: Vec<Feature> = self.areas.iter().flat_map(of_area).collect();
        let steps = self.actors.iter().flat_map(|actor| &actor.steps);
        needed.extend(steps.filter_map(|step| match step {
            Step::Call(spec) => of_call(spec.call),
            Step::Barrier(_) => None,
        }));
        FEATURES.iter().filter(move |feature| needed.contains(feature))
    }
}

/// What an area was brought into its state by.
fn of_area(area: &Area) -> impl Iterator<Item = Feature> {
    let states = [(area.uffd_wp, UFFD_WP), (area.lazyfree, MADV_FREE), (area.soft_clean, SOFT_DIRTY)];
    states.into_iter().filter(|(is_so, _)| *is_so).map(|(_, feature)| feature)
}

const fn of_call(call: Call) -> Option<Feature> {
    match call {
        Call::UffdWriteProtect { .. } => Some(UFFD_WP),
        Call::Madvise { advice: Advice::PageOut, .. } => Some(MADV_PAGEOUT),
        Call::Madvise { advice: Advice::Free, .. } => Some(MADV_FREE),
        Call::ClearRefs { .. } | Call::SoftDirty { .. } => Some(SOFT_DIRTY),
        Call::IoUringRegister { .. } => Some(REGISTERED_BUFFERS),
        Call::Recvmsg { .. } => Some(KTLS_RECEIVE),
        _ => None,
    }
}

impl Era {
    /// The newest thing that a scenario asks for and the kernel does not have, if there is one.
    #[must_use]
    pub fn lacks(&self, world: &World) -> Option<&'static Feature> {
        world.features().filter(|feature| self.tree < feature.since).last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_in_the_order_of_their_releases() {
        assert!(FEATURES.is_sorted_by_key(|feature| feature.since));
    }

    #[test]
    fn what_came_later_is_lacking_and_what_came_with_the_release_is_there() {
        let lacks = |era: &str, feature: &Feature| {
            Era::version(era).is_ok_and(|version| version.era.tree < feature.since)
        };
        assert!(lacks("v5.4", &UFFD_WP) && lacks("v5.4.214", &UFFD_WP) && !lacks("v5.7", &UFFD_WP));
        assert!(!lacks("v5.4", &MADV_PAGEOUT));
        assert!(!lacks("aa-cor", &UFFD_WP));
    }
}
