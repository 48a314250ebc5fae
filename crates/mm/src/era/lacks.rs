//! Scenarios that ask for what a kernel does not have.
//!
//! User space cannot call what a kernel does not have, so such a scenario says nothing of it. What is called inside the
//! kernel is another matter: there the model does what that kernel did in its place, as `pin_user_pages` before there
//! were pins.

use super::Era;
use super::features::{FEATURES, Feature, MADV_FREE, SOFT_DIRTY, UFFD_WP};
use crate::world::{Area, World};

impl World {
    /// What the scenario asks of its kernel, the newest last.
    fn features(&self) -> impl Iterator<Item = &'static Feature> {
        let mut needed: Vec<Feature> = self.areas.iter().flat_map(of_area).collect();
        needed.extend(self.calls().filter_map(|(_, spec)| spec.call.feature()).copied());
        FEATURES.iter().filter(move |feature| needed.contains(feature))
    }
}

/// What an area was brought into its state by.
fn of_area(area: &Area) -> impl Iterator<Item = Feature> {
    let states = [(area.uffd_wp, UFFD_WP), (area.lazyfree, MADV_FREE), (area.soft_clean, SOFT_DIRTY)];
    states.into_iter().filter(|(is_so, _)| *is_so).map(|(_, feature)| feature)
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
    use crate::era::features::MADV_PAGEOUT;

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
