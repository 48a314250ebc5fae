//! Where memory may be, if `mremap` moves it.

use super::{Call, Thp, Va, World};

impl World {
    /// Whether some call moves memory.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.calls().any(|(_, spec)| matches!(spec.call, Call::Mremap { .. }))
    }

    /// The addresses that memory at an address may be at, before or after calls of `mremap`, in the order in which it goes from one
    /// to the next: the address alone if nothing is moved to or from it.
    #[must_use]
    pub fn places(&self, va: Va) -> Vec<Va> {
        let moves = self.single_moves();
        let mut left = vec![va];
        let mut at = 0;
        while at < left.len() {
            for &(from, to) in &moves {
                for (one, other) in [(from, to), (to, from)] {
                    if one == left[at] && !left.contains(&other) {
                        left.push(other);
                    }
                }
            }
            at += 1;
        }
        left.sort_unstable();
        let mut places = Vec::new();
        while !left.is_empty() {
            let is_first =
                |va: &Va| !moves.iter().any(|(from, to)| to == va && from != va && left.contains(from));
            // The language refuses moves in a circle.
            let first = left.iter().position(is_first).unwrap_or(0);
            places.push(left.remove(first));
        }
        places
    }

    /// Each move as one from an address to another: that of a range is one of its pages as well, and that of a page one of a part of
    /// its range.
    fn single_moves(&self) -> Vec<(Va, Va)> {
        let mut moves = Vec::new();
        for (_, spec) in self.calls() {
            let Call::Mremap { va, to } = spec.call else { continue };
            moves.push((va, to));
            match self.areas[va].thp {
                Some(Thp::Range) => moves.extend(self.pages(va).zip(self.pages(to))),
                Some(Thp::Page(_)) => moves.extend(self.range(va).zip(self.range(to))),
                None => {}
            }
        }
        moves
    }
}
