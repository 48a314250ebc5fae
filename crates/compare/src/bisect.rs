//! Finds the toggles that cause the difference between two eras, by searching under eras between them.

use cowrace_explore::{Observer, Purpose};
use cowrace_mm::Era;
use cowrace_mm::era::Toggle;
use cowrace_report::Found;

use tracing::{debug, info_span};

use cowrace_check::{Exploration, ResultCache, Task};

/// Searches of one scenario in one variant, under the eras of interest.
pub struct Bisection<'t> {
    /// The scenario; its era does not matter.
    pub task: Task<'t>,
    /// The options of the searches.
    pub how: Exploration<'t>,
    /// The searches that were made.
    pub results: &'t mut ResultCache,
    /// The watcher of the searches.
    pub watch: &'t mut (dyn Observer + Send),
}

impl Bisection<'_> {
    /// The result under an era.
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

    /// The smallest sets of toggles that lead from an era to the different result under another; `None` if a search
    /// on the way was ended early.
    pub fn smallest(&mut self, from: &Era, to: &Era, due: Found) -> Option<Vec<Vec<Toggle>>> {
        let _span = info_span!("bisect", from = %from.label(), to = %to.label()).entered();
        let difference = from.difference(to);
        for size in 1..=difference.len() {
            let mut sets = Vec::new();
            for set in subsets(&difference, size) {
                // There are many sets between eras that are far apart.
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
            debug!(size, found = sets.len(), "tried the sets of this size");
            if !sets.is_empty() {
                return Some(sets);
            }
        }
        // All toggles together make the other era, so only a limit can be the reason.
        None
    }

    /// The toggles between two eras that change a rule that the search under the first era has read, and that leave
    /// the scenario violated if they are applied alone. Removals of commits are left out, because they are not
    /// meant to close anything.
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

/// The subsets of a size, in lexicographic order.
fn subsets<T: Copy>(items: &[T], size: usize) -> impl Iterator<Item = Vec<T>> {
    let mut next = (size <= items.len()).then(|| (0..size).collect::<Vec<usize>>());
    std::iter::from_fn(move || {
        let places = next.take()?;
        let subset = places.iter().map(|&place| items[place]).collect();
        // The last index that can be incremented is, and those after it follow closely.
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
