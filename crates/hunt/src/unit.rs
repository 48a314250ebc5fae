//! Units: the runs of some parts, each in some nodes, that one thread makes one after the other.

use std::ops::Range;

use crate::campaign::{Shape, Shard};
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

/// All runs of some parts in some nodes. The first so many parts are not the last of a scenario: where they lead is of
/// importance to every shard. The other units are dealt out; so many were before.
pub(crate) fn units(
    (nodes, parts): (usize, usize),
    first: usize,
    shape: Shape,
    shard: Shard,
    dealt: &mut usize,
) -> Vec<Unit> {
    let most = if shape.columns > 1 { MOST_RUNS_BESIDE } else { MOST_RUNS };
    let all = of(nodes, 0..first, most).map(|(nodes, parts)| Unit { nodes, parts, is_last: false });
    let mut is_dealt = || {
        *dealt += 1;
        shard.has(*dealt - 1)
    };
    let last = of(nodes, first..parts, most).filter(|_| is_dealt());
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
    fn shards_have_each_run_once_and_what_goes_on_every_time() {
        for columns in [1, 2] {
            let shape = Shape { calls: 3, columns };
            let of = |shard| {
                let mut dealt = 0;
                // Two places with the same calls.
                [700, 20].map(|nodes| units((nodes, 90), 13, shape, shard, &mut dealt)).concat()
            };
            let whole = of(Shard::default());
            let runs = |units: &[Unit], is_last| -> usize {
                units.iter().filter(|unit| unit.is_last == is_last).map(Unit::runs).sum()
            };
            assert_eq!((runs(&whole, false), runs(&whole, true)), (720 * 13, 720 * 77));
            let shards: Vec<Vec<Unit>> = (0..3).map(|nth| of(Shard { nth, of: 3 })).collect();
            for shard in &shards {
                assert_eq!(runs(shard, false), 720 * 13);
                assert!(runs(shard, true) > 0);
                assert!(shard.iter().all(|unit| whole.contains(unit)));
            }
            assert_eq!(shards.iter().map(|shard| runs(shard, true)).sum::<usize>(), 720 * 77);
        }
    }
}
