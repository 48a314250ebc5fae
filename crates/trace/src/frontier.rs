//! Frontiers: where a search was stopped, and all it takes to go on.

use serde::{Deserialize, Serialize};

use crate::digest::digest;
use crate::parts::PartId;

/// A word that a move touches: its index, the bits, and how (0 read, 1 written, 2 added to).
pub type Touched = (u32, u64, u8);

/// A move: who, and the value chosen if it is a choice.
pub type Made = (u8, Option<u32>);

/// A step of a wakeup tree, and the steps that may follow it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Branch {
    /// The move.
    pub made: Made,
    /// What it touches.
    pub touches: Vec<Touched>,
    /// The steps that follow it, in the order in which they are tried.
    pub then: Vec<Branch>,
}

/// A state on the way to where the search was stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Station {
    /// What has been tried from it, with what it touches.
    pub tried: Vec<(Made, Vec<Touched>)>,
    /// What is to be tried after the move that was made.
    pub todo: Vec<Branch>,
}

/// A search behind a barrier that was under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Behind {
    /// The number of the state at the barrier.
    pub state: u32,
    /// Executions and requests so far that are not behind it.
    pub before: (u64, u64),
    /// The longest execution before.
    pub depth: u32,
}

/// Where a search was stopped, and all it takes to go on to the same end as if it had not been. Written as JSON;
/// good only for the program whose fingerprint it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Frontier {
    /// The program: model, era, architecture and scenario.
    pub fingerprint: u32,
    /// Counts that are known to come near zero; `None` if all are taken to.
    pub near: Option<Vec<u32>>,
    /// The moves that lead to where it was stopped.
    pub way: Vec<Made>,
    /// The states on the way, the one where it was stopped included.
    pub stations: Vec<Station>,
    /// What to do first.
    pub next: Option<Branch>,
    /// Races that must be looked at in every execution: earlier and later event.
    pub races: Vec<(u32, u32)>,
    /// Barriers on the way.
    pub barriers: Vec<Behind>,
    /// States at barriers behind which everything has been searched, with the longest that follows each.
    pub known: Vec<(Vec<u64>, u32)>,
    /// Executions and requests that are not behind barriers which have been done with, and those that are.
    pub made: [(u64, u64); 2],
    /// The longest execution.
    pub depth: u32,
    /// Random schedules tried.
    pub samples: u64,
    /// For each window, whether it is open, and which of its points have been seen.
    pub windows: Vec<(bool, Vec<bool>)>,
}

impl Frontier {
    /// The parts that it can be split into, in the order in which a search that goes on comes to them: the paths of
    /// all trees, and the one that is to be made next. Each can be searched for itself, and what is beyond them is
    /// found when they are put together.
    #[must_use]
    pub fn parts(&self) -> Vec<PartId> {
        let mut parts = Vec::new();
        for (state, station) in self.stations.iter().enumerate().rev() {
            // What is to be made next is the first of the last state's.
            let next = self.next.iter().filter(|_| state == self.way.len());
            paths(
                next.chain(&station.todo),
                &mut PartId { state: state as u32, path: Vec::new() },
                &mut parts,
            );
        }
        parts
    }

    /// A number that tells it from others.
    #[must_use]
    pub fn digest(&self) -> u64 {
        digest(self)
    }
}

/// Adds the paths that begin like `at`.
fn paths<'b>(branches: impl Iterator<Item = &'b Branch>, at: &mut PartId, parts: &mut Vec<PartId>) {
    for (place, branch) in branches.enumerate() {
        at.path.push(place as u32);
        if branch.then.is_empty() {
            parts.push(at.clone());
        } else {
            paths(branch.then.iter(), at, parts);
        }
        at.path.pop();
    }
}
