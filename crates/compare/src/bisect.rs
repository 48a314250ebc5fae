//! Which toggles make the difference between two eras, found by searching under eras between them.

use cowrace_explore::{Observer, Purpose};
use cowrace_mm::Era;
use cowrace_mm::era::Toggle;
use cowrace_report::Found;

use tracing::{debug, info_span};

use cowrace_check::{Exploration, ResultCache, Task};

/// Searches of one scenario, in one variant, under whatever era is of interest.
pub struct Trials<'t> {
    /// The scenario; its era does not matter.
    pub task: Task<'t>,
    /// How to search.
    pub how: Exploration<'t>,
    /// The searches that were made.
    pub results: &'t mut ResultCache,
    /// What watches them.
    pub watch: &'t mut (dyn Observer + Send),
}

impl Trials<'_> {
    /// What is found under an era.
    fn found(&mut self, era: &Era) -> Found {
        if let Some(report) = (Task { era, ..self.task }).not_applicable("explore", "sc") {
            return Found::from(&report);
        }
        if let Some(found) = self.results.known(era) {
            return found;
        }
        self.watch.anew(Purpose::Toggle);
        Found::from(&self.results.explore(&Task { era, ..self.task }, self.how, self.watch))
    }

    /// The smallest sets of toggles that lead from an era, under which something else is found, to what is found under
    /// another; `None` if a search on the way was ended early.
    pub fn smallest(&mut self, from: &Era, to: &Era, due: Found) -> Option<Vec<Vec<Toggle>>> {
        let _span = info_span!("bisect", from = %from.label(), to = %to.label()).entered();
        let difference = from.difference(to);
        for size in 1..=difference.len() {
            let mut sets = Vec::new();
            for set in subsets(&difference, size) {
                // Between eras that are far apart there are many.
                if self.watch.stops() {
                    return None;
                }
                let found = self.found(&toggled(from, &set));
                if !found.is_known() {
                    return None;
                }
                if found == due {
                    sets.push(set);
                }
            }
            debug!(size, found = sets.len(), "sets of so many toggles were tried");
            if !sets.is_empty() {
                return Some(sets);
            }
        }
        // All of them together make the other era: only a limit can have come between.
        None
    }

    /// What comes from one era to another and, alone, changes something that the search under the first asked for, and
    /// leaves it violated. Nobody takes a commit out to close something.
    pub fn insufficient(&mut self, from: &Era, to: &Era) -> Vec<Toggle> {
        let mut insufficient = from.difference(to);
        insufficient.retain(|&toggle| {
            if matches!(toggle, Toggle::Without(_)) {
                return false;
            }
            let trial = toggled(from, &[toggle]);
            !self.results.has_in_common(from, &trial) && self.found(&trial).is_violated()
        });
        insufficient
    }
}

/// An era with toggles from its difference to another.
fn toggled(era: &Era, toggles: &[Toggle]) -> Era {
    era.clone().toggled(toggles).unwrap_or_else(|error| unreachable!("a difference applies: {error}"))
}

/// The subsets of a size, those of the first items first.
fn subsets<T: Copy>(items: &[T], size: usize) -> impl Iterator<Item = Vec<T>> {
    let mut next = (size <= items.len()).then(|| (0..size).collect::<Vec<usize>>());
    std::iter::from_fn(move || {
        let places = next.take()?;
        let subset = places.iter().map(|&place| items[place]).collect();
        // The last place that can go on does, and those behind it follow closely.
        if let Some(at) = (0..size).rev().find(|&at| places[at] + size - at < items.len()) {
            let from = places[at] + 1;
            next = Some(places[..at].iter().copied().chain(from..from + size - at).collect());
        }
        Some(subset)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subset_of_a_size_comes_once() {
        let all = |size| subsets(&['a', 'b', 'c', 'd'], size).map(String::from_iter).collect::<Vec<_>>();
        assert_eq!(all(1), ["a", "b", "c", "d"]);
        assert_eq!(all(2), ["ab", "ac", "ad", "bc", "bd", "cd"]);
        assert_eq!(all(3), ["abc", "abd", "acd", "bcd"]);
        assert_eq!(all(4), ["abcd"]);
        assert_eq!(all(5), [""; 0]);
        assert_eq!(all(0), [""]);
    }
}
