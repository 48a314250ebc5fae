//! What the calls of a scenario ask for, all together.

use super::Change;
use crate::world::{FileKind, PAGES, Populate, World};

impl World {
    /// Swap slots that a scenario can fill: one for each area that is out on swap at the start, and those that calls
    /// fill which reclaim. A reclaimer looks at its page twice, and at all pages of a huge one.
    #[must_use]
    pub fn swap_slots(&self) -> u8 {
        let swapped = self
            .areas
            .iter()
            .filter(|area| matches!(area.populate, Populate::Swapped | Populate::SwapCached));
        let reclaiming = self.calls().filter(|(_, spec)| spec.call.change() == Change::Reclaims);
        let pages = reclaiming.map(|(actor, spec)| {
            let range = spec.call.memory(self.actors[actor].mm).and_then(|at| self.range(at.va));
            range.map_or(1, |_| PAGES)
        });
        // Where that is more, swap may be full.
        (swapped.count() + 2 * pages.sum::<usize>()).min(u8::MAX.into()) as u8
    }

    /// The kinds of files that direct I/O goes to.
    #[must_use]
    pub fn files(&self) -> Vec<FileKind> {
        let kinds = |kind: &FileKind| self.calls().any(|(_, spec)| spec.call.file() == Some(*kind));
        FileKind::ALL.into_iter().filter(kinds).collect()
    }

    /// Whether some call gives out a handle that no variable keeps.
    #[must_use]
    pub fn drops_handles(&self) -> bool {
        let gives = || self.calls().filter(|(_, spec)| spec.call.gives_handle()).map(|(_, spec)| spec.dest);
        // A variable that two calls fill forgets the first handle.
        gives().any(|dest| dest.is_none() || self.calls().filter(|(_, other)| other.dest == dest).count() > 1)
    }
}
