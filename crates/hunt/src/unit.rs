//! Units: the runs of some parts, each in some nodes, that one thread makes one after the other.

use std::ops::Range;

use crate::campaign::Shape;
use crate::part::Part;

/// Some runs: those of some parts in some nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) nodes: Range<usize>,
    pub(crate) parts: Range<usize>,
    /// Whether no call is left after any of the parts.
    pub(crate) is_last: bool,
}

/// The most nodes and the most runs of a unit: so many results are in memory before they are taken over.
const MOST_NODES: usize = 512;
const MOST_RUNS: usize = 4096;

/// The same where columns run side by side: such a run takes a hundred times as long.
const MOST_RUNS_BESIDE: usize = 128;

impl Unit {
    /// How many runs it has.
    pub(crate) fn runs(&self) -> usize {
        self.nodes.len() * self.parts.len()
    }
}

/// Puts parts after which no call is left behind the others, and says how many the others are.
pub(crate) fn last_behind(parts: &mut [Part], calls: usize) -> usize {
    parts.sort_by_key(|part| part.calls() == calls);
    parts.partition_point(|part| part.calls() < calls)
}

/// All runs of some parts in some nodes. The first so many parts are not the last of a scenario.
pub(crate) fn units((nodes, parts): (usize, usize), first: usize, shape: Shape) -> Vec<Unit> {
    let most = if shape.columns > 1 { MOST_RUNS_BESIDE } else { MOST_RUNS };
    let all = of(nodes, 0..first, most).map(|(nodes, parts)| Unit { nodes, parts, is_last: false });
    let last = of(nodes, first..parts, most);
    all.chain(last.map(|(nodes, parts)| Unit { nodes, parts, is_last: true })).collect()
}

fn of(nodes: usize, parts: Range<usize>, most: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let ranges = |of: Range<usize>, most: usize| {
        of.clone().step_by(most.max(1)).map(move |from| from..of.end.min(from + most.max(1)))
    };
    ranges(0..nodes, MOST_NODES.min(most)).flat_map(move |nodes: Range<usize>| {
        ranges(parts.clone(), most / nodes.len()).map(move |parts| (nodes.clone(), parts))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_each_run_once() {
        for columns in [1, 2] {
            let all = units((700, 90), 13, Shape { calls: 3, columns });
            for part in 0..90 {
                let of: Vec<&Unit> = all.iter().filter(|unit| unit.parts.contains(&part)).collect();
                assert_eq!(of.iter().map(|unit| unit.nodes.len()).sum::<usize>(), 700);
                assert!(of.iter().all(|unit| unit.is_last == (part >= 13)));
            }
            assert_eq!(all.iter().map(Unit::runs).sum::<usize>(), 700 * 90);
        }
    }
}
